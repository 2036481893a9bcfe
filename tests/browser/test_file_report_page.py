"""A reader's file on the page: dropped, chosen or by its address; what is said, and sent."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from contrast import CONTRAST
from playwright.sync_api import Page, expect
from widget_page import Write, page_writer

from bigimg_lessons import build_pyramid
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.measure.serving import FolderServer
from bigimg_lessons.samples.example_files import examples
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import FileReport
from tests.browser.file_reports import (
    ADDED,
    copied_report,
    pixels,
    python_says,
    said,
    toned,
    wait_for,
)
from tests.inspection_zoo import STACK as STORED_BY_TENSORSTORE
from tests.inspection_zoo import ZOO, built

pytestmark = pytest.mark.browser

EXAMPLES = {example.name: example for example in examples()}
RNG = np.random.default_rng(5)
STACK = RNG.integers(0, 4000, (5, 70, 90), "uint16")


def drop(page: Page, *paths: Path) -> None:
    """Drop files or folders of the disk onto the zone, as a person does."""
    box = page.locator(".br-drop").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 20, "y": box["y"] + 20}
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
    session.detach()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples, and with files that are none or damaged."""
    folder = tmp_path_factory.mktemp("files")
    for example in EXAMPLES.values():
        for path, content in example.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    with zipfile.ZipFile(folder / "cells.ozx", "w") as archive:
        for path, content in EXAMPLES["cells.ome.zarr"].files.items():
            archive.writestr(path.partition("/")[2], content)
    stack = EXAMPLES["stack.tif"].files["stack.tif"]
    (folder / "cut.tif").write_bytes(stack[:20_000])
    (folder / "letter.tif").write_text("Dear editor, please find attached", encoding="utf-8")
    (folder / "nothing.tif").write_bytes(b"")
    (folder / "papers" / "old").mkdir(parents=True)
    (folder / "papers" / "old" / "letter.txt").write_text("Dear editor", encoding="utf-8")
    return folder


