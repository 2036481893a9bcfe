"""Benchmark: write and copy BigDataViewer files, beside an earlier commit, pybdv and npy2bdv.

Run by hand, in a folder that holds the earlier checkout (``git worktree add ../before 309498c``)::

    uv run --group bench python -m tests.benchmarks.bdv_writing --before ../before \
        --out tests/benchmarks/results/bdv_writing.json
    uv run --group bench python -m tests.benchmarks.bdv_writing --mib 1024 --engines now

*Build*: each engine makes the same file of the same source, a plain HDF5 volume in chunks of
64 x 64 x 64: five levels of means of 2 x 2 x 2, in such chunks, each engine with its own level of
gzip. pybdv and npy2bdv take NumPy arrays, so the source is read whole for them; *pybdv convert*
reads it by blocks. *Copy*: the source is a file of BigDataViewer, compressed at level 4.

Each engine has a process of its own, which has done it all once before; they take turns. The peak
is what it held more at most than after that first time, on a small image. *Error* is by how many
grey values level 1 is off the exact mean at most.
"""

# ruff: noqa: T201 - prints its results
import argparse
import contextlib
import importlib
import json
import os
import shutil
import statistics
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np

CHUNK = (64, 64, 64)
LEVELS = 5
FACTORS = [(2**level,) * 3 for level in range(LEVELS)]
CELLS = "t00000/s00/0/cells"
PACKAGES = ["bigimg-lessons", "h5py", "imagecodecs", "isal", "numpy", "pybdv", "npy2bdv"]
COLUMNS = ("wall", "cpu", "peak", "size")


# Sources


def make_volume(kind, shape, dtype):
    """Return synthetic noise as a camera's, or synthetic tissue."""
    if kind == "tissue":
        from bigimg_lessons.samples.volume import SampleVolume

        # A quarter of it is painted, as that takes long, and mirrored: voxels stay as they are.
        z, y, x = shape
        quarter = SampleVolume((z, y, x), dtype).block(
            slice(0, z), slice(0, y // 2), slice(0, x // 2)
        )
        half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
        return np.concatenate([half, half[:, :, ::-1]], axis=2)
    mean, deviation = {"uint8": (120, 20), "uint16": (2000, 300)}[dtype]
    noise = np.random.default_rng(0).normal(mean, deviation, shape)
    return noise.clip(0, np.iinfo(dtype).max).astype(dtype)


def make_sources(folder, kind, shape, dtype):
    """Write the source of each task, and small ones of its kind; return what is to be read."""
    from bigimg_lessons.formats.bdv.writer import write_bdv

    volume = make_volume(kind, shape, dtype)
    options = {"gzip_level": 4, "legacy_uint16": False, "factors": FACTORS, "progress": False}
    for name, voxels in (("whole", volume), ("small", volume[:64, :64, :64])):
        with h5py.File(folder / f"build-{name}.h5", "w") as file:
            file.create_dataset(CELLS, data=voxels, chunks=CHUNK)
        write_bdv(folder / f"copy-{name}.xml", voxels, voxel_size=(1,) * 3, unit="µm", **options)


# Engines: each returns a function that takes source and target


def ours(before=None):
    """Write with this package, or with that of another checkout."""
    if before:
        sys.path.insert(0, str(Path(before, "src")))
    import bigimg_lessons

    if before and Path(before).resolve() not in Path(bigimg_lessons.__file__).resolve().parents:
        raise SystemExit(f"{bigimg_lessons.__file__} is not in {before}.")
    try:
        rooms = "bigimg_lessons.formats.bdv"
        writer = importlib.import_module(f"{rooms}.writer")
    except ModuleNotFoundError:  # as the package was laid out until November 2026
        rooms = "bigimg_lessons.bdv"
        writer = importlib.import_module(f"{rooms}.writer")
    reader = importlib.import_module(f"{rooms}.reader")

    def build(source, target):
        with h5py.File(source) as file:
            writer.write_bdv(target, file[CELLS], factors=FACTORS, progress=False)

    def copy(source, target):
        image = reader.Reader(source.with_suffix(".xml"))
        writer.write_bdv(target, image, factors=FACTORS, progress=False)

    return {"build": build, "copy": copy}


def pybdv_array():
    import pybdv

    def build(source, target):
        with h5py.File(source) as file:
            volume = file[CELLS][()]
        pybdv.make_bdv(
            volume, str(target), [[2, 2, 2]] * (LEVELS - 1), "mean", chunks=CHUNK,
            n_threads=os.cpu_count(),
        )  # fmt: skip

    return {"build": build}


def pybdv_convert():
    import pybdv

    def convert(source, target):
        pybdv.convert_to_bdv(
            str(source), CELLS, str(target), [[2, 2, 2]] * (LEVELS - 1), "mean", chunks=CHUNK,
            n_threads=os.cpu_count(),
        )  # fmt: skip

    return {"build": convert, "copy": convert}


def npy2bdv():
    import npy2bdv

    def build(source, target):
        with h5py.File(source) as file:
            volume = file[CELLS][()]
        writer = npy2bdv.BdvWriter(
            str(target.with_suffix(".h5")), subsamp=tuple(FACTORS), blockdim=(CHUNK,) * LEVELS,
            compression="gzip",
        )  # fmt: skip
        writer.append_view(volume)
        writer.write_xml()
        writer.close()

    return {"build": build}


ENGINES = {
    "now": ours,
    "before": ours,
    "pybdv array": pybdv_array,
    "pybdv convert": pybdv_convert,
    "npy2bdv": npy2bdv,
}
OF_TASK = {"build": list(ENGINES), "copy": ["now", "before", "pybdv convert"]}


# Measuring


def error_of(source, target):
    """Most grey values by which a part of level 1 is off the exact mean."""
    with h5py.File(source) as file:
        cube = file[CELLS][:64, :64, :64].astype("int64")
    exact = np.rint(cube.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5)))
    with h5py.File(target.with_suffix(".h5")) as file:
        level = file["t00000/s00/1/cells"][:32, :32, :32]
    level = level.view("uint16") if level.dtype == np.int16 else level
    return int(np.abs(level.astype("int64") - exact).max())


