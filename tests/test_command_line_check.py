"""``bigimg check``: what is said of made-up laptops, and what is looked up of a real one."""

from __future__ import annotations

import json
import os
import socket
import sys
import tomllib
import webbrowser
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from bigimg_lessons.command_line import laptop as looking
from bigimg_lessons.command_line.laptop import Laptop, Package
from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.command_line.readiness import (
    ALL_DATA,
    OLDEST,
    SAMPLE,
    TOO_NEW,
    checks_of,
    show,
)
from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.samples.volume import SampleVolume

ROOT = Path(__file__).parents[1]
GIB = 2**30

READY = Laptop(
    python=(3, 12, 4),
    program="/lessons/.venv/bin/python",
    is_virtual=True,
    is_managed=False,
    packages=(Package("zarr", "3.1.3", "3.4.2"), Package("dask", "2025.1", "2025.1.0")),
    plane=(8, 1_000_000, "since 3.3"),
    memory=(6 * GIB, 16 * GIB),
    data_folder=Path("/cache/bigimg-lessons"),
    data_bytes=256 * 2**20,
    free_bytes=20 * GIB,
    sample="whole",
    browser="firefox",
    is_text_browser=False,
    is_port_free=True,
    broken={},
    extensions=(),
    unwritable={},
)


def check(name, **differing):
    """Return what is said of a laptop that differs in something."""
    (found,) = [each for each in checks_of(replace(READY, **differing)) if each.name == name]
    return found


def test_a_laptop_that_is_ready_has_nothing_but_ticks():
    checks = checks_of(READY)
    assert [each.state for each in checks] == ["ready"] * 11
    assert not any(each.remedy for each in checks)


@pytest.mark.parametrize(
    ("name", "differing", "state", "said", "remedy"),
    [
        ("python", {"python": (3, 10, 9)}, "wrong", "Python 3.10.9: the lessons need 3.11 to 3.14",
         "uv"),
        ("python", {"python": (3, 15, 0)}, "wrong", "Python 3.15.0", "uv"),
        ("environment", {"is_virtual": False}, "mind", "shares its packages", "uv run"),
        ("environment", {"is_virtual": False, "is_managed": True}, "mind",
         "The system looks after this Python", "pipx run uv run"),
        ("packages", {"packages": (Package("zarr", "3.1.3", None), Package("dask", "", "1"))},
         "wrong", "missing: zarr.", "uv run bigimg check"),
        ("packages", {"packages": (Package("zarr", "3.1.3", "3.1.0"),)}, "wrong",
         "too old: zarr 3.1.0 (at least 3.1.3)", "uv run bigimg check"),
        ("numbers", {"plane": None}, "wrong", "cannot be counted", "uv run bigimg check"),
        ("numbers", {"plane": (5, 2048, None)}, "mind", "5 requests, 2.00 KiB, which is neither",
         "configured"),
        ("jupyter", {"broken": {"anywidget": "ImportError: no"}}, "wrong",
         "anywidget (ImportError: no)", "uv run bigimg check"),
        ("jupyter", {"extensions": ("anywidget",)}, "mind", "does not find the extensions",
         "uv run jupyter lab"),
        ("jupyter", {"extensions": None}, "mind", "does not find the extensions",
         "uv run jupyter lab"),
        ("memory", {"memory": (GIB, 8 * GIB)}, "mind", "Only 1.00 GiB of 8.00 GiB memory free",
         "Close other programs"),
        ("memory", {"memory": None}, "mind", "cannot be told", "uv run bigimg check"),
        ("disk", {"free_bytes": GIB}, "mind", "still write 1.65 GiB", "BIGIMG_DATA"),
        ("disk", {"free_bytes": SAMPLE - 1, "sample": "missing", "data_bytes": 0}, "wrong",
         "Only 256 MiB free", "BIGIMG_DATA"),
        ("disk", {"free_bytes": None, "data_folder": None}, "wrong", "cannot be told",
         "uv run bigimg check"),
        ("data", {"sample": "missing"}, "mind", "not there", "bigimg data --create"),
        ("data", {"sample": "damaged"}, "mind", "not as it was written", "bigimg data --create"),
        ("data", {"sample": "unknown"}, "wrong", "cannot be told", "uv run bigimg check"),
        ("writing", {"unwritable": {"/mnt/share": "Read-only file system"}}, "wrong",
         "/mnt/share (Read-only file system)", "a folder of your own"),
        ("browser", {"browser": None}, "mind", "No browser was found", "--no-browser"),
        ("browser", {"browser": "lynx", "is_text_browser": True}, "mind",
         "Only a browser for text was found (lynx)", "--no-browser"),
        ("port", {"is_port_free": False}, "mind", "Port 8888 is taken", "Nothing to do"),
    ],
)  # fmt: skip
def test_what_is_not_ready_has_a_remedy(name, differing, state, said, remedy):
    found = check(name, **differing)
    assert found.state == state
    assert said in found.said
    assert remedy in found.remedy
    assert "\n" not in found.said + found.remedy
    others = [each for each in checks_of(replace(READY, **differing)) if each.name != name]
    also = {"data"} if "sample" in differing else set()
    assert {each.name for each in others if each.state != "ready"} <= also


