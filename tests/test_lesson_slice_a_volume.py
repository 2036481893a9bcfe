"""Lesson 0: the numbers of its questions are worked out again, and its claims about tools hold."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bioio import BioImage

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import NumberQuestion

BANK = "00_slice_a_volume"
CELLS = nbformat.read(Path(__file__).parents[1] / "notebooks" / f"{BANK}.ipynb", as_version=4).cells
SOURCES = {cell.id: cell.source for cell in CELLS}
PRINTED = {
    cell.id: "".join(output.text for output in cell.outputs)
    for cell in CELLS
    if cell.cell_type == "code"
}
NUMBERS = {q.id: q for q in load_bank(BANK).questions if isinstance(q, NumberQuestion)}


def virtual(shape, dtype):
    """An array that takes no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def counted(identifier):
    """Work a number of the bank out, from what its question says."""
    if identifier == "slice-bytes":
        return virtual((40, 1500, 2000), "uint16")[:, 500].nbytes
    if identifier == "predict-xz-pixels":
        return virtual((120, 300, 400), "uint8")[:, 20].size
    if identifier == "cubes-planes":  # the middles of cubes within the 50 µm
        middles = (np.arange(10_000) + 0.5) * 0.25
        return np.count_nonzero(middles < 50 * 1.0)
    if identifier == "known-ball":  # as high as wide, and 32 planes share the height
        return 80 * 0.1e-6 / 32
    if identifier == "resampled-bytes":
        return int(re.search(r"resampled .* ([\d,]+) bytes", PRINTED["ways"])[1].replace(",", ""))
    return int(re.search(r"XZ: 60 × (\d+) pixels", PRINTED["ball"])[1])  # ball-height


@pytest.mark.parametrize("identifier", NUMBERS)
def test_the_numbers_of_the_questions_are_right(identifier):
    assert NUMBERS[identifier].answer == pytest.approx(counted(identifier))


def test_predictions_stand_before_the_cell_that_measures_them():
    order = list(SOURCES)
    predictions = [q.id for q in load_bank(BANK).questions if q.kind == "predict"]
    assert predictions == ["predict-xz-pixels", "resampled-bytes", "ball-height"]
    for identifier in predictions:
        (asked,) = (c for c in order if f'questions=["{identifier}"]' in SOURCES[c])
        (measured,) = (c for c in order if f'measure("{identifier}"' in SOURCES[c])
        assert order.index(asked) < order.index(measured)


def test_the_lines_of_the_python_tab_cut_what_they_say():
    lines = re.findall(r"image\.get_image_data\(.*?\)(?=\s+# (\w+))", SOURCES["tabs"])
    assert lines == ["XY", "XZ", "YZ"]
    image = BioImage(np.zeros((1, 1, 30, 40, 50), "uint8"))
    shapes = [
        image.get_image_data(axes, T=0, C=0, **{fixed: int(index)}).shape
        for axes, fixed, index in re.findall(
            r'get_image_data\("(\w+)", T=0, C=0, (\w)=(\d+)\)', SOURCES["tabs"]
        )
    ]
    assert shapes == [(40, 50), (30, 50), (40, 30)]


def test_the_questions_say_of_the_axes_what_bioio_does():
    fourth = BioImage(np.zeros((2, 3, 30, 40, 50), "uint8")).dask_data[:, :, :, 10, :]
    assert fourth.shape == (2, 3, 30, 50)
    (order,) = (q for q in load_bank(BANK).questions if q.id == "axes-in-order")
    assert "".join(item[0] for item in order.solutions) == BioImage(np.zeros((2, 2))).dims.order
