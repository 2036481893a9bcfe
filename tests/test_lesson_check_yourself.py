"""The ill files of lesson 7: what ails each, told by other programs, and what the lesson states."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import verdicts_of
from bigimg_lessons.pyramids.downsampling import downsample_mode
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.samples.ill_files import (
    CELLS,
    CELLS_SHAPE,
    CRUMB,
    CRUMBS,
    CRUMBS_SHAPE,
    FLAT,
    FLAT_SHAPE,
    cells,
    write_ill_files,
)
from tests.lesson_cells import cells_of

LESSON = "07_check_yourself"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ill") / "files"
    write_ill_files(folder)
    return folder


def verdicts(path):
    report = with_sample(report_on(path))
    return {each.name for each in verdicts_of(report, costs_of(report))}


def stated(cell):
    return cells_of(LESSON)[cell].states


@pytest.mark.parametrize(
    ("name", "cell", "ills"),
    [
        (FLAT, "flat-inspect", {"no-pyramid", "strips", "voxel-size-unknown", "axes-unknown"}),
        (CELLS, "labels-inspect", {"labels-averaged", "level-without-translation"}),
        (CRUMBS, "crumbs-inspect", {"chunks-too-small"}),
    ],
)
def test_each_file_is_ill_in_its_own_way(files, name, cell, ills):
    assert verdicts(files / name) == ills
    assert stated(cell).count("Read on: lesson") == len(ills)


def test_the_files_are_tiny_and_there_only_once(files):
    every = [each for each in files.rglob("*") if each.is_file()]
    assert sum(each.stat().st_size for each in every) < 36 * 2**20
    with pytest.raises(FileExistsError):
        write_ill_files(files)


def test_a_slice_from_the_side_touches_every_strip(files):
    with tifffile.TiffFile(files / FLAT) as tiff:
        strips = [len(page.dataoffsets) for page in tiff.pages]
        assert tiff.pages[0].tags.get("ImageDescription") is None
        assert tiff.pages[0].tags["ResolutionUnit"].value == 1  # none
    assert strips == [8] * FLAT_SHAPE[0]
    assert f"before, YZ slice: {sum(strips)} requests, 18.0 MiB" in stated("flat-count")
    assert np.prod(FLAT_SHAPE) == 18 * 2**20


def test_labels_of_level_1_are_means_and_those_of_the_remedy_are_not(files):
    full = zarr.open_array(files / CELLS, path="0")[:]
    half = zarr.open_array(files / CELLS, path="1")[:]
    assert full.shape == CELLS_SHAPE
    np.testing.assert_array_equal(full, cells())
    box = full[2:4, 22:24, 16:18]  # on a border: two labels or more
    assert half[1, 11, 8] == round(float(box.mean()))
    assert not np.isin(half, np.unique(full)).all()
    voted = downsample_mode(full, (1, 2, 2))  # voxels are deeper than wide
    told = stated("labels-levels")
    assert f"level 0: {full.shape}, {len(np.unique(full))} labels" in told
    assert f"level 1: {half.shape}, {len(np.unique(half))} labels" in told
    assert "translation" not in told
    assert f"level 1: {voted.shape}, {len(np.unique(voted))} labels" in stated("labels-convert")


def test_crumbs_are_counted(files):
    chunks = [each for each in (files / CRUMBS / "0" / "c").rglob("*") if each.is_file()]
    assert len(chunks) == np.prod([n // c for n, c in zip(CRUMBS_SHAPE, CRUMB, strict=True)])
    assert {each.stat().st_size for each in chunks} == {8**3}
    assert f"{len(chunks) + 2:,} files" in stated("crumbs-files")
    told = stated("crumbs-convert")
    plane = (40, slice(None), slice(None))
    for when, chunk in (("before", CRUMB), ("after", (64, 64, 64))):
        reading = ChunkGrid(CRUMBS_SHAPE, chunk).reading(plane)
        assert f"{when}, XY plane: {reading.requests:,} requests" in told
    assert reading.read == 8 * ChunkGrid(CRUMBS_SHAPE, CRUMB).reading(plane).read


def test_nothing_is_left_to_mend_after_the_lesson():
    for cell in ("flat-convert", "labels-convert", "crumbs-convert"):
        told = stated(cell)
        assert "Level 0: all" in told
        assert "not what they should be" not in told


def test_the_number_of_its_bank_is_what_arithmetic_gives():
    (question,) = [each for each in load_bank(LESSON).questions if each.kind == "number"]
    plane = (64, slice(None), slice(None))
    read = [ChunkGrid((128, 256, 256), (edge,) * 3).reading(plane).read for edge in (8, 64)]
    assert question.answer == read[1] / read[0]


def test_paths_of_the_machine_stand_nowhere_in_the_lesson():
    text = (Path(__file__).parents[1] / "notebooks" / f"{LESSON}.ipynb").read_text("utf-8")
    outputs = json.dumps([cell.get("outputs", []) for cell in json.loads(text)["cells"]])
    assert "/tmp" not in outputs  # noqa: S108
    assert str(Path.home()) not in outputs
