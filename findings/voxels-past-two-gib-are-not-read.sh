#!/usr/bin/env bash
# A dataset of a little more than 2 GiB, stored in one run, is read at once with h5py: by the path of
# its file, and through a file that Python opened without a buffer.
#
# One would guess: both bring the same voxels, or the second is an error.
# What happens: through the file only the first 2 GiB less 4 KiB are read, and no error is raised. The
#   rest of the array is what its memory held before. The system's read call brings no more at once;
#   Python hands the smaller number on, as a raw file may (io.RawIOBase.readinto), and expects to be
#   asked again. h5py does not look at the number. With a buffer Python asks again itself.
# Why it matters: h5py takes any file object, so that images can be read from far away, and counted.
#   One that brings less than was asked for, as many do at the end of a block, makes voxels up.
#
# Seen with h5py 3.16.0, numpy 2.4.6 on Linux; the file is sparse, and about 2.1 GiB of memory are used.
# Reported to h5py as issue 2835, open in November 2026.
# Needs Python 3.11 or newer (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "This needs Python 3.11 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  h5py==3.16.0 numpy==2.4.6
cat >"$folder/read.py" <<'PY'
import sys
from contextlib import nullcontext

import h5py
import numpy as np

path = sys.argv[1]
SIZE, END = 2**31 + 2**20, 2**20
with h5py.File(path, "w") as file:
    stored = file.create_dataset("image", shape=(SIZE,), dtype="uint8")
    stored[-END:] = 7

ways = {
    "by its path": lambda: nullcontext(path),
    "a file with a buffer": lambda: open(path, "rb"),
    "a file without a buffer": lambda: open(path, "rb", buffering=0),
}
right = {}
for name, opened in ways.items():
    with opened() as source, h5py.File(source, "r") as file:
        voxels = file["image"][:]
    count = int(np.count_nonzero(voxels[-END:] == 7))
    right[name] = count == END
    print(f"h5py {h5py.__version__}, {name}: {count:,} of the last {END:,} voxels are right")
    del voxels

expected = {"by its path": True, "a file with a buffer": True, "a file without a buffer": False}
assert right == expected, f"The behaviour has changed: expected {expected}, saw {right}."
PY
"$folder/env/bin/python" "$folder/read.py" "$folder/image.h5"
