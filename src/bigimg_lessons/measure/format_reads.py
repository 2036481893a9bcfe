"""What further readers ask of each format: recorded runs, for the table of lesson 5.

Lessons count the readers that they have. Others, such as tensorstore or z5py, are not among the
packages of the lessons, so they were counted beforehand. ``tests/benchmarks/format_readers.py``
writes the record, with versions and dates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from bigimg_lessons.measure.image_reads import Counted

SHAPE = (128, 512, 512)
"""Voxels of the image along z, y, x; one byte each, not compressed."""

CHUNK_SHAPE = (64, 64, 64)
"""Voxels of a chunk in all formats but OME-TIFF."""

SHARD_SHAPE = (128, 128, 128)
"""Voxels of a shard, where there are shards."""

TILE_SHAPE = (1, 128, 128)
"""Voxels of a tile of OME-TIFF."""

_ALL = slice(None)

REGIONS: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "XY": (64, _ALL, _ALL),
        "XZ": (_ALL, 256, _ALL),
        "YZ": (_ALL, _ALL, 256),
        "cube": (slice(25, 89), slice(102, 166), slice(102, 166)),
    }
)
"""The regions that are read, by name: those of lesson 5."""


@dataclass(frozen=True)
class FormatReads:
    """What one reader asked for, of one image in one format.

    Parameters
    ----------
    stored_as
        Name of the format, as lesson 5 has it.
    reader
        Name of the package that read.
    version
        Its version.
    date
        Day of the run, as in 2026-11-29.
    asked
        To open the image, and for each of the `REGIONS`.
    """

    stored_as: str
    reader: str
    version: str
    date: str
    asked: Mapping[str, Counted]


RECORD = "format_reads.json"
"""Name of the record, a file beside this module."""


def recorded_format_reads() -> tuple[FormatReads, ...]:
    """Return the recorded runs, format by format.

    Returns
    -------
    tuple of FormatReads
        Requests over HTTP for tensorstore, through a meter for bioio-ome-tiff, and calls that read
        from a file for all others.
    """
    record = json.loads(files("bigimg_lessons.measure").joinpath(RECORD).read_text("utf-8"))
    return tuple(
        FormatReads(
            run["stored_as"],
            run["reader"],
            run["version"],
            run["date"],
            {name: Counted(*numbers) for name, numbers in run["asked"].items()},
        )
        for run in record["runs"]
    )
