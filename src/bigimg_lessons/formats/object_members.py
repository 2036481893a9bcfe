"""What the objects below a prefix are: chunks and metadata of an OME-Zarr image, or strangers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from bigimg_lessons.formats.strangers import DROPPINGS, besides
from bigimg_lessons.saving.object_journal import FOLDER, requested
from bigimg_lessons.saving.object_store import ObjectPlace

ROOT_METADATA = ("zarr.json", ".zattrs", ".zgroup", ".zmetadata")
"""Names of the objects that make a prefix a group of Zarr."""

_METADATA = {*ROOT_METADATA, ".zarray"}
_CHUNK = re.compile(r"c(/\d+)*|c(\.\d+)*|\d+([./]\d+)*")


def foreign_objects(place: ObjectPlace) -> str | None:
    """Say what keeps the objects of a place from being removed as an OME-Zarr image.

    Parameters
    ----------
    place
        Where some objects are.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its URL: that it is neither an OME-Zarr image nor an
        unfinished one of ours, or what it holds besides one. None if it is nothing else.
    """
    levels = level_paths(place)
    if levels is None:
        request = requested(place)
        if request is None:
            return "is no OME-Zarr image"
        levels = {str(number) for number in range(len(request["levels"]))}
    return besides(_strangers(place, levels))


def level_paths(place: ObjectPlace) -> set[str] | None:
    """Return the paths of an image's levels, as its metadata name them; None if it is no image."""
    for name in ROOT_METADATA[:2]:
        text = place.hasty.get(name)
        if text is None:
            continue
        try:
            attributes: Any = json.loads(text)
            if name == "zarr.json":
                attributes = attributes["attributes"]["ome"]
            return {str(level["path"]) for level in attributes["multiscales"][0]["datasets"]}
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            continue
    return None


def _strangers(place: ObjectPlace, levels: Collection[str]) -> Iterator[str]:
    """Yield the names of what is neither part of a level nor metadata on the way to one."""
    for found in place.list():
        folder, _, last = found.name.rpartition("/")
        level = next((path for path in levels if found.name.startswith(f"{path}/")), None)
        is_on_the_way = not folder or any(path.startswith(f"{folder}/") for path in levels)
        is_known = (
            last in DROPPINGS
            or found.name.startswith(FOLDER)
            or (last in _METADATA and (folder in levels or is_on_the_way))
            or (level is not None and _CHUNK.fullmatch(found.name[len(level) + 1 :]) is not None)
        )
        if not is_known:
            yield found.name


def placed(name: str, counts: Sequence[tuple[int, ...]]) -> tuple[int, tuple[int, ...]] | None:
    """Return the level and the place of a chunk or shard whose object has a name.

    Parameters
    ----------
    name
        As this project writes them: ``0/c/1/2/3`` or, for Zarr v2, ``0/1/2/3``.
    counts
        For each level, how many there are along each axis.

    Returns
    -------
    tuple or None
        None if the name is not that of a chunk or shard.

    Examples
    --------
    >>> placed("1/c/0/2", [(4, 8), (2, 4)]), placed("1/c/0/9", [(4, 8), (2, 4)])
    ((1, (0, 2)), None)
    """
    level, _, key = name.partition("/")
    parts = key.removeprefix("c/").split("/")
    if not (level.isdecimal() and all(part.isdecimal() for part in parts)):
        return None
    if int(level) >= len(counts) or len(parts) != len(counts[int(level)]):
        return None
    place = tuple(map(int, parts))
    if any(at >= count for at, count in zip(place, counts[int(level)], strict=True)):
        return None
    return int(level), place
