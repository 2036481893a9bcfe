"""Lesson 5: its predictions are worked out again, and its tables hold what they are said to."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tifffile
import zarr

from bigimg_lessons.formats.references import reference_store, tiff_references
from bigimg_lessons.measure.format_reads import recorded_format_reads
from bigimg_lessons.measure.reader_answers import reader_answers, readers_by_format
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import NumberQuestion

BANK = "05_compare_file_formats"
ROOT = Path(__file__).parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / f"{BANK}.ipynb", as_version=4).cells
SOURCES = {cell.id: cell.source for cell in CELLS}
PRINTED = {
    cell.id: "".join(output.get("text", "") for output in cell.outputs)
    for cell in CELLS
    if cell.cell_type == "code"
}
PREDICTIONS = {q.id: q for q in load_bank(BANK).questions if q.kind == "predict"}
SHAPE = (128, 512, 512)
SHOWN = readers_by_format(reader_answers())


def pieces(shape: tuple[int, ...], piece: tuple[int, ...]) -> int:
    """Count the pieces that a box of this shape, which starts where a piece starts, is made of."""
    return prod(-(-n // p) for n, p in zip(shape, piece, strict=True))


@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("predict-files", pieces(SHAPE, (64, 64, 64))),
        ("predict-tiled-yz", pieces((128, 512, 1), (1, 128, 128))),
    ],
)
def test_predictions_are_right_and_stand_before_what_measures_them(
    identifier: str, answer: int
) -> None:
    question = PREDICTIONS[identifier]
    assert isinstance(question, NumberQuestion)
    assert question.answer == answer
    order = list(SOURCES)
    (asked,) = (c for c in order if f'questions=["{identifier}"]' in SOURCES[c])
    (measured,) = (c for c in order if f'measure("{identifier}"' in SOURCES[c])
    assert order.index(asked) < order.index(measured)


def test_every_prediction_of_the_bank_is_asked() -> None:
    assert set(PREDICTIONS) == {"predict-files", "predict-tiled-yz"}


def test_the_requests_that_are_printed_follow_from_the_pieces_that_a_slice_goes_through() -> None:
    """Those of slices: where a cube begins is a choice of the lesson."""
    piece = {"TIFF": (1, 64, 512), "OME-TIFF": (1, 128, 128)}
    _, *rows = PRINTED["predicted"].splitlines()[:-2]
    assert len(rows) == 13
    for row in rows:
        name, xy, xz, yz, _ = re.split(r"\s{2,}", row)
        cut = piece.get(name.removeprefix("virtual, "), (64, 64, 64))
        slices = [(1, 512, 512), (128, 1, 512), (128, 512, 1)]
        chunks = [pieces(shape, cut) for shape in slices]
        shards = [pieces(shape, (128, 128, 128)) for shape in slices]
        if name == "0.5, shards":  # and the index of each shard
            chunks = [c + s for c, s in zip(chunks, shards, strict=True)]
        assert [int(n.replace(",", "")) for n in (xy, xz, yz)] == chunks, name


def test_references_list_each_strip_tile_or_chunk_of_level_0() -> None:
    printed = PRINTED["references"]
    found = re.findall(r"^virtual, (\S+) +([\d,]+) chunks of level 0", printed, re.M)
    assert {name: int(count.replace(",", "")) for name, count in found} == {
        "TIFF": pieces(SHAPE, (1, 64, 512)),
        "OME-TIFF": pieces(SHAPE, (1, 128, 128)),
        "HDF5": pieces(SHAPE, (64, 64, 64)),
        "Imaris": pieces(SHAPE, (64, 64, 64)),
    }
    assert printed.endswith("the first strip of plane 1: True\n")


def test_the_counts_are_those_that_were_predicted() -> None:
    last = PRINTED["predicted"].splitlines()[-2:]
    assert last == [
        "counted exactly as predicted: 44 of 44",
        "HDF5 and Imaris, 0 to 40 more: True",
    ]


def test_references_to_a_file_that_was_moved_or_written_anew_do_what_the_box_says(
    tmp_path: Path,
) -> None:
    path = tmp_path / "stack.tif"
    options = {"imagej": True, "metadata": {"axes": "ZYX"}, "rowsperstrip": 16}
    image = np.random.default_rng(0).integers(1, 256, (4, 64, 64), "uint8")
    tifffile.imwrite(path, image, **options)
    array = zarr.open_array(reference_store(tiff_references(path), path), mode="r")
    np.testing.assert_array_equal(array[:], image)
    tifffile.imwrite(path, image[:, ::-1], **options)
    np.testing.assert_array_equal(array[:], image[:, ::-1])
    path.rename(tmp_path / "moved.tif")
    with pytest.raises(RuntimeError, match="failed to fetch"):
        array[:]


def test_minutes_of_a_terabyte_follow_from_the_line() -> None:
    """A line of 125 MB/s, on which ten requests wait 0.5 ms together."""
    pattern = r"YZ slice of (.+?) +([\d,]+) requests, +([\d.]+) (.iB), +([\d.]+) minutes"
    printed = re.findall(pattern, PRINTED["plan"])
    assert [name for name, *_ in printed] == ["strips", "cubes of 64³"]
    for (_, count, size, unit, minutes), cut in zip(
        printed, [(1, 64, 16_384), (64, 64, 64)], strict=True
    ):
        requests = pieces((4096, 16_384, 1), cut)
        nbytes = requests * prod(cut)
        assert int(count.replace(",", "")) == requests
        assert float(size) * {"GiB": 2**30, "TiB": 2**40}[unit] == nbytes
        seconds = requests / 10 * 0.0005 + nbytes / 125e6
        assert float(minutes) == pytest.approx(seconds / 60, abs=0.051)


def test_what_two_processes_write_at_once_is_whole() -> None:
    rows = re.findall(r"^(\w+) +(\d+) files .*, all voxels right: (\w+)$", PRINTED["at-once"], re.M)
    cubes, shards = (pieces(SHAPE, (n, n, n)) for n in (64, 128))
    assert rows == [
        ("n5", str(cubes), "True"),
        ("zarr", str(cubes), "True"),
        ("shards", str(shards), "True"),
    ]
    assert PRINTED["at-once"].endswith("refused to both: True\n")


def test_who_is_right_is_what_the_reader_matrix_says() -> None:
    """As the page has it: right is who tells voxels, levels and voxel size."""
    page = (ROOT / "book" / "tables" / "readers.md").read_text(encoding="utf-8")
    sections = re.split(r"^\*\*(.+)\*\*$", page, flags=re.M)[1:]
    assert sections[::2] == [row["format"] for row in SHOWN]
    for row, section in zip(SHOWN, sections[1::2], strict=True):
        told = re.findall(r"^\| (\S+) [\d.]+ \| (.+?) \| (.*?) \| (.*?) \|", section, re.M)
        right = [reader for reader, *facts in told if facts == ["yes", "yes", "yes"]]
        assert (row["right"] or "").split(", ") == (sorted(right) or [""]), row["format"]
        others = {reader for reader, *_ in told} - set(right)
        groups = filter(None, (row["not"] or "").split("; "))
        assert sorted(", ".join(g.partition(":")[0] for g in groups).split(", ")) == (
            sorted(others) or [""]
        )


def test_as_many_readers_are_right_about_ome_zarr_as_the_guide_says() -> None:
    rows = {row["format"]: (row["right"] or "").split(", ") for row in SHOWN}
    words = {6: "six", 2: "two"}
    four, five, six = (words[len(rows[f"OME-Zarr 0.{n}"])] for n in (4, 5, 6))
    assert four == five
    text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", SOURCES["compress-explained"])
    assert f"readers above {four} are right about 0.4 and 0.5, and {six} about 0.6" in text


def test_what_was_counted_beforehand_is_dated_in_the_text() -> None:
    dates = {run.date[:7] for run in recorded_format_reads()}
    assert dates == {"2026-11"}
    assert "counted beforehand, in November 2026" in SOURCES["predicted-explained"]


def test_what_an_ozx_costs_is_what_its_page_says() -> None:
    page = (ROOT / "book" / "open_ome_zarr.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| one shard, .*Python 3\.11, zarr 3\.1\.6 .*", page, re.M)
    assert "**136 MiB**" in row
    assert "the file has 4.0 MiB" in page
    assert "136 MiB for an XY plane of a 4 MiB file (Python 3.11, zarr 3.1.6)" in SOURCES["writers"]


def test_it_is_no_longer_than_it_may_be() -> None:
    prose = " ".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    words = re.findall(r"\S*\w\S*", re.sub(r"\(\S+?\)", "", prose))
    assert len(words) <= 1800
