"""Record what several readers ask of one sharded array, for lesson 2.

Run by hand, once with each version of Python, since that decides which zarr-python there is, and
with Node.js for the JavaScript reader::

    uv run python tests/benchmarks/shard_readers.py
    uv run --isolated -p 3.13 python tests/benchmarks/shard_readers.py
    npm install --prefix FOLDER zarrita
    uv run python tests/benchmarks/shard_readers.py --zarrita FOLDER

Runs of a reader and version that the record has are replaced, others are kept. The array is made
of random bytes, not compressed: what is counted does not depend on them.
"""

# ruff: noqa: T201 - prints its results

import argparse
import json
import platform
import subprocess
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorstore
import zarr

from bigimg_lessons.measure import recorded_reads
from bigimg_lessons.measure.recorded_reads import CHUNK_SHAPE, SHAPE, SHARD_SHAPE
from bigimg_lessons.measure.sharded_reads import run_readers

RECORD = Path(recorded_reads.__file__).with_name(recorded_reads.RECORD)
READERS = ("zarr-python", "dask", "zarrs", "tensorstore", "zarrita")
ZARRITA = Path(__file__).with_name("shard_readers.mjs")


def pixels():
    """Random bytes without 0, the fill value: so no chunk is left out."""
    return np.random.default_rng(0).integers(1, 255, SHAPE, dtype=np.uint8)


def write_with_zarr(path):
    """Write the array with zarr-python; chunks lie in Morton order."""
    array = zarr.create_array(
        path, shape=SHAPE, chunks=CHUNK_SHAPE, shards=SHARD_SHAPE, dtype="uint8", compressors=None
    )
    array[:] = pixels()


def write_with_tensorstore(path):
    """Write the array with tensorstore; chunks lie in C order."""
    codec = {"name": "bytes", "configuration": {"endian": "little"}}
    sharding = {
        "name": "sharding_indexed",
        "configuration": {"chunk_shape": CHUNK_SHAPE, "codecs": [codec]},
    }
    array = tensorstore.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": f"{path}/"},
            "metadata": {
                "shape": SHAPE,
                "data_type": "uint8",
                "chunk_grid": {
                    "name": "regular",
                    "configuration": {"chunk_shape": SHARD_SHAPE},
                },
                "codecs": [sharding],
            },
            "create": True,
        }
    ).result()
    array.write(pixels()).result()


WRITERS = {"zarr-python": write_with_zarr, "tensorstore": write_with_tensorstore}


def release(number):
    """A version's numbers, for sorting."""
    return [int(part) for part in number.split(".")]


def main():
    """Run the readers and put what they asked into the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--zarrita", type=Path, help="folder with zarrita in its node_modules")
    options = parser.parse_args()
    made_with = {"python": platform.python_version()}
    command = ()
    if options.zarrita:
        command = ["node", str(ZARRITA), str(options.zarrita.resolve())]
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        made_with = {"node": node.stdout.strip().removeprefix("v")}
    entries = {}
    with tempfile.TemporaryDirectory() as folder:
        for writer, write in WRITERS.items():
            path = Path(folder, f"{writer}.zarr")
            write(path)
            for run in run_readers(path, command):
                print(f"written by {writer}, read by {run.name}: {dict(run.asked)}")
                entries[writer, run.reader, run.version, run.setting] = {
                    "writer": writer,
                    "writer_version": version(writer.removesuffix("-python")),
                    "reader": run.reader,
                    "version": run.version,
                    "setting": run.setting,
                    "date": datetime.now(UTC).date().isoformat(),
                    **made_with,
                    "asked": {
                        region: [asked.requests, asked.bytes_read, asked.heads]
                        for region, asked in run.asked.items()
                    },
                }
    if RECORD.exists():
        for entry in json.loads(RECORD.read_text("utf-8"))["runs"]:
            key = entry["writer"], entry["reader"], entry["version"], entry["setting"]
            entries.setdefault(key, entry)
    ordered = sorted(
        entries.values(),
        key=lambda entry: (
            list(WRITERS).index(entry["writer"]),
            READERS.index(entry["reader"]),
            release(entry["version"]),
            entry["setting"],
        ),
    )
    rows = ",\n".join(json.dumps(entry) for entry in ordered)
    RECORD.write_text(f'{{"runs": [\n{rows}\n]}}\n', "utf-8", newline="\n")


if __name__ == "__main__":
    main()
