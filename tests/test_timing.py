import ctypes
import errno
import itertools
import mmap
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from bigimg_lessons.measure import page_cache, timing
from bigimg_lessons.measure.page_cache import Eviction, drop_page_cache
from bigimg_lessons.measure.timing import Timing, time_in_turn

MEMORY_FOLDER = Path("/dev") / "shm"  # a file system in memory, on Linux

needs_eviction = pytest.mark.skipif(
    not hasattr(os, "posix_fadvise"), reason="this system cannot evict files from its page cache"
)


def test_median_and_spread():
    timing = Timing("YZ", (0.5, 0.1, 0.9, 0.2), "warm")
    assert timing.median == pytest.approx(0.35)
    assert timing.spread == (0.1, 0.9)


@pytest.mark.parametrize("seconds", [(), (0.1, -0.1), (float("nan"),), (float("inf"),)])
def test_times_must_be_times(seconds):
    with pytest.raises(ValueError, match=r"The times of 'YZ' are .*give one or more, in seconds"):
        Timing("YZ", seconds)


def test_a_cache_state_has_one_of_three_names():
    with pytest.raises(ValueError, match="cache is 'hot': give 'cold', 'warm' or 'unknown'"):
        Timing("YZ", (0.1,), "hot")


# ---- In turn ----


def test_actions_take_turns_and_each_round_starts_with_another():
    calls = []
    actions = {name: lambda name=name: calls.append(name) for name in "abc"}
    found = time_in_turn(actions, repeats=3, progress=False)
    assert "".join(calls) == "abc" + "abc" + "bca" + "cab"
    assert list(found) == ["a", "b", "c"]
    assert {len(entry.seconds) for entry in found.values()} == {3}
    assert {entry.cache for entry in found.values()} == {"warm"}


def test_without_a_warm_up_nothing_is_known_of_the_cache():
    calls = []
    found = time_in_turn({"a": lambda: calls.append(1)}, repeats=2, warm_up=False, progress=False)
    assert len(calls) == 2
    assert found["a"].cache == "unknown"


def test_the_time_is_that_of_the_action():
    actions = {"long": lambda: time.sleep(0.05), "short": lambda: time.sleep(0.01)}
    found = time_in_turn(actions, repeats=3, progress=False)
    assert found["long"].spread[0] >= 0.05
    assert 0.01 <= found["short"].spread[0] < found["long"].median


def test_evicting_is_not_timed_and_comes_before_every_counted_run(tmp_path, monkeypatch):
    events, now = [], itertools.count()

    def evict(files):
        events.append([path.name for path in files])
        next(now)
        return Eviction(len(files))

    monkeypatch.setattr(timing, "drop_page_cache", evict)
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: next(now)))
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"2")
    found = time_in_turn(
        {"a": lambda: events.append("run")}, repeats=2, evict={"a": [tmp_path]}, progress=False
    )
    assert events == ["run", ["one", "two"], "run", ["one", "two"], "run"]
    assert found["a"].cache == "cold"
    assert found["a"].seconds == (1, 1)


def test_one_eviction_that_failed_makes_the_state_unknown(tmp_path, monkeypatch):
    problems = iter(["", "It stays.", "", "", "", ""])
    monkeypatch.setattr(timing, "drop_page_cache", lambda files: Eviction(1, next(problems)))
    (tmp_path / "one").write_bytes(b"1")
    actions = dict.fromkeys("ab", lambda: None)
    found = time_in_turn(
        actions, repeats=3, evict={key: [tmp_path] for key in "ab"}, progress=False
    )
    assert (found["a"].cache, found["b"].cache) == ("cold", "unknown")


def test_progress_goes_to_standard_error(capsys):
    time_in_turn({"a": lambda: None}, repeats=2)
    assert "3/3" in capsys.readouterr().err
    time_in_turn({"a": lambda: None}, repeats=2, progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"actions": {}}, "There is no action to time"),
        ({"repeats": 0}, "repeats is 0: give 1 or more"),
        ({"evict": {"b": []}}, r"evict has the labels \['b'\], the actions have \['a'\]"),
    ],
)
def test_what_cannot_be_timed_is_refused(options, message):
    ran = []
    arguments = {"actions": {"a": lambda: ran.append(1)}, "progress": False} | options
    with pytest.raises(ValueError, match=message):
        time_in_turn(**arguments)
    assert not ran


def test_missing_files_are_refused_before_anything_runs(tmp_path):
    ran = []
    with pytest.raises(FileNotFoundError, match=r"no file at or below .*gone"):
        time_in_turn({"a": lambda: ran.append(1)}, evict={"a": [tmp_path / "gone"]})
    assert not ran


# ---- The page cache ----


