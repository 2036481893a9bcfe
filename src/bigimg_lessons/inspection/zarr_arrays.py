"""Arrays of Zarr v2 and v3, described from their metadata alone, as the specifications lay down.

zarr-specs.readthedocs.io: "Zarr storage specification version 2" and "Zarr core specification
version 3.1", with the codec ``sharding_indexed``. Nothing here needs a Zarr library, so that
what a library refuses (another version, a codec that it lacks) can still be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.inspection.dtypes import item_size, type_named
from bigimg_lessons.inspection.errors import InspectionError, NoImageError
from bigimg_lessons.inspection.json_values import extents, items, mapping, parsed, text
from bigimg_lessons.inspection.places import Place
from bigimg_lessons.inspection.report import Files, Layout, Level

_PLAIN = {"bytes", "endian", "crc32c"}  # codecs that compress nothing
_MAX_LEVELS = 64


@dataclass(frozen=True, kw_only=True)
class ArrayMetadata:
    """What the metadata of an array says.

    Parameters
    ----------
    zarr_format
        2 or 3.
    shape, chunk_shape, shard_shape
        As in :class:`bigimg_lessons.inspection.report.Level`.
    dtype
        Name of the type.
    codec
        Names of filters and codecs that change bytes.
    names
        Names of its axes, empty texts for those without.
    attributes
        What else its owner says of it.
    """

    zarr_format: int
    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...] | None
    shard_shape: tuple[int, ...] | None
    dtype: str
    codec: tuple[str, ...]
    names: tuple[str, ...]
    attributes: Mapping[str, Any]

    @property
    def layout(self) -> Layout:
        """How it is cut."""
        return "shards" if self.shard_shape else "chunks"

    @property
    def file_count(self) -> int | None:
        """The number of files where every chunk or shard is stored."""
        unit = self.shard_shape or self.chunk_shape
        if unit is None:
            return None
        return math.prod(-(-n // c) for n, c in zip(self.shape, unit, strict=True))

    @property
    def file_bytes(self) -> int | None:
        """Bytes of the voxels in one such file, where it is full; None if they are not known."""
        unit, size = self.shard_shape or self.chunk_shape, item_size(self.dtype)
        return None if unit is None or size is None else math.prod(unit) * size


@dataclass(frozen=True)
class Node:
    """A group or an array of Zarr.

    Parameters
    ----------
    zarr_format
        2 or 3.
    attributes
        What its owner says of it.
    array
        What it is, if it is an array.
    """

    zarr_format: int
    attributes: Mapping[str, Any]
    array: ArrayMetadata | None = None


def inside(folder: str, name: str) -> str:
    """Return the path of something in a folder, whose own path may be empty."""
    return f"{folder}/{name}" if folder else name


def read_node(place: Place, path: str = "") -> Node | None:
    """Read what a folder is in Zarr.

    Parameters
    ----------
    place
        Where it lies.
    path
        The folder in it.

    Returns
    -------
    Node or None
        None if it is nothing of Zarr's.

    Raises
    ------
    InspectionError
        If its metadata is damaged.
    """
    name = f"{place.name}/{inside(path, 'zarr.json')}"
    if (content := place.read(inside(path, "zarr.json"))) is not None:
        return _node_of_v3(parsed(content, name), name)
    attributes: Mapping[str, Any] = {}
    array, group = (place.read(inside(path, part)) for part in (".zarray", ".zgroup"))
    if array is None and group is None:
        return None
    if (content := place.read(inside(path, ".zattrs"))) is not None:
        attributes = parsed(content, f"{place.name}/{inside(path, '.zattrs')}")
    if array is None:
        return Node(2, attributes)
    name = f"{place.name}/{inside(path, '.zarray')}"
    return Node(2, attributes, _array_of_v2(parsed(array, name), attributes, name))


def _node_of_v3(document: Mapping[str, Any], name: str) -> Node:
    if document.get("zarr_format") != 3:
        raise InspectionError(
            f"{name} states the zarr_format {document.get('zarr_format')!r}, and 2 and 3 are read: "
            "open it with the program that wrote it, or with a newer version of this one."
        )
    attributes = mapping(document.get("attributes"))
    kind = document.get("node_type")
    if kind == "array":
        return Node(3, attributes, _array_of_v3(document, attributes, name))
    if kind != "group":
        raise InspectionError(f"{name} has the node_type {kind!r}, neither array nor group.")
    return Node(3, attributes)


def _shape(document: Mapping[str, Any], name: str) -> tuple[int, ...]:
    shape = extents(document.get("shape"))
    if shape is None:
        stated = document.get("shape")
        lacks = isinstance(stated, list) and all(type(n) is int and n >= 0 for n in stated)
        raise (NoImageError if lacks else InspectionError)(
            f"{name} states the shape {str(document.get('shape'))[:80]}: whole numbers of 1 or "
            "more belong there."
        )
    return shape


def _fitting(chunk: tuple[int, ...] | None, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    return chunk if chunk is not None and len(chunk) == len(shape) else None


def _array_of_v2(
    document: Mapping[str, Any], attributes: Mapping[str, Any], name: str
) -> ArrayMetadata:
    if document.get("zarr_format") != 2:
        raise InspectionError(
            f"{name} states the zarr_format {document.get('zarr_format')!r}, and should state 2."
        )
    shape = _shape(document, name)
    stages = [*items(document.get("filters")), document.get("compressor")]
    codec = []
    for stage in map(mapping, stages):
        named = text(stage.get("id"))
        if named is not None:
            inner = text(stage.get("cname"))
            codec.append(f"{named} ({inner})" if inner else named)
    names = [text(each) or "" for each in items(attributes.get("_ARRAY_DIMENSIONS"))]
    return ArrayMetadata(
        zarr_format=2,
        shape=shape,
        chunk_shape=_fitting(extents(document.get("chunks")), shape),
        shard_shape=None,
        dtype=type_named(str(document.get("dtype"))),
        codec=tuple(codec),
        names=tuple(names) if len(names) == len(shape) else ("",) * len(shape),
        attributes=attributes,
    )


def _array_of_v3(
    document: Mapping[str, Any], attributes: Mapping[str, Any], name: str
) -> ArrayMetadata:
    shape = _shape(document, name)
    grid = mapping(document.get("chunk_grid"))
    chunk = None
    if grid.get("name") == "regular":
        chunk = extents(mapping(grid.get("configuration")).get("chunk_shape"))
    codecs = items(document.get("codecs"))
    shard = None
    for stage in map(mapping, codecs):
        if stage.get("name") == "sharding_indexed":
            settings = mapping(stage.get("configuration"))
            shard, chunk = chunk, extents(settings.get("chunk_shape"))
            codecs = items(settings.get("codecs"))
            break
    chunk, shard = _fitting(chunk, shape), _fitting(shard, shape)
    if chunk is None or (shard and any(s % c for s, c in zip(shard, chunk, strict=True))):
        shard = None
    names = [text(each) or "" for each in items(document.get("dimension_names"))]
    kind = document.get("data_type")
    return ArrayMetadata(
        zarr_format=3,
        shape=shape,
        chunk_shape=chunk,
        shard_shape=shard,
        dtype=kind if isinstance(kind, str) else str(mapping(kind).get("name"))[:40],
        codec=tuple(_codec_names(codecs)),
        names=tuple(names) if len(names) == len(shape) else ("",) * len(shape),
        attributes=attributes,
    )


def _codec_names(codecs: Sequence[Any]) -> list[str]:
    found = []
    for stage in codecs:
        named = stage if isinstance(stage, str) else text(mapping(stage).get("name"))
        if named is None or named in _PLAIN:
            continue
        inner = text(mapping(mapping(stage).get("configuration")).get("cname"))
        found.append(f"{named} ({inner})" if inner else named)
    return found


def described(
    place: Place,
    path: str,
    array: ArrayMetadata,
    *,
    voxel_size: tuple[float | None, ...] | None = None,
    offset: tuple[float | None, ...] | None = None,
) -> Level:
    """Describe an array as a level, with the ratio by which its files are compressed.

    Parameters
    ----------
    place, path
        Where it lies.
    array
        What its metadata says.
    voxel_size, offset
        What is told of it.
    """
    counted = place.counted(path)
    ratio, size = None, item_size(array.dtype)
    if counted is not None and size and array.file_bytes:
        documents = [
            len(content)
            for name in ("zarr.json", ".zarray", ".zattrs")
            if (content := place.read(inside(path, name))) is not None
        ]
        # Every other file is a chunk or a shard, which is stored in full size.
        chunks, nbytes = counted.number - len(documents), counted.nbytes - sum(documents)
        if chunks > 0 and nbytes > 0:
            # Where all are there, what sticks out of the image is not counted.
            is_all = counted.is_all and chunks == array.file_count
            full = math.prod(array.shape) * size if is_all else chunks * array.file_bytes
            ratio = full / nbytes
    return Level(
        path=path or ".",
        shape=array.shape,
        dtype=array.dtype,
        layout=array.layout,
        chunk_shape=array.chunk_shape,
        shard_shape=array.shard_shape,
        codec=array.codec,
        voxel_size=voxel_size,
        offset=offset,
        ratio=ratio,
    )


def files_of(place: Place, arrays: Sequence[ArrayMetadata]) -> Files:
    """Count the files of an image, and say how many there may be.

    Parameters
    ----------
    place
        Its folder.
    arrays
        Its levels.
    """
    counts = [array.file_count for array in arrays]
    expected = None if None in counts else sum(n for n in counts if n is not None)
    counted = place.counted()
    if counted is None:
        return Files(number=None, nbytes=None, expected=expected)
    return Files(
        number=counted.number,
        nbytes=counted.nbytes,
        at_least=not counted.is_all,
        expected=expected,
    )
