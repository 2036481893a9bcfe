"""Which versions are installed, and which of the lessons' numbers depend on them.

``python -m bigimg_lessons.versions`` prints both. The numbers are counted anew, with what is
installed, and stand beside those that every version known to the lessons gives.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version

import numpy as np
import zarr
from zarr.storage import MemoryStore

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE
from bigimg_lessons.measure.store_requests import StoreRequests
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.text import format_bytes

SHARDED = ChunkGrid((256, 256, 256), (32, 32, 32), "uint8", shard_shape=(128, 128, 128))
"""The copy in shards of lesson 2."""

PLANE = (128, slice(None), slice(None))
"""The XY plane that lesson 2 reads of it."""


def installed() -> Mapping[str, str]:
    """Tell the versions of what the package needs.

    Returns
    -------
    Mapping
        Version by name of the package, in alphabetical order; what is not installed, as ``zarrs``
        on some computers, is left out.
    """
    names = {re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in requires("bigimg-lessons") or ()}
    found = {}
    for name in sorted(names, key=str.lower):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def count_plane() -> StoreRequests:
    """Count what zarr asks for when it reads `PLANE` of an image like `SHARDED`, in memory."""
    store = MemoryStore()
    # Ones, since zarr leaves out chunks that hold nothing but zeros.
    zarr.create_array(
        store,
        data=np.ones(SHARDED.shape, SHARDED.dtype),
        chunks=SHARDED.chunk_shape,
        shards=SHARDED.shard_shape,
        compressors=None,
    )
    meter = StoreMeter(store)
    array = zarr.open_array(meter, mode="r")
    meter.take()
    array[PLANE]
    return meter.take().chunks


def report() -> str:
    """Write down versions and numbers, for people.

    Returns
    -------
    str
        Several lines, without a line break at the end.
    """
    lines = [
        f"Python {platform.python_version()} on {platform.system()} ({platform.machine()})",
        *(f"    {name} {number}" for name, number in installed().items()),
        "",
        "What depends on these versions:",
        "    Lesson 2, XY plane of the copy in shards, as zarr-python reads it",
    ]
    counted = count_plane()
    known = False
    for when, reader in (("before 3.3", ONE_BY_ONE), ("since 3.3", MERGING)):
        reading = SHARDED.reading(PLANE, reader=reader)
        here = (counted.count, counted.bytes_read) == (reading.requests, reading.read)
        known |= here
        lines.append(
            f"        {when:10} {reading.requests:3} requests, {format_bytes(reading.read)}"
            + ("  <- counted here" if here else "")
        )
    if not known:
        lines.append(f"        counted here: {counted}, as zarr is configured otherwise")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{report()}\n")
