#!/usr/bin/env bash
# Labels shrunk by tinybrain's downsample_segmentation: the same array in C and in Fortran order.
#
# One would guess: the order in memory changes the speed, not the labels, and each level voxel gets
#   the most frequent label of its box.
# What happens: with the factor (2, 2, 2) this is true of a Fortran-ordered array. Of the same
#   array in C order, numpy's own, voxels are mixed that do not lie beside each other: here about
#   one box in five gets a label that is not the most frequent. Nothing is raised or warned of. The
#   factor (2, 2, 1) is right for both, and so are averages.
# Why it matters: a label volume read from TIFF, HDF5 or Zarr is C-ordered. Small objects vanish
#   and neighbours swap at level 1 already. numpy.asfortranarray before the call is the remedy.
#
# Seen with tinybrain 1.7.0, numpy 2.4.6.
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
  tinybrain==1.7.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tinybrain

SIZE = 16
LABELS = (0, 10, 20)
volume = np.random.default_rng(1).choice(LABELS, size=(SIZE,) * 3, p=(0.6, 0.2, 0.2)).astype("u4")


def not_most_frequent(image: np.ndarray, factor: tuple[int, int, int]) -> int:
    """How many voxels of level 1 hold a label that another label of their box outnumbers."""
    level = tinybrain.downsample_segmentation(image, factor, num_mips=1)[0].reshape(
        [n // f for n, f in zip(image.shape, factor, strict=True)]
    )
    wrong = 0
    for index in np.ndindex(*level.shape):
        box = volume[tuple(slice(i * f, (i + 1) * f) for i, f in zip(index, factor, strict=True))]
        counts = {label: np.count_nonzero(box == label) for label in LABELS}
        wrong += counts[int(level[index])] < max(counts.values())
    return wrong


seen = {
    (order, factor): not_most_frequent(np.array(volume, order=order), factor)
    for factor in ((2, 2, 1), (2, 2, 2))
    for order in "FC"
}
for (order, factor), wrong in seen.items():
    boxes = volume.size // np.prod(factor)
    print(f"order {order}, factor {factor}: {wrong} of {boxes} boxes not the most frequent label")
expected = {("F", (2, 2, 1)): 0, ("C", (2, 2, 1)): 0, ("F", (2, 2, 2)): 0, ("C", (2, 2, 2)): 95}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
