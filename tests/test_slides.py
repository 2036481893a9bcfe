"""Slides are made from notebooks: what becomes one, where pictures come from, and the command."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.teaching.deck import deck_html
from bigimg_lessons.teaching.outline import OutlineError, Picture, read_deck
from bigimg_lessons.teaching.pictures import Drawn, embedded, in_notebook, on_page
from bigimg_lessons.teaching.slides import lesson_notebooks, main, write_slides
from tests.question_samples import HOSTILE
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PNG = base64.b64encode(b"not really a PNG").decode()

INTRODUCTION = """# Cut `it`

:::{div} lesson-card
* **You will learn** to cut.
:::

Why would one cut?"""
SECTION = """(a-target)=
## Does it `fit`?

Look at [lesson 0](00_slice.ipynb), at [the plan](../book/plan.md#cost), at [below](#end) and at
[elsewhere](https://example.org/).

![Two boxes.](../book/figures/boxes.svg "Boxes.")

:::{admonition} Predict
:class: predict
How many bytes?
:::"""
TABS = """## The same in your own tool

::::{tab-set}
:sync-group: tool

:::{tab-item} Python (bioio)
:sync: bioio
a = 1
:::

:::{tab-item} ImageJ / Fiji
:sync: imagej
click
:::
::::
:::{admonition} Key points
:class: key-points
* Cut well.
:::
:::{div} what-next
**Next:** [more](02_more.ipynb).
:::"""


def code(source, *, printed=None, tags=(), caption=None, png=None):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    if caption:
        cell.metadata["mystnb"] = {"figure": {"caption": caption}, "image": {"alt": "A curve."}}
    if printed:
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=printed))
    if png:
        cell.outputs.append(nbformat.v4.new_output("display_data", data={"image/png": png}))
    return cell


def notebook(folder, *cells, name="01_cut.ipynb"):
    made = [
        nbformat.v4.new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells
    ]
    path = folder / name
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def small_lesson(folder, **figure):
    return notebook(
        folder,
        INTRODUCTION,
        SECTION,
        code("count()", printed="7 bytes < 8\n", tags=["keep_output"]),
        "Seven it is.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |",
        code("plt.show()", caption="It rises.", **figure),
        code("later()", printed="more\n", tags=["keep_output"]),
        TABS,
    )


def words(html):
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_the_structure_of_a_notebook_decides_what_is_a_slide(tmp_path):
    deck = read_deck(small_lesson(tmp_path))
    assert (deck.name, deck.number, deck.title) == ("01_cut", "1", "Cut it")
    assert [(slide.kind, words(slide.heading), words(slide.body)) for slide in deck.slides] == [
        ("title", "Cut it", "You will learn to cut."),
        ("section", "Does it fit ?", ""),
        ("figure", "Does it fit ?", ""),
        ("predict", "Predict", "How many bytes?"),
        ("printed", "Printed", "7 bytes < 8"),
        ("table", "Does it fit ?", "a b 1 2"),
        ("figure", "Does it fit ?", ""),
        ("section", "The same in your own tool", "Python (bioio) ImageJ / Fiji"),
        ("points", "Key points", "Cut well."),
        ("next", "What next", "Next: more."),
    ]
    assert [words(slide.notes) for slide in deck.slides] == [
        "Why would one cut?",
        "Look at lesson 0, at the plan, at below and at elsewhere .",
        "",
        "Answer Seven it is.",
        "Seven it is.",
        *[""] * 5,
    ]
    pictures = [slide.picture for slide in deck.slides if slide.picture]
    assert pictures == [
        Picture(alt="Two boxes.", caption="Boxes.", path="../book/figures/boxes.svg"),
        Picture(alt="A curve.", caption="It rises."),
    ]


def test_a_prediction_that_is_typed_is_answered_by_its_question(tmp_path):
    lesson = notebook(
        tmp_path,
        INTRODUCTION,
        SECTION,
        code('ask = Quiz("01_open_without_loading", questions=["predict-xy-bytes"])\nask'),
        "The next cell counts.",
        code("count()", printed="7 bytes\n", tags=["keep_output"]),
        "It is as you see.",
    )
    (predict,) = (slide for slide in read_deck(lesson).slides if slide.kind == "predict")
    (question,) = (
        entry
        for entry in load_bank("01_open_without_loading").questions
        if entry.id == "predict-xy-bytes"
    )
    said = words(predict.notes)
    assert said.startswith(" ".join(f"Answer {question.solutions[0]} ".split()))
    assert " ".join(question.explanation.split("`")[0].split()) in said
    assert said.endswith("The next cell counts.")


def test_links_lead_into_the_book_or_are_plain_text(tmp_path):
    path = small_lesson(tmp_path)

    def links(book):
        notes = "".join(slide.notes + slide.body for slide in read_deck(path, book=book).slides)
        return [link["href"] for link in BeautifulSoup(notes, "html.parser").find_all("a")]

    assert links(None) == ["https://example.org/"]
    assert links("../") == [
        "../notebooks/00_slice.html",
        "../book/plan.html#cost",
        "../notebooks/01_cut.html#end",
        "https://example.org/",
        "../notebooks/02_more.html",
    ]


def test_nothing_in_a_notebook_runs_on_a_slide(tmp_path):
    hostile = " ".join(HOSTILE)
    lesson = notebook(
        tmp_path,
        f"# T {hostile}\n\n{hostile}",
        f"## S {hostile}",
        f":::{{admonition}} P {hostile}\n:class: predict\n{hostile}\n:::",
        code("count()", printed=hostile, tags=["keep_output"]),
    )
    page = BeautifulSoup(deck_html(read_deck(lesson), lambda _: ()), "html.parser")
    assert [
        tag.name for tag in page.main.find_all(["script", "img", "svg", "iframe", "style"])
    ] == []
    assert not [
        tag for tag in page.main.find_all(True) if any(key[:2] == "on" for key in tag.attrs)
    ]
    assert hostile in page.main.get_text()


def test_a_document_needs_no_other_and_names_every_slide(tmp_path):
    deck = read_deck(small_lesson(tmp_path))
    page = BeautifulSoup(deck_html(deck, lambda _: ()), "html.parser")
    assert page.title.get_text() == "Slides: Lesson 1 · Cut it"
    assert page.html["lang"] == "en"
    assert [tag.name for tag in page.select("link, [src], [data-src]")] == ["link"]
    assert page.link["href"] == "data:,"
    sections = page.select("main > section")
    for number, section in enumerate(sections, start=1):
        assert words(str(section.select_one(".number"))) == f"Slide {number} / {len(deck.slides)}"
        heading = page.find(id=section["aria-labelledby"].split()[0])
        assert heading.name == ("h1" if number == 1 else "h2")
    # What nobody has drawn is told in words.
    assert [tag.get_text() for tag in page.select(".in-words")] == ["Two boxes.", "A curve."]


PAGE = (
    '<img alt="A\n  curve." class="chart x" src="../_images/a.webp">'
    '<img class="only-light" alt="Two boxes." src="../_images/b.svg">'
    '<img class="only-dark" alt="Two boxes." src="../_images/b-dark.svg">'
    '<img class="only-light" alt="Two boxes." src="../_images/b.svg"><img src="logo.svg">'
)


def built(folder):
    """A site of one page, with its images."""
    for name in ("a.webp", "b.svg", "b-dark.svg"):
        path = folder / "_images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (folder / "notebooks").mkdir()
    page = folder / "notebooks" / "01_cut.html"
    page.write_text(PAGE, encoding="utf-8")
    return page


def test_pictures_are_found_on_the_built_page(tmp_path):
    page = built(tmp_path)
    found = on_page(page)
    assert found == {
        "A curve.": (Drawn("../_images/a.webp", "chart"),),
        "Two boxes.": (
            Drawn("../_images/b.svg", "only-light"),
            Drawn("../_images/b-dark.svg", "only-dark"),
        ),
    }
    inside = embedded(found["A curve."][0], page.parent)
    data = base64.b64encode(b"a.webp").decode()
    assert inside == Drawn(f"data:image/webp;base64,{data}", "chart")
    assert embedded(inside, page.parent) == inside
    with pytest.raises(ValueError, match=r"x\.exe is no image for a slide: expected \.gif, "):
        embedded(Drawn("x.exe", ""), tmp_path)


def test_pictures_of_a_notebook_are_its_outputs_and_its_files(tmp_path):
    folder = tmp_path / "notebooks"
    figures = tmp_path / "book" / "figures"
    folder.mkdir()
    figures.mkdir(parents=True)
    plot = Picture(alt="a", caption="b", png=f"{PNG[:4]}\n{PNG[4:]}\n")
    assert in_notebook(plot, folder) == (Drawn(f"data:image/png;base64,{PNG}", ""),)
    boxes = Picture(alt="a", caption="b", path="../book/figures/boxes.svg")
    assert in_notebook(boxes, folder) == ()
    (figures / "boxes.svg").write_text("light", encoding="utf-8")
    assert [image.look for image in in_notebook(boxes, folder)] == [""]
    (figures / "boxes-dark.svg").write_text("dark", encoding="utf-8")
    light, dark = in_notebook(boxes, folder)
    assert (light.look, dark.look) == ("only-light", "only-dark")
    assert base64.b64decode(dark.address.partition(",")[2]) == b"dark"
    assert in_notebook(Picture(alt="a", caption="b"), folder) == ()


def test_the_command_takes_pictures_from_the_site_and_says_what_is_missing(tmp_path, capsys):
    lessons, site, out = tmp_path / "lessons", tmp_path / "site", tmp_path / "out"
    lessons.mkdir()
    small_lesson(lessons)
    arguments = [str(out), "--notebooks", str(lessons), "--site", str(site)]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert told.out == f"{out / '01_cut.html'}\n"
    assert told.err.startswith("2 figure(s) are described in words, as they have not been drawn: ")
    assert main(arguments) == 1
    assert "01_cut.html exists already: name another folder, or allow it" in capsys.readouterr().err
    site.mkdir()
    built(site)
    assert main([*arguments, "--overwrite"]) == 0
    assert capsys.readouterr().err == ""
    page = BeautifulSoup((out / "01_cut.html").read_text("utf-8"), "html.parser")
    images = [
        (tag["alt"], tag["src"][:15], tag.get("class", [""])[0]) for tag in page.select("img")
    ]
    assert images == [
        ("Two boxes.", "data:image/svg+", "only-light"),
        ("Two boxes.", "data:image/svg+", "only-dark"),
        ("A curve.", "data:image/webp", "chart"),
    ]


def test_a_notebook_that_was_run_brings_its_plots(tmp_path):
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    path = small_lesson(lessons, png=PNG)
    ((_, missing),) = write_slides(tmp_path / "out", [path]).items()
    assert [picture.alt for picture in missing] == ["Two boxes."]
    assert f"data:image/png;base64,{PNG}" in (tmp_path / "out" / "01_cut.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", r"is no Jupyter notebook of version 4 \(KeyError\('cells'\)\): give a lesson"),
        ("no", r"is no Jupyter notebook of version 4 \(JSONDecodeError"),
        ('{"cells": []}', r"has no title: begin a cell of text with a line '# Title'"),
        (
            '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["words"]}]}',
            r"begin with a title, a line '# Title'",
        ),
    ],
)
def test_what_is_no_lesson_is_refused(tmp_path, capsys, content, message):
    (tmp_path / "01_x.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(OutlineError, match=message):
        read_deck(tmp_path / "01_x.ipynb")
    assert main([str(tmp_path / "out"), "--notebooks", str(tmp_path)]) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_lessons_are_named(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match=r"There are no notebooks in .*: name the folder"):
        lesson_notebooks(tmp_path)
    small_lesson(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"There is no lesson '02'; there are: 01_cut\."):
        lesson_notebooks(tmp_path, ["02"])
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main([str(tmp_path / "file"), "--notebooks", str(tmp_path)]) == 1
    assert "file is a file: name a folder." in capsys.readouterr().err


def test_the_module_runs_as_a_command(tmp_path):
    command = [sys.executable, "-m", "bigimg_lessons.teaching.slides", str(tmp_path)]
    options = ["--lesson", LESSONS[1].stem, "--site", str(tmp_path / "none")]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{LESSONS[1].stem}.html").stat().st_size < 500_000


# ---- The lessons themselves ----


def prose(path):
    """What a lesson says outside of boxes and fences, word by word."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = re.sub(r"^(:{3,})\{.*?^\1$", "", text, flags=re.M | re.S)
    return re.findall(
        r"[A-Za-z]{4,}", re.sub(r"```.*?```|\]\(\S+?\)|!\[.*?\n", " ", text, flags=re.S)
    )


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_becomes_slides_whole(path):
    deck = read_deck(path)
    source = path.read_text(encoding="utf-8")
    kinds = [slide.kind for slide in deck.slides]
    assert kinds[0] == "title"
    assert kinds.count("predict") == source.count(":class: predict")
    cells = json.loads(source)["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    # Tabs are for the page: they and their pictures are on no slide.
    text = re.sub(r"^(:{3,})\{tab-set\}.*?^\1$", "", text, flags=re.M | re.S)
    pictures = re.findall(r"!\[[^\]]*\]\(\.\./book/figures", text)
    assert kinds.count("figure") == source.count('"caption":') + len(pictures)
    assert kinds[-1] == "next"
    assert kinds.count("points") >= 1
    for slide in deck.slides:
        assert slide.heading
        assert slide.picture is None or (slide.picture.alt and slide.picture.caption)
    shown = "".join(f"{slide.heading} {slide.body} {slide.notes} " for slide in deck.slides)
    missing = set(prose(path)) - set(re.findall(r"[A-Za-z]{4,}", words(shown)))
    assert missing == set()


@pytest.mark.parametrize("path", LESSONS[:-1], ids=lambda path: path.stem)
def test_every_prediction_is_answered_in_its_notes(path):
    for slide in read_deck(path).slides:
        if slide.kind == "predict" and slide.heading == "Predict":
            answered = words(slide.notes).startswith("Answer ")
            # That of lesson 0 is the question of lesson 1.
            assert answered or "it is the question of lesson 1" in words(slide.body)


# ---- On the site ----


def test_sphinx_puts_slides_beside_the_pages_with_their_images(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site"
    (source / "notebooks").mkdir(parents=True)
    small_lesson(source / "notebooks")
    (source / "conf.py").write_text(
        "extensions = ['site_slides']\nhtml_theme = 'basic'\nexclude_patterns = ['**.ipynb']\n",
        encoding="utf-8",
    )
    (source / "pic.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (source / "index.rst").write_text(
        "Index\n=====\n\n.. toctree::\n\n   notebooks/01_cut\n", encoding="utf-8"
    )
    image = ".. image:: ../pic.svg\n   :alt: {}\n\n"
    page = f"Cut\n===\n\n{image}{image.format('A curve.')}"
    (source / "notebooks" / "01_cut.rst").write_text(page.format("Two boxes."), encoding="utf-8")
    said = [build_project(source, site) for _ in range(2)]
    assert "slides: 1 file(s) written" in said[0]
    assert "slides:" not in said[1]
    written = site / "html" / "slides" / "01_cut.html"
    slides = BeautifulSoup(written.read_text("utf-8"), "html.parser")
    images = [(tag["alt"], tag["src"]) for tag in slides.select("img")]
    assert images == [("Two boxes.", "../_images/pic.svg"), ("A curve.", "../_images/pic.svg")]
    assert (written.parent / images[0][1]).is_file()
    links = [tag["href"] for tag in slides.select("#slide-1 a")]
    assert links == ["../notebooks/01_cut.html", "../book/teach.html"]
    # A picture that is nowhere is a warning, and so the end of a strict build.
    (source / "notebooks" / "01_cut.rst").write_text(page.format("Other."), encoding="utf-8")
    warned = build_project(source, site, strict=False)
    assert "slides of 01_cut: nowhere is 'Boxes.'" in warned


def test_the_guide_links_the_slides_of_every_lesson():
    guide = (ROOT / "book" / "teach.md").read_text(encoding="utf-8")
    linked = re.findall(r'href="\.\./slides/([^"]+)"', guide)
    assert linked == [f"{path.stem}.html" for path in LESSONS]
