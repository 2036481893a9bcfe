"""Where an image lies, for a format that has one position for all time points and channels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """The one position of an image, and what its own file says beyond that.

    Parameters
    ----------
    offset
        Where the centre of voxel 0 lies, in z, y, x order and in voxels.
    lost
        What cannot be said so, a phrase for each.
    """

    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lost: tuple[str, ...] = ()
