"""Download a dataset's files: resumed after a break, checked, complete before they get their name.

:func:`pooch.retrieve` would delete what has arrived when the connection breaks, and does not
continue an earlier download.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import filelock
import requests
from tqdm import tqdm

from bigimg_lessons.text import format_bytes
from data_fetch.connection import Connection
from data_fetch.errors import FetchError
from data_fetch.registry import Dataset, RemoteFile
from data_fetch.stored import (
    Note,
    State,
    digest,
    look,
    note_path,
    part_path,
    read_note,
    write_note,
)
from data_fetch.zenodo import file_path, read_record

LOCK_NAME = ".data_fetch.lock"
CHUNK_BYTES = 1 << 16  # maximum that is lost at a break
PROGRESS_BYTES = 1 << 20  # a try that brought this much was no failure
SPARE = 0.05  # of the download, to be left free on the disk


def fetch_dataset(
    dataset: Dataset, folder: Path, connection: Connection, *, progress: bool | None = None
) -> None:
    """Download those files of a dataset that are not yet in the data folder.

    Parameters
    ----------
    dataset
        The dataset.
    folder
        The data folder, which is created if it does not exist.
    connection
        A connection to Zenodo.
    progress
        Whether to show a progress bar on standard error; ``None``: if that is a terminal.

    Raises
    ------
    FetchError
        If the dataset cannot be downloaded. No unchecked file then has its final name.
    """
    for file in dataset.files:
        stored = look(folder / file.name)
        if stored.state is State.THERE and stored.note is not None:
            _check_pin(file, stored.note, f"the sidecar of {stored.path} says that it has")
    if all(look(folder / file.name).state is State.THERE for file in dataset.files):
        connection.tell(f"{dataset.name} is there already, in {folder}.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _sole_user(folder):
        record = read_record(connection, dataset.record)
        connection.tell(record.credit())
        missing = []
        for file in dataset.files:
            path, stated = folder / file.name, record.file(file.name)
            note = Note(size=stated.size, checksum=stated.checksum, licence=record.licence)
            _check_pin(file, note, f"Zenodo record {dataset.record} states for {file.name}")
            if file.pin is None:
                _check_first_seen(path, note, dataset.record)
            if not _is_there(path, note, connection):
                missing.append((path, note))
                if file.pin is None and read_note(path) is None:
                    connection.tell(
                        f"{file.name}: no checksum is pinned for it, so the record is trusted this "
                        f"first time; later downloads are compared with {note_path(path).name}."
                    )
        _check_space(folder, missing)
        for path, note in missing:
            address = file_path(dataset.record, path.name)
            _Download(path, note, address, connection).run(progress=progress)
            _finish(path, note, connection)
    connection.tell(f"{dataset.name} is there, in {folder}.")


@contextmanager
def _sole_user(folder: Path) -> Iterator[None]:
    """Keep a second process from downloading into the same folder."""
    lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise FetchError(
            f"Another process is downloading into {folder}: wait until it has ended, then run "
            f"this again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _check_pin(file: RemoteFile, note: Note, who_says: str) -> None:
    """Refuse a file whose stated size or checksum is not the pinned one."""
    pin = file.pin
    if pin is not None and (note.size, note.checksum) != (pin.size, pin.checksum):
        raise FetchError(
            f"{who_says} {note.size} bytes and {note.checksum}, but the file that these lessons "
            f"know has {pin.size} bytes and {pin.checksum}: the record was changed, or another "
            f"was put in its place. Nothing was downloaded. If the new file is the right one, "
            f"correct the pin of {file.name} in data_fetch/registry.py; if not, do not use it."
        )


def _check_first_seen(path: Path, note: Note, record: int) -> None:
    """Refuse a file whose stated size or checksum is not that of its first download."""
    first = read_note(path)
    if first is not None and (note.size, note.checksum) != (first.size, first.checksum):
        raise FetchError(
            f"Zenodo record {record} states for {path.name} {note.size} bytes and {note.checksum}, "
            f"but when it was first downloaded to {path.parent} these were {first.size} bytes and "
            f"{first.checksum}: the record was changed, or another was put in its place. Nothing "
            f"was downloaded. If the new file is the right one, delete {note_path(path).name} "
            f"(and {path.name}, if it is there), then run this again."
        )


def _is_there(path: Path, note: Note, connection: Connection) -> bool:
    """Return whether a file is there; refuse to replace one that is not the record's."""
    if not path.exists():
        return False
    if path.stat().st_size != note.size:
        found = f"{path.stat().st_size} bytes"
        stated = f"{note.size}"
    else:
        known = read_note(path)
        found = known.checksum if known else digest(path, note.checksum)
        stated = note.checksum
    if found != stated:
        raise FetchError(
            f"{path} is there but is not the file that the record describes ({found}, not "
            f"{stated}): move it away or delete it, then run this again."
        )
    write_note(path, note)
    connection.tell(f"{path.name} is there already.")
    return True


