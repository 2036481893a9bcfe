#!/usr/bin/env bash
# One image, given to ome-zarr-py's write_image once as a numpy array and once as a dask array.
#
# One would guess: dask only says how the work is cut, so both pyramids hold the same values.
# What happens: the levels have the same shapes and the same metadata, but other voxels. A width
#   that is no multiple of the factor, or a narrow last block, is resized block by block, each
#   block to a whole number of voxels. On a ramp (each voxel holds its own x) the numpy pyramid is
#   exact; the dask pyramid holds values from up to two voxels of level 0 away, and with blocks of
#   64 more than seven.
# Why it matters: a big image always comes as a dask array. Its coarse levels show structures at
#   other places than the full resolution does, differently for each choice of chunks, and no
#   number in the file tells.
#
# Seen with ome-zarr 0.21.0, zarr 3.4.2, dask 2026.8.0, scikit-image 0.26.0, numpy 2.5.5.
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
  ome-zarr==0.21.0 zarr==3.4.2 dask==2026.8.0 scikit-image==0.26.0 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import dask.array
import numpy as np
import zarr
from ome_zarr.writer import write_image

WIDTH = 301


def ramp_errors(name: str, image) -> list[float]:
    """How far, in voxels of level 0, the inner voxels of levels 1 to 3 are from their value."""
    group = zarr.open_group(f"{name}.zarr", mode="w", zarr_format=3)
    write_image(image, group, axes="yx", scale_factors=[2, 4, 8])
    errors = []
    for dataset in group.attrs["ome"]["multiscales"][0]["datasets"][1:]:
        scale, translation = dataset["coordinateTransformations"]
        row = group[dataset["path"]][4]
        place = translation["translation"][-1] + scale["scale"][-1] * np.arange(row.size)
        errors.append(round(float(np.abs(row - place)[1:-1].max()), 2))
    return errors


ramp = np.broadcast_to(np.arange(WIDTH, dtype=np.float32), (64, WIDTH)).copy()
images = {"numpy": ramp} | {
    f"dask-{width}": dask.array.from_array(ramp, chunks=(64, width)) for width in (100, 64, 37)
}
seen = {name: ramp_errors(name, image) for name, image in images.items()}
for name, errors in seen.items():
    print(f"{name:>9}: off by at most {errors} voxels of level 0 at levels 1, 2, 3")
expected = {
    "numpy": [0.0, 0.0, 0.0],
    "dask-100": [0.99, 0.98, 0.96],
    "dask-64": [1.88, 1.81, 7.69],
    "dask-37": [1.63, 1.41, 5.34],
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
