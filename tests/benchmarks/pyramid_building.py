"""Benchmark: build a resolution pyramid, beside every peer and a bare loop. Run by hand.

    uv run --group bench python tests/benchmarks/pyramid_building.py --shape 128 512 512
    uv run --group bench python tests/benchmarks/pyramid_building.py --repeats 5 \
        --save tests/benchmarks/results/pyramid_building.json
    uv run --group bench python tests/benchmarks/pyramid_building.py --shape 1024 2048 2048 \
        --cases "128 cubed" --engines build_pyramid        # 4 GiB: does the memory grow?

Every engine makes the same five levels, means of 2 x 2 x 2, from the same source: a TIFF stack
that is not compressed, mapped into memory, or a Zarr in chunks of 64 x 64 x 64. Each run has a
process of its own; runs take turns, and medians are shown. Peers run at the best settings found.
The peak is what a process held more than after its imports, without pages of mapped files.

The *bare loop* is what one might write by hand for just this case, to compare with: the same
blocks in the same threads, means by a compiled kernel, chunks encoded by numcodecs and written as
plain files, without metadata, checks and a staging directory. It is no lower limit: another
encoder, or larger writes, can be faster.

Cases: ``128 cubed`` and ``64 cubed``: chunks of that size and one codec for all (Blosc zstd 1, with
bytes shuffled). ``bitshuffle``: the codec is Blosc zstd 3 with bits shuffled. ``defaults``: each
engine with its own codec and chunks, also in its own way to shrink, and those that write HDF5.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import shutil
import sys
import time
from contextlib import ExitStack
from functools import wraps
from inspect import signature
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.benchmarks.peaks import Peak, held
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import GROUP, grouped, median, ratio
from tests.benchmarks.workers import Worker, serve

LEVELS = 5
FACTORS = [(2**level,) * 3 for level in range(LEVELS)]
SOURCES = ("tiff", "zarr", "sharded")
PACKAGES = ["bigimg-lessons", "zarr", "zarrs", "tensorstore", "ngff-zarr", "itk-filtering"]
PACKAGES += ["bioio-ome-zarr", "ome-zarr", "dask", "dask-image", "pybdv", "npy2bdv"]
PACKAGES += ["numpy", "numba", "numcodecs", "tifffile"]
CASES = {
    "128 cubed": {"chunk": 128, "codec": ("zstd", 1, "shuffle")},
    "64 cubed": {"chunk": 64, "codec": ("zstd", 1, "shuffle")},
    "shards": {"chunk": 64, "shard": 128, "codec": ("zstd", 1, "shuffle")},
    "bitshuffle": {"chunk": 128, "codec": ("zstd", 3, "bitshuffle")},
    "defaults": {"chunk": None, "codec": None},
}


# Sources


def make_volume(path, kind, shape, dtype):
    """Write a TIFF stack: synthetic noise as a camera's, or synthetic tissue."""
    import tifffile

    if kind == "tissue":
        from bigimg_lessons.samples.files import sample_tiff
        from bigimg_lessons.samples.volume import SampleVolume

        sample_tiff(SampleVolume(tuple(shape), dtype), folder=path.parent).rename(path)
        return
    rng = np.random.default_rng(0)
    mean, deviation = {"uint8": (120, 20), "uint16": (2000, 300)}[dtype]
    volume = tifffile.memmap(path, shape=tuple(shape), dtype=dtype, bigtiff=True)
    for plane in volume:
        plane[...] = rng.normal(mean, deviation, plane.shape).clip(0, np.iinfo(dtype).max)
    volume.flush()


def make_zarr(path, tiff, shards):
    """Copy a TIFF stack to a Zarr in chunks of 64 x 64 x 64, if wanted in shards."""
    import tifffile
    import zarr

    volume = tifffile.memmap(tiff, mode="r")
    array = zarr.create_array(
        path, shape=volume.shape, dtype=volume.dtype, chunks=(64,) * 3, shards=shards
    )
    for z in range(0, len(volume), 128):
        array[z : z + 128] = volume[z : z + 128]


def make_small(path, like):
    """Write a small source of the kind of another."""
    volume = np.ascontiguousarray(opened(like)[:64, :64, :64])
    if path.suffix == ".zarr":
        import zarr

        shards = (64,) * 3 if opened(like).shards else None
        zarr.create_array(path, data=volume, chunks=(64,) * 3, shards=shards)
    else:
        import tifffile

        tifffile.memmap(path, shape=volume.shape, dtype=volume.dtype)[...] = volume
    return path


