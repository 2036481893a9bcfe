"""Benchmark: write a BigDataViewer file, beside pybdv and npy2bdv. Run by hand.

    python tests/benchmarks/bdv_writing.py                  # 1/4 GiB
    python tests/benchmarks/bdv_writing.py --gib 1 --repeats 3
    python tests/benchmarks/bdv_writing.py --gib 1 4 --writers write_bdv

Each writer makes the same file from the same source, an uncompressed HDF5 volume of uint16 in
chunks of 64 x 64 x 64 with noise like a camera's: five levels of means of 2 x 2 x 2, chunks of
64 x 64 x 64, gzip 4. Each run has a process of its own; runs alternate, and medians are shown.
The peak is what the process held more than after its imports. pybdv and npy2bdv take numpy
arrays, so the source is read whole for them; pybdv can also convert an HDF5 file.
"""

# ruff: noqa: T201 - prints its results
import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from tqdm import tqdm

from bigimg_lessons.measure.memory import MemoryWatch
from bigimg_lessons.pyramids.downsampling import downsample_mean

CHUNK = (64, 64, 64)
LEVELS = 5


def make_source(path, gib):
    """Write gib * 2**30 bytes of synthetic uint16: blobs on a slope, under noise."""
    z, y, x = np.ogrid[:64, :1024, :1024]
    blobs = 1500 * np.sin(z / 11) ** 2 * np.sin(y / 17) ** 2 * np.sin(x / 23) ** 2
    rng = np.random.default_rng(0)
    depth = round(gib * 512)
    with h5py.File(path, "w") as file:
        volume = file.create_dataset("volume", (depth, 1024, 1024), "uint16", chunks=CHUNK)
        for start in range(0, depth, 64):
            noise = rng.normal(0, 60, blobs.shape)
            volume[start : start + 64] = (300 + blobs + y / 2 + noise).astype("uint16")


def run_write_bdv(writer, source, target):
    with h5py.File(source) as file:
        writer.write_bdv(
            target, file["volume"], chunk_shape=CHUNK, max_levels=LEVELS, progress=False
        )


def run_pybdv_array(pybdv, source, target):
    with h5py.File(source) as file:
        volume = file["volume"][()]
    factors = [[2, 2, 2]] * (LEVELS - 1)
    pybdv.make_bdv(volume, str(target), factors, "mean", chunks=CHUNK, n_threads=2)


def run_pybdv_convert(pybdv, source, target):
    factors = [[2, 2, 2]] * (LEVELS - 1)
    pybdv.convert_to_bdv(
        str(source), "volume", str(target), factors, "mean", chunks=CHUNK, n_threads=2
    )


def run_npy2bdv(npy2bdv, source, target):
    with h5py.File(source) as file:
        volume = file["volume"][()]
    factors = tuple((2**level,) * 3 for level in range(LEVELS))
    writer = npy2bdv.BdvWriter(
        str(target), subsamp=factors, blockdim=(CHUNK,) * LEVELS, compression="gzip"
    )
    writer.append_view(volume)
    writer.write_xml()
    writer.close()


WRITERS = {
    "write_bdv": ("bigimg_lessons.formats.bdv.writer", run_write_bdv),
    "pybdv array": ("pybdv", run_pybdv_array),
    "pybdv convert": ("pybdv", run_pybdv_convert),
    "npy2bdv": ("npy2bdv", run_npy2bdv),
}


def measure(name, source, target):
    """Run one writer in this process, and return what it took and made."""
    module, run = WRITERS[name]
    module = importlib.import_module(module)
    wall, cpu = time.perf_counter(), time.process_time()
    with MemoryWatch() as watch:
        run(module, source, target)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    h5 = target.with_suffix(".h5")
    with h5py.File(source) as file:
        exact = downsample_mean(file["volume"][-128:, -128:, -128:], (2, 2, 2))
    with h5py.File(h5) as file:
        level = file["t00000/s00/1/cells"][-64:, -64:, -64:].view("uint16")
    return {
        "wall": wall,
        "cpu": cpu,
        "peak": watch.trace.peak_added / 2**20,
        "size": h5.stat().st_size / 2**20,
        "error": int(np.abs(level.astype(int) - exact.astype(int)).max()),
    }


def compare(gib, names, repeats):
    """Run all writers in turn, each in its own process, and print medians and ratios."""
    with TemporaryDirectory(prefix="bdv-writing-") as folder:
        source = Path(folder, "source.h5")
        make_source(source, gib)
        runs = {name: [] for name in names}
        for _ in tqdm(range(repeats), desc=f"{gib:g} GiB"):
            for name in names:
                target = Path(folder, "target.xml")
                command = [sys.executable, __file__, "--run", name, str(source), str(target)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs[name].append(json.loads(done.stdout.splitlines()[-1]))
                target.unlink()
                target.with_suffix(".h5").unlink()
    rows = {
        name: {key: statistics.median(run[key] for run in made) for key in made[0]}
        for name, made in runs.items()
    }
    first = rows[names[0]]
    print(f"\n{gib:g} GiB of uint16; in brackets how many times that of {names[0]}")
    print(f"{'':14}{'wall s':>16}{'CPU s':>16}{'peak MiB':>18}{'file MiB':>10}  error at level 1")
    for name, row in rows.items():
        cells = "".join(
            f"{row[key]:>{width - 9}.1f} ({row[key] / first[key]:5.2f})"
            for key, width in (("wall", 17), ("cpu", 17), ("peak", 19))
        )
        print(f"{name:14}{cells}{row['size']:>10.1f}  {row['error']:g} grey values")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gib", type=float, nargs="+", default=[0.25])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--writers", nargs="+", choices=WRITERS, default=list(WRITERS))
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        name, source, target = arguments.run
        print(json.dumps(measure(name, Path(source), Path(target))))
    else:
        for gib in arguments.gib:
            compare(gib, arguments.writers, arguments.repeats)


if __name__ == "__main__":
    main()
