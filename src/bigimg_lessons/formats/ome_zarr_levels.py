"""The levels of an OME-Zarr image in a folder while they are written, and the group, made last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import zarr
from zarr.abc.store import Store

from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.ome_zarr_metadata import ZARR_FORMATS, Version, omero
from bigimg_lessons.formats.ome_zarr_sending import BlockReport, SentLevels
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.saving.objects import FileObjects, WholeFileObjects
from bigimg_lessons.saving.written import WrittenGrid


@dataclass(frozen=True)
class Description:
    """What the group of an OME-Zarr image says of it, once all voxels of level 0 were seen.

    Parameters
    ----------
    metadata
        What it says of the levels.
    channel_names
        One for each channel.
    planes
        Voxels along Z of level 0, 1 for an image without Z.
    ranges
        The grey values of the channels; None for an image of labels.
    version
        Version of OME-Zarr.
    """

    metadata: dict[str, Any]
    channel_names: Sequence[str]
    planes: int
    ranges: GreyRanges | None
    version: Version

    @property
    def zarr_format(self) -> Literal[2, 3]:
        """The format of Zarr."""
        return ZARR_FORMATS[self.version]

    @property
    def channels_to_see(self) -> int:
        """The number of channels whose grey values are wanted; 0 for an image of labels."""
        return 0 if self.ranges is None else len(self.channel_names)

    def see(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Take a block that is written into account."""
        if level == 0 and self.ranges is not None:
            self.ranges.see(start, block)

    def create_group(self, place: Path | Store) -> None:
        """Create the group."""
        is_v3 = self.zarr_format == 3
        metadata = dict(self.metadata)
        if self.ranges is not None:
            windows = self.ranges.windows()
            metadata |= omero(self.channel_names, windows, planes=self.planes)
        else:  # only 0.4 has a version of its own here
            metadata["image-label"] = {} if is_v3 else {"version": "0.4"}
        attributes = {"ome": {"version": self.version, **metadata}} if is_v3 else metadata
        zarr.create_group(place, zarr_format=self.zarr_format, attributes=attributes)


@dataclass(frozen=True)
class StoredLevels:
    """The arrays of all levels in a folder, created and still without voxels.

    Parameters
    ----------
    folder
        The image's folder in the staging directory.
    arrays
        One for each level.
    layout
        How they are stored.
    description
        What the group will say of them.
    """

    folder: Path
    arrays: Sequence[zarr.Array[Any]]
    layout: ArrayLayout
    description: Description

    @classmethod
    def created(
        cls,
        folder: Path,
        shapes: Sequence[tuple[int, ...]],
        layout: ArrayLayout,
        description: Description,
    ) -> Self:
        """Create the arrays.

        Parameters
        ----------
        folder
            To create.
        shapes
            Voxels of each level along all axes.
        layout, description
            As of the class.
        """
        arrays = [layout.create(folder / str(number), shape) for number, shape in enumerate(shapes)]
        return cls(folder, arrays, layout, description)

    @property
    def folders(self) -> list[Path]:
        """The folder of each level."""
        return [self.folder / str(number) for number in range(len(self.arrays))]

    def finish(self) -> None:
        """Create the group, last: until then not even the staging directory opens as an image."""
        self.description.create_group(self.folder)
        stated = "zarr.json" if self.description.zarr_format == 3 else ".zarray"
        # Zarr creates folders again that somebody has removed, and would not tell.
        for folder in self.folders:
            (folder / stated).stat()


@dataclass(frozen=True)
class WritingLevels:
    """Levels that this process writes, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    stored
        The arrays.
    writers
        One for each level: takes where a block begins, and the block.
    encoders
        Their threads.
    """

    stored: StoredLevels
    writers: Sequence[Callable[[Sequence[int], Array], None]]
    encoders: ChunkEncoders

    @classmethod
    def of(cls, stored: StoredLevels) -> Self:
        """Open the levels to be written."""
        encoders = ChunkEncoders()
        writers = [
            stored.layout.writer(array, FileObjects(folder), encoders)
            for array, folder in zip(stored.arrays, stored.folders, strict=True)
        ]
        return cls(stored, writers, encoders)

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Write a block."""
        self.writers[level](start, block)
        self.stored.description.see(level, start, block)

    def finish(self) -> None:
        """Make it an image."""
        self.stored.finish()

    def close(self) -> None:
        """End the threads."""
        self.encoders.close()


@dataclass(frozen=True)
class SharedLevels:
    """Levels that workers write, a :class:`bigimg_lessons.pyramids.targets.SharedLevels`.

    Parameters
    ----------
    stored
        The arrays, in a folder that workers see.
    grids
        What workers have written, for each level.
    """

    stored: StoredLevels
    grids: Sequence[WrittenGrid]

    @classmethod
    def of(cls, stored: StoredLevels) -> Self:
        """Begin to note what is written."""
        return cls(
            stored, [WrittenGrid(stored.layout.grid(array.shape)) for array in stored.arrays]
        )

    def sent(self) -> SentLevels:
        """Return what workers need."""
        stored = self.stored
        return SentLevels(
            stored.layout,
            tuple(array.shape for array in stored.arrays),
            tuple(map(WholeFileObjects, stored.folders)),
            stored.description.channels_to_see,
        )

    def take(self, report: BlockReport) -> None:
        """Note what a task has written."""
        for grid, sizes in zip(self.grids, report.sizes, strict=True):
            grid.add(sizes)
        if self.stored.description.ranges is not None:
            self.stored.description.ranges.add(report.ends)

    def finish(self) -> None:
        """Compare all files with what workers have written, and make it an image."""
        for folder, grid in zip(self.stored.folders, self.grids, strict=True):
            grid.check(folder, metadata=("zarr.json", ".zarray", ".zattrs"))
        self.stored.finish()

    def close(self) -> None:
        """Do nothing: nothing is open here."""
