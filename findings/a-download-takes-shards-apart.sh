#!/usr/bin/env bash
# ome_zarr download copies an OME-Zarr 0.5 of one level in two shards, with a codec of its choice and
# an attribute of its own beside "ome", from one folder to another.
#
# One would guess: a download fetches the files as they are.
# What happens: the image is decoded and written anew, as dask and zarr write by default. The
#   voxels, the chunks and the attribute "ome" are the same, but the shards are gone (130 files
#   instead of 4), the codec is another one, and the attribute beside "ome" is not there.
# Why it matters: a dataset that was put in shards, so that it has few files, arrives as up to
#   thousands of times as many, and neither checksums nor sizes can be compared with the original.
#   To get the files themselves, take a program that copies files: rclone, aws s3 sync, wget.
#
# Seen with ome-zarr 0.21.0, zarr 3.4.2, dask 2026.8.0, numpy 2.5.5.
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
  ome-zarr==0.21.0 zarr==3.4.2 dask==2026.8.0 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
cat >make.py <<'PY'
import numpy as np
import zarr
from zarr.codecs import BloscCodec

axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
scale = [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
levels = [{"path": "0", "coordinateTransformations": scale}]
ome = {"version": "0.5", "multiscales": [{"name": "it", "axes": axes, "datasets": levels}]}
image = np.arange(64 * 256 * 256, dtype="uint32").reshape(64, 256, 256) // 4096 + 1
group = zarr.create_group("image.zarr", attributes={"ome": ome, "microscope": "spinning disk"})
group.create_array(
    "0", data=image, chunks=(16, 32, 64), shards=(32, 256, 256), dimension_names="zyx",
    compressors=BloscCodec(cname="zstd", clevel=9, shuffle="bitshuffle"),
)  # fmt: skip
PY
venv/bin/python make.py
venv/bin/ome_zarr --quiet download image.zarr --output downloaded >/dev/null
venv/bin/python - <<'PY'
from pathlib import Path

import numpy as np
import zarr

seen = {}
for name in "image.zarr", "downloaded/image.zarr":
    group = zarr.open_group(name, mode="r")
    level = group["0"]
    files = [path for path in Path(name).rglob("*") if path.is_file()]
    codec = type(level.compressors[0]).__name__
    seen[name] = (len(files), level.shards, codec, sorted(group.attrs), level.chunks)
    print(f"{name}: {len(files)} files, {sum(path.stat().st_size for path in files):,} bytes,",
          f"shards {level.shards}, {codec}, attributes {sorted(group.attrs)}")
original, copy = (zarr.open_group(name, mode="r") for name in seen)
assert np.array_equal(original["0"][:], copy["0"][:]) and original["0"].chunks == copy["0"].chunks
assert original.attrs["ome"]["multiscales"] == copy.attrs["ome"]["multiscales"]
expected = {
    "image.zarr": (4, (32, 256, 256), "BloscCodec", ["microscope", "ome"], (16, 32, 64)),
    "downloaded/image.zarr": (130, None, "ZstdCodec", ["ome"], (16, 32, 64)),
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
