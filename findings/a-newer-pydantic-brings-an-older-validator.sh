#!/usr/bin/env bash
# A small, valid OME-Zarr 0.4, read by ome-zarr-models 1.6 with two versions of pydantic.
#
# One would guess: a validator that installs beside a package accepts a valid image, whichever of
#   the allowed versions of that package it is.
# What happens: version 1.6 sets no upper bound for pydantic, and with 2.13 and later it refuses
#   every image, at first use, with an error about its own class; with 2.12 the same image is
#   accepted. Version 1.7 asks for pydantic below 2.13. So where something else wants a newer
#   pydantic, the resolver does not fail: it goes back to 1.6, the version that cannot work there.
# Why it matters: an environment that was resolved anew reports "invalid" for whatever it is given,
#   and nothing was changed but a package that has nothing to do with images. State a lower bound
#   for the validator (>= 1.7), and the resolver says what does not fit.
#
# Seen with ome-zarr-models 1.6 and 1.7, pydantic 2.12.5 and 2.14.4, pydantic-zarr 0.9.2,
# zarr 3.1.6. Needs Python 3.11 or newer.
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "This needs Python 3.11 or newer: set PYTHON to one, e.g. PYTHON=python3.11." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
cd "$folder"
cat >validate.py <<'PY'
import pydantic
import zarr
from ome_zarr_models.v04.image import Image

group = zarr.open_group("image.ome.zarr", mode="w", zarr_format=2)
group.create_array("0", shape=(4, 8, 8), chunks=(4, 8, 8), dtype="uint8")
axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
scale = {"type": "scale", "scale": [2.0, 0.5, 0.5]}
level = {"path": "0", "coordinateTransformations": [scale]}
group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]
try:
    said = f"accepted, {Image.from_zarr(group).attributes.multiscales[0].version}"
except Exception as error:
    said = f"{type(error).__name__}: {str(error).partition(';')[0]}"
print(f"pydantic {pydantic.VERSION}: {said}")
PY
pip() { "$folder/venv/bin/python" -m pip --disable-pip-version-check "$@"; }
seen=""
for version in 2.12.5 2.14.4; do
  pip install --quiet --no-compile ome-zarr-models==1.6 pydantic==$version pydantic-zarr==0.9.2 zarr==3.1.6
  line=$("$folder/venv/bin/python" validate.py)
  echo "ome-zarr-models 1.6, $line"
  seen+="$line;"
done
if pip install --quiet --dry-run ome-zarr-models==1.7 pydantic==2.14.4 >/dev/null 2>"$folder/refused"; then
  echo "The behaviour has changed: ome-zarr-models 1.7 now installs beside pydantic 2.14.4." >&2
  exit 1
fi
grep -q "onflict" "$folder/refused"
echo "ome-zarr-models 1.7 does not install beside pydantic 2.14.4"
expected="pydantic 2.12.5: accepted, 0.4;pydantic 2.14.4: PydanticUserError: \`Image\` is not fully defined;"
[[ $seen == "$expected" ]] || {
  echo "The behaviour has changed: expected $expected" >&2
  exit 1
}
