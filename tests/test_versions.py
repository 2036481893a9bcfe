"""The command that tells which versions there are, and which numbers they give."""

import platform
import subprocess
import sys
from importlib.metadata import version

import zarr

from bigimg_lessons import versions

MERGES = tuple(map(int, zarr.__version__.split(".")[:2])) >= (3, 3)
# Counted by hand: of 2 × 2 shards an index each, and 4 × 4 chunks each of 32,768 bytes.
BEFORE = "before 3.3  68 requests, 2.00 MiB"
# Counted at a server with zarr 3.4.2: of each shard an index, and one range of 1.72 MiB.
SINCE = "since 3.3    8 requests, 6.88 MiB"


def test_it_counts_what_this_zarr_does():
    counted = versions.count_plane()
    expected = (8, 7_213_072) if MERGES else (4 + 64, 4 * 1028 + 64 * 32_768)
    assert (counted.count, counted.bytes_read) == expected


def test_it_shows_both_readers_and_marks_the_one_that_is_here():
    report = versions.report()
    here = SINCE if MERGES else BEFORE
    there = BEFORE if MERGES else SINCE
    assert f"{here}  <- counted here\n" in f"{report}\n"
    assert f"{there}\n" in f"{report}\n"


def test_another_configuration_is_not_passed_off_as_either():
    smaller = {"array.sharding_coalesce_max_gap_bytes": 65_536}
    with zarr.config.set(smaller if MERGES else {}):
        report = versions.report()
    assert ("as zarr is configured otherwise" in report) == MERGES


def test_versions_are_those_that_are_installed():
    installed = versions.installed()
    for name in ("zarr", "tifffile", "h5py", "dask", "bioio-ome-zarr", "numpy"):
        assert installed[name] == version(name)
    assert "pytest" not in installed


def test_what_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr(versions, "requires", lambda _: ["numpy>=2", "no-such-package; a == 'b'"])
    assert versions.installed() == {"numpy": version("numpy")}


def test_the_command():
    command = [sys.executable, "-m", "bigimg_lessons.versions"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"Python {platform.python_version()} on ")
    assert f"    zarr {zarr.__version__}\n" in run.stdout
