"""BigDataViewer's HDF5: names of groups, pixel types, levels, and lazily read arrays.

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

Files are opened for one read and closed again. So nothing stays open, arrays can be pickled,
and threads and processes read independently of one another. Opening costs a fraction of a
millisecond, which is little beside reading one dask chunk of some megabytes.

HDF5 locks a file while it is open, as a guard against reading what another program is writing.
Where the file system has no locks (some clusters, read-only media) reading goes on without; the
environment variable ``HDF5_USE_FILE_LOCKING=FALSE`` turns locks off altogether.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from numbers import Integral
from types import TracebackType
from typing import Any, Self

import dask.array as da
import h5py
import numpy as np
import numpy.typing as npt
from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv.opening import (
    HDF5_ERRORS,
    InUseError,
    explained,
    lacking_filter,
    link_of,
    opened,
)
from bigimg_lessons.formats.bdv.paths import resolve
from bigimg_lessons.formats.bdv.pixel_types import (
    DATA_TYPE_ATTRIBUTE,
    PIXEL_TYPES,
    declared_types,
    pixel_type,
)
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.selection import Run, expand, fill, positions_of, runs_of

CHUNK_BYTES = 4 * 2**20
"""Size up to which HDF5 chunks are merged into one dask chunk, unless told otherwise."""

PLANE_BYTES = 64 * 2**20
"""Size up to which a dask chunk is a whole plane where HDF5 stores planes, tiles or rows of one."""

MAX_DASK_CHUNKS = 5_000_000
"""Most chunks one dask array may have; its graph would fill several gigabytes beyond."""

_MAX_LEVELS = 64
_MAX_TRIES = 1_000  # time points looked at to find one that is there
_MAX_STEPS = 64  # groups and links followed to find one object; no path needs ten

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


def merge_chunks(chunks: Shape, shape: Shape, itemsize: int, chunk_bytes: int | None) -> Shape:
    """Choose dask chunks that consist of whole HDF5 chunks.

    Where HDF5 chunks are one plane deep, or one row high and as wide as the image, whole planes
    are merged first: reading one costs dask a task and an opened file for each of its chunks.

    Parameters
    ----------
    chunks
        HDF5 chunk, in z, y, x order; may exceed `shape`. Rows stand for what is not chunked.
    shape
        Extents of the level, in z, y, x order.
    itemsize
        Bytes of one pixel.
    chunk_bytes
        Size to stay within, in bytes, or ``None`` to keep the HDF5 chunks. Planes may have up to
        `PLANE_BYTES` all the same, and rows become planes even if it is ``None``.

    Returns
    -------
    tuple of int
        Chunk in z, y, x order: a power of two of HDF5 chunks along each axis, or the whole
        axis, grown where it is shortest, or in planes first.
    """
    merged = [min(chunk, extent) for chunk, extent in zip(chunks, shape, strict=True)]
    in_rows = merged[1] == 1 and merged[2] == shape[2]
    in_planes = in_rows or merged[0] == 1
    if in_rows or (in_planes and chunk_bytes is not None):
        limit = max(PLANE_BYTES, chunk_bytes or 0)
        for axis in (2, 1):
            while _grows(merged, shape, axis, itemsize, limit):
                merged[axis] = min(2 * merged[axis], shape[axis])
    while chunk_bytes is not None:
        growing = [a for a in range(3) if _grows(merged, shape, a, itemsize, chunk_bytes)]
        if not growing:
            break
        axis = min(growing, key=lambda axis: merged[axis])
        merged[axis] = min(2 * merged[axis], shape[axis])
    return (merged[0], merged[1], merged[2])


def _grows(merged: Sequence[int], shape: Shape, axis: int, itemsize: int, limit: int) -> bool:
    """Whether a chunk can double along an axis, or reach its end, within a number of bytes."""
    others = math.prod(merged) // merged[axis] * itemsize
    return merged[axis] < shape[axis] and min(2 * merged[axis], shape[axis]) * others <= limit


@dataclass(frozen=True)
class Level:
    """One resolution level of a setup.

    Parameters
    ----------
    factors
        Full-resolution voxels per voxel of this level, in z, y, x order.
    shape
        Voxels, in z, y, x order.
    chunks
        HDF5 chunk in z, y, x order, as stored: it may exceed `shape`. A level that is not
        chunked, or only into chunks of more than `PLANE_BYTES` that no filter packs, counts as
        chunked into rows.
    start
        Where it begins in the stored level of which it is a part, in z, y, x order.
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
        From full resolution down, as far as all of them are there.
    """

    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    levels: tuple[Level, ...]

    def part(self, start: Shape, stop: Shape) -> SetupLayout:
        """Layout of a part of the setup.

        Parameters
        ----------
        start, stop
            Where the part begins, and the first voxel behind it, at full resolution, in z, y, x
            order.

        Returns
        -------
        SetupLayout
            Its levels begin and end where voxels do: the run of levels ends before the first one
            of which a voxel would lie across the part's border, other than the image's own.

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


