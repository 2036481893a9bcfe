"""What was asked of a zarr store, request by request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bigimg_lessons.text import format_bytes

METADATA_NAMES = frozenset({"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"})
"""Names of the values of a zarr store that hold no voxels (Zarr v3 and v2)."""


@dataclass(frozen=True)
class StoreRequest:
    """One request to a store.

    Parameters
    ----------
    key
        What was asked for: the key of a value, or for a list the prefix of the keys.
    offset
        First byte asked for; negative if counted from the end of the value, as in the HTTP
        header ``Range: bytes=-20``.
    size
        Bytes delivered; 0 if the store has no such value, which for a chunk means that it holds
        nothing but the fill value.
    kind
        Kind of request, in the terms of object stores: ``"get"`` reads a value or a part
        of it, ``"head"`` asks whether it exists and how large it is, ``"list"`` asks for names.
    """

    key: str
    offset: int
    size: int
    kind: Literal["get", "head", "list"] = "get"


@dataclass(frozen=True)
class StoreRequests:
    """What was asked of a store between two calls of its meter's ``take``.

    Parameters
    ----------
    requests
        The requests in the order in which they were answered, which differs from run to run.
    """

    requests: tuple[StoreRequest, ...]

    @property
    def count(self) -> int:
        """Number of requests."""
        return len(self.requests)

    @property
    def bytes_read(self) -> int:
        """Bytes delivered, summed over all requests; a byte read twice counts twice."""
        return sum(request.size for request in self.requests)

    @property
    def chunks(self) -> StoreRequests:
        """Only what read chunks and shards: no metadata, no questions for names and sizes."""
        return StoreRequests(
            tuple(
                request
                for request in self.requests
                if request.kind == "get" and request.key.rpartition("/")[2] not in METADATA_NAMES
            )
        )

    def __str__(self) -> str:
        return (
            f"{self.count:,} requests, {self.bytes_read:,} bytes ({format_bytes(self.bytes_read)})"
        )
