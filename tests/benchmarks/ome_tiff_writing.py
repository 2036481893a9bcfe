r"""Benchmark: write an OME-TIFF with its pyramid, beside tifffile and bioio-ome-tiff. Run by hand.

    uv run --group bench python -m tests.benchmarks.ome_tiff_writing            # 1/4 GiB
    uv run --group bench --with bioio-ome-tiff==1.4.0 \
        python -m tests.benchmarks.ome_tiff_writing --gib 1
    uv run --group bench python -m tests.benchmarks.ome_tiff_writing --tiles    # single tiles

The source is an uncompressed file of uint8, synthetic tissue of 1024 x 1024 voxels a plane, which
is mapped. tifffile's recipe is that of its README for pyramids, which keeps every second voxel,
with our tiles, codec and predictor; "means" replaces strides by means of 2 x 2 boxes, as are ours.
bioio-ome-tiff writes level 0 alone: its writer knows no levels. All but ours are given the whole
volume as an array. Each run has a process of its own, and they take turns. The peak is what the
process held more than after its imports, without pages of mapped files.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import sys
import time
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import imagecodecs
import numpy as np
import tifffile

from bigimg_lessons.formats.ome_tiff import write_ome_tiff
from bigimg_lessons.formats.tiff_tiles import TileEncoder
from bigimg_lessons.samples.volume import SampleVolume
from tests.benchmarks.peaks import Peak
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import grouped, median, ratio
from tests.benchmarks.workers import Worker, serve

PACKAGES = ["bigimg-lessons", "tifffile", "imagecodecs", "numpy", "bioio-ome-tiff"]
PLANE = (1024, 1024)
TILE = (256, 256)
LEVELS = 3


def make_source(path, planes):
    tissue = SampleVolume((16, *PLANE)).block(*map(slice, (16, *PLANE)))
    volume = np.memmap(path, "uint8", "w+", shape=(planes, *PLANE))
    for z in range(0, planes, 16):
        volume[z : z + 16] = np.roll(tissue, 37 * z // 16, axis=2)[: planes - z]
    volume.flush()


def ours(source, target, downsampling="mean", codec="zstd"):
    options = {"voxel_size": (0.1, 0.04, 0.04), "unit": "µm", "progress": False}
    write_ome_tiff(target, source, downsampling=downsampling, codec=codec, **options)


def strided(volume):
    return volume[:, ::2, ::2]


def averaged(volume):
    boxes = volume.reshape(volume.shape[0], volume.shape[1] // 2, 2, volume.shape[2] // 2, 2)
    return np.rint(boxes.mean((2, 4))).astype(volume.dtype)


def by_tifffile(source, target, halved=strided, compression="zstd"):
    volume = np.array(source)
    options = {"tile": TILE, "photometric": "minisblack", "maxworkers": 2}
    if compression:
        options |= {"compression": compression, "predictor": True}
        options["compressionargs"] = {"level": 1}
    with tifffile.TiffWriter(target, bigtiff=True, ome=True) as tiff:
        tiff.write(volume, subifds=LEVELS - 1, metadata={"axes": "ZYX"}, **options)
        for _ in range(LEVELS - 1):
            volume = halved(volume)
            tiff.write(volume, subfiletype=1, **options)


def by_bioio(source, target):
    from bioio_ome_tiff.writers import OmeTiffWriter

    OmeTiffWriter.save(np.array(source), target, dim_order="ZYX")


WRITERS = {
    "ours": ours,
    "ours, strides": lambda *paths: ours(*paths, downsampling="stride"),
    "ours, deflate": lambda *paths: ours(*paths, codec="deflate"),
    "ours, no codec": lambda *paths: ours(*paths, codec=None),
    "tifffile": by_tifffile,
    "tifffile, means": lambda *paths: by_tifffile(*paths, halved=averaged),
    "tifffile, deflate": lambda *paths: by_tifffile(*paths, compression="zlib"),
    "tifffile, no codec": lambda *paths: by_tifffile(*paths, compression=None),
    "bioio-ome-tiff": by_bioio,
}


def measure(name, path, planes, target):
    source = np.memmap(path, "uint8", "r", shape=(planes, *PLANE))
    if name == "bioio-ome-tiff":
        import bioio_ome_tiff.writers  # noqa: F401 - not counted
    with Peak() as peak:
        wall, cpu = time.perf_counter(), time.process_time()
        WRITERS[name](source, target)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "wall": round(wall, 3),
        "cpu": round(cpu, 3),
        "peak": peak.mib,
        "size": round(target.stat().st_size / 2**20, 2),
    }


def compare(options, folder):
    """Let all writers take turns, each time in a process of its own; return the list of runs."""
    runs = []
    for gib in options.gib:
        planes = round(gib * 1024)
        source, target = folder / "source.raw", folder / "target.ome.tif"
        make_source(source, planes)
        for turn, name in product(range(options.repeats), options.writers):
            arguments = ["--run", name, str(source), str(planes), str(target)]
            with Worker("ome_tiff_writing", arguments) as worker:
                found = worker.measure()
            target.unlink(missing_ok=True)
            runs.append({"gib": gib, "engine": name, "turn": turn, **found})
            print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return runs


def show(runs):
    """Print medians, and how many times those of ours all others take."""
    for (gib,), engines in grouped(runs, ["gib"], "engine").items():
        first = next(iter(engines.values()))
        print(f"\n{gib:g} GiB of uint8; beside medians how many times that of the first")
        for name, made in engines.items():
            cells = [
                f"{key} {median(made, key):.2f}, {ratio(made, first, key)}"
                for key in ("wall", "cpu", "peak")
            ]
            print(f"{name:20}{'  '.join(cells)}  {median(made, 'size'):.1f} MiB")


def compare_tiles():
    """Print what codecs make of tiles of tissue, by one thread."""
    shape = (8, 512, 512)
    tissue = SampleVolume(shape).block(*map(slice, shape))
    noise = np.random.default_rng(0).normal(110, 5, shape)
    for kind, volume in {"tissue": tissue, "noise": noise.astype("uint16")}.items():
        print(f"{kind}, {volume.dtype}")
        for codec in ("zstd", "deflate"):
            encoder = TileEncoder(TILE, volume.dtype, codec)
            encode = getattr(imagecodecs, f"{codec}_encode")
            raw = [
                plane[y : y + 256, x : x + 256].tobytes()
                for plane in volume
                for y in (0, 256)
                for x in (0, 256)
            ]
            ways = {
                "differences": lambda encoder=encoder, volume=volume: [
                    tile for plane in volume for row in encoder.rows(plane) for tile in row
                ],
                **{
                    f"plain, level {level}": lambda encode=encode, level=level, raw=raw: [
                        encode(tile, level) for tile in raw
                    ]
                    for level in (1, 3, 6)
                },
            }
            for way, work in ways.items():
                best = float("inf")
                for _ in range(3):
                    start = time.process_time()
                    tiles = work()
                    best = min(best, time.process_time() - start)
                saved = 1 - sum(map(len, tiles)) / volume.nbytes
                print(
                    f"  {codec:8}{way:16}{volume.nbytes / best / 2**20:7.0f} MiB/s"
                    f"{100 * saved:6.1f} % saved"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, nargs="+", default=[0.25])
    parser.add_argument("--repeats", type=int, default=5)
    there = [name for name in WRITERS if name != "bioio-ome-tiff" or find_spec("bioio_ome_tiff")]
    parser.add_argument("--writers", nargs="+", choices=list(WRITERS), default=there)
    parser.add_argument("--tiles", action="store_true", help="compare codecs of single tiles")
    parser.add_argument("--folder", default=memory_folder())
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        name, source, planes, target = options.run
        serve(lambda: measure(name, source, int(planes), Path(target)))
        return
    if options.tiles:
        compare_tiles()
        return
    with TemporaryDirectory(prefix="ome-tiff-writing-", dir=options.folder) as folder:
        runs = compare(options, Path(folder))
    show(runs)
    if options.out:
        save(options.out, runs, module="ome_tiff_writing", packages=PACKAGES)


if __name__ == "__main__":
    main()
