"""Files to diagnose: their exhibits are what programs print, and the answers follow from them."""

from __future__ import annotations

import math
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from zarr.storage import ObjectStore

from bigimg_lessons import build_pyramid
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.exercises.lesson_06b import EXERCISES
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import verdicts_of
from bigimg_lessons.questions.bank import bank_names, load_bank
from tests import exhibits

QUESTIONS = {
    (bank, question.id): question
    for bank in bank_names()
    for question in load_bank(bank).questions
    if question.exhibit and not question.counted
}
SPACING = ("00_slice_a_volume", "diagnose-spacing")
ALL = slice(None)


def exhibit_of(name: str) -> str:
    (question,) = (question for (_, found), question in QUESTIONS.items() if found == name)
    return question.exhibit


def right_options(name: str) -> list[str]:
    (question,) = (question for (_, found), question in QUESTIONS.items() if found == name)
    return [option.text for option in question.options if option.right]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def test_every_exhibit_has_a_file() -> None:
    assert set(exhibits.MAKERS) == set(QUESTIONS)


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_an_exhibit_fits_a_phone_and_says_what_is_left_out(name: tuple[str, str]) -> None:
    question = QUESTIONS[name]
    lines = question.exhibit.splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) <= 20
    explained = "… stands for lines left out" in question.text
    assert explained == (exhibits.LEFT_OUT in lines)


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {SPACING}))
def test_programs_print_what_the_exhibit_shows(
    name: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = exhibits.MAKERS[name](tmp_path)
    monkeypatch.chdir(tmp_path)
    for command, shown in exhibits.entries(QUESTIONS[name].exhibit):
        printed = exhibits.printed_by(command, names)
        assert exhibits.agrees(shown, printed), f"{command}{printed}"


def test_imagej_says_what_the_exhibit_shows(tmp_path: Path) -> None:
    exhibits.beads(tmp_path)
    printed = exhibits.imagej_info(tmp_path / "beads.tif")
    assert exhibits.agrees(QUESTIONS[SPACING].exhibit, printed), printed


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n\n", True),
        ("a\n…\nd", "a\nb\nc\nd\n", True),
        ("…\nb", "a \nb\n", True),
        ("a\n…", "a\n", False),  # nothing was left out
        ("a\nc", "a\nb\nc\n", False),
        ("a\n…\nd", "a\nb\nc\n", False),
        ("a.c", "abc\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_what_is_shown_is_held_against_what_is_printed(
    shown: str, printed: str, same: bool
) -> None:
    assert exhibits.agrees(shown, printed) is same


def test_an_exhibit_is_read_command_by_command() -> None:
    text = "$ one -v\na\n  b\n>>> for x in y:\n...     x\nc\n>>> z = 1\n$ two\n…"
    assert list(exhibits.entries(text)) == [
        ("$ one -v\n", "a\n  b\n"),
        (">>> for x in y:\n...     x\n", "c\n"),
        (">>> z = 1\n", ""),
        ("$ two\n", "…\n"),
    ]
    with pytest.raises(AssertionError, match="begins with no command"):
        list(exhibits.entries("a\n$ one"))


# ---- The answers, from what the exhibit shows


def test_of_the_ball_only_the_depth_of_a_voxel_is_wrong() -> None:
    ball, pixels, planes = 6, 60, 12  # µm, and how many it covers: the question's text
    assert numbers(QUESTIONS[SPACING].text)[:3] == [ball, pixels, planes]
    x, y, z = numbers(re.search(r"Voxel size: (.+) micron", exhibit_of("diagnose-spacing"))[1])
    assert math.isclose(pixels * x, ball)
    assert x == y
    assert not math.isclose(planes * z, ball)
    assert not math.isclose(pixels * 2 * x, ball)  # "write 0.2 µm for X and Y"
    assert planes * 80 / 40 * (z * 40 / 80) == planes * z  # in 80 planes it is as deep as before
    (right,) = right_options("diagnose-spacing")
    assert numbers(right) == [ball / planes]


def test_only_tiles_make_a_corner_cheaper_than_a_plane(tmp_path: Path) -> None:
    exhibits.one_strip(tmp_path)
    with tifffile.TiffFile(tmp_path / "stack.tif") as tiff:
        page = tiff.pages[0].aspage()
        assert len(page.dataoffsets) == 1
        strip, dtype, planes = (1, *page.shape), page.dtype, len(tiff.pages)
    shape = (planes, *page.shape)
    corner, plane = (0, slice(0, 512), slice(0, 512)), (0, ALL, ALL)
    for given in (
        ChunkGrid(shape, strip, dtype, edges="cut"),
        ChunkGrid(strip, strip, dtype, edges="cut"),  # each plane a file
        ChunkGrid(shape, strip, "uint8", edges="cut"),
    ):
        assert given.reading(corner).read == given.reading(plane).read
    tiles = ChunkGrid(shape, (1, 256, 256), dtype)
    assert tiles.reading(plane).read == 256 * tiles.reading(corner).read
    (right,) = right_options("diagnose-one-strip")
    assert "in tiles" in right


def test_only_larger_chunks_make_fewer_files() -> None:
    exhibit = exhibit_of("diagnose-tiny-chunks")
    shape, chunks = (
        tuple(map(int, numbers(re.search(rf"{what} +: (.+)", exhibit)[1])))
        for what in ("Shape", "Chunk shape")
    )
    grid = ChunkGrid(shape, chunks, "uint16")
    assert grid.file_count == int(exhibit.splitlines()[-1])
    assert grid.chunk_bytes == 512
    assert ChunkGrid(shape, chunks, "uint8").file_count == grid.file_count
    for better in (
        ChunkGrid(shape, (64, 64, 64), "uint16"),
        ChunkGrid(shape, chunks, "uint16", shard_shape=(1, 1024, 1024)),
    ):
        assert better.file_count < grid.file_count / 500
    assert "Zstd" in exhibit
    (right,) = right_options("diagnose-tiny-chunks")
    assert "larger" in right


def test_of_the_flat_hdf5_chunks_and_levels_are_wrong(tmp_path: Path) -> None:
    exhibits.flat_hdf5(tmp_path)
    with h5py.File(tmp_path / "image.h5") as file:
        cells = file["t00000/s00/0/cells"]
        grid = ChunkGrid(cells.shape, cells.chunks, cells.dtype)
        assert (list(file["t00000/s00"]), len(file["s00/resolutions"])) == (["0"], 1)
        assert cells.dtype == "uint16"
    assert grid.reading((ALL, ALL, 700)).read == grid.reading((ALL, ALL, ALL)).read
    assert grid.reading((100, ALL, ALL)).amplification == 1
    assert right_options("diagnose-flat-hdf5") == [
        "Its chunks are whole planes.",
        "It has level 0 only.",
    ]
    assert cells_of_a_bdv_file(tmp_path).shape == (3, 4, 5)  # Z comes first


def cells_of_a_bdv_file(folder: Path) -> np.ndarray:
    """Write an image of 3 planes, 4 rows and 5 columns as BDV-HDF5; return its level 0."""
    build_pyramid(
        np.ones((3, 4, 5), "uint16"),
        folder / "small.xml",
        voxel_size=(1, 1, 1),
        unit="µm",
        progress=False,
    )
    with h5py.File(folder / "small.h5") as file:
        return file["t00000/s00/0/cells"][:]


def test_only_level_two_lacks_its_translation(tmp_path: Path) -> None:
    exhibits.without_translation(tmp_path)
    image = zarr.open_group(tmp_path / "image.ome.zarr").attrs["ome"]["multiscales"][0]
    scales, translations = (
        np.array([level["coordinateTransformations"][n][what] for level in image["datasets"]])
        for n, what in enumerate(("scale", "translation"))
    )
    # The centre of the first f voxels of level 0, which begin at 0.
    centres = np.array(
        [
            [
                (voxel * np.arange(round(factor))).mean()
                for voxel, factor in zip(*level, strict=True)
            ]
            for level in zip([scales[0]] * 3, scales / scales[0], strict=True)
        ]
    )
    right = np.isclose(translations, centres).all(axis=1)
    np.testing.assert_array_equal(right, [True, True, False])
    (answer,) = right_options("diagnose-translation")
    np.testing.assert_allclose(numbers(answer)[1:], centres[2])


def test_the_ome_zarr_lacks_levels_and_voxel_size_and_nothing_else(tmp_path: Path) -> None:
    exhibits.bare_ome_zarr(tmp_path)
    report = report_on(tmp_path / "image.ome.zarr")
    assert report.version == "0.5"
    assert {verdict.name for verdict in verdicts_of(report, costs_of(report))} == {
        "no-pyramid",
        "units-missing",  # the numbers of `scale` are there, and nobody knows what they count
    }
    assert right_options("diagnose-ome-zarr") == [
        "It has no coarser levels.",
        "It does not say how large a voxel is.",
    ]


def test_an_object_is_missing_and_reads_as_black_without_a_word(tmp_path: Path) -> None:
    bucket = exhibits.bucket(tmp_path)["bucket"]
    level = zarr.open_array(ObjectStore(bucket, read_only=True), path="image.ome.zarr/3", mode="r")
    assert level.cdata_shape == (1, 2, 2)
    named = {f"image.ome.zarr/3/c/0/{y}/{x}" for y in range(2) for x in range(2)}
    (missing,) = named - set(exhibit_of("diagnose-bucket").split())
    assert (
        f"`{missing.removeprefix('image.ome.zarr/3/')}` is missing"
        in QUESTIONS[("06a_far_away", "diagnose-bucket")].explanation
    )
    assert not level[:, 256:, :256].any()
    assert level[:, :256].all()
    assert math.prod(level.chunks) * level.dtype.itemsize == 2 * 2**20


def test_only_whole_shards_lose_nothing() -> None:
    exhibit = exhibit_of("diagnose-shards")
    shard, chunk = (
        np.array(numbers(re.search(rf"{what} shape +: (.+)", exhibit)[1]), int)
        for what in ("Shard", "Chunk")
    )
    half = shard // 2  # the 128³ of a wrong answer
    assert [np.prod(shard // edges) for edges in (chunk, half, shard)] == [64, 8, 1]
    lost = [
        EXERCISES["mend-block-shape"].run(edges)["lost voxels"]
        for edges in (
            lambda chunks, shards: tuple(n // 4 for n in shards),
            lambda chunks, shards: tuple(n // 2 for n in shards),
            lambda chunks, shards: shards,
        )
    ]
    assert lost == [64**3 * 63 // 64, 64**3 * 7 // 8, 0]
    (right,) = right_options("diagnose-shards")
    assert "whole shards" in right
