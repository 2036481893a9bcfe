"""Whether a file may be replaced as an OME-TIFF."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

_DESCRIPTION = 270
_MOST_BYTES = 64 * 2**20  # of OME-XML with all planes of a long series


def foreign(path: Path) -> str | None:
    """Say what keeps a file from being replaced as an OME-TIFF.

    Parameters
    ----------
    path
        Which exists.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name; None if it is an OME-TIFF of one image,
        complete in this file, and nothing else is in its OME-XML.
    """
    if not path.is_file():
        return "is no file"
    try:
        with path.open("rb") as file:
            description = _first_description(file)
        # The XML parser of Python (expat 2.4.1 and newer) refuses entities that grow.
        root = ElementTree.fromstring(description)  # noqa: S314
    except OSError as error:
        return f"could not be looked into ({str(error).rstrip('.')})"
    except (ElementTree.ParseError, struct.error, ValueError):
        return "is no OME-TIFF"
    if _local(root.tag) != "OME":
        return "is no OME-TIFF"
    if (count := len(root.findall("{*}Image"))) != 1:
        return f"holds {count} images"
    named = {uuid.get("FileName", path.name) for uuid in root.iterfind(".//{*}UUID")}
    if others := sorted(named - {path.name}):
        return f"belongs to an image that is in other files too, such as {others[0]!r}"
    if strangers := sorted({_local(part.tag) for part in root} - {"Image", "Instrument"}):
        return f"holds, besides its pyramid, {', '.join(strangers)}"
    return None


def _first_description(file: BinaryIO) -> bytes:
    """Return the ImageDescription of the first page of a TIFF.

    Raises
    ------
    ValueError, struct.error
        If it is no TIFF, or its first page has none.
    """
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        raise ValueError("It is no TIFF.")
    (version,) = struct.unpack(f"{order}H", head[2:4])
    if version not in (42, 43):
        raise ValueError("It is no TIFF.")
    word, count = ("Q", "Q") if version == 43 else ("I", "H")
    (first,) = struct.unpack_from(f"{order}{word}", head, 8 if version == 43 else 4)
    file.seek(first)
    (entries,) = struct.unpack(f"{order}{count}", file.read(struct.calcsize(f"{order}{count}")))
    for code, _, length, place in struct.iter_unpack(
        f"{order}HH{word}{word}", file.read(entries * struct.calcsize(f"{order}HH{word}{word}"))
    ):
        if code == _DESCRIPTION and length <= _MOST_BYTES:
            file.seek(place)
            return file.read(length).rstrip(b"\0")
    raise ValueError("Its first page has no description.")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
