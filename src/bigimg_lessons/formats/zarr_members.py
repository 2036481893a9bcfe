"""What an OME-Zarr's folder holds: its pyramid, and what else lies there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from bigimg_lessons.formats.strangers import DROPPINGS, besides

_METADATA = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}

# Zarr v3 keeps chunks in a folder "c", or in files called "c.0.0" (or as v2 does, which is rare and
# not looked for); v2 calls them "0.0", or keeps "0" in a folder "0".
_CHUNKS_V3 = re.compile(r"c(\.\d+)*")
_CHUNKS_V2 = re.compile(r"\d+(\.\d+)*")


def foreign(folder: Path) -> str | None:
    """Say what keeps a folder from being replaced as an OME-Zarr image with its pyramid.

    Parameters
    ----------
    folder
        Folder that may be an image.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name: that it is no OME-Zarr image, or what it
        holds besides one pyramid, such as labels, tables and notes. None if it is nothing else.
    """
    if not any((folder / name).is_file() for name in _METADATA):
        return "is no Zarr"
    try:
        levels = _level_paths(folder)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return "is no OME-Zarr image"
    return besides(_strangers(folder, levels))


def _level_paths(folder: Path) -> set[str]:
    """Return the paths of the levels of an image, as its metadata name them."""
    attributes: Any
    if (folder / "zarr.json").is_file():
        attributes = json.loads((folder / "zarr.json").read_text("utf-8"))["attributes"]["ome"]
    else:
        attributes = json.loads((folder / ".zattrs").read_text("utf-8"))
    return {str(level["path"]) for level in attributes["multiscales"][0]["datasets"]}


def _strangers(folder: Path, levels: Collection[str], inside: str = "") -> Iterator[str]:
    """Yield the paths of what is neither part of a level nor metadata on the way to one."""
    for entry in folder.iterdir():
        path = inside + entry.name
        if path in levels and entry.is_dir():
            is_v3 = (entry / "zarr.json").is_file()
            yield from _no_chunks(entry, _CHUNKS_V3 if is_v3 else _CHUNKS_V2, _METADATA, path)
        elif any(level.startswith(f"{path}/") for level in levels):
            yield from _strangers(entry, levels, f"{path}/")
        elif entry.name not in _METADATA | DROPPINGS:
            yield path


def _no_chunks(
    folder: Path, chunks: re.Pattern[str], metadata: Collection[str], inside: str
) -> Iterator[str]:
    """Yield the paths of what is no chunk of an array, nor its metadata."""
    with os.scandir(folder) as entries:  # there may be many
        for entry in entries:
            path = f"{inside}/{entry.name}"
            if chunks.fullmatch(entry.name):
                if entry.is_dir():
                    yield from _no_chunks(Path(entry.path), _CHUNKS_V2, (), path)
            elif entry.name not in metadata and entry.name not in DROPPINGS:
                yield path
