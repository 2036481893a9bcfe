#!/usr/bin/env bash
# A TIFF of four planes, each compressed by zlib, planes 1 and 3 with a predictor, 0 and 2 without.
# ImageJ's lines in the first plane say that they are one stack. The planes are read one by one, and
# as the image that they are, by tifffile and by bioio-tifffile.
#
# One would guess: each directory of a TIFF says how its plane is stored, so a reader of the stack
#   decodes each plane by its own tags, or raises an error if it cannot.
# What happens: pages[number].asarray() of tifffile gives all four planes right. The stack, by
#   imread, series or aszarr, is decoded by the tags of its first plane: planes 1 and 3 are other
#   numbers, of the right shape and type, without an error. So it is in bioio-tifffile. Without
#   ImageJ's lines, imread returns planes 0 and 2 alone.
# Why it matters: nothing tells that half of the image is wrong; noise that appears in every other
#   plane looks like a bad camera. Ask each page for compression, predictor and strips before a
#   series is trusted: reading its directory takes no voxel.
#
# Seen with tifffile 2026.3.3, bioio-tifffile 1.3.1, zarr 3.1.6, numpy 2.4.6, Python 3.11.
set -euo pipefail

python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  tifffile==2026.3.3 bioio-tifffile==1.3.1 bioio-base==3.5.0 zarr==3.1.6 numcodecs==0.16.6 \
  numpy==2.4.6 imagecodecs==2026.3.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tifffile
import zarr
from bioio_tifffile import Reader

stack = np.random.default_rng(0).integers(0, 4096, (4, 37, 39), "uint16")


def write(name: str, first: str | None) -> None:
    with tifffile.TiffWriter(name) as tiff:
        for number, plane in enumerate(stack):
            tiff.write(
                plane,
                photometric="minisblack",
                metadata=None,
                description=first if number == 0 else None,
                compression="zlib",
                predictor=2 if number % 2 else None,
            )


def right(planes: np.ndarray) -> list[bool]:
    return [bool(np.array_equal(one, other)) for one, other in zip(planes, stack)]


write("stack.tif", "ImageJ=1.53t\nimages=4\nslices=4\n")
with tifffile.TiffFile("stack.tif") as tiff:
    found = {
        "page by page": right([page.asarray() for page in tiff.pages]),
        "series": right(tiff.series[0].asarray()),
        "aszarr": right(zarr.open_array(tiff.series[0].aszarr(), mode="r")[...]),
    }
found["imread"] = right(tifffile.imread("stack.tif"))
found["bioio-tifffile"] = right(np.asarray(Reader("stack.tif").data).reshape(stack.shape))
for name, planes in found.items():
    print(f"{name}: planes that are right: {planes}")
half = [True, False, True, False]
expected = {name: half for name in found} | {"page by page": [True] * 4}
assert found == expected, f"The behaviour has changed: expected {expected}."

write("plain.tif", None)
plain = tifffile.imread("plain.tif")
print(f"without ImageJ's lines: {len(plain)} planes of 4")
assert np.array_equal(plain, stack[::2]), "Without the lines: planes 0 and 2 are expected."
PY