def opened(path):
    """Open a source as a lazy array."""
    if path.suffix == ".zarr":
        import zarr

        return zarr.open_array(path, mode="r")
    import tifffile

    return tifffile.memmap(path, mode="r")


def as_dask(path, chunk):
    """Open a source as a dask array, in chunks of the target, or in its own or dask's."""
    import dask.array as da

    source = opened(path)
    own = getattr(source, "chunks", "auto")
    return da.from_array(source, chunks=(chunk,) * 3 if chunk else own)


# Engines: each imports its libraries, and returns a function that does the work


def build_pyramid(path, target, chunk, codec, *, shard=None, zarrs=True, version=3):
    from zarr.codecs import BloscCodec

    from bigimg_lessons import build as module
    from bigimg_lessons.pyramids import zarrs_pipeline

    if not zarrs:
        zarrs_pipeline.find_spec = lambda _: None
    options = {"factors": FACTORS, "progress": False}
    if chunk:
        options["chunk_shape"] = (chunk,) * 3
    if shard:
        options["shard_shape"] = (shard,) * 3
    if codec:
        options["codec"] = BloscCodec(cname=codec[0], clevel=codec[1], shuffle=codec[2])
    options["file_format"] = "ome-zarr-0.5" if version == 3 else "ome-zarr-0.4"
    return lambda: module.build_pyramid(opened(path), target, **options)


def build_pyramid_bdv(path, target, chunk, codec):
    from bigimg_lessons import build as module

    return lambda: module.build_pyramid(
        opened(path), target.with_suffix(".xml"), factors=FACTORS, progress=False
    )


def by_blocks(path, unit, write, *, opened=opened, read=np.ascontiguousarray):
    """One pass over blocks with the package's own planner, and another way to read and write.

    A block is made of whole units, chunks or shards, and `read` makes an array of a slice.
    """
    from bigimg_lessons.pyramids.block_plans import plan_blocks
    from bigimg_lessons.pyramids.blocks import build_levels
    from bigimg_lessons.pyramids.levels import plan_levels

    def run():
        source = opened(path)
        dtype = np.dtype(getattr(source.dtype, "numpy_dtype", source.dtype))
        levels = plan_levels(source.shape, chunk_shape=(unit,) * 3, factors=FACTORS)
        blocks = plan_blocks(
            levels,
            chunk_shape=(unit,) * 3,
            dtype=dtype,
            source_chunk_shape=source_units(path),
            least_bytes=8 * 2**20,
        )
        build_levels(
            lambda region: read(source[region]),
            write(levels, dtype),
            levels,
            block_shapes=blocks,
            dtype=dtype,
            threads=os.cpu_count(),
        )

    return run


def source_units(path):
    """Voxels along each axis of what is read of a source in one piece: shard or chunk."""
    source = opened(path)
    return getattr(source, "shards", None) or getattr(source, "chunks", None)


def opened_with_zarrs(path):
    """Open a source as a lazy array; a Zarr is decoded by zarrs."""
    import zarr

    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}):
        return opened(path)