def serve_engine(task, engine, folder, before):
    """Do a task with an engine once for each line that comes in, after once on a small image."""
    from tests.benchmarks.peaks import Peak, held
    from tests.benchmarks.workers import serve

    warnings.simplefilter("ignore")
    run = ENGINES[engine](**({"before": before} if engine == "before" else {}))[task]

    def once(name):
        with TemporaryDirectory(prefix="run-", dir=folder) as place:
            source, target = folder / f"{task}-{name}.h5", Path(place, "target.xml")
            with contextlib.redirect_stdout(sys.stderr), Peak(first=first) as peak:
                wall, cpu = time.perf_counter(), time.process_time()
                run(source, target)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            return {
                "wall": round(wall, 3),
                "cpu": round(cpu, 3),
                "peak": peak.mib,
                "size": round(target.with_suffix(".h5").stat().st_size / 2**20, 2),
                "error": error_of(source, target),
            }

    first = held()
    once("small")
    first = held()
    serve(lambda: once("whole"))


def run_all(options, folder):
    """Let all engines take turns at each task and image; return the list of runs."""
    from tests.benchmarks.workers import Worker

    runs = []
    for kind in options.kinds:
        for dtype in options.dtypes:
            shape = (128, 512, options.mib * 2**20 // (128 * 512 * np.dtype(dtype).itemsize))
            place = folder / f"{kind}-{dtype}"
            place.mkdir()
            make_sources(place, kind, shape, dtype)
            for task in options.tasks:
                names = [name for name in OF_TASK[task] if name in options.engines]
                with contextlib.ExitStack() as stack:
                    workers = {
                        name: stack.enter_context(Worker("bdv_writing", [
                            "--serve", task, name, str(place), str(options.before),
                        ]))
                        for name in names
                    }  # fmt: skip
                    for turn in range(options.repeats):
                        for name, worker in workers.items():
                            what = {"task": task, "kind": kind, "dtype": dtype, "engine": name}
                            runs.append({**what, "turn": turn, **worker.measure()})
                            print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
            shutil.rmtree(place)
    return runs


def show(runs):
    """Print medians, and how many times that of this package each is."""
    groups = {}
    for run in runs:
        group = groups.setdefault((run["task"], run["kind"], run["dtype"]), {})
        group.setdefault(run["engine"], []).append(run)
    for group, engines in groups.items():
        print(f"\n{', '.join(group)}; in brackets how many times that of now")
        print(f"{'':14}{'wall s':>16}{'CPU s':>16}{'peak MiB':>16}{'file MiB':>16}  off by")
        own = None
        for engine, made in engines.items():
            if failed := [run["failed"] for run in made if "failed" in run]:
                print(f"{engine:14} failed: {failed[0]}")
                continue
            row = {key: statistics.median(run[key] for run in made) for key in COLUMNS}
            own = own or row
            cells = "".join(f"{row[key]:>8.2f} ({row[key] / own[key]:5.2f})" for key in COLUMNS)
            print(f"{engine:14}{cells}  {max(run['error'] for run in made)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=128, help="of each image")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tasks", nargs="+", choices=OF_TASK, default=list(OF_TASK))
    parser.add_argument("--kinds", nargs="+", default=["noise", "tissue"])
    parser.add_argument("--dtypes", nargs="+", default=["uint8", "uint16"])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--before", type=Path, help="folder of an earlier checkout")
    parser.add_argument("--folder", help="where to put sources and results; not kept")
    parser.add_argument("--out", type=Path, help="a JSON file for the raw results")
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        task, engine, folder, before = options.serve
        serve_engine(task, engine, Path(folder), before)
        return
    from tests.benchmarks.records import commit, memory_folder, save

    if options.before is None:
        options.engines.remove("before")
    else:
        options.before = options.before.resolve()
    with TemporaryDirectory(prefix="bdv-writing-", dir=options.folder or memory_folder()) as folder:
        runs = run_all(options, Path(folder))
    show(runs)
    if options.out:
        earlier = {} if options.before is None else {"before": commit(options.before)}
        save(options.out, runs, module="bdv_writing", packages=PACKAGES, mib=options.mib, **earlier)


if __name__ == "__main__":
    main()
