#!/usr/bin/env bash
# An image of 301 voxels in x and a label image derived from it, both with a pyramid by ngio
# (consolidation_mode="numpy"). Each voxel of both holds its own x, so that a level voxel tells
# where its content comes from.
#
# One would guess: image and labels are shrunk alike and share the metadata, so a label lies on its
#   object at every level.
# What happens: both state a scale of 301/150, 301/75, 301/37 (2.0067, 4.0133, 8.1351) and no
#   translation. The labels are taken at every second voxel exactly: at level 3 they lie 7 voxels
#   of level 0 beside the stated place at the left end and 2 at the right. The image, resampled to
#   the stated scale, lies 3.6 beside it everywhere. Between the two the label drifts by five
#   voxels along the image.
# Why it matters: sizes that are no multiple of 8 are the rule. A viewer lays the levels by their
#   metadata; whoever measures an intensity below a label on a coarse level measures beside it.
#
# Seen with ngio 1.1.3, zarr 3.1.6, dask 2026.8.0, numpy 2.4.6.
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
  ngio==1.1.3 zarr==3.1.6 dask==2026.8.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import ngio
import numpy as np
import zarr

WIDTH = 301
ramp = np.broadcast_to(np.arange(WIDTH, dtype=np.uint16), (8, 64, WIDTH)).copy()

image = ngio.create_ome_zarr_from_array(
    "image.zarr",
    ramp * 100,
    pixelsize=1.0,
    axes_names=["z", "y", "x"],
    levels=4,
    ngff_version="0.5",
    consolidation_mode="numpy",
)
label = image.derive_label("cells")
label.set_array(ramp.astype(np.uint32))
label.consolidate(mode="numpy")


def ends(path: str, step: int) -> tuple[list[float], list[tuple[float, float]]]:
    """The stated scales, and how far the second and the last but one voxel are off."""
    group = zarr.open_group(path, mode="r")
    scales, beside = [], []
    for dataset in group.attrs["ome"]["multiscales"][0]["datasets"][1:]:
        (transformation,) = dataset["coordinateTransformations"]
        scale = transformation["scale"][-1]
        array = group[dataset["path"]]
        row = array[0, array.shape[1] // 2] / step
        off = row - scale * np.arange(row.size)
        scales.append(round(scale, 4))
        beside.append((round(float(off[1]), 1), round(float(off[-2]), 1)))
    return scales, beside


seen = {"image": ends("image.zarr", 100), "labels": ends("image.zarr/labels/cells", 1)}
for name, (scales, beside) in seen.items():
    print(f"{name:>6}: stated scales {scales}; left and right end off by {beside}")
scales = [2.0067, 4.0133, 8.1351]
expected = {
    "image": (scales, [(0.5, 0.5), (1.5, 1.5), (3.6, 3.6)]),
    "labels": (scales, [(1.0, 0.0), (3.0, 2.0), (6.9, 2.3)]),
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
