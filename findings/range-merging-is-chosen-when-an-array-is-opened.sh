#!/usr/bin/env bash
# zarr merges neighbouring ranges of a shard into one request. One plane is read with the merging
# switched off by zarr.config at different moments.
#
# One would guess: array.sharding_coalesce_max_gap_bytes = -1, set around the reading, is obeyed,
#   and is over when its "with" block ends.
# What happens: an array copies the setting when it is opened and keeps the copy. Around the
#   reading it changes nothing (8 requests, 1.8 MB); around the opening it stays for as long as the
#   array lives, also after the block (68 requests, 0.5 MB). Array.with_config changes it for an
#   open array.
# Why it matters: whoever compares merged and unmerged reading, or tunes it for a far store,
#   measures the same thing twice and concludes that it makes no difference.
#
# Seen with zarr 3.4.2, numpy 2.5.5.
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
  zarr==3.4.2 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import tempfile

import numpy as np
import zarr
from zarr.storage import LocalStore

SETTING = "sharding_coalesce_max_gap_bytes"
OFF = {f"array.{SETTING}": -1}


class Counting(LocalStore):
    """A local store that counts the requests and the bytes that it hands out."""

    requests = 0
    bytes = 0

    async def get(self, key, prototype=None, byte_range=None):
        value = await super().get(key, prototype, byte_range)
        self.requests += 1
        self.bytes += 0 if value is None else len(value)
        return value


def plane(array: zarr.Array) -> tuple[int, int]:
    """Requests and bytes of one XY plane."""
    store = array.store
    store.requests = store.bytes = 0
    array[64]
    return store.requests, store.bytes


store = Counting(tempfile.mkdtemp(dir="."))
layout = {"shape": (128,) * 3, "shards": (64,) * 3, "chunks": (16,) * 3, "compressors": None}
image = np.arange(128**3, dtype=np.uint32).astype(np.uint16).reshape((128,) * 3)
zarr.create_array(store, data=image, **{k: v for k, v in layout.items() if k != "shape"})

seen = {}
array = zarr.open_array(store, mode="r")
seen["as it comes"] = plane(array)
with zarr.config.set(OFF):
    seen["set around the reading"] = plane(array)
    opened_inside = zarr.open_array(store, mode="r")
seen["opened inside, read after"] = plane(opened_inside)
seen["Array.with_config"] = plane(array.with_config({SETTING: -1}))
for moment, (requests, size) in seen.items():
    print(f"{moment}: {requests} requests, {size} bytes")
merged, unmerged = (8, 1_806_352), (68, 528_400)
expected = {
    "as it comes": merged,
    "set around the reading": merged,
    "opened inside, read after": unmerged,
    "Array.with_config": unmerged,
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
