"""The list of datasets: what each is, how much of it is there, how to get and to use it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.text import format_bytes
from data_fetch.connection import ZENODO
from data_fetch.registry import Dataset
from data_fetch.stored import State, StoredFile, look


@dataclass(frozen=True)
class Row:
    """One dataset as the list shows it.

    Parameters
    ----------
    name, there, size, licence, lessons, title
        The cells of the table.
    files
        Names of its files.
    source
        Where it comes from.
    get
        The options that create or download it.
    use
        How a lesson uses it.
    check
        What its files are compared with.
    """

    name: str
    there: str
    size: str
    licence: str
    lessons: str
    title: str
    files: tuple[str, ...]
    source: str
    get: str
    use: str
    check: str


def sample_row(folder: Path) -> Row:
    """Describe the sample volume, which is generated."""
    volume = SampleVolume()
    path = folder / volume.file_name
    there = path.is_file()  # it gets its name only when it is complete
    size = format_bytes(path.stat().st_size if there else volume.nbytes, decimal=True)
    return Row(
        name="sample",
        there="there" if there else "not there",
        size=size if there else f"about {size}",
        licence="CC BY 4.0",
        lessons="all",
        title="synthetic tissue, TIFF stack",
        files=(volume.file_name,),
        source="generated on this computer",
        get="--sample",
        use="nothing to do: lessons use it unless BIGIMG_DATASET is set",
        check="compared with what was generated, each time it is used",
    )


def real_row(dataset: Dataset, folder: Path) -> Row:
    """Describe a dataset that is downloaded, as far as can be told without the network."""
    stored = [look(folder / file.name) for file in dataset.files]
    known = [
        file.pin.size if file.pin else have.size
        for have, file in zip(stored, dataset.files, strict=True)
    ]
    sizes = [size or file.stated_bytes for size, file in zip(known, dataset.files, strict=True)]
    total = sum(size for size in sizes if size) if all(sizes) else None
    exact = None not in known
    licence = next((file.note.licence for file in stored if file.note and file.note.licence), None)
    return Row(
        name=dataset.name,
        there=_how_much(stored, total),
        size=_size(total, exact=exact),
        licence=licence or "see its record",
        lessons=", ".join(str(number) for number in dataset.lessons),
        title=dataset.title,
        files=tuple(file.name for file in dataset.files),
        source=f"{ZENODO}/records/{dataset.record}, shared by the NEUBIAS training resources",
        get=f"--real {dataset.name}",
        use=dataset.use,
        check=_check(dataset),
    )


def table(rows: Sequence[Row], folder: Path) -> str:
    """Write the list of datasets.

    Parameters
    ----------
    rows
        The datasets.
    folder
        The data folder. The list states its path and its free disk space. It need not exist.

    Returns
    -------
    str
        Several lines, without a line end after the last.
    """
    header = ("name", "is it there", "size", "files", "licence", "lessons", "what it is")
    cells = [
        (row.name, row.there, row.size, str(len(row.files)), row.licence, row.lessons, row.title)
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = [f"Data folder: {folder} ({format_bytes(free_bytes(folder), decimal=True)} free)", ""]
    for line in (header, tuple("-" * width for width in widths), *cells):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    for row in rows:
        lines += [
            "",
            f"{row.name}",
            f"  from:  {row.source}",
            f"  get:   python -m data_fetch {row.get}",
            f"  use:   {row.use}",
            f"  files: {', '.join(row.files)}",
            f"  check: {row.check}",
        ]
    return "\n".join(lines)


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk on which a folder is, or would be created."""
    folder = folder.absolute()
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    return shutil.disk_usage(existing).free


def _size(total: int | None, *, exact: bool) -> str:
    if not total:
        return "not stated"
    return ("" if exact else "about ") + format_bytes(total, decimal=True)


def _check(dataset: Dataset) -> str:
    pinned = [file.name for file in dataset.files if file.pin]
    open_ones = [file.name for file in dataset.files if not file.pin]
    if not open_ones:
        return "pinned: size and checksum stand in data_fetch/registry.py"
    who = f"{', '.join(open_ones)} not pinned" if pinned else "not pinned"
    return f"{who}: the record is trusted at the first download, then its sidecar"


def _how_much(stored: Sequence[StoredFile], total: int | None) -> str:
    states = {file.state for file in stored}
    if State.CHANGED in states:
        return "damaged: try --verify"
    if states == {State.NOT_THERE}:
        return "not there"
    if states == {State.THERE}:
        return "there"
    if states <= {State.THERE, State.UNCHECKED}:
        return "there, not checked"
    if total is None:
        return "partly"
    have = sum(file.bytes_there for file in stored)
    return f"partly: {min(99, 100 * have // total)} % of {format_bytes(total, decimal=True)}"
