"""The arrays of an OME-Zarr's levels: created by zarr-python, and what it takes to encode them.

Chunks through Blosc, or as they are, go into :mod:`bigimg_lessons.formats.chunk_files`, or into the
shards of :mod:`bigimg_lessons.formats.shard_files`. Others go through zarr-python; where the
package ``zarrs`` is installed that does the encoding, in threads outside Python, and without it all
works the same, only slower. (``zarrs`` leaves out chunks of nothing but zeros, which every reader
takes as zeros.)
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore, StorePath

from bigimg_lessons.formats.chunk_files import (
    Blosc,
    ChunkEncoders,
    ChunkEncoding,
    ChunkFiles,
    corners_in,
)
from bigimg_lessons.formats.shard_files import INDEX_BYTES, ShardFiles
from bigimg_lessons.pyramids import zarrs_pipeline
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.saving.objects import Objects


@dataclass(frozen=True)
class ArrayLayout:
    """How the arrays of all levels are stored.

    Parameters
    ----------
    axes
        A letter for each axis; those before the spatial ones are cut into single voxels.
    dtype
        Type of the voxels.
    chunk_shape
        Voxels of a chunk along the spatial axes.
    shard_shape
        Voxels of a shard along the spatial axes; None without shards.
    codec
        Compresses the chunks; None stores them as they are.
    zarr_format
        2 or 3.
    """

    axes: str
    dtype: np.dtype[Any]
    chunk_shape: tuple[int, ...]
    shard_shape: tuple[int, ...] | None
    codec: BytesBytesCodec | None
    zarr_format: int

    def __post_init__(self) -> None:
        if self.zarr_format == 2:
            _v2_codec(self.codec)  # a codec that Zarr v2 has not is refused before a file is there

    def create(self, place: Path | dict[str, Buffer], shape: tuple[int, ...]) -> zarr.Array[Any]:
        """Create the array of one level, with chunks no larger than the level.

        Parameters
        ----------
        place
            Folder to create; or a dictionary, for an array in memory that says how its chunks are
            stored, and holds none.
        shape
            Voxels of the level along all axes.
        """
        chunks, shards = self._fitting(shape)
        is_v3 = self.zarr_format == 3
        by_zarrs = isinstance(place, Path) and zarrs_pipeline.is_installed()
        with zarr.config.set(zarrs_pipeline.PIPELINE if by_zarrs else {}):
            return zarr.create_array(
                place if isinstance(place, Path) else MemoryStore(place),
                shape=shape,
                dtype=self.dtype,
                chunks=chunks,
                shards=shards,
                compressors=self.codec if is_v3 else _v2_codec(self.codec),
                fill_value=0,
                zarr_format=3 if is_v3 else 2,
                dimension_names=self.axes.lower() if is_v3 else None,
                chunk_key_encoding={"name": "default" if is_v3 else "v2", "separator": "/"},
                # Else zarr compares every chunk with the fill value, which takes longer than the
                # mean.
                config={"write_empty_chunks": True},
            )

    def writer(
        self, array: zarr.Array[Any], objects: Objects, encoders: ChunkEncoders
    ) -> Callable[[Sequence[int], Array], None]:
        """Return what writes a block of whole chunks, or of whole shards, into an array.

        It takes where the block begins along each axis, and the block.

        Parameters
        ----------
        array
            What `create` returned.
        objects
            Where its chunks or shards go: those of its folder. What zarr-python encodes of an array
            in a folder goes there without them.
        encoders
            Threads for those arrays that zarr-python does not write.
        """
        if not self.is_plain:
            return _writer_by_zarr(array, objects)
        blosc = None
        # The array states also what the codec leaves open. Zarr v2 has no word for the size of a
        # value, and Blosc then takes that of a voxel.
        stated: Any = array.compressors[0] if self.codec and self.zarr_format == 3 else self.codec
        if words := _v2_codec(stated):
            typesize = stated.typesize if self.zarr_format == 3 else self.dtype.itemsize
            blosc = Blosc(
                words["cname"], words["clevel"], words["shuffle"], words["blocksize"], typesize
            )
        key = array.metadata.encode_chunk_key
        encoding = ChunkEncoding(array.chunks, self.dtype, blosc)
        if array.shards is None:
            return ChunkFiles(objects, key, encoding, encoders).write
        has_checksum = _has_checksum(array)
        if has_checksum is None:
            return _writer_by_zarr(array, objects)
        return ShardFiles(objects, key, array.shards, has_checksum, encoding, encoders).write

    @property
    def is_plain(self) -> bool:
        """Whether chunks are in a codec that `ChunkEncoding` knows."""
        if self.codec is None:
            return True
        if not isinstance(self.codec, BloscCodec):
            return False
        stated: Any = self.codec.to_dict()
        size, options = self.dtype.itemsize, stated["configuration"]
        typesize = options["typesize"] if self.zarr_format == 3 else size
        # What is not given is 1 here, and the size of a voxel once the array is there.
        is_whole = size in (1, 2, 4, 8) and typesize in (1, 2, 4, 8) and size % typesize == 0
        return is_whole and options["cname"] in Blosc.KNOWN

    def encoding_bytes(
        self, shape: tuple[int, ...], block_shape: Sequence[int], at_once: int | None = None
    ) -> int:
        """Return how many bytes it takes at most, beside a block, to encode that.

        Measured with noise, of which no byte is saved. A chunk is copied in one piece and filled
        up, and encoded into as many bytes. `ChunkFiles`, `ShardFiles` and ``zarrs`` work on one in
        each of their threads, zarr on as many as ``async.concurrency`` says. The last two put a
        shard together whole, and its encoded chunks once more; `ShardFiles` hold its index.

        Parameters
        ----------
        shape
            Voxels of level 0 along all axes.
        block_shape
            Voxels of the block along all axes.
        at_once
            How many chunks are encoded at a time, if not one on each core.
        """
        chunks, shards = self._fitting(shape)
        index, copies, unit_shape = 0, 2, chunks
        if shards is not None and self.is_plain:
            index = math.prod(shards) // math.prod(chunks) * INDEX_BYTES
        elif shards is not None:
            copies, unit_shape = 3, shards
        units = math.prod(-(-n // u) for n, u in zip(block_shape, unit_shape, strict=True))
        is_by_core = self.is_plain or zarrs_pipeline.is_installed()
        if at_once is None or not self.is_plain:
            at_once = (os.cpu_count() or 1) if is_by_core else zarr.config.get("async.concurrency")
        unit = math.prod(unit_shape) * self.dtype.itemsize
        return min(units, at_once) * unit * copies + index

    def unit_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the voxels of one file or object of a level: those of a chunk, or of a shard."""
        chunks, shards = self._fitting(shape)
        return shards or chunks

    def grid(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return how many files or objects a level has along all axes."""
        return tuple(-(-n // u) for n, u in zip(shape, self.unit_shape(shape), strict=True))

    def _fitting(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        """Return the shapes of chunks and shards of a level, along all axes, within its end."""
        others = (1,) * (len(shape) - len(self.chunk_shape))
        space = shape[len(others) :]
        chunks = tuple(map(min, self.chunk_shape, space))
        if self.shard_shape is None:
            return others + chunks, None
        # As many chunks as in other levels, but none that would lie beyond the level's end.
        counts = (
            min(s // whole, -(-n // c))
            for s, whole, n, c in zip(
                self.shard_shape, self.chunk_shape, space, chunks, strict=True
            )
        )
        return others + chunks, others + tuple(c * k for c, k in zip(chunks, counts, strict=True))


def _writer_by_zarr(
    array: zarr.Array[Any], objects: Objects
) -> Callable[[Sequence[int], Array], None]:
    """Return what lets zarr-python encode a block, one chunk or shard after the other in memory."""

    def write(start: Sequence[int], block: Array) -> None:
        array[tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))] = block

    if not isinstance(array.store, MemoryStore):
        return write
    unit = array.shards or array.chunks
    stated: Any = array.metadata.to_dict()

    def write_objects(start: Sequence[int], block: Array) -> None:
        for corner in corners_in(block.shape, unit):
            held: dict[str, Buffer] = {}
            alone = zarr.Array.from_dict(StorePath(MemoryStore(held)), stated)
            part = block[tuple(slice(c, c + n) for c, n in zip(corner, unit, strict=True))]
            first = [s + c for s, c in zip(start, corner, strict=True)]
            alone[tuple(slice(f, f + n) for f, n in zip(first, part.shape, strict=True))] = part
            for key, encoded in held.items():
                with objects.create(key) as file:
                    file.write(encoded.as_numpy_array())

    return write_objects


def _has_checksum(array: zarr.Array[Any]) -> bool | None:
    """Say whether a shard's index has a checksum; None if `ShardFiles` write it otherwise."""
    stated: Any = array.metadata.to_dict()
    (codec,) = stated["codecs"]
    options = codec["configuration"]
    first, *others = options["index_codecs"]
    is_known = (
        options["index_location"] == "end"
        and first == {"name": "bytes", "configuration": {"endian": "little"}}
        and all(other["name"] == "crc32c" for other in others)
        and len(others) <= 1
    )
    return bool(others) if is_known else None


def _v2_codec(codec: BytesBytesCodec | None) -> dict[str, Any] | None:
    """Return a codec in the words of Zarr v2, which are those of numcodecs.

    Raises
    ------
    ValueError
        If it is none of Blosc, gzip and zstd.
    """
    if codec is None:
        return None
    # As text: since zarr 3.4 the codec's own attributes are, and before they were not.
    stated: Any = codec.to_dict()
    name, options = stated["name"], stated.get("configuration", {})
    if name == "blosc":
        return {
            "id": "blosc",
            "cname": options["cname"],
            "clevel": options["clevel"],
            "shuffle": ("noshuffle", "shuffle", "bitshuffle").index(options["shuffle"]),
            "blocksize": options["blocksize"],
        }
    if name in ("gzip", "zstd"):
        return {"id": name, **options}
    raise ValueError(
        f"codec is {codec!r}, but OME-Zarr 0.4 is written with BloscCodec, GzipCodec or ZstdCodec "
        "of zarr.codecs: give one of these, or write OME-Zarr 0.5."
    )
