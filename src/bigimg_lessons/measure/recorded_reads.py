"""What several readers ask of one sharded Zarr array: recorded runs.

Whether shards save requests is up to the reader. No formula covers all readers, so they are run,
and what they ask of a web server is counted.

The record ships with the package, since no environment holds two versions of zarr-python, and
lessons need neither tensorstore nor Node.js. ``tests/benchmarks/shard_readers.py`` writes it;
:func:`~bigimg_lessons.measure.sharded_reads.run_readers` makes such runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

SHAPE = (256, 256, 256)
"""Voxels of the array along z, y, x; one byte each, not compressed."""


CHUNK_SHAPE = (32, 32, 32)
"""Voxels of a chunk."""


SHARD_SHAPE = (128, 128, 128)
"""Voxels of a shard."""


_ALL = slice(None)


# Slices of one voxel, not whole numbers: zarrs 0.2.3 leaves `array[128]` to zarr-python.
REGIONS: Mapping[str, tuple[slice, ...]] = MappingProxyType(
    {
        "one chunk": (slice(0, 10), slice(0, 10), slice(0, 10)),
        "XY": (slice(128, 129), _ALL, _ALL),
        "XZ": (_ALL, slice(128, 129), _ALL),
        "YZ": (_ALL, _ALL, slice(128, 129)),
    }
)
"""The regions that are read, by name."""


@dataclass(frozen=True)
class Asked:
    """What a reader asked the server for, after the array was open.

    Parameters
    ----------
    requests
        Number of requests that were answered with bytes of a shard (HTTP ``GET``).
    bytes_read
        Bytes of those answers.
    heads
        Number of requests for the length of a shard (HTTP ``HEAD``), in addition.
    """

    requests: int
    bytes_read: int
    heads: int = 0


@dataclass(frozen=True)
class Run:
    """What one reader asked for each region of one array.

    Parameters
    ----------
    reader
        Name of the program, such as ``"zarr-python"``.
    version
        Its version.
    setting
        What was set differently from its defaults; empty if nothing was.
    asked
        What the reader asked, by the name of the region in `REGIONS`.
    """

    reader: str
    version: str
    setting: str
    asked: Mapping[str, Asked]

    @property
    def name(self) -> str:
        """Reader, version and setting, for people."""
        return f"{self.reader} {self.version}" + (f", {self.setting}" if self.setting else "")

    @property
    def is_as_recorded(self) -> bool:
        """Whether the record says the same of this reader.

        The run is compared with the record's run of the same version, or of the newest one if
        that version is not in the record. This is for an array that zarr-python wrote.
        """
        known = [
            run
            for run in recorded_runs()
            if (run.reader, run.setting) == (self.reader, self.setting)
        ]
        same = [run for run in known if run.version == self.version]
        return bool(known) and dict((same or known)[-1].asked) == dict(self.asked)


RECORD = "recorded_reads.json"
"""Name of the record, a file beside this module."""


def recorded_runs(writer: str = "zarr-python") -> tuple[Run, ...]:
    """Return the recorded runs, readers in the order of the record, older versions first.

    Parameters
    ----------
    writer
        Program that wrote the array: ``"zarr-python"``, which packs the chunks of a shard in
        Morton order, or ``"tensorstore"``, which packs them in C order.

    Raises
    ------
    ValueError
        If there are no runs for such a writer.
    """
    record = json.loads(files("bigimg_lessons.measure").joinpath(RECORD).read_text("utf-8"))
    runs = tuple(
        Run(
            entry["reader"],
            entry["version"],
            entry["setting"],
            {region: Asked(*numbers) for region, numbers in entry["asked"].items()},
        )
        for entry in record["runs"]
        if entry["writer"] == writer
    )
    if not runs:
        writers = sorted({entry["writer"] for entry in record["runs"]})
        raise ValueError(f"writer is {writer!r}: give one of {', '.join(map(repr, writers))}.")
    return runs