@pytest.fixture
def here(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, in which Python reads by the names that the page knows."""
    monkeypatch.chdir(files)
    return files


# ---- What is said


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_told_as_in_the_terminal(
    page: Page, write: Write, here: Path, name: str
) -> None:
    page.goto(write(FileReport()))
    page.get_by_role("button", name=EXAMPLES[name].title).click()
    wait_for(page, name)
    document = python_says(name)
    assert copied_report(page) == document
    verdicts = document["verdicts"]
    shown = page.locator(".br-verdict")
    expect(shown).to_have_count(len(verdicts))
    for number, verdict in enumerate(verdicts):
        each = shown.nth(number)
        for text in (verdict["weight"], verdict["text"], verdict["remedy"], verdict["command"]):
            expect(each).to_contain_text(text)
        expect(each).to_contain_text(verdict["section"])
    expect(page.get_by_text("Nothing to mend was found.", exact=True)).to_have_count(
        0 if verdicts else 1
    )
    expect(said(page)).to_contain_text(name)
    level = document["report"]["levels"][0]
    shape = " × ".join(map(str, level["shape"]))
    expect(page.locator(".br-what")).to_contain_text(shape)
    rows = page.get_by_role("table", name="Levels").get_by_role("row")
    expect(rows).to_have_count(1 + len(document["report"]["levels"]))
    costs = page.get_by_role("table", name="What looking at it costs").get_by_role("row")
    expect(costs).to_have_count(1 + len(document["costs"]))
    for number, view in enumerate(document["costs"], start=1):
        expect(costs.nth(number)).to_contain_text(f"{view['requests']:,}")
        expect(costs.nth(number)).to_contain_text(format_bytes(view["read"]))


def test_a_command_can_be_copied_and_pasted(page: Page, write: Write) -> None:
    page.goto(write(FileReport()))
    page.get_by_role("button", name="labels that were averaged").click()
    wait_for(page, "labels.ome.zarr")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy command").click()
    expect(page.locator(".br-verdict [role=status]")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "bigimg convert labels.ome.zarr labels-new.ome.zarr --downsampling mode"
    )


# ---- What comes in, and that nothing goes out


@pytest.mark.parametrize("name", ["stack.tif", "labels.ome.zarr", "cells.ozx"])
def test_what_is_dropped_is_read_here_and_sent_nowhere(
    page: Page, write: Write, here: Path, name: str
) -> None:
    page.goto(write(FileReport()), wait_until="networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drop(page, here / name)
    wait_for(page, name)
    assert copied_report(page) == python_says(name)
    assert asked == []


def test_a_folder_can_be_chosen(page: Page, write: Write, here: Path) -> None:
    page.goto(write(FileReport()))
    page.get_by_label("Choose a Zarr folder").set_input_files(here / "cells.ome.zarr")
    wait_for(page, "cells.ome.zarr")
    assert copied_report(page) == python_says("cells.ome.zarr")


@pytest.mark.parametrize("name", ["cut.tif", "letter.tif", "nothing.tif", "papers"])
def test_what_cannot_be_read_gets_the_sentence_of_the_terminal(
    page: Page, write: Write, here: Path, name: str
) -> None:
    page.goto(write(FileReport()))
    page.get_by_role("button", name="an OME-Zarr that is well").click()
    wait_for(page, "cells.ome.zarr")
    drop(page, here / name)
    with pytest.raises(InspectionError) as caught:
        report_on(name)
    expect(said(page)).to_have_text(str(caught.value))
    expect(said(page)).to_have_attribute("role", "status")
    expect(page.locator(".br-result > *")).to_have_count(0)


def test_a_text_that_is_dropped_is_no_file(page: Page, write: Write) -> None:
    page.goto(write(FileReport()))
    page.locator("section.br").evaluate(
        """(zone) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.setData("text/plain", "a word");
          const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          window.wasLeft = zone.dispatchEvent(event);
        }"""
    )
    expect(said(page)).to_have_text("")
    assert page.evaluate("window.wasLeft") is True


def test_a_file_that_is_dropped_meanwhile_takes_the_place(
    page: Page, write: Write, here: Path
) -> None:
    """The first is still being read when the second comes, and ends later."""
    page.goto(write(FileReport()))
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          const waits = new Promise((resolve) => { window.letGo = resolve; });
          let count = 0;
          Blob.prototype.arrayBuffer = async function () {
            if (count++ === 0) await waits;
            return read.call(this);
          };
        }"""
    )
    drop(page, here / "stack.tif")
    expect(said(page)).to_have_text("Reading stack.tif …")
    expect(page.locator("section.br")).to_have_attribute("aria-busy", "true")
    drop(page, here / "cells.ome.zarr")
    wait_for(page, "cells.ome.zarr")
    page.evaluate("window.letGo()")
    page.wait_for_timeout(200)
    expect(page.locator(".br-name")).to_have_text("cells.ome.zarr")
    expect(said(page)).to_contain_text("Nothing to mend")


# ---- HDF5, by its own part


