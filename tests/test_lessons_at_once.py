"""Lessons share a data folder: several notebooks at once, and disks that are too small."""

import contextlib
import ctypes
import io
import os
import shutil
import sys
import time
from collections import namedtuple
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import tifffile

from bigimg_lessons.samples.files import identity, sample_tiff
from tests.fresh_processes import fresh_processes
from tests.lesson_cells import LESSONS, cells_of, checked_cells, run, wrong

WHOLE = "BIGIMG_TEST_WHOLE" in os.environ
WRITING = tuple(lesson for lesson in LESSONS if "kept" in cells_of(lesson)["setup"].sets)
# Names that stand for what takes long and writes no file.
SLOW = {
    "02_store_in_pieces": ("time_in_turn", "run_readers"),
    "03_look_inside_bdv_hdf5": ("FileMeter", "MemoryStore"),
    "06a_far_away": ("ObjectServer", "caches", "counted"),
    "06b_many_hands": ("workers",),
}
# What takes seconds to import, for each of three processes: also what bioio looks for readers in.
IMPORTS = (
    "bigimg_lessons.formats.bdv.plugin",
    "bigimg_lessons.formats.bdv.reader",
    "bigimg_lessons.formats.bdv.writer",
    "bigimg_lessons.formats.ome_zarr",
    "bigimg_lessons.widgets",
    "bioio",
    "bioio_ome_zarr",
    "bioio_tifffile",
    "distributed",
    "matplotlib.pyplot",
)
STARTS = (
    [(0, 0, 0), (0, 1, 2), (0, 2, 5), (0, 5, 10), (0, 7, 15), (0, 15, 15)]
    if WHOLE
    else [(0, 0.4, 1)]
)


def writing_cells(lesson):
    """Return the cells that write files, and the checked ones that need them."""
    return checked_cells(lesson, without=SLOW.get(lesson, ()), through="kept")


def test_seven_lessons_write():
    numbers = [lesson.partition("_")[0] for lesson in WRITING]
    assert numbers == ["02", "03", "04", "05", "06a", "06b", "07"]


def run_in(data_folder, dataset, lesson, cells):
    """Run cells of a lesson on a data folder; return what they print, and what they warn of."""
    os.environ["BIGIMG_DATA"] = str(data_folder)
    os.environ.pop("BIGIMG_DATASET", None)
    if dataset is not None:
        os.environ["BIGIMG_DATASET"] = str(dataset)
    with contextlib.redirect_stderr(io.StringIO()) as error:
        printed = list(run(lesson, cells))
    return printed, error.getvalue()


def run_at_once(starts, *arguments):
    """Run cells in one process for each start, in seconds from now; return what each says."""
    begin, runs = time.monotonic(), []
    with ProcessPoolExecutor(len(starts), mp_context=fresh_processes(IMPORTS)) as executor:
        for start in starts:
            time.sleep(max(0, begin + start - time.monotonic()))
            runs.append(executor.submit(run_in, *arguments))
        return [each.result(timeout=900) for each in runs]


@pytest.mark.parametrize("starts", STARTS, ids=str)
@pytest.mark.parametrize("lesson", LESSONS if WHOLE else WRITING)
def test_a_lesson_three_times_at_once(lesson, starts, tmp_path, request):
    together = tmp_path / "together"
    together.mkdir()
    if WHOLE:  # not even the sample is there
        said = run_at_once(starts, together, None, lesson, list(cells_of(lesson)))
        for printed, _ in said:
            assert wrong(lesson, printed) == []
    else:  # on a small image, of which the lesson states nothing
        stack, cells = request.getfixturevalue("small_stack"), writing_cells(lesson)
        said = run_at_once(starts, together, stack, lesson, cells)
        alone = tmp_path / "alone"
        alone.mkdir()
        ((expected, _),) = run_at_once([0], alone, stack, lesson, cells)
        for printed, _ in said:
            assert printed == expected
    for _, error in said:
        assert "is created again" not in error
    assert leftovers(together) == []


