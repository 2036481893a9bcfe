"""What lesson 2 claims outside its checked outputs, and that it runs on volumes of other sizes."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import tifffile

from bigimg_lessons.chunks import ChunkGrid
from bigimg_lessons.sample_data import data_folder
from bigimg_lessons.timing import time_in_turn

ROOT = Path(__file__).parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / "02_store_in_pieces.ipynb", as_version=4).cells
SLICE = (slice(None), slice(None), 5)


def test_the_diagram_counts_right():
    svg = ET.fromstring((ROOT / "book" / "figures" / "two_cuts.svg").read_bytes())  # noqa: S314
    words = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    for chunk in ((1, 8, 8), (2, 2, 2)):
        grid = ChunkGrid((8, 8, 8), chunk)
        touched = grid.reading(SLICE).chunks
        assert f"{touched} of {grid.chunk_count} pieces read" in words


def run(monkeypatch, tmp_path, shape):
    """Run the lesson's code, without its widgets, on a stack of random pixels; return its names."""
    path = tmp_path / "own.tif"
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    monkeypatch.setenv("BIGIMG_DATASET", str(path))
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path / "data"))
    names = {}
    with mpl.rc_context({"backend": "agg"}):
        for cell in CELLS:
            if cell.cell_type != "code" or "hide-input" in cell.metadata.get("tags", []):
                continue
            exec(compile(cell.source, cell.id, "exec"), names)  # noqa: S102 (our own cells)
            if cell.id == "setup":
                # One run of each is enough here: what is timed matters, not how long it takes.
                monkeypatch.setitem(
                    names,
                    "time_in_turn",
                    lambda actions, **options: time_in_turn(
                        actions, **options | {"repeats": 1, "progress": False}
                    ),
                )
    names["plt"].close("all")
    return names


@pytest.mark.parametrize("shape", [(20, 70, 150), (5, 300, 40)])
def test_it_runs_on_smaller_volumes(monkeypatch, tmp_path, capsys, shape):
    names = run(monkeypatch, tmp_path, shape)
    expected = tuple(min(size, 256) for size in shape)
    assert names["shape"] == expected
    assert data_folder() / "lesson_02" == names["folder"]
    printed = capsys.readouterr().out
    assert "This volume is smaller than the text says" in printed
    counted, wanted = re.search(r"(\d+) of (\d+) as predicted", printed).groups()
    assert counted == wanted == "32"