def test_a_full_disk_is_enough_once_the_data_are_there():
    assert check("disk", free_bytes=1, data_bytes=ALL_DATA).state == "ready"


def test_a_version_is_compared_as_numbers():
    newer = Package("dask", "2025.1", "2025.10.0")
    assert check("packages", packages=(newer,)).state == "ready"
    before = Package("zarr", "3.1.3", "3.1.10rc1")
    assert check("packages", packages=(before,)).state == "ready"


def test_the_limits_are_those_that_are_stated_elsewhere():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions = f">={OLDEST[0]}.{OLDEST[1]},<{TOO_NEW[0]}.{TOO_NEW[1]}"
    assert wanted["requires-python"] == versions
    guide = (ROOT / "book" / "teach.md").read_text("utf-8")
    assert f"about {ALL_DATA / GIB:.1f} GiB once all lessons have been run" in guide
    assert SampleVolume().nbytes == SAMPLE


@pytest.mark.parametrize(
    ("encoding", "marks"), [("utf-8", ("✓", "!", "✗", "→")), ("cp1252", ("ok", "!", "x", "->"))]
)
def test_marks_are_those_that_the_terminal_has(encoding, marks):
    place = StringIO()
    screen = Console(file=place, width=200)
    screen.__class__ = type("Screen", (Console,), {"encoding": property(lambda _: encoding)})
    show(screen, checks_of(replace(READY, is_port_free=False, sample="unknown")))
    said = place.getvalue()
    assert {line.split()[0] for line in said.splitlines() if line.strip()} == {
        *marks, "1"
    }  # fmt: skip
    said.encode(encoding)
    assert said.splitlines()[-1] == "1 of 11 must be mended before class. 1 to mind."


# ---- what is looked up ----


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(bigimg, ["check", *map(str, arguments)], env={"COLUMNS": "100"})


def test_this_computer_runs_the_lessons(here):
    done = run("--folder", here / "data", "--json")
    checks = {each["name"]: each for each in json.loads(done.output)}
    assert len(checks) == 11
    for name in ("python", "packages", "numbers", "writing"):
        assert checks[name]["state"] == "ready", checks[name]
    assert checks["data"]["said"] == "The sample image is not there: lesson 1 makes it."
    assert done.exit_code == (3 if any(e["state"] == "wrong" for e in checks.values()) else 0)
    assert list(here.iterdir()) == []  # nothing is left behind


def test_a_broken_environment_is_3_and_no_traceback(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    done = run("--folder", here)
    assert done.exit_code == 3
    assert "Not to be imported: anywidget (ModuleNotFoundError" in " ".join(done.output.split())
    assert "must be mended before class" in done.output


def test_the_sample_is_compared_with_its_sidecar(tmp_path, monkeypatch):
    small = SampleVolume((8, 64, 64))
    monkeypatch.setattr("bigimg_lessons.samples.volume.SampleVolume", lambda: small)
    assert looking.sample_in(tmp_path) == "missing"
    path = sample_tiff(small, folder=tmp_path, progress=False)
    assert looking.sample_in(tmp_path) == "whole"
    assert looking.sample_in(tmp_path, seconds=-1) == "size"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert looking.sample_in(tmp_path) == "damaged"
    path.write_bytes(content[:-1])
    assert looking.sample_in(tmp_path) == "damaged"
    path.with_name(f"{path.name}.json").unlink()
    assert looking.sample_in(tmp_path) == "damaged"


def test_a_port_is_taken_while_somebody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not looking.is_free(port)
    assert looking.is_free(port)


def test_a_port_is_taken_while_somebody_has_it_and_does_not_answer():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert not looking.is_free(silent.getsockname()[1])


def test_no_browser_is_none(monkeypatch):
    def none_found():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none_found)
    assert looking.look().browser is None


def test_the_system_s_own_python_is_known_by_its_marker(tmp_path, monkeypatch):
    monkeypatch.setattr(looking.sysconfig, "get_path", lambda *_: str(tmp_path))
    assert not looking.look(tmp_path).is_managed
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    assert looking.look(tmp_path).is_managed


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions of folders")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert str(tmp_path) in looking.look(tmp_path / "data").unwritable
    finally:
        tmp_path.chmod(0o700)


def test_a_place_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(looking.tempfile, "TemporaryFile", refuse)
    monkeypatch.chdir(tmp_path)
    assert looking.look(tmp_path).unwritable[str(tmp_path)] == "Read-only file system"


def test_bytes_of_the_data_are_counted_with_all_folders(tmp_path):
    (tmp_path / "lesson_02" / "a").mkdir(parents=True)
    (tmp_path / "lesson_02" / "a" / "chunk").write_bytes(bytes(100))
    (tmp_path / "sample").write_bytes(bytes(11))
    assert looking.look(tmp_path).data_bytes == 111
    assert looking.look(tmp_path / "not" / "there").data_bytes == 0