def leftovers(folder):
    """Return what is neither whole nor a whole's note: locks, staging folders, old copies."""
    zarr_2 = {".zarray", ".zattrs", ".zgroup"}  # whose names begin with a dot, too
    return [path.name for path in folder.rglob(".*") if path.name not in zarr_2]


# Disks


@pytest.fixture
def small_stack(tmp_path, monkeypatch):
    path = tmp_path / "own.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (128, 256, 256), dtype=np.uint8)
    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        resolution=(25, 25),
        metadata={"axes": "ZYX", "spacing": 0.1, "unit": "um"},
    )
    monkeypatch.setenv("BIGIMG_DATASET", str(path))
    return path


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A data folder on a disk of 4 MiB of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"size=4m"):
        pytest.skip(f"no disk can be mounted here: {os.strerror(ctypes.get_errno())}")
    monkeypatch.setenv("BIGIMG_DATA", str(folder))
    try:
        yield folder
    finally:
        libc.umount2(bytes(folder), 2)  # MNT_DETACH


ADVICE = (
    r"needs \d+ MiB and .* has \d+ MiB free: make room there, or set the environment variable "
    r"BIGIMG_DATA to a folder on another disk\."
)


def files_in(folder):
    return [path for path in folder.rglob("*") if not path.is_dir()]


@pytest.mark.parametrize("lesson", WRITING)
@pytest.mark.usefixtures("small_stack")
def test_a_disk_that_is_too_small_is_seen_before_anything_is_written(lesson, disk):
    with pytest.raises(OSError, match=ADVICE):
        list(run(lesson, writing_cells(lesson)))
    assert files_in(disk) == []


@pytest.mark.parametrize("lesson", WRITING)
@pytest.mark.usefixtures("small_stack")
def test_a_disk_that_fills_up_meanwhile_is_told_the_same_way(lesson, disk, monkeypatch):
    # Others fill it: when it was looked at, there was room.
    usage = namedtuple("usage", ("total", "used", "free"))
    # By the lesson and by the writer; those of lesson 7 are careless on purpose.
    looks = iter([2**40] * (1 if lesson.startswith("07") else 2))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2**40, 0, next(looks, 4 * 2**20)))
    with pytest.raises(OSError, match=ADVICE):
        list(run(lesson, writing_cells(lesson)))
    assert files_in(disk) == []


@pytest.mark.parametrize("lesson", WRITING)
def test_a_disk_without_room_is_seen_on_every_system(lesson, small_stack, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("BIGIMG_DATA", str(folder))
    usage = namedtuple("usage", ("total", "used", "free"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2**40, 2**40, 2**20))
    with pytest.raises(OSError, match=ADVICE):
        list(run(lesson, writing_cells(lesson)))
    assert files_in(folder) == []


# What is kept


def test_each_image_has_files_of_its_own(small_stack, tmp_path):
    sample = sample_tiff(progress=False)
    assert identity(sample) == identity(sample)
    assert identity(sample)[0] == sample.name
    before = identity(small_stack)
    assert before != identity(sample)
    small_stack.with_name("own.tif.json").write_text("{}")  # no note of ours
    assert identity(small_stack) == before
    os.utime(small_stack, ns=(0, 0))
    assert identity(small_stack) != before


@pytest.mark.parametrize("lesson", WRITING if WHOLE else WRITING[1:2])
def test_kept_files_are_used_again_and_may_be_deleted(lesson, small_stack, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("BIGIMG_DATA", str(folder))
    cells = writing_cells(lesson)
    first = list(run(lesson, cells))
    kept = {path: path.stat().st_mtime_ns for path in files_in(folder)}
    assert list(run(lesson, cells)) == first
    assert {path: path.stat().st_mtime_ns for path in files_in(folder)} == kept

    of = "05" if lesson.startswith("06a") else lesson.partition("_")[0]
    homes = list((folder / f"lesson_{of}").iterdir())
    shutil.rmtree(homes[0])
    assert list(run(lesson, cells)) == first
    assert set(files_in(folder)) == set(kept)
