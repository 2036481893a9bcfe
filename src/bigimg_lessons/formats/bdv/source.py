"""A dataset's HDF5 file: opened for one read, and searched without leaving its folder.

Files are opened for one read and closed again. So nothing stays open, arrays can be pickled,
and threads and processes read independently of one another. Opening costs a fraction of a
millisecond, which is little beside reading one dask chunk of some megabytes.

HDF5 locks a file while it is open, as a guard against reading what another program is writing.
Where the file system has no locks (some clusters, read-only media) reading goes on without; the
environment variable ``HDF5_USE_FILE_LOCKING=FALSE`` turns locks off altogether.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import h5py
from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv.layout import cells_path
from bigimg_lessons.formats.bdv.opening import HDF5_ERRORS, InUseError, explained, link_of, opened
from bigimg_lessons.formats.bdv.paths import resolve

_MAX_STEPS = 64  # groups and links followed to find one object; no path needs ten


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
        Folder that external links must not leave, unless `allow_outside`.
    allow_outside
        Whether external links may leave `root`.
    """

    fs: AbstractFileSystem
    path: str
    root: str
    allow_outside: bool = False

    @contextmanager
    def open(self) -> Iterator[OpenSource]:
        """Open the file, for a ``with`` statement.

        Raises
        ------
        InUseError
            If another program holds it, or it was never closed.
        OSError
            If it does not open as HDF5.
        """
        with opened(self.fs, self.path) as main:
            yield OpenSource(self, main)


@dataclass(frozen=True)
class OpenSource:
    """A dataset's HDF5 file while it is open.

    Parameters
    ----------
    source
        Where it is.
    main
        The file itself; parts of the dataset may be in others, which it links to.
    """

    source: Hdf5Source
    main: h5py.File

    @property
    def path(self) -> str:
        """Path of the file."""
        return self.source.path

    @property
    def being_written(self) -> bool:
        """Whether a program has it open in HDF5's mode for one writer and many readers."""
        return bool(self.main.swmr_mode)

    @contextmanager
    def find(self, name: str) -> Iterator[Any]:
        """Find an object, following links within the folder that the source must not leave.

        HDF5 itself would follow external links anywhere, so each link is inspected first.

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
        node: Any = self.main
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
            Ids of the view, and the resolution level.

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
        with self.dataset(name) as cells:
            if cells.ndim != 3 or not cells.size:
                raise ValueError(
                    f"{self.path}: {name} has the shape {cells.shape}, not three extents."
                )
            yield cells

    @contextmanager
    def dataset(self, name: str) -> Iterator[Any]:
        """Find a dataset that has its values in its own file.

        Parameters
        ----------
        name
            Path inside the file, such as ``s00/resolutions``.

        Yields
        ------
        h5py.Dataset
            Of any type and shape.

        Raises
        ------
        LookupError, FileNotFoundError, ValueError, OSError
            As `find`; ``ValueError`` also if it is no dataset, is empty or takes its values from
            other files.
        """
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

    def timepoints(self) -> list[int]:
        """Return the ids of the time points that the file has groups of, ascending.

        Raises
        ------
        OSError
            If the file is damaged.
        """
        with explained(self.path, "its groups"):
            return sorted(int(name[1:]) for name in self.main if re.fullmatch(r"t\d{5,9}", name))


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
        Whether it has groups of a setup and of a time point. This is false for files that do not
        open, but true for files in use, so that opening them can say that they are in use.
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
