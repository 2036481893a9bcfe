"""What is known of a file: frozen, complete, and with None for what is unknown.

Shapes, chunks and voxel sizes follow `Report.axes`, slowest first. Lengths are in the units that
the file states, bytes in bytes. `bigimg_lessons.inspection.verdicts` judges a report, and
`bigimg_lessons.inspection.costs_of` works out what reading costs; both read nothing but this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bigimg_lessons.inspection import dtypes

Layout = Literal["chunks", "shards", "strips", "tiles", "contiguous"]
"""How a level is cut: ``contiguous`` is one run of voxels, of which any part can be read."""

SPATIAL = ("Z", "Y", "X")
"""Names of the axes of space."""

UNKNOWN_AXIS = "?"
"""Name of an axis of which the file does not say what it is."""

# How `Report.image` says which image of several it is.
_COUNT = re.compile(r"the (?:first|largest) of (\d+)")


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of an image, as the file describes it.

    Parameters
    ----------
    path
        Where it lies in the file or folder.
    shape
        Voxels along each axis.
    dtype
        Type of a voxel as NumPy names it; other texts for what NumPy does not have, such as
        ``"uint1"``.
    layout
        How it is cut.
    chunk_shape
        Voxels of a chunk, strip or tile along each axis; None if it is not known. Of a contiguous
        level the run that a reader can take on its own, a row.
    shard_shape
        Voxels of a shard along each axis, None without shards.
    codec
        Names of what its chunks are compressed with; empty if they are not, None if unknown.
    voxel_size
        Size of a voxel along each axis, as this level itself tells it, None along an axis of which
        it tells nothing; None if it tells nothing at all.
    offset
        Position of its first voxel along each axis, as it tells it; None if it does not.
    ratio
        Bytes of the voxels by bytes stored, from what was counted; None if unknown.
    edges
        How a chunk at the far edge is stored, as `bigimg_lessons.costs.grid.ChunkGrid` has it.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    layout: Layout
    chunk_shape: tuple[int, ...] | None
    shard_shape: tuple[int, ...] | None = None
    codec: tuple[str, ...] | None = None
    voxel_size: tuple[float | None, ...] | None = None
    offset: tuple[float | None, ...] | None = None
    ratio: float | None = None
    edges: Literal["padded", "cut"] = "padded"

    @property
    def item_size(self) -> int | None:
        """Bytes of a voxel; None if they are not known."""
        return dtypes.item_size(self.dtype)


@dataclass(frozen=True, kw_only=True)
class Files:
    """How many files there are, and how many bytes they have.

    Parameters
    ----------
    number, nbytes
        As counted; None if they cannot be counted, as on a web server.
    at_least
        Whether counting ended at its limit, so that there are more.
    expected
        Number of files where every chunk or shard is stored; None if it is not known.
    """

    number: int | None
    nbytes: int | None
    at_least: bool = False
    expected: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an inspection found.

    Parameters
    ----------
    source
        The path or URL that was given.
    kind
        What it is: ``"OME-Zarr"``, ``"BDV-HDF5"``, …
    version
        Version of that format, as the file states it.
    axes
        Names of the axes in capital letters, slowest first, `UNKNOWN_AXIS` for those that the file
        does not name.
    units
        Unit of length or time along each axis, None where the file states none.
    levels
        From the full image to the coarsest.
    files
        Files and bytes.
    image
        Which image of several is described, in words; empty if there is only one.
    channel_names
        Names of channels that the file states.
    windows
        For each channel the grey values that are shown black and white, None where they are not
        stated; empty if they are for none.
    is_labels
        Whether the file says that voxels are numbers of objects.
    method
        How coarser levels were made, if the file tells.
    sampled
        What reading a sample of labels showed: True if a coarse level has values that level 0 does
        not have there, False if not, None if it was not looked at.
    contradictions
        What two places of the file tell differently, each as a sentence.
    unread_version
        A version of the format that this package does not read, None if it reads it.
    one_at_a_time
        Whether its library answers one request at a time, as that of HDF5.
    is_partial
        Whether there are more planes than the shapes of `levels` tell, as not all were counted.
    notes
        What else is to be known, each as a sentence.
    """

    source: str
    kind: str
    axes: tuple[str, ...]
    units: tuple[str | None, ...]
    levels: tuple[Level, ...]
    files: Files
    version: str | None = None
    image: str = ""
    channel_names: tuple[str, ...] = ()
    windows: tuple[tuple[float, float] | None, ...] = ()
    is_labels: bool = False
    method: str | None = None
    sampled: bool | None = None
    contradictions: tuple[str, ...] = ()
    unread_version: str | None = None
    one_at_a_time: bool = False
    is_partial: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_of_several(self) -> bool:
        """Whether the file may hold other images beside this one."""
        return self.image != "" and set(_COUNT.findall(self.image)) != {"1"}

    def axis(self, name: str) -> int | None:
        """Return the number of an axis, None if there is none of that name.

        Axes without a name are taken, from the last on, for those of X, Y and Z that no axis is
        called.

        Parameters
        ----------
        name
            Its letter.
        """
        if name in self.axes:
            return self.axes.index(name)
        unnamed = [n for n, axis in enumerate(self.axes) if axis == UNKNOWN_AXIS]
        free = [each for each in reversed(SPATIAL) if each not in self.axes]
        return dict(zip(free, reversed(unnamed), strict=False)).get(name)

    def as_json(self) -> Mapping[str, Any]:
        """Return it as JSON has it: mappings, lists, texts and numbers."""
        return asdict(self)
