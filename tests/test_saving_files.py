"""One file or folder that takes its path when it is complete, and what stays if it never is."""

import subprocess
import sys
from pathlib import Path

import pytest

from bigimg_lessons.saving.files import replace_text, replaced


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_text_is_written_byte_for_byte(tmp_path):
    path = tmp_path / "sheet.html"
    assert replace_text(path, "one\r\ntwo µm\n") == path
    assert path.read_bytes() == "one\r\ntwo µm\n".encode()
    replace_text(path, "three\n")
    assert path.read_bytes() == b"three\n"
    assert names_in(tmp_path) == ["sheet.html"]


def test_a_file_is_replaced_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "note.json"
    path.write_text("old")
    moves = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: moves.append(Path(b)) or replace(a, b))
    replace_text(path, "new")
    assert moves == [path]
    assert path.read_text() == "new"


@pytest.mark.parametrize("before", ["nothing", "a folder", "a file"])
def test_a_folder_takes_the_place_of_anything(tmp_path, before):
    path = tmp_path / "image"
    if before == "a folder":
        path.mkdir()
        (path / "old").write_text("old")
    elif before == "a file":
        path.write_text("old")
    with replaced(path) as new:
        new.mkdir()
        (new / "chunk").write_text("new")
        assert not (path / "chunk").exists()
    assert names_in(path) == ["chunk"]
    assert names_in(tmp_path) == ["image"]


def test_a_file_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "image"
    path.mkdir()
    (path / "old").write_text("old")
    replace_text(path, "new")
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["image"]


@pytest.mark.parametrize("error", [ValueError, OSError, RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "sheet.html"
    path.write_text("old")
    with pytest.raises(error), replaced(path) as new:  # noqa: PT012 - it is the block that fails
        new.write_text("half")
        raise error("by the writer")
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["sheet.html"]


def test_a_file_that_was_never_written_replaces_nothing(tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text("old")
    with pytest.raises(OSError, match=r"sheet\.html.*was removed"), replaced(path):
        pass
    assert path.read_text() == "old"


def test_a_full_disk_is_explained_and_names_the_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "sheet.html"
    path.write_text("old")

    def full(new, *_, **__):
        raise OSError(28, "No space left on device", str(new))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match=r"sheet\.html.*the disk is full") as caught:
        replace_text(path, "new")
    assert ".part" not in str(caught.value)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["sheet.html"]


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(OSError, match=r"sheet\.html"):
        replace_text(tmp_path / "nowhere" / "sheet.html", "new")


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text("old")
    program = f"""
import os
from pathlib import Path
from bigimg_lessons.saving.files import replaced
with replaced(Path({str(path)!r})) as new:
    new.write_text("half")
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert len(names_in(tmp_path)) == 2
    assert path.read_text() == "old"
    replace_text(tmp_path / "other.html", "other")
    assert names_in(tmp_path) == ["other.html", "sheet.html"]
