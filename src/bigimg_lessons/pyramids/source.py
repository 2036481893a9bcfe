"""An image that is read in pieces, whatever it is: an array of any library, or a BioImage."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from bigimg_lessons.pyramids.calibration import Calibration
from bigimg_lessons.pyramids.libraries import is_of_library
from bigimg_lessons.pyramids.position import Position
from bigimg_lessons.pyramids.source_axes import AXES, letters_of_axes, named_axes
from bigimg_lessons.pyramids.voxels import checked_voxels, plain_dtype, written
from bigimg_lessons.pyramids.zarrs_pipeline import decoded_at_once, read_by_zarrs
from bigimg_lessons.text import format_bytes

if TYPE_CHECKING:
    import dask.array as da

__all__ = ["AXES", "LazyImage"]


@dataclass(frozen=True)
class LazyImage:
    """An image with named axes, of which any region can be read.

    Parameters
    ----------
    array
        Anything that has ``shape``, ``dtype`` and reads when it is sliced.
    places
        Which axis of `array` each of `axes` is, None for one of one voxel that `array` has not;
        axes of `array` that are left out have one voxel.
    axes
        A letter for each axis, in the order of "TCZYX"; the last two are Y and X.
    shape
        Extents along these axes.
    dtype
        Type of the voxels, in the machine's byte order.
    chunk_shape
        The array's own chunks along these axes, or None if it can be read voxel by voxel.
    known
        Its voxel size and time interval with their units, as far as it knows them.
    channel_names
        One for each channel; None if not known.
    locate
        Returns its position for a voxel size and a unit; None if it knows of none.
    turn
        Held while `array` is read: a lock if only one thread at a time may do that.
    scheduler
        Name of the scheduler by which dask computes `array`; by default the one that is set.
    """

    array: Any
    places: tuple[int | None, ...]
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_shape: tuple[int, ...] | None
    known: Calibration
    channel_names: tuple[str, ...] | None
    locate: Callable[[Sequence[float | None] | None, str | None], Position] | None
    turn: AbstractContextManager[object]
    scheduler: str | None = None

    @classmethod
    def of(cls, image: Any, *, axes: str | None = None) -> Self:
        """Inspect an image without reading its voxels.

        Parameters
        ----------
        image
            Dask array, zarr array, HDF5 dataset, xarray, ``numpy.memmap``, numpy array, or anything
            else that has ``shape``, ``dtype`` and can be sliced; or a ``bioio.BioImage``, which
            brings its voxel size, time interval, units and channel names.
        axes
            A letter of TCZYX, or S for samples, for each axis of the array, in any order; by
            default what the image itself calls them, see
            :func:`bigimg_lessons.pyramids.source_axes.named_axes`, else the last of TCZYX. Samples,
            the colours of an image, become channels.

        Raises
        ------
        TypeError
            If the image is no array.
        ValueError
            If it has not two to five axes, one of them is empty or of unknown length, `axes` do
            not fit or contradict the names of the image's own, or these are not known.
        """
        is_bioimage = hasattr(image, "dask_data")
        array = image.dask_data if is_bioimage else image
        if not (hasattr(array, "shape") and hasattr(array, "dtype")):
            raise TypeError(
                f"The image is a {type(image).__name__}, which has no shape and dtype: give an "
                "array (dask, zarr, HDF5, numpy) or a BioImage."
            )
        if any(math.isnan(n) for n in array.shape):
            raise ValueError(
                f"The image has the shape {tuple(array.shape)}, of which not all is known: let "
                "dask find it out, with compute_chunk_sizes()."
            )
        whole_shape = tuple(map(int, array.shape))
        names_of_own = named_axes(image)
        if not 2 <= len(whole_shape) <= 5 + (names_of_own is not None) or 0 in whole_shape:
            raise ValueError(
                f"The image has the shape {whole_shape}: give two to five axes, the last "
                "ones of TCZYX, none of them empty."
            )
        letters = letters_of_axes(axes, names_of_own, whole_shape)
        has_samples = "S" in letters
        if has_samples:
            letters = letters.replace("C", "-").replace("S", "C")
        names_of_axes = "".join(axis for axis in AXES if axis in letters)
        places = tuple(map(letters.index, names_of_axes))
        shape = tuple(whole_shape[place] for place in places)
        if getattr(array, "chunks", None) and hasattr(array, "variable"):
            array = array.data  # the dask array that an xarray wraps
        if _is_zarr(array):
            array = read_by_zarrs(array)
        known, names = Calibration(), None
        locate = getattr(getattr(image, "reader", image), "shared_position", None)
        if is_bioimage:
            from bigimg_lessons.pyramids.bioimage_calibration import calibration_of

            known = calibration_of(image)
            names = tuple(map(str, image.channel_names or ())) or None
        return cls(
            array=array,
            places=places,
            axes=names_of_axes,
            shape=shape,
            dtype=plain_dtype(getattr(array.dtype, "numpy_dtype", array.dtype)),
            chunk_shape=_chunk_shape(array, places),
            known=known,
            channel_names=None if has_samples else names,  # they would be those of a dropped axis
            locate=locate if callable(locate) else None,
            # Another kind may move to a place in its file and then read, which threads mix up.
            turn=nullcontext() if is_read_by_threads(array) else Lock(),
        )

    @property
    def own_chunk_shape(self) -> tuple[int, ...] | None:
        """The array's chunks along those axes that it has itself, as messages name them."""
        pairs = zip(self.places, self.chunk_shape or (), strict=False)
        return self.chunk_shape and tuple(n for place, n in pairs if place is not None)

    def with_axes(self, axes: str) -> Self:
        """Return the same image with these axes as well; those it lacks have one voxel.

        Parameters
        ----------
        axes
            Letters of TCZYX.
        """
        own = dict(zip(self.axes, zip(self.places, self.shape, strict=True), strict=True))
        chunk = dict(zip(self.axes, self.chunk_shape or (), strict=False))
        letters = "".join(axis for axis in AXES if axis in {*self.axes, *axes})
        return replace(
            self,
            axes=letters,
            places=tuple(own[axis][0] if axis in own else None for axis in letters),
            shape=tuple(own[axis][1] if axis in own else 1 for axis in letters),
            chunk_shape=self.chunk_shape and tuple(chunk.get(axis, 1) for axis in letters),
        )

    def position(self, voxel_size: Sequence[float | None] | None, unit: str | None) -> Position:
        """Return where the image lies, as far as it knows.

        A reader of ``bioio`` that knows it has a method ``shared_position``, which takes the same.

        Parameters
        ----------
        voxel_size, unit
            In z, y, x order, if another voxel size than the image's own is to hold.
        """
        return Position() if self.locate is None else self.locate(voxel_size, unit)

    @property
    def sizes(self) -> dict[str, int]:
        """Extent by axis, such as ``{"Z": 256, "Y": 1024, "X": 1024}``."""
        return dict(zip(self.axes, self.shape, strict=True))

    @property
    def spatial_axes(self) -> str:
        """The image's axes among Z, Y and X."""
        return "".join(axis for axis in self.axes if axis in "ZYX")

    @property
    def axes_of_several(self) -> str:
        """The axes along which there is more than one voxel."""
        return "".join(axis for axis, extent in self.sizes.items() if extent > 1)

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return the voxels of a region, which has a slice for each axis.

        Several threads may call it at once.

        Raises
        ------
        TypeError, ValueError
            If the array gives another type or shape than it declares, or masked voxels.
        """
        there = [slice(0, 1)] * len(self.array.shape)
        for place, along in zip(self.places, region, strict=True):
            if place is not None:
                there[place] = along
        shape = [along.stop - along.start for along in there]
        try:
            with self.turn:
                part = self.array[tuple(there)]
                if is_dask(part):
                    part = _computed(part, self, there)
                # Some arrays are read only here, when NumPy makes an array of the part.
                voxels = checked_voxels(part, shape=shape, dtype=self.dtype, region=there)
        except Exception as error:
            error.add_note(f"This happened while the image was read at {written(region)}.")
            raise
        kept = [place for place in self.places if place is not None]
        left_out = [place for place in range(len(there)) if place not in kept]
        voxels = voxels.transpose(*left_out, *kept)
        # In one piece: a view of a mapped file would be gathered from it several times.
        whole = np.ascontiguousarray(voxels, self.dtype)
        return whole.reshape([along.stop - along.start for along in region])

    def reading_bytes(self, block_shape: Sequence[int]) -> int:
        """Return the maximum number of bytes that it takes, beside a block, to read it.

        A chunk is decoded whole, from bytes that are then still there. zarr-python decodes as many
        at a time as ``async.concurrency`` says, ``zarrs`` one on each core, HDF5 one after the
        other, dask one in each of its threads, and keeps chunks until the last of those asked for
        is there.

        Parameters
        ----------
        block_shape
            Voxels of the block along each of the image's axes.
        """
        block = math.prod(block_shape) * self.dtype.itemsize
        if isinstance(self.array, np.ndarray):
            return 0
        if self.chunk_shape is None:
            return block  # what the array gives, before it is in one piece
        chunk = math.prod(self.chunk_shape) * self.dtype.itemsize
        touched = math.prod(map(_touched, block_shape, self.chunk_shape, self.shape))
        if is_dask(self.array):
            at_once = os.cpu_count() or 1
            copied = min(max(0, touched * chunk - block), max(block, at_once * chunk))
        else:
            copied = 0 if self.array.dtype == self.dtype else block
            at_once = 1
            if _is_zarr(self.array):
                at_once = decoded_at_once(self.array)
        kept = [place for place in self.places if place is not None]
        if kept != sorted(kept):
            copied += block
        return copied + 2 * chunk * min(at_once, touched)

    def checked_channel_names(self, names: Sequence[str] | None) -> list[str]:
        """Take what is given, else what the image knows, else numbers.

        Raises
        ------
        ValueError
            If there is not one for each channel.
        """
        count = self.sizes.get("C", 1)
        if names is None:
            names = self.channel_names or [f"channel {i}" for i in range(count)]
        if isinstance(names, str) or len(names) != count:
            raise ValueError(f"channel_names are {names!r}: give {count}, one for each channel.")
        return [str(name) for name in names]

    def check_chunks_fit(self, memory_limit: int) -> None:
        """Refuse a source of which no part can be read within the memory allowed.

        Raises
        ------
        ValueError
            If one chunk of the source is larger than `memory_limit`: it would be read whole again
            for each block that needs a part of it.
        """
        # As a reader holds it: whole, also where it is longer than the image.
        chunk = math.prod(self.chunk_shape or ()) * self.dtype.itemsize
        if self.chunk_shape is not None and chunk > memory_limit:
            raise ValueError(
                f"The image can only be read in chunks of {self.own_chunk_shape}, each of "
                f"{format_bytes(chunk)}, but memory_limit is {format_bytes(memory_limit)}: open it "
                "in smaller chunks, as BioImage(path, chunk_dims=['Y', 'X']) does with a TIFF "
                "stack, or raise memory_limit."
            )


def is_dask(array: Any) -> bool:
    """Tell whether something is a dask array."""
    return is_of_library(array, "dask.array", "Array")


def _is_zarr(array: Any) -> bool:
    return is_of_library(array, "zarr", "Array")


def is_read_by_threads(array: Any) -> bool:
    """Tell whether several threads are known to get each its own voxels when they read at once."""
    is_known = isinstance(array, np.ndarray) or is_dask(array) or _is_zarr(array)
    return is_known or is_of_library(array, "h5py", "Dataset")


def _chunk_shape(array: Any, places: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the array's own chunks along its axes at these places, if it has any."""
    chunks = getattr(array, "chunks", None)
    if not chunks:
        return None
    # Along each axis dask gives the length of every chunk, other libraries one length for all.
    if any(math.isnan(n) for n in np.hstack([np.ravel(chunks[place]) for place in places])):
        raise ValueError(
            f"The image's chunks are {chunks}, of which not all lengths are known: let dask find "
            "them out, with compute_chunk_sizes()."
        )
    return tuple(int(np.max(chunks[place])) for place in places)


