"""Benchmark: write N5 beside OME-Zarr 0.4, whose layout is nearest to it. Run by hand.

    uv run --group bench python -m tests.benchmarks.n5_writing

``build_pyramid`` writes both from the same mapped file, five levels in chunks of 64 x 64 x 64, each
with the codec that it takes unless told otherwise: gzip for N5, Blosc with zstd for OME-Zarr. Each
format has a process of its own, which builds once before it is measured; they take turns. Level 1
is compared with the exact mean. The peak is what a process held more than after its imports,
without pages of mapped files.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import sys
import time
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.benchmarks.bdv_writing import FACTORS, make_volume
from tests.benchmarks.peaks import Peak, held
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import grouped, median, ratio
from tests.benchmarks.workers import Worker, serve

PACKAGES = ["bigimg-lessons", "zarr", "imagecodecs", "isal", "numpy"]
TARGETS = {
    "N5": ("target.n5", "bdv-n5", "setup0/timepoint0/s1"),
    "OME-Zarr 0.4": ("target.ome.zarr", "ome-zarr-0.4", "1"),
}


def level_1(engine, path):
    """Return the first voxels of level 1."""
    import zarr
    from zarr.storage import LocalStore
    from zarr_n5 import N5WrapperStore

    level = TARGETS[engine][2]
    if engine == "N5":
        return zarr.open_array(N5WrapperStore(LocalStore(path)), path=level, mode="r")[:32].T[:32]
    return zarr.open_array(path / level, mode="r")[:32, :, :32]


def work(engine, source, folder):
    """Build whenever asked; the first build is not counted."""
    from bigimg_lessons.build import build_pyramid

    volume = np.load(source, mmap_mode="r")
    name, file_format, _ = TARGETS[engine]
    options = {"axes": "ZYX", "voxel_size": (1, 1, 1), "unit": "µm", "factors": FACTORS}
    options |= {"file_format": file_format, "chunk_shape": (64, 64, 64), "progress": False}

    def once():
        with TemporaryDirectory(dir=folder) as made, Peak(first=first) as peak:
            target = Path(made, name)
            wall, cpu = time.perf_counter(), time.process_time()
            build_pyramid(volume, target, **options)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            size = sum(file.stat().st_size for file in Path(made).rglob("*") if file.is_file())
            cube = volume[:64, :64, :64].astype("int64").reshape(32, 2, 32, 2, 32, 2)
            exact = np.rint(cube.mean(axis=(1, 3, 5)))
            error = np.abs(level_1(engine, target)[:32, :32, :32] - exact).max()
        return {
            "wall": round(wall, 3),
            "cpu": round(cpu, 3),
            "peak": peak.mib,
            "size": round(size / 2**20, 2),
            "error": int(error),
        }

    first = held()
    once()
    first = held()
    serve(once)


def run_all(arguments, folder):
    """Let both formats take turns at each image; return the list of runs."""
    runs = []
    for kind, dtype in product(arguments.kinds, arguments.dtypes):
        itemsize = np.dtype(dtype).itemsize
        shape = (128, 512, arguments.mib * 2**20 // (128 * 512 * itemsize))
        source = folder / "source.npy"
        np.save(source, make_volume(kind, shape, dtype))
        with ExitStack() as stack:
            workers = {
                name: stack.enter_context(
                    Worker("n5_writing", ["--work", name, str(source), str(folder)])
                )
                for name in TARGETS
            }
            for turn, (name, worker) in product(range(arguments.repeats), workers.items()):
                what = {"kind": kind, "dtype": dtype, "engine": name, "turn": turn}
                runs.append({**what, "shape": shape, **worker.measure()})
                print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return runs


def show(runs):
    """Print medians, and how many times those of OME-Zarr 0.4 N5 takes."""
    for (kind, dtype), engines in grouped(runs, ["kind", "dtype"], "engine").items():
        for engine, made in engines.items():
            times = {key: ratio(made, engines["OME-Zarr 0.4"], key) for key in ("wall", "cpu")}
            wall, cpu, size = (median(made, key) for key in ("wall", "cpu", "size"))
            print(
                f"{dtype} {kind:8}{engine:14}{wall:6.2f} s {times['wall']}  "
                f"CPU {cpu:6.2f} s {times['cpu']}  {size:.0f} MiB"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=128, help="of each image")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", default=["noise", "tissue"])
    parser.add_argument("--dtypes", nargs="+", default=["uint8", "uint16"])
    parser.add_argument("--folder", default=memory_folder())
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        engine, source, folder = arguments.work
        work(engine, Path(source), Path(folder))
        return
    with TemporaryDirectory(prefix="n5-writing-", dir=arguments.folder) as folder:
        runs = run_all(arguments, Path(folder))
    show(runs)
    if arguments.out:
        save(arguments.out, runs, module="n5_writing", packages=PACKAGES, mib=arguments.mib)


if __name__ == "__main__":
    main()
