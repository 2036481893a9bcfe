#!/usr/bin/env bash
# One ramp (each voxel holds its own x), shrunk by each Gaussian method of ngff-zarr.
#
# One would guess: the methods named "Gaussian" differ in speed and in what they need; all keep
#   a structure at the place which the translation that they write gives it.
# What happens: all write the translation of a box's middle, (factor - 1) / 2. ITKWASM_GAUSSIAN
#   computes the value there. ITK_GAUSSIAN and DASK_IMAGE_GAUSSIAN smooth around the first voxel of
#   each box, so that their values lie 0.5, 1.5 and 3.5 voxels of level 0 beside the stated place.
# Why it matters: nearly half a voxel of the level, at every level. A registration or a point that
#   was placed on a coarse level is wrong by it, and two files that were made by two methods do
#   not lie on each other though their metadata are the same.
#
# Seen with ngff-zarr 0.50.0, dask-image 2026.5.0, itk-filtering 5.4.7, itkwasm-downsample 2.0.2.
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
  ngff-zarr==0.50.0 dask-image==2026.5.0 itk-filtering==5.4.7 itkwasm-downsample==2.0.2 \
  itkwasm-downsample-wasi==2.0.2 dask==2026.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import ngff_zarr
import numpy as np

WIDTH = 256
ramp = np.broadcast_to(np.arange(WIDTH, dtype=np.float32), (64, WIDTH)).copy()


def offsets(method: ngff_zarr.Methods) -> list[tuple[float, float]]:
    """Stated translation, and value minus stated place, of the middle of levels 1 to 3."""
    image = ngff_zarr.to_ngff_image(ramp, dims=["y", "x"], scale={"y": 1.0, "x": 1.0})
    levels = ngff_zarr.to_multiscales(image, scale_factors=[2, 4, 8], method=method).images
    pairs = []
    for level in levels[1:]:
        row = np.asarray(level.data)[4]
        middle = row.size // 2
        place = level.translation["x"] + level.scale["x"] * middle
        pairs.append((level.translation["x"], round(float(row[middle]) - place, 2) + 0.0))
    return pairs


methods = ngff_zarr.Methods
seen = {
    method.name: offsets(method)
    for method in (methods.ITKWASM_GAUSSIAN, methods.ITK_GAUSSIAN, methods.DASK_IMAGE_GAUSSIAN)
}
for name, pairs in seen.items():
    print(f"{name:>20}: (translation, value - stated place) {pairs}")
beside = [(0.5, -0.5), (1.5, -1.5), (3.5, -3.5)]
expected = {
    "ITKWASM_GAUSSIAN": [(0.5, 0.0), (1.5, 0.0), (3.5, 0.0)],
    "ITK_GAUSSIAN": beside,
    "DASK_IMAGE_GAUSSIAN": beside,
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