@dataclass(frozen=True)
class Hdf5Source:
    """Where a dataset's HDF5 file is.

    Parameters
    ----------
    fs
        File system that holds the file.
    path
        Path of the file in `fs`.
    root
        Folder that external links must not leave.
    allow_outside
        Whether they may all the same.
    """

    fs: AbstractFileSystem
    path: str
    root: str
    allow_outside: bool = False

    def open(self) -> OpenSource:
        """Open the file, for a ``with`` statement."""
        return OpenSource(self)


class OpenSource:
    """A dataset's HDF5 file while it is open.

    Parameters
    ----------
    source
        The file. It is opened on entering a ``with`` statement.

    Raises
    ------
    OSError
        On entering, if it does not open as HDF5.
    """

    def __init__(self, source: Hdf5Source) -> None:
        self.source = source
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._main = self._stack.enter_context(opened(self.source.fs, self.source.path))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def path(self) -> str:
        """Path of the file."""
        return self.source.path

    @property
    def being_written(self) -> bool:
        """Whether a program has it open in HDF5's mode for one writer and many readers."""
        return bool(self._main.swmr_mode)

    @contextmanager
    def find(self, name: str) -> Iterator[Any]:
        """Find an object, following links within the folder that the source must not leave.

        HDF5 itself would follow external links anywhere, so each link is looked at first.

        Parameters
        ----------
        name
            Path inside the file, such as ``t00000/s00/0/cells``.

        Yields
        ------
        h5py.Group | h5py.Dataset
            The object. Partition files opened on the way are closed afterwards.

        Raises
        ------
        LookupError
            If there is no such object.
        FileNotFoundError
            If it is in a partition file that is not there.
        ValueError
            If a link leaves the folder.
        OSError
            If the file is damaged.
        """
        with ExitStack() as partners:
            yield self._follow(name, partners)

    def _follow(self, name: str, partners: ExitStack) -> Any:
        node: Any = self._main
        file = self.source.path
        parts = name.split("/")[::-1]
        for _ in range(_MAX_STEPS):
            if not parts:
                return node
            part = parts.pop()
            if part in ("", "."):
                continue
            with explained(file, name):
                link = link_of(node, part)
                if isinstance(link, h5py.HardLink):
                    node = node[part]
                elif isinstance(link, h5py.SoftLink) and link.path.startswith("/"):
                    node = node["/"]
            if link is None:
                raise LookupError(f"{file} holds no {name}.")
            if isinstance(link, h5py.ExternalLink):
                file = self._partner(link.filename, file)
                node = partners.enter_context(opened(self.source.fs, file))
            if not isinstance(link, h5py.HardLink):
                parts.extend(link.path.split("/")[::-1])
        raise OSError(f"{file}: the links that lead to {name} do not end.")

    def _partner(self, reference: str, file: str) -> str:
        """Path of the partition that an external link in `file` names."""
        path = resolve(
            reference,
            start=file.rpartition("/")[0],
            root=self.source.root,
            source=f"An external link in {file}",
            allow_outside=self.source.allow_outside,
        )
        if not self.source.fs.exists(path):
            raise FileNotFoundError(
                f"{file} keeps this part of the dataset in {reference!r}, and there is no file "
                f"{path}: put that partition there."
            )
        return path

    @contextmanager
    def cells(self, timepoint: int, setup: int, level: int) -> Iterator[Any]:
        """Find the pixels of one level of one view.

        Parameters
        ----------
        timepoint, setup, level
            Which.

        Yields
        ------
        h5py.Dataset
            Three-dimensional, in z, y, x order, with its pixels in the same file.

        Raises
        ------
        LookupError, FileNotFoundError, ValueError, OSError
            As `find`; ``ValueError`` also if it holds no pixels that can be read.
        """
        name = cells_path(timepoint, setup, level)
        with self._dataset(name) as cells:
            if cells.ndim != 3 or not cells.size:
                raise ValueError(
                    f"{self.path}: {name} has the shape {cells.shape}, not three extents."
                )
            yield cells

    @contextmanager
    def _dataset(self, name: str) -> Iterator[Any]:
        """Find a dataset that has its values in its own file."""
        with self.find(name) as dataset:
            if not isinstance(dataset, h5py.Dataset):
                raise ValueError(f"{self.path}: {name} is no dataset: the file is damaged.")
            with explained(self.path, name):
                hollow = dataset.shape is None
                elsewhere = dataset.is_virtual or dataset.external
            if hollow:
                raise ValueError(f"{self.path}: {name} holds nothing: the file is damaged.")
            if elsewhere:
                raise ValueError(
                    f"{self.path}: {name} takes its values from other files (virtual or external "
                    "storage), which BigDataViewer never does: copy it to a plain dataset first."
                )
            yield dataset

    def layout(
        self,
        setup: int,
        timepoints: Iterable[int],
        *,
        remarks: Remarks | None = None,
        size: Shape | None = None,
    ) -> SetupLayout:
        """Read how a setup is stored.

        Its own groups and cells decide, and nothing else.

        Parameters
        ----------
        setup
            Its id.
        timepoints
            The time points at which it exists. The first whose full resolution can be opened, of
            at most a thousand, gives the shapes.
        remarks
            Where to note coarse levels that are not there or make no sense. If ``None``, warnings
            are given.
        size
            What the XML says of its voxels, in z, y, x order. That only counts for a setup that
            exists at no time point, of which all voxels are zeros.

        Returns
        -------
        SetupLayout
            Its unbroken run of levels from full resolution down.

        Raises
        ------
        LookupError, FileNotFoundError, ValueError, OSError
            If it is not there, or makes no sense.
        """
        noted = Remarks() if remarks is None else remarks
        layout = self._read_layout(setup, timepoints, noted, size)
        if remarks is None:
            noted.warn()
        return layout

    def _read_layout(
        self, setup: int, timepoints: Iterable[int], remarks: Remarks, size: Shape | None
    ) -> SetupLayout:
        where = f"{self.path}: setup {setup}"
        with self.find(setup_path(setup)) as group:
            if not isinstance(group, h5py.Group):
                raise ValueError(f"{where} is no group: the file is damaged.")
            with explained(self.path, setup_path(setup)):
                declared = group.attrs.get(DATA_TYPE_ATTRIBUTE)
        factors = self._factors(setup)
        failure: Exception | None = None
        tried = []
        for timepoint in itertools.islice(timepoints, _MAX_TRIES):
            tried.append(timepoint)
            try:
                shape, chunks, stored = self._shape(timepoint, setup, 0)
            except (LookupError, OSError, ValueError) as error:
                # Another time point may be in another partition; the first failure is told.
                failure = failure or error
                continue
            try:
                dtype = pixel_type(stored, declared)
            except ValueError as error:
                raise ValueError(f"{where} {error}.") from None
            if declared is not None and declared_types(declared) is None:
                remarks.add(
                    "dataType",
                    f"{where} has a dataType that names no type; its cells are {stored}, and are "
                    "read so.",
                    of=f"setup {setup}",
                )
            levels = [Level(factors[0], shape, chunks)]
            try:
                for number in range(1, len(factors)):
                    levels.append(
                        self._coarse(timepoint, setup, number, factors, levels[0], stored)
                    )
            except (LookupError, OSError, ValueError) as error:
                count = len(levels)
                remarks.add(
                    "levels",
                    f"{where} should have {len(factors)} levels, and level {count} cannot be read: "
                    f"{error} {'Level 0 is' if count == 1 else f'Levels 0 to {count - 1} are'} "
                    "offered.",
                    of=f"setup {setup}",
                )
            return SetupLayout(dtype, stored, tuple(levels))
        if failure is None:
            return self._bare_layout(where, factors[0], declared, size)
        if isinstance(failure, LookupError):
            raise LookupError(f"{failure}{self._stored_timepoints(tried)}") from None
        raise failure

    def _bare_layout(
        self,
        where: str,
        factors: tuple[float, float, float],
        declared: Any,
        size: Shape | None,
    ) -> SetupLayout:
        """Lay out a setup that exists nowhere, if its own group and the XML say enough."""
        types = declared_types(declared)
        if size is None or types is None or len(types) > 1 or not types <= set(PIXEL_TYPES):
            raise LookupError(
                f"{where} has no voxels, since the XML lists all of its views as missing, and its "
                "type or size is not told."
            )
        dtype = np.dtype(next(iter(types)))
        return SetupLayout(dtype, dtype, (Level(factors, size, (1, 1, size[2])),))

    def _coarse(
        self,
        timepoint: int,
        setup: int,
        number: int,
        factors: Sequence[tuple[float, float, float]],
        full: Level,
        stored: np.dtype[Any],
    ) -> Level:
        """Look at one level beside the first, which has to go with it."""
        factor = factors[number]
        if not all(0 < f < math.inf for f in factor):
            raise ValueError(f"Its factors are {factor}, not above zero.")
        shape, chunks, cells = self._shape(timepoint, setup, number)
        if cells != stored:
            raise ValueError(f"Its cells are {cells}, and those of level 0 are {stored}.")
        level = Level(factor, shape, chunks)
        if not _fits(level, full):
            raise ValueError(
                f"Its {shape} voxels (z, y, x) do not follow from {full.shape} at level 0 and the "
                f"factors {factor}."
            )
        return level

    def _stored_timepoints(self, tried: Sequence[int]) -> str:
        """Say which time points the file has, if it has none of those that were tried."""
        with explained(self.path, "its groups"):
            found = [int(name[1:]) for name in self._main if re.fullmatch(r"t\d{5,9}", name)]
        if not found:
            return " The file holds no time point at all."
        if not set(found).isdisjoint(tried):
            return ""
        runs = []
        for _, run in itertools.groupby(enumerate(sorted(found)), lambda pair: pair[1] - pair[0]):
            ids = [number for _, number in run]
            runs.append(f"{ids[0]}" if len(ids) == 1 else f"{ids[0]} to {ids[-1]}")
        named = ", ".join(runs[:5]) + (", …" if len(runs) > 5 else "")
        return (
            f" The time points of the file are {named}: correct <Timepoints> in the XML, or tell "
            f"the reader which to open, such as timepoints=[{min(found)}]."
        )

    def _factors(self, setup: int) -> list[tuple[float, float, float]]:
        """Read the downsampling factors of all levels, turned to z, y, x order."""
        name = resolutions_path(setup)
        with self._dataset(name) as table:
            if table.ndim != 2 or table.shape[1] != 3:
                raise ValueError(f"{self.path}: {name} is no table of three columns.")
            if not 1 <= table.shape[0] <= _MAX_LEVELS:
                raise ValueError(
                    f"{self.path}: {name} has {table.shape[0]} rows; from 1 to {_MAX_LEVELS} "
                    "levels are read."
                )
            with explained(self.path, name):
                values = np.asarray(table[...], dtype=np.float64)
        if not np.all(np.isfinite(values[0]) & (values[0] > 0)):
            raise ValueError(f"{self.path}: {name} holds factors that are not above zero.")
        return [(float(z), float(y), float(x)) for x, y, z in values]

    def _shape(self, timepoint: int, setup: int, level: int) -> tuple[Shape, Shape, np.dtype[Any]]:
        with (
            self.cells(timepoint, setup, level) as cells,
            explained(self.path, cells_path(timepoint, setup, level)),
        ):
            chunks = cells.chunks
            if chunks is None or _is_read_in_parts(cells):
                chunks = (1, 1, cells.shape[2])
            return cells.shape, chunks, cells.dtype.newbyteorder("=")


