"""Benchmark: which codec for the chunks of a pyramid? Run by hand.

    python tests/benchmarks/chunk_codecs.py --save tests/benchmarks/results/chunk_codecs.json

Chunks of synthetic tissue and of noise, as uint8 and uint16 (and of smooth float32), are encoded
and decoded by one thread, and CPU time and size are noted.
`bigimg_lessons.formats.ome_zarr.default_codec` is chosen from these numbers.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numcodecs.blosc
import numpy as np
from numcodecs.blosc import Blosc

from bigimg_lessons.samples.volume import SampleVolume

SHUFFLES = {"no shuffle": 0, "bytes shuffled": 1, "bits shuffled": 2}
CODECS = {
    f"{name} {level}, {shuffle}": Blosc(name, level, number)
    for (name, level), (shuffle, number) in product(
        [("zstd", 1), ("zstd", 3), ("zstd", 5), ("lz4", 1), ("lz4", 5)], SHUFFLES.items()
    )
}


def make_volume(kind, dtype, shape):
    """Return synthetic voxels: tissue, or noise as a camera's."""
    if dtype == "float32":
        return make_volume(kind, "uint16", shape).astype("float32") / 7
    if kind == "tissue":
        return SampleVolume(shape, dtype).block(*map(slice, shape))
    mean, deviation = {"uint8": (120, 20), "uint16": (2000, 300)}[dtype]
    noise = np.random.default_rng(0).normal(mean, deviation, shape)
    return noise.clip(0, np.iinfo(dtype).max).astype(dtype)


def cpu_seconds(work, repeats):
    """Return the least CPU time of several runs, and the result of the last."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def measure(volume, codec, chunk, repeats):
    corners = product(*(range(0, n, chunk) for n in volume.shape))
    chunks = [
        np.ascontiguousarray(volume[tuple(slice(c, c + chunk) for c in corner)])
        for corner in corners
    ]
    encode, encoded = cpu_seconds(lambda: [codec.encode(part) for part in chunks], repeats)
    decode, _ = cpu_seconds(lambda: [codec.decode(part) for part in encoded], repeats)
    return {
        "encode MB/s": round(volume.nbytes / encode / 1e6),
        "decode MB/s": round(volume.nbytes / decode / 1e6),
        "size": round(sum(map(len, encoded)) / volume.nbytes, 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", type=int, nargs=3, default=[128, 256, 256])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", type=Path, help="a JSON file for machine, versions and runs")
    arguments = parser.parse_args()
    numcodecs.blosc.use_threads = False
    rows = []
    for kind, dtype in product(["tissue", "noise"], ["uint8", "uint16", "float32"]):
        volume = make_volume(kind, dtype, tuple(arguments.shape))
        for chunk, (name, codec) in product([64, 128], CODECS.items()):
            row = {"kind": kind, "dtype": dtype, "chunk": chunk, "codec": name}
            rows.append(row | measure(volume, codec, chunk, arguments.repeats))
            print("{:7}{:8}{:4} {:22}{:6} MB/s {:6} MB/s {:8.4f}".format(*rows[-1].values()))
    if arguments.save:
        record = {
            "command": "python tests/benchmarks/chunk_codecs.py",
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            "versions": {name: version(name) for name in ("numcodecs", "numpy")},
            "shape": arguments.shape,
        }
        head = json.dumps(record, indent=1)[:-2]
        lines = ",\n  ".join(map(json.dumps, rows))
        arguments.save.write_text(f'{head},\n "runs": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
