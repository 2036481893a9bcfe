"""The book's look: its drawn figures, its colours, and the pairing of light and dark figures."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tifffile
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from pygments.styles import get_style_by_name

from bigimg_lessons import colours
from tests.sphinx_project import build_project

BOOK = Path(__file__).resolve().parents[1] / "book"
FIGURES = BOOK / "figures"
# In the order in which the pages have them.
CSS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (colours.STYLE_SHEET, BOOK / "_static" / "bigimg.css")
)
SVG = "{http://www.w3.org/2000/svg}"
HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
PHONE_WIDTH = 328
DIAGRAMS = sorted(
    path.stem
    for path in FIGURES.glob("*.svg")
    if path.stem not in ("favicon", "logo") and not path.stem.endswith("-dark")
)
ALL_FILES = sorted(path.name for path in FIGURES.glob("*.svg"))


def read(name: str) -> ET.Element:
    return ET.fromstring((FIGURES / name).read_bytes())  # noqa: S314 (our own file)


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


# ---- Contrast, after WCAG 2.1: criterion 1.4.3, and its definition of relative luminance ----


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


# ---- The files ----


def test_the_committed_figures_are_what_the_scripts_draw(tmp_path):
    subprocess.run([sys.executable, FIGURES / "draw_all.py", tmp_path], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ALL_FILES
    for name in ALL_FILES:
        assert (tmp_path / name).read_bytes() == (FIGURES / name).read_bytes(), (
            f"{name} is out of date: run python book/figures/draw_all.py"
        )


def test_the_wanted_diagrams_are_there():
    assert {
        "concept_map",
        "maps_analogy",
        "memory_vs_file",
        "reads_and_seeks",
        "three_ideas",
        "three_slices",
        "tiff_bytes",
    } <= set(DIAGRAMS)


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_figure_says_what_it_shows_and_needs_nothing_else(name):
    root = read(name)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert len(title.text) > 8
    assert len(description.text) > 40
    assert re.fullmatch(r"0 0 \d+ \d+", root.get("viewBox"))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in ("image", "script", "style", "foreignObject")
        for key, value in element.attrib.items():
            assert not key.endswith("href")
            assert "://" not in value
            assert "url(" not in value.replace("url(#", "")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_both_modes_say_the_same(name):
    light, dark = read(f"{name}.svg"), read(f"{name}-dark.svg")
    assert words(light) == words(dark)
    for tag in ("title", "desc"):
        assert light.findtext(f"{SVG}{tag}") == dark.findtext(f"{SVG}{tag}")
    assert light.get("viewBox") == dark.get("viewBox")
    light_card, dark_card = (root.find(f"{SVG}rect").get("fill") for root in (light, dark))
    assert luminance(dark_card) < 0.05 < 0.8 < luminance(light_card)


def boxes(root: ET.Element) -> list[tuple[str, float, float, float, float]]:
    """Return each line of text with its left, top, right and bottom, set in a wide font."""
    found = []
    for element in root.iter(f"{SVG}text"):
        weight = "bold" if element.get("font-weight") == "650" else "normal"
        font = FontProperties(family="DejaVu Sans", weight=weight)
        ink = TextPath((0, 0), element.text, size=float(element.get("font-size")), prop=font)
        left, bottom, right, top = ink.get_extents().extents
        shift = {"start": 0, "middle": (left + right) / 2, "end": right}[element.get("text-anchor")]
        x, y = float(element.get("x")) - shift, float(element.get("y"))
        found.append((element.text, x + left, y - top, x + right, y - bottom))
    return found


@pytest.mark.parametrize("name", [*DIAGRAMS, "logo"])
def test_words_fit_and_do_not_meet_even_in_a_wide_font(name):
    root = read(f"{name}.svg")
    width, height = float(root.get("width")), float(root.get("height"))
    lines = boxes(root)
    assert lines
    for text, left, top, right, bottom in lines:
        assert left >= 0, text
        assert top >= 0, text
        assert right <= width, text
        assert bottom <= height, text
    for (one, l1, t1, r1, b1), (other, l2, t2, r2, b2) in combinations(lines, 2):
        assert r1 < l2 or r2 < l1 or b1 < t2 or b2 < t1, f"{one!r} meets {other!r}"


@pytest.mark.parametrize("name", DIAGRAMS)
def test_words_are_legible_on_a_phone(name):
    root = read(f"{name}.svg")
    width = float(root.get("width"))
    assert width <= 720, "wider than the column of a page"
    sizes = [float(element.get("font-size")) for element in root.iter(f"{SVG}text")]
    assert min(sizes) >= 12
    assert min(sizes) * PHONE_WIDTH / width >= 10.9


# ---- What the diagram of the TIFF stack claims ----


def slice_costs(addresses: np.ndarray) -> tuple[int, int, int]:
    """Return runs, bytes wanted, and bytes read by whole planes of 1024 × 1024 bytes."""
    addresses = np.sort(addresses, axis=None)
    runs = 1 + int(np.count_nonzero(np.diff(addresses) != 1))
    return runs, addresses.size, np.unique(addresses // 2**20).size * 2**20


def test_the_tiff_diagram_counts_right():
    z, y, x = np.arange(256)[:, None], np.arange(1024), np.arange(1024)
    plane, row = 1024 * 1024, 1024
    shown = words(read("tiff_bytes.svg"))
    for addresses, facts in (
        (1 * plane + y[:, None] * row + x, ["1 run", "1 MiB wanted", "1 MiB read"]),
        (z * plane + 552 * row + x, ["256 runs", "256 KiB wanted", "256 MiB read"]),
        (z * plane + y * row + 300, ["262 144 runs", "256 KiB wanted", "256 MiB read"]),
    ):
        runs, wanted, read_ = slice_costs(addresses)
        unit = {1: 2**20, 256: 2**10, 262144: 2**10}[runs]
        assert [
            f"{runs:,} run{'s' if runs > 1 else ''}".replace(",", " "),
            f"{wanted / unit:g} {'MiB' if unit == 2**20 else 'KiB'} wanted",
            f"{read_ / 2**20:g} MiB read",
        ] == facts
        at = shown.index(facts[0])
        assert shown[at : at + 3] == facts


def test_the_tiff_diagram_and_the_lesson_state_the_same_reads():
    """Bars, printed counts and diagram of the lesson are of one reader: that of whole planes."""
    path = BOOK.parent / "notebooks" / "01_open_without_loading.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    place = next(i for i, cell in enumerate(cells) if "tiff_bytes.svg" in cell.source)
    before = "".join(str(cell.get("outputs", "")) for cell in cells[:place])
    counted = dict(re.findall(r"(X[YZ]|YZ): wanted [^.]*?\(([\d.]+ MiB)\), opened", before))
    shown = [text for text in words(read("tiff_bytes.svg")) if text.endswith(" read")]
    drawn = dict(zip(("XY", "XZ", "YZ"), shown, strict=True))
    assert drawn == {name: f"{float(size.split()[0]):g} MiB read" for name, size in counted.items()}


def test_a_tiff_stack_lies_in_its_file_as_drawn(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(
        path, np.zeros((4, 1024, 1024), "uint8"), rowsperstrip=64, photometric="minisblack"
    )
    with tifffile.TiffFile(path) as stack:
        ifds = [page.offset for page in stack.pages]
        strips = [offset for page in stack.pages for offset in page.dataoffsets]
        lengths = {length for page in stack.pages for length in page.databytecounts}
    assert len(strips) == 4 * 16
    assert lengths == {64 * 1024}
    assert np.diff(strips).tolist() == [64 * 1024] * 63, "planes and strips follow each other"
    assert ifds[0] == 8, "the first IFD follows the header"
    assert ifds[0] < strips[0]
    assert min(ifds[1:]) >= strips[-1] + 64 * 1024, "the other IFDs follow the pixels"


# ---- Colours of the pages ----


def declarations(selector: str) -> dict[str, str]:
    """Return the custom properties set in the first rule with this selector."""
    css = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    body = re.search(rf"(?:^|[\s{{}}]){re.escape(selector)}\s*\{{([^}}]*)\}}", css)
    assert body, selector
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body[1]))


PLAIN_RULE = "html,\n:host"
DARK_RULE = """html[data-theme="dark"],
  [data-jp-theme-light="false"],
  [data-vscode-theme-kind="vscode-dark"],
  [data-vscode-theme-kind="vscode-high-contrast"],
  [data-bigimg-theme="dark"]"""
THEME = declarations('html:not([data-theme]),\nhtml[data-theme="light"],\nhtml[data-theme="dark"]')
MODES = {
    "light": declarations(PLAIN_RULE) | THEME,
    "dark": declarations(PLAIN_RULE) | declarations(DARK_RULE) | THEME,
}


def colour(mode: str, name: str) -> str:
    value = MODES[mode][name]
    while value.startswith("var("):
        value = MODES[mode][value[4:-1]]
    assert re.fullmatch("#[0-9a-f]{6}", value), f"{name} is {value}, not a plain colour"
    return value


TEXT_ON_GROUND = [
    (f"--{text}", f"--{ground}")
    for text, grounds in {
        "pst-color-text-base": ("pst-color-background", "pst-color-surface"),
        "pst-color-text-muted": ("pst-color-background", "pst-color-surface"),
        "pst-color-heading": ("pst-color-background",),
        "pst-color-link": ("pst-color-background", "pst-color-surface", "pst-color-primary-bg"),
        "pst-color-link-hover": ("pst-color-background", "pst-color-primary-bg"),
        "pst-color-inline-code": ("pst-color-surface",),
        "pst-color-inline-code-links": ("pst-color-surface",),
        "pst-color-table": ("pst-color-table-heading-bg", "pst-color-table-row-hover-bg"),
        "pst-color-primary-text": ("pst-color-primary", "pst-color-primary-highlight"),
        "pst-color-info-text": ("pst-color-info",),
        "pst-color-success-text": ("pst-color-success",),
        "pst-color-warning-text": ("pst-color-warning",),
        "pst-color-danger-text": ("pst-color-danger",),
        "bigimg-ink": (
            "bigimg-accent-soft",
            "bigimg-good-soft",
            "bigimg-bad-soft",
            "bigimg-warn-soft",
            "bigimg-lit-soft",
            "bigimg-tile",
        ),
        "bigimg-accent": ("bigimg-page", "bigimg-paper", "bigimg-accent-soft"),
        "bigimg-good": ("bigimg-page", "bigimg-paper", "bigimg-good-soft"),
        "bigimg-bad": ("bigimg-page", "bigimg-paper", "bigimg-bad-soft"),
        "bigimg-warn": ("bigimg-page", "bigimg-warn-soft"),
        "bigimg-muted": ("bigimg-accent-soft",),
        "bigimg-on-accent": ("bigimg-accent", "bigimg-accent-strong"),
    }.items()
    for ground in grounds
]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read_in_both_modes(mode, text, ground):
    assert contrast(colour(mode, text), colour(mode, ground)) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_code_can_be_read_in_both_modes(mode):
    style = get_style_by_name(f"a11y-high-contrast-{mode}")
    colours = {f"#{rule['color']}" for _, rule in style if rule["color"]}
    assert len(colours) > 3
    for ground in ("--bigimg-paper", "--bigimg-page"):
        for text in colours:
            assert contrast(text, colour(mode, ground)) >= 4.5, f"{text} on {ground}"


def test_the_dark_mode_gives_every_colour_anew():
    light, dark = declarations(PLAIN_RULE), declarations(DARK_RULE)
    same = {name for name in light if name.startswith("--bigimg-image-")}
    assert len(same) == 7  # drawn on images, which are the same in both
    assert set(light) - set(dark) == same
    assert set(dark) <= set(light)


@pytest.mark.parametrize(("mode", "palette"), [("light", colours.LIGHT), ("dark", colours.DARK)])
def test_python_has_every_plain_colour(mode, palette):
    found = {
        name.removeprefix("--bigimg-").replace("-", "_"): value
        for name, value in MODES[mode].items()
        if name.startswith("--bigimg-") and value.startswith("#")
    }
    assert len(palette) == 28
    assert palette == found


def test_colours_stand_in_one_file_only():
    """A colour that only one thing has, such as a worksheet's black on white, may stay with it."""
    shared = {*colours.LIGHT.values(), *colours.DARK.values()} - {"#ffffff", "#12141f"}
    root = BOOK.parent
    for path in (*root.glob("src/**/*"), *root.glob("book/**/*")):
        if path.suffix in (".py", ".css", ".js", ".html") and path != colours.STYLE_SHEET:
            written = {value.lower() for value in HEX.findall(path.read_text(encoding="utf-8"))}
            assert not written & shared, path


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_figures_and_pages_share_their_colours(mode):
    script = (
        "import dataclasses, json, drawing;"
        f"print(json.dumps(dataclasses.asdict(drawing.{mode.upper()})))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=FIGURES, capture_output=True, text=True, check=True
    ).stdout
    palette = dict(re.findall(r'"(\w+)": "(#\w{6})"', printed))
    assert len(palette) == 13
    for name, value in palette.items():
        assert colour(mode, f"--bigimg-{name.replace('_', '-')}") == value, name


