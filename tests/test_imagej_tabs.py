"""The tabs of ImageJ: what they say of its commands, asked of ImageJ itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import nbformat
import numpy as np
import pytest
import tifffile

from tests.imagej import missing, run_macro, screen
from tests.imagej_pictures import PICTURES

ROOT = Path(__file__).parents[1]
SHAPE = (20, 40, 50)
MIB = 2**20


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    if lacking := missing():
        pytest.skip(f"ImageJ on a hidden screen needs: {', '.join(lacking)}")
    with screen() as name:
        yield name


def write(path: Path, shape: tuple[int, int, int], *, pixel: float = 0, depth: float = 0) -> None:
    """A stack for ImageJ; a size that is 0 is not stated."""
    tifffile.imwrite(
        path,
        np.zeros(shape, np.uint8),
        imagej=True,
        resolution=(1 / pixel, 1 / pixel) if pixel else None,
        metadata={"axes": "ZYX"}
        | ({"unit": "um"} if pixel else {})
        | ({"spacing": depth} if depth else {}),
    )


def test_voxels_and_slices_are_as_the_tab_of_lesson_0_says(display: str, tmp_path: Path) -> None:
    write(tmp_path / "nothing.tif", SHAPE)
    write(tmp_path / "width.tif", SHAPE, pixel=0.1)
    write(tmp_path / "full.tif", SHAPE, pixel=0.1, depth=0.3)
    said = run_macro(
        f"""
        function voxel(name) {{
          open("{tmp_path}/" + name);
          getVoxelSize(width, height, depth, unit);
          answer = answer + name + " " + width + " " + height + " " + depth + " " + unit + "\\n";
        }}
        function reslice(options) {{
          selectWindow("full.tif");
          run("Reslice [/]...", "output=0.1 " + options);
          answer = answer + options + " " + getWidth() + " " + getHeight() + " " + nSlices + "\\n";
          close();
        }}
        voxel("nothing.tif");
        voxel("width.tif");
        voxel("full.tif");
        reslice("start=Top avoid"); reslice("start=Top"); reslice("start=Left avoid");
        makeLine(5, 5, 40, 30);
        reslice("slice_count=1 avoid");
        """,
        tmp_path,
        display,
    ).splitlines()
    assert said == [
        # Where the file has no depth, it is 1.
        "nothing.tif 1 1 1 pixels",
        "width.tif 0.1 0.1 1 µm",
        "full.tif 0.1 0.1 0.3 µm",
        # Recorded rows, or as many as the depth of 19 steps of 0.3 has pixels of 0.1.
        "start=Top avoid 50 20 40",
        "start=Top 50 59 40",
        "start=Left avoid 40 20 50",
        # The line is 43.01 pixels long.
        "slice_count=1 avoid 43 20 1",
    ]


@pytest.mark.parametrize(("depth", "pixels"), [(0.3, 60), (0.1, 20)])
def test_orthogonal_views_have_the_proportions_that_the_properties_state(
    depth: float, pixels: int, display: str, tmp_path: Path
) -> None:
    write(tmp_path / "stack.tif", SHAPE, pixel=0.1, depth=0.3)
    said = run_macro(
        f"""
        open("{tmp_path}/stack.tif");
        run("Properties...", "channels=1 slices=20 frames=1 pixel_width=0.1 pixel_height=0.1 "
            + "voxel_depth={depth}");
        doCommand("Orthogonal Views");
        while (nImages < 3) wait(50);
        selectWindow("XZ 20");
        answer = "" + getWidth() + " " + getHeight();
        selectWindow("YZ 25");
        answer = answer + ", " + getWidth() + " " + getHeight();
        """,
        tmp_path,
        display,
    )
    assert said == f"50 {pixels}, {pixels} 40"


def test_a_virtual_stack_is_read_as_the_tab_of_lesson_1_says(display: str, tmp_path: Path) -> None:
    """By planes of 1 MiB; from the side twice as a whole, once for XZ and once for YZ."""
    planes = 64
    write(tmp_path / "stack.tif", (planes, 1024, 1024), pixel=0.1, depth=0.3)
    said = run_macro(
        f"""
        function count() {{
          answer = answer + exec("sh", "-c", "grep rchar /proc/$PPID/io");
        }}
        count();
        run("TIFF Virtual Stack...", "open=[{tmp_path}/stack.tif]"); count();
        answer = answer + "virtual: " + is("Virtual Stack") + "\\n";
        setSlice(11); count();
        setSlice(12); count();
        doCommand("Orthogonal Views");
        while (nImages < 3) wait(50);
        count();
        """,
        tmp_path,
        display,
    )
    assert "virtual: 1\n" in said
    # Of all that the process reads; Java loads its own classes, most of them to open the first.
    start, opened, first, second, side = map(int, re.findall(r"rchar: (\d+)", said))
    assert MIB <= opened - start < 16 * MIB
    assert MIB <= first - opened < 2 * MIB
    assert MIB <= second - first < 2 * MIB
    assert 2 * planes * MIB <= side - second < (2 * planes + 8) * MIB


def shown() -> dict[str, tuple[str, str]]:
    """Of the pictures of ImageJ in the lessons: the lesson, and the caption."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for alt, name, caption in re.findall(
                r'^!\[(.+)\]\(\.\./book/figures/(imagej_\w+)\.webp "(.+)"\)$', cell.source, re.M
            ):
                assert len(alt) > 40
                found[name] = (path.stem, caption)
    return found


def test_every_picture_is_small_and_shown_in_one_lesson() -> None:
    files = {path.stem: path for path in (ROOT / "book" / "figures").glob("imagej_*")}
    assert set(files) == set(PICTURES) == set(shown())
    for path in files.values():
        assert path.stat().st_size <= 60_000
        height, width = imagecodecs.webp_decode(path.read_bytes()).shape[:2]
        assert 400 < height < width < 900


@pytest.mark.parametrize("name", PICTURES)
def test_a_caption_says_what_the_volume_is_and_which_imagej_it_was_when(name: str) -> None:
    checks = tomllib.loads((ROOT / "book" / "checked_tabs.toml").read_text(encoding="utf-8"))
    lesson, caption = shown()[name]
    check = checks[lesson]["ImageJ / Fiji"]
    assert "synthetic" in caption
    when = f"{check['date']:%d %B %Y}".removeprefix("0")
    assert caption.endswith(f", in {check['with']} on {when}.")
