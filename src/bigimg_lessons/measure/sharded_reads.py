"""What readers ask of one sharded Zarr array here and now, counted at a local web server.

Readers run in a process of their own, and the server counts what arrives: the one place where
nothing is hidden. A store of zarr-python that counts would not do: the zarrs pipeline reads stores
that it knows by itself, and leaves all others to zarr-python's own pipeline without a word
(zarrs 0.2.3).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import zarr

from bigimg_lessons.measure.recorded_reads import CHUNK_SHAPE, SHAPE, SHARD_SHAPE, Asked, Run
from bigimg_lessons.measure.serving import FolderServer


def run_readers(
    path: str | Path, command: Sequence[str] = (), *, seconds: float = 300
) -> tuple[Run, ...]:
    """Let readers read one array from a local web server that counts what they ask.

    Parameters
    ----------
    path
        Folder of a Zarr array with the `SHAPE`, `CHUNK_SHAPE` and `SHARD_SHAPE` of the record.
    command
        Program that reads. It is given the array's URL as its last argument. For each reader and
        region it opens the array, prints an empty line and waits for one, reads, prints a line
        of JSON with ``reader``, ``version``, ``setting`` and ``region``, and waits again.
        By default, the Python readers that are installed here: zarr-python with its defaults
        and, where it merges requests, without that; dask; zarrs; tensorstore.
    seconds
        Maximum time of the whole program, in seconds; then it is stopped. The Python readers
        take 10 s.

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
    _check_layout(path)
    program = [*(command or (sys.executable, "-m", "bigimg_lessons.measure.shard_readers"))]
    # The readers have a process of their own: what a notebook has configured does not reach them,
    # and they share no interpreter with the server. Nor may they ask a proxy for this machine.
    with (
        FolderServer(path.parent) as server,
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(  # noqa: S603 (our own command, or the caller's)
            [*program, f"{server.url}/{path.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        ) as readers,
    ):
        late = threading.Event()

        def give_up() -> None:
            late.set()  # before they end: who waits for them looks here next
            readers.kill()

        stop = threading.Timer(seconds, give_up)
        try:
            stop.start()
            asked = _noted(readers, server)
            code = readers.wait()
        finally:
            stop.cancel()
            readers.kill()  # where this went wrong, nobody listens to it any more
            with contextlib.suppress(OSError):
                _pipe(readers.stdin).close()
        if code:
            complaints.seek(0)
            said = complaints.read() or "nothing"
            if late.is_set():
                raise TimeoutError(
                    f"The readers had not ended after {seconds:g} s and were stopped: try again "
                    f"when the machine is less busy, or allow more seconds. They said: {said}"
                )
            raise RuntimeError(f"The readers ended with code {code}: {said}")
    return tuple(Run(*key, regions) for key, regions in asked.items())


def _check_layout(path: Path) -> None:
    """Raise ValueError unless the array has the layout of the record."""
    array = zarr.open_array(path, mode="r")
    layout = (array.shape, array.chunks, array.shards, str(array.dtype))
    if layout != (SHAPE, CHUNK_SHAPE, SHARD_SHAPE, "uint8"):
        raise ValueError(
            f"The array has shape {array.shape}, chunks {array.chunks}, shards {array.shards} and "
            f"type {array.dtype}: give one with {SHAPE}, {CHUNK_SHAPE}, {SHARD_SHAPE} and uint8, "
            "as the record has it."
        )


def _noted(
    readers: subprocess.Popen[str], server: FolderServer
) -> dict[tuple[str, str, str], dict[str, Asked]]:
    """Answer each line of the readers, and note what the server was asked before it.

    The result has, by reader, version and setting, what was asked for each region.
    """
    asked: dict[tuple[str, str, str], dict[str, Asked]] = {}
    answers = _pipe(readers.stdin)
    for line in _pipe(readers.stdout):
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
        with contextlib.suppress(OSError):  # it listens no more: its exit code says more
            answers.write("\n")
            answers.flush()
    return asked


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None  # noqa: S101 (it was asked for, so it is there)
    return end
