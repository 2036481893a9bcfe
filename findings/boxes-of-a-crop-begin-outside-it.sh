#!/usr/bin/env bash
# tensorstore's downsample (mean, factor 4) of a crop of a ramp, elements 3 to 18 of x = 0, 100,
# 200, ...
#
# One would guess: 16 elements make 4 level voxels, the first of them the mean of elements 3 to 6.
# What happens: a slice keeps the indices of the whole, and boxes begin at multiples of the factor
#   from index 0. The crop of 16 becomes 5 voxels: the first is element 3 alone, the last the mean
#   of three; numpy and dask, whose crops begin at 0, give 4 others. After translate_to[0] there
#   are 4. Apart from its ends the shrunk crop equals the crop of the shrunk whole, which is the
#   gain.
# Why it matters: the edge of a cropped, shrunk image is noisier than the rest, as it averages
#   fewer voxels, and its size is one more than size / factor; whoever writes it as a new image
#   with the usual translation (factor - 1) / 2 puts it beside its place by up to factor - 1
#   voxels.
#
# Seen with tensorstore 0.1.86, numpy 2.4.6.
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
  tensorstore==0.1.86 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tensorstore as ts

FACTOR = 4
ramp = np.arange(40, dtype=np.float32) * 100
crop = ts.array(ramp)[3:19]


def shrunk(view: ts.TensorStore) -> list[float]:
    return ts.downsample(view, [FACTOR], "mean").read().result().tolist()


seen = {
    "numpy": ramp[3:19].reshape(-1, FACTOR).mean(axis=1).tolist(),
    "tensorstore": shrunk(crop),
    "tensorstore, translate_to[0]": shrunk(crop.translate_to[0]),
    "the whole, then cropped": shrunk(ts.array(ramp))[0:5],
}
for way, means in seen.items():
    print(f"{way}: {means}")
boxes_from_the_crop = [450.0, 850.0, 1250.0, 1650.0]
expected = {
    "numpy": boxes_from_the_crop,
    "tensorstore": [300.0, 550.0, 950.0, 1350.0, 1700.0],
    "tensorstore, translate_to[0]": boxes_from_the_crop,
    "the whole, then cropped": [150.0, 550.0, 950.0, 1350.0, 1750.0],
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
