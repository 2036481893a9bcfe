"""Images that other processes read: sent as what opens them there, never with their voxels."""

from __future__ import annotations

import os
import pickle
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np

from bigimg_lessons.pyramids.calibration import Calibration
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.pyramids.libraries import is_of_library
from bigimg_lessons.pyramids.source import LazyImage, is_dask, is_read_by_threads
from bigimg_lessons.text import format_bytes

MAX_BYTES = 16 * 2**20
"""Maximum size of what is sent of an image: to open it, or the steps of a dask array."""

_OR = "or leave client out."


@dataclass(frozen=True)
class SentImage:
    """What another process needs to read an image.

    Parameters
    ----------
    array
        The array, or what opens it, pickled.
    places, axes, shape, dtype, chunk_shape
        As of :class:`bigimg_lessons.pyramids.source.LazyImage`.
    """

    array: bytes
    places: tuple[int | None, ...]
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_shape: tuple[int, ...] | None

    @classmethod
    def of(cls, source: LazyImage) -> Self:
        """Take an image apart that another process is to read.

        Raises
        ------
        TypeError
            If its voxels lie in the memory of this process, or it cannot be sent.
        ValueError
            If more than :data:`MAX_BYTES` would have to be sent, or its file is open for writing.
        """
        return cls(
            _pickled(_opener_of(source.array)),
            source.places,
            source.axes,
            source.shape,
            source.dtype,
            source.chunk_shape,
        )

    def arrived(self) -> LazyImage:
        """Open the image in the process that is to read it.

        Raises
        ------
        OSError
            If its file is not there.
        ValueError
            If the file holds something else by now.
        """
        sent = pickle.loads(self.array)  # noqa: S301 - from the process that asked for the image
        array = sent.opened() if isinstance(sent, _MappedFile | _Hdf5Dataset) else sent
        return LazyImage(
            array=array,
            places=self.places,
            axes=self.axes,
            shape=self.shape,
            dtype=self.dtype,
            chunk_shape=self.chunk_shape,
            known=Calibration(),
            channel_names=None,
            locate=None,
            turn=nullcontext() if is_read_by_threads(array) else Lock(),
            # A worker has as many tasks as it has threads, and each computes its own part.
            scheduler="synchronous",
        )


@dataclass(frozen=True)
class _MappedFile:
    """An array in a file that is mapped into memory.

    Parameters
    ----------
    path
        The file.
    begin, size
        Bytes of the file that are mapped: the first, and how many.
    offset
        Where in these the array's first voxel is.
    shape, strides, dtype
        Of the array.
    """

    path: Path
    begin: int
    size: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: Array) -> Self | None:
        """Return where an array lies in a file; None if it lies in memory."""
        root: Any = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        is_mapped = isinstance(root, np.memmap) and root.base is not None
        # Changes of "c" are in this process, and never reach the file.
        if not is_mapped or root.filename is None or root.mode == "c":
            return None
        if root.mode != "r":
            root.flush()  # so that other computers find what was written so far
        first, end = np.lib.array_utils.byte_bounds(array)
        begin = root.offset + first - root.ctypes.data
        return cls(
            Path(os.fsdecode(root.filename)).absolute(),
            begin,
            end - first,
            array.ctypes.data - first,
            array.shape,
            array.strides,
            array.dtype,
        )

    def opened(self) -> Array:
        mapped = np.memmap(self.path, np.uint8, "r", self.begin, (self.size,))
        return np.ndarray(self.shape, self.dtype, mapped, self.offset, self.strides)


@dataclass(frozen=True)
class _Hdf5Dataset:
    """A dataset in an HDF5 file.

    Parameters
    ----------
    path
        The file.
    name
        Path of the dataset in it.
    shape, dtype
        Of the dataset.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, dataset: Any) -> Self:
        file = dataset.file
        if file.mode != "r":
            raise ValueError(
                f"The image is a dataset of {file.filename!r}, which is open for writing, so "
                f"workers could not read it: open it with h5py.File(path, 'r'), {_OR}"
            )
        if dataset.name is None or file.driver in ("core", "fileobj"):
            raise TypeError(
                "The image is an HDF5 dataset in memory, or in a file without a path, which "
                f"workers cannot open: give one of a file on a disk that they see, {_OR}"
            )
        path = Path(os.fsdecode(file.filename)).absolute()
        return cls(path, dataset.name, dataset.shape, dataset.dtype)

    def opened(self) -> Any:
        import h5py

        dataset = h5py.File(self.path, "r")[self.name]
        if (dataset.shape, dataset.dtype) != (self.shape, self.dtype):
            raise ValueError(
                f"{self.name!r} in {str(self.path)!r} has {dataset.shape} voxels of "
                f"{dataset.dtype}, but the image was opened with {self.shape} of {self.dtype}: has "
                "the file changed, or is it another one there?"
            )
        return dataset


def _opener_of(array: Any) -> Any:
    """Return what opens an array in another process, or the array, if it is that itself."""
    if isinstance(array, np.ndarray):
        mapped = _MappedFile.of(array)
        if mapped is None:
            raise TypeError(
                "The image is a NumPy array, which lies in the memory of this process, and workers "
                "are other processes: save it with np.save, give np.load(path, mmap_mode='r'), "
                f"{_OR}"
            )
        return mapped
    if is_of_library(array, "h5py", "Dataset"):
        return _Hdf5Dataset.of(array)
    if is_dask(array) and _is_persisted(array):
        raise TypeError(
            "The image is a dask array that is persisted, so its voxels lie in the memory of a "
            f"cluster: give the array as it was before persist(), {_OR}"
        )
    return array


def _is_persisted(array: Any) -> bool:
    from distributed import futures_of

    return bool(futures_of(array))  # type: ignore[no-untyped-call]


class _TooLargeError(Exception):
    """More is to be sent than may be."""


class _Bounded:
    """A file that takes no more than :data:`MAX_BYTES`, and copies nothing beyond."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._left = MAX_BYTES

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._left -= size
        if self._left < 0:
            raise _TooLargeError
        self.parts.append(bytes(data))
        return size


def _pickled(array: Any) -> bytes:
    import cloudpickle  # type: ignore[import-untyped]  # which comes with dask, whose steps may be functions of a notebook

    file = _Bounded()
    try:
        cloudpickle.dump(array, file, protocol=5)
    except _TooLargeError:
        what = "steps of the dask array hold" if is_dask(array) else "image holds"
        raise ValueError(
            f"The {what} more than {format_bytes(MAX_BYTES)} that would have to be sent to each "
            "worker, perhaps voxels: give an array that reads from a file which workers see, such "
            f"as a zarr array, in fewer and larger chunks, {_OR}"
        ) from None
    except Exception as error:
        kind = type(array).__module__.partition(".")[0]
        raise TypeError(
            f"The image is a {type(array).__name__} of {kind}, which cannot be sent to workers "
            f"({error}): give an array that they can open, such as a zarr array or a dask array "
            f"that reads from files, {_OR}"
        ) from error
    return b"".join(file.parts)
