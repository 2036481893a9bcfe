"""How programs ask for the chunks of a shard, where they do not want all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bigimg_lessons.checks import whole_number


@dataclass(frozen=True)
class ShardReader:
    """How a reader asks for chunks of a shard, where it does not want all of them.

    Parameters
    ----------
    name
        What it does, as a page says it.
    max_gap
        Maximum number of bytes between two chunks that are still asked for together; these bytes
        travel too. ``None`` asks for each chunk on its own.
    max_merged
        Maximum number of bytes of a request for several chunks; a single chunk may be longer.
    about
        Which programs read like this, and what it means, as a page says it.

    Raises
    ------
    ValueError
        If a number is not whole, or is below 0.
    """

    name: str = field(compare=False)
    max_gap: int | None = None
    max_merged: int = 2**24
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("max_gap", "max_merged"):
            value = getattr(self, name)
            if value is not None and whole_number(name, value) < 0:
                raise ValueError(f"{name} is {value!r}: give a number of bytes, 0 or more.")


ONE_BY_ONE = ShardReader(
    "asks for each chunk",
    about="One request for each chunk that is wanted of a shard, and no byte beside it: so do "
    "zarr-python before 3.3, and zarrita in the browser.",
)
"""One request for each chunk of a shard."""


MERGING = ShardReader(
    "merges neighbouring chunks",
    max_gap=2**20,
    about="Chunks of a shard that lie at most 1 MiB apart in its file come in one request of up to "
    "16 MiB, with all that lies between them: so does zarr-python since 3.3. It pays bytes for "
    "requests.",
)
"""Zarr-python since 3.3, which merges across gaps of up to 1 MiB into requests of up to 16 MiB, by
default: its configuration ``array.sharding_coalesce_max_gap_bytes`` and ``…_max_bytes``."""


READERS: Mapping[str, ShardReader] = MappingProxyType(
    {"one-by-one": ONE_BY_ONE, "merging": MERGING}
)
"""Readers to compare, by a short name."""
