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
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from numbers import Integral
from types import TracebackType
from typing import Any, Self

import dask.array as da
import h5py
import numpy as np
import numpy.typing as npt
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.bdv.paths import resolve

DATA_TYPE_ATTRIBUTE = "dataType"
"""Attribute of a setup's group that names its pixel type; absent from older files."""

PIXEL_TYPES = (
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
)
"""Values of `DATA_TYPE_ATTRIBUTE`, which are numpy's names too."""

CHUNK_BYTES = 4 * 2**20
"""Size up to which HDF5 chunks are merged into one dask chunk, unless told otherwise."""

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


def pixel_type(stored: npt.DTypeLike, declared: str | None) -> np.dtype[Any]:
    """Type of a setup's pixels.

    Parameters
    ----------
    stored
        Type of the ``cells`` in HDF5.
    declared
        Value of the setup's ``dataType`` attribute, or ``None`` if it has none.

    Returns
    -------
    np.dtype
        Type, in the machine's byte order, that the stored bytes are to be looked at as.
        Without ``dataType``, int16 cells hold uint16 pixels, the only type that BigDataViewer
        wrote before 2023; cells of another type, which other programs write so, are what they
        are. With ``dataType`` that is the type. The one exchange of types beside equality is
        again uint16 in int16 cells.

    Raises
    ------
    ValueError
        If either is no pixel type, or they contradict each other.
    """
    cells = np.dtype(stored).newbyteorder("=")
    if cells.name not in PIXEL_TYPES:
        raise ValueError(f"has cells of type {cells.name}; known are {', '.join(PIXEL_TYPES)}")
    if declared is None:
        return np.dtype(np.uint16) if cells == np.int16 else cells
    if declared not in PIXEL_TYPES:
        raise ValueError(f"has the dataType {declared!r}; known are {', '.join(PIXEL_TYPES)}")
    pixels = np.dtype(declared)
    if pixels != cells and (pixels.name, cells.name) != ("uint16", "int16"):
        raise ValueError(f"has the dataType {declared!r} but cells of type {cells.name}")
    return pixels


