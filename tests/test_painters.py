"""Several processes paint what one paints, whatever becomes of them."""

import json
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


@pytest.fixture
def paint(tmp_path):
    """Paint a volume into a file of its own; return what the file holds, and each piece's bytes."""

    def paint(volume, size=BRICK, after=lambda: None):
        path = tmp_path / "pixels"
        before = b"what comes before"
        path.write_bytes(before + b"?" * volume.nbytes + b"and after")
        counts = []
        for count in painters.paint(volume, path, len(before), size):
            counts.append(count)
            after()
        content = path.read_bytes()
        assert content.startswith(before)
        assert content.endswith(b"and after")
        dtype = np.dtype(volume.dtype).newbyteorder("<")
        voxels = np.frombuffer(content[len(before) : -len(b"and after")], dtype)
        return voxels.reshape(volume.shape), counts

    return paint


@pytest.fixture(scope="module")
def expected():
    return VOLUME.block(ALL, ALL, ALL)


def test_pieces_of_several_processes_are_those_of_one(started, paint, expected):
    voxels, counts = paint(VOLUME)
    np.testing.assert_array_equal(voxels, expected)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert sum(counts) == VOLUME.nbytes
    assert sorted(counts) == sorted(
        2 * z * y * x for z in (32, 8) for y in (64, 64, 2) for x in (128, 22)
    )


def test_pixels_come_from_the_processes(started, paint, monkeypatch, expected):
    monkeypatch.setattr(SampleVolume, "block", lambda *_: pytest.fail("it is painted here"))
    np.testing.assert_array_equal(paint(VOLUME)[0], expected)


@pytest.mark.parametrize(
    ("cores", "runs"),
    [
        (2, [(0, 6), (6, 12)]),
        (3, [(0, 4), (4, 8), (8, 12)]),
        (4, [(0, 3), (3, 6), (6, 9), (9, 12)]),
        (64, [(0, 3), (3, 6), (6, 9), (9, 12)]),  # more would take too much memory
    ],
)
def test_the_work_is_shared_out_evenly(started, paint, monkeypatch, expected, cores, runs):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    voxels, _ = paint(VOLUME)
    orders = [json.loads(process.args[-1]) for process in started]
    assert [(order["first"], order["last"]) for order in orders] == runs
    np.testing.assert_array_equal(voxels, expected)


@pytest.mark.parametrize("cores", [1, None])
def test_one_core_paints_here(started, paint, monkeypatch, expected, cores):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    np.testing.assert_array_equal(paint(VOLUME)[0], expected)
    assert started == []


def test_more_painters_than_pieces_do_no_harm(started, paint):
    volume = SampleVolume((3, 4, 5))
    voxels, counts = paint(volume)
    np.testing.assert_array_equal(voxels, volume.block(ALL, ALL, ALL))
    assert counts == [60]


@pytest.mark.parametrize("size", [{"voxel_size": (0.05, 0.05, 0.08)}, {"seed": 7}])
def test_a_painter_knows_the_whole_volume(started, paint, size):
    volume = SampleVolume((32, 64, 256), **size)
    np.testing.assert_array_equal(paint(volume)[0], volume.block(ALL, ALL, ALL))


@pytest.mark.parametrize("broken", ["no such interpreter", "one that fails", "killed"])
def test_what_painters_leave_undone_is_painted_here(started, paint, monkeypatch, broken, expected):
    def kill():
        if broken == "killed":
            started[0].kill()

    if broken == "no such interpreter":
        monkeypatch.setattr(sys, "executable", "no-such-python")
    elif broken == "one that fails":
        monkeypatch.setattr(painters, "__name__", "bigimg_lessons.no_such_module")
    voxels, counts = paint(VOLUME, after=kill)
    np.testing.assert_array_equal(voxels, expected)
    assert sum(counts) == VOLUME.nbytes


def test_no_painter_outlives_who_stops_early(started, tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(bytes(VOLUME.nbytes))
    with closing(painters.paint(VOLUME, path, 0, BRICK)) as parts:
        next(parts)
        assert len(started) == 2
        assert all(process.returncode is None for process in started)
    assert all(process.returncode is not None for process in started)
    assert all(process.stdout.closed for process in started)


FOREVER = """
import os, sys
from pathlib import Path
from bigimg_lessons.samples import painters
from bigimg_lessons.samples.volume import SampleVolume
painters.WORTHWHILE = 0
volume = SampleVolume((320, 640, 1280))
path = Path(sys.argv[1])
path.touch()
for _ in painters.paint(volume, path, 0, (32, 64, 128)):
    print("painted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells nobody who started whom")
def test_painters_end_when_who_waits_was_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", FOREVER, str(tmp_path / "pixels")], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"painted\n"
        children = psutil.Process(process.pid).children()
        process.kill()
    cores = os.cpu_count() or 1
    assert len(children) == (min(cores, painters.PAINTERS) if cores > 1 else 0)
    _, left = psutil.wait_procs(children, timeout=120)
    assert left == []


def test_a_program_without_a_main_module_is_not_run_again(tmp_path):
    # As in a notebook, or from standard input: there is nothing that a process could import.
    program = FOREVER.replace("(320, 640, 1280)", "(32, 64, 256)")
    done = subprocess.run(
        [sys.executable, "-", str(tmp_path / "pixels")],
        input=program, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "painted\n" * 2
    volume = SampleVolume((32, 64, 256))
    assert (tmp_path / "pixels").read_bytes() == volume.block(ALL, ALL, ALL).tobytes()


def test_a_small_volume_is_painted_here(started, paint, monkeypatch, expected):
    monkeypatch.setattr(painters, "WORTHWHILE", VOLUME.nbytes + 1)
    np.testing.assert_array_equal(paint(VOLUME)[0], expected)
    assert started == []


def test_a_painter_takes_no_more_memory_for_a_longer_volume(started, paint):
    def peaks(columns):
        before, resident = len(started), []

        def look():
            resident.extend(
                psutil.Process(process.pid).memory_info().rss
                for process in started[before:]
                if process.poll() is None
            )

        paint(SampleVolume((32, 64, columns)), after=look)
        return max(resident) / 2**20

    short, long = peaks(1024), peaks(8192)
    assert 20 < short < 110
    assert long < short + 16
