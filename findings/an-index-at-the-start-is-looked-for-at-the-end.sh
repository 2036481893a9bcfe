#!/usr/bin/env bash
# One image in Zarr 3, in three valid sharded layouts: the index of a shard at its end, the index at its
# start, and the index at its end with a transposition around the shards (rather than within them).
# Read by zarr-python, tensorstore and zarrita, a library for browsers.
#
# One would guess: whoever reads shards reads where the metadata says that the index lies, and refuses
#   by name what it does not know.
# What happens: zarr-python and tensorstore read all three. zarrita passes over index_location: it
#   takes the last bytes of a shard for its index, whatever lies there, and fails on an absurd size.
#   It looks for the sharding codec and passes over those around it: the transposed image is handed out
#   without an error, with each shard turned about its diagonal, 3968 of 4096 voxels wrong.
# Why it matters: images that are right in Python are shown by a viewer on the web not at all, or
#   wrongly. Whoever writes shards for browsers leaves the index at the end, and puts transpose among
#   the codecs within the shard, as tensorstore does.
#
# Seen with zarrita 0.7.5 on Node.js 20, tensorstore 0.1.86, zarr 3.4.2, numpy 2.5.5.
# Needs Python 3.12 or newer (PYTHON=/path/to/python3.13 chooses one), and Node.js 20 with npm.
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
  echo "This needs Python 3.12 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
command -v npm >/dev/null || {
  echo "This needs Node.js 20 or newer, with npm." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  tensorstore==0.1.86 zarr==3.4.2 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" zarrita@0.7.5 >/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from pathlib import Path

import numpy as np
import tensorstore
import zarr
from zarr.codecs import ShardingCodec, TransposeCodec

image = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
common = {"data": image, "chunks": (8, 8), "compressors": None}
zarr.create_array("end", shards={"shape": (32, 32), "index_location": "end"}, **common)
zarr.create_array("start", shards={"shape": (32, 32), "index_location": "start"}, **common)
zarr.create_array(
    "transposed",
    data=image,
    chunks=(32, 32),
    filters=[TransposeCodec(order=(1, 0))],
    serializer=ShardingCodec(chunk_shape=(8, 8)),
    compressors=None,
)
for name in ("end", "start", "transposed"):
    path = f"{Path(name).resolve()}/"
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}
    wrong = {
        "zarr-python": np.count_nonzero(zarr.open_array(name, mode="r")[:] != image),
        "tensorstore": np.count_nonzero(tensorstore.open(spec).result().read().result() != image),
    }
    assert not any(wrong.values()), f"The behaviour has changed: {wrong} are wrong of {name}."
    print(f"{name}: zarr-python and tensorstore read all {image.size} voxels")
PY
cat >read.mjs <<'JS'
import path from "node:path";
import { FileSystemStore } from "@zarrita/storage";
import * as zarr from "zarrita";

async function read(name) {
  try {
    const array = await zarr.open.v3(new FileSystemStore(path.resolve(name)), { kind: "array" });
    const { data, stride } = await zarr.get(array);
    let wrong = 0;
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        if (data[y * stride[0] + x * stride[1]] !== 64 * y + x) wrong++;
      }
    }
    return `${wrong} voxels wrong`;
  } catch (error) {
    return `${error.name}: ${error.message.split(". ")[0]}`;
  }
}

const expected = {
  end: "0 voxels wrong",
  start: 'RangeError: The value of "size" is out of range',
  transposed: "3968 voxels wrong",
};
for (const [name, words] of Object.entries(expected)) {
  const seen = await read(name);
  console.log(`${name}: zarrita: ${seen}`);
  if (seen !== words) {
    console.error(`The behaviour has changed: expected ${words}.`);
    process.exit(1);
  }
}
JS
node read.mjs