def _touched(block: int, chunk: int, extent: int) -> int:
    """Return how many chunks a block reaches into along one axis, at the most."""
    count = -(-block // chunk)
    is_aligned = block % chunk == 0 or chunk % block == 0 or block >= extent
    return count if is_aligned else count + 1


def _computed(part: da.Array, image: LazyImage, region: Sequence[slice]) -> npt.NDArray[Any]:
    """Compute a dask array in the threads, processes or cluster that dask is set to.

    Its chunks come back as they are, whoever computed them, and go into place one by one: a
    process of its own could not write into this one's memory. Each is let go as it is copied,
    so that they are not held twice.

    They are computed all at once, as chunks may have steps in common; unless the part takes so
    little of each that together they would be more than it: a piece of a chunk keeps all of it.
    """
    from dask.array.core import slices_from_chunks
    from dask.base import compute

    dtype, scheduler = image.dtype, image.scheduler
    voxels = np.empty(part.shape, dtype)
    delayed = part.to_delayed().ravel()  # type: ignore[no-untyped-call]
    places = slices_from_chunks(part.chunks)  # type: ignore[no-untyped-call]
    whole_chunk = math.prod(image.chunk_shape or ()) * dtype.itemsize
    at_once = len(places)
    if at_once * whole_chunk > 2 * voxels.nbytes:
        at_once = max(os.cpu_count() or 1, voxels.nbytes // whole_chunk)
    for begin in range(0, len(places), at_once):
        some = delayed[begin : begin + at_once]
        chunks = list(compute(*some, scheduler=scheduler))  # type: ignore[no-untyped-call]
        for place in reversed(places[begin : begin + at_once]):
            chunk = chunks.pop()
            shape = [along.stop - along.start for along in place]
            where = [
                slice(whole.start + along.start, whole.start + along.stop)
                for whole, along in zip(region, place, strict=True)
            ]
            voxels[place] = checked_voxels(chunk, shape=shape, dtype=dtype, region=where)
            del chunk
    return voxels
