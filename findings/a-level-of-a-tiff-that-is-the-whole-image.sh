#!/usr/bin/env bash
# A tiled OME-TIFF has three levels, in SubIFDs. tifffile hands a level out as a Zarr store:
# series.aszarr(level=1), and with multiscales=False, to have an array and not a group.
#
# One would guess: multiscales chooses between a group and an array, and level chooses the level. So
#   both stores hold level 1.
# What happens: level=1 alone is an array of level 1; with multiscales=False the level is not looked
#   at, and the array is level 0, the whole image, without a word. So are level 2 and all others.
# Why it matters: the arguments say twice what one wants, and what is read is four or sixteen times
#   as much, in another place than where it is thought to lie. series.levels[1].aszarr() is right.
#
# Seen with tifffile 2026.11.8, zarr 3.4.2, numpy 2.5.5.
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
  tifffile==2026.11.8 zarr==3.4.2 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tifffile
import zarr

image = np.random.default_rng(0).integers(0, 4000, (8, 256, 256), dtype=np.uint16)
with tifffile.TiffWriter("image.ome.tif", ome=True) as tiff:
    tiff.write(image, subifds=2, tile=(64, 64), metadata={"axes": "ZYX"})
    for step in (2, 4):
        tiff.write(image[:, ::step, ::step], subfiletype=1, tile=(64, 64))


def shape(series: tifffile.TiffPageSeries, **options: object) -> tuple[int, ...]:
    """The shape of the array that a store holds."""
    store = series.aszarr(**options)
    try:
        return zarr.open_array(store, mode="r").shape
    finally:
        store.close()


with tifffile.TiffFile("image.ome.tif") as tiff:
    series = tiff.series[0]
    seen = {
        "level=1": shape(series, level=1),
        "level=1, multiscales=False": shape(series, level=1, multiscales=False),
        "level=2, multiscales=False": shape(series, level=2, multiscales=False),
        "levels[1].aszarr()": shape(series.levels[1]),
    }
for asked, found in seen.items():
    print(f"{asked}: {found}")
expected = [(8, 128, 128), (8, 256, 256), (8, 256, 256), (8, 128, 128)]
assert list(seen.values()) == expected, f"The behaviour has changed: expected {expected}."
PY
