"""How an image can be stored: file formats, and designs that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Format:
    """What a file format can and cannot do.

    Parameters
    ----------
    name
        Name, as a page shows it.
    chunks
        ``"rows"``: strips of whole rows of a plane; ``"tiles"`` of a plane, multiples of 16 wide
        and high (TIFF 6.0, section 15); or ``"boxes"`` of any size.
    edges
        As for `ChunkGrid`.
    files
        Number of files of an image; 0 where each chunk or shard is a file.
    pyramid
        Axes along which its levels may be halved: ``""``, ``"YX"`` or ``"ZYX"``.
    shards
        Whether the format has shards.
    time_apart
        Whether time points never share a chunk.
    one_at_a_time
        Whether its library answers one request at a time, however many threads ask.
    largest_chunk
        Maximum number of bytes of a chunk.
    """

    name: str
    chunks: Literal["rows", "tiles", "boxes"]
    edges: Literal["padded", "cut"] = "padded"
    files: int = 0
    pyramid: Literal["", "YX", "ZYX"] = "ZYX"
    shards: bool = False
    time_apart: bool = False
    one_at_a_time: bool = False
    largest_chunk: int = 2**31 - 1


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "tiff": Format("TIFF stack", "rows", edges="cut", files=1, pyramid=""),
        "ome-tiff": Format("Tiled, pyramidal OME-TIFF", "tiles", files=1, pyramid="YX"),
        "bdv-hdf5": Format(
            "BDV-HDF5",
            "boxes",
            files=2,
            time_apart=True,
            one_at_a_time=True,
            largest_chunk=2**32 - 1,
        ),
        "ome-zarr": Format("OME-Zarr", "boxes", shards=True),
    }
)
"""Formats to choose from, by a short name, the plainest first.

Chunks of OME-Zarr stay below 2 GiB, as its usual compressor, Blosc, demands; those of HDF5 below
4 GiB, as readers older than HDF5 2.0 demand; a TIFF strip or tile is given the limit of Blosc.
"""


@dataclass(frozen=True)
class Design:
    """How an image is stored.

    Parameters
    ----------
    format
        A key of `FORMATS`.
    chunk_shape
        Voxels of a chunk along each axis.
    shard_shape
        Voxels of a shard along each axis; ``None`` without shards.
    levels
        Number of levels, including level 0; 1 means that there is no pyramid.
    """

    format: str
    chunk_shape: Triple
    shard_shape: Triple | None = None
    levels: int = 1
