"""What a BigDataViewer dataset's N5 folder holds: its pyramids, and what else lies there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bigimg_lessons.formats.strangers import DROPPINGS, besides

ATTRIBUTES = "attributes.json"
"""The file in a folder that says what it is."""

# Of the folders inside one another; last those of a chunk's place along x and y, and its file.
_GROUPS = (r"setup\d+", r"timepoint\d+", r"s\d+")
_PLACES = (r"\d+",) * 3


def foreign(folder: Path) -> str | None:
    """Say what keeps a folder from being replaced as the N5 of a BigDataViewer dataset.

    Parameters
    ----------
    folder
        Folder that may be one.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name: that it is none, or what it holds besides
        pyramids. None if it is nothing else.
    """
    if not folder.is_dir():
        return "is no folder"
    try:
        setups = [entry for entry in folder.iterdir() if re.fullmatch(_GROUPS[0], entry.name)]
        if not any(_is_setup(setup) for setup in setups):
            return "is no N5 folder of BigDataViewer"
        return besides(_strangers(folder, (*_GROUPS, *_PLACES)))
    except OSError as error:
        return f"could not be looked into ({str(error).rstrip('.')})"


def _is_setup(folder: Path) -> bool:
    """Whether a folder says how the levels of a view setup are shrunk."""
    try:
        return "downsamplingFactors" in json.loads((folder / ATTRIBUTES).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _strangers(folder: Path, names: Sequence[str], inside: str = "") -> Iterator[str]:
    """Yield the paths of what is neither a folder on the way to a chunk, nor one, nor said of it.

    Parameters
    ----------
    folder
        Where to look.
    names
        What folders in it are called, what those in these, and so on; last the files of chunks.
    inside
        Path of the folder, with a slash.
    """
    of_groups = {ATTRIBUTES} if len(names) >= len(_PLACES) else set()
    with os.scandir(folder) as entries:  # there may be many
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if re.fullmatch(names[0], entry.name) and is_folder == (len(names) > 1):
                if is_folder:
                    yield from _strangers(Path(entry.path), names[1:], f"{inside}{entry.name}/")
            elif is_folder or entry.name not in of_groups | DROPPINGS:
                yield inside + entry.name
