"""Old files or new ones, whole: whatever fails, whoever dies, and who comes next."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import warnings

import pytest

from bigimg_lessons.saving import staging
from bigimg_lessons.saving.locks import held, lock_at, lock_path
from bigimg_lessons.saving.staging import Staging, recover

NAMES = ("image.h5", "image.xml")


@pytest.fixture
def pair(tmp_path):
    """Two old files."""
    targets = [tmp_path / name for name in NAMES]
    for target in targets:
        target.write_text(f"old {target.suffix}")
    return targets


def write(targets, content="new", check=lambda: None):
    with Staging(*targets) as aside:
        for target in targets:
            aside.new(target).write_text(f"{content} {target.suffix}")
        aside.swap(check)


def contents(folder):
    """What stands in a folder: names and texts, and names only of hidden ones."""
    return {
        path.name: path.read_text() if path.is_file() and path.name[0] != "." else None
        for path in folder.iterdir()
    }


OLD = {name: f"old {name[5:]}" for name in NAMES}
NEW = {name: f"new {name[5:]}" for name in NAMES}


def test_new_files_take_the_place_of_old_ones(tmp_path, pair):
    write(pair)
    assert contents(tmp_path) == NEW


def test_without_a_swap_the_old_files_stay(tmp_path, pair):
    with Staging(*pair) as aside:
        aside.new(pair[0]).write_text("new")
        assert [path.name[:11] for path in tmp_path.glob(".*")] == [".image.xml-"]
    assert contents(tmp_path) == OLD


def test_a_check_that_fails_in_the_last_moment_changes_nothing(tmp_path, pair):
    def check():
        raise FileExistsError("somebody else's")

    with pytest.raises(FileExistsError, match="somebody else's"):
        write(pair, check=check)
    assert contents(tmp_path) == OLD


def test_the_staging_folder_is_as_short_as_a_name_may_be(tmp_path):
    write([tmp_path / ("é" * 120 + ".xml")])
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_may_not_be_written_is_named_and_not_the_staging_folder(tmp_path, pair):
    os.rename(tmp_path, gone := tmp_path.with_name("gone"))  # noqa: PTH104
    with pytest.raises(OSError, match=r"image.xml' could not be written") as caught:
        write(pair)
    assert ".part" not in str(caught.value)
    os.rename(gone, tmp_path)  # noqa: PTH104


def test_a_swap_finds_no_moment_in_which_an_old_file_stands_beside_a_new_one(pair, monkeypatch):
    seen = []
    replace = type(pair[0]).replace

    def look(self, target):
        done = replace(self, target)
        seen.append([target.exists() and target.read_text() for target in pair])
        return done

    monkeypatch.setattr(type(pair[0]), "replace", look)
    write(pair)
    assert seen == [
        ["old .h5", False],
        [False, False],
        ["new .h5", False],
        ["new .h5", "new .xml"],
    ]


def killed_after(targets, moves):
    """Write in a process that dies after a number of moves."""
    code = """
import os, sys
from pathlib import Path
from bigimg_lessons.saving.staging import Staging
targets = [Path(name) for name in sys.argv[2:]]
left = int(sys.argv[1])
replace = Path.replace
def deadly(self, target):
    global left
    if left == 0:
        os._exit(9)
    left -= 1
    return replace(self, target)
Path.replace = deadly
with Staging(*targets) as aside:
    for target in targets:
        aside.new(target).write_text(f"new {target.suffix}")
    aside.swap()
    os._exit(9)
