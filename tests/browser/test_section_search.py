"""The search of the built book: it leads to sections, and shows their prose."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LESSON = "notebooks/02_store_in_pieces.html"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_word_leads_to_the_section_that_tells_of_it(visitor: Any, site: str, phone: bool) -> None:
    page = visitor.open(f"{site}search.html?q=shard", phone=phone)
    results = page.locator("ul.search > li")
    lesson = results.filter(has=page.locator(f'> a[href="{LESSON}"]'))
    sections = lesson.locator("ul.context > li")
    expect(sections.first).to_contain_text("One sharded file, several readers")
    assert 1 <= sections.count() <= 3
    excerpts = page.locator("ul.search .context p:not(:empty)")
    expect(excerpts.nth(7)).to_be_attached()  # they come one page after the other
    said = [text for text in excerpts.all_inner_texts() if text]
    assert len(said) >= 8
    assert max(map(len, said)) <= 210
    assert [text for text in said if "import " in text or "print(" in text] == []
    assert [text for text in said if "hides the code" in text] == []
    shown = [text for text in said if "shard" in text.lower()]
    assert len(shown) >= 0.6 * len(said)
    sections.first.locator("a").click()
    heading = page.locator("h2", has_text="One sharded file, several readers")
    expect(heading).to_be_in_viewport()
    expect(page).to_have_url(re.compile(rf"^{re.escape(site + LESSON)}#one-sharded-file"))


def test_a_term_shows_what_the_glossary_says(visitor: Any, site: str) -> None:
    page = visitor.open(f"{site}search.html?q=shard")
    term = page.locator('ul.search > li:has(> a[href="book/glossary.html#term-shard"]) .context')
    expect(term).to_contain_text("chunks in one file, with an index")
    expect(term.locator("strong")).to_have_text(re.compile("^shard$", re.I))


def test_a_word_in_the_output_of_a_cell_alone_shows_how_its_page_begins(
    visitor: Any, site: str
) -> None:
    """Sphinx fails, and shows no further result, where a summary is no element."""
    page = visitor.open(f"{site}search.html")
    shown = page.evaluate(
        """(html) => {
          const summary = Search.makeSearchSummary(html, new Set(["zebra"]), null);
          document.body.append(summary);
          return summary.textContent;
        }""",
        '<div role="main"><section id="stripes"><h1>Stripes</h1><p>Who has them.</p>'
        '<div class="cell">zebra</div></section></div>',
    )
    assert shown == "StripesWho has them."
    nothing = "(html) => Search.makeSearchSummary(html, new Set(['zebra']), null).textContent"
    assert page.evaluate(nothing, "<p>no page of the book</p>") == ""
