#!/usr/bin/env bash
# A dask array in blocks of 16 x 16 goes to Zarr in shards of 128 x 128, so that 64 tasks share a
# shard, in several ways of calling to_zarr. No voxel of the image is zero, so a zero was never written.
#
# One would guess: dask knows which blocks share a shard. It rechunks, takes a lock or refuses, and
#   whether the array is there already, or is made by the call, makes no difference.
# What happens: into an array that exists already all arrives. An array that to_zarr makes itself,
#   to_zarr(path, shards=...), has lost half of its voxels with four threads, another half each time,
#   without an error or a warning. The same happens without shards where chunks=... are larger than
#   the blocks. With mode="w" nothing is lost: only then are the tasks given a lock.
# Why it matters: to ask for shards is the natural way to get fewer files, and what a small trial
#   with one thread shows is right. Make the array with zarr.create_array and hand it to to_zarr, or
#   rechunk to whole shards before.
#
# Seen with dask 2026.8.0, zarr 3.4.2, numpy 2.5.5.
# Needs Python 3.12 or newer (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
  echo "This needs Python 3.12 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  dask==2026.8.0 zarr==3.4.2 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings

import dask
import dask.array as da
import numpy as np
import zarr

image = np.arange(256 * 256, dtype=np.uint16).reshape(256, 256) | 1
blocks = da.from_array(image, chunks=16)
in_shards = {"chunks": (16, 16), "shards": (128, 128)}


def new(**options) -> zarr.Array:
    """What to_zarr makes and writes at a path where nothing is yet."""
    path = f"new-{len(seen)}.zarr"
    with dask.config.set(scheduler=options.pop("scheduler", "threads"), num_workers=4):
        blocks.to_zarr(path, **options)
    return zarr.open_array(path, mode="r")


def existing() -> zarr.Array:
    """The same shards, in an array that is there before to_zarr is called."""
    array = zarr.create_array("existing.zarr", shape=image.shape, dtype=image.dtype, **in_shards)
    with dask.config.set(scheduler="threads", num_workers=4):
        blocks.to_zarr(array)
    return array


seen = {}
ways = {
    "shards, existing array": existing,
    "shards, new array": lambda: new(**in_shards),
    "shards, new array, mode='w'": lambda: new(**in_shards, mode="w"),
    "shards, new array, one thread": lambda: new(**in_shards, scheduler="synchronous"),
    "larger chunks, new array": lambda: new(chunks=(128, 128)),
}
with warnings.catch_warnings():
    warnings.simplefilter("error")  # so that a warning would end this
    for way, write in ways.items():
        written = write()[:]
        assert np.all((written == image) | (written == 0))
        seen[way] = float(np.mean(written == 0))
        print(f"{way}: {seen[way]:.0%} of the voxels lost")
losing = {way for way, lost in seen.items() if lost > 0}
expected = {"shards, new array", "larger chunks, new array"}
assert losing == expected, f"The behaviour has changed: expected losses in {expected}."
PY
