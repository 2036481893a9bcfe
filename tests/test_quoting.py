"""Names in commands that are shown: what a shell makes of them is the name again."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest

from bigimg_lessons.inspection.quoting import quoted, quoting_note

NAMES = [
    "a.tif", "/data/stack.ome.tif", "a b.tif", "a  b.tif", "it's.tif", "a&b;c|d.tif",
    "a(1)[2]{3}.tif",
    "a,b=c+d@e~f^g.tif", "ü µm 日本.zarr", "~", "#a", "*.tif", "a?b", "<b>x</b>.tif", "%PATH%.tif",
    "https://example.org/a%20b.zarr?key=1&other=2#top", "a\nb.tif",
]  # fmt: skip
ALIVE = ["a$HOME.tif", "a`id`.tif", 'a"b.tif', "a\\b.tif", "wow!.tif", "it's $1.tif", "!!"]


@pytest.mark.parametrize("name", [*NAMES, *ALIVE])
def test_a_shell_of_linux_and_macos_reads_the_name_again(name):
    word = quoted(name, platform="linux")
    assert shlex.split(word) == [name]
    assert word == quoted(name, platform="darwin")
    if os.name == "posix":
        done = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True)
        assert done.stdout.decode() == name


def windows_split(line):
    """Return the arguments of a command line by the rules of Microsoft's C runtime.

    learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    """
    words, word, is_inside = [], "", False
    for slashes, mark in re.findall(r"(\\*)(.?)", line, re.DOTALL):
        if mark == '"':
            word += "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                word += '"'
            else:
                is_inside = not is_inside
        elif mark == " " and not is_inside:
            words.append(word + slashes)
            word = ""
        else:
            word += slashes + mark
    return [*words, word]


ON_WINDOWS = [
    "a.tif", "C:\\data\\a.tif", "C:\\my data\\a.tif", "C:\\my data\\a.zarr\\", "a&b^c.tif",
    "it's.tif", "a,b.tif", "@a.tif", "\\\\server\\my share\\a.h5", "https://example.org/a?b=1&c=2",
]  # fmt: skip


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_windows_reads_the_name_again(name):
    word = quoted(name, platform="win32")
    assert windows_split(f"bigimg {word} b.zarr") == ["bigimg", name, "b.zarr"]
    assert quoting_note(name, platform="win32") == ""
    # What cmd, or PowerShell, takes for more than a letter stands between double quotes alone.
    if set(name) & set(" &^,;=@'()|<>"):
        assert word.startswith('"')
        assert word.endswith('"')


@pytest.mark.parametrize("name", NAMES)
def test_usual_names_are_written_alike_for_all_shells(name):
    assert quoted(name, platform="linux") == quoted(name, platform="win32")
    assert quoting_note(name, platform="linux") == ""


@pytest.mark.parametrize("name", ALIVE)
def test_where_no_form_is_that_of_all_shells_it_is_said(name):
    assert "cmd of Windows wants the name between double quotes" in quoting_note(
        name, platform="linux"
    )


def test_powershell_has_letters_of_its_own_between_double_quotes():
    assert quoted("a$b`c.tif", platform="win32") == '"a$b`c.tif"'
    said = "The commands are written for cmd: in PowerShell, write ` before each $ and `."
    assert quoting_note("a$b`c.tif", platform="win32") == said


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_a_name_is_no_option(platform):
    assert quoted("-a.tif", platform=platform) == "./-a.tif"
    assert quoted("--a b.tif", platform=platform) == '"./--a b.tif"'
