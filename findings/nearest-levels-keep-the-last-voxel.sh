#!/usr/bin/env bash
# Three writers that keep one voxel of each box: bioio-ome-zarr's OMEZarrWriter, ome-zarr-py's
# write_labels and pybdv's make_bdv (its usual mode, "nearest"), on a ramp, each voxel its own x.
#
# One would guess: "nearest" keeps the first voxel of a box, as image[::2] does; a level voxel i is
#   then at i x factor, and leaving the translation out, as some do, is right.
# What happens: all three keep the last voxel of the box, factor - 1, as if the middle, which lies
#   between two voxels, were rounded up at every level. What each file says of the place differs:
#   bioio-ome-zarr writes no translation (the values are 1 and 3 voxels of level 0 off),
#   ome-zarr-py and BigDataViewer's own rule say the box's middle (0.5 and 1.5 off).
# Why it matters: labels and masks are mostly shrunk by keeping one voxel. An outline drawn on a
#   coarse level lies up to a whole voxel of that level beside the object, always towards the
#   origin.
#
# Seen with bioio-ome-zarr 3.8.1, ome-zarr 0.21.0, pybdv 0.6.0, zarr 3.4.2, numpy 2.5.5.
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
  bioio-ome-zarr==3.8.1 ome-zarr==0.21.0 pybdv==0.6.0 zarr==3.4.2 scikit-image==0.26.0 \
  scipy==1.18.1 h5py==3.16.0 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import contextlib
import io

import h5py
import numpy as np
import zarr
from bioio_ome_zarr.writers import OMEZarrWriter
from ome_zarr.writer import write_labels
from pybdv import make_bdv

SHAPE = (16, 64, 64)
ramp = np.broadcast_to(np.arange(SHAPE[-1], dtype=np.uint16), SHAPE).copy()


def ome_zarr_levels(path: str) -> list[tuple[np.ndarray, float, float]]:
    """Row, scale and translation (0 where none is written) along x of levels 1 and 2."""
    group = zarr.open_group(path, mode="r")
    levels = []
    for dataset in group.attrs["ome"]["multiscales"][0]["datasets"][1:3]:
        steps = dataset["coordinateTransformations"]
        stated = {"translation": 0.0} | {step["type"]: step[step["type"]][-1] for step in steps}
        levels.append((group[dataset["path"]][0, 0], stated["scale"], stated["translation"]))
    return levels


def bioio_ome_zarr() -> list[tuple[np.ndarray, float, float]]:
    shapes = [tuple(n // factor for n in SHAPE) for factor in (1, 2, 4)]
    writer = OMEZarrWriter(
        "bioio.zarr",
        shapes,
        ramp.dtype,
        axes_names=["z", "y", "x"],
        axes_types=["space"] * 3,
        axes_units=["micrometer"] * 3,
        physical_pixel_size=[1.0] * 3,
    )
    writer.write_full_volume(ramp)
    return ome_zarr_levels("bioio.zarr")


def ome_zarr_py() -> list[tuple[np.ndarray, float, float]]:
    group = zarr.open_group("labels.zarr", mode="w", zarr_format=3)
    write_labels(ramp, group, name="cells", axes="zyx", scale_factors=[2, 4])
    return ome_zarr_levels("labels.zarr/labels/cells")


def pybdv() -> list[tuple[np.ndarray, float, float]]:
    """BigDataViewer puts a level voxel on the middle of its box, (factor - 1) / 2."""
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        make_bdv(ramp, "image.h5", downscale_factors=[[2, 2, 2]] * 2, unit="micrometer")
    with h5py.File("image.h5") as file:
        cells = [file[f"t00000/s00/{level}/cells"][0, 0] for level in (1, 2)]
    return [(row, factor, (factor - 1) / 2) for row, factor in zip(cells, (2.0, 4.0), strict=True)]


seen = {}
for write in (bioio_ome_zarr, ome_zarr_py, pybdv):
    seen[write.__name__] = [
        (int(row[0]), sorted({float(x) for x in row - (translation + scale * np.arange(row.size))}))
        for row, scale, translation in write()
    ]
for name, levels in seen.items():
    for level, (kept, beside) in enumerate(levels, start=1):
        print(f"{name}, level {level}: keeps voxel {kept} of a box, its place is off by {beside}")
expected = {
    "bioio_ome_zarr": [(1, [1.0]), (3, [3.0])],
    "ome_zarr_py": [(1, [0.5]), (3, [1.5])],
    "pybdv": [(1, [0.5]), (3, [1.5])],
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
