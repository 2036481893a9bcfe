"""The small picture of an image that file browsers show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bigimg_lessons.pyramids.downsampling import Array

_LENGTH = 256

# What painting holds at a time: of a channel the grey values and the colours, and their sums.
_PAINTING_BYTES = _LENGTH**2 * 12 * 8


class Thumbnail:
    """Pixels of the middle plane of the first time point, taken block by block.

    As in ImarisWriter the level is the coarsest that has 256 voxels along y and x, or level 0, and
    no side of the picture is longer. Each pixel is one voxel of it.

    Parameters
    ----------
    shapes
        Of the levels along t, c, z, y and x.
    dtype
        Type of the voxels.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], dtype: np.dtype[Any]) -> None:
        large = [number for number, shape in enumerate(shapes) if min(shape[3:]) >= _LENGTH]
        self._level = max(large, default=0)
        _, channels, z, y, x = shapes[self._level]
        self._plane = z // 2
        self._step = -(-max(y, x) // _LENGTH)
        self._pixels = np.zeros((channels, -(-y // self._step), -(-x // self._step)), dtype)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, also while it is painted."""
        return self._pixels.nbytes + _PAINTING_BYTES

    def see(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Take what belongs into the picture out of a block, which begins at `start`."""
        time, channel, z, *corner = start
        plane = self._plane - z
        if level != self._level or time > 0 or not 0 <= plane < block.shape[2]:
            return
        skipped = [-begin % self._step for begin in corner]
        part = block[0, :, plane, skipped[0] :: self._step, skipped[1] :: self._step]
        y, x = (-(-begin // self._step) for begin in corner)
        self._pixels[
            channel : channel + part.shape[0], y : y + part.shape[1], x : x + part.shape[2]
        ] = part

    def rgba(
        self, windows: Sequence[tuple[float, float]], colours: Sequence[tuple[float, float, float]]
    ) -> Array:
        """Return the picture, the colours of all channels added, of uint8 along y, x and RGBA.

        Parameters
        ----------
        windows
            For each channel the grey value that is black, and that which is its colour.
        colours
            Red, green and blue of each channel, from 0 to 1.
        """
        sums = np.zeros((*self._pixels.shape[1:], 3))
        for plane, (low, high), colour in zip(self._pixels, windows, colours, strict=True):
            finite = np.nan_to_num(plane.astype(np.float64), nan=low, posinf=high, neginf=low)
            grey = np.clip((finite - low) / (high - low), 0, 1)
            sums += grey[..., None] * np.array(colour)
        picture = np.full((*sums.shape[:2], 4), 255, np.uint8)
        picture[..., :3] = np.rint(255 * np.clip(sums, 0, 1))
        return picture
