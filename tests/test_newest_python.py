"""Which Python CI runs the tests with a second time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests import newest_python

ALL = SpecifierSet(">=3.11")

posix = pytest.mark.skipif(os.name == "nt", reason="writes shell scripts")


@pytest.fixture
def fake(tmp_path):
    """Make programs that answer as a Python does."""

    def make(place, name, implementation="CPython", level="final", own=True, numbers="3 12 1"):
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(f"#!/bin/sh\necho {implementation} {level} {own}\necho {numbers}\n")
        path.chmod(0o755)
        return path

    return make


@posix
def test_the_newest_release_is_taken(fake):
    pythons = [
        fake("a", "python3.9", numbers="3 9 20"),
        fake("b", "python3.13", numbers="3 13 0"),
        fake("c", "python3.12", numbers="3 12 9"),
        fake("d", "python3.15", numbers="3 15 0", level="alpha"),
        fake("e", "python3.16", numbers="3 16 0", implementation="PyPy"),
        fake("f", "python3.17", numbers="3 17 0", own=False),
    ]
    assert newest_python.newest(pythons, above=(3, 11, 7), within=ALL) == pythons[1]


@posix
def test_another_patch_of_the_same_version_is_not_newer(fake):
    pythons = [fake("a", "python3.11", numbers="3 11 9"), fake("b", "python3.10", numbers="3 10 1")]
    assert newest_python.newest(pythons, above=(3, 11, 7), within=ALL) is None


@posix
def test_what_the_project_does_not_allow_is_passed_over(fake):
    pythons = [
        fake("a", "python3.13", numbers="3 13 2"),
        fake("b", "python3.98", numbers="3 98 0"),
    ]
    within = newest_python.allowed()
    assert newest_python.newest(pythons, above=(3, 11, 7), within=within) == pythons[0]


@posix
def test_what_does_not_run_is_passed_over(fake, tmp_path):
    broken = fake("a", "python3.14")
    broken.write_text("#!/bin/sh\nexit 127\n")
    silent = fake("b", "python3.15")
    silent.write_text("#!/bin/sh\n")
    assert (
        newest_python.newest([broken, silent, tmp_path / "gone"], above=(3, 11), within=ALL) is None
    )


@posix
def test_the_search_path_and_pyenv_are_looked_at(fake, monkeypatch, tmp_path):
    there = {
        fake("path", "python3.12"),
        fake("pyenv/versions/3.13.0/bin", "python3.13"),
        fake("cache/Python/3.14.0/x64/bin", "python3.14"),
    }
    fake("path", "python3.12-config")
    fake("path", "python3.14t")
    fake("shims", "python3.10")
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("path", "shims")))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "cache"))
    assert set(newest_python.candidates()) == there


def test_this_python_tells_its_version_unless_it_is_a_virtual_environment():
    numbers = tuple(sys.version_info[:3])
    base = Path(sys._base_executable)
    expected = numbers if sys.version_info.releaselevel == "final" else None
    assert newest_python.version(base) == expected
    if sys.prefix != sys.base_prefix:
        assert newest_python.version(Path(sys.executable)) is None


@posix
def test_the_command_prints_the_path_or_fails(fake, tmp_path):
    fake("pyenv/versions/3.12.99/bin", "python3.12", numbers="3 12 99")
    if sys.version_info >= (3, 12):
        pytest.skip("no Python that is allowed is newer for sure")
    environment = {"PATH": "", "PYENV_ROOT": str(tmp_path / "pyenv"), "RUNNER_TOOL_CACHE": "/none"}
    command = [sys.executable, newest_python.__file__]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.stdout == f"{tmp_path}/pyenv/versions/3.12.99/bin/python3.12\n"
    environment["PYENV_ROOT"] = "/none"
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
