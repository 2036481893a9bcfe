"""Three tiny files to inspect, for those who have none at hand: one well and two ill.

They are written here byte by byte, so that a page can carry them: each has some kilobytes. Their
cells are drawn, not seen, so they are synthetic.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GZIP = {"name": "gzip", "configuration": {"level": 9}}
_BYTES = {"name": "bytes", "configuration": {"endian": "little"}}


@dataclass(frozen=True)
class Example:
    """A file or a folder to inspect.

    Parameters
    ----------
    name
        Name of the file or folder.
    title
        What it is, in a few words.
    files
        Bytes of each file, by its path, which begins with `name`.
    """

    name: str
    title: str
    files: Mapping[str, bytes]


def examples() -> tuple[Example, ...]:
    """Write all examples: a flat stack, labels that were averaged, and an image that is well.

    Returns
    -------
    tuple of Example
        The same voxels each time.
    """
    return (
        Example("stack.tif", "a flat TIFF stack", {"stack.tif": _flat_stack()}),
        Example("labels.ome.zarr", "labels that were averaged", _averaged_labels()),
        Example("cells.ome.zarr", "an OME-Zarr that is well", _good_image()),
    )


def _cells(height: int, width: int, period: int) -> NDArray[np.uint8]:
    """Draw round cells with a nucleus, one in each square of `period` pixels, of many sizes."""
    row, y = np.divmod(np.arange(height)[:, None], period)
    column, x = np.divmod(np.arange(width)[None, :], period)
    size = period * (22 + (7 * row + 11 * column) % 5 * 6) // 100
    far = (y - period // 2) ** 2 + (x - period // 2) ** 2
    grey = np.where(far < size**2, 150, 40)
    grey = np.where(far < (size // 2) ** 2, 220, grey)
    return grey.astype(np.uint8)


# ---- A TIFF


def _flat_stack(planes: int = 48, side: int = 2304, rows: int = 256) -> bytes:
    """Write a stack in strips without a pyramid, as ImageJ does; all of its planes are the same.

    Strips that are alike are stored once, so the file is small.
    """
    plane = _cells(side // 4, side // 4, 64).repeat(4, axis=0).repeat(4, axis=1)
    strips = [zlib.compress(plane[top : top + rows].tobytes(), 9) for top in range(0, side, rows)]
    said = f"ImageJ=1.54f\nimages={planes}\nslices={planes}\nunit=micron\nspacing=2.0\nloop=false\n"
    body = bytearray(b"II*\0\0\0\0\0")

    def put(content: bytes) -> int:
        """Append bytes at an even place, and return it."""
        body.extend(b"\0" * (len(body) % 2))
        body.extend(content)
        return len(body) - len(content)

    kept = {strip: put(strip) for strip in dict.fromkeys(strips)}
    places = [kept[strip] for strip in strips]
    text = said.encode() + b"\0"
    at_text, at_resolution = put(text), put(struct.pack("<II", 2, 1))  # pixels for each µm
    at_places = put(struct.pack(f"<{len(strips)}I", *places))
    at_sizes = put(struct.pack(f"<{len(strips)}I", *map(len, strips)))
    short, long, fraction = 3, 4, 5
    tags = [
        (256, long, 1, side),  # width
        (257, long, 1, side),
        (258, short, 1, 8),  # bits
        (259, short, 1, 8),  # deflate
        (262, short, 1, 1),  # black is zero
        (270, 2, len(text), at_text),
        (273, long, len(strips), at_places),
        (277, short, 1, 1),
        (278, long, 1, rows),
        (279, long, len(strips), at_sizes),
        (282, fraction, 1, at_resolution),
        (283, fraction, 1, at_resolution),
        (296, short, 1, 1),  # the unit is that of the text
    ]
    link = 4  # where the place of the next directory stands
    for _ in range(planes):
        content = struct.pack("<H", len(tags))
        content += b"".join(struct.pack("<HHII", *tag) for tag in tags)
        place = put(content + b"\0\0\0\0")
        struct.pack_into("<I", body, link, place)
        link = place + len(content)
    return bytes(body)


# ---- OME-Zarr


def _averaged_labels() -> dict[str, bytes]:
    """Write objects whose numbers were averaged in level 1, so that it has objects of its own."""
    z, y, x = np.ogrid[:16, :96, :96]
    numbers = 10 + (y // 24 * 4 + x // 24 + z // 8 * 16) * 7 % 32 * 10
    inside = (y % 24 - 12) ** 2 + (x % 24 - 12) ** 2 < 13**2  # they touch each other
    labels = np.where(inside, numbers, 0).astype("<u4")
    mean = labels.reshape(16, 48, 2, 48, 2).mean((2, 4)).round().astype("<u4")
    return _ome_zarr(
        "labels.ome.zarr",
        [labels, mean],
        chunk_shape=(16, 48, 48),
        voxel_size=(2.0, 0.5, 0.5),
        more={"image-label": {}},
    )


def _good_image() -> dict[str, bytes]:
    """Write an image with chunks, levels and their places, as it should be."""
    z = np.arange(16)[:, None, None]
    image = _cells(256, 256, 64)[None] // (1 + abs(z - 8) // 4)
    levels = [image.astype("u1")]
    for _ in range(2):
        planes, height, width = levels[-1].shape
        boxes = levels[-1].reshape(planes, height // 2, 2, width // 2, 2)
        levels.append(boxes.mean((2, 4)).round().astype("u1"))
    return _ome_zarr(
        "cells.ome.zarr", levels, chunk_shape=(16, 64, 64), voxel_size=(0.5, 0.125, 0.125)
    )


def _ome_zarr(
    name: str,
    levels: Sequence[NDArray[Any]],
    *,
    chunk_shape: tuple[int, int, int],
    voxel_size: tuple[float, float, float],
    more: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """Write OME-Zarr 0.5 of zyx, with levels halved along y and x, each half a voxel further."""
    datasets: list[dict[str, Any]] = []
    found: dict[str, bytes] = {}
    for number, level in enumerate(levels):
        scale = [voxel_size[0], *(size * 2**number for size in voxel_size[1:])]
        shift = [(big - small) / 2 for big, small in zip(scale, voxel_size, strict=True)]
        transformations = [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": shift},
        ]
        datasets.append({"path": str(number), "coordinateTransformations": transformations})
        found |= _array(f"{name}/{number}", level, chunk_shape)
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    multiscale = {"name": name.partition(".")[0], "axes": axes, "datasets": datasets}
    ome = {"version": "0.5", "multiscales": [multiscale], **(more or {})}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    return {f"{name}/zarr.json": json.dumps(group).encode(), **found}


def _array(path: str, voxels: NDArray[Any], chunk_shape: tuple[int, int, int]) -> dict[str, bytes]:
    """Write a Zarr v3 array of which the chunks are compressed as browsers know it."""
    metadata = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": voxels.shape,
        "data_type": voxels.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk_shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [_BYTES, _GZIP],
        "dimension_names": ["z", "y", "x"],
        "attributes": {},
    }
    found = {f"{path}/zarr.json": json.dumps(metadata).encode()}
    counts = (-(-n // c) for n, c in zip(voxels.shape, chunk_shape, strict=True))
    for place in product(*map(range, counts)):
        begins = [at * c for at, c in zip(place, chunk_shape, strict=True)]
        box = tuple(slice(begin, begin + c) for begin, c in zip(begins, chunk_shape, strict=True))
        chunk = np.zeros(chunk_shape, voxels.dtype)
        part = voxels[box]
        chunk[tuple(map(slice, part.shape))] = part
        key = "/".join(map(str, place))
        found[f"{path}/c/{key}"] = gzip.compress(chunk.tobytes(), 9, mtime=0)
    return found