"""
    command = [sys.executable, "-c", code, str(moves), *map(str, targets)]
    assert subprocess.run(command, check=False).returncode == 9


@pytest.mark.parametrize("moves", range(5))
def test_what_a_killed_process_set_aside_comes_back(tmp_path, pair, moves):
    killed_after(pair, moves)
    (left,) = tmp_path.glob(".*.part")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recover(tmp_path)
    assert contents(tmp_path) == (NEW if moves == 4 else OLD)
    assert not left.exists()


def test_a_process_that_lives_is_left_alone(tmp_path, pair):
    with Staging(*pair) as aside:
        aside.new(pair[0]).write_text("half")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            recover(tmp_path)
        assert aside.new(pair[0]).read_text() == "half"


def test_what_ran_elsewhere_is_reported_and_left_alone(tmp_path, pair, monkeypatch):
    killed_after(pair, 2)
    monkeypatch.setattr(staging, "_host", lambda: "another")
    (left,) = tmp_path.glob(".*.part")
    with pytest.warns(UserWarning, match=r"-[0-9a-f]{8}\.part' was left .* on another computer"):
        recover(tmp_path)
    assert sorted(path.name for path in (left / "old").iterdir()) == list(NAMES)


def test_nothing_is_put_in_the_place_of_what_somebody_wrote_meanwhile(tmp_path, pair):
    killed_after(pair, 2)
    pair[1].write_text("precious")
    (left,) = tmp_path.glob(".*.part")
    with pytest.warns(UserWarning, match="image.xml' exists by now"):
        recover(tmp_path)
    assert pair[1].read_text() == "precious"
    # Nor is the old h5 put beside that XML.
    assert not pair[0].exists()
    assert sorted(path.name for path in (left / "old").iterdir()) == list(NAMES)


def test_a_new_file_of_another_writer_is_not_taken_for_the_killed_ones(tmp_path, pair):
    killed_after(pair, 3)  # the new h5 has taken its place
    pair[0].unlink()
    pair[0].write_text("precious, too")
    with pytest.warns(UserWarning, match="image.h5' exists by now"):
        recover(tmp_path)
    assert pair[0].read_text() == "precious, too"


def test_what_is_missing_when_it_should_take_its_place_replaces_nothing(tmp_path, pair):
    def lose(aside):
        aside.new(pair[0]).write_text("new")
        aside.swap()

    with Staging(*pair) as aside, pytest.raises(OSError, match=r"image\.xml' could not be"):
        lose(aside)
    assert contents(tmp_path) == OLD


def test_a_staging_folder_that_was_removed_and_made_again_replaces_nothing(tmp_path, pair):
    def lose(aside):
        shutil.rmtree(aside.folder)
        for target in pair:
            aside.new(target).parent.mkdir(parents=True, exist_ok=True)
            aside.new(target).write_text("half of it")
        aside.swap()

    with Staging(*pair) as aside, pytest.raises(OSError, match="was removed meanwhile"):
        lose(aside)
    assert contents(tmp_path) == OLD


def test_the_old_files_come_back_though_somebody_removed_the_new_ones(tmp_path, pair):
    killed_after(pair, 2)
    (left,) = tmp_path.glob(".*.part")
    shutil.rmtree(left / "new")
    (left / "new").mkdir()
    recover(tmp_path)
    assert contents(tmp_path) == OLD


def test_a_program_that_ends_while_a_thread_swaps_leaves_what_the_next_puts_back(tmp_path, pair):
    code = """
import sys, threading, time
from pathlib import Path
from bigimg_lessons.saving.staging import Staging
targets = [Path(name) for name in sys.argv[1:]]
replace, begun = Path.replace, threading.Event()
def slow(self, target):
    if self.parent.name == "new":
        begun.set()
        time.sleep(60)
    return replace(self, target)
Path.replace = slow
def write():
    with Staging(*targets) as aside:
        for target in targets:
            aside.new(target).write_text("new")
        aside.swap()
