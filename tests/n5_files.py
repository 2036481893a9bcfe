"""N5 read as its specification says, by nothing but the standard library and NumPy."""

from __future__ import annotations

import gzip
import json
import struct
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def attributes(folder: Path) -> dict[str, Any]:
    """What a folder's attributes say."""
    stated: dict[str, Any] = json.loads((folder / "attributes.json").read_text("utf-8"))
    return stated


def chunk(path: Path, stated: dict[str, Any]) -> NDArray[Any]:
    """Read the file of one chunk; axes in z, y, x order."""
    content = path.read_bytes()
    mode, axes = struct.unpack_from(">HH", content)
    assert mode == 0
    extents = struct.unpack_from(f">{axes}I", content, 4)
    packed = content[4 + 4 * axes :]
    if stated["compression"]["type"] == "gzip":
        packed = gzip.decompress(packed)
    voxels = np.frombuffer(packed, np.dtype(stated["dataType"]).newbyteorder(">"))
    return voxels.reshape(extents[::-1])


def dataset(folder: Path) -> NDArray[Any]:
    """Read a dataset, of which no chunk may be missing; axes in z, y, x order."""
    stated = attributes(folder)
    shape, steps = stated["dimensions"][::-1], stated["blockSize"][::-1]
    voxels = np.zeros(shape, stated["dataType"])
    for place in product(*(range(-(-n // step)) for n, step in zip(shape, steps, strict=True))):
        begin = [number * step for number, step in zip(place, steps, strict=True)]
        part = chunk(folder.joinpath(*map(str, place[::-1])), stated)
        # A chunk is full, but where the dataset ends.
        ends = [min(b + s, n) for b, s, n in zip(begin, steps, shape, strict=True)]
        assert list(part.shape) == [end - b for end, b in zip(ends, begin, strict=True)]
        voxels[tuple(map(slice, begin, ends))] = part
    return voxels
