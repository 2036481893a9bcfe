"""The package ``zarrs``: whether it is there, and Zarr arrays that it reads for zarr-python.

It decodes chunks outside Python and on all cores, straight into their place in what was asked for:
chunks of 64 x 64 x 64 voxels took it 0.6 times the processor time of zarr-python 3.1.6.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from bigimg_lessons.pyramids.libraries import is_of_library

if TYPE_CHECKING:
    import zarr

PIPELINE = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}
"""What zarr's configuration says while an array is opened that ``zarrs`` is to read or to write."""

# Of which the tests compare what both read. What else an array is stored with is left to zarr.
_KNOWN_CODECS = {
    "blosc",
    "bytes",
    "crc32c",
    "gzip",
    "sharding_indexed",
    "transpose",
    "zlib",
    "zstd",
}


def is_installed() -> bool:
    """Tell whether the package is there; for some computers it is not to be had."""
    return find_spec("zarrs") is not None


def read_by_zarrs(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """Return an array that ``zarrs`` reads, with the same voxels, or the same array.

    ``zarrs`` is asked only for what it is known to read: files in a folder on this computer, chunks
    that are all alike, integers or floats in the machine's byte order, and codecs of which tests
    compare the voxels. Where it is not installed, or a missing chunk is to be an error, all is left
    to zarr as well.

    Parameters
    ----------
    array
        Any.
    """
    import zarr
    from zarr.storage import LocalStore

    stated: dict[str, Any] = array.metadata.to_dict()
    if not (
        is_installed()
        and type(array) is zarr.Array
        and type(array.store) is LocalStore
        and array.dtype.isnative
        and array.dtype.kind in "iuf"
        and stated["fill_value"] is not None
        and stated.get("order", "C") == "C"
        and stated.get("chunk_grid", {"name": "regular"})["name"] == "regular"
        and set(_codecs(stated)) <= _KNOWN_CODECS
        # Of zarr 3.2 and later.
        and getattr(array.async_array.config, "read_missing_chunks", True)
    ):
        return array
    with zarr.config.set(PIPELINE), warnings.catch_warnings():
        warnings.filterwarnings("error", "Array is unsupported by ZarrsCodecPipeline")
        try:
            return array.with_config({"order": "C"})  # in which it fills what is asked for
        except UserWarning:
            return array


def decoded_at_once(array: zarr.Array[Any]) -> int:
    """Return how many chunks of an array are decoded at a time, by whoever reads it.

    Parameters
    ----------
    array
        As :func:`read_by_zarrs` returned it.
    """
    import zarr

    if is_of_library(array.async_array.codec_pipeline, "zarrs", "ZarrsCodecPipeline"):
        return os.cpu_count() or 1
    at_once: int = zarr.config.get("async.concurrency")
    return at_once


def _codecs(stated: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all codecs in an array's metadata, also of those within shards."""
    if stated.get("zarr_format") == 2:
        all_of_v2 = (*(stated["filters"] or ()), stated["compressor"])
        yield from (codec["id"] for codec in all_of_v2 if codec is not None)
        return
    for codec in (*stated.get("codecs", ()), *stated.get("index_codecs", ())):
        yield codec["name"]
        yield from _codecs(codec.get("configuration", {}))
