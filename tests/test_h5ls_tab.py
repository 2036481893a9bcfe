"""Lesson 3 shows what h5ls prints; here the real tool prints it again."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest

from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.samples.volume import DEFAULT_SHAPE, VOXEL_SIZE

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "03_look_inside_bdv_hdf5.ipynb"


def shown():
    """Commands and the outputs that the lesson shows for them."""
    text = "\n".join(cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells)
    return re.findall(r"```console\n\$ (h5ls .+)\n([^`]+)```", text)


def without_places(output):
    """Drop what differs between versions of h5ls: where things lie, how the file was opened."""
    lines = [" ".join(line.split()) for line in output.strip().splitlines()]
    return [line for line in lines if not re.match(r"Location:|Opened", line)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if shutil.which("h5ls") is None:
        pytest.skip("h5ls is not installed (hdf5-tools)")
    folder = tmp_path_factory.mktemp("h5ls")
    empty = np.broadcast_to(np.uint8(0), DEFAULT_SHAPE)
    write_bdv(folder / "tissue.xml", empty, voxel_size=VOXEL_SIZE, gzip_level=None, progress=False)
    return folder


def test_the_lesson_shows_four_commands():
    assert len(shown()) == 4


@pytest.mark.parametrize(("command", "output"), shown())
def test_h5ls_prints_what_the_lesson_shows(folder, command, output):
    done = subprocess.run(
        command.split(), cwd=folder, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert without_places(done.stdout) == without_places(output)
