"""Damaged files: a clear error, or the very pixels that h5py reads; never a crash or a hang.

XML is damaged in this process. Damaged HDF5 is read in other processes, since a fault in the
HDF5 library itself would end the process; these run this file as a script.
"""

import itertools
import json
import math
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import h5py
import numpy as np
import psutil
from bioio_base.exceptions import UnsupportedFileFormatError

from bigimg_lessons.formats.bdv.reader import Reader
from tests.bdv_files import halved, pixels, registration, write_dataset

XML_CASES = 800
HDF5_CASES = 400
BATCHES = 2
EXPLAINED = (ValueError, LookupError, OSError, ImportError, UnsupportedFileFormatError)


def write_intact(folder):
    """Two setups at two time points, two levels, once compressed; one view is missing."""
    views = {}
    for timepoint, setup in [(0, 0), (0, 1), (1, 0)]:
        full = pixels((6, 20, 18), seed=10 * timepoint + setup)
        views[timepoint, setup] = [full, halved(full)]
    setups = [
        {
            "id": setup,
            "name": f"setup {setup} & more",
            "size": (18, 20, 6),
            "voxel": (0.25, 0.25, 1.5),
            "attributes": {"channel": setup, "angle": 0},
        }
        for setup in (0, 1)
    ]
    identity = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    return write_dataset(
        folder,
        views,
        setups,
        legacy=True,
        compression="gzip",
        xml_options={
            "names": {"channel": {0: "DAPI", 1: "GFP"}, "angle": {0: "0"}},
            "missing": [(1, 1)],
            "registrations": registration(0, 0, identity) + registration(0, 1, identity),
        },
    )


def is_whole(cells, content):
    """Whether each chunk holds all its bytes.

    If one does not, since a table of the file now says something else of it, HDF5 returns what
    happened to be in memory for the rest, through h5py as well: no two reads need be equal.
    """
    size = math.prod(cells.chunks) * cells.dtype.itemsize
    for position in range(cells.id.get_num_chunks()):
        info = cells.id.get_chunk_info(position)
        stored = content[info.byte_offset : info.byte_offset + info.size]
        if cells.compression == "gzip":
            stored = zlib.decompress(stored)
        if len(stored) != size:
            return False
    return True


def check(path):
    """Read all of a dataset that may be damaged, and compare it with what h5py reads.

    Returns the number of levels read; raises one of `EXPLAINED`, or AssertionError.
    """
    reader = Reader(path)
    read = 0
    for scene in range(len(reader.scenes)):
        reader.set_scene(scene)
        for level in reader.resolution_levels:
            reader.set_resolution_level(level)
            assert reader.physical_pixel_sizes.X is None or reader.physical_pixel_sizes.X > 0
            array = reader._array(level)
            found = array[...]
            plane = array[..., -1, :]
            expected = np.zeros_like(found)
            with h5py.File(array.source.path) as file:
                for (t, timepoint), (c, setup) in itertools.product(
                    enumerate(reader.metadata.timepoints), enumerate(reader._scene.setups)
                ):
                    if (timepoint, setup.id) not in reader.metadata.missing:
                        cells = file[f"t{timepoint:05d}/s{setup.id:02d}/{level}/cells"]
                        expected[t, c] = cells[...].view(found.dtype)
                        if not np.array_equal(expected[t, c], found[t, c]):
                            assert not is_whole(cells, Path(file.filename).read_bytes())
                            return read
            np.testing.assert_array_equal(plane, expected[..., -1, :])
            read += 1
    return read


def outcome_of(opened, path):
    """What came of reading a dataset that may be damaged: all but the first two are wrong."""
    try:
        Reader.is_supported_image(opened)
        check(path)
    except EXPLAINED as error:
        named = "data.xml" in str(error) or "data.h5" in str(error)
        return "explained" if named else f"unclear: {error!r}"
    except Exception as error:
        return f"unexplained: {error!r}"
    return "read"