def _check_space(folder: Path, missing: list[tuple[Path, Note]]) -> None:
    missing_bytes = sum(note.size - _bytes_to_keep(path, note) for path, note in missing)
    needed = round(missing_bytes * (1 + SPARE))
    free = shutil.disk_usage(folder).free
    if free < needed:
        have, want, missing_size = (
            format_bytes(count, decimal=True) for count in (free, needed, missing_bytes)
        )
        raise FetchError(
            f"The disk of {folder} has {have} free, but {want} are needed ({missing_size} to "
            f"download and some to spare): make room, or name a folder on another disk with "
            f"--folder."
        )


def _bytes_to_keep(path: Path, note: Note) -> int:
    """Return how many bytes of an earlier download can be continued: 0 for another version."""
    stored = look(path)
    if stored.state is not State.PARTLY or stored.note is None:
        return 0
    same = (stored.note.checksum, stored.note.size) == (note.checksum, note.size)
    return stored.bytes_there if same and stored.bytes_there <= note.size else 0


class _Download:
    """The download of one file into its partial file."""

    def __init__(self, path: Path, note: Note, address: str, connection: Connection) -> None:
        self._name = path.name
        self._part = part_path(path)
        self._note = note
        self._address = address
        self._connection = connection
        self._have = _bytes_to_keep(path, note)
        earlier = read_note(self._part)
        self._etag = earlier.etag if self._have and earlier else None
        self._from_start = False  # whether to ask for the whole file, whatever is there

    def run(self, *, progress: bool | None) -> None:
        """Download until the partial file has the size that the record states."""
        size = self._note.size
        done = (
            f"resuming at {format_bytes(self._have, decimal=True)} of"
            if self._have
            else "downloading"
        )
        self._connection.tell(f"{self._name}: {done} {format_bytes(size, decimal=True)}.")
        patience = self._connection.patience()
        with tqdm(
            total=size,
            initial=self._have,
            desc=self._name,
            unit="B",
            unit_scale=True,
            disable=None if progress is None else not progress,
        ) as bar:
            while self._have < size:
                before = self._have
                reason = self._try(bar)
                if self._have < size:
                    if self._have - before >= PROGRESS_BYTES:
                        patience = self._connection.patience()
                    patience = patience.after(reason)

    def _try(self, bar: tqdm) -> str:
        """Make one request and write what comes; return why it ended."""
        # Without "identity" a server may send the file compressed, and offsets mean nothing.
        headers = {"Accept-Encoding": "identity"}
        offset = 0 if self._from_start else self._have
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if self._etag and not self._etag.startswith("W/"):  # RFC 9110: only a strong one
                headers["If-Range"] = self._etag
        with self._connection.get(
            self._address, self._name, headers=headers, accept=(200, 206, 416), stream=True
        ) as response:
            if response.status_code == 200:
                if offset:
                    self._connection.tell(f"{self._name}: the server sends it from its start.")
                self._start_over(response)
                bar.initial = 0
                bar.reset(total=self._note.size)
            elif not self._continues(response, offset):
                self._from_start = True
                return f"{self._connection.host} does not continue {self._name} where it ended"
            return self._write(response, bar)

    def _start_over(self, response: requests.Response) -> None:
        length = response.headers.get("Content-Length")
        if "Content-Encoding" not in response.headers and length not in (
            None,
            str(self._note.size),
        ):
            raise FetchError(
                f"{self._connection.host} sends {length} bytes as {self._name}, but its record "
                f"states {self._note.size}: try again later."
            )
        self._have = 0
        self._from_start = False
        self._etag = response.headers.get("ETag")
        self._part.write_bytes(b"")
        write_note(self._part, replace(self._note, etag=self._etag))

    def _continues(self, response: requests.Response, offset: int) -> bool:
        """Return whether a 206 is the wanted rest of the same version of the file."""
        content_range = response.headers.get("Content-Range", "")
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range.strip())
        return (
            response.status_code == 206
            and offset > 0
            and found is not None
            and (int(found[1]), int(found[3])) == (offset, self._note.size)
            and response.headers.get("ETag") in (None, self._etag)
        )

    def _write(self, response: requests.Response, bar: tqdm) -> str:
        with self._part.open("ab") as part:
            try:
                for chunk in response.iter_content(CHUNK_BYTES):
                    if self._have + len(chunk) > self._note.size:
                        raise FetchError(
                            f"{self._connection.host} sends more bytes as {self._name} than the "
                            f"{self._note.size} that its record states: try again later."
                        )
                    part.write(chunk)
                    self._have += len(chunk)
                    bar.update(len(chunk))
            except requests.RequestException as error:
                return f"The connection broke off ({type(error).__name__})"
            finally:
                part.flush()
                os.fsync(part.fileno())
        return "The connection was closed too early"


def _finish(path: Path, note: Note, connection: Connection) -> None:
    """Check the partial file, and give it its final name if it is right."""
    part = part_path(path)
    connection.tell(f"{path.name}: comparing its checksum with the record's.")
    found = digest(part, note.checksum)
    if found != note.checksum:
        part.unlink()
        note_path(part).unlink()
        raise FetchError(
            f"{path.name} arrived damaged ({found}, but the record states {note.checksum}) and "
            f"was removed: run this again to download it anew."
        )
    write_note(path, note)
    part.replace(path)
    note_path(part).unlink()