@dataclass(frozen=True)
class LevelArray:
    """One resolution level of several setups over time, as an array of T, C, Z, Y, X.

    Indexing reads just the HDF5 chunks that hold the indexed pixels, and returns numpy. Integers
    drop their axis; slices, lists and arrays of indices keep it, each for itself (like
    ``numpy.ix_``, unlike numpy's own indexing with several lists).

    Parameters
    ----------
    source
        The HDF5 file.
    timepoints, setups
        Ids along T and C.
    level
        Which resolution level.
    layout
        How all of `setups` are stored.
    missing
        (time point, setup) of the views that do not exist, and read as zeros.
    """

    source: Hdf5Source
    timepoints: tuple[int, ...]
    setups: tuple[int, ...]
    level: int
    layout: SetupLayout
    missing: frozenset[tuple[int, int]] = frozenset()

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Extents in T, C, Z, Y, X order."""
        return (len(self.timepoints), len(self.setups), *self.layout.levels[self.level].shape)

    @property
    def ndim(self) -> int:
        """Five."""
        return 5

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.layout.dtype

    def to_dask(self, chunk_bytes: int | None = CHUNK_BYTES) -> da.Array:
        """Wrap the array for dask, in chunks of whole HDF5 chunks.

        Parameters
        ----------
        chunk_bytes
            Size in bytes up to which HDF5 chunks are merged, or ``None`` to make each HDF5
            chunk a dask chunk; see `merge_chunks`.

        Returns
        -------
        dask.array.Array
            Nothing is read. If a chunk is only needed in part, dask hands the slice down, and
            only the HDF5 chunks below it are read.

        Raises
        ------
        ValueError
            If it would have more than `MAX_DASK_CHUNKS` chunks.
        """
        level = self.layout.levels[self.level]
        merged = merge_chunks(
            level.chunks, level.whole or level.shape, self.dtype.itemsize, chunk_bytes
        )
        chunks = (1, 1, *merged)
        count = math.prod(-(-n // c) for n, c in zip(self.shape, chunks, strict=True))
        if count > MAX_DASK_CHUNKS:
            raise ValueError(
                f"{self.source.path}: an array of {self.shape} pixels (TCZYX) in chunks of "
                f"{chunks} has {count:,} chunks, too many for dask: choose a larger chunk_bytes "
                "or a lower level."
            )
        meta = np.empty((0,) * 5, self.dtype)
        cuts = (
            *chunks[:2],
            *map(_cuts, level.shape, chunks[2:], level.start),
        )
        array: da.Array = da.from_array(self, chunks=cuts, meta=meta)  # type: ignore[no-untyped-call]
        return array

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        specs = expand(index)
        axes = [positions_of(spec, extent) for spec, extent in zip(specs, self.shape, strict=True)]
        pixels = np.zeros([len(axis) for axis in axes], self.dtype)
        if pixels.size:
            level = self.layout.levels[self.level]
            runs = [
                runs_of(axis + start, chunk)
                for axis, start, chunk in zip(axes[2:], level.start, level.chunks, strict=True)
            ]
            with self.source.open() as file:
                for (t, timepoint), (c, setup) in itertools.product(
                    enumerate(axes[0]), enumerate(axes[1])
                ):
                    view = (self.timepoints[timepoint], self.setups[setup])
                    if view not in self.missing:
                        self._read(file, view, runs, pixels[t, c])
        return pixels[tuple(0 if isinstance(spec, Integral) else slice(None) for spec in specs)]

    def _read(
        self,
        file: OpenSource,
        view: tuple[int, int],
        runs: Sequence[Sequence[Run]],
        target: npt.NDArray[Any],
    ) -> None:
        """Read the pixels of one view into `target` (Z, Y, X)."""
        timepoint, setup = view
        level = self.layout.levels[self.level]
        expected = (level.whole or level.shape, self.layout.stored)
        name = cells_path(timepoint, setup, self.level)
        try:
            with file.cells(timepoint, setup, self.level) as cells, explained(file.path, name):
                found = (cells.shape, cells.dtype.newbyteorder("="))
                lacking = None
                if found == expected:
                    try:
                        # Bytes are taken over as they are: HDF5 would clip int16 to fit uint16.
                        fill(target.view(self.layout.stored), cells, runs)
                    except OSError:
                        if (lacking := lacking_filter(cells)) is None:
                            raise
        except LookupError as error:
            raise LookupError(f"{error} {self._advice(file, timepoint, setup)}") from None
        if lacking is not None:
            raise ImportError(
                f"{file.path}: {name} is compressed with HDF5 filter {lacking}, which is not "
                "installed: `pip install hdf5plugin` and `import hdf5plugin` bring the common ones."
            )
        if found != expected:
            raise ValueError(
                f"{file.path}: {name} has {found[0]} pixels (z, y, x) of {found[1]}, but the image "
                f"was opened with {expected[0]} of {expected[1]}, as at other time points or "
                f"before the file was changed: open this time point by itself, with "
                f"timepoints=[{timepoint}]."
            )

    def _advice(self, file: OpenSource, timepoint: int, setup: int) -> str:
        """Say what to do about a level of a view that is not there, though nobody says so."""
        if self.level:
            with suppress(LookupError, OSError, ValueError), file.cells(timepoint, setup, 0):
                return f"Time point {timepoint} of setup {setup} has level 0: read that."
        return (
            f"The XML does not list time point {timepoint}, setup {setup} among its "
            "<MissingViews>: the HDF5 file is incomplete, or the view should be listed, as "
            f'<MissingView timepoint="{timepoint}" setup="{setup}"/>.'
        )


def _cuts(extent: int, step: int, start: int) -> tuple[int, ...]:
    """Lengths of dask chunks along an axis, cut where chunks of HDF5 end."""
    ends = range(step - start % step, extent, step)
    return tuple(np.diff([0, *ends, extent]).tolist())


def holds_bdv(fs: AbstractFileSystem, path: str) -> bool:
    """Whether an HDF5 file is laid out as BigDataViewer does it.

    Parameters
    ----------
    fs
        File system that holds the file.
    path
        Path of the file in `fs`.

    Returns
    -------
    bool
        Whether it has groups of a setup and of a time point. Files that do not open have none,
        but for files in use: what those are, their reader says on opening.
    """
    try:
        with opened(fs, path) as file:
            names = list(file)
            setups = [name for name in names if re.fullmatch(r"s\d{2,}", name)]
            timepoints = [name for name in names if re.fullmatch(r"t\d{5,}", name)]
            if not (setups and timepoints) or not isinstance(
                link_of(file, setups[0]), h5py.HardLink
            ):
                return False
            return link_of(file[setups[0]], "resolutions") is not None
    except InUseError:
        return True
    except HDF5_ERRORS:
        return False


def _fits(level: Level, full: Level) -> bool:
    """Whether the shape of a level follows from its factors.

    Programs round down, up, or once per level: a voxel more or less is right.
    """
    return all(
        -1 <= extent - max(1.0, whole * unit / factor) <= 1
        for extent, factor, whole, unit in zip(
            level.shape, level.factors, full.shape, full.factors, strict=True
        )
    )


def _is_read_in_parts(cells: h5py.Dataset) -> bool:
    """Whether HDF5 reads a part of a chunk without the rest of it.

    It does so if no filter packs the chunk and the chunk exceeds its cache, of some megabytes.
    """
    size = int(math.prod(cells.chunks)) * int(cells.dtype.itemsize)
    filters: int = cells.id.get_create_plist().get_nfilters()
    return size > PLANE_BYTES and not filters
