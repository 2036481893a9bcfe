"""Benchmark: which level of gzip for the chunks of N5, and whose? Run by hand.

    python tests/benchmarks/n5_gzip.py --save tests/benchmarks/results/n5_gzip.json

Chunks of 64 cubed of synthetic tissue, of noise and of labels are compressed by one thread, by
libdeflate and by ISA-L, and CPU time and size are noted. `bigimg_lessons.formats.n5_chunks` takes
its level from these numbers.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import os
import platform
import zlib
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path

import imagecodecs
import numpy as np
from chunk_codecs import cpu_seconds, make_volume
from isal import isal_zlib

CHUNK = 64
CODECS = {
    **{f"libdeflate {n}": partial(imagecodecs.gzip_encode, level=n) for n in (1, 2, 4, 6)},
    **{f"ISA-L {n}": partial(isal_zlib.compress, level=n, wbits=31) for n in (0, 1, 2, 3)},
    "zlib 1": partial(zlib.compress, level=1, wbits=31),
}


def make_labels(shape):
    """Return tissue in four steps: large areas of one number each."""
    return (make_volume("tissue", "uint8", shape) // 64).astype("uint16")


def stored_chunks(volume):
    """Return the bytes of all chunks as N5 has them, big-endian."""
    corners = product(*(range(0, n, CHUNK) for n in volume.shape))
    parts = (volume[tuple(slice(c, c + CHUNK) for c in corner)] for corner in corners)
    return [part.astype(part.dtype.newbyteorder(">")).tobytes() for part in parts]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", type=int, nargs=3, default=[64, 256, 512])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", type=Path, help="a JSON file for machine, versions and runs")
    arguments = parser.parse_args()
    shape = tuple(arguments.shape)
    volumes = {
        f"{kind} {dtype}": make_volume(kind, dtype, shape)
        for kind, dtype in product(["tissue", "noise"], ["uint8", "uint16"])
    } | {"labels uint16": make_labels(shape)}
    rows = []
    for (kind, volume), (name, encode) in product(volumes.items(), CODECS.items()):
        chunks = stored_chunks(volume)
        seconds, encoded = cpu_seconds(
            lambda chunks=chunks, encode=encode: [encode(chunk) for chunk in chunks],
            arguments.repeats,
        )
        size = round(sum(map(len, encoded)) / np.asarray(volume).nbytes, 4)
        rows.append({"voxels": kind, "by": name, "MB/s": round(volume.nbytes / seconds / 1e6)})
        rows[-1]["size"] = size
        print("{:15}{:14}{:6} MB/s {:8.4f}".format(*rows[-1].values()))
    if arguments.save:
        record = {
            "command": "python tests/benchmarks/n5_gzip.py",
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            "versions": {
                "libdeflate": imagecodecs.deflate_version(),
                **{name: version(name) for name in ("imagecodecs", "isal", "numpy")},
            },
            "shape": arguments.shape,
        }
        head = json.dumps(record, indent=1)[:-2]
        lines = ",\n  ".join(map(json.dumps, rows))
        arguments.save.write_text(f'{head},\n "runs": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
