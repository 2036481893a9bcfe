"""What a provider charges for storage: bytes kept, requests, and bytes that leave.

No price is known here but those of `PRICE_LISTS`, each with its source and its date. Prices change,
and differ between regions, classes and contracts: whoever plans types in those of the day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

GIGABYTES = (10**9, 2**30)
"""What providers mean by a gigabyte, in bytes."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a class of storage costs.

    Steps of a price list, free allowances, retrieval fees, minimum durations, taxes and discounts
    are not in it: each price holds for every gigabyte and request.

    Parameters
    ----------
    name
        Name, as a page shows it.
    currency
        In which the prices are, such as ``"USD"``.
    gigabyte
        Bytes of the gigabyte that the prices are for, one of `GIGABYTES`.
    month
        For a gigabyte kept for a month.
    put, get
        For a thousand requests that write, and that read, an object.
    egress
        For a gigabyte that leaves the provider's network.
    source
        Where the prices were read.
    date
        When they were read.

    Raises
    ------
    ValueError
        If a price is negative or no number, or the gigabyte is another.

    Examples
    --------
    >>> own = PRICE_LISTS["own"]
    >>> own.storing(10**15), own.requests(puts=10**6, gets=10**9)
    (0.0, 0.0)
    """

    name: str
    currency: str
    gigabyte: int
    month: float
    put: float
    get: float
    egress: float
    source: str
    date: str

    def __post_init__(self) -> None:
        for name in ("month", "put", "get", "egress"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} is {value!r}: give a price of 0 or more.")
        if self.gigabyte not in GIGABYTES:
            raise ValueError(
                f"gigabyte is {self.gigabyte!r}: give the bytes that the price list means by one, "
                f"{GIGABYTES[0]:,} or {GIGABYTES[1]:,}."
            )

    def storing(self, nbytes: int) -> float:
        """Return what it costs to keep so many bytes for a month."""
        return nbytes / self.gigabyte * self.month

    def requests(self, *, puts: int = 0, gets: int = 0) -> float:
        """Return what so many requests cost."""
        return puts / 1000 * self.put + gets / 1000 * self.get

    def leaving(self, nbytes: int) -> float:
        """Return what it costs when so many bytes leave the provider's network."""
        return nbytes / self.gigabyte * self.egress


PRICE_LISTS: Mapping[str, Prices] = MappingProxyType(
    {
        "own": Prices(
            name="own disk or server",
            currency="USD",
            gigabyte=10**9,
            month=0.0,
            put=0.0,
            get=0.0,
            egress=0.0,
            source="Nothing is charged for bytes and requests; disks and people are not counted",
            date="",
        ),
        "gcs": Prices(
            name="Google Cloud Storage, Standard, one region",
            currency="USD",
            gigabyte=2**30,
            month=0.02,
            put=0.005,
            get=0.0004,
            egress=0.12,
            source="cloud.google.com/storage/pricing, for a region such as us-central1: "
            "0.000027397 for a GiB and hour, times 730 hours; operations of class A and B; egress "
            "worldwide within the first 10 TiB of a month",
            date="2026-09-20",
        ),
        "r2": Prices(
            name="Cloudflare R2, Standard",
            currency="USD",
            gigabyte=10**9,
            month=0.015,
            put=0.0045,
            get=0.00036,
            egress=0.0,
            source="developers.cloudflare.com/r2/pricing; operations of class A and B; its GB is "
            "taken for a billion bytes",
            date="2026-08-03",
        ),
    }
)
"""Price lists to begin with, by a short name. They are examples, not advice."""
