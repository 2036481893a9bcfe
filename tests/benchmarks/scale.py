"""Benchmark: do time for each byte and memory stay as they are when images grow? Run by hand.

    uv run python -m tests.benchmarks.scale                        # 1, 4 and 16 GiB, three times
    uv run python -m tests.benchmarks.scale --gib 1 4 --repeats 1

``build_pyramid`` reads a Zarr of uint8 with 2048 x 2048 voxels in a plane, as many planes as the
size asks for, in chunks of 128 cubed, and writes an OME-Zarr, all by its defaults. The source is
streamed and needs no room: its chunks are a few files of synthetic noise, each of which has many
names (hard links). The noise is that of a quiet camera, so that the target takes half as much room
as the image. Source and target lie in memory (``/dev/shm``) where there is room, and a target is
deleted when it has been measured.

Each run has a process of its own, which builds a small pyramid first; the sizes take turns. The
peak is what the process held more than after that, without pages of mapped files.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.benchmarks.peaks import Peak, held
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import ended, grouped, median, ratio
from tests.benchmarks.workers import Worker, serve

CHUNK = 128
PLANE = (2048, 2048)
POOL = 16  # chunks that differ
ROOM = 0.7  # bytes of room for each byte of the image, on the safe side
PACKAGES = ["bigimg-lessons", "zarr", "zarrs", "numpy", "numcodecs"]


def make_source(path, shape):
    """Make a Zarr of noise whose chunks are names of a few files.

    Parameters
    ----------
    path
        Folder to create.
    shape
        Voxels along z, y and x.
    """
    import zarr

    rng = np.random.default_rng(0)
    array = zarr.create_array(path, shape=shape, dtype="uint8", chunks=(CHUNK,) * 3)
    files = []
    for place in product(*(range(-(-n // CHUNK)) for n in shape)):
        file = path.joinpath("c", *map(str, place))
        if len(files) < POOL:
            noise = rng.normal(120, 2, (CHUNK,) * 3).round().astype("uint8")
            array.set_block_selection(place, noise)
            files.append(file)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            same(files[sum(place) % POOL], file)


def same(file, name):
    """Give a file one more name, or copy it where files have but one."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)


def work(source, target):
    """Build the pyramid of a source whenever asked; tell what it took."""
    import zarr

    from bigimg_lessons import build_pyramid

    with TemporaryDirectory() as folder:  # what is loaded at first use is not measured
        small = Path(folder, "small.zarr")
        make_source(small, (CHUNK,) * 3)
        build_pyramid(
            zarr.open_array(small, mode="r"), Path(folder, "small.ome.zarr"), progress=False
        )
    loaded = held()

    def measure():
        with Peak(first=loaded) as peak:
            wall, cpu = time.perf_counter(), time.process_time()
            build_pyramid(zarr.open_array(source, mode="r"), target, progress=False)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        cube = zarr.open_array(source, mode="r")[:8, :32, :32].astype("int64")
        exact = np.rint(cube.reshape(4, 2, 16, 2, 16, 2).mean(axis=(1, 3, 5)))
        level = zarr.open_array(target / "1", mode="r")[:4, :16, :16]
        size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        return {
            "wall": round(wall, 3),
            "cpu": round(cpu, 3),
            "peak": peak.mib,
            "size": round(size / 2**20, 1),
            "error": int(np.abs(level - exact).max()),
        }

    serve(measure)


def run_all(sizes, repeats, folder):
    """Build pyramids of all sizes in turn; return the list of runs."""
    runs = []
    for turn, gib in product(range(repeats), sizes):
        found = run_one(gib, folder or folder_for(gib))
        runs.append({"gib": gib, "turn": turn, **found})
        print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return runs


def folder_for(gib):
    """Return a folder in memory if it has room, else one on the disk."""
    memory = memory_folder()
    has_room = memory and shutil.disk_usage(memory).free > ROOM * gib * 2**30
    return memory if has_room else tempfile.gettempdir()


def run_one(gib, folder):
    """Build one pyramid in a process of its own."""
    if shutil.disk_usage(folder).free < ROOM * gib * 2**30:
        return {"failed": f"no room for {ROOM * gib:g} GiB"}
    shape = (round(gib * 2**30 / np.prod(PLANE)), *PLANE)
    with TemporaryDirectory(prefix="scale-", dir=folder) as place:
        source, target = Path(place, "source.zarr"), Path(place, "target.ome.zarr")
        make_source(source, shape)
        with Worker("scale", ["--work", str(source), str(target)], limit=1800) as worker:
            found = worker.measure()
    if hasattr(os, "sync"):
        os.sync()
    return {"shape": shape, "in_memory": folder == memory_folder(), **found}


def show(runs):
    """Print medians of each size, and time for each byte and memory beside the smallest."""
    sizes = grouped(runs, [], "gib")[()]
    first = next(iter(sizes.values()))
    print(f"{'GiB':>6}{'wall s':>10}{'MiB/s':>8}{'peak MiB':>10}  time for each byte, and peak")
    for gib, made in sizes.items():
        wall, peak = median(made, "wall"), median(made, "peak")
        each = ratio(per_byte(made), per_byte(first), "wall")
        memory = ratio(made, first, "peak")
        print(f"{gib:>6g}{wall:>10.1f}{gib * 1024 / wall:>8.0f}{peak:>10.0f}  {each}, {memory}")


def per_byte(runs):
    """Return runs with seconds for each GiB."""
    return [
        {**run, "wall": run["wall"] / run["gib"], "cpu": run["cpu"] / run["gib"]}
        for run in ended(runs)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gib", type=float, nargs="+", default=[1, 4, 16])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", help="for source and target; by default in memory, if it fits")
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--work", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(*arguments.work)
        return
    runs = run_all(arguments.gib, arguments.repeats, arguments.folder)
    show(runs)
    if arguments.out:
        save(arguments.out, runs, module="scale", packages=PACKAGES)


if __name__ == "__main__":
    main()
