#!/usr/bin/env bash
# A label image (OME-Zarr 0.5 with "image-label") that lies by itself in a folder of results, not
# below the labels/ of its image, is opened with napari-ome-zarr's reader.
#
# One would guess: a reader reads; the folder holds the same files before and after.
# What happens: the reader looks for the image that the labels belong to two folders up, and opens
#   that folder in a mode that makes a group of it where there is none. results/run1/cells.ome.zarr
#   leaves a new results/zarr.json, and the labels come as a layer that is hidden.
# Why it matters: a folder of results, or a share that others read, turns into a Zarr group because
#   somebody looked. Programs that detect Zarr by this file then take it for one, and the listing
#   of an archive no longer fits.
#
# Seen with napari-ome-zarr 0.11.0, napari 0.9.2, ome-zarr 0.21.0, zarr 3.4.2.
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
  napari-ome-zarr==0.11.0 napari==0.9.2 ome-zarr==0.21.0 zarr==3.4.2 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from pathlib import Path

import numpy as np
import zarr

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from napari_ome_zarr import napari_get_reader

PATH = "results/run1/cells.ome.zarr"


def write_labels() -> None:
    group = zarr.open_group(PATH, mode="w", zarr_format=3)
    group.create_array("0", data=np.ones((16, 16), np.uint16))
    scale = [{"type": "scale", "scale": [1.0, 1.0]}]
    multiscale = {
        "axes": [{"name": name, "type": "space"} for name in "yx"],
        "datasets": [{"path": "0", "coordinateTransformations": scale}],
    }
    group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale], "image-label": {}}


def files() -> set[str]:
    return {path.as_posix() for path in Path("results").rglob("*") if path.is_file()}


write_labels()
before = files()
layers = napari_get_reader(PATH)(PATH)
seen = {
    "layers (kind, visible)": [(kind, options["visible"]) for _, options, kind in layers],
    "new files": sorted(files() - before),
}
for what, value in seen.items():
    print(f"{what}: {value}")
expected = {"layers (kind, visible)": [("labels", False)], "new files": ["results/zarr.json"]}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
