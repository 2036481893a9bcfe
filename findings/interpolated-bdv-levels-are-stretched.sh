#!/usr/bin/env bash
# A ramp (each voxel holds its own x) written with a pyramid by pybdv's make_bdv, once with
# downscale_mode="mean" and once with downscale_mode="interpolate".
#
# One would guess: interpolating is the smoother of the two; both put a structure at the same
#   place.
# What happens: "mean" is exact. "interpolate" lays the first voxel of a level on the first of the
#   image and the last on the last, in each block that it works on, while BigDataViewer puts a
#   level voxel on the middle of its box. The levels are stretched: over 101 voxels the values are
#   up to 5.8 (level 1) and 17.4 (level 2) voxels of level 0 away from their place. (The package
#   warns that the result depends on the size of the blocks, not that it is moved.)
# Why it matters: views are registered on coarse levels. The shift grows along the image, so that
#   it looks like a wrong voxel size or a drift of the stage.
#
# Seen with pybdv 0.6.0, scikit-image 0.26.0, h5py 3.16.0, numpy 2.4.6.
# Needs Python 3.11 or newer (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "This needs Python 3.11 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  pybdv==0.6.0 scikit-image==0.26.0 h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import contextlib
import io

import h5py
import numpy as np
from pybdv import make_bdv

WIDTH = 101
ramp = np.broadcast_to(np.arange(WIDTH, dtype=np.float32), (32, 32, WIDTH)).copy()


def largest_errors(mode: str) -> list[float]:
    """The largest distance of a voxel's value from its place, in voxels of level 0."""
    path = f"{mode}.h5"
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        make_bdv(
            ramp,
            path,
            downscale_factors=[[2, 2, 2], [2, 2, 2]],
            downscale_mode=mode,
            unit="micrometer",
            chunks=(32, 32, 32),
        )
    errors = []
    with h5py.File(path) as file:
        for level, factor in ((1, 2), (2, 4)):
            row = file[f"t00000/s00/{level}/cells"][4, 4]
            place = (factor - 1) / 2 + factor * np.arange(row.size)
            errors.append(round(float(np.abs(row - place).max()), 1))
    return errors


seen = {mode: largest_errors(mode) for mode in ("mean", "interpolate")}
for mode, errors in seen.items():
    print(f"{mode:>11}: off by at most {errors} voxels of level 0 at levels 1, 2")
expected = {"mean": [0.0, 0.0], "interpolate": [5.8, 17.4]}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
