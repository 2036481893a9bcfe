"""One resolution level of several setups over time, read lazily from HDF5."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.formats.bdv.chunking import CHUNK_BYTES, cuts, merge_chunks
from bigimg_lessons.formats.bdv.layout import SetupLayout, cells_path
from bigimg_lessons.formats.bdv.opening import explained, lacking_filter
from bigimg_lessons.formats.bdv.selection import Run, expand, fill, positions_of, runs_of
from bigimg_lessons.formats.bdv.source import Hdf5Source, OpenSource

if TYPE_CHECKING:
    import dask.array as da

MAX_DASK_CHUNKS = 5_000_000
"""Maximum number of chunks in a dask array; beyond, its graph would fill several gigabytes."""


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
        Index of the resolution level.
    layout
        How all of `setups` are stored.
    missing
        (time point, setup) of the views that do not exist; they read as zeros.
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
            Size in bytes up to which HDF5 chunks are merged, or ``None`` if each HDF5
            chunk is to be a dask chunk; see `merge_chunks`.

        Returns
        -------
        dask.array.Array
            Nothing is read. If only a part of a chunk is needed, dask passes the slice on, and
            only the HDF5 chunks that hold it are read.

        Raises
        ------
        ValueError
            If it would have more than `MAX_DASK_CHUNKS` chunks.
        """
        import dask.array as da  # costs a second, which reading into numpy need not wait for

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
        lengths = (*chunks[:2], *map(cuts, level.shape, merged, level.start))
        array: da.Array = da.from_array(self, chunks=lengths, meta=meta)  # type: ignore[no-untyped-call]
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
                        # The bytes are copied as they are: HDF5 would clip int16 to fit uint16.
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
        """Say what to do about a level that is missing and not listed as missing in the XML."""
        if self.level:
            with suppress(LookupError, OSError, ValueError), file.cells(timepoint, setup, 0):
                return f"Time point {timepoint} of setup {setup} has level 0: read that."
        return (
            f"The XML does not list time point {timepoint}, setup {setup} among its "
            "<MissingViews>: the HDF5 file is incomplete, or the view should be listed, as "
            f'<MissingView timepoint="{timepoint}" setup="{setup}"/>.'
        )
