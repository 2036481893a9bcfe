"""Run every benchmark that the page *Benchmarks* shows, one after the other, and draw its figures.

    uv run --group bench python -m tests.benchmarks                          # all
    uv run --group bench python -m tests.benchmarks --only pyramid_own scale # some
    uv run --group bench python -m tests.benchmarks --quick                  # a trial, tiny images

Each is a script of its own. Its raw results take the place of the old ones when it has ended well
and they are a record (``records.py``), so nothing is ever half renewed; after an error the old
results stay, and the others are run. A trial writes to ``_build/benchmarks`` unless told otherwise.
"""

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.records import RESULTS, ROOT, load, write

BEFORE = "92c6222343677bb4d3cf0ad52344d1bacb2131f8"  # what "before" means on the page
OWN = "'bare loop' build_pyramid 'blocks by tensorstore'"
# The fastest ways found to use each library; pyramid_building runs them all.
BEST = "'ngff-zarr itk, zarrs' 'ngff-zarr itk, tensorstore' 'OMEZarrWriter v2'"
BEST += " 'OMEZarrWriter v3, zarrs' 'dask coarsen, one graph, zarrs'"
DEFAULTS = "'ngff-zarr default' 'OMEZarrWriter v3' 'ome-zarr-py default' 'dask coarsen, one graph'"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A benchmark of the page.

    Parameters
    ----------
    name
        Its name, which is also that of its result.
    says
        What it measures.
    script
        Its module in ``tests.benchmarks``.
    options
        Options of the script, as in a shell. ``{before}`` stands for a checkout of `BEFORE`.
    quick
        Options for a trial.
    minutes
        How long it takes on a quiet computer of two cores.
    """

    name: str
    says: str
    script: str
    options: str
    quick: str
    minutes: float


PARTS = (
    Part(
        name="pyramid_building",
        says="pyramids of uint8 from a TIFF stack, by every way to use each library",
        script="pyramid_building",
        options="--mib 128",
        quick=f"--shape 64 64 64 --repeats 1 --engines {OWN} 'ome-zarr-py local mean' {BEST}",
        minutes=6,
    ),
    Part(
        name="pyramid_peers",
        says="pyramids of other types and sources, beside the fastest ways of other libraries",
        script="pyramid_building",
        options=f"--mib 128 --dtypes uint8 uint16 --sources tiff zarr --engines {OWN} {BEST}",
        quick=f"--shape 64 64 64 --repeats 1 --cases '64 cubed' --sources zarr --engines {OWN}"
        " 'ngff-zarr itk'",
        minutes=7,
    ),
    Part(
        name="pyramid_own",
        says="pyramids in every case, beside the floor and blocks by tensorstore",
        script="pyramid_building",
        options="--mib 128 --kinds noise tissue --dtypes uint8 uint16 --sources tiff zarr sharded"
        f" --cases '128 cubed' '64 cubed' shards --engines {OWN}",
        quick=f"--shape 128 128 128 --repeats 1 --cases shards --engines {OWN}",
        minutes=7,
    ),
    Part(
        name="pyramid_defaults",
        says="pyramids by each library's defaults",
        script="pyramid_building",
        options="--mib 128 --dtypes uint8 uint16 --cases defaults"
        f" --engines build_pyramid {DEFAULTS}",
        quick="--shape 64 64 64 --repeats 1 --cases defaults"
        " --engines build_pyramid 'OMEZarrWriter v3'",
        minutes=4,
    ),
    Part(
        name="pyramid_stages",
        says="where the processor time of a pyramid goes",
        script="pyramid_stages",
        options="",
        quick="--mib 8 --repeats 1 --cases shards --dtypes uint8 --sources tiff",
        minutes=1,
    ),
    Part(
        name="scale",
        says="time and memory for images of 1, 4 and 16 GiB",
        script="scale",
        options="",
        quick="--gib 0.03125 0.0625 --repeats 1",
        minutes=4,
    ),
    Part(
        name="cluster_building",
        says="pyramids on workers of a cluster, beside one process and dask's own way",
        script="cluster_building",
        options="",
        quick="--gib 0.015625 --once 0.03125 --repeats 1 --engines local 'one worker'",
        minutes=8,
    ),
    Part(
        name="bdv_writing",
        says="BDV-HDF5 written and copied, beside the earlier commit and other libraries",
        script="bdv_writing",
        options="--before {before} --dtypes uint16",
        quick="--before {before} --mib 8 --repeats 1 --kinds noise --dtypes uint16"
        " --engines now before 'pybdv convert'",
        minutes=5,
    ),
    Part(
        name="lesson_waits",
        says="cells of all lessons on a first and a second run, lesson 1 beside the earlier commit",
        script="lesson_waits",
        options="--before {before} --compare 01",
        quick="--lessons 07",
        minutes=15,
    ),
    Part(
        name="cold_start",
        says="imports, first uses and opening an image, beside the earlier commit",
        script="cold_start",
        options="--before {before}",
        quick="--before {before} --repeats 1 --programs python build_pyramid",
        minutes=4,
    ),
    Part(
        name="bdv_reading",
        says="planes and cubes of BDV-HDF5, beside raw h5py",
        script="bdv_reading",
        options="--size 1GiB",
        quick="--size 8MiB --repeats 1",
        minutes=1,
    ),
    Part(
        name="plan_model",
        says="conversions beside the planner's times",
        script="plan_model",
        options="",
        quick="--mib 16 --links-mib 16 --rates-mib 16 --repeats 1",
        minutes=5,
    ),
    Part(
        name="n5_writing",
        says="N5 written, beside OME-Zarr 0.4",
        script="n5_writing",
        options="",
        quick="--mib 8 --repeats 1 --kinds noise --dtypes uint8",
        minutes=1,
    ),
    Part(
        name="ome_tiff_writing",
        says="OME-TIFF written, beside the recipe of tifffile",
        script="ome_tiff_writing",
        options="--gib 0.25 1 --writers ours 'ours, strides' tifffile 'tifffile, means'",
        quick="--gib 0.03125 --repeats 1 --writers ours tifffile",
        minutes=6,
    ),
)


def run(part: Part, results: Path, *, quick: bool) -> str | None:
    """Run one benchmark, and keep what it measured.

    Parameters
    ----------
    part
        The benchmark.
    results
        Folder for its result.
    quick
        Whether it is only a trial.

    Returns
    -------
    str or None
        What went wrong; None if nothing did.
    """
    with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as stack:
        out = Path(folder, f"{part.name}.json")
        options = shlex.split(part.quick if quick else part.options)
        if "{before}" in options:
            try:
                before = stack.enter_context(earlier(Path(folder, "before")))
            except subprocess.CalledProcessError as error:
                return f"git has no commit {BEFORE[:10]} to compare with: {error.stderr.strip()}"
            options[options.index("{before}")] = str(before)
        done = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{part.script}", *options, "--out", str(out)],
            cwd=ROOT,
            check=False,
        )
        if done.returncode:
            return f"it ended with status {done.returncode}"
        try:
            record = load(out)
        except (OSError, ValueError) as error:
            return str(error)
        if all("failed" in run for run in record["runs"]):
            return "every run failed"
        if quick:
            record = {"trial": True, **record}
        write(results / out.name, record)
        return None


@contextmanager
def earlier(folder: Path) -> Iterator[Path]:
    """Check the earlier commit out into a folder, while a ``with`` block runs."""
    tree = ["git", "worktree"]
    options = {"cwd": ROOT, "capture_output": True, "text": True}
    subprocess.run([*tree, "add", "--detach", str(folder), BEFORE], check=True, **options)
    try:
        yield folder
    finally:
        subprocess.run([*tree, "remove", "--force", str(folder)], check=False, **options)


def draw_figures() -> None:
    """Draw the figures that are made of results anew."""
    draw = [sys.executable, str(ROOT / "book" / "figures" / "draw_all.py")]
    subprocess.run(draw, cwd=ROOT, check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, or what is wanted; return how many went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS])
    parser.add_argument("--quick", action="store_true", help="a trial with tiny images")
    parser.add_argument("--results", type=Path, help="folder for the raw results")
    options = parser.parse_args(arguments)
    results = options.results or (ROOT / "_build" / "benchmarks" if options.quick else RESULTS)
    results.mkdir(parents=True, exist_ok=True)
    parts = [part for part in PARTS if part.name in (options.only or part.name)]
    if not options.quick:
        print(f"{len(parts)} benchmarks, about {sum(part.minutes for part in parts):g} minutes")
    wrong = {}
    for number, part in enumerate(parts, 1):
        about = "" if options.quick else f"; about {part.minutes:g} minutes"
        print(f"\n[{number} of {len(parts)}] {part.name}: {part.says}{about}", flush=True)
        start = time.perf_counter()
        fault = run(part, results, quick=options.quick)
        taken = (time.perf_counter() - start) / 60
        print(f"{part.name} {fault or 'done'}, after {taken:.1f} minutes", flush=True)
        if fault:
            wrong[part.name] = fault
    if results == RESULTS:
        draw_figures()
    print(f"\nThe raw results are in {results}.")
    for name, fault in wrong.items():
        print(f"{name} was not renewed, and keeps its old result if it had one: {fault}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
