"""Benchmark: what a pyramid costs on workers of a cluster, beside one process. Run by hand.

    uv run python -m tests.benchmarks.cluster_building               # 1 GiB, and once 8 GiB
    uv run python -m tests.benchmarks.cluster_building --once --engines local 'one worker'

The image is that of ``scale``: a Zarr of uint8 noise with 2048 x 2048 voxels in a plane and chunks
of 128 cubed. ``build_pyramid`` writes it in one process, and on one and on two workers of a
``LocalCluster``; ``dask.array`` writes it on the same two workers as its users do, level by level:
``coarsen`` by the mean, then ``to_zarr``. All write OME-Zarr's chunks of 128 cubed by the same
codec. Everyone has one thread, and ``RAYON_NUM_THREADS=1`` leaves zarrs one too.

Each engine has a process of its own, which starts its cluster and builds a small pyramid before the
first turn; neither is measured. Processor time is that of this process and of all workers. Memory
is the anonymous part (``RssAnon``), the peak of the worker that held most, in samples 20 ms apart.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import shutil
import sys
import threading
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from tests.benchmarks.records import save
from tests.benchmarks.scale import CHUNK, PLANE, ROOM, folder_for, make_source
from tests.benchmarks.summaries import grouped, median
from tests.benchmarks.workers import Worker, serve

PACKAGES = ["bigimg-lessons", "dask", "distributed", "zarr", "zarrs", "numpy", "imagecodecs"]
WORKERS = {"local": 0, "one worker": 1, "two workers": 2, "dask, two workers": 2}


def anonymous(process):
    """Return the bytes of anonymous memory of a process; all that it holds where none tells."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text()
        return int(text.partition("RssAnon:")[2].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        return process.memory_info().rss


class Followed(threading.Thread):
    """Processor time and peak of memory of some processes in a ``with`` block."""

    def __init__(self, processes, holders):
        super().__init__(daemon=True)
        self._processes, self._holders, self._done = processes, holders, threading.Event()
        self.peak = 0

    def _cpu(self):
        times = [process.cpu_times() for process in self._processes]
        return sum(each.user + each.system for each in times)

    def __enter__(self):
        self.cpu, self.wall = -self._cpu(), -time.perf_counter()
        self.start()
        return self

    def __exit__(self, *_):
        self.cpu, self.wall = self.cpu + self._cpu(), self.wall + time.perf_counter()
        self._done.set()
        self.join()

    def run(self):
        while not self._done.wait(0.02):
            self.peak = max(self.peak, *map(anonymous, self._holders))


def by_dask(source, target, client):
    """Write all levels one after the other, each from the one before."""
    import dask.array as da

    from bigimg_lessons.formats.ome_zarr import default_codec

    codec = default_codec(source.dtype)
    lazy = da.from_zarr(source)
    level = 0
    while True:
        lazy.rechunk((CHUNK,) * 3).to_zarr(str(target / str(level)), compressors=codec)
        if max(lazy.shape) <= CHUNK:
            return
        lazy = da.from_zarr(str(target / str(level)))
        steps = {axis: 2 for axis in range(3) if lazy.shape[axis] > 1}
        lazy = da.coarsen(np.mean, lazy, steps, trim_excess=True).round().astype(source.dtype)
        level += 1


def work(engine, source, target):
    """Build the pyramid of a source whenever asked; tell what it took."""
    import dask
    import zarr
    from distributed import Client, LocalCluster

    from bigimg_lessons import build_pyramid

    count, client, holders = WORKERS[engine], None, [psutil.Process()]
    if count:
        dask.config.set({"distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": 1})
        cluster = LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        )
        client = Client(cluster)
        holders = [psutil.Process(pid) for pid in client.run(os.getpid).values()]

    def build(image, path):
        image = zarr.open_array(image, mode="r")
        if engine.startswith("dask"):
            by_dask(image, path, client)
        else:
            build_pyramid(image, path, progress=False, client=client)

    with TemporaryDirectory(dir=target.parent) as folder:
        small = Path(folder, "small.zarr")
        make_source(small, (2 * CHUNK,) * 3)
        build(small, Path(folder, "small.ome.zarr"))

    def measure():
        processes = {psutil.Process(), *holders}
        with Followed(list(processes), holders) as followed:
            build(source, target)
        cube = zarr.open_array(source, mode="r")[:8, :32, :32].astype("int64")
        exact = np.rint(cube.reshape(2, 4, 8, 4, 8, 4).mean(axis=(1, 3, 5)))
        level = zarr.open_array(target / "2", mode="r")[:2, :8, :8]
        shutil.rmtree(target)
        return {
            "wall": round(followed.wall, 3),
            "cpu": round(followed.cpu, 3),
            "peak": round(followed.peak / 2**20, 1),
            "error": int(np.abs(level - exact).max()),
        }

    serve(measure)


def run_all(arguments):
    """Let all engines take turns on each size; return the list of runs."""
    runs = []
    every = [(gib, arguments.repeats, arguments.engines) for gib in arguments.gib]
    own = [engine for engine in arguments.engines if not engine.startswith("dask")]
    for gib, repeats, engines in [*every, *((gib, 1, own) for gib in arguments.once)]:
        folder = arguments.folder or folder_for(3 * gib)
        if shutil.disk_usage(folder).free < 3 * ROOM * gib * 2**30:
            runs.append({"gib": gib, "turn": 0, "engine": "local", "failed": "no room"})
            continue
        with TemporaryDirectory(prefix="cluster-", dir=folder) as place:
            source = Path(place, "source.zarr")
            make_source(source, (round(gib * 2**30 / np.prod(PLANE)), *PLANE))
            workers = {}
            try:
                for number, engine in enumerate(engines):
                    target = Path(place, f"{number}.ome.zarr")
                    options = ["--work", engine, str(source), str(target)]
                    workers[engine] = Worker("cluster_building", options, limit=1800)
                for turn, engine in product(range(repeats), engines):
                    made = workers[engine].measure()
                    runs.append({"gib": gib, "engine": engine, "turn": turn, **made})
                    print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
            finally:
                for worker in workers.values():
                    worker.__exit__()
    return runs


def show(runs):
    """Print the medians of each engine."""
    print(f"{'GiB':>6} {'engine':<20}{'wall s':>8}{'CPU s':>8}{'peak MiB':>10}{'error':>7}")
    for (gib,), engines in grouped(runs, ["gib"], "engine").items():
        for engine, made in engines.items():
            wall, cpu, peak, error = (median(made, k) for k in ("wall", "cpu", "peak", "error"))
            print(f"{gib:>6g} {engine:<20}{wall:>8.2f}{cpu:>8.2f}{peak:>10.0f}{error:>7.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gib", type=float, nargs="+", default=[1])
    parser.add_argument(
        "--once", type=float, nargs="*", default=[8], help="sizes for one round, without dask's way"
    )
    parser.add_argument("--engines", nargs="+", choices=list(WORKERS), default=list(WORKERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", help="for source and targets; by default in memory, if it fits")
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = "1"
    if arguments.work:
        os.cpu_count = lambda: 1  # so that one process has one thread, too
        engine, source, target = arguments.work
        work(engine, Path(source), Path(target))
        return
    runs = run_all(arguments)
    show([run for run in runs if "failed" not in run])
    if arguments.out:
        save(arguments.out, runs, module="cluster_building", packages=PACKAGES)


if __name__ == "__main__":
    main()
