"""What it takes to open an image and to read regions of it, by any reader and at any meter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bigimg_lessons.text import format_bytes

if TYPE_CHECKING:
    from bigimg_lessons.measure.files import Requests
    from bigimg_lessons.measure.serving import HttpRequest
    from bigimg_lessons.measure.store_requests import StoreRequests

OPENING = "open"
"""What stands for opening among the names of what was counted."""


class Meter(Protocol):
    """What counts: a ``FileMeter``, a ``StoreMeter``, or a ``FolderServer`` that runs."""

    def take(self) -> Requests | StoreRequests | tuple[HttpRequest, ...]:
        """Return what was asked since the last call, and start again from zero."""


@dataclass(frozen=True)
class Counted:
    """What was asked in one step, at all meters together.

    Parameters
    ----------
    requests
        Number of requests, also those that were answered with nothing.
    bytes_read
        Bytes delivered; a byte read twice counts twice.
    """

    requests: int
    bytes_read: int

    def __str__(self) -> str:
        return f"{self.requests:,} requests, {format_bytes(self.bytes_read)}"


def count_reads(
    open_image: Callable[[], AbstractContextManager[Any]],
    meters: Sequence[Meter],
    regions: Mapping[str, tuple[Any, ...]],
    *,
    expected: Any = None,
) -> dict[str, Counted]:
    """Count what a reader asks for to open an image, and then to read each region of it.

    The image is opened anew for each region, so that none profits from what an earlier one left
    in the reader's memory. What closing asks for is not counted.

    Parameters
    ----------
    open_image
        Opens the image through the meters and closes it: a function that returns a context
        manager, such as one under ``contextlib.contextmanager``. It gives what can be sliced:
        an array of zarr, h5py or tensorstore, or a dask array, which is computed then.
    meters
        Those through which the image is opened: one for each of its files, or one for its store
        or server. Nobody else may read through them meanwhile.
    regions
        By name, a whole number or a slice for each axis of the opened image.
    expected
        The voxels that the image has, to be sliced in the same way; ``None`` compares nothing.

    Returns
    -------
    dict of str to Counted
        `OPENING` first, then the regions in their order.

    Raises
    ------
    ValueError
        If a region is named `OPENING`, if opening asks for another number of requests or bytes the
        second time, or if a region's voxels are not the expected ones.

    Examples
    --------
    >>> from contextlib import contextmanager
    >>> import numpy as np
    >>> import zarr
    >>> from zarr.storage import MemoryStore
    >>> from bigimg_lessons import StoreMeter
    >>> voxels = np.arange(1, 65, dtype="uint8").reshape(4, 4, 4)
    >>> store = MemoryStore()
    >>> _ = zarr.create_array(store, data=voxels, chunks=(2, 2, 2), compressors=None)
    >>> meter = StoreMeter(store)
    >>> @contextmanager
    ... def with_zarr():
    ...     yield zarr.open_array(meter, mode="r", zarr_format=3)
    >>> xy = (1, slice(None), slice(None))
    >>> counted = count_reads(with_zarr, [meter], {"XY": xy}, expected=voxels)
    >>> counted["open"].requests, counted["XY"]
    (1, Counted(requests=4, bytes_read=32))
    """
    if OPENING in regions:
        raise ValueError(f"A region is named {OPENING!r}, as opening is: give it another name.")
    counted: dict[str, Counted] = {}
    for name, region in regions.items():
        _take(meters)
        with open_image() as image:
            opening = _take(meters)
            voxels = np.asarray(image[region])
            read = _take(meters)
        if counted.setdefault(OPENING, opening) != opening:
            raise ValueError(
                f"Opening took {counted[OPENING]} once and {opening} for region {name!r}: make "
                "sure that nobody else reads through these meters, and that the reader keeps "
                "nothing from one opening to the next."
            )
        if expected is not None:
            _check(name, voxels, np.asarray(expected[region]))
        counted[name] = read
    return counted


def _take(meters: Sequence[Meter]) -> Counted:
    """Return what was asked at all meters since the last time."""
    requests = bytes_read = 0
    for meter in meters:
        taken = meter.take()
        if isinstance(taken, tuple):
            requests += len(taken)
            bytes_read += sum(request.bytes_sent for request in taken)
        else:
            requests += taken.count
            bytes_read += taken.bytes_read
    return Counted(requests, bytes_read)


def _check(name: str, voxels: Any, expected: Any) -> None:
    """Raise ValueError unless these are the voxels."""
    if voxels.shape != expected.shape:
        raise ValueError(
            f"Region {name!r} has shape {voxels.shape} through this reader, and {expected.shape} "
            "in the image: check the order of the axes and the level that is opened."
        )
    are_no_numbers = (voxels != voxels) & (expected != expected)  # NaN, which is no wrong voxel
    if wrong := np.count_nonzero((voxels != expected) & ~are_no_numbers):
        raise ValueError(
            f"Region {name!r}: {wrong:,} of {voxels.size:,} voxels are not those of the image: "
            "check what is opened, and do not trust this reader."
        )
