"""Several processes paint what one paints, whatever becomes of them."""

import os
import subprocess
import sys
from contextlib import closing

import numpy as np
import psutil
import pytest

from bigimg_lessons.samples import painters
from bigimg_lessons.samples.tissue import BRICK
from bigimg_lessons.samples.volume import SampleVolume

ALL = slice(None)
VOLUME = SampleVolume((40, 130, 150), "uint16")


@pytest.fixture
def started(monkeypatch):
    """Have every volume painted by processes; return those that are started."""
    monkeypatch.setattr(painters, "WORTHWHILE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    processes = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return processes


def painted(volume):
    whole = np.zeros(volume.shape, volume.dtype)
    for piece, block in painters.painted(volume, BRICK):
        assert block.dtype == volume.dtype
        whole[piece] += block  # each voxel once
    return whole


@pytest.fixture(scope="module")
def expected():
    return VOLUME.block(ALL, ALL, ALL)


def test_pieces_of_several_processes_are_those_of_one(started, expected):
    np.testing.assert_array_equal(painted(VOLUME), expected)
    assert len(started) == painters.PAINTERS
    assert all(process.returncode is not None for process in started)


def test_pixels_come_from_the_processes(started, monkeypatch, expected):
    monkeypatch.setattr(SampleVolume, "block", lambda *_: pytest.fail("it is painted here"))
    np.testing.assert_array_equal(painted(VOLUME), expected)


@pytest.mark.parametrize("size", [{"voxel_size": (0.05, 0.05, 0.08)}, {"seed": 7}])
def test_a_painter_knows_the_whole_volume(started, size):
    volume = SampleVolume((32, 64, 256), **size)
    np.testing.assert_array_equal(painted(volume), volume.block(ALL, ALL, ALL))


@pytest.mark.parametrize("broken", ["no such interpreter", "one that fails", "killed"])
def test_what_painters_leave_undone_is_painted_here(started, monkeypatch, broken, expected):
    if broken == "no such interpreter":
        monkeypatch.setattr(sys, "executable", "no-such-python")
    elif broken == "one that fails":
        monkeypatch.setattr(painters, "__name__", "bigimg_lessons.no_such_module")
    whole = np.zeros(VOLUME.shape, VOLUME.dtype)
    for number, (piece, block) in enumerate(painters.painted(VOLUME, BRICK)):
        whole[piece] += block
        if broken == "killed" and number == 1:
            started[0].kill()
    np.testing.assert_array_equal(whole, expected)


def test_no_painter_outlives_who_stops_early(started):
    with closing(painters.painted(VOLUME, BRICK)) as parts:
        next(parts)
        assert [process.poll() for process in started] == [None, None]
    assert all(process.returncode is not None for process in started)
    assert all(process.stdout.closed for process in started)


def test_a_small_volume_is_painted_here(started, monkeypatch, expected):
    monkeypatch.setattr(painters, "WORTHWHILE", VOLUME.nbytes + 1)
    np.testing.assert_array_equal(painted(VOLUME), expected)
    assert started == []


def test_a_painter_takes_no_more_memory_for_a_longer_volume(started):
    def peaks(columns):
        before, resident = len(started), []
        for _ in painters.painted(SampleVolume((32, 64, columns)), BRICK):
            resident += [
                psutil.Process(process.pid).memory_info().rss
                for process in started[before:]
                if process.poll() is None
            ]
        return max(resident) / 2**20

    short, long = peaks(1024), peaks(8192)
    assert 20 < short < 110
    assert long < short + 16
