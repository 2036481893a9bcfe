"""How a dataset lies in HDF5: names of groups and datasets, and which levels a setup has.

The layout follows github.com/bigdataviewer/bigdataviewer-core: ``bdv.img.hdf5.Util`` (names of
groups), ``Hdf5ImageLoader`` and ``MipmapInfo`` (levels), ``bdv.export.WriteSequenceToHdf5``
(external links to partitions, the ``dataType`` attribute) and pull request 157 (pixel types).
For setup 0 at time point 0 it is

======================  ============================================================
``s00``                 group; attribute ``dataType``, since 2023
``s00/resolutions``     one row per level: downsampling factors, in **x, y, z** order
``s00/subdivisions``    one row per level: chunk size, in **x, y, z** order
``t00000/s00/0/cells``  pixels of level 0, in **z, y, x** order; other levels alike
======================  ============================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Shape = tuple[int, int, int]
"""Three extents in z, y, x order."""


def setup_path(setup: int) -> str:
    """Group that describes a setup: ``s00``."""
    return f"s{setup:02d}"


def resolutions_path(setup: int) -> str:
    """Dataset of a setup's downsampling factors: ``s00/resolutions``."""
    return f"{setup_path(setup)}/resolutions"


def subdivisions_path(setup: int) -> str:
    """Dataset of a setup's chunk sizes: ``s00/subdivisions``."""
    return f"{setup_path(setup)}/subdivisions"


def cells_path(timepoint: int, setup: int, level: int) -> str:
    """Dataset of one level of one view: ``t00000/s00/0/cells``."""
    return f"t{timepoint:05d}/{setup_path(setup)}/{level}/cells"


@dataclass(frozen=True)
class Level:
    """One resolution level of a setup.

    Parameters
    ----------
    factors
        Full-resolution voxels per voxel of this level, in z, y, x order.
    shape
        Number of voxels, in z, y, x order.
    chunks
        HDF5 chunk in z, y, x order, as stored: it may exceed `shape`. A level that is not
        chunked, or only into chunks of more than `PLANE_BYTES` that no filter packs, counts as
        chunked into rows.
    start
        First voxel within the stored level, if this level is a part of one, in z, y, x order.
    whole
        Extents of that stored level, in z, y, x order; ``None`` if this is all of it.
    """

    factors: tuple[float, float, float]
    shape: Shape
    chunks: Shape
    start: Shape = (0, 0, 0)
    whole: Shape | None = None


@dataclass(frozen=True)
class SetupLayout:
    """How the pixels of one setup are stored.

    Parameters
    ----------
    dtype
        Type of the pixels.
    stored
        Type of the cells that hold them, in the machine's byte order.
    levels
        From full resolution down to the last one before a missing one.
    """

    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    levels: tuple[Level, ...]

    def part(self, start: Shape, stop: Shape) -> SetupLayout:
        """Return the layout of a part of the setup.

        Parameters
        ----------
        start, stop
            First voxel of the part, and first voxel after it, at full resolution, in z, y, x
            order.

        Returns
        -------
        SetupLayout
            The part's levels, which begin and end where voxels do: they end before the first level
            with a voxel that crosses a border of the part, unless that is the image's border too.

        Raises
        ------
        ValueError
            If the part leaves the image. The message has to follow the setup's name.
        """
        full = self.levels[0]
        if any(n > extent for n, extent in zip(stop, full.shape, strict=True)):
            raise ValueError(
                f"should be the voxels from {start} to {stop} (z, y, x) of an image of {full.shape}"
            )
        levels: list[Level] = []
        for level in self.levels:
            steps = [f / unit for f, unit in zip(level.factors, full.factors, strict=True)]
            begin = [n / step for n, step in zip(start, steps, strict=True)]
            end = [
                extent if n == whole else n / step
                for n, step, extent, whole in zip(stop, steps, level.shape, full.shape, strict=True)
            ]
            if any(abs(n - round(n)) > 1e-6 for n in begin + end):
                break
            low = (round(begin[0]), round(begin[1]), round(begin[2]))
            shape = tuple(round(n) - m for n, m in zip(end, low, strict=True))
            if min(shape) < 1:
                break
            levels.append(
                replace(level, shape=shape, start=low, whole=level.shape)  # type: ignore[arg-type]
            )
        return replace(self, levels=tuple(levels))


def fits(level: Level, full: Level) -> bool:
    """Whether the shape of a level follows from its factors.

    Programs round down, up, or once per level, so one voxel more or less is accepted.
    """
    return all(
        -1 <= extent - max(1.0, whole * unit / factor) <= 1
        for extent, factor, whole, unit in zip(
            level.shape, level.factors, full.shape, full.factors, strict=True
        )
    )
