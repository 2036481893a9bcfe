"""Write an image of any size as BigDataViewer XML/HDF5, streamed, with its pyramid.

The HDF5 layout is described in :mod:`bigimg_lessons.formats.bdv.layout`, the XML in
:mod:`bigimg_lessons.formats.bdv.spimdata`; both follow ``bdv.export.WriteSequenceToHdf5`` of
github.com/bigdataviewer/bigdataviewer-core. BigDataViewer's own files also have a group
``__DATA_TYPES__``, which the HDF5 library it uses makes for itself and reads without.

Chunks are compressed here, on all cores, and handed to HDF5 ready to store: HDF5's own gzip
filter works on one core only.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from operator import add
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import imagecodecs
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from bigimg_lessons.formats.bdv.description import bdv_reader, describe, describe_copy
from bigimg_lessons.formats.bdv.layout import (
    cells_path,
    resolutions_path,
    setup_path,
    subdivisions_path,
)
from bigimg_lessons.formats.bdv.pixel_types import DATA_TYPE_ATTRIBUTE, PIXEL_TYPES
from bigimg_lessons.formats.bdv.replacing import foreign_h5, foreign_xml
from bigimg_lessons.formats.bdv.spimdata import VoxelSize
from bigimg_lessons.formats.bdv.xml_writing import to_xml
from bigimg_lessons.pyramids.block_plans import (
    MEMORY_LIMIT,
    Beside,
    checked_memory_limit,
    held_bytes,
    plan_blocks,
)
from bigimg_lessons.pyramids.blocks import build_levels
from bigimg_lessons.pyramids.calibration import Calibration
from bigimg_lessons.pyramids.downsampling import Downsampling
from bigimg_lessons.pyramids.levels import Level, plan_levels
from bigimg_lessons.pyramids.source import AXES, LazyImage
from bigimg_lessons.saving.destination import check_target
from bigimg_lessons.saving.staging import Staging, recover
from bigimg_lessons.saving.write_errors import check_space, explained
from bigimg_lessons.text import format_bytes

Array = npt.NDArray[Any]
Encoded = list[bytes | bytearray | memoryview]

# Bytes that are read at a time if views are smaller.
_LEAST_READ_BYTES = 8 * 2**20

# Bytes of voxels that may wait to be compressed or stored: work for the cores during a read.
_WAITING_BYTES = 16 * 2**20

# HDF5's index of chunks: what it takes for each, and how much of it HDF5 may keep at hand. Its own
# bounds are 1 and 32 MiB.
_INDEX_BYTES_PER_CHUNK = 256
_LEAST_INDEX_BYTES = 2**20
_MOST_INDEX_BYTES = 32 * 2**20

# What stays of threads and of HDF5's own tables.
_ONCE_BYTES = 4 * 2**20

# Small chunks are compressed several at a time: handing over a task costs some microseconds.
_TASK_BYTES = 2**18


def write_bdv(
    path: str | Path,
    image: Any,
    *,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] = (64, 64, 64),
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    gzip_level: int | None = 4,
    legacy_uint16: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write an image with its resolution pyramid to a pair of XML and HDF5 files.

    The image is read once, block by block. What an early end leaves is said in
    :func:`bigimg_lessons.build.build_pyramid`.

    Parameters
    ----------
    path
        Of the XML, ending in ``.xml``; the HDF5 file gets the same name, ending in ``.h5``.
    image
        Array with the axes TCZYX, or the last four, three or two of these: dask, zarr, HDF5
        dataset, ``numpy.memmap``, numpy, or anything else that has ``shape``, ``dtype`` and
        reads when it is sliced; or a ``bioio.BioImage``, whose voxel size, unit and channel
        names are then taken unless given. Each channel becomes a view setup. Of the types of
        voxels that BigDataViewer knows (integers of 8 to 64 bits, float32 and float64), 64-bit
        integers have no exact mean, and need another `downsampling` or one level. Chunks of the
        source that span several channels or time points are read for each of these, unless one
        is a single block.

        A BigDataViewer image, as ``BioImage`` or reader, is copied with all that its XML tells of
        the current scene: numbers of time points and setups, their names and attributes, missing
        views (which are not stored), registrations, voxel size and unit. If a coarser level is
        current, that is registered where it lies. Its ``dask_data`` is an array, and tells none
        of this. Of other images no position is known: bioio tells neither the stage positions of
        an OME-TIFF nor the translation of an OME-Zarr, so they are not kept.
    axes
        The array's axes, such as "TYX", if they are not the last of TCZYX.
    voxel_size
        Size of a voxel in z, y, x order, None where it is not known. The XML has no place for a
        size that is known along some axes only: the voxel is then one pixel each way. Only a
        single plane is as thick as its pixels are wide. For a BigDataViewer
        image another than its own takes the place of registrations that were made for that.
    unit
        Of the voxel size, such as "µm" or "nm"; "pixel" if not known, for other programs take an
        empty one for micrometres. A time interval has no place in the XML.
    channel_names
        One for each channel; "channel 0", "channel 1", … if not known.
    chunk_shape
        Voxels per chunk in z, y, x order, at all levels; levels that are smaller have smaller
        chunks.
    factors, max_levels
        As for :func:`bigimg_lessons.pyramids.levels.plan_levels`.
    downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`: ``mean``, or ``mode`` for
        labels.
    gzip_level
        From 0 to 9, or None to store chunks as they are. More than one byte per voxel is
        shuffled before compression.
    legacy_uint16
        Store uint16 as all versions of BigDataViewer read it: as int16 with the same bits,
        without the attribute ``dataType``. If False, as uint16 with that attribute, which
        needs BigDataViewer of 2023 or later. Other types always have it; of those, older
        versions read uint8.
    memory_limit
        Bytes by which the process may grow, as for :func:`bigimg_lessons.build.build_pyramid`.
        If the source's chunks are so large that whole ones need more, as planes of a TIFF may,
        blocks are smaller, and some chunks are read several times.
    overwrite
        Replace files that exist, if they are BigDataViewer's and belong together. They stay as
        they are until the new ones are complete.
    progress
        Show a bar of the voxels written, of all levels.

    Returns
    -------
    Path
        The XML, absolute.

    Raises
    ------
    FileExistsError
        If one of the files exists, and `overwrite` is not set or it is not BigDataViewer's; or if
        one is a link.
    FileNotFoundError
        If their folder does not exist.
    TypeError
        If the voxels are of a type that BigDataViewer does not know, or have no exact mean.
    ValueError
        If `path` does not end in ``.xml``, the image has no two to five axes, or an option does
        not fit it.
    OSError
        If the disk has not enough space. Without compression that is known before, with
        compression only when it is full.

    Warns
    -----
    UserWarning
        If the voxel size or its unit is not known, and is therefore not written, or if
        registrations of a BigDataViewer image are not kept, or a view of it has none.
    """
    xml = Path(path).expanduser().absolute()
    if xml.suffix.lower() != ".xml":
        raise ValueError(f"The path {str(path)!r} does not end in '.xml': give that of the XML.")
    h5 = xml.with_suffix(".h5")
    recover(xml.parent)
    _check_targets(h5, xml, overwrite=overwrite)
    if gzip_level is not None and (type(gzip_level) is bool or gzip_level not in range(10)):
        raise ValueError(f"gzip_level is {gzip_level!r}: give 0 to 9, or None not to compress.")

    memory_limit = checked_memory_limit(memory_limit)

    source = LazyImage.of(image, axes=axes)
    if source.dtype.name not in PIXEL_TYPES:
        raise TypeError(
            f"BigDataViewer has no voxels of type {source.dtype.name}: convert the image to one of "
            f"{', '.join(PIXEL_TYPES)}."
        )
    source.check_chunks_fit(memory_limit)
    shape = tuple(source.sizes.get(axis, 1) for axis in AXES)
    calibration = source.known.overridden("ZYX", voxel_size=voxel_size, unit=unit)
    voxels = _voxel_size(calibration, shape[2:])
    names = source.checked_channel_names(channel_names)
    if reader := bdv_reader(image):
        description = describe_copy(
            h5.name,
            reader,
            voxel_size=None if voxel_size is None and unit is None else voxels,
            is_new_unit=voxel_size is None,
            channel_names=None if channel_names is None else names,
        )
        setups = [setup.id for setup in reader.setups]
    else:
        description = describe(h5.name, shape, voxels, names)
        setups = [setup.id for setup in description.setups]
    document = to_xml(description)
    # A view that is missing is not stored: zeros would be voxels that nobody measured.
    views = [
        (place, timepoint, setup)
        for place, (timepoint, setup) in zip(
            np.ndindex(shape[:2]), product(description.timepoints, setups), strict=True
        )
        if (timepoint, setup) not in description.missing
    ]
    levels = plan_levels(
        shape[2:],
        chunk_shape=chunk_shape,
        voxel_size=calibration.comparable("ZYX"),
        factors=factors,
        max_levels=max_levels,
    )
    largest = math.prod(_chunks(levels[0], chunk_shape)) * source.dtype.itemsize
    if largest >= 2**32:
        raise ValueError(
            f"A chunk of {tuple(chunk_shape)} voxels takes {format_bytes(largest)}, but HDF5 "
            "allows no 4 GiB: give a smaller chunk_shape."
        )
    chunks = len(views) * sum(
        math.prod(-(-n // c) for n, c in zip(level.shape, _chunks(level, chunk_shape), strict=True))
        for level in levels
    )
    room = _Room.of(0, chunks=chunks, largest=largest)
    beside = Beside(
        room.at_once, lambda block: source.reading_bytes(_along(source, (1, 1, *block)))
    )
    block_shape = plan_blocks(
        levels,
        chunk_shape=chunk_shape,
        dtype=source.dtype,
        source_chunk_shape=_chunk_in_space(source),
        downsampling=downsampling,
        memory_limit=memory_limit,
        beside=beside,
    )
    view_reader = _ViewReader(source, levels, block_shape, memory_limit, room.at_once)
    spare = memory_limit - max(
        view_reader.held_bytes,
        held_bytes(
            levels,
            block_shape=block_shape,
            dtype=source.dtype,
            downsampling=downsampling,
            beside=beside,
        ),
    )
    room = _Room.of(spare, chunks=chunks, largest=largest)
    calibration.warn_of_unknown(
        xml.name,
        source.axes_of_several.replace("T", ""),
        consequence=f"Voxels are written as {voxels.size} {voxels.unit}"
        if reader is None
        else "The XML says of it what that of the image says",
        stacklevel=3,
    )
    if gzip_level is None:
        check_space(xml.parent, _size(len(views), source.dtype, levels))

    with Staging(h5, xml) as staging:
        with (
            _created(staging.new(h5), h5, room.index) as file,
            tqdm(
                desc=h5.name,
                total=_size(len(views), source.dtype, levels),
                unit="B",
                unit_scale=True,
                disable=not progress,
            ) as bar,
            _ChunkWriter(h5, gzip_level, room.waiting, bar.update) as writer,
        ):
            made_aside = partial(explained, h5, aside=staging.new(h5).parent)
            with made_aside():
                for setup in setups:
                    _describe_setup(file, setup, levels, chunk_shape, source.dtype, legacy_uint16)
            for place, timepoint, setup in views:
                with made_aside():
                    cells = [
                        file.create_dataset(
                            cells_path(timepoint, setup, number),
                            shape=level.shape,
                            dtype=_stored(source.dtype, legacy_uint16),
                            chunks=_chunks(level, chunk_shape),
                            shuffle=gzip_level is not None and source.dtype.itemsize > 1,
                            compression=gzip_level,
                        )
                        for number, level in enumerate(levels)
                    ]
                build_levels(
                    partial(view_reader.read, *place),
                    partial(writer.put, cells),
                    levels,
                    block_shape=block_shape,
                    dtype=source.dtype,
                    downsampling=downsampling,
                )
        with explained(xml, aside=staging.new(xml).parent):
            staging.new(xml).write_text(document, encoding="utf-8", newline="\n")
        staging.swap(partial(_check_targets, h5, xml, overwrite=overwrite))
    return xml


def _voxel_size(calibration: Calibration, shape: Sequence[int]) -> VoxelSize:
    """Return what the XML says of the size of a voxel: three numbers, in one unit.

    There is no place in it for a size that is not known along one axis only, so if one is not,
    all are one pixel. A single plane of unknown thickness is as thick as its pixels are wide.
    Without a unit of length it is "pixel": Bio-Formats 7.3 takes an empty one for micrometres.
    """
    steps = [calibration.step(axis) for axis in "ZYX"]
    steps = [
        steps[2] if n == 1 and step.size is None else step
        for n, step in zip(shape, steps, strict=True)
    ]
    (unit, *others) = {step.unit for step in steps}
    if others or any(step.size is None for step in steps):
        return VoxelSize((1.0, 1.0, 1.0), "pixel")
    z, y, x = (step.number for step in steps)
    return VoxelSize((z, y, x), unit.symbol if unit else "pixel")


def _describe_setup(
    file: h5py.File,
    setup: int,
    levels: Sequence[Level],
    chunk_shape: Sequence[int],
    dtype: np.dtype[Any],
    legacy_uint16: bool,
) -> None:
    factors = [level.factors[::-1] for level in levels]
    chunks = [_chunks(level, chunk_shape)[::-1] for level in levels]
    file.create_dataset(resolutions_path(setup), data=np.array(factors, np.float64))
    file.create_dataset(subdivisions_path(setup), data=np.array(chunks, np.int32))
    if not (dtype == np.uint16 and legacy_uint16):
        # Text of fixed length, as BigDataViewer writes it.
        file[setup_path(setup)].attrs[DATA_TYPE_ATTRIBUTE] = np.bytes_(dtype.name)


def _stored(dtype: np.dtype[Any], legacy_uint16: bool) -> np.dtype[Any]:
    """Return the type of the cells: little-endian, and int16 for the bits of a uint16."""
    legacy = dtype == np.uint16 and legacy_uint16
    return np.dtype(np.int16 if legacy else dtype).newbyteorder("<")


def _chunks(level: Level, chunk_shape: Sequence[int]) -> tuple[int, ...]:
    """Return the chunk of a level: HDF5 allows none that is larger than the level."""
    return tuple(map(min, level.shape, chunk_shape))


@contextmanager
def _created(path: Path, target: Path, index_bytes: int) -> Iterator[h5py.File]:
    """Create an HDF5 file; if something fails, closing it must not hide what that was.

    HDF5 keeps no more than `index_bytes` of its index of chunks at hand.
    """
    with explained(target, aside=path.parent):
        file = h5py.File(path, "w")
    try:
        cache = file.id.get_mdc_config()
        cache.max_size = index_bytes
        cache.initial_size = min(cache.initial_size, index_bytes)
        file.id.set_mdc_config(cache)
        yield file
    except BaseException:
        with suppress(OSError, RuntimeError):
            file.close()
        raise
    with explained(target, aside=path.parent):
        file.close()


@dataclass(frozen=True)
class _Room:
    """Bytes for what HDF5 and the compression hold at a time, whatever the blocks.

    Parameters
    ----------
    waiting
        For chunks that wait to be compressed or stored, at least one for each core.
    index
        For HDF5's index of chunks.
    at_once
        For these and all else.
    """

    waiting: int
    index: int
    at_once: int

    @classmethod
    def of(cls, spare: int, *, chunks: int, largest: int) -> Self:
        """Take the least, and more as far as memory is to spare.

        Parameters
        ----------
        spare
            Bytes beyond the least.
        chunks
            Number of chunks of all views.
        largest
            Bytes of the largest.
        """
        workers = os.cpu_count() or 1
        task = max(largest, _TASK_BYTES)
        least = (workers + 1) * task
        waiting = max(least, min(_WAITING_BYTES, least + spare // 2))
        index = min(_MOST_INDEX_BYTES, _LEAST_INDEX_BYTES + spare // 2)
        # Of a part that is being compressed there are a chunk, shuffled, and the bytes for HDF5.
        working = workers * 3 * task
        used = min(index, chunks * _INDEX_BYTES_PER_CHUNK)
        return cls(waiting, index, _ONCE_BYTES + waiting + working + used)


class _ChunkWriter:
    """Compresses chunks on all cores and stores them in HDF5, in the order they came.

    Compression runs in threads, and only this object's owner's thread uses HDF5. What waits in
    between is copied, so that the block it came from can go, and is bounded.

    Parameters
    ----------
    target
        What the HDF5 file will be, for messages.
    gzip_level
        Or None, to store chunks as they are.
    waiting_bytes
        Of chunks that may wait.
    written
        Called with the number of bytes of voxels each time some have been stored.
    """

    def __init__(
        self,
        target: Path,
        gzip_level: int | None,
        waiting_bytes: int,
        written: Callable[[int], object],
    ) -> None:
        self._target = target
        self._gzip_level = gzip_level
        self._most_bytes = waiting_bytes
        self._written = written
        self._workers = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="compress")
        self._waiting: deque[tuple[h5py.Dataset, list[int], int, int, Future[Encoded]]] = deque()
        self._waiting_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            while kind is None and self._waiting:
                self._store_next()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def put(
        self, levels: Sequence[h5py.Dataset], number: int, start: tuple[int, ...], block: Array
    ) -> None:
        """Store a block of whole chunks of a level, sooner or later.

        Parameters
        ----------
        levels
            The cells of all levels of a view.
        number
            Which level.
        start
            Where the block begins along z, y and x.
        block
            Voxels.
        """
        cells = levels[number]
        steps = list(cells.chunks)
        steps[2] *= max(1, _TASK_BYTES // (math.prod(steps) * block.itemsize))
        for corner in product(*map(range, (0, 0, 0), block.shape, steps)):
            part = block[tuple(slice(c, c + n) for c, n in zip(corner, steps, strict=True))]
            part = np.array(part, part.dtype.newbyteorder("<"))
            task = self._pool.submit(_encode, part, cells.chunks, self._gzip_level)
            begin = [s + c for s, c in zip(start, corner, strict=True)]
            # As stored without compression: a chunk that sticks out of the level is filled up.
            filled = -(-part.shape[2] // cells.chunks[2]) * math.prod(cells.chunks) * part.itemsize
            self._waiting.append((cells, begin, part.nbytes, filled, task))
            self._waiting_bytes += filled
            while self._waiting_bytes > self._most_bytes and len(self._waiting) > self._workers:
                self._store_next()

    def _store_next(self) -> None:
        cells, (z, y, x), size, filled, task = self._waiting.popleft()
        for number, chunk in enumerate(task.result()):
            with explained(self._target, aside=Path(cells.file.filename).parent):
                cells.id.write_direct_chunk((z, y, x + number * cells.chunks[2]), chunk)
        self._waiting_bytes -= filled
        self._written(size)


def _encode(row: Array, chunk_shape: tuple[int, int, int], gzip_level: int | None) -> Encoded:
    """Cut a row of chunks along x, and make of each the bytes that HDF5 stores.

    A chunk that sticks out of the level is filled up with zeros. HDF5's shuffle filter puts the
    first bytes of all voxels first, then all second ones; gzip finds more to save in that.
    """
    encoded: Encoded = []
    for x in range(0, row.shape[2], chunk_shape[2]):
        part = row[:, :, x : x + chunk_shape[2]]
        chunk = np.zeros(chunk_shape, row.dtype)
        chunk[tuple(map(slice, part.shape))] = part
        if gzip_level is None:
            encoded.append(chunk.tobytes())
        else:
            shuffled = chunk.view(np.uint8).reshape(-1, chunk.itemsize).T.tobytes()
            encoded.append(imagecodecs.deflate_encode(shuffled, gzip_level))
    return encoded


class _ViewReader:
    """Reads an image view by view, small views several at once.

    To ask for a piece costs the same whether it is a frame of a kilobyte or a thousand of them,
    and a chunk of the source may span several views. What was read for one view is kept for those
    that come next, as long as that is no more than a block.

    Parameters
    ----------
    source
        The image.
    levels, block_shape, memory_limit
        As planned for one view.
    once
        Bytes that all else takes.
    """

    def __init__(
        self,
        source: LazyImage,
        levels: Sequence[Level],
        block_shape: tuple[int, ...],
        memory_limit: int,
        once: int,
    ) -> None:
        self._source = source
        self._shape = tuple(source.sizes.get(axis, 1) for axis in AXES)
        views = self._shape[:2]
        chunk = dict(zip(source.axes, source.chunk_shape or (), strict=False))
        several = [
            replace(level, factors=(1, 1, *level.factors), shape=views + level.shape)
            for level in levels
        ]
        beside = Beside(once, lambda block: source.reading_bytes(_along(source, block)))
        together = plan_blocks(
            several,
            chunk_shape=(1, 1, *block_shape),
            dtype=source.dtype,
            source_chunk_shape=[chunk.get(axis, 1) for axis in AXES],
            downsampling="stride",
            memory_limit=memory_limit,
            least_bytes=_LEAST_READ_BYTES,
            beside=beside,
        )[:2]
        whole_views = all(b >= n for b, n in zip(block_shape, self._shape[2:], strict=True))
        self._together = together if whole_views else (1, 1)
        self._kept: tuple[tuple[int, ...], Array] | None = None
        self.held_bytes = held_bytes(
            several,
            block_shape=(*self._together, *block_shape),
            dtype=source.dtype,
            downsampling="stride",
            beside=beside,
        )
        """With all else, see :func:`bigimg_lessons.pyramids.block_plans.held_bytes`."""

    def read(self, timepoint: int, channel: int, region: tuple[slice, ...]) -> Array:
        """Return the voxels of `region`, slices in z, y and x, of one channel at one time."""
        view = (timepoint, channel)
        if math.prod(self._together) == 1:
            voxels: Array = self._read(tuple(slice(v, v + 1) for v in view) + region)[0, 0]
            return voxels
        start = tuple(v // n * n for v, n in zip(view, self._together, strict=True))
        if self._kept is None or self._kept[0] != start:
            self._kept = None  # before the next is read, not after
            stop = map(min, map(add, start, self._together), self._shape[:2])
            several = tuple(map(slice, start, stop))
            self._kept = start, self._read(several + tuple(slice(0, n) for n in self._shape[2:]))
        kept: Array = self._kept[1][timepoint - start[0], channel - start[1]][region]
        return kept

    def _read(self, region: tuple[slice, ...]) -> Array:
        along = dict(zip(AXES, region, strict=True))
        voxels = self._source.read(tuple(along[axis] for axis in self._source.axes))
        whole: Array = voxels.reshape([axis.stop - axis.start for axis in region])
        return whole


def _along(source: LazyImage, block_shape: Sequence[int]) -> list[int]:
    """Return how far a block of t, c, z, y and x reaches along each of the source's axes."""
    along = dict(zip(AXES, block_shape, strict=True))
    return [along[axis] for axis in source.axes]


def _chunk_in_space(source: LazyImage) -> tuple[int, ...] | None:
    """Return the source's chunk along z, y and x."""
    if source.chunk_shape is None:
        return None
    chunk = dict(zip(source.axes, source.chunk_shape, strict=True))
    return tuple(chunk.get(axis, 1) for axis in "ZYX")


def _size(views: int, dtype: np.dtype[Any], levels: Sequence[Level]) -> int:
    """Return the bytes of all voxels of all levels of a number of views."""
    return views * sum(math.prod(level.shape) for level in levels) * dtype.itemsize


def _check_targets(h5: Path, xml: Path, *, overwrite: bool) -> None:
    check_target(h5, overwrite=overwrite, foreign=foreign_h5)
    check_target(xml, overwrite=overwrite, foreign=partial(foreign_xml, h5=h5))
