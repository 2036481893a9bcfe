#!/usr/bin/env bash
# One plane is read twice from a folder behind zarr's CacheStore: once from chunks that are files,
# once from the same chunks in shards, with two versions of zarr.
#
# One would guess: the second reading asks the folder for nothing, in shards as without them.
# What happens: so it is with zarr 3.2.0. Since 3.3 the chunks of a shard are read by another method,
#   get_ranges, which the cache hands on to the folder as it is. Of a shard the cache keeps its index
#   alone, and each reading fetches all chunks anew. Nothing says so: the cache counts hits, those
#   of the index.
# Why it matters: shards are for far stores, and a cache is the remedy for far stores. After an
#   update, those who browse a bucket through it pay for each view again.
#
# Seen with zarr 3.2.0 and 3.4.2 (zarr.experimental), numpy 2.5.5.
# Needs Python 3.12 or newer (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
  echo "This needs Python 3.12 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/read.py" <<'PY'
import sys

import numpy as np
import zarr
from zarr.experimental.cache_store import CacheStore
from zarr.storage import LocalStore, MemoryStore


class Counting(LocalStore):
    """A folder that counts the bytes that it hands out."""

    bytes = 0

    async def get(self, key, prototype=None, byte_range=None):
        value = await super().get(key, prototype, byte_range)
        self.bytes += 0 if value is None else len(value)
        return value


volume = np.random.default_rng(0).integers(1, 60000, (32, 256, 256), "uint16")
seen = {}
for name, shards in {"chunks": None, "shards": (32, 256, 256)}.items():
    zarr.create_array(f"{name}.zarr", data=volume, chunks=(16, 64, 64), shards=shards)
    folder = Counting(f"{name}.zarr", read_only=True)
    cached = zarr.open_array(CacheStore(folder, cache_store=MemoryStore()), mode="r")
    counts = []
    for _ in range(2):
        folder.bytes = 0
        assert np.array_equal(cached[8], volume[8])
        counts.append(folder.bytes)
    seen[name] = counts
    hits = cached.store.cache_stats()["hits"]
    print(f"zarr {zarr.__version__}, {name}: {counts[0]:,} bytes, then {counts[1]:,}; {hits} hits")

kept = {name: again == 0 for name, (_, again) in seen.items()}
expected = {"chunks": True, "shards": sys.argv[1] == "kept"}
assert kept == expected, f"The behaviour has changed: expected {expected}, saw {kept}."
PY
for way in "3.2.0 kept" "3.4.2 fetched"; do
  read -r version again <<<"$way"
  "$python" -m venv "$folder/$version"
  "$folder/$version/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
    zarr=="$version" numcodecs==0.17.1 numpy==2.5.5
  (cd "$(mktemp -d -p "$folder")" && "$folder/$version/bin/python" "$folder/read.py" "$again")
done
