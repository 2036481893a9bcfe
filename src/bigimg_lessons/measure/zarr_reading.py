"""How the zarr-python of this process asks for chunks of a shard."""

from __future__ import annotations

import zarr
from zarr.abc.store import Store

from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE, ShardReader


def zarr_reader() -> ShardReader:
    """Return how the zarr-python of this process asks for chunks of a shard.

    That depends on its version and configuration: from 3.3 on it merges what lies close together,
    as ``array.sharding_coalesce_max_gap_bytes`` and ``array.sharding_coalesce_max_bytes`` say;
    with a gap below 0 it merges nothing. An array keeps what was configured when it was opened.

    Returns
    -------
    ShardReader
        For ``ChunkGrid.reading``; `MERGING` or `ONE_BY_ONE` unless zarr is configured otherwise.
    """
    if not hasattr(Store, "get_ranges"):
        return ONE_BY_ONE
    gap = zarr.config.get("array.sharding_coalesce_max_gap_bytes")
    if gap < 0:
        return ONE_BY_ONE
    most = zarr.config.get("array.sharding_coalesce_max_bytes")
    return ShardReader(MERGING.name, gap, most)
