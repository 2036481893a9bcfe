"""The arrays of an OME-Zarr's levels: created by zarr-python, and what it takes to encode them.

Chunks that are files of their own, through Blosc or as they are, go into
:mod:`bigimg_lessons.formats.chunk_files`. Others, and shards, go through zarr-python; where the
package ``zarrs`` is installed that does the encoding, in threads outside Python, and without it all
works the same, only slower. (``zarrs`` leaves out chunks of nothing but zeros, which every reader
takes as zeros.)
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec

from bigimg_lessons.formats.chunk_files import Blosc, ChunkEncoders, ChunkFiles
from bigimg_lessons.pyramids import zarrs_pipeline
from bigimg_lessons.pyramids.downsampling import Array


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

    def create(self, path: Path, shape: tuple[int, ...]) -> zarr.Array[Any]:
        """Create the array of one level, with chunks no larger than the level.

        Parameters
        ----------
        path
            Folder to create.
        shape
            Voxels of the level along all axes.
        """
        chunks, shards = self._fitting(shape)
        is_v3 = self.zarr_format == 3
        with zarr.config.set(zarrs_pipeline.PIPELINE if zarrs_pipeline.is_installed() else {}):
            return zarr.create_array(
                path,
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
        self, array: zarr.Array[Any], folder: Path, encoders: ChunkEncoders
    ) -> Callable[[Sequence[int], Array], None]:
        """Return what writes a block of whole chunks, or of whole shards, into an array.

        It takes where the block begins along each axis, and the block.

        Parameters
        ----------
        array, folder
            What `create` returned, and where it is.
        encoders
            Threads for those arrays that zarr-python does not write.
        """
        if not self._is_plain:
            return partial(_write_by_zarr, array)
        blosc = None
        if words := _v2_codec(self.codec):
            stated: Any = array.compressors[0]
            # Zarr v2 has no word for the size of a value, and Blosc then takes that of a voxel.
            typesize = stated.typesize if self.zarr_format == 3 else self.dtype.itemsize
            if self.dtype.itemsize % typesize or typesize not in (1, 2, 4, 8):
                return partial(_write_by_zarr, array)
            blosc = Blosc(
                words["cname"], words["clevel"], words["shuffle"], words["blocksize"], typesize
            )
        key = array.metadata.encode_chunk_key
        return ChunkFiles(folder, array.chunks, self.dtype, key, blosc, encoders).write

    @property
    def _is_plain(self) -> bool:
        """Whether chunks are files of their own, in a codec that `ChunkFiles` know."""
        if self.shard_shape is not None:
            return False
        words = _v2_codec(self.codec) if isinstance(self.codec, BloscCodec) else None
        return self.codec is None or (words is not None and words["cname"] in Blosc.KNOWN)

    def encoding_bytes(self, shape: tuple[int, ...], block_shape: Sequence[int]) -> int:
        """Return how many bytes it takes at most, beside a block, to encode that.

        Measured with noise, of which no byte is saved. A chunk is copied in one piece and filled
        up, and encoded into as many bytes; the chunks of a shard, which is put together whole, are
        put together once more. `ChunkFiles` and ``zarrs`` work on one in each of their threads,
        zarr on as many as ``async.concurrency`` says.

        Parameters
        ----------
        shape
            Voxels of level 0 along all axes.
        block_shape
            Voxels of the block along all axes.
        """
        chunks, shards = self._fitting(shape)
        unit_shape = shards or chunks
        units = math.prod(-(-n // u) for n, u in zip(block_shape, unit_shape, strict=True))
        is_by_core = self._is_plain or zarrs_pipeline.is_installed()
        at_once = (os.cpu_count() or 1) if is_by_core else zarr.config.get("async.concurrency")
        unit = math.prod(unit_shape) * self.dtype.itemsize
        return min(units, at_once) * unit * (3 if shards else 2)

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


def _write_by_zarr(array: zarr.Array[Any], start: Sequence[int], block: Array) -> None:
    array[tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))] = block


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
