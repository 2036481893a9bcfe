"""The chunk explorer: choose chunks and a region, see what reading it costs."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal, SupportsIndex

import anywidget
import numpy as np
import traitlets

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import ONE_BY_ONE, READERS
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.widgets.base import JS, whole_module

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
"""Types of a voxel that the explorer offers."""

ORIENTATIONS = ("XY", "XZ", "YZ", "cube")
"""What is read: a slice along two of the axes, or a cube."""

_FIXED_AXIS = {"XY": 0, "XZ": 1, "YZ": 2}
_SETTING = (
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


@dataclass(frozen=True)
class Preset:
    """How a file format usually cuts a volume.

    Parameters
    ----------
    name
        Name for people.
    chunk
        Voxels of a chunk along z, y, x; ``None`` for the whole axis. Cut to the volume.
    shard
        Voxels of a shard along z, y, x, likewise; ``None`` where there are no shards.
    edges
        As for `ChunkGrid`.
    one_file
        Whether the format keeps all chunks in one file.
    about
        One sentence on where these sizes come from.
    """

    name: str
    chunk: tuple[int | None, int | None, int | None]
    shard: tuple[int, int, int] | None = None
    edges: Literal["padded", "cut"] = "padded"
    one_file: bool = False
    about: str = ""

    def grid(self, shape: Sequence[int], dtype: str) -> ChunkGrid:
        """Cut a volume as this format does.

        Parameters
        ----------
        shape
            Voxels of the volume along z, y, x.
        dtype
            Type of a voxel.

        Returns
        -------
        ChunkGrid
            The volume with chunks, and shards, that are no larger than it is.
        """
        chunk = tuple(min(c or n, n) for c, n in zip(self.chunk, shape, strict=True))
        shard = self.shard and tuple(
            c * max(1, min(s // c, -(-n // c)))
            for s, c, n in zip(self.shard, chunk, shape, strict=True)
        )
        return ChunkGrid(tuple(shape), chunk, dtype, shard, self.edges)


PRESETS = (
    Preset(
        "TIFF planes",
        (1, None, None),
        edges="cut",
        one_file=True,
        about="each XY plane one strip, as ImageJ writes it",
    ),
    Preset(
        "TIFF strips",
        (1, 8, None),
        edges="cut",
        one_file=True,
        about="8 rows each: TIFF 6.0 advises strips of about 8 KiB, here with rows of 1,024 bytes",
    ),
    Preset(
        "BDV-HDF5",
        (64, 64, 64),
        one_file=True,
        about="chunks of 64³, as in this book's sample file",
    ),
    Preset("OME-Zarr", (128, 128, 128), about="chunks of 128³, each an object of its own"),
    Preset(
        "Sharded OME-Zarr",
        (64, 64, 64),
        shard=(256, 256, 256),
        about="chunks of 64³, packed into shards of 256³",
    ),
)
"""Formats to start from; sizes are common ones, writers let one choose others."""


def _as_list(value: Sequence[int] | None, _: object) -> list[int] | None:
    # Sent as the page sends it back: a tuple would count as a change of the page's own list.
    return None if value is None else list(value)


class _Checked(traitlets.Any):
    """A value that ``ChunkExplorer._check`` looks at, ``None`` too; that tells what is wrong."""

    allow_none = False


class ChunkExplorer(anywidget.AnyWidget):
    """A volume cut into chunks, and what it costs to read a slice or a cube of it.

    It works in Jupyter, in step with Python both ways, and on a page with no kernel. Axes come
    slowest first (zyx), sizes are in voxels.

    Parameters
    ----------
    shape, chunk_shape, dtype, shard_shape, edges
        As for `ChunkGrid`, with three axes; by default a volume of 256 × 1024 × 1024 in chunks
        of 64³.
    orientation
        What is read: ``"XY"``, ``"XZ"``, ``"YZ"`` or ``"cube"``.
    position
        A voxel (z, y, x). A slice goes through it; a cube starts at it. By default the middle,
        or where a cube is in the middle.
    cube_edge
        Voxels along each edge of the cube.
    storage
        A key of `STORAGES`: for which the time is told in `seconds`, and which is marked.
    reader
        A key of `READERS`: how chunks of a shard are asked for; of no matter without shards.

    Attributes
    ----------
    chunks, requests, bytes_wanted, bytes_read
        What reading the region costs; see `Reading`. Read-only, and can be observed.
    seconds
        Estimated time on `storage`, without decoding. Read-only.

    Raises
    ------
    traitlets.TraitError
        If the setting makes no sense; the old one stays. To change several parts at once, such
        as a smaller volume and smaller chunks, set them in ``with
        explorer.hold_trait_notifications():``.

    Examples
    --------
    >>> explorer = ChunkExplorer(chunk_shape=(1, 1024, 1024), edges="cut", orientation="YZ")
    >>> explorer.requests, explorer.bytes_read // explorer.bytes_wanted
    (256, 1024)
    """

    _esm = whole_module("explorer/chunk_explorer.js")
    _css = JS / "explorer" / "chunk_explorer.css"

    shape = _Checked().tag(sync=True, to_json=_as_list)
    dtype = _Checked().tag(sync=True)
    chunk_shape = _Checked().tag(sync=True, to_json=_as_list)
    shard_shape = _Checked().tag(sync=True, to_json=_as_list)
    edges = _Checked().tag(sync=True)
    reader = _Checked("one-by-one").tag(sync=True)
    orientation = _Checked().tag(sync=True)
    position = _Checked(()).tag(sync=True, to_json=_as_list)
    cube_edge = _Checked().tag(sync=True)
    storage = _Checked().tag(sync=True)

    setting_names = traitlets.List(list(_SETTING), read_only=True).tag(sync=True)
    item_sizes = traitlets.Dict(
        {name: np.dtype(name).itemsize for name in DTYPES}, read_only=True
    ).tag(sync=True)
    storages = traitlets.Dict(
        {key: asdict(entry) for key, entry in STORAGES.items()}, read_only=True
    ).tag(sync=True)
    readers = traitlets.Dict(
        {key: asdict(entry) for key, entry in READERS.items()}, read_only=True
    ).tag(sync=True)
    presets = traitlets.List(list(map(asdict, PRESETS)), read_only=True).tag(sync=True)

    chunks = traitlets.Int(read_only=True)
    requests = traitlets.Int(read_only=True)
    bytes_wanted = traitlets.Int(read_only=True)
    bytes_read = traitlets.Int(read_only=True)
    seconds = traitlets.Float(read_only=True)

    def __init__(
        self,
        *,
        shape: Sequence[int] = (256, 1024, 1024),
        chunk_shape: Sequence[int] = (64, 64, 64),
        dtype: str = "uint8",
        shard_shape: Sequence[int] | None = None,
        edges: Literal["padded", "cut"] = "padded",
        orientation: Literal["XY", "XZ", "YZ", "cube"] = "YZ",
        position: Sequence[int] | None = None,
        cube_edge: int = 128,
        storage: str = "s3",
        reader: Literal["one-by-one", "merging"] = "one-by-one",
    ) -> None:
        super().__init__(
            shape=shape,
            chunk_shape=chunk_shape,
            dtype=dtype,
            shard_shape=shard_shape,
            edges=edges,
            orientation=orientation,
            position=position,
            cube_edge=cube_edge,
            storage=storage,
            reader=reader,
        )

    @property
    def grid(self) -> ChunkGrid:
        """The volume with its chunks."""
        return ChunkGrid(self.shape, self.chunk_shape, self.dtype, self.shard_shape, self.edges)

    @property
    def region(self) -> tuple[slice, slice, slice]:
        """What is read, as one slice for each axis."""
        return _region(self.shape, self.orientation, self.position, self.cube_edge)

    @traitlets.validate(*_SETTING)
    def _check(self, proposal: dict[str, Any]) -> object:
        name = proposal["trait"].name
        setting = {key: getattr(self, key) for key in _SETTING} | {name: proposal["value"]}
        try:
            return _checked(**setting)[name]
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    @traitlets.observe(*_SETTING)
    def _count(self, _: object) -> None:
        reading = self.grid.reading(self.region, reader=READERS[self.reader])
        self.set_trait("chunks", reading.chunks)
        self.set_trait("requests", reading.requests)
        self.set_trait("bytes_wanted", reading.wanted)
        self.set_trait("bytes_read", reading.read)
        self.set_trait("seconds", STORAGES[self.storage].seconds(reading.requests, reading.read))

    def __repr__(self) -> str:
        sizes = " × ".join(map(str, self.shape))
        chunk = " × ".join(map(str, self.chunk_shape))
        return (
            f"A chunk explorer: a volume of {sizes} ({self.dtype}) in chunks of {chunk}. "
            "Run this cell in Jupyter to explore it."
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add plain HTML: the presets' numbers, for where no script runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:  # a widget without a view
            return None
        data, metadata = bundle
        return {**data, "text/html": _plain_html(self.shape, self.dtype)}, metadata


def _checked(
    *,
    shape: object,
    dtype: object,
    chunk_shape: object,
    shard_shape: object,
    edges: Any,
    reader: Any,
    orientation: Any,
    position: object,
    cube_edge: Any,
    storage: object,
) -> dict[str, object]:
    """Return a setting in its final form; complain with ValueError unless it makes sense."""
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
    if not _is_whole(cube_edge) or cube_edge < 1:
        raise ValueError(f"cube_edge is {cube_edge!r}: give a whole number of 1 or more.")
    long = cube_edge if orientation == "cube" else 1
    if position is None:
        position = [max(0, (n - long + 1) // 2) for n in grid.shape]
    place = _triple("position", position)
    if not all(map(_is_whole, place)) or not all(
        0 <= p < n for p, n in zip(place, grid.shape, strict=True)
    ):
        raise ValueError(
            f"position is {place}: give a voxel (z, y, x) inside the volume of {grid.shape}."
        )
    if any(p + long > n for p, n in zip(place, grid.shape, strict=True)):
        raise ValueError(
            f"A cube of {long} voxels from position {place} reaches outside the volume of "
            f"{grid.shape}: give a smaller cube_edge or another position."
        )
    place = tuple(map(operator.index, place))
    edge = operator.index(cube_edge)
    # So that more chunks than can be looked at are refused here.
    grid.reading(_region(grid.shape, orientation, place, edge), reader=READERS[reader])
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


def _one_of(name: str, value: object, offered: tuple[str, ...]) -> None:
    if value not in offered:
        raise ValueError(f"{name} is {value!r}: give one of {', '.join(offered)}.")


def _triple(name: str, value: Any) -> tuple[Any, ...]:
    numbers = tuple(value) if isinstance(value, Iterable) else ()
    if len(numbers) != 3:
        raise ValueError(f"{name} is {value!r}: give three whole numbers, for z, y and x.")
    return numbers


def _is_whole(value: object) -> bool:
    return isinstance(value, SupportsIndex) and not isinstance(value, bool)


def _region(
    shape: tuple[int, ...], orientation: str, position: tuple[int, ...], cube_edge: int
) -> tuple[slice, slice, slice]:
    if orientation == "cube":
        z, y, x = (slice(start, start + cube_edge) for start in position)
    else:
        fixed = _FIXED_AXIS[orientation]
        z, y, x = (
            slice(place, place + 1) if axis == fixed else slice(0, n)
            for axis, (place, n) in enumerate(zip(position, shape, strict=True))
        )
    return z, y, x


def _plain_html(shape: tuple[int, ...], dtype: str) -> str:
    """Write what a YZ slice through the middle costs with each preset, as a table."""
    middle = shape[2] // 2
    rows = []
    for preset in PRESETS:
        grid = preset.grid(shape, dtype)
        chunk = " × ".join(f"{n:,}" for n in grid.chunk_shape)
        for reader in READERS.values() if preset.shard else (ONE_BY_ONE,):
            reading = grid.reading((slice(None), slice(None), middle), reader=reader)
            name = f"{preset.name}: a reader that {reader.name}" if preset.shard else preset.name
            rows.append(
                f'<tr><th scope="row">{escape(name)}</th><td>{chunk}</td>'
                f"<td>{reading.chunks:,} of {grid.chunk_count:,}</td><td>{reading.requests:,}</td>"
                f"<td>{reading.read / 2**20:,.1f}</td><td>{reading.amplification:,.1f}</td></tr>"
            )
    size = " × ".join(f"{n:,}" for n in shape)
    heads = ("Stored as", "Chunk", "Chunks touched", "Requests", "MiB read", "Amplification")
    return (
        f'<div class="bx"><p class="bx-title">Chunk explorer</p><table><caption>A YZ slice at '
        f"x = {middle:,} through a volume of {size} voxels ({dtype})</caption><thead><tr>"
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