threading.Thread(target=write, daemon=True).start()
begun.wait()
"""
    subprocess.run([sys.executable, "-c", code, *map(str, pair)], check=True)
    assert contents(tmp_path) != OLD
    recover(tmp_path)
    assert contents(tmp_path) == OLD


def test_folders_of_others_are_not_taken_for_left_behind(tmp_path):
    for name in (".image-0123abcd.part", "image-0123abcd.part"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "thesis.txt").write_text("precious")
    (tmp_path / ".data_fetch.lock").write_text("")
    before = sorted(tmp_path.rglob("*"))
    recover(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_was_hardly_begun_is_removed(tmp_path):
    (tmp_path / ".image-0123abcd.part").mkdir()
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_process_goes_on_is_left_alone(tmp_path, monkeypatch):
    """Seen empty, and not so any more when it would be removed."""
    folder = tmp_path / ".stack.tif-01234567.part"
    folder.mkdir()
    seen = list(staging._left_behind(tmp_path))
    assert seen == [(folder, None)]
    monkeypatch.setattr(staging, "_left_behind", lambda _: seen)
    with held(folder / "here-1.lock", patience=60):
        (folder / "new").mkdir()
        (folder / "new" / "stack.tif").write_text("half")
        recover(tmp_path)
        assert (folder / "new" / "stack.tif").read_text() == "half"


def test_what_a_late_thread_wrote_without_a_lock_is_removed_and_nothing_else(tmp_path):
    late = tmp_path / ".image-0123abcd.part" / "new" / "0" / "0"
    late.mkdir(parents=True)
    (late / "chunk").write_text("late")
    kept = tmp_path / ".image-4567abcd.part"
    for name in ("new", "old"):  # never ours without a lock
        (kept / name).mkdir(parents=True)
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == [kept]


def test_threads_that_write_on_after_an_error_leave_nothing(tmp_path, pair):
    """As those of zarr do on a busy machine: each file with the folders that it needs."""
    ended = threading.Event()

    def write_on(folder):
        for number in range(8):
            with contextlib.suppress(OSError):  # it may be removed in between
                (folder / "0").mkdir(parents=True, exist_ok=True)
                (folder / "0" / str(number)).write_text("late")
            time.sleep(0.1)
        ended.set()

    before = contents(tmp_path)

    def fail():
        with Staging(*pair) as staging:
            threading.Thread(target=write_on, args=[staging.new(pair[0])]).start()
            raise ValueError("one block failed")

    with pytest.raises(ValueError, match="one block failed"):
        fail()
    assert ended.wait(60)
    assert contents(tmp_path) == before
    assert [path for path in tmp_path.iterdir() if path not in pair] == []


def test_a_fork_that_ends_does_not_remove_what_its_parent_makes(tmp_path, pair):
    code = """
import os, sys
from pathlib import Path
from bigimg_lessons.saving.staging import Staging
target = Path(sys.argv[1])
with Staging(target) as aside:
    aside.new(target).write_text("new")
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    aside.swap()
"""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    subprocess.run([sys.executable, "-c", code, str(pair[1])], check=True)
    assert pair[1].read_text() == "new"


def test_several_writers_at_once_leave_the_files_of_one(tmp_path, pair):
    def several(number):
        for turn in range(10):
            write(pair, f"{number}-{turn}")

    threads = [threading.Thread(target=several, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = (target.read_text().split()[0] for target in pair)
    assert first == second
    assert sorted(contents(tmp_path)) == list(NAMES)


def test_who_waits_too_long_for_the_moves_of_another_says_so(tmp_path, pair, monkeypatch):
    monkeypatch.setattr(staging, "_LONGEST_WAIT", 0.1)
    message = "Another process has been moving files in .* end it if it has stopped"
    with held(lock_path(tmp_path, "moves"), patience=1), pytest.raises(OSError, match=message):
        write(pair)
    assert contents(tmp_path) == OLD


def test_a_journal_that_cannot_be_read_removes_nothing(tmp_path, pair):
    killed_after(pair, 2)
    (left,) = tmp_path.glob(".*.part")
    (left / "swap.json").write_text(json.dumps({})[:1])
    with pytest.warns(UserWarning, match="was left by a process"):
        recover(tmp_path)
    assert sorted(path.name for path in (left / "old").iterdir()) == list(NAMES)


def test_a_lock_that_a_killed_process_held_is_removed(tmp_path):
    lock_path(tmp_path, "moves").touch()
    with (held_by_us := lock_at(lock_path(tmp_path, "made"))):
        recover(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".bigimg-lessons-made.lock"]
    assert not held_by_us.is_locked
