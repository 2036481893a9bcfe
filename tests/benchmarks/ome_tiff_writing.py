"""Benchmark: write an OME-TIFF with its pyramid, beside tifffile and bioio-ome-tiff. Run by hand.

    python tests/benchmarks/ome_tiff_writing.py                         # 1/4 GiB
    uv run --with bioio-ome-tiff==1.4.0 python tests/benchmarks/ome_tiff_writing.py --gib 1
    python tests/benchmarks/ome_tiff_writing.py --tiles                 # codecs of single tiles

The source is an uncompressed file of uint8, synthetic tissue of 1024 x 1024 voxels a plane, which
is mapped. tifffile's recipe is that of its README for pyramids, which keeps every second voxel,
with our tiles, codec and predictor; "means" replaces strides by means of 2 x 2 boxes, as are ours.
bioio-ome-tiff writes level 0 alone: its writer knows no levels. All but ours are given the whole
volume as an array. Each run has a process of its own; runs alternate, and medians are shown. The
peak is what the process held more than after its imports, with the pages of the mapped source
(as many bytes as that has), which the system may take back.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import imagecodecs
import numpy as np
import tifffile
from tqdm import tqdm

from bigimg_lessons.formats.ome_tiff import write_ome_tiff
from bigimg_lessons.formats.tiff_tiles import TileEncoder
from bigimg_lessons.measure.memory import MemoryWatch
from bigimg_lessons.samples.volume import SampleVolume

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
    wall, cpu = time.perf_counter(), time.process_time()
    with MemoryWatch() as watch:
        WRITERS[name](source, target)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": watch.trace.peak_added / 2**20,
        "size": target.stat().st_size / 2**20,
    }


def compare(gib, names, repeats):
    """Run all writers in turn, each in its own process, and print medians and ratios."""
    planes = round(gib * 1024)
    with TemporaryDirectory(prefix="ome-tiff-writing-") as folder:
        source = Path(folder, "source.raw")
        make_source(source, planes)
        runs = {name: [] for name in names}
        for _ in tqdm(range(repeats), desc=f"{gib:g} GiB"):
            for name in names:
                target = Path(folder, "target.ome.tif")
                command = [sys.executable, __file__, "--run", name, source, str(planes), target]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs[name].append(json.loads(done.stdout.splitlines()[-1]))
                target.unlink()
    rows = {
        name: {key: statistics.median(run[key] for run in made) for key in made[0]}
        for name, made in runs.items()
    }
    first = rows[names[0]]
    print(f"\n{gib:g} GiB of uint8; in brackets how many times that of {names[0]}")
    print(f"{'':20}{'wall s':>16}{'CPU s':>16}{'peak MiB':>18}{'file MiB':>10}")
    for name, row in rows.items():
        cells = "".join(
            f"{row[key]:>{width - 9}.1f} ({row[key] / first[key]:5.2f})"
            for key, width in (("wall", 17), ("cpu", 17), ("peak", 19))
        )
        print(f"{name:20}{cells}{row['size']:>10.1f}")


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
    parser.add_argument("--repeats", type=int, default=3)
    there = [name for name in WRITERS if name != "bioio-ome-tiff" or find_spec("bioio_ome_tiff")]
    parser.add_argument("--writers", nargs="+", choices=list(WRITERS), default=there)
    parser.add_argument("--tiles", action="store_true", help="compare codecs of single tiles")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        name, source, planes, target = options.run
        print(json.dumps(measure(name, source, int(planes), Path(target))))
    elif options.tiles:
        compare_tiles()
    else:
        for gib in options.gib:
            compare(gib, options.writers, options.repeats)


if __name__ == "__main__":
    main()
