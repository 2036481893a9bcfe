#!/usr/bin/env bash
# A zarr array of 64 x 64 voxels in chunks of 8 x 8, once as plain chunk files and once with the same
# chunks in shards of 32 x 32. Both are gone through block by block, by array.blocks of zarr and by
# .blocks of the dask array that dask makes of it.
#
# One would guess: a block is a chunk. array.chunks and array.cdata_shape say 8 x 8 chunks of 8 x 8
#   voxels with shards and without, and array.blocks goes by them, as in dask.
# What happens: with shards a block of zarr is a shard, 16 times as large. Two of the 8 block numbers
#   along an axis are there; from blocks[2, 0] on an error is raised. dask's blocks of the same array
#   are chunks. Without shards, all agree.
# Why it matters: a loop over blocks that was written and tested on plain chunks stops at the third
#   step once the same image is sharded, and blocks[0, 0] = ... sets a whole shard, which may be
#   1 GiB, where a chunk was meant. array.write_chunk_sizes tells the blocks of zarr,
#   array.read_chunk_sizes the chunks.
#
# Seen with zarr 3.4.2, dask 2026.8.0, numpy 2.5.5.
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
  zarr==3.4.2 dask==2026.8.0 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import dask.array as da
import numpy as np
import zarr

image = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def blocks(array: zarr.Array) -> tuple:
    """The chunks that are told, a block of zarr and of dask, and how many blocks zarr hands out."""
    found = 0
    for index in np.ndindex(array.cdata_shape):
        try:
            array.blocks[index]
        except IndexError:
            continue
        found += 1
    of_dask = da.from_zarr(array).blocks[0, 0].shape
    return array.chunks, array.cdata_shape, array.blocks[0, 0].shape, of_dask, found


seen = {}
for name, shards in (("plain chunks", None), ("the same in shards", (32, 32))):
    seen[name] = blocks(zarr.create_array({}, data=image, chunks=(8, 8), shards=shards))
    chunk, told, of_zarr, of_dask, found = seen[name]
    print(
        f"{name}: {told} chunks of {chunk} are told; blocks[0, 0] of zarr is {of_zarr}, of dask "
        f"{of_dask}; {found} of the {told[0] * told[1]} numbers are blocks of zarr"
    )
expected = {
    "plain chunks": ((8, 8), (8, 8), (8, 8), (8, 8), 64),
    "the same in shards": ((8, 8), (8, 8), (32, 32), (8, 8), 4),
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
