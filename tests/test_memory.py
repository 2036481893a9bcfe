import mmap
import subprocess
import sys
import time

import numpy as np
import pytest

from bigimg_lessons.measure.memory import MemoryTrace, MemoryWatch

MEBI = 2**20


def test_sees_an_array_come_and_go():
    with MemoryWatch() as watch:
        # From the system, and not from what this process may have kept of earlier tests.
        memory = mmap.mmap(-1, 64 * MEBI)
        array = np.frombuffer(memory, np.uint8)
        array[:] = 1
        taken, end = len(watch._samples), time.monotonic() + 60
        while len(watch._samples) < taken + 2 and time.monotonic() < end:  # the first began before
            time.sleep(0.005)
        del array
        memory.close()
    trace = watch.trace
    assert 60 * MEBI < trace.peak_added < 96 * MEBI
    assert trace.added[-1] < 16 * MEBI
    assert trace.seconds[0] == 0
    assert list(trace.seconds) == sorted(trace.seconds)


def test_stops_when_the_block_fails():
    watch = MemoryWatch()

    def fail():
        with watch:
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    count = len(watch.trace.seconds)
    assert not watch._thread.is_alive()
    assert count >= 2


def test_stops_when_its_start_is_interrupted(monkeypatch):
    watch = MemoryWatch()
    start = watch._thread.start

    def interrupted():
        start()
        raise KeyboardInterrupt

    monkeypatch.setattr(watch._thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), watch:
        pytest.fail("the block was entered")
    watch._thread.join(timeout=60)
    assert not watch._thread.is_alive()


def test_trace_counts_from_its_first_sample():
    trace = MemoryTrace(seconds=(0.0, 0.1, 0.2), resident=(100, 350, 80))
    assert trace.added == (0, 250, -20)
    assert trace.peak_added == 250


@pytest.mark.parametrize("interval", [0, -1.0, float("nan")])
def test_interval_must_be_positive(interval):
    with pytest.raises(ValueError, match=r"interval .* is .*: give a positive number of seconds"):
        MemoryWatch(interval=interval)


def test_examples_in_the_documentation_are_right():
    """In a process that holds nothing else: what one frees meanwhile hides what an example adds."""
    program = (
        "import doctest; from bigimg_lessons.measure import memory; print(doctest.testmod(memory))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "TestResults(failed=0, attempted=2)\n", done.stdout + done.stderr
