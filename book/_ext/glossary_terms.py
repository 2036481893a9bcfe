"""Sphinx extension: the glossary's terms, linked where a lesson first uses them.

In the prose of each lesson, the first occurrence of each term becomes a link to its entry and holds
what the entry says, which a small script shows on hover and focus. Without the script it is a link.

The entry's text stands in an attribute: it is in the page, no other file is needed, and neither
the search nor the printed page mixes it up with the text around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

_ASSETS = Path(__file__).with_name("glossary_terms_assets")
_GLOSSARY = "book/glossary"
_LESSONS = "notebooks/"
# Words that lessons also use in a sense of everyday, or of biology.
_IN_OTHER_SENSES = frozenset({"cell", "mode", "scale"})
# No prose: what is a link or code already, headings, and boxes that sum the page up.
_NO_PROSE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.raw,
)
_NO_PROSE_CLASSES = frozenset(
    {"lesson-card", "key-points", "what-next", "cell", "admonition-title"}
)


@dataclass(frozen=True)
class Entry:
    """A term of the glossary.

    Parameters
    ----------
    words
        The ways to write it: "KiB", "MiB", … for the entry "KiB, MiB, GiB, TiB".
    anchor
        Id of the entry on the page of the glossary.
    text
        What the entry says, without markup.
    """

    words: tuple[str, ...]
    anchor: str
    text: str


def entries(env: BuildEnvironment) -> Iterator[Entry]:
    """Read the entries off the glossary's page; none if the book has no such page."""
    if _GLOSSARY not in env.found_docs:
        return
    for glossary in env.get_doctree(_GLOSSARY).findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            term = next(item.findall(nodes.term))
            definition = next(item.findall(nodes.definition))
            words = tuple(term.astext().split(", "))
            if not _IN_OTHER_SENSES.intersection(words):
                text = re.sub(r"\s+", " ", definition.astext()).strip()
                yield Entry(words, term["ids"][0], text)


def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds one of these words as a whole word, in the plural too."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    capitals = 0 if any(word != word.lower() for word in words) else re.IGNORECASE
    return re.compile(rf"(?<![\w-])(?:{either})s?(?![\w-])", capitals)


class LinkFirstUses(SphinxPostTransform):
    """Link the first use of each term on the page of a lesson."""

    default_priority = 600
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Link what is found, the longest terms first: "shard index" before "shard"."""
        if not self.env.docname.startswith(_LESSONS):
            return
        found = sorted(entries(self.env), key=lambda entry: -max(map(len, entry.words)))
        page = self.app.builder.get_relative_uri(self.env.docname, _GLOSSARY)
        for entry in found:
            wanted = pattern(entry.words)
            for text in list(self.document.findall(nodes.Text)):
                use = wanted.search(text) if _is_prose(text) else None
                if use:
                    note = f'href="{page}#{entry.anchor}" data-note="{escape(entry.text)}"'
                    html = f'<a class="glossary-term" {note}>{escape(use[0])}</a>'
                    link = nodes.raw("", html, format="html", glossary_term=True)
                    before, after = text[: use.start()], text[use.end() :]
                    parts = [nodes.Text(before), link, nodes.Text(after)]
                    text.parent.replace(text, [part for part in parts if part.astext()])
                    break


def _is_prose(text: nodes.Text) -> bool:
    in_paragraph = False
    node = text.parent
    while node is not None:
        if isinstance(node, _NO_PROSE) or _NO_PROSE_CLASSES.intersection(node.get("classes", ())):
            return False
        in_paragraph = in_paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return in_paragraph


def _add_note(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree and any("glossary_term" in link for link in doctree.findall(nodes.raw)):
        app.add_js_file("glossary_terms.js", loading_method="defer")
        app.add_css_file("glossary_terms.css")


def _add_assets(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(_ASSETS))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_post_transform(LinkFirstUses)
    app.connect("config-inited", _add_assets)
    app.connect("html-page-context", _add_note)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
