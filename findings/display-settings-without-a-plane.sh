#!/usr/bin/env bash
# An OME-Zarr 0.5 image has the optional display settings "omero", with one channel and a colour
# model, but without the plane at which a viewer should begin (rdefs.defaultZ, defaultT).
#
# One would guess: the image opens everywhere. The specification asks for neither of the two, the
#   models of ome-zarr-models find nothing missing, and voxels do not depend on them.
# What happens: iohub says in a warning that the two fields are missing, goes on, and the image
#   that it returns has no metadata: asking for its channels ends in an AttributeError. With the
#   two fields added, all is there.
# Why it matters: what decides whether a file opens may be what is optional in it. Who writes
#   display settings writes them whole, or leaves them out.
#
# Seen with iohub 0.3.11, zarr 3.4.2, ome-zarr-models 1.8.1.
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
  iohub==0.3.11 zarr==3.4.2 ome-zarr-models==1.8.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import logging

import numpy as np
import ome_zarr_models
import zarr
from iohub.ngff import open_ome_zarr

logging.disable(logging.WARNING)


def image(path: str, rdefs: dict[str, object]) -> str:
    """Write an image with these display settings and return its path."""
    axes = [
        {"name": "c", "type": "channel"},
        *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
    ]
    scale = [{"type": "scale", "scale": [1.0, 0.5, 0.25, 0.25]}]
    window = {"min": 0, "max": 255, "start": 0, "end": 255}
    ome = {
        "version": "0.5",
        "multiscales": [
            {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
        ],
        "omero": {
            "channels": [{"label": "nuclei", "color": "FFFFFF", "window": window}],
            "rdefs": rdefs,
        },
    }
    group = zarr.create_group(path, attributes={"ome": ome})
    names = [axis["name"] for axis in axes]
    group.create_array("0", data=np.ones((1, 4, 8, 8), np.uint8), dimension_names=names)
    return path


def channels(path: str) -> str:
    """What iohub says of the image's channels."""
    try:
        with open_ome_zarr(path, mode="r") as opened:
            return str(opened.channel_names)
    except Exception as error:
        return type(error).__name__


bare = image("bare.zarr", {"model": "greyscale"})
whole = image("whole.zarr", {"model": "greyscale", "defaultT": 0, "defaultZ": 2})
ome_zarr_models.open_ome_zarr(zarr.open_group(bare, mode="r"))  # raises if it is not valid
print(f"without a plane to begin at: {channels(bare)}")
print(f"with one:                    {channels(whole)}")
seen = channels(bare), channels(whole)
assert seen == ("AttributeError", "['nuclei']"), f"The behaviour has changed: {seen}."
PY
