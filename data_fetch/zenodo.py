"""What a Zenodo record says about itself: title, creators, licence, and each file's checksum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from data_fetch.connection import Connection
from data_fetch.errors import FetchError

Value = TypeVar("Value")


@dataclass(frozen=True)
class RecordFile:
    """One file as its record describes it.

    Parameters
    ----------
    name
        File name.
    size
        Bytes, exactly.
    checksum
        Algorithm and hexadecimal digest, such as ``"md5:0123…"``.
    """

    name: str
    size: int
    checksum: str


@dataclass(frozen=True)
class Record:
    """A Zenodo record.

    Parameters
    ----------
    number
        The record's number.
    title
        Its title.
    creators
        Names of the people to credit.
    licence
        The licence's identifier, such as ``"cc-by-4.0"``; ``None`` if the record states none.
    files
        The files it holds, by name.
    """

    number: int
    title: str
    creators: tuple[str, ...]
    licence: str | None
    files: dict[str, RecordFile]

    def file(self, name: str) -> RecordFile:
        """Return one file's description.

        Raises
        ------
        FetchError
            If the record holds no file of that name.
        """
        if name not in self.files:
            raise FetchError(
                f"Zenodo record {self.number} holds no file {name!r} (it holds: "
                f"{', '.join(sorted(self.files)) or 'none'}): correct data_fetch/registry.py."
            )
        return self.files[name]

    def credit(self) -> str:
        """Return a line that names title, creators and licence as the record states them."""
        creators = "; ".join(self.creators) or "creators not stated"
        licence = (
            f"licence {self.licence}"
            if self.licence
            else "no licence stated: ask its creators before you pass the files on"
        )
        return f"Zenodo record {self.number}: {self.title!r}, {creators}; {licence}."


def file_path(record: int, name: str) -> str:
    """Return the address of a file below Zenodo's base URL.

    It is the direct address that the record's page links to. The ``links`` of the API's answer
    are not used: they were wrong for a time (https://github.com/zenodo/zenodo/issues/2486), and
    the API allows fewer requests per minute.
    """
    return f"/records/{record}/files/{quote(name)}?download=1"


def read_record(connection: Connection, number: int) -> Record:
    """Ask Zenodo's API for a record.

    Raises
    ------
    FetchError
        If there is no such record, or the answer is not what the API documents.
    """
    response = connection.get(f"/api/records/{number}", f"record {number}")
    try:
        return parse_record(number, response.json())
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise FetchError(
            f"What {connection.host} answers about record {number} cannot be read ({error}): try "
            f"again later, or put the files into the data folder by hand."
        ) from error


def parse_record(number: int, answer: Any) -> Record:
    """Read the JSON that describes a record.

    Parameters
    ----------
    number
        The record's number.
    answer
        The decoded JSON, in one of two forms. Zenodo's: ``files`` is a list, ``license`` an
        object (source: zenodo-rdm ``legacy/serializers/schemas/zenodojson.py``). InvenioRDM's, on
        which Zenodo is built: the files are in ``files.entries``, the licences in ``rights``
        (source: InvenioRDM, metadata reference).

    Raises
    ------
    ValueError
        If the answer has neither form.
    """
    metadata = _get(answer, "metadata", dict)
    entries = answer.get("files")
    if isinstance(entries, dict):
        entries = entries.get("entries")
    if isinstance(entries, dict):
        entries = list(entries.values())
    if not isinstance(entries, list):
        raise ValueError("it has no list of files")
    files = [_parse_file(entry) for entry in entries]
    return Record(
        number=number,
        title=_get(metadata, "title", str),
        creators=_creators(metadata),
        licence=_licence(metadata),
        files={file.name: file for file in files},
    )


def _parse_file(entry: Any) -> RecordFile:
    name, size = _get(entry, "key", str), _get(entry, "size", int)
    checksum = _get(entry, "checksum", str)
    algorithm, _, digest = checksum.partition(":")
    if algorithm not in hashlib.algorithms_available or not digest:
        raise ValueError(f"the checksum of {name} is {checksum!r}, not like 'md5:0123'")
    if size <= 0:
        raise ValueError(f"the size of {name} is {size} bytes")
    return RecordFile(name=name, size=size, checksum=f"{algorithm}:{digest.lower()}")


def _creators(metadata: dict[str, Any]) -> tuple[str, ...]:
    creators = [creator.get("person_or_org", creator) for creator in metadata.get("creators", ())]
    return tuple(_get(creator, "name", str) for creator in creators)


def _licence(metadata: dict[str, Any]) -> str | None:
    if "license" in metadata:
        return _get(metadata["license"], "id", str)
    # A licence which the creators wrote themselves has a title and no identifier.
    rights = [right.get("id") or right["title"]["en"] for right in metadata.get("rights", ())]
    return ", ".join(rights) or None


def _get(table: Any, key: str, kind: type[Value]) -> Value:
    value = table.get(key) if isinstance(table, dict) else None
    if not isinstance(value, kind):
        raise ValueError(f"it has no {key!r}")
    return value