def merge_chunks(chunks: Shape, shape: Shape, itemsize: int, chunk_bytes: int | None) -> Shape:
    """Choose dask chunks that consist of whole HDF5 chunks.

    Parameters
    ----------
    chunks
        HDF5 chunk, in z, y, x order; may exceed `shape`.
    shape
        Extents of the level, in z, y, x order.
    itemsize
        Bytes of one pixel.
    chunk_bytes
        Size to stay within, in bytes, or ``None`` to keep the HDF5 chunks.

    Returns
    -------
    tuple of int
        Chunk in z, y, x order: a power of two of HDF5 chunks along each axis, or the whole
        axis, grown where it is shortest.
    """
    merged = [min(chunk, extent) for chunk, extent in zip(chunks, shape, strict=True)]
    while chunk_bytes is not None:
        grown = {
            axis: min(2 * merged[axis], shape[axis])
            for axis in range(3)
            if merged[axis] < shape[axis]
        }
        others = {axis: math.prod(merged) // merged[axis] * itemsize for axis in grown}
        fitting = [axis for axis in grown if grown[axis] * others[axis] <= chunk_bytes]
        if not fitting:
            break
        shortest = min(fitting, key=lambda axis: merged[axis])
        merged[shortest] = grown[shortest]
    return (merged[0], merged[1], merged[2])


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
        chunked counts as chunked into rows.
    """

    factors: tuple[float, float, float]
    shape: Shape
    chunks: Shape


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
        From full resolution down.
    """

    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    levels: tuple[Level, ...]


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
        self._main = self._stack.enter_context(_open(self.source.fs, self.source.path))
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
            with _explained(file, name):
                link = _link(node, part)
                if isinstance(link, h5py.HardLink):
                    node = node[part]
                elif isinstance(link, h5py.SoftLink) and link.path.startswith("/"):
                    node = node["/"]
            if link is None:
                raise LookupError(f"{file} holds no {name}.")
            if isinstance(link, h5py.ExternalLink):
                file = self._partner(link.filename, file)
                node = partners.enter_context(_open(self.source.fs, file))
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
            with _explained(self.path, name):
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

    def layout(self, setup: int, timepoints: Iterable[int]) -> SetupLayout:
        """Read how a setup is stored.

        Parameters
        ----------
        setup
            Its id.
        timepoints
            The time points at which it exists. The first that can be opened, of at most a
            thousand, gives the shapes.

        Returns
        -------
        SetupLayout
            All its levels.

        Raises
        ------
        LookupError, FileNotFoundError, ValueError, OSError
            If it is not there, or makes no sense.
        """
        where = f"{self.path}: setup {setup}"
        with self.find(setup_path(setup)) as group:
            if not isinstance(group, h5py.Group):
                raise ValueError(f"{where} is no group: the file is damaged.")
            with _explained(self.path, setup_path(setup)):
                declared = group.attrs.get(DATA_TYPE_ATTRIBUTE)
            if isinstance(declared, bytes):
                declared = declared.decode("utf-8", "replace")
            if not isinstance(declared, str | None):
                raise ValueError(f"{where} has a dataType that is no text: {declared!r}.")
        factors = self._factors(setup)
        failure: Exception | None = None
        for timepoint in itertools.islice(timepoints, _MAX_TRIES):
            try:
                cells = [self._shape(timepoint, setup, level) for level in range(len(factors))]
            except (LookupError, OSError) as error:
                # Another time point may be in another partition; the first failure is told.
                failure = failure or error
                continue
            stored = cells[0][2]
            try:
                dtype = pixel_type(stored, declared)
            except ValueError as error:
                raise ValueError(f"{where} {error}.") from None
            if any(level[2] != stored for level in cells):
                raise ValueError(f"{where} has levels of different types: the file is damaged.")
            levels = tuple(
                Level(factor, shape, chunks)
                for factor, (shape, chunks, _) in zip(factors, cells, strict=True)
            )
            _check_shapes(levels, where)
            return SetupLayout(dtype, stored, levels)
        raise failure or LookupError(f"{where} has no time point.")

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
            with _explained(self.path, name):
                values = np.asarray(table[...], dtype=np.float64)
        if not np.all(np.isfinite(values) & (values > 0)):
            raise ValueError(f"{self.path}: {name} holds factors that are not above zero.")
        return [(float(z), float(y), float(x)) for x, y, z in values]

    def _shape(self, timepoint: int, setup: int, level: int) -> tuple[Shape, Shape, np.dtype[Any]]:
        with (
            self.cells(timepoint, setup, level) as cells,
            _explained(self.path, cells_path(timepoint, setup, level)),
        ):
            chunks = cells.chunks or (1, 1, cells.shape[2])
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
            chunk a dask chunk.

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
        shape = self.layout.levels[self.level].shape
        native = self.layout.levels[self.level].chunks
        chunks = (1, 1, *merge_chunks(native, shape, self.dtype.itemsize, chunk_bytes))
        count = math.prod(-(-n // c) for n, c in zip(self.shape, chunks, strict=True))
        if count > MAX_DASK_CHUNKS:
            raise ValueError(
                f"{self.source.path}: an array of {self.shape} pixels (TCZYX) in chunks of "
                f"{chunks} has {count:,} chunks, too many for dask: choose a larger chunk_bytes "
                "or a lower level."
            )
        meta = np.empty((0,) * 5, self.dtype)
        array: da.Array = da.from_array(self, chunks=chunks, meta=meta)  # type: ignore[no-untyped-call]
        return array

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        specs = _expand(index)
        axes = [_positions(spec, extent) for spec, extent in zip(specs, self.shape, strict=True)]
        pixels = np.zeros([len(axis) for axis in axes], self.dtype)
        if pixels.size:
            chunks = self.layout.levels[self.level].chunks
            runs = [_runs(axis, chunk) for axis, chunk in zip(axes[2:], chunks, strict=True)]
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
        runs: Sequence[Sequence[_Run]],
        target: npt.NDArray[Any],
    ) -> None:
        """Read the pixels of one view into `target` (Z, Y, X)."""
        timepoint, setup = view
        expected = self.layout.levels[self.level].shape
        name = cells_path(timepoint, setup, self.level)
        try:
            with file.cells(timepoint, setup, self.level) as cells, _explained(file.path, name):
                found = (cells.shape, cells.dtype.newbyteorder("="))
                lacking = None
                if found == (expected, self.layout.stored):
                    try:
                        # Bytes are taken over as they are: HDF5 would clip int16 to fit uint16.
                        _fill(target.view(self.layout.stored), cells, runs)
                    except OSError:
                        if (lacking := _lacking_filter(cells)) is None:
                            raise
        except LookupError as error:
            raise LookupError(
                f"{error} The XML does not list time point {timepoint}, setup {setup} among its "
                "<MissingViews>: the HDF5 file is incomplete, or the view should be listed."
            ) from None
        if lacking is not None:
            raise ImportError(
                f"{file.path}: {name} is compressed with HDF5 filter {lacking}, which is not "
                "installed: `pip install hdf5plugin` and `import hdf5plugin` bring the common ones."
            )
        if found != (expected, self.layout.stored):
            raise ValueError(
                f"{file.path}: {name} has {found[0]} pixels (z, y, x) of {found[1]}, but this "
                f"setup has {expected} of {self.layout.stored} at other time points: read that "
                "time point from a dataset of its own."
            )


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
        Whether it has groups of a setup and of a time point. Files that do not open have none.
    """
    try:
        with _open(fs, path) as file:
            names = list(file)
            setups = [name for name in names if re.fullmatch(r"s\d{2,}", name)]
            timepoints = [name for name in names if re.fullmatch(r"t\d{5,}", name)]
            if not (setups and timepoints) or not isinstance(_link(file, setups[0]), h5py.HardLink):
                return False
            return _link(file[setups[0]], "resolutions") is not None
    except _HDF5_ERRORS:
        return False


# What h5py raises on damaged files, depending on what is damaged.
_HDF5_ERRORS = (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, SystemError)


@contextmanager
def _open(fs: AbstractFileSystem, path: str) -> Iterator[h5py.File]:
    with ExitStack() as stack:
        with _explained(path, "as HDF5"):
            if type(fs) is LocalFileSystem:  # a subclass may count or transform what is read
                file = stack.enter_context(h5py.File(path, "r", locking="best-effort"))
            else:
                file = stack.enter_context(h5py.File(stack.enter_context(fs.open(path)), "r"))
        yield file


@contextmanager
def _explained(path: str, what: str) -> Iterator[None]:
    """Turn the errors of h5py into one sentence that names the file and the object."""
    try:
        yield
    except _HDF5_ERRORS as error:
        raise OSError(
            f"{path} cannot be read ({what}: {error}): it is damaged, cut short, still being "
            "written, or no HDF5 file."
        ) from error


def _link(group: Any, name: str) -> h5py.HardLink | h5py.SoftLink | h5py.ExternalLink | None:
    """Look at a link without following it; ``None`` if there is none.

    h5py's own ``group.get(name, getlink=True)`` opens the file behind an external link, to see
    whether the link dangles.
    """
    links = group.id.links
    key = name.encode()
    if not links.exists(key):
        return None
    kind = links.get_info(key).type
    if kind == h5py.h5l.TYPE_HARD:
        return h5py.HardLink()
    if kind == h5py.h5l.TYPE_SOFT:
        return h5py.SoftLink(links.get_val(key).decode())
    if kind == h5py.h5l.TYPE_EXTERNAL:
        file, path = links.get_val(key)
        return h5py.ExternalLink(file.decode(), path.decode())
    raise TypeError(f"link {name!r} is of an unknown kind")


def _lacking_filter(cells: h5py.Dataset) -> str | None:
    """Name a filter that the dataset needs and this HDF5 has not; ``None`` if there is none."""
    plan = cells.id.get_create_plist()
    for position in range(plan.get_nfilters()):
        code, _, _, name = plan.get_filter(position)
        if not h5py.h5z.filter_avail(code):
            return f"{code} ({name.decode('utf-8', 'replace')})" if name else str(code)
    return None


def _check_shapes(levels: Sequence[Level], where: str) -> None:
    """Refuse levels whose shape does not follow from their factors.

    Programs round down, up, or once per level: a voxel more or less is right.
    """
    full = levels[0]
    for number, level in enumerate(levels):
        for extent, factor, whole, unit in zip(
            level.shape, level.factors, full.shape, full.factors, strict=True
        ):
            if not -1 <= extent - max(1.0, whole * unit / factor) <= 1:
                raise ValueError(
                    f"{where} has {level.shape} voxels (z, y, x) at level {number}, which does "
                    f"not follow from {full.shape} at level 0 and the factors {level.factors}: "
                    "the file is damaged."
                )


def _expand(index: Any) -> list[Any]:
    """Write an index out to one entry per axis."""
    specs = list(index) if isinstance(index, tuple) else [index]
    dots = [position for position, spec in enumerate(specs) if spec is Ellipsis]
    if len(dots) > 1 or len(specs) - len(dots) > 5:
        raise IndexError(f"An array of T, C, Z, Y, X was indexed with {index!r}: give up to five.")
    gap = dots[0] if dots else len(specs)
    rest = specs[gap + 1 :]
    return specs[:gap] + [slice(None)] * (5 - gap - len(rest)) + rest


def _positions(spec: Any, extent: int) -> npt.NDArray[np.int64]:
    """Turn one entry of an index into the indices it means, none of them negative."""
    if isinstance(spec, Integral):
        return np.arange(extent)[[operator.index(spec)]]
    positions: npt.NDArray[np.int64] = np.arange(extent)[spec]
    if positions.ndim != 1:
        raise IndexError(f"An axis was indexed with {spec!r}: give a number, slice or list.")
    return positions


@dataclass(frozen=True)
class _Run:
    """A stretch along one axis that is read at once.

    Parameters
    ----------
    read
        The stretch in the dataset.
    take
        Which of what was read is wanted; ``None`` for all of it, in order.
    put
        Where that goes along the result's axis.
    """

    read: slice
    take: npt.NDArray[np.int64] | None
    put: npt.NDArray[np.int64]


def _runs(positions: npt.NDArray[np.int64], chunk: int) -> list[_Run]:
    """Split indices along one axis so that no chunk is read without need.

    Neighbouring chunks are read at once; between two runs lies at least one chunk of which
    nothing is wanted.
    """
    if np.all(np.diff(positions) == 1):
        read = slice(int(positions[0]), int(positions[-1]) + 1)
        return [_Run(read, None, np.arange(len(positions)))]
    order = np.argsort(positions, kind="stable")
    gaps = np.diff(positions[order] // chunk) > 1
    runs = []
    for put in np.split(order, np.flatnonzero(gaps) + 1):
        wanted = positions[put]
        first, last = int(wanted[0]), int(wanted[-1])
        runs.append(_Run(slice(first, last + 1), wanted - first, put))
    return runs


def _fill(target: npt.NDArray[Any], cells: Any, runs: Sequence[Sequence[_Run]]) -> None:
    """Read all runs of a dataset into a Z, Y, X array of the same type."""
    if all(axis[0].take is None for axis in runs):
        cells.read_direct(target, tuple(axis[0].read for axis in runs))
        return
    for box in itertools.product(*runs):
        block = cells[tuple(run.read for run in box)]
        for axis, run in enumerate(box):
            if run.take is not None:
                block = block.take(run.take, axis)
        target[np.ix_(*(run.put for run in box))] = block
