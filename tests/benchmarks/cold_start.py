"""How long it takes until the package can be used, beside another checkout of it.

Run by hand, with a folder that holds the other checkout (``git worktree add ../before v0.1.0``)::

    python tests/benchmarks/cold_start.py --before ../before

Each program runs in fresh processes of this interpreter, with the ``src`` folder of one checkout
before all else on the path; the checkouts take turns. All files are in the page cache by then: each
program runs once before any is timed. Told are the medians of the seconds that the processes take
and of the CPU's seconds (user and system, of all threads), and their ratios. On a machine that has
other work too, the CPU's are the steadier ones, though they also grow when cores are shared.

``sample`` paints 8 MiB in the middle of the sample volume. ``open`` is the only program that is
timed from within: what bioio takes to find the reader, open the XML and read one YZ plane, as a
multiple of raw h5py's time for the same plane, both in a process that has read it before.
"""

# ruff: noqa: T201 - prints its results

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]

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
import statistics, sys, time, warnings
from pathlib import Path
import h5py, numpy as np
from bioio import BioImage
from bigimg_lessons import build_pyramid
warnings.simplefilter("ignore")
path = Path(sys.argv[1], "opened.xml")
if not path.exists():
    voxels = np.random.default_rng(0).integers(0, 200, (128, 256, 256), dtype="uint16")
    build_pyramid(voxels, path, voxel_size=(1, 1, 1), unit="µm", progress=False)

def raw():
    with h5py.File(path.with_suffix(".h5")) as file:
        return file["t00000/s00/0/cells"][:, :, 100]

def whole():
    return BioImage(path).get_image_data("ZY", X=100)

def cached():
    return BioImage(path, use_plugin_cache=True).get_image_data("ZY", X=100)

taken = {raw: [], whole: [], cached: []}
for turn in range(12):
    for read, times in taken.items():
        start = time.process_time()
        read()
        if turn:
            times.append(time.process_time() - start)
assert (whole() == raw().view("uint16")).all()
base, *others = (statistics.median(times) for times in taken.values())
print(*(other / base for other in others))
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
    """How many times as long as h5py bioio takes, without and with its cache of plugins."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, folder],
        env=environment(checkout), cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return tuple(map(float, done.stdout.split()))


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="folder of another checkout")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    before = options.before.resolve()
    if not (before / "src" / "bigimg_lessons").is_dir():
        parser.error(f"{before} holds no src/bigimg_lessons: give the folder of a checkout")
    checkouts = {"before": before, "now": HERE}
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {options.repeats}")
    print(f"{'':16} {'seconds: before':>15} {'now':>6} {'ratio':>6}", end="")
    print(f" {'CPU s: before':>15} {'now':>6} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary, name) for name in checkouts}
        for folder in folders.values():
            folder.mkdir()
        for title, program in PROGRAMS.items():
            times = {name: [] for name in checkouts}
            for turn in range(options.repeats + 1):
                for name, checkout in checkouts.items():
                    pair = taken(program, checkout, folders[name])
                    if turn:
                        times[name].append(pair)
            old, new = (
                [statistics.median(each) for each in zip(*pairs, strict=True)]
                for pairs in times.values()
            )
            print(f"{title:16}", end="")
            for a, b in zip(old, new, strict=True):
                print(f" {a:15.2f} {b:6.2f} {b / a:6.2f}", end="")
            print(flush=True)
        ratios = {name: [] for name in checkouts}
        for _ in range(options.repeats):
            for name, checkout in checkouts.items():
                ratios[name].append(opened(checkout, folders[name]))
    for name, rows in ratios.items():
        plain, cached = (statistics.median(each) for each in zip(*rows, strict=True))
        print(f"open, {name}: {plain:.2f} × h5py's CPU time, {cached:.2f} × with use_plugin_cache")


if __name__ == "__main__":
    main()
