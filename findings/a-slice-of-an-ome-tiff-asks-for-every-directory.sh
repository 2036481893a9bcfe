#!/usr/bin/env bash
# A tiled OME-TIFF of 32 planes with three levels, in SubIFDs, is opened with bioio's reader for
# OME-TIFF, in chunks of one plane, and a YZ slice is read. Requests are counted at the file.
#
# One would guess: bioio shows three levels, as tifffile does, and the slice asks for some tiles of
#   each plane: 4 of 64 x 64 pixels, or all 16; so 512 requests at most, and some for opening.
# What happens: it shows one level, and for each plane that is read the file is opened anew and the
#   directories of all planes and levels are walked again, so requests grow with the square of the
#   number of planes. 1,024 tiles of a volume of 256 x 1024 x 1024 voxels took 854,528 requests.
# Why it matters: a viewer has no pyramid to zoom out, and over a network each request waits.
#
# Seen with bioio 3.6.0, bioio-ome-tiff 1.4.0, tifffile 2026.3.3, zarr 3.1.6, dask 2026.8.0,
#   numpy 2.4.6, fsspec 2026.9.0.
# Needs Python 3.11 (PYTHON=/path/to/python3.11 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  echo "This needs Python 3.11: set PYTHON to one, e.g. PYTHON=python3.11." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  bioio==3.6.0 bioio-ome-tiff==1.4.0 tifffile==2026.3.3 zarr==3.1.6 dask==2026.8.0 \
  numpy==2.4.6 fsspec==2026.9.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import io
import os

import fsspec
import numpy as np
import tifffile
from bioio import BioImage
from bioio_ome_tiff import Reader
from fsspec.implementations.local import LocalFileSystem

image = np.random.default_rng(0).integers(0, 256, (32, 256, 256), dtype=np.uint8)
with tifffile.TiffWriter("image.ome.tif", ome=True) as tiff:
    tiff.write(image, subifds=2, tile=(64, 64), metadata={"axes": "ZYX"})
    for step in (2, 4):
        tiff.write(image[:, ::step, ::step], subfiletype=1, tile=(64, 64))

opened, requests = 0, 0


class CountedFile(io.FileIO):
    """A local file, unbuffered, that counts its reads."""

    def fileno(self):
        raise OSError("NumPy would read through it, uncounted")

    def read(self, size=-1):
        global requests
        requests += 1
        return super().read(size)

    def readinto(self, buffer):
        global requests
        requests += 1
        return super().readinto(buffer)


class CountedFiles(LocalFileSystem):
    """Local files under counted://."""

    protocol = "counted"
    cachable = False

    def _open(self, path, mode="rb", **options):
        global opened
        opened += 1
        return CountedFile(self._strip_protocol(path), "rb")


fsspec.register_implementation("counted", CountedFiles)
bioimage = BioImage(
    f"counted://{os.path.abspath('image.ome.tif')}", reader=Reader, chunk_dims=["Y", "X"]
)
lazy = bioimage.get_image_dask_data("ZYX")
opening = requests
opened = requests = 0
voxels = lazy[:, :, 128].compute(scheduler="synchronous")

with tifffile.TiffFile("image.ome.tif") as tiff:
    levels = len(tiff.series[0].levels)
    directories = sum(1 + len(page.subifds or ()) for page in tiff.pages)
print(f"levels: tifffile {levels}, bioio {len(bioimage.resolution_levels)}")
print(f"to open: {opening:,} requests; the file has {directories} directories")
print(f"YZ slice: {requests:,} requests, and the file was opened {opened} times")
assert np.array_equal(voxels, image[:, :, 128]), "The behaviour has changed: other voxels."
assert (levels, len(bioimage.resolution_levels)) == (3, 1), "The behaviour has changed: levels."
assert opened >= len(image), "The behaviour has changed: the file is opened less often."
assert requests > len(image) * directories, "The behaviour has changed: fewer requests."
PY
