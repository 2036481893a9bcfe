"""The pack without a network: made of small stand-ins, unpacked, installed and started."""

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from bigimg_lessons.teaching import pack, wheels
from bigimg_lessons.teaching.pack import differing, main, members
from bigimg_lessons.teaching.wheels import (
    PackError,
    Target,
    given,
    least_python,
    pinned,
    this_target,
)

ROOT = Path(__file__).parents[1]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
# In place of JupyterLab: tells where it was started, and with what.
LAB = """import json, os, sys
import bigimg_lessons
told = [os.getcwd(), os.environ["BIGIMG_DATA"], bigimg_lessons.NAME, sys.prefix, *sys.argv[1:]]
print(json.dumps(told))
"""
# What a class without a network has, where a way out would be a fault.
NOWHERE = {
    **{f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")},
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
}


def wheel(folder, name, version="1.0", tag="py3-none-any", **modules):
    """Write a wheel by hand."""
    info = f"{name}-{version}.dist-info"
    files = {f"{module.replace('__', '/')}.py": text for module, text in modules.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


@pytest.fixture
def parts(tmp_path):
    """Options of the command: wheels and a site, both small."""
    stored, site = tmp_path / "given", tmp_path / "built"
    stored.mkdir()
    wheel(stored, "jupyterlab", jupyterlab=LAB)
    wheel(stored, "bigimg_lessons", "0.1.0", bigimg_lessons="NAME = 'lessons'\n")
    (site / "notebooks").mkdir(parents=True)
    (site / "index.html").write_text("<title>The book</title>", encoding="utf-8")
    (site / "notebooks" / "a.webp").write_bytes(b"picture")
    return ["--root", str(ROOT), "--site", str(site), "--wheels", str(stored), "--no-data"]


def unpacked(path, folder):
    """Unpack as people do, permissions included."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            where = archive.extract(entry, folder)
            Path(where).chmod(entry.external_attr >> 16)
    return folder / pack.FOLDER


def start(folder, *options):
    """Run the start script as a learner does."""
    if os.name == "nt":
        command = [sys.executable, "start.py"]
    else:
        (script,) = (path for path in folder.glob("start-*") if path.suffix in (".sh", ".command"))
        command = ["sh", str(script)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        cwd=folder if os.name == "nt" else folder.parent,
        env={**os.environ, **NOWHERE, "PATH": path},
    )


def test_a_pack_is_unpacked_installed_and_started(tmp_path, parts, capsys):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(rf"{re.escape(str(path))}: [\d.]+ [kM]B, for \S+ and Python {HERE}\n", said)
    folder = unpacked(path, tmp_path / "A class room")
    first = start(folder)
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [
        "First",
        "Installing,",
        "Installed.",
        "Opening",
    ]
    where, data, lessons, prefix, option = json.loads(lines[-1])
    assert option == "--ContentsManager.preferred_dir=notebooks"
    assert Path(where).samefile(folder)
    assert (Path(data), lessons) == (folder / "data", "lessons")
    assert Path(prefix).samefile(folder / "environment")
    second = start(folder, "--no-browser")
    assert second.stdout.splitlines()[0].startswith("Opening the lessons.")
    assert json.loads(second.stdout.splitlines()[1])[5:] == ["--no-browser"]


def test_a_pack_holds_what_the_lessons_need(tmp_path, parts):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts]) == 0
    folder = unpacked(path, tmp_path)
    notebooks = sorted(file.name for file in (ROOT / "notebooks").glob("*.ipynb"))
    assert sorted(file.name for file in (folder / "notebooks").iterdir()) == notebooks
    for name in notebooks:
        text = (folder / "notebooks" / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((\.\./[^)#\s]+)", text):
            assert (folder / "notebooks" / link.removesuffix("\\")).is_file(), link
    assert (folder / "site" / "notebooks" / "a.webp").read_bytes() == b"picture"
    listed = {}
    for line in (folder / "checksums.txt").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        listed[name] = digest
    files = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "checksums.txt"
    }
    assert listed == files
    read_me = (folder / "README.txt").read_text(encoding="utf-8")
    assert len(read_me.splitlines()) <= 11
    assert f"Python {HERE}" in read_me
    assert "@" not in read_me + "".join(
        file.read_text(encoding="utf-8").replace("@echo", "").replace("$@", "")
        for file in folder.glob("start-*")
    )


def test_the_same_contents_make_the_same_file(tmp_path, parts):
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    assert [main([str(path), *parts]) for path in (one, other)] == [0, 0]
    assert one.read_bytes() == other.read_bytes()
    assert sorted(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("platform", "script"),
    [
        ("win_amd64", "start-windows.bat"),
        ("macosx_13_0_arm64", "start-macos.command"),
        ("manylinux_2_28_x86_64", "start-linux.sh"),
    ],
)
def test_each_system_has_its_script(tmp_path, parts, platform, script):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts, "--platform", platform, "--python", "3.13"]) == 0
    folder = unpacked(path, tmp_path)
    assert [file.name for file in folder.glob("start-*")] == [script]
    text = (folder / script).read_bytes()
    assert b"3.13" in text
    assert text.isascii()
    assert (b"\r\n" in text) == (platform == "win_amd64")
    assert (folder / "README.txt").read_text(encoding="utf-8").count(script) >= 1
    about = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    assert (about["platform"], about["python"]) == (platform, "3.13")
    if platform != "win_amd64":
        assert os.name == "nt" or (folder / script).stat().st_mode & stat.S_IXUSR
        assert text.startswith(b"#!/bin/sh\n")


def test_what_was_damaged_on_the_way_is_found_before_anything_is_installed(tmp_path, parts):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts]) == 0
    folder = unpacked(path, tmp_path)
    (folder / "site" / "index.html").write_text("other", encoding="utf-8")
    next((folder / "wheels").glob("jupyterlab*")).unlink()
    done = start(folder, "--prepare")
    assert done.returncode == 1
    assert "Error: 2 file(s) are missing or damaged, the first is site/index.html." in done.stderr
    assert not (folder / "environment").exists()


def test_an_install_that_was_cut_short_is_done_again(tmp_path, parts):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts]) == 0
    folder = unpacked(path, tmp_path)
    (folder / "environment" / "bin").mkdir(parents=True)  # as a window that was closed leaves it
    (folder / "environment" / "bin" / "half").write_text("", encoding="utf-8")
    done = start(folder, "--prepare")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Installed."), done.stderr
    assert not (folder / "environment" / "bin" / "half").exists()


def test_another_python_is_refused_by_name(tmp_path, parts):
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts, "--python", "3.99"]) == 0
    folder = unpacked(path, tmp_path)
    run = subprocess.run([sys.executable, str(folder / "start.py")], capture_output=True, text=True)
    assert run.returncode == 1
    release = platform.python_version()
    expected = f"needs Python 3.99 or a later 3.99, and this is Python {release}.\n"
    assert run.stderr == f"Error: This pack {expected}"
    if os.name != "nt":
        done = start(folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "Python 3.99 was not found: install it, and start this again.\n"


def test_a_file_that_is_there_is_kept(tmp_path, parts, capsys):
    path = tmp_path / "lessons.zip"
    path.write_text("mine", encoding="utf-8")
    assert main([str(path), *parts]) == 1
    assert "lessons.zip exists already: name another file, or allow it" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"
    assert main([str(path), *parts, "--overwrite"]) == 0
    assert differing(path) == []


def test_what_is_written_is_read_back(tmp_path, parts, monkeypatch, capsys):
    path = tmp_path / "lessons.zip"
    path.write_text("mine", encoding="utf-8")

    def spoilt(sources, target):
        found = members(sources, target)
        found["LICENSE"] = b"something else"
        return found

    monkeypatch.setattr(pack, "members", spoilt)
    assert main([str(path), *parts, "--overwrite"]) == 1
    assert "LICENSE was not written as it is; try another disk." in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"
    assert sorted(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--site": "none"}, r"none holds no built book: build it with 'uv run jupyter-book build"),
        (
            {"--root": "none"},
            r"none is no copy of the repository: go there, or name it with --root",
        ),
        ({"--wheels": "none"}, r"none holds 0 wheel\(s\), and none of bigimg-lessons: build it"),
        ({"--platform": "beos"}, r"--platform is 'beos': expected this, win_amd64, "),
        ({"--platform": "manylinux_2_5_x86_64"}, r"with the oldest glibc, 17 or newer"),
        ({"--python": "3"}, r"--python is '3': expected a version such as 3\.11\."),
    ],
)
def test_what_cannot_be_packed_is_said(tmp_path, parts, capsys, change, message):
    options = dict(zip(parts[:6:2], parts[1:6:2], strict=True))
    for key, value in change.items():
        options[key] = str(tmp_path / value) if value == "none" else value
    arguments = [text for pair in options.items() for text in pair]
    assert main([str(tmp_path / "lessons.zip"), *arguments, "--no-data"]) == 1
    assert re.match(rf"Error: .*{message}", capsys.readouterr().err)
    assert not (tmp_path / "lessons.zip").exists()


def test_two_wheels_of_one_kind_are_refused(tmp_path):
    wheel(tmp_path, "bigimg_lessons", "0.1.0")
    wheel(tmp_path, "Some.Thing", "1.0")
    wheel(tmp_path, "some_thing", "2.0")
    with pytest.raises(PackError, match=r"holds more than one wheel of some-thing: keep one"):
        given(tmp_path)


def test_pip_is_told_versions_and_checksums(tmp_path):
    paths = [wheel(tmp_path, "b_c", "2.0"), wheel(tmp_path, "A", "1.0")]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert (
        pinned(paths) == f"a==1.0 --hash=sha256:{digests[1]}\nb-c==2.0 --hash=sha256:{digests[0]}\n"
    )


@pytest.mark.parametrize(
    ("platform", "system", "uv_platform", "tags"),
    [
        ("win_amd64", "windows", "x86_64-pc-windows-msvc", ["win_amd64"]),
        ("win_arm64", "windows", "aarch64-pc-windows-msvc", ["win_arm64"]),
        ("macosx_13_0_arm64", "macos", "aarch64-apple-darwin", ["macosx_13_0_arm64"]),
        ("macosx_10_15_x86_64", "macos", "x86_64-apple-darwin", ["macosx_10_15_x86_64"]),
    ],
)
def test_a_platform_is_named_as_pip_and_uv_name_it(platform, system, uv_platform, tags):
    target = Target(platform=platform, python="3.12")
    assert (target.system, target.uv_platform, target.tags) == (system, uv_platform, tags)


def test_a_linux_takes_wheels_for_older_ones():
    target = Target(platform="manylinux_2_30_aarch64", python="3.12")
    assert (target.system, target.uv_platform) == ("linux", "aarch64-manylinux_2_28")
    assert target.tags[:2] == ["manylinux_2_30_aarch64", "manylinux_2_29_aarch64"]
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"} < {*target.tags}
    assert "manylinux_2_31_aarch64" not in target.tags


def test_this_computer_runs_the_wheels_of_its_own_target():
    from packaging.tags import sys_tags

    target = this_target()
    mine = {tag.platform for tag in sys_tags()}
    assert target.platform in mine
    assert {tag for tag in target.tags if "manylinux_2" in tag} <= mine
    assert target.python == HERE


class Programs:
    """In place of uv and pip: notes the commands, and does what they would do."""

    def __init__(self, pins, refuses=()):
        self.pins = pins
        self.refuses = refuses
        self.downloaded = []

    def __call__(self, command, folder, failure):
        if "compile" in command:
            wanted = Path(command[command.index("compile") + 1]).read_text(encoding="utf-8")
            known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            project = known["project"]
            asked = {*project["dependencies"], *project["optional-dependencies"]["lessons"]}
            bounds = {text for text in asked if re.match(r"(zarr|mistune)>", text)}
            assert len(bounds) == 2
            assert {*bounds, "jupyterlab>=4.4"} <= {*wanted.split("\n")}
            fixed = Path(command[command.index("--constraint") + 1]).read_text(encoding="utf-8")
            assert re.search(r"^numpy==\d", fixed, re.M)
            assert "bigimg-lessons" not in fixed
            return "".join(f"{name}=={version}\n" for name, version in self.pins.items())
        if "download" in command:
            into = Path(command[command.index("--dest") + 1])
            for pin in command[command.index("none") :]:
                name, _, version = pin.partition("==")
                if version and name in self.refuses:
                    raise PackError(f"{failure}\nno {name}")
                if version:
                    self.downloaded.append(name)
                    wheel(into, name.replace("-", "_"), version)
            return ""
        out = Path(command[command.index("--out-dir") + 1])
        out.mkdir()
        wheel(out, "bigimg_lessons", "0.1.0")
        return ""


def test_downloads_are_used_again_and_a_break_is_continued(tmp_path, monkeypatch):
    monkeypatch.setenv("UV", "uv")
    target = Target(platform="win_amd64", python="3.12")
    programs = Programs({"numpy": "2.4", "py-win-pty": "3.0"}, refuses={"py-win-pty"})
    monkeypatch.setattr(wheels, "_run", programs)
    with pytest.raises(PackError, match=r"^Not every wheel could be had\.\nno py-win-pty"):
        wheels.downloaded(target, ROOT, tmp_path)
    programs.refuses = ()
    found = wheels.downloaded(target, ROOT, tmp_path)
    assert programs.downloaded == ["numpy", "py-win-pty"]
    names = ["numpy-2.4", "py_win_pty-3.0", "bigimg_lessons-0.1.0"]
    assert [path.name.removesuffix("-py3-none-any.whl") for path in found] == names
    # Another version is another wheel, and the old one stays out of the pack.
    programs.pins["numpy"] = "2.5"
    found = wheels.downloaded(target, ROOT, tmp_path)
    assert programs.downloaded == ["numpy", "py-win-pty", "numpy"]
    assert [path.name.split("-")[1] for path in found] == ["2.5", "3.0", "0.1.0"]


def test_without_uv_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PackError, match=r"uv is not installed, .*: pip install uv"):
        wheels.downloaded(Target(platform="win_amd64", python="3.12"), ROOT, tmp_path)


def test_a_program_that_fails_is_quoted(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such version')"]
    with pytest.raises(PackError, match=r"^It failed\.\nno such version$"):
        wheels._run(command, tmp_path, "It failed.")


def test_what_the_wheels_ask_of_python_is_told(tmp_path, parts):
    stored = Path(parts[5])
    asks = "1.0\nRequires-Python: {}"
    for number, asked in enumerate((">=3.9", ">=3.55.4,<4", ">= 3.55.12", ">=3.54.99")):
        wheel(stored, f"asks{number}", asks.format(asked)).rename(stored / f"asks{number}-1-a.whl")
    assert least_python(stored.glob("*.whl"), "3.55") == "3.55.12"
    assert least_python(stored.glob("*.whl"), "3.9") == "3.9"
    path = tmp_path / "lessons.zip"
    assert main([str(path), *parts, "--python", "3.55"]) == 0
    folder = unpacked(path, tmp_path)
    assert "needs Python 3.55.12 or a later 3.55" in (folder / "README.txt").read_text("utf-8")
    run = subprocess.run([sys.executable, str(folder / "start.py")], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: This pack needs Python 3.55.12 or a later 3.55, and this ")
