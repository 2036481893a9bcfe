"""How long each cell of the lessons makes its reader wait, on a first run and on a second.

Run by hand, on a machine that has nothing else to do::

    python -m tests.benchmarks.lesson_waits
    python -m tests.benchmarks.lesson_waits --before ../before --compare 01 --lessons 01 02

Each lesson runs twice, each time in a new kernel: first with an empty data folder, so that it makes
the sample volume and its copies, then with the same folder. Told are the seconds of the clock for
each cell, and those of the CPU (user and system) of the kernel and of the processes which it has
started and seen end. The start of the kernel is not counted. What takes longer than ``--limit`` is
printed. The load of the machine is how many processes wanted to run, averaged over the minute
before.

With ``--pause`` each text is given so many seconds, as its reader gives it: what a lesson does
meanwhile, such as importing bioio, then makes nobody wait, and is counted for no cell.

With ``--before`` the lessons of another checkout (``git worktree add ../before v0.1.0``) take
turns with those of this one, with their own package: all, or those that ``--compare`` names.
"""

# ruff: noqa: T201 - prints its results

import argparse
import os
import tempfile
import time
from itertools import product
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from tests.benchmarks.records import ROOT, commit, save
from tests.benchmarks.summaries import grouped

LIBRARIES = ("bigimg-lessons", "bioio", "dask", "h5py", "matplotlib", "numpy", "tifffile", "zarr")


def cpu_seconds(kernel):
    """Seconds of the CPU that a process has taken, and the processes that it has seen end."""
    times = kernel.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def run(path, checkout, data, pause):
    """Run a lesson in a new kernel; return the seconds of each code cell, by its name."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=600, resources=folder)
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "BIGIMG_DATA": str(data)}
    taken = {}
    with client.setup_kernel(env=environment):
        kernel = psutil.Process(client.km.provisioner.pid)
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                time.sleep(pause)
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


def measure(path, checkout, pause):
    """Run a lesson for the first and for a second time; return one object for each cell of both."""
    with tempfile.TemporaryDirectory() as data:
        before = load()
        return [
            {"lesson": path.stem, "run": turn, "cell": cell, **taken, "load": before}
            for turn in ("first", "second")
            for cell, taken in run(path, checkout, data, pause).items()
        ]


def tell(cells, limit):
    """Print what a lesson takes, and which of its cells take longer than the limit."""
    for (lesson, checkout), runs in grouped(cells, ["lesson", "checkout"], "run").items():
        for turn, each in runs.items():
            wall, cpu = (sum(cell[kind] for cell in each) for kind in ("wall", "cpu"))
            said = f"{turn} run: {wall:.1f} s, CPU {cpu:.1f} s (load {each[0]['load']})"
            print(f"[{checkout}] {lesson}, {said}", flush=True)
            for cell in each:
                if cell["wall"] > limit:
                    print(f"    {cell['cell']:16} {cell['wall']:6.1f} s   CPU {cell['cpu']:6.1f} s")


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, help="folder of another checkout")
    parser.add_argument("--compare", nargs="+", default=[""], help="lessons of it to run, too")
    parser.add_argument(
        "--lessons", nargs="+", default=[""], help="beginnings of names, such as 01; all by default"
    )
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds that a text is read for")
    parser.add_argument("--limit", type=float, default=3.0, help="seconds; longer ones are printed")
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    options = parser.parse_args()
    checkouts = {"before": options.before.resolve()} if options.before else {}
    checkouts["now"] = ROOT
    runs = []
    for path, turn in product(sorted((ROOT / "notebooks").glob("*.ipynb")), range(options.repeats)):
        for name, checkout in checkouts.items():
            wanted = options.lessons if name == "now" else options.compare
            if path.name.startswith(tuple(options.lessons)) and path.name.startswith(tuple(wanted)):
                what = {"checkout": name, "turn": turn}
                lesson = checkout / "notebooks" / path.name
                cells = [{**what, **cell} for cell in measure(lesson, checkout, options.pause)]
                tell(cells, options.limit)
                runs += cells
    if options.out:
        earlier = {"before": commit(options.before)} if options.before else {}
        save(options.out, runs, module="lesson_waits", packages=LIBRARIES, **earlier)


if __name__ == "__main__":
    main()
