"""A small Zarr array whose requests are counted at its store."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import zarr
from zarr.storage import MemoryStore

from bigimg_lessons.measure.stores import StoreMeter


def metered(
    voxels: npt.NDArray[Any], chunks: tuple[int, ...]
) -> tuple[zarr.Array[Any], StoreMeter]:
    """Store voxels in chunks, not compressed.

    Parameters
    ----------
    voxels
        The voxels, none of which is zero: a chunk of zeros would not be stored.
    chunks
        Voxels of a chunk along each axis.

    Returns
    -------
    array, meter
        The array, to read, and the meter of its store, at which nothing is counted yet.
    """
    store = MemoryStore()
    zarr.create_array(store, data=voxels, chunks=chunks, compressors=None)
    meter = StoreMeter(store)
    array = zarr.open_array(meter, mode="r", zarr_format=3)
    meter.take()
    return array, meter
