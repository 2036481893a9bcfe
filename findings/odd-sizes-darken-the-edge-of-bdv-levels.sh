#!/usr/bin/env bash
# An image of one grey value, 1000, written with a pyramid by npy2bdv, in an even and an odd size.
#
# One would guess: the mean of equal voxels is that voxel, so each level is 1000 everywhere.
# What happens: an odd size is filled up with zeros to whole boxes before the mean is taken. The
#   last plane, row and column of level 1 hold 500, an edge 250, the corner 125; at level 2 the
#   corner of 17 x 17 x 17 holds 15.
# Why it matters: neighbouring tiles are compared and joined at just these borders, and few images
#   have a size that every level divides. A dark rim on the coarse levels only is easily taken for
#   shading, or for the sample's own edge.
#
# Seen with npy2bdv 1.1.0, scikit-image 0.26.0, h5py 3.16.0, numpy 2.4.6.
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
  npy2bdv==1.1.0 scikit-image==0.26.0 h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import h5py
import npy2bdv
import numpy as np


def grey_values(size: int) -> list[list[int]]:
    """The grey values that occur on each level of a cube of 1000s."""
    path = f"{size}.h5"
    writer = npy2bdv.BdvWriter(
        path, subsamp=((1, 1, 1), (2, 2, 2), (4, 4, 4)), blockdim=((16, 16, 16),) * 3
    )
    writer.append_view(np.full((size,) * 3, 1000, np.uint16), time=0, channel=0)
    writer.write_xml()
    writer.close()
    with h5py.File(path) as file:
        return [np.unique(file[f"t00000/s00/{level}/cells"]).tolist() for level in range(3)]


seen = {size: grey_values(size) for size in (16, 17)}
for size, levels in seen.items():
    print(f"a cube of {size}, all 1000: levels 0, 1, 2 hold {levels}")
expected = {
    16: [[1000], [1000], [1000]],
    17: [[1000], [125, 250, 500, 1000], [15, 62, 250, 1000]],
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
