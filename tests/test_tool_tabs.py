"""The tabs of the lessons: the code for Python runs, and every tab says how it was checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage
from bs4 import BeautifulSoup

from bigimg_lessons import build_pyramid
from bigimg_lessons.formats.bdv.writer import write_bdv
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
CHECKS = tomllib.loads((ROOT / "book" / "checked_tabs.toml").read_text(encoding="utf-8"))
SHAPE = (176, 520, 520)  # as the tabs name plane 100, row 512, and plane 20 of level 3


def tabs(lesson: str) -> dict[str, str]:
    """The tabs of a tool, by their labels."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    sets = re.findall(r"^::::\{tab-set\}\n:sync-group: tool\n(.*?)^::::$", text, re.M | re.S)
    return dict(re.findall(r"^:::\{tab-item\} (.+?)\n(.*?)^:::$", "\n".join(sets), re.M | re.S))


LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if tabs(path.stem)]
CODE = [
    pytest.param(block, id=f"{lesson}-{number}")
    for lesson in LESSONS
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", tabs(lesson).get("Python (bioio)", ""), re.S)
    )
]


def test_every_tab_has_an_entry_and_every_entry_a_tab() -> None:
    assert {lesson: set(tabs(lesson)) for lesson in LESSONS} == {
        lesson: set(entries) for lesson, entries in CHECKS.items()
    }
    for entries in CHECKS.values():
        for check in entries.values():
            assert {*check} in ({"how"}, {"how", "with", "date"}), check


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stack") / "stack.tif"
    tifffile.imwrite(
        path,
        np.zeros(SHAPE, np.uint8),
        imagej=True,
        resolution=(25, 25),
        metadata={"axes": "ZYX", "spacing": 0.04, "unit": "um"},
    )
    return path


@pytest.mark.parametrize("block", CODE)
def test_the_code_for_python_runs(
    block: str, stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder with the files that it reads, and the names of the lesson around it."""
    monkeypatch.chdir(tmp_path)
    image = BioImage(stack, chunk_dims=["Y", "X"])
    for name in re.findall(r'(?:BioImage|open_array)\("([^"/]+)', block):
        if name == stack.name:
            Path(name).write_bytes(stack.read_bytes())
        else:
            build_pyramid(image, name, progress=False)
    names: dict[str, Any] = {
        "BioImage": BioImage, "build_pyramid": build_pyramid, "write_bdv": write_bdv,
        "zarr": zarr, "plt": plt, "path": stack, "image": image, "labels": image,
        "pixels": np.zeros((256, 256, 256), np.uint8), "xz_slice": np.zeros((9, 9)),
    }  # fmt: skip
    exec(block, names)  # noqa: S102 - the code of the tab
    plt.close("all")


def test_the_levels_that_bioio_tells_of_an_ome_tiff_are_those_that_the_tab_says(
    tmp_path: Path,
) -> None:
    path = tmp_path / "image.ome.tif"
    image = np.zeros((8, 600, 600), np.uint8)
    build_pyramid(image, path, axes="ZYX", voxel_size=(1, 1, 1), unit="µm", progress=False)
    with tifffile.TiffFile(path) as file:
        assert len(file.series[0].levels) > 1
    told = str(BioImage(path).resolution_levels)
    assert f"# {told}: " in tabs("05_compare_file_formats")["Python (bioio)"]


def test_a_tab_ends_with_how_it_was_checked(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_nb', 'sphinx_design', 'checked_tabs']\nhtml_theme = 'basic'\n"
        "myst_enable_extensions = ['colon_fence']\nnb_execution_mode = 'off'\n",
        encoding="utf-8",
    )
    (tmp_path / "notebooks").mkdir()
    lesson = "02_store_in_pieces"
    items = "\n\n".join(
        f":::{{tab-item}} {label}\n:sync: {number}\n\nText {number}.\n:::"
        for number, label in enumerate([*CHECKS[lesson], "Another"])
    )
    text = f"# Lesson\n\n::::{{tab-set}}\n:sync-group: tool\n\n{items}\n::::\n\n"
    text += "::::{tab-set}\n\n:::{tab-item} Another\n\nNo tool.\n:::\n::::\n"
    (tmp_path / "notebooks" / f"{lesson}.md").write_text(text, encoding="utf-8")
    (tmp_path / "index.md").write_text(
        f"# Home\n\n```{{toctree}}\nnotebooks/{lesson}\n```\n", encoding="utf-8"
    )
    said = build_project(tmp_path, tmp_path / "out", strict=False)
    assert said.count("has no entry in book/checked_tabs.toml") == 1
    assert "'Another'" in said
    page = BeautifulSoup(
        (tmp_path / "out/html/notebooks" / f"{lesson}.html").read_bytes(), "html.parser"
    )
    ends = [one.find_all("p")[-1].get_text() for one in page.select(".sd-tab-content")]
    assert ends[0].startswith("Run by a test: bioio ")
    assert ends[1] == "Read in its source, not run: n5-ij 5.0.0, 28 November 2026."
    assert ends[2:] == ["Text 2.", "No tool."]
