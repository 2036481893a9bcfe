"""The images that the lessons open: which are there, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from bigimg_lessons.command_line.screen import table
from bigimg_lessons.samples.files import REAL_TIFFS, sample_tiff
from bigimg_lessons.samples.folder import data_folder
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.text import format_bytes


def created(folder: Path | None, *, progress: bool) -> Path:
    """Create the synthetic sample, unless it is there.

    Parameters
    ----------
    folder
        Another data folder than that of the lessons.
    progress
        Whether to show a bar.
    """
    return sample_tiff(folder=folder, progress=progress)


def rows(folder: Path | None) -> list[dict[str, Any]]:
    """List the sample and the real stacks that a lesson can open instead.

    Parameters
    ----------
    folder
        Another data folder than that of the lessons.
    """
    place = data_folder() if folder is None else folder.expanduser().absolute()
    volume = SampleVolume()
    found = [_row("sample", place / volume.file_name, "bigimg data --create")]
    found[0]["voxel_bytes"] = volume.nbytes
    for name, file in REAL_TIFFS.items():
        get = f"python -m data_fetch --real {name}, in a copy of the repository"
        found.append(_row(name, place / file, get))
    return found


def _row(name: str, path: Path, get: str) -> dict[str, Any]:
    is_there = path.is_file()
    return {
        "name": name,
        "path": str(path),
        "is_there": is_there,
        "bytes": path.stat().st_size if is_there else None,
        "get": get,
    }


def show(screen: Console, found: list[dict[str, Any]]) -> None:
    """Print the list.

    Parameters
    ----------
    screen
        Where.
    found
        The rows.
    """
    lines = [
        [
            each["name"],
            f"there, {format_bytes(each['bytes'])}" if each["is_there"] else "not there",
            each["path"],
            "" if each["is_there"] else each["get"],
        ]
        for each in found
    ]
    screen.print(table(["name", "is it there", "path", "to get it"], lines))
