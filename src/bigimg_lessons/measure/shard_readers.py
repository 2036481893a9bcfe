"""Python programs that read one sharded Zarr array, each for itself: a command.

``python -m bigimg_lessons.measure.shard_readers URL`` reads as
:func:`~bigimg_lessons.measure.sharded_reads.run_readers` expects it of a program.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

import dask.array
import zarr
from zarr.storage import FsspecStore

from bigimg_lessons.measure.recorded_reads import REGIONS

Read = Callable[[tuple[slice, ...]], Any]


_DEFAULTS: Mapping[str, object] = MappingProxyType({})


def _python_readers() -> Iterator[tuple[str, str, str, Callable[[str], Read], Mapping[str, Any]]]:
    """Yield reader, version, setting, how it opens a URL, and zarr-python's configuration."""
    zarr_version = version("zarr")
    yield "zarr-python", zarr_version, "", _open_with_zarr, _DEFAULTS
    gap = "sharding_coalesce_max_gap_bytes"
    if gap in zarr.config.get("array"):  # since 3.3
        yield "zarr-python", zarr_version, "merging off", _open_with_zarr, {f"array.{gap}": -1}
    yield "dask", version("dask"), "", _open_with_dask, _DEFAULTS
    with contextlib.suppress(PackageNotFoundError):  # no wheels for Windows on ARM
        pipeline = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}
        yield "zarrs", version("zarrs"), "", _open_with_zarr, pipeline
    with contextlib.suppress(PackageNotFoundError):
        yield "tensorstore", version("tensorstore"), "", _open_with_tensorstore, _DEFAULTS


def _open_with_zarr(url: str) -> Read:
    array = zarr.open_array(FsspecStore.from_url(url, read_only=True), mode="r")
    return array.__getitem__


def _open_with_dask(url: str) -> Read:
    array = zarr.open_array(FsspecStore.from_url(url, read_only=True), mode="r")
    lazy = dask.array.from_zarr(array)  # type: ignore[no-untyped-call]
    return lambda region: lazy[region].compute()


def _open_with_tensorstore(url: str) -> Read:
    import tensorstore  # not among what the lessons need

    array = tensorstore.open({"driver": "zarr3", "kvstore": f"{url}/"}).result()
    return lambda region: array[region].read().result()


def _main(url: str) -> None:
    """Read as `run_readers` wants it."""
    for reader, its_version, setting, open_array, config in _python_readers():
        for region, slices in REGIONS.items():
            with zarr.config.set(config):
                read = open_array(url)
                _tell("")
                read(slices)
            run = {"reader": reader, "version": its_version, "setting": setting, "region": region}
            _tell(json.dumps(run))


def _tell(line: str) -> None:
    """Print a line, and wait until it has been noted."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    _main(sys.argv[1])
