"""How well the cost model of `chunks` tells the time of zarr reads over a slow link.

Run by hand::

    python tests/benchmarks/slow_store_model.py
    python tests/benchmarks/slow_store_model.py --only far --repeats 5

A volume of uint8 noise is written to a temporary folder as Zarr v3 with chunks of 16³ to 256³
voxels. Regions of it are read through a `StoreMeter` with a `Link`, and the median time is
compared with ``ceil(requests / concurrency) · latency + bytes / bandwidth + decoding``, where
decoding is the median of the same read without the link, measured just before. Requests and bytes
are those that `ChunkGrid` predicts for this zarr; the run stops if the meter counted others.

Some settings are there to show where the model fails:

- balance, and chunks of 32³ in nearer: several rounds in which bytes travel for a time not much
  shorter than the latency. Places that have their answer early ask for the next one while the
  others' bytes travel, so the line is busy while they wait. The model adds up what overlaps, and
  can say up to twice the time.
- file server: the latency is so short that zarr's own work counts most, and that overlaps with
  waiting and travelling, and differs from run to run.
- many at once: 64 requests at a time leave the interpreter no time to spare, and it works while
  they wait.
- zstd: decompression, which zarr does in other threads, overlaps with waiting.
- shards: before 3.3 zarr-python reads a shard's index, then its chunks one after the other; only
  different shards are read at the same time. Since 3.3 it reads the index, then merged ranges, up
  to ten of each shard at once. The last column has the model for a chain of requests:
  ``(requests to the shard that is asked most) · latency + bytes / bandwidth + decoding``; for the
  newer one, of whose requests those after the first go together, with 2 in their place.
"""

# ruff: noqa: T201 - prints its results

import argparse
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr
from zarr.storage import LocalStore

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import ONE_BY_ONE
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.measure.network import Link
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.measure.zarr_reading import zarr_reader

SIDE = 256
ALL = slice(None)
MIDDLE = slice(SIDE // 4, SIDE // 4 + SIDE // 2)
REGIONS = {
    "XY plane": (SIDE // 2, ALL, ALL),
    "YZ plane": (ALL, ALL, SIDE // 2),
    "cube": (MIDDLE, MIDDLE, MIDDLE),
    "volume": (ALL, ALL, ALL),
}
THREE = ("XY plane", "YZ plane", "cube")


@dataclass(frozen=True)
class Setting:
    """A link, and what is read through it."""

    latency: float
    bandwidth: float
    concurrency: int = 10
    regions: tuple = THREE
    sides: tuple = (16, 32, 64, 128, 256)
    shard: int | None = None
    codec: str | None = None


SETTINGS = {
    "far": Setting(0.05, 200e6),
    "nearer": Setting(0.02, 50e6),
    "object store": Setting(0.15, 850e6, regions=("XY plane", "YZ plane")),
    "balance": Setting(0.02, 50e6, regions=("volume",), sides=(32, 64, 128, 256)),
    "file server": Setting(0.0005, 125e6),
    "many at once": Setting(0.05, 200e6, concurrency=64),
    "zstd": Setting(0.005, 50e6, codec="zstd"),
    "shards": Setting(0.02, 200e6, regions=("XY plane", "cube"), sides=(16, 32, 64), shard=128),
}


def write(folder, volume, side, setting):
    """Write the volume with chunks of one size, unless that has been done; return its store."""
    path = folder / f"{side}-{setting.shard}-{setting.codec}"
    if not path.exists():
        zarr.create_array(
            LocalStore(path),
            data=volume,
            chunks=(side,) * 3,
            shards=setting.shard and (setting.shard,) * 3,
            compressors="auto" if setting.codec else None,
            config={"write_empty_chunks": True},
        )
    return LocalStore(path)


def median_seconds(array, region, repeats):
    """Median time to read a region, which has been read before."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        array[region]
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(setting, folder, volume, repeats):
    """Print a line for each chunk size and region; return the largest error in per cent."""
    storage = Storage("link", setting.latency, setting.bandwidth, setting.concurrency)
    worst = 0.0
    for side in setting.sides:
        store = write(folder, volume, side, setting)
        grid = ChunkGrid(
            volume.shape, (side,) * 3, shard_shape=setting.shard and (setting.shard,) * 3
        )
        meter = StoreMeter(store, link=Link(latency=setting.latency, bandwidth=setting.bandwidth))
        near, far = zarr.open_array(StoreMeter(store)), zarr.open_array(meter)
        for name in setting.regions:
            region = REGIONS[name]
            near[region]
            decoding = median_seconds(near, region, 3)
            meter.take()
            far[region]
            asked = meter.take()
            predicted = grid.reading(region, reader=zarr_reader())
            if asked.count != predicted.requests or (
                setting.codec is None and asked.bytes_read != predicted.read
            ):
                raise SystemExit(f"Asked {asked}, but {predicted} was predicted.")
            measured = median_seconds(far, region, repeats)
            model = storage.seconds(asked.count, asked.bytes_read, decoding=decoding)
            error = 100 * (model / measured - 1)
            worst = max(worst, error, key=abs)
            line = (
                f"  {side:3}³  {name:9}{asked.count:6,}{asked.bytes_read / 1e6:8.1f}"
                f"{decoding:10.3f}{measured:10.3f}{model:8.3f}{error:+8.1f} %"
            )
            if setting.shard:
                longest = max(Counter(request.key for request in asked.requests).values())
                if zarr_reader() != ONE_BY_ONE:
                    longest = min(longest, 2)
                chained = longest * setting.latency + asked.bytes_read / setting.bandwidth
                line += f"{100 * ((chained + decoding) / measured - 1):+8.1f} % in chains"
            print(line)
    return worst


def main():
    """Write the volumes, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=SETTINGS, help="one setting; all unless given")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    # Noise of 6 bits, so that zstd has something to do and to save.
    volume = np.random.default_rng(0).integers(0, 64, (SIDE,) * 3, np.uint8)
    worst = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in [options.only] if options.only else SETTINGS:
            setting = SETTINGS[name]
            print(
                f"{name}: {1000 * setting.latency:g} ms, {setting.bandwidth / 1e6:g} MB/s, "
                f"{setting.concurrency} requests at once"
            )
            print("  chunk region   requests   MB  decoding  measured   model   error")
            with zarr.config.set({"async.concurrency": setting.concurrency}):
                worst[name] = measure(setting, Path(folder), volume, options.repeats)
    print("largest error of the model")
    for name, error in worst.items():
        print(f"  {name:13}{error:+8.1f} %")


if __name__ == "__main__":
    main()
