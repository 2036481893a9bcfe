#!/usr/bin/env bash
# A zarr array of 100 sevens is cut to 45 and grown to 100 again, with chunks of 10, once as plain
# chunk files and once with the same chunks in shards of 40.
#
# One would guess: what was cut off is gone; the regrown part holds the fill value, 0.
# What happens: chunks (or shards) that lie wholly beyond the new end are deleted, the one that
#   holds the end is left as it is. So plain chunks bring back elements 45 to 49, and in shards
#   elements 45 to 79: three whole chunks beyond the end that no reader saw in between. Storing the
#   same chunks in shards changes what the array holds afterwards.
# Why it matters: a time-lapse is cut back to its last good frame, then grown for the next ones.
#   What is not written yet then shows old frames, and in shards many of them. Write the fill value
#   into the tail before cutting it off.
#
# Seen with zarr 3.4.2, numpy 2.5.5.
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
  zarr==3.4.2 numcodecs==0.17.1 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import zarr


def remembered(**layout: tuple[int, ...]) -> list[int]:
    """The elements beyond 45 that are not the fill value after cutting and growing."""
    array = zarr.create_array({}, shape=(100,), dtype=np.uint8, chunks=(10,), **layout)
    array[:] = 7
    array.resize((45,))
    array.resize((100,))
    return (45 + np.flatnonzero(array[45:])).tolist()


seen = {"chunks of 10": remembered(), "the same in shards of 40": remembered(shards=(40,))}
for layout, elements in seen.items():
    print(f"{layout}: these elements come back as sevens: {elements}")
expected = {"chunks of 10": list(range(45, 50)), "the same in shards of 40": list(range(45, 80))}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
