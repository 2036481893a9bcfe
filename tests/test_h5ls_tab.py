"""Lesson 3 shows what h5ls prints; here the real tool prints it again."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest

from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.samples.volume import DEFAULT_SHAPE, VOXEL_SIZE

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "03_look_inside_bdv_hdf5.ipynb"


def shown():
    """Commands and the outputs that the lesson shows for them."""
    text = "\n".join(cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells)
    return re.findall(r"```console\n\$ (h5ls .+)\n([^`]+)```", text)


def without_places(output):
    """Drop what differs between versions of HDF5: where things lie, how the file was opened."""
    return [line for line in output.splitlines() if not re.match(r" *Location:|Opened", line)]


def without_spaces(lines):
    """Join what versions of h5ls put into columns of another width."""
    return [" ".join(line.split()) for line in lines if line.strip()]


def is_the_version_of_the_tab():
    checks = tomllib.loads((ROOT / "book" / "checked_tabs.toml").read_text(encoding="utf-8"))
    said = subprocess.run(["h5ls", "--version"], capture_output=True, text=True, check=True).stdout
    checked = checks[NOTEBOOK.stem]["h5ls (command line)"]["with"]
    return said.strip() == checked.replace("h5ls ", "h5ls: Version ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if shutil.which("h5ls") is None:
        pytest.skip("h5ls is not installed (hdf5-tools)")
    folder = tmp_path_factory.mktemp("h5ls")
    empty = np.broadcast_to(np.uint8(0), DEFAULT_SHAPE)
    options = {"chunk_shape": (64, 64, 64), "gzip_level": None}
    (cell,) = (cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.id == "write")
    assert f"in_cubes = {options}\n".replace("'", '"') in cell.source
    write_bdv(folder / "tissue.xml", empty, voxel_size=VOXEL_SIZE, **options, progress=False)
    return folder


def test_the_lesson_shows_four_commands():
    assert len(shown()) == 4


@pytest.mark.parametrize(("command", "output"), shown())
def test_h5ls_prints_what_the_lesson_shows(folder, command, output):
    done = subprocess.run(
        command.split(), cwd=folder, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    printed, expected = without_places(done.stdout), without_places(output)
    if is_the_version_of_the_tab():
        assert printed == expected
    assert without_spaces(printed) == without_spaces(expected)
