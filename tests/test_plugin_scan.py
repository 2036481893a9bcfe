"""What opening an image costs that bioio looks for readers for, counted."""

import re
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pytest
from bioio import BioImage

from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.formats.bdv.writer import write_bdv


@pytest.fixture(scope="module")
def xml(tmp_path_factory):
    """A dataset of BigDataViewer, which was opened before: libraries are loaded."""
    path = tmp_path_factory.mktemp("bdv") / "image.xml"
    voxels = np.arange(8 * 8 * 8, dtype="uint8").reshape(8, 8, 8)
    write_bdv(path, voxels, voxel_size=(1, 1, 1), unit="pixel", progress=False)
    BioImage(path)
    return path


@pytest.fixture
def asked(monkeypatch):
    """List of the distributions whose entry points are asked for, each time that they are."""
    found = []
    read_text = Path.read_text

    def noted(path, *args, **options):
        if path.name == "entry_points.txt":
            found.append(path.parent.name)
        return read_text(path, *args, **options)

    monkeypatch.setattr(Path, "read_text", noted)
    return found


def test_each_opening_reads_the_entry_points_of_all_that_is_installed(xml, asked):
    installed = {
        re.sub(r"[-_.]+", "_", distribution.name).lower() for distribution in distributions()
    }
    for _ in range(2):  # again each time: nothing is kept
        asked.clear()
        BioImage(xml)
        names = {re.sub(r"[-_.]+", "_", folder.partition("-")[0]).lower() for folder in asked}
        assert names == installed
        assert len(asked) == len(installed)


@pytest.mark.parametrize("options", [{"use_plugin_cache": True}, {"reader": Reader}])
def test_a_kept_list_or_a_named_reader_reads_none(xml, asked, options):
    image = BioImage(xml, **options)
    assert image.shape == (1, 1, 8, 8, 8)
    assert asked == []


def test_the_reader_says_so():
    said = " ".join(Reader.__doc__.split())
    assert "the entry points of every installed package" in said
    assert "``reader=Reader``, or ``use_plugin_cache=True``" in said