def bare_loop(path, target, chunk, codec, *, shard=None):
    import google_crc32c
    import numba
    import numcodecs.blosc

    from bigimg_lessons.pyramids import block_tree
    from bigimg_lessons.pyramids.downsampling import sum_dtype

    chunk, codec = chunk or 128, codec or ("zstd", 1, "shuffle")

    @numba.njit(nogil=True)
    def sums_of(block, sums):
        for z in range(sums.shape[0]):
            for y in range(sums.shape[1]):
                for x in range(sums.shape[2]):
                    total = sums.dtype.type(0)
                    for i, j, k in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)):
                        total += block[2 * z + i, 2 * y + j, 2 * x + k]
                        total += block[2 * z + i + 1, 2 * y + j, 2 * x + k]
                    sums[z, y, x] = total

    @numba.njit(nogil=True)
    def means_of(sums, means, bits):
        half = 2 ** (bits - 1) - 1
        for z in range(sums.shape[0]):
            for y in range(sums.shape[1]):
                for x in range(sums.shape[2]):
                    value = np.int64(sums[z, y, x])
                    means[z, y, x] = (value + half + ((value >> bits) & 1)) >> bits

    def box_sums(block, factors, dtype):
        sums = np.empty([n // 2 for n in block.shape], dtype)
        sums_of(block, sums)
        return sums

    def box_means(sums, shape, factors, dtype):
        means = np.empty(sums.shape, dtype)
        means_of(sums, means, factors[0].bit_length() * 3 - 3)
        return means

    block_tree.box_sums, block_tree.box_means = box_sums, box_means
    dtype = opened(path).dtype
    for depth, (above, below) in enumerate(pairwise(FACTORS)):  # compile
        kept = [sum_dtype(dtype, f[0] ** 3) if f[0] > 1 else dtype for f in (above, below)]
        block = np.zeros((2, 2, 2), kept[0])
        for block.flags.writeable in (False, True):  # mapped files cannot be written to
            sums = box_sums(block, (2, 2, 2), kept[1])
        box_means(sums, (1, 1, 1), FACTORS[depth + 1], dtype)
    numcodecs.blosc.use_threads = False
    shuffles = {"shuffle": 1, "bitshuffle": 2}
    encoder = numcodecs.blosc.Blosc(codec[0], codec[1], shuffles[codec[2]])

    unit = shard or chunk

    def packed(whole):
        """Encode a chunk, or the chunks of a shard with their index, as Zarr v3 has them."""
        if unit == chunk:
            return encoder.encode(whole)
        parts, index, place = [], [], 0
        for corner in product(range(0, unit, chunk), repeat=3):
            part = np.ascontiguousarray(whole[tuple(slice(c, c + chunk) for c in corner)])
            parts.append(encoder.encode(part))
            index += [place, len(parts[-1])]
            place += len(parts[-1])
        parts.append(np.array(index, "<u8").tobytes())
        return b"".join([*parts, google_crc32c.value(parts[-1]).to_bytes(4, "little")])

    def writer(levels, dtype):
        def write(depth, start, block):
            for corner in product(*(range(0, n, unit) for n in block.shape)):
                part = block[tuple(slice(c, c + unit) for c in corner)]
                whole = np.zeros((unit,) * 3, dtype)
                whole[tuple(map(slice, part.shape))] = part
                z, y, x = ((s + c) // unit for s, c in zip(start, corner, strict=True))
                folder = target / str(depth) / "c" / str(z) / str(y)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / str(x)).write_bytes(packed(whole))

        return write

    return by_blocks(path, unit, writer, opened=opened_with_zarrs)


def tensorstore_by_blocks(path, target, chunk, codec, *, shard=None):
    import tensorstore

    chunk, codec = chunk or 128, codec or ("zstd", 1, "shuffle")

    def opened_here(path):
        if path.suffix != ".zarr":
            return opened(path)
        store = {"driver": "file", "path": str(path)}
        return tensorstore.open({"driver": "zarr3", "kvstore": store}, open=True).result()

    def read(part):
        return np.ascontiguousarray(part.read().result() if hasattr(part, "read") else part)

    def encoding(dtype):
        blosc = {"cname": codec[0], "clevel": codec[1], "shuffle": codec[2]}
        inner = [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "blosc", "configuration": {**blosc, "typesize": dtype.itemsize}},
        ]
        if not shard:
            return inner
        index = [inner[0], {"name": "crc32c"}]
        sharding = {"chunk_shape": [chunk] * 3, "codecs": inner, "index_codecs": index}
        return [{"name": "sharding_indexed", "configuration": sharding}]

    def writer(levels, dtype):
        stores = [
            tensorstore.open(
                {
                    "driver": "zarr3",
                    "kvstore": {"driver": "file", "path": str(target / str(number))},
                    "metadata": {
                        "shape": level.shape,
                        "data_type": dtype.name,
                        "chunk_grid": {
                            "name": "regular",
                            "configuration": {"chunk_shape": [shard or chunk] * 3},
                        },
                        "codecs": encoding(dtype),
                    },
                    "store_data_equal_to_fill_value": True,
                },
                create=True,
            ).result()
            for number, level in enumerate(levels)
        ]

        def write(depth, start, block):
            place = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
            stores[depth][place].write(block, can_reference_source_data_indefinitely=True).result()

        return write

    return by_blocks(path, shard or chunk, writer, opened=opened_here, read=read)


def with_zarrs(make):
    """A peer that writes through zarr-python, told to encode by zarrs."""

    @wraps(make)
    def made(*arguments, **options):
        import zarr

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
        return make(*arguments, **options)

    return made


def ngff_zarr(path, target, chunk, codec, *, shard=None, method=None, tensorstore=False):
    import ngff_zarr as module
    from zarr.codecs import BloscCodec

    compressors = {"use_tensorstore": True} if tensorstore else {}
    if codec:
        blosc = BloscCodec(cname=codec[0], clevel=codec[1], shuffle=codec[2], typesize=1)
        compressors["compressors"] = [blosc]
    if shard:
        compressors["chunks_per_shard"] = shard // chunk
    options = {"chunks": chunk} if chunk else {}
    if method:
        options["method"] = module.Methods[method]

    def run():
        image = module.to_ngff_image(as_dask(path, chunk), dims=("z", "y", "x"))
        scales = [f[0] for f in FACTORS[1:]]
        levels = module.to_multiscales(image, scale_factors=scales, cache=False, **options)
        module.to_ngff_zarr(str(target), levels, version="0.5", **compressors)

    return run


def ome_zarr_writer(path, target, chunk, codec, *, shard=None, zarr_format=3):
    import numcodecs
    from bioio_ome_zarr.writers import OMEZarrWriter
    from zarr.codecs import BloscCodec

    options = {"chunk_shape": (chunk,) * 3} if chunk else {}
    if shard:
        options["shard_shape"] = (shard,) * 3
    if codec and zarr_format == 3:
        options["compressor"] = BloscCodec(cname=codec[0], clevel=codec[1], shuffle=codec[2])
    elif codec:
        options["compressor"] = numcodecs.Blosc(codec[0], codec[1], 1 + (codec[2] != "shuffle"))

    def run():
        data = as_dask(path, chunk)
        shapes = [tuple(-(-n // f) for n, f in zip(data.shape, s, strict=True)) for s in FACTORS]
        writer = OMEZarrWriter(
            str(target), shapes, data.dtype, zarr_format=zarr_format, axes_names=list("zyx"),
            axes_types=["space"] * 3, **options
        )  # fmt: skip
        writer.write_full_volume(data)

    return run


def ome_zarr_py(path, target, chunk, codec, *, method):
    import zarr
    from ome_zarr.scale import Methods
    from ome_zarr.writer import write_image
    from zarr.codecs import BloscCodec

    storage = {"chunks": (chunk,) * 3} if chunk else {}
    if codec:
        blosc = BloscCodec(cname=codec[0], clevel=codec[1], shuffle=codec[2])
        storage["compressors"] = [blosc]

    def run():
        write_image(
            as_dask(path, chunk),
            zarr.open_group(target, mode="w"),
            axes="zyx",
            scale_factors=[dict.fromkeys("zyx", f[0]) for f in FACTORS[1:]],
            method=Methods(method),
            storage_options=storage or None,
        )

    return run


def dask_coarsen(path, target, chunk, codec, *, one_graph=True):
    import dask.array as da
    import zarr
    from zarr.codecs import BloscCodec

    chunk, codec = chunk or 128, codec or ("zstd", 1, "shuffle")

    def run():
        level, targets, arrays = as_dask(path, chunk), [], []
        for number in range(LEVELS):
            array = zarr.create_array(
                target / str(number), shape=level.shape, dtype=level.dtype, chunks=(chunk,) * 3,
                compressors=BloscCodec(cname=codec[0], clevel=codec[1], shuffle=codec[2]),
                config={"write_empty_chunks": True},
            )  # fmt: skip
            level = level.rechunk((chunk,) * 3)
            if one_graph:
                targets.append(array)
                arrays.append(level)
            else:
                da.store(level, array, lock=False)
                level = da.from_zarr(array)
            dtype = level.dtype
            mean = da.coarsen(np.mean, level, {0: 2, 1: 2, 2: 2}, trim_excess=True)
            level = mean.astype(dtype)
        if one_graph:
            da.store(arrays, targets, lock=False)

    return run


def pybdv(path, target, chunk, codec):
    import pybdv as module

    factors = [[2, 2, 2]] * (LEVELS - 1)
    return lambda: module.make_bdv(
        np.asarray(opened(path)[...]), str(target.with_suffix(".h5")), factors, "mean",
        chunks=(64,) * 3, n_threads=os.cpu_count(),
    )  # fmt: skip


def npy2bdv(path, target, chunk, codec):
    import npy2bdv as module

    def run():
        writer = module.BdvWriter(
            str(target.with_suffix(".h5")), subsamp=tuple(FACTORS),
            blockdim=((64,) * 3,) * LEVELS, compression="gzip",
        )  # fmt: skip
        writer.append_view(np.asarray(opened(path)[...]))
        writer.write_xml()
        writer.close()

    return run


ENGINES = {
    "bare loop": (bare_loop, {}),
    "build_pyramid": (build_pyramid, {}),
    "build_pyramid 0.4": (build_pyramid, {"version": 2}),
    "build_pyramid without zarrs": (build_pyramid, {"zarrs": False}),
    "blocks by tensorstore": (tensorstore_by_blocks, {}),
    "ngff-zarr itkwasm": (ngff_zarr, {"method": "ITKWASM_BIN_SHRINK"}),
    "ngff-zarr itk": (ngff_zarr, {"method": "ITK_BIN_SHRINK"}),
    "ngff-zarr dask": (ngff_zarr, {"method": "DASK_BIN_SHRINK"}),
    "ngff-zarr itk, zarrs": (with_zarrs(ngff_zarr), {"method": "ITK_BIN_SHRINK"}),
    "ngff-zarr dask, zarrs": (with_zarrs(ngff_zarr), {"method": "DASK_BIN_SHRINK"}),
    "ngff-zarr itk, tensorstore": (ngff_zarr, {"method": "ITK_BIN_SHRINK", "tensorstore": True}),
    "OMEZarrWriter v2": (ome_zarr_writer, {"zarr_format": 2}),
    "OMEZarrWriter v3": (ome_zarr_writer, {}),
    "OMEZarrWriter v3, zarrs": (with_zarrs(ome_zarr_writer), {}),
    "ome-zarr-py local mean": (ome_zarr_py, {"method": "local_mean"}),
    "ome-zarr-py local mean, zarrs": (with_zarrs(ome_zarr_py), {"method": "local_mean"}),
    "dask coarsen, one graph": (dask_coarsen, {}),
    "dask coarsen, one graph, zarrs": (with_zarrs(dask_coarsen), {}),
    "dask coarsen, per level": (dask_coarsen, {"one_graph": False}),
}
ONLY_DEFAULTS = {
    "ngff-zarr default": (ngff_zarr, {}),
    "ome-zarr-py default": (ome_zarr_py, {"method": "resize"}),
    "build_pyramid BDV": (build_pyramid_bdv, {}),
    "pybdv": (pybdv, {}),
    "npy2bdv": (npy2bdv, {}),
}


# Measuring: in a worker, which has loaded and warmed up one engine


def level_1_of(target):
    """The second level of what an engine wrote, as a lazy array."""
    if target.with_suffix(".h5").exists():
        import h5py

        return h5py.File(target.with_suffix(".h5"))["t00000/s00/1/cells"]
    import zarr

    arrays = [zarr.open_array(path, mode="r") for path in sorted(find_arrays(target))]
    return sorted(arrays, key=lambda array: -array.size)[1]


def find_arrays(folder):
    for path in folder.rglob("*"):
        is_json = path.name == "zarr.json"
        if path.name == ".zarray" or (is_json and json.loads(path.read_text()).get("shape")):
            yield path.parent


def error_of(engine, path, target):
    """Most grey values by which a part of level 1 is off the exact mean; None for the bare loop."""
    if engine in ("bare loop", "blocks by tensorstore"):
        return None
    cube = opened(path)[:64, :64, :64].astype("int64")
    exact = np.rint(cube.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5)))
    level = level_1_of(target)[:32, :32, :32]
    if opened(path).dtype == np.uint16:
        level = level.view(np.uint16) if level.dtype == np.int16 else level
    return int(np.abs(level.astype("int64") - exact).max())


def work(engine, case, path, folder):
    """Get an engine ready, and measure it as often as asked; each time the target is new."""
    make, options = {**ENGINES, **ONLY_DEFAULTS}[engine]
    settings = CASES[case]
    if settings.get("shard"):
        options = {**options, "shard": settings["shard"]}
    arguments = (settings["chunk"], settings["codec"])
    with TemporaryDirectory() as first:
        # What is loaded or compiled at first use is not measured: once, on a small stack.
        small = make_small(Path(first, f"small{path.suffix}"), path)
        make(small, Path(first, "target.ome.zarr"), *arguments, **options)()
    target = Path(folder, "target.ome.zarr")
    run = make(path, target, *arguments, **options)
    loaded = held()

    def measure():
        folder.mkdir()
        with Peak(first=loaded) as peak:
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        files = [file for file in folder.rglob("*") if file.is_file()]
        found = {
            "wall": round(wall, 4),
            "cpu": round(cpu, 4),
            "peak": peak.mib,
            "size": round(sum(file.stat().st_size for file in files) / 2**20, 2),
            "error": error_of(engine, path, target),
        }
        shutil.rmtree(folder)
        if hasattr(os, "sync"):  # what is still to be written must not slow the next one
            os.sync()
        return found

    serve(measure)


# Taking turns


def run_all(arguments):
    """Run all engines in turn, each in its own process; return the list of runs."""
    runs = []
    with TemporaryDirectory(prefix="pyramid-building-", dir=arguments.folder) as folder:
        for kind, dtype in product(arguments.kinds, arguments.dtypes):
            shape = shape_of(arguments, dtype)
            paths = make_sources(Path(folder), kind, shape, dtype, arguments.sources)
            for case, source in product(arguments.cases, arguments.sources):
                what = {"case": case, "kind": kind, "dtype": dtype, "source": source}
                for run in take_turns(arguments, case, paths[source], Path(folder)):
                    runs.append({**what, "shape": shape, **run})
                    print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
            for path in paths.values():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return runs


def shape_of(arguments, dtype):
    """The shape asked for, or that of 128 x 1024 voxels and more that has so many bytes."""
    if arguments.mib is None:
        return arguments.shape
    return [128, 1024, arguments.mib * 2**20 // (128 * 1024 * np.dtype(dtype).itemsize)]


def make_sources(folder, kind, shape, dtype, wanted):
    """Write the same voxels as a TIFF stack and as the Zarrs that are wanted."""
    paths = {"tiff": folder / f"{kind}-{dtype}.tif"}
    make_volume(paths["tiff"], kind, shape, dtype)
    for source, shards in (("zarr", None), ("sharded", (128,) * 3)):
        if source in wanted:
            paths[source] = folder / f"{kind}-{dtype}-{source}.zarr"
            make_zarr(paths[source], paths["tiff"], shards)
    return paths


def take_turns(arguments, case, path, folder):
    """Start a worker for each engine, and yield one run of each in every turn."""
    known = {**ENGINES, **(ONLY_DEFAULTS if case == "defaults" else {})}
    engines = [name for name in known if name in (arguments.engines or known)]
    if CASES[case].get("shard"):
        engines = [name for name in engines if "shard" in signature(known[name][0]).parameters]
    with ExitStack() as stack:
        workers = {}
        for number, engine in enumerate(engines):
            own = ["--work", engine, case, str(path), str(folder / f"run-{number}")]
            workers[engine] = stack.enter_context(Worker("pyramid_building", own))
        for turn in range(arguments.repeats):
            for engine, worker in workers.items():
                yield {"engine": engine, "turn": turn, **worker.measure()}
                shutil.rmtree(folder / f"run-{engines.index(engine)}", ignore_errors=True)


def show(runs):
    """Print medians, and how many times those of build_pyramid they are."""
    for group, engines in grouped(runs, GROUP, "engine").items():
        print(f"\n{', '.join(group)}; in brackets how many times that of build_pyramid")
        print(f"{'':30}{'wall s':>26}{'CPU s':>26}{'peak MiB':>10}{'size MiB':>10}  off by")
        for engine, made in engines.items():
            times = "".join(f"{median(made, key):>8.2f}" for key in ("wall", "cpu"))
            if "build_pyramid" in engines:
                times = "".join(
                    f"{median(made, key):>8.2f}{ratio(made, engines['build_pyramid'], key)!s:>18}"
                    for key in ("wall", "cpu")
                )
            peak, size = median(made, "peak"), median(made, "size")
            error = made[0]["error"]
            off = "not looked at" if error is None else error
            print(f"{engine:30}{times}{peak:>10.0f}{size:>10.1f}  {off}")
    for run in runs:
        if "failed" in run:
            print(f"{run['engine']} failed in {run['case']}: {run['failed']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", type=int, nargs=3, default=[128, 1024, 1024])
    parser.add_argument("--mib", type=int, help="instead of a shape: size of each volume")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["128 cubed", "64 cubed"])
    parser.add_argument("--kinds", nargs="+", choices=["noise", "tissue"], default=["noise"])
    parser.add_argument("--dtypes", nargs="+", choices=["uint8", "uint16"], default=["uint8"])
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=["tiff"])
    parser.add_argument("--engines", nargs="+", choices=[*ENGINES, *ONLY_DEFAULTS])
    parser.add_argument("--folder", default=memory_folder(), help="for sources and targets")
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        engine, case, path, folder = arguments.work
        work(engine, case, Path(path), Path(folder))
        return
    runs = run_all(arguments)
    show(runs)
    if arguments.out:
        save(arguments.out, runs, module="pyramid_building", packages=PACKAGES)


if __name__ == "__main__":
    main()
