"""What can be set in the chunk explorer, and whether it makes sense."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bigimg_lessons.checks import whole_number
from bigimg_lessons.costs.conversion import DTYPES
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import READERS
from bigimg_lessons.costs.storage import STORAGES

ORIENTATIONS = ("XY", "XZ", "YZ", "cube")
"""What is read: a slice along two of the axes, or a cube."""

NAMES = (
    "shape",
    "dtype",
    "chunk_shape",
    "shard_shape",
    "edges",
    "reader",
    "orientation",
    "position",
    "cube_edge",
    "storage",
)
"""The parts of a setting; `ChunkExplorer` says what each means."""

_FIXED_AXIS = {"XY": 0, "XZ": 1, "YZ": 2}


def checked_setting(
    *,
    shape: object,
    dtype: object,
    chunk_shape: object,
    shard_shape: object,
    edges: Any,
    reader: Any,
    orientation: Any,
    position: object,
    cube_edge: object,
    storage: object,
) -> dict[str, object]:
    """Return a setting in its final form: tuples of ints, and a position.

    The parameters are those of `ChunkExplorer`.

    Raises
    ------
    ValueError
        If a part makes no sense, or the parts do not fit each other.
    """
    _one_of("dtype", dtype, DTYPES)
    _one_of("orientation", orientation, ORIENTATIONS)
    _one_of("storage", storage, tuple(STORAGES))
    _one_of("reader", reader, tuple(READERS))
    grid = ChunkGrid(
        _triple("shape", shape),
        _triple("chunk_shape", chunk_shape),
        str(dtype),
        None if shard_shape is None else _triple("shard_shape", shard_shape),
        edges,
    )
    edge = whole_number("cube_edge", cube_edge, least=1)
    place = _checked_position(position, grid.shape, edge if orientation == "cube" else 1)
    # So that more chunks than can be counted are refused here.
    grid.reading(region(grid.shape, orientation, place, edge), reader=READERS[reader])
    return {
        "shape": grid.shape,
        "dtype": dtype,
        "chunk_shape": grid.chunk_shape,
        "shard_shape": grid.shard_shape,
        "edges": edges,
        "reader": reader,
        "orientation": orientation,
        "position": place,
        "cube_edge": edge,
        "storage": storage,
    }


def region(
    shape: tuple[int, ...], orientation: str, position: tuple[int, ...], cube_edge: int
) -> tuple[slice, slice, slice]:
    """Return what is read, as one slice for each axis.

    Parameters
    ----------
    shape, position
        Voxels of the volume and a voxel in it, along z, y, x.
    orientation
        One of `ORIENTATIONS`.
    cube_edge
        Voxels along each edge of the cube.
    """
    if orientation == "cube":
        z, y, x = (slice(start, start + cube_edge) for start in position)
    else:
        fixed = _FIXED_AXIS[orientation]
        z, y, x = (
            slice(place, place + 1) if axis == fixed else slice(0, n)
            for axis, (place, n) in enumerate(zip(position, shape, strict=True))
        )
    return z, y, x


def _checked_position(position: object, shape: tuple[int, ...], long: int) -> tuple[int, ...]:
    """Return a voxel from which `long` voxels along each axis are inside the volume."""
    if position is None:
        position = [max(0, (n - long + 1) // 2) for n in shape]
    place = _triple("position", position)
    try:
        inside = tuple(whole_number("position", number, least=0) for number in place)
    except ValueError:
        inside = shape  # which is outside
    if any(p >= n for p, n in zip(inside, shape, strict=True)):
        raise ValueError(
            f"position is {place}: give a voxel (z, y, x) inside the volume of {shape}."
        )
    if any(p + long > n for p, n in zip(inside, shape, strict=True)):
        raise ValueError(
            f"A cube of {long} voxels from position {place} reaches outside the volume of "
            f"{shape}: give a smaller cube_edge or another position."
        )
    return inside


def _one_of(name: str, value: object, offered: tuple[str, ...]) -> None:
    if value not in offered:
        raise ValueError(f"{name} is {value!r}: give one of {', '.join(offered)}.")


def _triple(name: str, value: Any) -> tuple[Any, ...]:
    numbers = tuple(value) if isinstance(value, Iterable) else ()
    if len(numbers) != 3:
        raise ValueError(f"{name} is {value!r}: give three whole numbers, for z, y and x.")
    return numbers
