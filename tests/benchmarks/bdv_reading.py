"""How fast BigDataViewer XML/HDF5 is read, beside raw h5py and, if given, Bio-Formats.

Run by hand::

    python -m tests.benchmarks.bdv_reading --size 1GiB

The volume (uint16, 64-voxel chunks, a smooth pattern with noise) is made by h5py in a temporary
folder, and is read from the page cache: that is where overhead shows most. The ways take turns,
at another place each round, and open the file anew. Medians and best times are told, and their
ratios to raw h5py: on a machine that has other work too, the best are the steadier ones.

Bio-Formats is timed through bioio-bioformats in an interpreter of its own, which has that package
and a Java (the JVM is started before the clock)::

    --bioformats-python venv/bin/python --bioformats-jar bioformats_package.jar
"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHUNK = (64, 64, 64)
CUBE = 128
PACKAGES = ["bigimg-lessons", "bioio", "bioio-base", "dask", "h5py", "numpy", "xarray"]


def parse_size(text):
    """Bytes in a size such as 256MiB."""
    match = re.fullmatch(r"(\d+)(MiB|GiB)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it like 256MiB or 1GiB")
    return int(match[1]) * {"MiB": 2**20, "GiB": 2**30}[match[2]]


def shape_of(size):
    """Shape (z, y, x), by doubling the shortest axis, that has `size` bytes as uint16 or less."""
    shape = [64, 64, 64]
    while 2 * 2 * np.prod(shape, dtype=np.int64) <= size:
        shape[2 - np.argmin(shape[::-1])] *= 2
    return tuple(shape)


def write_volume(folder, shape, compression):
    """Write the volume with h5py, in slabs one chunk deep."""
    import h5py

    rng = np.random.default_rng(0)
    y, x = np.ogrid[: shape[1], : shape[2]]
    with h5py.File(folder / "data.h5", "w") as file:
        file["s00/resolutions"] = [[1.0, 1.0, 1.0]]
        file["s00/subdivisions"] = np.array([CHUNK[::-1]], np.int32)
        cells = file.create_dataset(
            "t00000/s00/0/cells", shape, np.int16, chunks=CHUNK, compression=compression
        )
        for z in range(0, shape[0], CHUNK[0]):
            noise = rng.integers(0, 64, (CHUNK[0], *shape[1:]), np.uint16)
            pattern = (20_000 + 10_000 * np.sin((x + z) / 50) * np.cos(y / 70)).astype(np.uint16)
            cells[z : z + CHUNK[0]] = (noise + pattern).view(np.int16)
    size = " ".join(map(str, shape[::-1]))
    path = folder / "data.xml"
    path.write_text(
        '<SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>'
        '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
        f"<ViewSetups><ViewSetup><id>0</id><name>v</name><size>{size}</size><voxelSize>"
        "<unit>um</unit><size>1.0 1.0 1.0</size></voxelSize><attributes><illumination>0"
        "</illumination><channel>0</channel><tile>0</tile><angle>0</angle></attributes>"
        '</ViewSetup><Attributes name="illumination"><Illumination><id>0</id><name>0</name>'
        '</Illumination></Attributes><Attributes name="channel"><Channel><id>0</id><name>0</name>'
        '</Channel></Attributes><Attributes name="tile"><Tile><id>0</id><name>0</name></Tile>'
        '</Attributes><Attributes name="angle"><Angle><id>0</id><name>0</name></Angle></Attributes>'
        '</ViewSetups><Timepoints type="range"><first>0</first><last>0</last></Timepoints>'
        "</SequenceDescription><ViewRegistrations>"
        '<ViewRegistration timepoint="0" setup="0"><ViewTransform type="affine"><affine>'
        "1.0 0.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 0.0 1.0 0.0</affine></ViewTransform>"
        "</ViewRegistration></ViewRegistrations></SpimData>"
    )
    return path


def places(shape, repeats):
    """Where to read: an x for a YZ plane and a corner for a cube, `repeats` times."""
    rng = np.random.default_rng(1)
    for _ in range(repeats):
        yield tuple(int(rng.integers(0, extent - CUBE + 1)) for extent in shape)


def ways(path):
    """Ways to read a box of the volume, by name; each takes three slices."""
    import h5py
    from bioio import BioImage

    from bigimg_lessons.formats.bdv.reader import Reader

    def raw(box):
        with h5py.File(path.with_suffix(".h5")) as file:
            return file["t00000/s00/0/cells"][box].view(np.uint16)

    def selection(box):
        return dict(zip("ZYX", box, strict=True))

    return {
        "raw h5py": raw,
        "Reader": lambda box: Reader(path).get_image_data("ZYX", **selection(box)),
        "BioImage": lambda box: BioImage(path).get_image_data("ZYX", **selection(box)),
        "BioImage, plugins cached": lambda box: BioImage(
            path, use_plugin_cache=True
        ).get_image_data("ZYX", **selection(box)),
        "BioImage, dask": lambda box: (
            BioImage(path).get_image_dask_data("ZYX", **selection(box)).compute()
        ),
    }


def bioformats_ways(path, jar):
    """As `ways`, for the interpreter that has bioio-bioformats."""
    import jpype

    # Started here, with the jar alone, as bioio-bioformats would fetch Java and jars on its own.
    jpype.startJVM("-Xmx4g", classpath=[str(jar)])
    from bioio_bioformats import Reader

    def read(box):
        lazy = Reader(path).get_image_dask_data("ZYX")
        return lazy[box].compute()

    return {"bioio-bioformats": read}


def measure(readers, shape, repeats):
    """Seconds per way and task, as lists; and a checksum per task, to see that all agree."""
    times = {f"{task}/{name}": [] for task in ("plane", "cube") for name in readers}
    sums = {}
    for read in readers.values():  # imports, plugin look-up, JVM
        read((slice(0, 1), slice(0, 1), slice(0, 1)))
    for number, (z, y, x) in enumerate(places(shape, repeats)):
        tasks = {
            "plane": (slice(0, shape[0]), slice(0, shape[1]), slice(x, x + 1)),
            "cube": tuple(slice(start, start + CUBE) for start in (z, y, x)),
        }
        for task, box in tasks.items():
            turn = number % len(readers)  # whoever comes first finds colder caches
            for name in [*readers][turn:] + [*readers][:turn]:
                start = time.perf_counter()
                pixels = readers[name](box)
                times[f"{task}/{name}"].append(time.perf_counter() - start)
                total = int(pixels.sum(dtype=np.uint64))
                if sums.setdefault(f"{task}/{number}", total) != total:
                    raise SystemExit(f"{name} reads other pixels than the way before it: {task}")
    return {"times": times, "sums": sums}


def runs_of(times):
    """One object for each run: what was read, by which way, in which turn, and the seconds."""
    return [
        {"task": task, "way": way, "turn": turn, "wall": round(wall, 5)}
        for key, walls in times.items()
        for task, way in [key.split("/", 1)]
        for turn, wall in enumerate(walls)
    ]


def bytes_read(path, shape):
    """What opening and one YZ plane ask of the HDF5 file, and the bytes of the plane's chunks."""
    import h5py
    from bioio import BioImage

    from bigimg_lessons.measure.files import FileMeter

    meters = [FileMeter(path), FileMeter(path.with_suffix(".h5"))]
    BioImage(meters[0].url).get_image_data("ZY", X=shape[2] // 2)
    asked = meters[1].take()
    with h5py.File(path.with_suffix(".h5")) as file:
        cells = file["t00000/s00/0/cells"].id
        infos = [cells.get_chunk_info(n) for n in range(cells.get_num_chunks())]
    first = shape[2] // 2 // CHUNK[2] * CHUNK[2]
    chunks = {(i.byte_offset, i.size) for i in infos if i.chunk_offset[2] == first}
    others = {(i.byte_offset, i.size) for i in infos} - chunks
    touched = set(asked.extents)
    return {
        "chunks of the plane": sum(size for _, size in chunks),
        "chunks read": sum(size for _, size in touched & chunks),
        "other chunks read": sum(size for _, size in touched & others),
        "tables read": sum(size for _, size in touched - chunks - others),
    }


def main():
    """Make the volume, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=parse_size, default=parse_size("1GiB"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--compression", choices=["gzip"], help="none unless given")
    parser.add_argument("--bioformats-python", type=Path)
    parser.add_argument("--bioformats-jar", type=Path)
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--only-bioformats", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:  # another interpreter, for Bio-Formats, need not have what this needs
        from tests.benchmarks.records import save
    shape = shape_of(options.size)
    if options.only_bioformats:
        readers = bioformats_ways(options.only_bioformats, options.bioformats_jar)
        print(json.dumps(measure(readers, shape, options.repeats)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write_volume(Path(folder), shape, options.compression)
        print(f"{shape} voxels (z, y, x) of uint16 in chunks of {CHUNK}, {options.compression}")
        result = measure(ways(path), shape, options.repeats)
        if options.bioformats_python:
            command = [options.bioformats_python, __file__, "--only-bioformats", path]
            command += ["--bioformats-jar", options.bioformats_jar.resolve()]
            command += ["--size", f"{options.size // 2**20}MiB", "--repeats", str(options.repeats)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            java = json.loads(out.splitlines()[-1])
            if java["sums"] != result["sums"]:
                raise SystemExit("Bio-Formats reads other pixels")
            result["times"] |= java["times"]
        for task, title in (("plane", "opening and one YZ plane"), ("cube", "opening and a cube")):
            print(f"{title:38} median            best")
            raw = result["times"][f"{task}/raw h5py"]
            for key, seconds in result["times"].items():
                if key.startswith(task):
                    columns = [
                        f"{pick(seconds):9.4f} s {pick(seconds) / pick(raw):6.2f} x"
                        for pick in (statistics.median, min)
                    ]
                    print(f"  {key.partition('/')[2]:24}{''.join(columns)}")
        print("bytes of the HDF5 file for opening and one YZ plane")
        counts = bytes_read(path, shape)
        for what, count in counts.items():
            print(f"  {what:20} {count:>13,}")
        if options.out:
            runs = runs_of(result["times"])
            save(
                options.out,
                runs,
                module="bdv_reading",
                packages=PACKAGES,
                shape=shape,
                bytes=counts,
            )


if __name__ == "__main__":
    sys.exit(main())
