"""Whether an image is read from the very place in an object store that is to be overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bigimg_lessons.pyramids.libraries import is_of_library
from bigimg_lessons.saving.object_store import ObjectPlace
from bigimg_lessons.saving.object_urls import parsed


def is_read_from(array: Any, place: ObjectPlace) -> bool:
    """Tell whether an array reads objects of a place, as far as it can be known.

    Where objects are missing Zarr gives zeros, and no error: an image that is read from what was
    just removed would be empty.

    Parameters
    ----------
    array
        As :class:`bigimg_lessons.pyramids.source.LazyImage` holds it: Zarr arrays are looked at,
        and those that a dask array was made from.
    place
        Where objects are to be removed. Its bucket and prefix are compared, not its server.
    """
    _, bucket, prefix = parsed(place.url)
    for each in _zarr_arrays(array):
        at = f"{_root(each.store)}/{each.path}".strip("/")
        if f"{at}/".startswith(f"{bucket}/{prefix}/"):
            return True
    return False


def _zarr_arrays(array: Any) -> Iterator[Any]:
    if is_of_library(array, "zarr", "Array"):
        yield array
    if is_of_library(array, "dask.array", "Array"):
        for layer in array.dask.layers.values():
            # Such an array is alone in its layer.
            values = list(layer.values()) if len(layer) == 1 else []
            yield from (value for value in values if is_of_library(value, "zarr", "Array"))


def _root(store: Any) -> str:
    """Return the bucket and the prefix of a store of zarr, or another text."""
    inner = getattr(store, "store", None)  # of zarr.storage.ObjectStore
    if inner is not None:
        bucket = getattr(inner, "config", {}).get("bucket", "")
        return f"{bucket}/{getattr(inner, 'prefix', None) or ''}".strip("/")
    return str(getattr(store, "path", "")).strip("/")  # of zarr.storage.FsspecStore
