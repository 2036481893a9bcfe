"""What 100,000 small chunks cost a file system, as files and packed into shards, for lesson 2.

Run by hand, with a folder on the file system in question and its name::

    cd tests/benchmarks
    uv run python many_files.py FOLDER ext4 results/many_files.json

Counts and disk blocks are facts of the file system; seconds depend on the machine and on what
else it does. Not for Windows, which does not tell the blocks of a file.
"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import platform
import shutil
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import zarr

CHUNKS, SIDE = 100_000, 64  # voxels of a byte each
BLOCK = 512  # what st_blocks counts in


def measure(folder, shard):
    """Write chunks of 64 bytes, `shard` of them in each file; return what they take."""
    path = folder / "chunks.zarr"
    pixels = np.random.default_rng(0).integers(1, 255, CHUNKS * SIDE, dtype=np.uint8)
    start = time.perf_counter()
    array = zarr.create_array(
        path,
        shape=pixels.shape,
        chunks=(SIDE,),
        shards=None if shard == 1 else (shard * SIDE,),
        dtype=pixels.dtype,
        compressors=None,
    )
    array[:] = pixels
    written = time.perf_counter() - start
    stats = [file.stat() for file in path.rglob("*")]
    files = [stat for stat, file in zip(stats, path.rglob("*"), strict=True) if file.is_file()]
    start = time.perf_counter()
    shutil.rmtree(path)
    return {
        "chunks_per_file": shard,
        "files": len(files) - 1,  # without zarr.json
        "bytes": sum(stat.st_size for stat in files),
        "disk_bytes": BLOCK * sum(stat.st_blocks for stat in stats),
        "write_seconds": round(written, 2),
        "delete_seconds": round(time.perf_counter() - start, 2),
    }


def main():
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file_system", help="its name, such as ext4")
    parser.add_argument("results", type=Path, help="file for the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = [measure(Path(folder), shard) for shard in (1, 1000)]
    for row in rows:
        print(row)
    results = {
        "file_system": options.file_system,
        "date": datetime.now(UTC).date().isoformat(),
        "system": platform.system(),
        "python": platform.python_version(),
        "zarr": version("zarr"),
        "runs": rows,
    }
    options.results.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
