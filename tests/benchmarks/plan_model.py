"""Benchmark: how far is the planner's time from that of real conversions? Run by hand.

    uv run --group bench python -m tests.benchmarks.plan_model

``build_pyramid`` converts synthetic noise of one byte, of several sizes, into chunks of two sizes,
with shards and without, in one thread and in two: from a TIFF that is mapped from memory, and from
a Zarr behind a slow link (``bigimg_lessons.measure.network``). Each case has a process of its own,
which has built a small pyramid before.

Nothing is fitted. The planner is given the rates of one core, as whoever plans would measure them:
one conversion of 32 MiB in one thread, into chunks of 128 cubed, gives the seconds of each stage
(as ``pyramid_stages`` does), and reading the Zarr without the link gives the rate to decode it.
From these, and from the figures of the link, the planner's two times are worked out for each case.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from bigimg_lessons.costs.conversion import Conversion
from bigimg_lessons.costs.plan import Plan, Project, plan
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.costs.workforce import Workforce
from tests.benchmarks.pyramid_building import make_volume
from tests.benchmarks.records import memory_folder, save
from tests.benchmarks.summaries import ended, median
from tests.benchmarks.workers import Worker, serve

PACKAGES = ["bigimg-lessons", "zarr", "zarrs", "imagecodecs", "numpy", "tifffile"]
SIDE = 1024
AT_ONCE = 10  # requests of zarr-python, by default
MEMORY = 256 * 2**20  # memory_limit of build_pyramid, by default
LINKS = {"near": (0.005, 200e6), "far": (0.02, 50e6)}
NO_WAIT = 1e12  # bytes per second of what lies in memory: its copying is in the rate to decode
RATES = ("decode", "decode_zarr", "shrink", "encode", "write")


@dataclass(frozen=True)
class Case:
    """A conversion that is measured.

    Parameters
    ----------
    mib
        Size of the image, in planes of 1 MiB.
    chunk, shard
        Edges of the cubes; no shards if None.
    threads
        Number of threads.
    link
        A key of `LINKS`, behind which a Zarr in chunks of that size lies; None for a TIFF.
    """

    mib: int
    chunk: int
    shard: int | None
    threads: int
    link: str | None = None


def cases(mib, links_mib):
    """Yield all cases, for images of these sizes."""
    for size, chunk, shard, threads in product(mib, (64, 128), (None, 256), (1, 2)):
        yield Case(size, chunk, shard, threads)
    for link, chunk, threads in product(LINKS, (64, 128), (1, 2)):
        yield Case(links_mib, chunk, None, threads, link)


def predicted(case: Case, rates: dict[str, float]) -> Plan:
    """Return what the planner says of a case."""
    latency, bandwidth = LINKS[case.link] if case.link else (0.0, NO_WAIT)
    return plan(
        Project(
            conversion=Conversion(
                shape=(1, 1, case.mib, SIDE, SIDE),
                dtype="uint8",
                # A mapped file is read voxel by voxel, so that none is read twice.
                source_kind="chunks",
                source_chunk=(case.chunk,) * 3,
                chunk=(case.chunk,) * 3,
                shard=case.shard and (case.shard,) * 3,
            ),
            workforce=Workforce(
                workers=1,
                threads=case.threads,
                memory=MEMORY,
                decode=rates["decode_zarr" if case.link else "decode"],
                shrink=rates["shrink"],
                encode=rates["encode"],
            ),
            source=Storage("source", latency, bandwidth, AT_ONCE * case.threads),
            target=Storage("memory", 0.0, rates["write"]),
            prices=PRICE_LISTS["own"],
        )
    )


def opened(case: Case, folder: Path):
    """Open the source of a case."""
    if case.link is None:
        import tifffile

        return tifffile.memmap(folder / "noise.tif", mode="r")[: case.mib]
    return opened_zarr(case, folder, linked=True)


def opened_zarr(case: Case, folder: Path, *, linked: bool):
    """Open the Zarr of a case, behind its link or not."""
    import zarr
    from zarr.storage import LocalStore

    from bigimg_lessons.measure.network import Link
    from bigimg_lessons.measure.stores import StoreMeter

    latency, bandwidth = LINKS[case.link]
    link = Link(latency=latency, bandwidth=bandwidth) if linked else None
    store = LocalStore(folder / f"noise-{case.mib}-{case.chunk}.zarr", read_only=True)
    return zarr.open_array(StoreMeter(store, link=link), mode="r")


def make_zarrs(folder, mib):
    """Write the first planes of the TIFF as Zarrs, not compressed."""
    import tifffile
    import zarr

    volume = tifffile.memmap(folder / "noise.tif", mode="r")[:mib]
    for chunk in (64, 128):
        array = zarr.create_array(
            folder / f"noise-{mib}-{chunk}.zarr",
            shape=volume.shape,
            dtype=volume.dtype,
            chunks=(chunk,) * 3,
            compressors=None,
        )
        array[...] = volume


def builder(case, source, target):
    """Return a function that converts the source."""
    from zarr.codecs import BloscCodec

    from bigimg_lessons.build import build_pyramid

    return lambda: build_pyramid(
        source,
        target,
        voxel_size=(1, 1, 1),
        unit="µm",
        chunk_shape=(case.chunk,) * 3,
        shard_shape=case.shard and (case.shard,) * 3,
        codec=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
        memory_limit=MEMORY,
        progress=False,
    )


def work(case, folder):
    """Convert whenever asked; the first conversion, of a small image, is not counted."""
    os.cpu_count = lambda: case.threads
    with TemporaryDirectory(dir=folder) as first:
        small = replace(case, mib=16, link=None)
        builder(small, opened(small, folder), Path(first, "a.ome.zarr"))()
    source = opened(case, folder)

    def measure():
        with TemporaryDirectory(dir=folder) as made:
            run = builder(case, source, Path(made, "a.ome.zarr"))
            start, cpu = time.perf_counter(), time.process_time()
            run()
            wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"wall": round(wall, 4), "cpu": round(cpu, 4)}

    serve(measure)


def calibrate(mib, folder):
    """Measure the rates of a core whenever asked."""
    from tests.benchmarks.pyramid_stages import watched

    os.cpu_count = lambda: 1  # one thread, whose stages follow one another
    case = Case(mib, 128, None, 1)
    found = predicted(case, dict.fromkeys(RATES, 1.0))
    watch = watched()
    source = opened(case, folder)
    zarr_case = replace(case, link="near")

    def measure():
        with TemporaryDirectory(dir=folder) as made:
            target = Path(made, "a.ome.zarr")
            run = builder(case, source, target)
            watch.seconds.clear()
            start = time.process_time()
            run()
            total = time.process_time() - start
            files = [file for file in target.rglob("*") if file.is_file()]
            stored = sum(file.stat().st_size for file in files)
        stages = {name: watch.seconds[name] for name in ("read", "encode", "write")}
        rest = total - sum(stages.values())
        near = opened_zarr(zarr_case, folder, linked=False)
        start = time.process_time()
        for z in range(0, mib, 128):
            near[z : z + 128]
        decoding = time.process_time() - start
        return {
            "decode": found.nbytes / stages["read"],
            "decode_zarr": found.nbytes / decoding,
            "shrink": found.nbytes / rest,
            "encode": found.stored / stages["encode"],
            "write": stored / stages["write"],
        }

    measure()
    serve(measure)


def run_all(arguments):
    """Measure the rates, then all cases; return the rates and the runs."""
    runs = []
    with TemporaryDirectory(prefix="plan-model-", dir=arguments.folder) as name:
        folder = Path(name)
        largest = max(*arguments.mib, arguments.links_mib, arguments.rates_mib)
        make_volume(folder / "noise.tif", "noise", (largest, SIDE, SIDE), "uint8")
        for mib in {arguments.links_mib, arguments.rates_mib}:
            make_zarrs(folder, mib)
        with Worker("plan_model", ["--calibrate", str(arguments.rates_mib), name]) as worker:
            measured = [worker.measure() for _ in range(arguments.repeats)]
        rates = {key: median(measured, key) for key in measured[0]}
        print(json.dumps(rates), file=sys.stderr, flush=True)
        for case in cases(arguments.mib, arguments.links_mib):
            times = predicted(case, rates).convert
            says = {"at_least": times.at_least, "at_most": times.at_most}
            with Worker("plan_model", ["--work", json.dumps(asdict(case)), name]) as worker:
                for turn in range(arguments.repeats):
                    runs.append({**asdict(case), "turn": turn, **says, **worker.measure()})
                    print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    return rates, runs


def show(runs):
    """Print the model divided by what was measured, for each case."""
    for case in dict.fromkeys(Case(*(run[key] for key in Case.__annotations__)) for run in runs):
        made = [run for run in runs if all(run[k] == v for k, v in asdict(case).items())]
        wall, first = median(made, "wall"), made[0]
        print(f"{case}: {wall:.2f} s, {first['at_least'] / wall:.2f} to "
              f"{first['at_most'] / wall:.2f} of it by the model")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--links-mib", type=int, default=64, help="image behind the links")
    parser.add_argument("--rates-mib", type=int, default=32, help="image to measure rates with")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", default=memory_folder())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--calibrate", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(Case(**json.loads(arguments.work[0])), Path(arguments.work[1]))
        return
    if arguments.calibrate:
        calibrate(int(arguments.calibrate[0]), Path(arguments.calibrate[1]))
        return
    rates, runs = run_all(arguments)
    show(ended(runs))
    if arguments.out:
        save(arguments.out, runs, module="plan_model", packages=PACKAGES, rates=rates)


if __name__ == "__main__":
    main()
