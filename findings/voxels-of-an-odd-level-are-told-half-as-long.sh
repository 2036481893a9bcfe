#!/usr/bin/env bash
# An Imaris file has two levels. Along x the image has 131 voxels of 1 µm, and level 1 has 66: it was
# rounded up, so that the last voxel is not lost. Along y there are 128 and 64.
#
# One would guess: a voxel of level 1 is 2 µm long, or, as the format says only from where to where
#   an image reaches, 131 / 66 = 1.985 µm.
# What happens: imaris-ims-zarr takes the whole part of 131 / 66, which is 1, and tells 1 µm along x
#   beside 2 µm along y. What is measured in level 1 is half as long along x as it is, without a
#   word. imaris-ims-file-reader, from which it grew, tells 1.985.
# Why it matters: levels of odd images round up in one program and down in another (Imaris rounds
#   down, and all is well), and who computes sizes must not round before the end.
#
# Seen with imaris-ims-zarr 0.2.0, imaris-ims-file-reader 0.1.8, h5py 3.16.0.
# Needs Python 3.12 or 3.13 (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' || {
  echo "This needs Python 3.12 or 3.13: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  imaris-ims-zarr==0.2.0 imaris-ims-file-reader==0.1.8 h5py==3.16.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import h5py
import numpy as np
from imaris_ims_file_reader.ims import ims as by_file_reader
from imaris_ims_zarr import ims as by_zarr

SHAPES = [(8, 128, 131), (8, 64, 66)]  # z, y, x
EXTENT = {"X": 131, "Y": 128, "Z": 8}  # in µm


def say(place: h5py.Group, **texts: object) -> None:
    """Write attributes as Imaris does: arrays of one character each."""
    for name, text in texts.items():
        place.attrs[name] = np.array([c.encode() for c in str(text)], "S1")


with h5py.File("image.ims", "w") as file:
    say(file, ImarisDataSet="ImarisDataSet", ImarisVersion="5.5.0", DataSetDirectoryName="DataSet",
        DataSetInfoDirectoryName="DataSetInfo", ThumbnailDirectoryName="Thumbnail")
    file.attrs["NumberOfDataSets"] = np.array([1], "uint32")
    image = file.create_group("DataSetInfo/Image")
    say(image, **EXTENT, Unit="um", NumberOfChannels=1,
        **{f"ExtMin{n}": 0 for n in range(3)},
        **{f"ExtMax{n}": extent for n, extent in enumerate(EXTENT.values())})
    say(file.create_group("DataSetInfo/Channel 0"), Name="one", Color="1 1 1")
    say(file.create_group("DataSetInfo/TimeInfo"), DatasetTimePoints=1, FileTimePoints=1,
        TimePoint1="2026-01-01 00:00:00.000")
    for number, shape in enumerate(SHAPES):
        stack = file.create_group(f"DataSet/ResolutionLevel {number}/TimePoint 0/Channel 0")
        say(stack, **{f"ImageSize{axis}": n for axis, n in zip("ZYX", shape)},
            HistogramMin="0.000", HistogramMax="255.000")
        stack.create_dataset("Data", data=np.ones(shape, "uint8"), chunks=(8, 64, 33))
        stack["Histogram"] = np.zeros(256, "uint64")

seen = {}
for name, reader in {"imaris-ims-zarr": by_zarr, "imaris-ims-file-reader": by_file_reader}.items():
    opened = reader("image.ims", squeeze_output=False, resolution_decimal_places=9)
    told = opened.metaData[1, 0, 0, "resolution"]
    seen[name] = tuple(round(float(size), 3) for size in told)
    print(f"{name}: a voxel of level 1 is {seen[name]} µm along z, y, x")
expected = {"imaris-ims-zarr": (1, 2, 1), "imaris-ims-file-reader": (1, 2, 1.985)}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
