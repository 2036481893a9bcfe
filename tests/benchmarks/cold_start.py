"""How long it takes until the package can be used, beside another checkout of it.

Run by hand, with a folder that holds the other checkout (``git worktree add ../before v0.1.0``)::

    python -m tests.benchmarks.cold_start --before ../before

Each program runs in fresh processes of this interpreter, with the ``src`` folder of one checkout
before all else on the path; the checkouts take turns. All files are in the page cache by then: each
program runs once before any is timed. Told are the medians of the seconds that the processes take
and of the CPU's seconds (user and system, of all threads), and their ratios. On a machine that has
other work too, the CPU's are the steadier ones, though they also grow when cores are shared.

``sample`` paints 8 MiB in the middle of the sample volume. ``open`` is the only program that is
timed from within: what bioio takes to find the reader, open the XML and read one YZ plane, as a
multiple of raw h5py's time for the same plane, both in a process that has read it before. It does
so plainly, with bioio's cache of plugins, and with the reader named; and it looks for plugins and
does nothing else, which is the part of bioio. All are told in milliseconds of the CPU, too.

"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.records import ROOT, commit, save
from tests.benchmarks.summaries import grouped, median, ratio

LIBRARIES = ("bigimg-lessons", "bioio", "bioio-base", "dask", "h5py", "numpy", "xarray")

BUILD = """
import sys, warnings
from pathlib import Path
import numpy as np
from bigimg_lessons import build_pyramid
warnings.simplefilter("ignore")
voxels = np.zeros((64, 64, 64), "uint8")
build_pyramid(voxels, Path(sys.argv[1], "first" + {ending!r}), overwrite=True, progress=False)
"""

SAMPLE = """
from bigimg_lessons.samples.volume import SampleVolume
SampleVolume().block(slice(128, 160), slice(256, 512), slice(0, 1024))
"""

PROGRAMS = {
    "python": "pass",
    "numpy": "import numpy",
    "build_pyramid": "from bigimg_lessons import build_pyramid",
    "first .ome.zarr": BUILD.format(ending=".ome.zarr"),
    "first .xml": BUILD.format(ending=".xml"),
    "bdv Reader": "from bigimg_lessons.formats.bdv import Reader",
    "bdv reader": "from bigimg_lessons.formats.bdv.reader import Reader",
    "sample": SAMPLE,
}

OPEN = """
import json, statistics, sys, time, warnings
from pathlib import Path
import h5py, numpy as np
from bioio import BioImage, plugins
from bigimg_lessons import build_pyramid
from bigimg_lessons.formats.bdv.reader import Reader
warnings.simplefilter("ignore")
path = Path(sys.argv[1], "opened.xml")
if not path.exists():
    voxels = np.random.default_rng(0).integers(0, 200, (128, 256, 256), dtype="uint16")
    build_pyramid(voxels, path, voxel_size=(1, 1, 1), unit="µm", progress=False)

def raw():
    with h5py.File(path.with_suffix(".h5")) as file:
        return file["t00000/s00/0/cells"][:, :, 100]

ways = {
    "raw h5py": raw,
    "BioImage": lambda: BioImage(path).get_image_data("ZY", X=100),
    "use_plugin_cache": lambda: BioImage(path, use_plugin_cache=True).get_image_data("ZY", X=100),
    "reader=Reader": lambda: BioImage(path, reader=Reader).get_image_data("ZY", X=100),
    "plugin scan alone": lambda: plugins.get_plugins(use_cache=False),
}
taken = {way: [] for way in ways}
for turn in range(12):
    for way, read in ways.items():
        start = time.process_time()
        read()
        if turn:
            taken[way].append(time.process_time() - start)
assert (ways["BioImage"]() == raw().view("uint16")).all()
print(json.dumps({way: 1000 * statistics.median(times) for way, times in taken.items()}))
"""


def environment(checkout):
    """The environment in which Python finds the package in a checkout."""
    return os.environ | {"PYTHONPATH": str(checkout / "src")}


def taken(program, checkout, folder):
    """Seconds, of the clock and of the CPU, that a fresh process takes."""
    before = os.times()
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, folder], env=environment(checkout), check=True, cwd=folder
    )
    wall, after = time.perf_counter() - start, os.times()
    user = after.children_user - before.children_user
    return wall, user + after.children_system - before.children_system


def opened(checkout, folder):
    """Milliseconds of the CPU that it takes to open an image and to read a plane, by way."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, folder],
        env=environment(checkout), cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {way: round(value, 2) for way, value in json.loads(done.stdout).items()}


def measure(checkouts, folders, programs, repeats):
    """Run programs, the checkouts taking turns; return one object for each run."""
    runs = []
    for title in programs:
        for turn in range(repeats + 1):
            for name, checkout in checkouts.items():
                wall, cpu = taken(PROGRAMS[title], checkout, folders[name])
                if turn:
                    what = {"program": title, "checkout": name, "turn": turn - 1}
                    runs.append({**what, "wall": round(wall, 3), "cpu": round(cpu, 3)})
        tell(title, [run for run in runs if run["program"] == title])
    return runs


def measure_opening(checkouts, folders, repeats):
    """Open an image in all ways, the checkouts taking turns; return one object for each run."""
    runs = []
    for turn in range(repeats):
        for name, checkout in checkouts.items():
            for way, milliseconds in opened(checkout, folders[name]).items():
                what = {"way": way, "checkout": name, "turn": turn}
                runs.append({**what, "cpu": round(milliseconds / 1000, 5)})
    for name in checkouts:
        tell_opening(name, [run for run in runs if run["checkout"] == name])
    return runs


def tell(title, runs):
    """Print the medians of a program, and their ratios."""
    checkouts = grouped(runs, [], "checkout")[()]
    print(f"{title:16}", end="")
    for key in ("wall", "cpu"):
        old, new = (median(made, key) for made in checkouts.values())
        print(f" {old:15.2f} {new:6.2f} {new / old:6.2f}", end="")
    print(flush=True)


def tell_opening(name, runs):
    """Print the medians of the ways to open an image, and their ratios to raw h5py."""
    print(f"open, {name}, CPU")
    ways = grouped(runs, [], "way")[()]
    for way, made in ways.items():
        times = ratio(made, ways["raw h5py"], "cpu")
        print(f"  {way:18} {1000 * median(made, 'cpu'):6.1f} ms, × {times}")


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="folder of another checkout")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    options = parser.parse_args()
    before = options.before.resolve()
    if not (before / "src" / "bigimg_lessons").is_dir():
        parser.error(f"{before} holds no src/bigimg_lessons: give the folder of a checkout")
    checkouts = {"before": before, "now": ROOT}
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {options.repeats}")
    print(f"{'':16} {'seconds: before':>15} {'now':>6} {'ratio':>6}", end="")
    print(f" {'CPU s: before':>15} {'now':>6} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary, name) for name in checkouts}
        for folder in folders.values():
            folder.mkdir()
        runs = measure(checkouts, folders, options.programs, options.repeats)
        runs += measure_opening(checkouts, folders, options.repeats)
    if options.out:
        earlier = commit(before)
        save(options.out, runs, module="cold_start", packages=LIBRARIES, before=earlier)


if __name__ == "__main__":
    main()
