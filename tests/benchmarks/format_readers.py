"""Record what further readers ask of each format, for lesson 5. Run by hand, on Linux with strace::

    uv run --isolated -p 3.13 --group test --with bioio-ome-tiff==1.4.0 \
        python -m tests.benchmarks.format_readers

tensorstore reads from a local web server, which counts, and bioio-ome-tiff through a meter, as
readers do in the lesson. All others read files by libraries of their own, below Python, so strace
counts the calls that read from a file of the image, each as one request. Each of these has a
process for each region, so that none profits from what an earlier one left in its memory. All
voxels are compared with the image, which is random bytes.
"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.measure import format_reads
from bigimg_lessons.measure.files import FileMeter
from bigimg_lessons.measure.format_reads import (
    CHUNK_SHAPE,
    REGIONS,
    SHAPE,
    SHARD_SHAPE,
    TILE_SHAPE,
)
from bigimg_lessons.measure.image_reads import OPENING, Counted, count_reads
from bigimg_lessons.measure.serving import FolderServer
from bigimg_lessons.saving.files import replace_text

RECORD = Path(format_reads.__file__).with_name(format_reads.RECORD)
CUBES = {"chunk_shape": CHUNK_SHAPE}
FORMATS = {
    "OME-TIFF": ("tiled.ome.tif", "ome-tiff", {"chunk_shape": TILE_SHAPE}),
    "Imaris": ("volume.ims", "imaris", CUBES),
    "BDV-N5": ("blocks.n5", "bdv-n5", CUBES),
    "OME-Zarr 0.4": ("v04.ome.zarr", "ome-zarr-0.4", CUBES),
    "OME-Zarr 0.5": ("v05.ome.zarr", "ome-zarr-0.5", CUBES),
    "0.5, shards": ("shards.ome.zarr", "ome-zarr-0.5", {**CUBES, "shard_shape": SHARD_SHAPE}),
    "OME-Zarr 0.6": ("v06.ome.zarr", "ome-zarr-0.6", CUBES),
}
DRIVERS = {
    "BDV-N5": ("n5", "setup0/timepoint0/s0"),
    "OME-Zarr 0.4": ("zarr", "0"),
    "OME-Zarr 0.5": ("zarr3", "0"),
    "0.5, shards": ("zarr3", "0"),
    "OME-Zarr 0.6": ("zarr3", "0"),
}
"""By format, how tensorstore calls it, and where level 0 is."""


def voxels():
    """Random bytes without 0, the fill value: so no chunk is left out."""
    return np.random.default_rng(0).integers(1, 255, SHAPE, dtype=np.uint8)


def write_all(folder, formats=tuple(FORMATS)):
    """Write the image in each format."""
    image = voxels()
    for name in formats:
        file, file_format, options = FORMATS[name]
        build_pyramid(
            image,
            folder / file,
            file_format=file_format,
            axes="ZYX",
            voxel_size=(1, 1, 1),
            unit="µm",
            codec=None,
            progress=False,
            **options,
        )


# Counted at a web server


@contextmanager
def with_tensorstore(url, driver):
    import tensorstore

    image = tensorstore.open({"driver": driver, "kvstore": f"{url}/"}).result()
    yield image.T if driver == "n5" else image


def over_http(folder, formats=tuple(DRIVERS)):
    """Count what tensorstore asks a web server for; by format."""
    counted = {}
    with FolderServer(folder) as server:
        for name in formats:
            driver, level = DRIVERS[name]
            url = f"{server.url}/{FORMATS[name][0]}/{level}"
            opener = partial(with_tensorstore, url, driver)
            counted[name] = count_reads(opener, [server], REGIONS, expected=voxels())
    return counted


# Counted by a meter


@contextmanager
def with_bioio_ome_tiff(url):
    from bioio import BioImage
    from bioio_ome_tiff.reader import Reader

    yield BioImage(url, reader=Reader).get_image_dask_data("ZYX")


def by_meter(folder):
    """Count what bioio-ome-tiff asks of a file that Python opens for it, as lesson 5 does."""
    meter = FileMeter(folder / FORMATS["OME-TIFF"][0])
    opener = partial(with_bioio_ome_tiff, meter.url)
    return count_reads(opener, [meter], REGIONS, expected=voxels())


# Counted by strace


def imaris(package):
    """Return what opens an Imaris file with one of two packages, which are used alike."""

    def open_file(path):
        image = import_module(package).ims(path)
        whole = [slice(0, n) for n in SHAPE]

        def read(region):
            # A slice without a start is a plane to one of them (0.1.8).
            told = (w if r == slice(None) else r for w, r in zip(whole, region, strict=True))
            return np.asarray(image[0, 0, *told])

        return read

    return open_file


def n5_by_z5py(path):
    import z5py

    return z5py.File(path, "r")["setup0/timepoint0/s0"].__getitem__


TRACED = {
    ("Imaris", "imaris-ims-file-reader"): imaris("imaris_ims_file_reader.ims"),
    ("Imaris", "imaris-ims-zarr"): imaris("imaris_ims_zarr"),
    ("BDV-N5", "z5py"): n5_by_z5py,
}
MARK = "/counted-from-here/"
READING = re.compile(r"^(?:\d+ +)?p?read(?:v|64|v2)?\(\d+<([^>]*)>.* = (\d+)$")


def trace(folder, stored_as, reader, regions=tuple(REGIONS)):
    """Count the calls that read from the files of an image, to open it and for each region."""
    path = folder / FORMATS[stored_as][0]
    counted = {}
    for region in regions:
        with tempfile.TemporaryDirectory() as aside:
            log = Path(aside, "calls")
            calls = "trace=read,readv,pread64,preadv,preadv2,access,faccessat,faccessat2"
            tracing = ["strace", "-f", "-y", "-s", "64", "-e", calls, "-o", str(log)]
            child = [sys.executable, "-m", "tests.benchmarks.format_readers", "--read"]
            subprocess.run([*tracing, *child, stored_as, reader, region, str(path)], check=True)
            opening, asked = counted_calls(log.read_text("utf-8", "replace"), path)
        if counted.setdefault(OPENING, opening) != opening:
            raise ValueError(f"{reader} opened by {counted[OPENING]} once, and by {opening} now.")
        counted[region] = asked
    return counted


def counted_calls(log, path):
    """Return what a log of strace has between marks, of a file or of all files in a folder."""
    steps = {"open": [], "read": []}
    step = None
    for line in log.splitlines():
        if MARK in line:
            step = steps.get(line.split(MARK)[1].split('"')[0])
        elif step is not None and (found := READING.match(line)):
            name, size = found.groups()
            if (name == str(path) or name.startswith(f"{path}{os.sep}")) and int(size):
                step.append(int(size))
    return tuple(Counted(len(sizes), sum(sizes)) for sizes in steps.values())


def read_traced(stored_as, reader, region, path):
    """Open and read once, and tell strace when, by asking for files that are not there."""
    image = voxels()[REGIONS[region]]
    open_file = TRACED[stored_as, reader]
    os.access(f"{MARK}open", os.F_OK)
    read = open_file(path)
    os.access(f"{MARK}read", os.F_OK)
    part = read(REGIONS[region])
    os.access(f"{MARK}end", os.F_OK)
    np.testing.assert_array_equal(np.squeeze(np.asarray(part)), image)


def entry(stored_as, reader, asked):
    print(f"{stored_as}, {reader}: {dict(asked)}", flush=True)
    return {
        "stored_as": stored_as,
        "reader": reader,
        "version": version(reader),
        "date": datetime.now(UTC).date().isoformat(),
        "asked": {name: [count.requests, count.bytes_read] for name, count in asked.items()},
    }


def main():
    """Run the readers and put what they asked into the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--read", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read_traced(*options.read)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        write_all(folder)
        runs = [entry(name, "tensorstore", asked) for name, asked in over_http(folder).items()]
        if find_spec("bioio_ome_tiff"):
            runs.append(entry("OME-TIFF", "bioio-ome-tiff", by_meter(folder)))
        for stored_as, reader in TRACED:
            if find_spec(reader.replace("-", "_")):
                runs.append(entry(stored_as, reader, trace(folder, stored_as, reader)))
    made = {(run["stored_as"], run["reader"]) for run in runs}
    if RECORD.exists():  # what was not asked now stays
        before = json.loads(RECORD.read_text("utf-8"))["runs"]
        runs += [run for run in before if (run["stored_as"], run["reader"]) not in made]
    runs.sort(key=lambda run: (list(FORMATS).index(run["stored_as"]), run["reader"]))
    rows = ",\n".join(map(json.dumps, runs))
    replace_text(RECORD, f'{{"runs": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
