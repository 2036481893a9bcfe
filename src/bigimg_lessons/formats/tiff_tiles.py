"""The bytes of a TIFF's tiles: filled up at the edges, and compressed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import imagecodecs
import numpy as np

from bigimg_lessons.pyramids.downsampling import Array

Codec = Literal["zstd", "deflate"]
Encoded = bytes | bytearray

# Values of the tag Compression: deflate's is of Adobe's supplement of 2002, zstd's of libtiff.
_COMPRESSIONS: Mapping[Codec | None, int] = MappingProxyType({None: 1, "deflate": 8, "zstd": 50000})


@dataclass(frozen=True)
class TileEncoder:
    """Encodes tiles, in as many threads as call it.

    Parameters
    ----------
    tile_shape
        Voxels along y and x.
    dtype
        Type of the voxels.
    codec
        As for :func:`bigimg_lessons.formats.ome_tiff.write_ome_tiff`.
    """

    tile_shape: tuple[int, int]
    dtype: np.dtype[Any]
    codec: Codec | None

    @property
    def compression(self) -> int:
        """Value of the tag Compression."""
        return _COMPRESSIONS[self.codec]

    @property
    def predictor(self) -> int:
        """Value of the tag Predictor: 2 if each voxel is stored as the difference to its left one.

        Measured (``tests/benchmarks/ome_tiff_writing.py --tiles``): of synthetic tissue 24 % of
        the bytes are saved instead of 14, at a sixth more time; of flat noise of two bytes 57 %
        instead of 62. Floats have another predictor, which is not used.
        """
        return 2 if self.codec is not None and self.dtype.kind in "iu" else 1

    def held_bytes(self, block_shape: Sequence[int]) -> int:
        """Return how many bytes it takes at most, beside a block, to encode that.

        Parameters
        ----------
        block_shape
            Voxels of the block along all axes, the last of which are y and x.
        """
        rows, columns = (-(-n // t) for n, t in zip(block_shape[-2:], self.tile_shape, strict=True))
        tile = math.prod(self.tile_shape) * self.dtype.itemsize
        # The encoded tiles of one plane, which noise makes no smaller; and of the tile at work what
        # is filled up, the differences, and the room for what they are encoded into.
        return (rows * columns + 3) * tile

    def rows(self, plane: Array) -> Iterator[list[Encoded]]:
        """Yield the encoded tiles of each row of tiles in a part of a plane.

        Parameters
        ----------
        plane
            Voxels along y and x, beginning at a tile.
        """
        tile_y, tile_x = self.tile_shape
        for y in range(0, plane.shape[0], tile_y):
            row = plane[y : y + tile_y]
            yield [self._encoded(row[:, x : x + tile_x]) for x in range(0, row.shape[1], tile_x)]

    def _encoded(self, part: Array) -> Encoded:
        tile = part
        if part.shape != self.tile_shape:  # tiles are stored whole, whatever sticks out
            tile = np.zeros(self.tile_shape, self.dtype)
            tile[tuple(map(slice, part.shape))] = part
        if self.predictor == 2:
            tile = imagecodecs.delta_encode(tile, axis=-1)
        raw = tile.astype(self.dtype.newbyteorder("<"), copy=False).tobytes()
        if self.codec is None:
            return raw
        # Level 1, the fastest of both: on tissue and noise higher ones save 2 % more at most.
        encode = imagecodecs.zstd_encode if self.codec == "zstd" else imagecodecs.deflate_encode
        return encode(raw, 1)
