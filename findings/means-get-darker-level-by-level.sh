#!/usr/bin/env bash
# The mean grey value of the levels of one noisy uint8 image, as three writers of OME-Zarr average
# it: ome-zarr-py's write_image, iohub's compute_pyramid, stack-to-chunk's add_downsample_level.
#
# One would guess: a mean in whole numbers is rounded to the nearest, so a level is as bright as
#   the image, to a few thousandths of a grey value.
# What happens: all three cut the fraction off, and each level is made from the one before. Every
#   level loses 0.4 to 0.5 of a grey value more, the third 1.3 to 1.5.
# Why it matters: one grey value is much where a camera's background is ten. A threshold or a
#   background that was found on a coarse level does not fit level 0, and levels of one image that
#   lie on each other in a viewer differ in brightness. Labelled "mean", a level can be checked:
#   compare its mean with that of level 0.
#
# Seen with ome-zarr 0.21.0, iohub 0.3.11, stack-to-chunk 2.3.1, zarr 3.4.2, numpy 2.5.5.
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
  ome-zarr==0.21.0 iohub==0.3.11 stack-to-chunk==2.3.1 zarr==3.4.2 pydantic-zarr==0.10.0 \
  scikit-image==0.26.0 dask==2026.8.0 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import contextlib
import io

import dask.array
import numpy as np
import zarr
from iohub.ngff import open_ome_zarr
from ome_zarr.writer import write_image
from pydantic_zarr.v3 import ArraySpec
from stack_to_chunk import MultiScaleGroup

SHAPE = (64, 128, 128)
image = np.random.default_rng(0).integers(100, 132, SHAPE, dtype=np.uint8)


def level_means(path: str) -> list[float]:
    """How much brighter than the image levels 1 to 3 are, in grey values."""
    group = zarr.open_group(path, mode="r")
    paths = [dataset["path"] for dataset in group.attrs["ome"]["multiscales"][0]["datasets"]]
    return [round(float(group[level][:].mean() - image.mean()), 1) for level in paths[1:4]]


def ome_zarr_py() -> list[float]:
    group = zarr.open_group("a.zarr", mode="w", zarr_format=3)
    write_image(image, group, axes="zyx")
    return level_means("a.zarr")


def iohub() -> list[float]:
    with open_ome_zarr(
        "b.zarr", layout="fov", mode="w-", channel_names=["c"], version="0.5"
    ) as position:
        position.create_image("0", image[None, None], chunks=(1, 1, 64, 64, 64))
        position.compute_pyramid(levels=4, method="mean")
    return level_means("b.zarr")


def stack_to_chunk() -> list[float]:
    template = zarr.create_array({}, shape=SHAPE, dtype=image.dtype, chunks=(16, 16, 16))
    group = MultiScaleGroup(
        "c.zarr",
        name="image",
        voxel_size=(1, 1, 1),
        spatial_unit="micrometer",
        array_spec=ArraySpec.from_zarr(template),
    )
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        planes = dask.array.from_array(image, chunks=(*SHAPE[:2], 1))
        group.add_full_res_data(planes, n_processes=1)
        for level in range(1, 4):
            group.add_downsample_level(level, n_processes=1)
    return level_means("c.zarr")


seen = {write.__name__: write() for write in (ome_zarr_py, iohub, stack_to_chunk)}
for name, means in seen.items():
    print(f"{name}: levels 1 to 3 are brighter than the image by {means} grey values")
expected = {
    "ome_zarr_py": [-0.5, -1.0, -1.5],
    "iohub": [-0.4, -0.9, -1.3],
    "stack_to_chunk": [-0.4, -0.9, -1.3],
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
