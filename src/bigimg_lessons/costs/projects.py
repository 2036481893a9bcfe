"""Projects to begin a plan with: from one laptop to a cluster and a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bigimg_lessons.costs.conversion import Conversion, shape_of_bytes
from bigimg_lessons.costs.plan import Project
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.costs.workforce import Workforce

RATES = (
    "Rates of a core to begin with: noise of one byte, Blosc with zstd, measured on a core of an "
    "AMD EPYC in November 2026 (the stages on the page Benchmarks). Measure your own."
)
"""Where the rates of the presets come from."""

COPY, DECODE, SHRINK, ENCODE = 3.8e9, 0.8e9, 1.4e9, 1.0e9
"""Bytes per second of a core: voxels copied from a TIFF that is not compressed, decoded from a
Zarr, averaged into levels with all else that a build does, and encoded; see `RATES`."""


@dataclass(frozen=True)
class Preset:
    """A project to begin with.

    Parameters
    ----------
    name
        Name, as a page shows it.
    about
        What it is, in a sentence.
    project
        All that can be changed.
    """

    name: str
    about: str
    project: Project


def _laptop() -> Project:
    plane = (1, 1, 1, 2048, 2048)
    return Project(
        conversion=Conversion(
            shape=shape_of_bytes(10**11, like=plane, dtype="uint16"),
            dtype="uint16",
            source_kind="strips",
            source_chunk=(1, 2048, 2048),
            chunk=(128, 128, 128),
        ),
        workforce=Workforce(
            workers=1, threads=8, memory=4 * 2**30, decode=COPY, shrink=SHRINK, encode=ENCODE
        ),
        source=STORAGES["sata-ssd"],
        target=STORAGES["sata-ssd"],
        one_disk=True,
        prices=PRICE_LISTS["own"],
    )


def _server() -> Project:
    film = (100, 2, 1, 2048, 2048)
    return Project(
        conversion=Conversion(
            shape=shape_of_bytes(10**13, like=film, dtype="uint16"),
            dtype="uint16",
            source_kind="strips",
            source_chunk=(1, 2048, 2048),
            chunk=(64, 64, 64),
            shard=(512, 512, 512),
        ),
        workforce=Workforce(
            workers=1, threads=32, memory=64 * 2**30, decode=COPY, shrink=SHRINK, encode=ENCODE
        ),
        source=STORAGES["lan"],
        target=STORAGES["lan"],
        one_disk=True,
        prices=PRICE_LISTS["own"],
    )


def _cluster() -> Project:
    workers, bucket = 100, STORAGES["s3"]
    for_all = replace(bucket, bandwidth=workers * bucket.bandwidth)
    return Project(
        conversion=Conversion(
            shape=shape_of_bytes(10**15, like=(1, 1, 1, 65_536, 65_536), dtype="uint8"),
            dtype="uint8",
            source_kind="chunks",
            source_chunk=(64, 64, 64),
            chunk=(64, 64, 64),
            shard=(512, 512, 512),
        ),
        workforce=Workforce(
            workers=workers,
            threads=16,
            memory=64 * 2**30,
            decode=DECODE,
            shrink=SHRINK,
            encode=ENCODE,
            line=1.25e9,
        ),
        source=for_all,
        target=for_all,
        prices=PRICE_LISTS["gcs"],
        source_in_bucket=True,
        read_monthly=10**13,
    )


def _terabyte() -> Project:
    return Project(
        conversion=Conversion(
            shape=(1, 1, 4096, 16_384, 16_384),
            dtype="uint8",
            source_kind="strips",
            source_chunk=(1, 64, 16_384),
            chunk=(64, 64, 64),
            shard=(256, 256, 256),
        ),
        workforce=Workforce(
            workers=1, threads=4, memory=4 * 2**30, decode=COPY, shrink=SHRINK, encode=ENCODE
        ),
        source=STORAGES["lan"],
        target=STORAGES["lan"],
        one_disk=True,
        prices=PRICE_LISTS["own"],
    )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "laptop": Preset(
            "one laptop, 100 GB",
            "A stack of planes, on the SSD of the laptop that converts it.",
            _laptop(),
        ),
        "lesson": Preset(
            "lesson 5, one TIFF of 1 TiB",
            "Strips of 64 rows, on a file server, converted by a laptop with 4 GiB to spare.",
            _terabyte(),
        ),
        "server": Preset(
            "a server, 10 TB",
            "A film of 100 time points in two colours, on a file server, over 1 Gbit/s.",
            _server(),
        ),
        "cluster": Preset(
            "a cluster and a bucket, 1 PB",
            "Chunks in a bucket, converted into shards in a bucket by 100 computers beside it.",
            _cluster(),
        ),
    }
)
"""Presets, by a short name. Made-up images, typical storages, and measured rates (`RATES`)."""
