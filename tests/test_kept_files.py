"""Files of lessons: made once, looked after, and never one for another."""

import errno
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections import namedtuple
from contextlib import contextmanager
from pathlib import Path

import pytest

import bigimg_lessons
from bigimg_lessons.saving import kept_files
from bigimg_lessons.saving.kept_files import kept

PACKAGE = Path(bigimg_lessons.__file__).parent
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def keep(tmp_path):
    made = []

    def write(path):
        made.append(path)
        path.mkdir()
        (path / "pixels").write_bytes(b"pixels")
        (path.parent / "beside").write_bytes(b"more")

    def keep(recipe="a", write=write, needed=100):
        return kept(tmp_path / "lesson", "image.zarr", write, recipe=recipe, needed=needed)

    keep.made = made
    return keep


def test_is_made_once(keep):
    path = keep()
    assert (path / "pixels").read_bytes() == b"pixels"
    assert (path.parent / "beside").read_bytes() == b"more"
    assert keep() == path
    assert len(keep.made) == 1
    assert not keep.made[0].exists()  # it was made aside


def test_another_recipe_lies_beside_it(tmp_path, keep):
    assert keep(recipe={"chunks": (4, 4)}) != keep(recipe={"chunks": (4, 8)})
    assert len(keep.made) == 2
    assert len(list((tmp_path / "lesson").iterdir())) == 2


def test_what_other_versions_write_lies_beside_it(keep, monkeypatch):
    first = keep()
    monkeypatch.setattr(kept_files, "version_of", lambda package: "99")
    assert keep() != first
    assert len(keep.made) == 2


@pytest.mark.parametrize("damage", ["changed", "longer", "gone", "no note"])
def test_is_made_again_if_it_is_not_as_it_was_made(keep, damage):
    path = keep()
    if damage == "gone":
        (path.parent / "beside").unlink()
    elif damage == "no note":
        (path.parent / "kept.json").unlink()
    else:
        (path / "pixels").write_bytes(b"pixelz" if damage == "changed" else b"pixels and more")
    with pytest.warns(
        UserWarning, match=r"image.zarr is created again, because .*(written|missing)"
    ):
        assert keep() == path
    assert (path / "pixels").read_bytes() == b"pixels"
    assert (path.parent / "beside").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keep()


def test_is_made_again_in_silence_after_a_change_of_the_sources(keep, capsys):
    path = keep()
    note = path.parent / "kept.json"
    note.write_text(note.read_text().replace('"made by": "', '"made by": "0'))
    (path / "pixels").write_bytes(b"of other sources")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert keep() == path
    assert (path / "pixels").read_bytes() == b"pixels"
    assert capsys.readouterr() == ("", "")  # a checked cell prints the same after an update


def test_the_sources_of_the_whole_package_count(monkeypatch):
    hashed = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: hashed.append(path) or b"")
    kept_files._sources.__wrapped__()
    names = {path.relative_to(PACKAGE).as_posix() for path in hashed}
    assert {"build.py", "saving/kept_files.py", "formats/bdv/writer.py"} <= names


def test_what_fails_while_it_is_made_leaves_nothing(tmp_path, keep):
    def fail(path):
        path.write_bytes(b"half")
        raise ValueError("the source is gone")

    with pytest.raises(ValueError, match="the source is gone"):
        keep(write=fail)
    assert list((tmp_path / "lesson").iterdir()) == []


def test_too_little_space_is_told_before_anything_is_written(tmp_path, keep, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - 2**20, 2**20))
    message = r"^'image.zarr' needs 18 MiB and .*lesson has 1 MiB free: make room.*BIGIMG_DATA"
    with pytest.raises(OSError, match=message):
        keep(needed=18 * 2**20)
    assert keep.made == []
    assert list((tmp_path / "lesson").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"^'image.zarr' needs 0 MiB and .* MiB free: make room there, or set"),
        (errno.EACCES, r"^'image.zarr' cannot be written to .*lesson \(.+\): set .*BIGIMG_DATA"),
    ],
)
def test_a_disk_that_cannot_be_written_is_told(tmp_path, keep, number, message):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError(number, "as the system says it")

    with pytest.raises(OSError, match=message):
        keep(write=fail)
    assert list((tmp_path / "lesson").iterdir()) == []


PROGRAM = """
import sys, time
from pathlib import Path
from bigimg_lessons.saving.kept_files import kept

def write(path):
    while not Path(sys.argv[2]).exists():
        time.sleep(0.02)
    path.write_text("made")
    print("made it", flush=True)

path = kept(Path(sys.argv[1]), "file", write, recipe=1, needed=1)
print(path.read_text())
"""


def test_one_of_several_processes_makes_it_and_the_others_wait(tmp_path):
    folder, go_on, said = tmp_path / "lesson", tmp_path / "go on", tmp_path / "said"
    with said.open("w") as errors:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(folder), str(go_on)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            for _ in range(3)
        ]
        end = time.monotonic() + 120
        while said.read_text().count("Another process is making") < 2 and time.monotonic() < end:
            time.sleep(0.02)
        go_on.touch()
        outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert sorted(outputs) == ["made\n", "made\n", "made it\nmade\n"]
    waited = r"(Another process is making \S+: waiting for it\.\n){2}"
    assert re.fullmatch(waited, said.read_text())
    (home,) = folder.iterdir()
    assert sorted(path.name for path in home.iterdir()) == ["file", "kept.json"]


def test_who_waits_for_another_that_makes_it_needs_no_room(tmp_path, keep, monkeypatch):
    """What is being made takes the space that its maker looked for."""
    path = keep()
    content = path.parent.rename(tmp_path / "ready")

    @contextmanager
    def made_meanwhile(home):
        content.rename(home)
        yield

    monkeypatch.setattr(kept_files, "sole_maker", made_meanwhile)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40, 0))
    assert keep(needed=2**20) == path
    assert len(keep.made) == 1
