"""How long each cell of the lessons makes its reader wait, on a first run and on a second.

Run by hand, on a machine that has nothing else to do::

    python tests/benchmarks/lesson_waits.py
    python tests/benchmarks/lesson_waits.py --before ../before --lessons 01 02

Each lesson runs twice, each time in a new kernel: first with an empty data folder, so that it makes
the sample volume and its copies, then with the same folder. Told are the seconds of the clock for
each cell, and those of the CPU (user and system) of the kernel and of the processes which it has
started and seen end. The start of the kernel is not counted. What takes longer than ``--limit`` is
printed, and everything is written to ``tests/benchmarks/results/lesson_waits.json``, with the load
of the machine (how many processes wanted to run, averaged over the minute before).

With ``--before`` the lessons of another checkout (``git worktree add ../before v0.1.0``) take
turns with those of this one, with their own package.
"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parents[2]
RESULTS = HERE / "tests" / "benchmarks" / "results" / "lesson_waits.json"
LIBRARIES = ("bioio", "dask", "h5py", "matplotlib", "numpy", "tifffile", "zarr")


def cpu_seconds(kernel):
    """Seconds of the CPU that a process has taken, and the processes that it has seen end."""
    times = kernel.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def run(path, checkout, data):
    """Run a lesson in a new kernel; return the seconds of each code cell, by its name."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=600, resources=folder)
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "BIGIMG_DATA": str(data)}
    taken = {}
    with client.setup_kernel(env=environment):
        kernel = psutil.Process(client.km.provisioner.pid)
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                before, start = cpu_seconds(kernel), time.perf_counter()
                client.execute_cell(cell, index)
                wall = time.perf_counter() - start
                cpu = cpu_seconds(kernel) - before
                taken[cell.id] = {"wall": round(wall, 3), "cpu": round(cpu, 3)}
    return taken


def load():
    """Processes that wanted to run in the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def measure(checkout, name):
    """Run a lesson of a checkout for the first and for a second time."""
    path = next((checkout / "notebooks").glob(f"{name}*.ipynb"))
    with tempfile.TemporaryDirectory() as data:
        record = {"load_before": load()}
        for turn in ("first", "second"):
            record[turn] = run(path, checkout, data)
    return path.stem, record


def tell(lesson, record, limit):
    """Print what a lesson takes, and which of its cells take longer than the limit."""
    for turn in ("first", "second"):
        wall, cpu = (sum(each[kind] for each in record[turn].values()) for kind in ("wall", "cpu"))
        print(f"{lesson}, {turn} run: {wall:.1f} s, CPU {cpu:.1f} s", end="")
        print(f" (load {record['load_before']})" if turn == "first" else "")
        for cell, each in record[turn].items():
            if each["wall"] > limit:
                print(f"    {cell:16} {each['wall']:6.1f} s   CPU {each['cpu']:6.1f} s")


def main():
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, help="folder of another checkout")
    parser.add_argument(
        "--lessons", nargs="+", help="beginnings of names, such as 01; all unless given"
    )
    parser.add_argument("--limit", type=float, default=3.0, help="seconds; longer ones are printed")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    checkouts = {"now": HERE}
    if options.before:
        checkouts = {"before": options.before.resolve(), "now": HERE}
    names = options.lessons or sorted(path.stem for path in (HERE / "notebooks").glob("*.ipynb"))
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "versions": {library: version(library) for library in LIBRARIES},
        "seconds": {label: {} for label in checkouts},
    }
    for name in names:
        for label, checkout in checkouts.items():
            lesson, record = measure(checkout, name)
            result["seconds"][label][lesson] = record
            print(f"[{label}] ", end="")
            tell(lesson, record, options.limit)
    options.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
