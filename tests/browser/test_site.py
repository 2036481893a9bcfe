"""Every page of the built book: nothing from elsewhere, nothing broken, nothing too wide."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import shortening
from bs4 import BeautifulSoup

from tests.benchmark_cells import rows, shown
from tests.benchmarks.page import Results

pytestmark = pytest.mark.browser


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_pages_load_whole_and_fit(
    visitor: Any, site: str, site_folder: Path, pages: list[Path], phone: bool
) -> None:
    """The visitor notes errors, answers of 400 and more, and requests to other hosts."""
    too_wide = []
    # Not at the site's root, which leads on to this page: that would cut short the first of these.
    page = visitor.open(f"{site}book/home.html", phone=phone)
    for path in pages:
        name = path.relative_to(site_folder).as_posix()
        page.goto(site + name, wait_until="networkidle")
        width, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        if width > room:
            too_wide.append(f"{name}: {width} > {room}")
    assert too_wide == []


def test_pages_name_no_other_host_for_what_they_load(site_folder: Path, pages: list[Path]) -> None:
    """Not even what is loaded only later, on some click."""
    foreign = [
        f"{path.relative_to(site_folder)}: {address}"
        for path in pages
        for tag in parsed(path).find_all(["script", "link", "img", "iframe", "source", "video"])
        for address in (tag.get("src"), tag.get("href"))
        if address and urlsplit(address).netloc
        if tag.name != "link" or "canonical" not in tag.get("rel", [])
    ]
    assert foreign == []


def test_pages_have_titles_and_pictures_have_alternatives(
    site_folder: Path, pages: list[Path]
) -> None:
    lacking = []
    for path in pages:
        name = path.relative_to(site_folder)
        title = parsed(path).title
        leads_on = parsed(path).find("meta", attrs={"http-equiv": "Refresh"})
        if not leads_on and (title is None or not title.get_text(strip=True)):
            lacking.append(f"{name}: no title")
        lacking += [
            f"{name}: no alternative text for {image.get('src')}"
            for image in parsed(path).find_all("img")
            if not (image.get("alt") or "").strip()
        ]
    assert lacking == []


def test_links_within_the_site_lead_somewhere(site_folder: Path, pages: list[Path]) -> None:
    dead = []
    for path in pages:
        for link in parsed(path).find_all("a", href=True):
            address, anchor = urldefrag(link["href"])
            if urlsplit(address).scheme or urlsplit(address).netloc:
                continue
            target = (path.parent / unquote(urlsplit(address).path)).resolve() if address else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                dead.append(f"{path.relative_to(site_folder)}: {link['href']}")
            elif anchor and target.suffix == ".html" and not _has_anchor(target, unquote(anchor)):
                dead.append(f"{path.relative_to(site_folder)}: {link['href']} (no such anchor)")
    assert dead == []


def _has_anchor(path: Path, anchor: str) -> bool:
    page = parsed(path)
    return bool(page.find(id=anchor) or page.find(attrs={"name": anchor}))


# Bytes, gzipped. The pages with instruments or the design task beside their quizzes weigh more; of
# the zoom viewer's 15 kB, 3 check what a server sends before it is drawn. The page that inspects a
# file has the readers of all formats but HDF5; with them it may send 350 kB. No other page but
# lessons 2 and 4 is ever to take more than 19,000.
MAX_FOR_WIDGETS = {
    "notebooks/02_store_in_pieces.html": 36_900,
    "notebooks/04_build_a_resolution_pyramid.html": 27_900,
    "notebooks/07_check_yourself.html": 18_700,
    "book/home.html": 15_700,
    "book/plan.html": 13_200,
    "book/inspect.html": 66_000,
}
MAX_FOR_A_QUIZ = 13_300
# What mounts the widgets, and the reader's progress.
MAX_AROUND_WIDGETS = 3_200
MAX_AROUND_ON_HOME = 5_800


def test_pages_load_little_for_their_widgets(site_folder: Path, pages: list[Path]) -> None:
    """Their scripts and styles, and the scripts that most pages of the site have for them."""
    spaces_alone = 1.2 if shortening.minify is None else 1
    heavy, weighed = [], 0
    for path in pages:
        page = parsed(path)
        data = page.find(id="anywidget-data")
        if data is None:
            continue
        # What is in the page itself is compressed together, as it travels.
        inside = [*json.loads(data.string)["modules"].values()]
        inside += [style.string for style in page.find_all("style")]
        widgets = _gzipped("\n".join(inside))
        around = 0
        for tag in page.select("script[src], link[rel=stylesheet]"):
            address = urlsplit(tag.get("src") or tag["href"]).path
            if re.search(r"(anywidget_host|reader_progress|progress_panel)\.(js|css)$", address):
                around += _gzipped((path.parent / address).resolve().read_text(encoding="utf-8"))
        name = path.relative_to(site_folder).as_posix()
        weighed += 1
        most_around = MAX_AROUND_ON_HOME if name == "book/home.html" else MAX_AROUND_WIDGETS
        if widgets > MAX_FOR_WIDGETS.get(name, MAX_FOR_A_QUIZ) * spaces_alone:
            heavy.append(f"{name}: {widgets} bytes of widgets")
        if around > most_around * spaces_alone:
            heavy.append(f"{name}: {around} bytes around them")
    assert weighed >= 7
    assert heavy == []


def _gzipped(text: str) -> int:
    return len(gzip.compress(text.encode(), mtime=0))


def test_the_benchmarks_page_shows_all_results_as_tables(site_folder: Path) -> None:
    """Each row of the page is one that is worked out from the raw results, in their order."""
    tables = parsed(site_folder / "book" / "benchmarks.html").select("article table")
    # The page has typographic apostrophes.
    found = [
        [cell.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for cell in row.select("th, td")]
        for each in tables
        for row in each("tr")
    ]
    assert found == rows(shown(Results()))
    assert len(found) > 10
