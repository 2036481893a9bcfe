"""Numbers, glossary terms, switch, previews and 404 page of the book, in a build of a small one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import glossary_terms
import pytest
import shared_links
from bs4 import BeautifulSoup
from docutils import nodes
from matplotlib.image import imread

EXTENSIONS = Path(glossary_terms.__file__).parent
BASE = "https://example.org/book-of-images/"
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
FILES = {
    "conf.py": (
        "project = html_title = 'Small & big'\n"
        "extensions = ['myst_nb', 'glossary_terms', 'just_ideas', 'lesson_pages', 'not_found',"
        " 'shared_links']\n"
        "html_theme = 'basic'\nnb_execution_mode = 'off'\n"
        "myst_enable_extensions = ['colon_fence']\nroot_doc = 'book/home'\n"
    ),
    "book/home.md": (
        "# Home\n\nA shard is a file, said on a page that is no lesson.\n\n"
        "```{toctree}\n../notebooks/02_store\n../notebooks/06a_far\n../notebooks/10_last\nglossary\n```\n"
    ),
    "book/glossary.md": (
        "# Glossary\n\n:::{glossary}\ncell\n    Where people live.\n\n"
        "KiB, MiB\n    Units.\n\n"
        "shard\n    Several *chunks* in < 2 files.\n\nshard index\n    A list.\n:::\n"
    ),
    "notebooks/02_store.md": (
        "# A shard, stored\n\n"
        ":::{container} lesson-card\n**You will learn** what a shard is.\n:::\n\n"
        "Its code is `shard`. A shard index comes last, of 4 MiB in a cell, and shardless is no "
        "word. Two shards have two, of KiB.\n\n## Pictures\n\nA shard again.\n\n"
        '![One grey pixel.](pixel.svg "The **first** picture.")\n\n![Another.](pixel.svg)\n\n'
        ":::{figure} pixel.svg\n:alt: A third.\n\nThe second caption.\n:::\n"
    ),
    "notebooks/06a_far.md": "# Far away\n\n" + '![Another pixel.](pixel.svg "Its caption.")\n',
    "notebooks/10_last.md": "# The last\n\n" + "word " * 60 + "\n",
    "notebooks/pixel.svg": PIXEL,
}


def build(folder: Path, **environment: str) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(EXTENSIONS), os.environ.get("PYTHONPATH", "")]))
    kept = {name: value for name, value in os.environ.items() if name != "BIGIMG_BASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", str(folder), str(folder / "out")],
        env={**kept, "PYTHONPATH": paths, "PYTHONUTF8": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "out"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return build(tmp_path_factory.mktemp("small"))


def page(out, name):
    return BeautifulSoup((out / name).read_text(encoding="utf-8"), "html.parser")


def properties(out, name):
    found = page(out, name).select('meta[property^="og:"]')
    return {tag["property"].removeprefix("og:"): tag["content"] for tag in found}


def test_a_lesson_has_the_number_of_its_file_and_keeps_its_anchors(out):
    lesson = page(out, "notebooks/02_store.html")
    assert lesson.h1.get_text().startswith("Lesson 2 · A shard, stored")
    assert lesson.title.get_text().startswith("Lesson 2 · A shard, stored")
    assert lesson.find(id="a-shard-stored")
    listed = [link.get_text() for link in page(out, "book/home.html").select(".toctree-l1 > a")]
    lessons = ["Lesson 2 · A shard, stored", "Lesson 6a · Far away", "Lesson 10 · The last"]
    assert listed == [*lessons, "Glossary"]
    (figure,) = page(out, "notebooks/06a_far.html").select("figure")
    assert figure["id"] == "figure-6a-1"
    assert figure.figcaption.get_text(strip=True).startswith("Figure 6a.1Its caption.")


def test_figures_with_a_caption_are_numbered_and_keep_their_alternative(out):
    lesson = page(out, "notebooks/02_store.html")
    captions = [figure.figcaption.p.get_text() for figure in lesson.select("figure")]
    assert [text.removesuffix("¶") for text in captions] == [
        "Figure 2.1 The **first** picture.",
        "Figure 2.2 The second caption.",
    ]
    assert [image["alt"] for image in lesson.select("img")] == [
        "One grey pixel.",
        "Another.",
        "A third.",
    ]
    assert not lesson.select("img[title]")


def test_the_first_use_of_each_term_in_the_prose_of_a_lesson_is_linked(out):
    lesson = page(out, "notebooks/02_store.html")
    links = lesson.select("a.glossary-term")
    assert [(link.get_text(), link["data-note"]) for link in links] == [
        ("shard index", "A list."),
        ("MiB", "Units."),
        ("shards", "Several chunks in < 2 files."),
    ]
    glossary = page(out, "book/glossary.html")
    for link in links:
        address, anchor = link["href"].split("#")
        assert address == "../book/glossary.html"
        assert glossary.find(id=anchor)
    assert "glossary_terms.js" in str(lesson.head)
    assert not page(out, "book/home.html").select("a.glossary-term")
    assert "glossary_terms.js" not in str(page(out, "notebooks/10_last.html"))


def test_units_are_found_as_they_are_written_only():
    wanted = glossary_terms.pattern(("KiB", "MiB"))
    assert wanted.search("of 4 MiB.")[0] == "MiB"
    assert not wanted.search("mib, MiBs-like or XMiB")
    assert glossary_terms.pattern(("shard",)).search("Shards are")[0] == "Shards"


def test_a_lesson_has_the_switch_and_no_other_page_has(out):
    lesson = page(out, "notebooks/02_store.html")
    (button,) = lesson.select(".just-ideas button")
    assert (button["type"], button["aria-pressed"]) == ("button", "false")
    assert "bigimg-just-ideas" in str(lesson.head)  # in the head: before anything is drawn
    assert not page(out, "book/home.html").select(".just-ideas")


def test_a_preview_has_title_and_description_and_no_address_that_nobody_gave(out):
    assert properties(out, "book/home.html") == {
        "type": "article",
        "site_name": "Small & big",
        "title": "Home",
        "description": "A shard is a file, said on a page that is no lesson.",
        "image": "../_static/share.png",
        "image:width": "1200",
        "image:height": "630",
        "image:alt": shared_links.PICTURE_ALT,
    }
    lesson = page(out, "notebooks/02_store.html")
    (described,) = lesson.select('meta[name="description"]')
    assert described["content"] == "You will learn what a shard is."


def test_a_long_description_is_cut_between_words(out):
    text = properties(out, "notebooks/10_last.html")["description"]
    assert text.endswith("word…")
    assert 190 < len(text) <= 201


def test_a_page_without_text_has_an_empty_description():
    assert shared_links.description(nodes.document(None, None)) == ""


def test_with_an_address_previews_and_the_404_page_use_it(tmp_path):
    out = build(tmp_path, BIGIMG_BASE_URL=BASE.rstrip("/"))
    found = properties(out, "notebooks/02_store.html")
    assert found["url"] == f"{BASE}notebooks/02_store.html"
    assert found["image"] == f"{BASE}_static/share.png"
    links = [link["href"] for link in page(out, "404.html").select("a")]
    assert links == [
        "/book-of-images/book/home.html",
        "/book-of-images/notebooks/02_store.html",
        "/book-of-images/notebooks/06a_far.html",
        "/book-of-images/notebooks/10_last.html",
        "/book-of-images/search.html",
    ]


def test_the_404_page_stands_alone_and_links_to_pages(out):
    lost = page(out, "404.html")
    assert lost.h1.get_text() == "This page is not there"
    assert lost.html["lang"] == "en"
    assert not lost.select("script, img")
    # Without this one, browsers ask for an icon at an address that is not the book's.
    assert [link["href"] for link in lost.select("link")] == ["data:,"]
    for link in lost.select("a"):
        assert (out / link["href"]).is_file()
    assert [link.get_text() for link in lost.select("a")][1] == "Lesson 2 · A shard, stored"


def test_the_picture_has_the_size_that_is_stated(tmp_path):
    from PIL import Image

    Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "tissue.jpg")
    shared_links.draw_picture(tmp_path / "tissue.jpg", tmp_path / "share.png", "Big, small")
    pixels = imread(tmp_path / "share.png")
    assert (pixels.shape[1], pixels.shape[0]) == shared_links.PICTURE_SIZE
    assert pixels[..., :3].std() > 0.05  # something is drawn