def damage_text(rng, content):
    """Damage an XML somewhere, in one of several ways."""
    data = bytearray(content)
    kind = rng.integers(8)
    start, stop = sorted(int(n) for n in rng.integers(0, len(data) + 1, 2))
    start = max(start, stop - 40)
    if kind == 0:  # flip bits
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    elif kind == 1:  # cut short
        del data[stop:]
    elif kind == 2:  # take out
        del data[start:stop]
    elif kind == 3:  # repeat
        data[stop:stop] = data[start:stop] * int(rng.integers(1, 50))
    elif kind == 4:  # random bytes
        data[start:start] = rng.bytes(int(rng.integers(1, 20)))
    elif kind == 5:  # change a number
        numbers = [n for n, byte in enumerate(data) if chr(byte).isdigit()]
        position = numbers[rng.integers(len(numbers))]
        choices = [b"0", b"-1", b"7", b"99999999999", b"1e400", b"nan", b"0.5", b"", b"\xd9\xa1"]
        data[position : position + 1] = choices[rng.integers(len(choices))]
    elif kind == 6:  # take out or repeat a whole element
        lines = bytes(data).replace(b"><", b">\n<").split(b"\n")
        line = int(rng.integers(len(lines)))
        lines[line : line + 1] = lines[line : line + 1] * (2 * int(rng.integers(2)))
        data = bytearray(b"\n".join(lines))
    else:  # put in what an attacker might
        choices = [
            b"<!DOCTYPE x>",
            b"&x;",
            b"../",
            b"<![CDATA[",
            b"]]>",
            b"/etc/",
            b"%2e%2e/",
            b"\0",
        ]
        data[start:start] = choices[rng.integers(len(choices))]
    return bytes(data)


def test_damaged_xml(tmp_path):
    path = write_intact(tmp_path)
    content = path.read_bytes()
    assert check(path) == 2
    outcomes: dict[str, int] = {}
    slowest = 0.0
    for seed in range(XML_CASES):
        path.write_bytes(damage_text(np.random.default_rng(seed), content))
        start = time.process_time()
        outcome = outcome_of(path, path)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        slowest = max(slowest, time.process_time() - start)
    assert set(outcomes) == {"read", "explained"}
    assert min(outcomes.values()) > XML_CASES // 20, outcomes
    assert slowest < 2
    assert not [file for file in psutil.Process().open_files() if file.path.endswith(".h5")]


def damage_hdf5(rng, content):
    """Damage an HDF5 file somewhere, in one of several ways."""
    data = bytearray(content)
    kind = rng.integers(5)
    if kind == 0:  # cut short
        del data[rng.integers(len(data)) :]
    elif kind == 1:  # zeros, as after a write that was lost
        start = int(rng.integers(len(data)))
        length = min(int(rng.integers(1, 600)), len(data) - start)
        data[start : start + length] = bytes(length)
    else:  # flip bits, in the tables at the file's beginning more often than elsewhere
        region = 4_000 if kind > 2 else len(data)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(region)] ^= 1 << int(rng.integers(8))
    return bytes(data)


def run_batch(first, last):
    """Read the cases of one batch, telling each before it starts and how it went."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_intact(Path(folder))
        hdf5 = path.with_suffix(".h5")
        content = hdf5.read_bytes()
        for seed in range(first, last):
            hdf5.write_bytes(damage_hdf5(np.random.default_rng(seed), content))
            print(json.dumps({"seed": seed}), flush=True)  # noqa: T201
            start = time.process_time()
            outcome = outcome_of(hdf5, path)
            seconds = time.process_time() - start
            opened = [file.path for file in psutil.Process().open_files() if ".h5" in file.path]
            for_open = "left open" if opened else outcome
            print(json.dumps({"outcome": for_open, "seconds": seconds}), flush=True)  # noqa: T201


def test_damaged_hdf5():
    size = HDF5_CASES // BATCHES
    batches = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.test_bdv_fuzz", str(n * size), str((n + 1) * size)],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(BATCHES)
    ]
    results = []
    try:
        for batch in batches:
            out, problems = batch.communicate(timeout=300)
            lines = [json.loads(line) for line in out.splitlines()]
            assert batch.returncode == 0, f"{lines[-1]}: {batch.returncode}\n{problems}"
            results += lines
    finally:
        for batch in batches:
            batch.kill()
            batch.communicate()
    seeds = [line["seed"] for line in results if "seed" in line]
    outcomes = [line for line in results if "outcome" in line]
    assert sorted(seeds) == list(range(HDF5_CASES))
    wrong = {
        seed: line["outcome"]
        for seed, line in zip(seeds, outcomes, strict=True)
        if line["outcome"] not in ("read", "explained")
    }
    assert not wrong
    counts = {
        kind: sum(line["outcome"] == kind for line in outcomes) for kind in ("read", "explained")
    }
    assert min(counts.values()) > HDF5_CASES // 10, counts
    assert max(line["seconds"] for line in outcomes) < 5


if __name__ == "__main__":
    run_batch(int(sys.argv[1]), int(sys.argv[2]))
