"""How fast storages answer: the cost model of a read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bigimg_lessons.checks import whole_number


@dataclass(frozen=True)
class Storage:
    """How fast a storage answers: the cost model of a read.

    Parameters
    ----------
    name
        Name, as a page shows it.
    latency
        Seconds from a request to the first byte of its answer.
    bandwidth
        Bytes per second, for all requests together.
    concurrency
        Number of requests that wait at the same time.
    source
        Where the figures come from.

    Raises
    ------
    ValueError
        If a figure is negative or not finite, or bandwidth or concurrency is zero.
    """

    name: str
    latency: float
    bandwidth: float
    concurrency: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.latency < math.inf:
            raise ValueError(f"latency is {self.latency!r}: give seconds, 0 or more.")
        if not 0 < self.bandwidth < math.inf:
            raise ValueError(f"bandwidth is {self.bandwidth!r}: give bytes per second, above 0.")
        if whole_number("concurrency", self.concurrency) < 1:
            raise ValueError(f"concurrency is {self.concurrency!r}: give 1 or more.")

    def seconds(self, requests: int, nbytes: int, *, decoding: float = 0.0) -> float:
        """Estimate how long a read takes.

        Requests are sent in rounds of `concurrency`, and each round waits once; then the bytes
        travel. What that leaves out: requests that wait for each other (a chunk for its shard's
        index), bytes that travel while other requests still wait, caches.

        Parameters
        ----------
        requests
            Number of read requests, 0 or more.
        nbytes
            Bytes that travel (compressed ones, if they are), 0 or more.
        decoding
            Seconds that the reader itself needs, for decompression and the like.

        Returns
        -------
        float
            ``ceil(requests / concurrency) * latency + nbytes / bandwidth + decoding`` seconds.

        Raises
        ------
        ValueError
            If a number is negative.
        """
        if requests < 0 or nbytes < 0 or decoding < 0:
            raise ValueError(
                f"Got {requests} requests, {nbytes} bytes and {decoding} s of decoding: give "
                "numbers of 0 or more."
            )
        rounds = -(-requests // self.concurrency)
        return rounds * self.latency + nbytes / self.bandwidth + decoding


STORAGES: Mapping[str, Storage] = MappingProxyType(
    {
        "hdd": Storage(
            "hard disk",
            latency=0.0124,
            bandwidth=175e6,
            concurrency=1,
            source="Read seek 8.2 ms: HGST Ultrastar 7K4000 (SAS) specification, table 6; "
            "rotational latency 4.16 ms and sustained 175 MB/s: Seagate Constellation ES.3 SAS "
            "product manual, rev. B, section 4.1. One arm, so one request at a time.",
        ),
        "sata-ssd": Storage(
            "SATA SSD",
            latency=1 / 13_000,
            bandwidth=560e6,
            concurrency=8,
            source="Samsung SSD 870 EVO as its maker states it: 13,000 random reads per second "
            "one at a time, 98,000 with 32 in the queue (so about 8 at once), 560 MB/s.",
        ),
        "nvme": Storage(
            "NVMe SSD",
            latency=1 / 22_000,
            bandwidth=7.45e9,
            concurrency=32,
            source="Samsung SSD 990 PRO as its maker states it: 22,000 random reads per second "
            "one at a time, up to 1.4 million with 32 in the queue, 7,450 MB/s.",
        ),
        "lan": Storage(
            "file server",
            latency=0.0005,
            bandwidth=125e6,
            concurrency=10,
            source="Ethernet of 1 Gbit/s (IEEE 802.3ab); round trip 0.5 ms: J. Dean, Numbers "
            "everyone should know; ten requests at once, zarr-python's default. The server's own "
            "disks are taken to be faster than that.",
        ),
        "s3": Storage(
            "object store",
            latency=0.15,
            bandwidth=850e6,
            concurrency=10,
            source="Amazon S3 user guide, performance design patterns: 100 to 200 ms to the first "
            "byte, 85 to 90 MB/s for each connection; ten requests at once, zarr-python's "
            "default, from a machine near the store.",
        ),
    }
)
"""Storages to compare, by a short name. Typical figures, no measurements of this project."""