def cached(path):
    """Whether reading a byte of each page would not wait: another judge than mincore."""
    found = []
    handle = os.open(path, os.O_RDONLY)
    try:
        for offset in range(0, os.fstat(handle).st_size, mmap.PAGESIZE):
            try:
                found.append(os.preadv(handle, [bytearray(1)], offset, os.RWF_NOWAIT) == 1)
            except BlockingIOError:
                found.append(False)
            except OSError as error:
                pytest.skip(f"this file system does not tell what is cached ({error})")
    finally:
        os.close(handle)
    return found


def write(path, size=300_000):
    path.write_bytes(os.urandom(size))
    return path


@needs_eviction
def test_files_just_written_leave_the_cache_and_keep_their_bytes(tmp_path):
    folder = tmp_path / "store"
    (folder / "c").mkdir(parents=True)
    files = [write(folder / "a"), write(folder / "c" / "b", 5000), write(folder / "empty", 0)]
    before = [path.read_bytes() for path in files]
    if not all(cached(files[0])):
        pytest.skip("this file system does not cache what was just written")
    gone = False
    for _ in range(5):
        eviction = drop_page_cache(folder)
        if "lives in memory" in str(eviction):
            pytest.skip(f"not on a disk: {eviction}")
        assert eviction == Eviction(3)
        assert str(eviction) == "The page cache holds nothing of 3 file(s)."
        # Judging brings pages back, on a busy machine even the first, now and then.
        gone = gone or not cached(files[0])[0]
    assert gone
    assert [path.read_bytes() for path in files] == before


@needs_eviction
def test_what_stays_in_the_cache_is_not_called_cold(tmp_path, monkeypatch):
    path = write(tmp_path / "kept")
    monkeypatch.setattr(os, "posix_fadvise", lambda *_: None)
    eviction = drop_page_cache(path)
    assert not eviction.cold
    pages = -(-300_000 // mmap.PAGESIZE)
    assert str(eviction).startswith(f"{pages * mmap.PAGESIZE:,} bytes of 1 file(s) stay in")


@needs_eviction
def test_every_window_of_a_large_file_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(page_cache, "WINDOW", 4 * mmap.ALLOCATIONGRANULARITY)
    monkeypatch.setattr(os, "posix_fadvise", lambda *_: None)
    path = write(tmp_path / "large", 9 * mmap.ALLOCATIONGRANULARITY + 1)
    pages = 9 * mmap.ALLOCATIONGRANULARITY // mmap.PAGESIZE + 1
    assert str(drop_page_cache([path])).startswith(f"{pages * mmap.PAGESIZE:,} bytes")


@needs_eviction
def test_unwritten_pages_are_waited_for_only_where_they_stay(tmp_path, monkeypatch):
    waited = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (waited.append(handle), fsync(handle)))
    monkeypatch.setattr(page_cache, "_cached_bytes", lambda path: 4096 * (path.name == "dirty"))
    write(tmp_path / "clean")
    write(tmp_path / "dirty")
    assert not drop_page_cache(tmp_path).cold
    assert len(waited) == 1


def test_a_system_without_fadvise_says_so(tmp_path, monkeypatch):
    """As macOS and Windows are."""
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    write(tmp_path / "file")
    eviction = drop_page_cache(tmp_path)
    assert not eviction.cold
    assert "offers programs no way to evict" in str(eviction)
    found = time_in_turn({"a": lambda: None}, evict={"a": [tmp_path]}, progress=False)
    assert found["a"].cache == "unknown"


@needs_eviction
def test_a_system_that_does_not_tell_what_is_cached_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    eviction = drop_page_cache(write(tmp_path / "file"))
    assert not eviction.cold
    assert "does not tell what its page cache holds" in str(eviction)


@needs_eviction
def test_a_file_system_that_refuses_says_so(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    eviction = drop_page_cache(write(tmp_path / "file"))
    assert not eviction.cold
    assert "could not be evicted from the page cache ([Errno 22]" in str(eviction)


@pytest.mark.skipif(
    not (sys.platform == "linux" and MEMORY_FOLDER.is_dir()),
    reason="there is no /dev/shm, a file system in memory, on this system",
)
def test_a_file_system_in_memory_is_never_cold(tmp_path):
    path = MEMORY_FOLDER / f"bigimg-{tmp_path.name}-{os.getpid()}"
    try:
        eviction = drop_page_cache(write(path))
    finally:
        path.unlink()
    assert not eviction.cold


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path.mkdir() or path])
def test_there_must_be_a_file(tmp_path, make):
    with pytest.raises(FileNotFoundError, match=r"no file at or below .*nothing': give existing"):
        drop_page_cache(make(tmp_path / "nothing"))