def test_hdf5_is_read_by_what_is_loaded_then(
    page: Page, hdf5_page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with h5py.File("a.h5", "w") as file:
        file.create_dataset("raw", data=STACK, chunks=(2, 32, 32), compression="gzip")
    page.goto(hdf5_page, wait_until="networkidle")
    page.evaluate(ADDED, {"worker": "worker.js", "library": "h5wasm.js"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    drop(page, tmp_path / "a.h5")
    wait_for(page, "a.h5")
    assert copied_report(page) == python_says("a.h5")
    np.testing.assert_array_equal(pixels(page), toned(STACK[2]))
    assert set(asked) <= {"worker.js", "h5wasm.js"}


def test_both_files_of_bigdataviewer_are_one_image(
    page: Page, hdf5_page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    build_pyramid(STACK, "a.xml", voxel_size=(2, 0.5, 0.5), unit="µm", progress=False)
    page.goto(hdf5_page)
    page.evaluate(ADDED, {"worker": "worker.js", "library": "h5wasm.js"})
    drop(page, tmp_path / "a.h5", tmp_path / "a.xml")
    wait_for(page, "a.xml")
    assert copied_report(page) == python_says("a.xml")
    np.testing.assert_array_equal(pixels(page), toned(STACK[2]))


def stored_by_hdf5(path: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return what h5py reads, without what is stored beyond the image."""
    with h5py.File(path, "r") as file:
        return np.asarray(file[name][tuple(map(slice, shape))])


def stored_by_z5py(path: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    import z5py  # type: ignore[import-untyped]

    with z5py.File(str(path), "r") as file:
        found = np.asarray(file[name][:])
    assert found.shape == shape
    return found


IMARIS_LEVEL = "DataSet/ResolutionLevel {}/TimePoint 0/Channel 0/Data"
# By animal: what of it is dropped, the level that is shown and how it is read, and black and white,
# where the file states them.
SHOWN: dict[str, tuple[list[str], str, Callable[..., np.ndarray], tuple[int, ...] | None]] = {
    "imaris_of_ours": (["a.ims"], IMARIS_LEVEL.format(0), stored_by_hdf5, (0, 999)),
    "imaris_that_shows_nothing": (["a.ims"], IMARIS_LEVEL.format(0), stored_by_hdf5, None),
    "n5_of_ours": (["a.xml", "a.n5"], "setup0/timepoint0/s0", stored_by_z5py, None),
    "n5_of_z5py": (["a.n5"], "raw", stored_by_z5py, None),
    "n5_of_tensorstore": (["a.n5"], "", stored_by_z5py, None),
    "labels_averaged_in_hdf5": (["a.h5"], "t00000/s00/0/cells", stored_by_hdf5, None),
}


@pytest.mark.parametrize("animal", SHOWN)
def test_an_animal_is_told_and_shown(
    page: Page, hdf5_page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, animal: str
) -> None:
    names, level, stored, window = SHOWN[animal]
    ZOO[animal].make(tmp_path)
    if "a.xml" not in names:  # what is not dropped is not there
        (tmp_path / "a.xml").unlink(missing_ok=True)
    monkeypatch.chdir(tmp_path)
    page.goto(hdf5_page)
    page.evaluate(ADDED, {"worker": "worker.js", "library": "h5wasm.js"})
    right = python_says(names[0])
    drop(page, *(tmp_path / name for name in names))
    wait_for(page, right["report"]["source"])
    found = copied_report(page)
    assert found == right
    told = [verdict["text"] for verdict in right["verdicts"]]
    expect(page.locator(".br-verdict")).to_have_count(len(told))
    for number, text in enumerate(told):
        expect(page.locator(".br-verdict").nth(number)).to_contain_text(text)
    shape = tuple(right["report"]["levels"][0]["shape"][-3:])
    # z5py opens no dataset at the top.
    voxels = stored(tmp_path / names[-1], level, shape) if level else STORED_BY_TENSORSTORE
    plane = voxels[shape[0] // 2].astype(float)
    assert plane.min() < plane.max()
    low, high = window or (plane.min(), plane.max())
    grey = np.floor((np.clip(plane, low, high) - low) * 255 / (high - low) + 0.5)
    np.testing.assert_array_equal(pixels(page), grey)
    page.locator("summary", has_text="Cut level 0 otherwise").click()
    chunk = right["report"]["levels"][0]["chunk_shape"][-3:]
    for axis, n, c in zip("zyx", shape, chunk, strict=True):
        expect(page.get_by_label(f"Volume along {axis}")).to_have_value(str(n))
        expect(page.get_by_label(f"Chunk along {axis}")).to_have_value(str(c))


@pytest.mark.parametrize("ending", ["ims", "n5", "xml"])
def test_of_a_large_image_a_coarse_level_is_shown(
    page: Page, hdf5_page: str, tmp_path: Path, ending: str
) -> None:
    """Level 1 is the finest that is no larger than its place; its edges are no whole chunks."""
    image = RNG.integers(0, 4000, (4, 701, 655), "uint16")
    factors = [(1, 1, 1), (1, 2, 2), (2, 4, 4)]
    path = tmp_path / f"a.{ending}"
    built(path, image, factors=factors)
    page.goto(hdf5_page)
    page.evaluate(ADDED, {"worker": "worker.js", "library": "h5wasm.js"})
    drop(page, *(each for each in tmp_path.iterdir() if each.suffix != ".n5" or each == path))
    wait_for(page, path.name)
    expect(page.locator(".br-picture figcaption")).to_contain_text("level 1, ")
    expect(page.locator(".br-picture figcaption")).to_contain_text("Z = 2")
    shape = (4, 351, 328)
    if ending == "n5":
        plane = stored_by_z5py(path, "setup0/timepoint0/s1", shape)[2]
    else:
        name = IMARIS_LEVEL.format(1) if ending == "ims" else "t00000/s00/1/cells"
        stored = path if ending == "ims" else path.with_suffix(".h5")
        plane = stored_by_hdf5(stored, name, shape)[2]
    # It is what its four voxels are on average.
    mean = image[2, :700, :654].reshape(350, 2, 327, 2).mean((1, 3))
    assert abs(plane[:350, :327] - mean).max() < 1
    shown = pixels(page).astype(float)
    assert shown.shape == plane.shape
    low, high = (0, 4000) if ending == "ims" else (plane.min(), plane.max())
    assert abs(shown - (plane.astype(float) - low) * 255 / (high - low)).max() <= 1


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (None, "a.h5 is HDF5, which this form reads on its page of the book alone"),
        ({"reason": "This copy was built without it."}, "This copy was built without it."),
    ],
)
def test_where_hdf5_is_not_read_it_says_so(
    page: Page, write: Write, tmp_path: Path, told: dict[str, str] | None, sentence: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = STACK
    page.goto(write(FileReport()))
    if told:
        page.evaluate(ADDED, told)
    drop(page, tmp_path / "a.h5")
    expect(said(page)).to_contain_text(sentence)


# ---- The picture


TIFFS: dict[str, dict[str, Any]] = {
    "strips": {"rowsperstrip": 16},
    "tiles": {"tile": (32, 48), "compression": "zlib"},
    "prepared": {"compression": "zlib", "predictor": True},
    "the other byte order": {"byteorder": ">"},
}


@pytest.mark.parametrize("options", TIFFS.values(), ids=TIFFS)
def test_the_picture_of_a_tiff_is_a_plane_of_it(
    page: Page, write: Write, tmp_path: Path, options: dict[str, Any]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", metadata=None, **options)
    page.goto(write(FileReport()))
    drop(page, tmp_path / "a.tif")
    wait_for(page, "a.tif")
    expect(page.get_by_role("img", name="level 0, plane 2 of the file")).to_be_visible()
    np.testing.assert_array_equal(pixels(page), toned(STACK[2]))


def test_the_picture_of_colours_is_the_first(page: Page, write: Write, tmp_path: Path) -> None:
    colours = RNG.integers(0, 255, (40, 50, 3), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", metadata=None)
    page.goto(write(FileReport()))
    drop(page, tmp_path / "a.tif")
    wait_for(page, "a.tif")
    expect(page.locator(".br-picture")).to_contain_text("its first colour")
    np.testing.assert_array_equal(pixels(page), colours[..., 0])


def test_the_picture_of_a_zarr_is_a_plane_of_it(page: Page, write: Write) -> None:
    page.goto(write(FileReport()))
    page.get_by_role("button", name="labels that were averaged").click()
    wait_for(page, "labels.ome.zarr")
    z, y, x = np.ogrid[:16, :96, :96]
    numbers = 10 + (y // 24 * 4 + x // 24 + z // 8 * 16) * 7 % 32 * 10
    inside = (y % 24 - 12) ** 2 + (x % 24 - 12) ** 2 < 13**2
    np.testing.assert_array_equal(pixels(page), toned(np.where(inside, numbers, 0)[8]))


def test_where_there_is_no_picture_it_says_why(page: Page, write: Write, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK, compression="lzma", metadata=None)
    page.goto(write(FileReport()))
    drop(page, tmp_path / "a.tif")
    wait_for(page, "a.tif")
    expect(page.locator(".br-place")).to_have_text(
        "There is no picture: the page does not unpack how it is compressed."
    )


# ---- The explorer


def test_the_explorer_is_set_to_the_file(page: Page, write: Write) -> None:
    page.goto(write(FileReport()))
    page.get_by_role("button", name="a flat TIFF stack").click()
    wait_for(page, "stack.tif")
    page.locator("summary", has_text="Cut level 0 otherwise").click()
    explorer = page.locator("section.bx")
    # From the side each strip of 256 rows is read, of each of the 48 planes.
    expect(explorer.locator(".bx-caption")).to_contain_text("touches 432 of 432 chunks")
    expect(explorer.get_by_label("Volume along z")).to_have_value("48")
    expect(explorer.get_by_label("Chunk along y")).to_have_value("256")
    expect(explorer.get_by_role("button", name="Copy link")).to_have_count(0)
    explorer.get_by_label("Chunk along y").fill("2304")
    expect(explorer.locator(".bx-caption")).to_contain_text("touches 48 of 48 chunks")


def test_there_is_no_explorer_of_one_plane(page: Page, write: Write, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], metadata=None)
    page.goto(write(FileReport()))
    drop(page, tmp_path / "a.tif")
    wait_for(page, "a.tif")
    expect(page.locator("section.bx")).to_have_count(0)


# ---- By its address


@pytest.fixture
def served(files: Path) -> Iterator[tuple[str, Write]]:
    """A server that sends parts of files, with the page on it, too."""
    with FolderServer(files) as server:
        yield f"{server.url}/", page_writer(files, f"{server.url}/")


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("cells.ome.zarr", ["its metadata", "a chunk of level 0", "a chunk of level 2"]),
        ("stack.tif", ["KiB from its middle"]),
    ],
)
def test_an_address_is_read_and_measured(
    page: Page, served: tuple[str, Write], name: str, reads: list[str]
) -> None:
    url, write = served
    page.goto(write(FileReport()))
    page.get_by_label("address").fill(url + name)
    page.get_by_label("address").press("Enter")
    wait_for(page, url + name)
    expect(page.locator(".br-picture canvas")).to_be_visible()
    page.get_by_role("button", name="Measure a few reads").click()
    table = page.get_by_role("table", name="Measured from here, just now")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(1 + len(reads))
    for row, read in zip(rows.all()[1:], reads, strict=True):
        expect(row).to_contain_text(read)
        expect(row).to_contain_text("ms")


def test_an_address_that_is_none_gets_a_sentence(page: Page, served: tuple[str, Write]) -> None:
    _, write = served
    page.goto(write(FileReport()))
    for typed, sentence in (
        ("", "Give the address"),
        ("cells.ome.zarr", "begins neither with http:// nor with https://"),
        ("ftp://example.org/a.zarr", "begins neither with http:// nor with https://"),
    ):
        page.get_by_label("address").fill(typed)
        page.get_by_role("button", name="Inspect", exact=True).click()
        expect(said(page)).to_contain_text(sentence)


# ---- For every eye and hand


def test_all_by_keyboard(page: Page, write: Write, here: Path) -> None:
    page.goto(write(FileReport()), wait_until="networkidle")
    with page.expect_file_chooser() as chosen:
        page.get_by_label("Choose a file").press("Enter")
    chosen.value.set_files(here / "stack.tif")
    wait_for(page, "stack.tif")
    while page.evaluate("document.activeElement.textContent") != "Copy command":
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Enter")
    expect(page.locator(".br-verdict [role=status]").first).to_have_text("Copied.")
    while "Cut level 0" not in page.evaluate("document.activeElement.textContent"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("section.bx")).to_be_visible()


def test_what_is_read_aloud(page: Page, write: Write) -> None:
    page.goto(write(FileReport()))
    region = said(page)
    expect(region).to_have_attribute("role", "status")
    page.evaluate(
        """() => {
          const region = document.querySelector(".br-said");
          window.heard = [];
          new MutationObserver(() => window.heard.push(region.textContent)).observe(region, {
            childList: true, characterData: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="a flat TIFF stack").click()
    wait_for(page, "stack.tif")
    assert page.evaluate("window.heard") == [
        "Reading stack.tif …",
        "stack.tif: TIFF (ImageJ): 48 × 2304 × 2304 (Z Y X), uint8. 2 verdicts: 2 slow.",
    ]
    unnamed = page.locator(".br :is(input, button, select)").evaluate_all(
        "all => all.filter((one) => "
        "!one.labels?.length && !one.ariaLabel && !one.textContent).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["stack.tif", "cells.ome.zarr"])
def test_text_can_be_told_from_its_ground(
    visitor: Any, write: Write, dark: bool, name: str
) -> None:
    page = visitor.open(write(FileReport(), dark=dark), dark=dark)
    page.get_by_role("button", name=EXAMPLES[name].title).click()
    wait_for(page, name)
    ratio, text = page.locator(".br").first.evaluate(CONTRAST)
    assert ratio >= 4.5, text


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_finger_finds_everything_at_any_width(visitor: Any, write: Write, width: int) -> None:
    page = visitor.open(write(FileReport()), phone=True)
    page.set_viewport_size({"width": width, "height": 740})
    for example in EXAMPLES.values():
        page.get_by_role("button", name=example.title).click()
        wait_for(page, example.name)
        targets = page.locator(".br").locator("input:visible, button:visible, summary:visible")
        for target in targets.all():
            box = target.bounding_box()
            assert box["height"] >= 44
            assert box["width"] >= 44
            assert box["x"] + box["width"] <= width
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        clipped = "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
        assert page.locator(".br :is(td, button, code)").evaluate_all(clipped) == 0


def test_without_scripts_it_says_what_to_do(visitor: Any, write: Write) -> None:
    page = visitor.open(write(FileReport()), javascript=False)
    expect(page.get_by_text("bigimg inspect FILE")).to_be_visible()