@pytest.mark.parametrize("name", DIAGRAMS)
@pytest.mark.parametrize(("mode", "suffix"), [("light", ""), ("dark", "-dark")])
def test_words_in_figures_can_be_read(name, mode, suffix):
    root = read(f"{name}{suffix}.svg")
    paper = colour(mode, "--bigimg-paper")
    for element in root.iter(f"{SVG}text"):
        # Words in the paper's own colour lie on the accent.
        fill = element.get("fill")
        ground = colour(mode, "--bigimg-accent") if fill == paper else paper
        assert contrast(fill, ground) >= 4.5, element.text


def test_the_style_sheet_asks_no_other_host():
    assert "://" not in CSS
    assert "@import" not in CSS
    assert "url(" not in CSS
    assert "@font-face" not in CSS


# ---- Light and dark figures in a built page ----

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAE"
    "hQGAhKmMIQAAAABJRU5ErkJggg=="
)
PAGE = f"""
# A page

```{{figure}} pictures/pair.svg
:alt: A pair
:name: the-pair

The caption.
```

Some text with ![in a line](pictures/pair.svg) in it.

```{{image}} pictures/single.svg
:alt: A single
```

![Embedded]({PIXEL})
"""
NOTEBOOK = """{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source":
"# A notebook\\n\\n![from a notebook](../pictures/pair.svg)"}],
"metadata": {}, "nbformat": 4, "nbformat_minor": 5}"""
CONF = """
extensions = ["myst_nb", "dark_figures"]
html_theme = "sphinx_book_theme"
nb_execution_mode = "off"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    (source / "pictures").mkdir()
    (source / "notebooks").mkdir()
    for name in ("pair", "pair-dark", "single"):
        (source / "pictures" / f"{name}.svg").write_bytes((FIGURES / "favicon.svg").read_bytes())
    (source / "index.md").write_text(
        PAGE + "\n```{toctree}\nnotebooks/one\n```\n", encoding="utf-8"
    )
    (source / "notebooks" / "one.ipynb").write_text(NOTEBOOK, encoding="utf-8")
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    return source


def build(project: Path, builder: str) -> Path:
    """Build into a folder beside the source; every builder shares the read pages."""
    output = project.with_name(f"{project.name}-output")
    build_project(project, output, builder=builder)
    return output / builder


@pytest.fixture(scope="module")
def html(project):
    return build(project, "html")


def pair(alt: str, folder: str) -> str:
    """Return the pattern of a pair of images."""
    return (
        rf'<span class="light-and-dark"[^>]*>'
        rf'<img alt="{alt}" class="only-light" src="{folder}/pair.svg" />\s*'
        rf'<img alt="{alt}" class="only-dark" src="{folder}/pair-dark.svg" />\s*</span>'
    )


def test_a_page_holds_both_variants(html):
    page = (html / "index.html").read_text(encoding="utf-8")
    # The theme hides a caption that follows a hidden image: the span keeps them apart.
    assert re.search(
        rf'<figure [^>]*id="the-pair">\s*{pair("A pair", "_images")}\s*<figcaption>', page
    )
    assert re.search(rf"<p>Some text with {pair('in a line', '_images')} in it\.</p>", page)
    assert page.count("only-dark") == 2
    assert {"pair.svg", "pair-dark.svg", "single.svg"} <= {
        path.name for path in (html / "_images").iterdir()
    }


def test_images_without_a_dark_variant_stay_single(html):
    page = (html / "index.html").read_text(encoding="utf-8")
    assert '<img alt="A single" src="_images/single.svg" />' in page
    assert f'<img alt="Embedded" src="{PIXEL}" />' in page


def test_a_notebook_holds_both_variants(html):
    page = (html / "notebooks" / "one.html").read_text(encoding="utf-8")
    assert re.search(pair("from a notebook", "../_images"), page)


def test_other_builders_keep_the_light_one(project, html):
    out = build(project, "latex")
    assert not list(out.glob("*dark*"))
    source = next(out.glob("*.tex")).read_text(encoding="utf-8")
    assert "pair" in source
    assert "dark" not in source
