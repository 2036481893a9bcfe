"""The sample volume: synthetic tissue of any size, computed block by block."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigimg_lessons.checks import whole_number, whole_numbers
from bigimg_lessons.samples.tissue import BRICK, Tissue

DEFAULT_SHAPE = (256, 1024, 1024)
"""zyx; exactly 256 MiB of uint8 pixels."""

VOXEL_SIZE = (0.1, 0.04, 0.04)
"""zyx, µm: deeper than wide, as in most volume electron microscopy."""

# Grey values of `Tissue` are for 8 bits. A 16-bit detector has a finer and wider range.
GREY_LEVELS = {"uint8": 1, "uint16": 200}
THINNEST, THICKEST = 0.01, 0.12  # µm: voxels between which cells of 6 µm can be painted


def _checked_shape(shape: Any) -> tuple[int, int, int]:
    """Return a shape as three ints."""
    try:
        z, y, x = whole_numbers("shape", shape)
    except ValueError:
        raise ValueError(
            f"The shape is {shape!r}: give three positive whole numbers, the voxels along z, y "
            f"and x, such as {DEFAULT_SHAPE}."
        ) from None
    return z, y, x


def _checked_voxel_size(voxel_size: Any) -> tuple[float, float, float]:
    """Return a voxel size as three floats."""
    sizes = tuple(voxel_size) if isinstance(voxel_size, tuple | list) else ()
    if len(sizes) != 3 or not all(
        isinstance(size, int | float | np.integer | np.floating)
        and math.isfinite(size)
        and THINNEST <= size <= THICKEST
        for size in sizes
    ):
        raise ValueError(
            f"The voxel size is {voxel_size!r}: give three numbers of micrometres along z, y and "
            f"x, each from {THINNEST} to {THICKEST}, such as {VOXEL_SIZE}."
        )
    z, y, x = map(float, sizes)
    return z, y, x


def _checked_seed(seed: object) -> int:
    """Return a seed as an int."""
    try:
        number = whole_number("seed", seed, least=0)
    except ValueError:
        number = 2**32
    if number >= 2**32:
        raise ValueError(f"The seed is {seed!r}: give a whole number from 0 to {2**32 - 1}.")
    return number


def _bounds(axis: str, part: object, size: int) -> tuple[int, int]:
    """Return where a slice along an axis of `size` voxels starts and stops."""
    if not isinstance(part, slice):
        raise TypeError(f"Along {axis} {part!r} was given: give a slice, such as slice(0, {size}).")
    if part.step not in (None, 1):
        raise ValueError(f"The slice along {axis} is {part}: give one without a step.")
    start = 0 if part.start is None else operator.index(part.start)
    stop = size if part.stop is None else operator.index(part.stop)
    start, stop = (bound + size if bound < 0 else bound for bound in (start, stop))
    if not 0 <= start <= stop <= size:
        raise IndexError(
            f"The slice along {axis} is {part}: give one from 0 to {size}, which is the volume's "
            "size there."
        )
    return start, stop


@dataclass(frozen=True)
class SampleVolume:
    """A synthetic volume of tissue; it describes the pixels and holds none.

    A larger shape shows more tissue at the same scale.

    Parameters
    ----------
    shape
        zyx, voxels.
    dtype
        "uint8", or "uint16" for the same image in finer grey values.
    voxel_size
        zyx, µm, each from 0.01 to 0.12: cells are about 6 µm wide.
    seed
        Chooses the tissue; from 0 to 2**32 - 1.

    Raises
    ------
    ValueError
        If a parameter is not as described.

    Examples
    --------
    >>> SampleVolume().block(slice(100, 101), slice(500, 503), slice(500, 504)).shape
    (1, 3, 4)
    """

    shape: tuple[int, int, int] = DEFAULT_SHAPE
    dtype: str = "uint8"
    voxel_size: tuple[float, float, float] = VOXEL_SIZE
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked_shape(self.shape))
        if not isinstance(self.dtype, str) or self.dtype not in GREY_LEVELS:
            raise ValueError(f"The dtype is {self.dtype!r}: choose 'uint8' or 'uint16'.")
        object.__setattr__(self, "voxel_size", _checked_voxel_size(self.voxel_size))
        object.__setattr__(self, "seed", _checked_seed(self.seed))

    @property
    def nbytes(self) -> int:
        """Size of the pixels in bytes."""
        z, y, x = self.shape
        return z * y * x * np.dtype(self.dtype).itemsize

    @property
    def extent(self) -> tuple[float, float, float]:
        """Size of the volume, zyx, µm."""
        z, y, x = (n * v for n, v in zip(self.shape, self.voxel_size, strict=True))
        return z, y, x

    @property
    def file_name(self) -> str:
        """Name of the file that `sample_tiff` writes, which says what is in it."""
        name = f"synthetic_tissue_{self.dtype}_{'x'.join(map(str, self.shape))}"
        if self.voxel_size != VOXEL_SIZE:
            name += f"_{'x'.join(map(str, self.voxel_size))}um"
        return f"{name}_seed{self.seed}.tif"

    def block(self, z: slice, y: slice, x: slice) -> NDArray[Any]:
        """Compute a block of the volume.

        Parameters
        ----------
        z, y, x
            Slices without a step. As for a list, a bound may be left out or count from the end;
            unlike for a list, it must lie within the volume.

        Returns
        -------
        ndarray
            The same values as that region of the whole volume, of the volume's dtype.

        Raises
        ------
        IndexError
            If a slice reaches beyond the volume.
        ValueError
            If a slice has a step.
        TypeError
            If one of them is not a slice.

        Notes
        -----
        Whole bricks of `tissue.BRICK` voxels are computed, so that one plane costs as much as 32.
        """
        bounds = [
            _bounds(axis, part, size)
            for axis, part, size in zip("zyx", (z, y, x), self.shape, strict=True)
        ]
        tissue = Tissue(self.extent, self.voxel_size, self.seed)
        block = np.empty([stop - start for start, stop in bounds], self.dtype)
        bricks = [
            range(start // n, -(-stop // n)) for (start, stop), n in zip(bounds, BRICK, strict=True)
        ]
        for k, j, i in product(*bricks) if block.size else ():
            grey = tissue.brick((k, j, i))
            source, target = [], []
            for first, n, (start, stop) in zip((k, j, i), BRICK, bounds, strict=True):
                source.append(slice(max(start - first * n, 0), min(stop - first * n, n)))
                target.append(slice(max(first * n - start, 0), min((first + 1) * n, stop) - start))
            grey = grey[tuple(source)]
            grey *= GREY_LEVELS[self.dtype]
            grey += 0.5
            np.clip(grey, 0, np.iinfo(self.dtype).max, out=grey)
            block[tuple(target)] = grey
        return block
