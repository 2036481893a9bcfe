"""What several readers ask of one sharded Zarr array: recorded runs, and the same runs here.

Whether shards save requests is up to the reader. No formula covers all readers, so they are run,
and what they ask of a web server is counted: the one place where nothing is hidden. A store of
zarr-python that counts would not do: the zarrs pipeline reads stores that it knows by itself, and
leaves all others to zarr-python's own pipeline without a word (zarrs 0.2.3).

The record ships with the package, since no environment holds two versions of zarr-python, and
lessons need neither tensorstore nor Node.js. ``tests/benchmarks/shard_readers.py`` writes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dask.array
import zarr
from zarr.storage import FsspecStore

from bigimg_lessons.measure.serving import FolderServer

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
        Requests that were answered with bytes of a shard (HTTP ``GET``).
    bytes_read
        Bytes of those answers.
    heads
        Questions for the length of a shard (HTTP ``HEAD``), which come on top.
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
        What it asked, by the name of the region in `REGIONS`.
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

        It is compared with its own version, or with the newest one in the record if that version
        is not there. This is for an array that zarr-python wrote.
        """
        known = [
            run
            for run in recorded_runs()
            if (run.reader, run.setting) == (self.reader, self.setting)
        ]
        same = [run for run in known if run.version == self.version]
        return bool(known) and dict((same or known)[-1].asked) == dict(self.asked)


RECORD = "recorded_reads.json"
"""Name of the record, a file of this package."""


def recorded_runs(writer: str = "zarr-python") -> tuple[Run, ...]:
    """Return the recorded runs, readers in the order of the record, older versions first.

    Parameters
    ----------
    writer
        Who wrote the array: ``"zarr-python"``, which packs the chunks of a shard in Morton order,
        or ``"tensorstore"``, which packs them in C order.

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


def run_readers(
    path: str | Path, command: Sequence[str] = (), *, seconds: float = 300
) -> tuple[Run, ...]:
    """Let readers read one array from a local web server that counts what they ask.

    Parameters
    ----------
    path
        Folder of a Zarr array with the `SHAPE`, `CHUNK_SHAPE` and `SHARD_SHAPE` of this module.
    command
        Program that reads. It is given the array's URL as its last argument. For each reader and
        region it opens the array, prints an empty line and waits for one, reads, prints a line
        of JSON with ``reader``, ``version``, ``setting`` and ``region``, and waits again.
        Unless given, the Python readers that are installed here: zarr-python with its defaults
        and, where it merges requests, without that; dask; zarrs; tensorstore.
    seconds
        How long the program may take in all before it is stopped. The Python readers take 10 s.

    Raises
    ------
    ValueError
        If `path` is no array of that layout.
    TimeoutError
        If the program has not ended by then; the message ends with what it said.
    RuntimeError
        If the program fails; the message ends with what it said.
    """
    path = Path(path)
    array = zarr.open_array(path, mode="r")
    layout = (array.shape, array.chunks, array.shards, str(array.dtype))
    if layout != (SHAPE, CHUNK_SHAPE, SHARD_SHAPE, "uint8"):
        raise ValueError(
            f"The array has shape {array.shape}, chunks {array.chunks}, shards {array.shards} and "
            f"type {array.dtype}: give one with {SHAPE}, {CHUNK_SHAPE}, {SHARD_SHAPE} and uint8, "
            "as the record has it."
        )
    asked: dict[tuple[str, str, str], dict[str, Asked]] = {}
    command = [*(command or (sys.executable, "-m", __name__))]
    # The readers have a process of their own: what a notebook has configured does not reach them,
    # and they share no interpreter with the server. Nor shall they ask a proxy for this machine.
    with (
        FolderServer(path.parent) as server,
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(  # noqa: S603 (our own command, or the caller's)
            [*command, f"{server.url}/{path.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        ) as readers,
    ):
        assert readers.stdin is not None  # noqa: S101 (a pipe: always there)
        assert readers.stdout is not None  # noqa: S101
        stop = threading.Timer(seconds, readers.kill)
        stop.start()
        try:
            for line in readers.stdout:
                requests = server.take()
                if line.strip():
                    run = json.loads(line)
                    gets = [request for request in requests if request.method == "GET"]
                    key = run["reader"], run["version"], run["setting"]
                    asked.setdefault(key, {})[run["region"]] = Asked(
                        len(gets),
                        sum(request.bytes_sent for request in gets),
                        len(requests) - len(gets),
                    )
                with contextlib.suppress(OSError):  # it listens no more: its code tells more
                    readers.stdin.write("\n")
                    readers.stdin.flush()
            code = readers.wait()
            late = not stop.is_alive()
        finally:
            stop.cancel()
            readers.kill()  # where this went wrong, nobody listens to it any more
            with contextlib.suppress(OSError):
                readers.stdin.close()
        if code:
            complaints.seek(0)
            said = complaints.read() or "nothing"
            if late:
                raise TimeoutError(
                    f"The readers had not ended after {seconds:g} s and were stopped: try again "
                    f"when the machine is less busy, or allow more seconds. They said: {said}"
                )
            raise RuntimeError(f"The readers ended with code {code}: {said}")
    return tuple(Run(*key, regions) for key, regions in asked.items())


Read = Callable[[tuple[slice, ...]], Any]
_DEFAULTS: Mapping[str, object] = MappingProxyType({})


def _python_readers() -> Iterator[tuple[str, str, str, Callable[[str], Read], Mapping[str, Any]]]:
    """Yield reader, version, setting, how it opens a URL, and zarr-python's configuration."""
    zarr_version = version("zarr")
    yield "zarr-python", zarr_version, "", _open_with_zarr, _DEFAULTS
    gap = "sharding_coalesce_max_gap_bytes"
    if gap in zarr.config.get("array"):  # since 3.3
        yield "zarr-python", zarr_version, "merging off", _open_with_zarr, {f"array.{gap}": -1}
    yield "dask", version("dask"), "", _open_with_dask, _DEFAULTS
    with contextlib.suppress(PackageNotFoundError):  # no wheels for Windows on ARM
        pipeline = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}
        yield "zarrs", version("zarrs"), "", _open_with_zarr, pipeline
    with contextlib.suppress(PackageNotFoundError):
        yield "tensorstore", version("tensorstore"), "", _open_with_tensorstore, _DEFAULTS


def _open_with_zarr(url: str) -> Read:
    array = zarr.open_array(FsspecStore.from_url(url, read_only=True), mode="r")
    return array.__getitem__


def _open_with_dask(url: str) -> Read:
    array = zarr.open_array(FsspecStore.from_url(url, read_only=True), mode="r")
    lazy = dask.array.from_zarr(array)  # type: ignore[no-untyped-call]
    return lambda region: lazy[region].compute()


def _open_with_tensorstore(url: str) -> Read:
    import tensorstore  # not among what the lessons need

    array = tensorstore.open({"driver": "zarr3", "kvstore": f"{url}/"}).result()
    return lambda region: array[region].read().result()


def _main(url: str) -> None:
    """Read as `run_readers` wants it."""
    for reader, its_version, setting, open_array, config in _python_readers():
        for region, slices in REGIONS.items():
            with zarr.config.set(config):
                read = open_array(url)
                _tell("")
                read(slices)
            run = {"reader": reader, "version": its_version, "setting": setting, "region": region}
            _tell(json.dumps(run))


def _tell(line: str) -> None:
    """Print a line, and wait until it has been noted."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    _main(sys.argv[1])
