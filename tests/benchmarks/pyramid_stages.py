"""Benchmark: where does the processor time of a build go? Run by hand.

    uv run --group bench python -m tests.benchmarks.pyramid_stages

``build_pyramid`` works in one thread, on the sources and cases of ``pyramid_building``, and the
processor time of the whole process is taken before and after each call that reads a block, sums
boxes, divides sums, encodes a chunk, or creates, writes and closes a file. What is left is *other*:
planning, metadata, cutting chunks out of blocks, and moving the finished folder into its place.
The clock itself is paid by *other*.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import sys
import time
from collections import Counter
from functools import wraps
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import pyramid_building
from tests.benchmarks.pyramid_building import CASES, make_small, make_sources, shape_of
from tests.benchmarks.pyramid_tables import STAGES
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import grouped, median
from tests.benchmarks.workers import Worker, serve


class Stopwatch:
    """Processor time of this process, by stage."""

    def __init__(self):
        self.seconds = Counter()

    def timed(self, stage, function):
        """Return a function that does the same, on the account of a stage."""

        @wraps(function)
        def wrapped(*arguments, **options):
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[stage] += time.process_time() - start

        return wrapped

    def file(self, create):
        """Return what creates a file whose calls are on the account of *write*."""

        def created(path):
            return _TimedFile(self, self.timed("write", create)(path))

        return created


class _TimedFile:
    def __init__(self, watch, file):
        self._file = file
        self.write = watch.timed("write", file.write)
        self.close = watch.timed("write", file.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def watched():
    """Put a stopwatch into the package, for the rest of this process; return it."""
    from bigimg_lessons.formats import chunk_files
    from bigimg_lessons.pyramids import block_tree
    from bigimg_lessons.pyramids.source import LazyImage
    from bigimg_lessons.saving import objects

    watch = Stopwatch()
    LazyImage.read = watch.timed("read", LazyImage.read)
    block_tree.box_sums = watch.timed("sum", block_tree.box_sums)
    block_tree.box_means = watch.timed("divide", block_tree.box_means)
    chunk_files.Blosc.encode = watch.timed("encode", chunk_files.Blosc.encode)
    objects.created = watch.file(objects.created)
    return watch


def work(case, path, folder):
    """Build with a stopwatch whenever asked; the first build, of a small image, is not counted."""
    settings = CASES[case]
    arguments = settings["chunk"], settings["codec"]
    options = {"shard": settings.get("shard")}
    watch = watched()
    with TemporaryDirectory() as first:
        small = make_small(Path(first, f"small{path.suffix}"), path)
        target = Path(first, "target.ome.zarr")
        pyramid_building.build_pyramid(small, target, *arguments, **options)()

    def measure():
        with TemporaryDirectory(dir=folder) as made:
            target = Path(made, "target.ome.zarr")
            run = pyramid_building.build_pyramid(path, target, *arguments, **options)
            watch.seconds.clear()
            start = time.process_time()
            run()
            total = time.process_time() - start
        known = {stage: watch.seconds[stage] for stage in STAGES[:-1]}
        stages = {**known, "other": total - sum(known.values())}
        return {"cpu": round(total, 4), **{name: round(s, 4) for name, s in stages.items()}}

    serve(measure)


def run_all(arguments):
    """Run all cases, each in a process of its own that knows of one processor."""
    runs = []
    with TemporaryDirectory(prefix="pyramid-stages-", dir=arguments.folder) as folder:
        for dtype in arguments.dtypes:
            shape = shape_of(arguments, dtype)
            paths = make_sources(Path(folder), "noise", shape, dtype, arguments.sources)
            for case, source in product(arguments.cases, arguments.sources):
                what = {"case": case, "kind": "noise", "dtype": dtype, "source": source}
                options = ["--work", case, str(paths[source]), folder]
                with Worker("pyramid_stages", options) as worker:
                    for turn in range(arguments.repeats):
                        runs.append({**what, "shape": shape, "turn": turn, **worker.measure()})
                        print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return runs


def show(runs):
    """Print the median share of each stage."""
    for (case, dtype), sources in grouped(runs, ["case", "dtype"], "source").items():
        for source, made in sources.items():
            total = median(made, "cpu")
            shares = "  ".join(f"{s} {median(made, s) / total:.0%}" for s in STAGES)
            print(f"{case:<10}{dtype:<8}{source:<8}{total:7.2f} s  {shares}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=128, help="size of the image")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES)[:3])
    parser.add_argument("--dtypes", nargs="+", default=["uint8", "uint16"])
    parser.add_argument("--sources", nargs="+", default=["tiff", "zarr"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", default=memory_folder())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        os.cpu_count = lambda: 1  # one thread, whose stages follow one another
        case, path, folder = arguments.work
        work(case, Path(path), folder)
        return
    runs = run_all(arguments)
    show([run for run in runs if "failed" not in run])
    if arguments.out:
        packages = pyramid_building.PACKAGES
        save(arguments.out, runs, module="pyramid_stages", packages=packages)


if __name__ == "__main__":
    main()
