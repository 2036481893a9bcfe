"""One style sheet for all pages, without the rules that no page of the site needs.

A page of the theme asks for a dozen style sheets, one of which asks for another, and nothing is
painted before the last has come. Three quarters of their bytes are rules for what this book has
nowhere: two thousand icons, carousels, forms. Here the sheets that all pages share are joined, in
their order, into ``_static/styles/book.css``, and the template ``layout.html`` links that alone.

What is left out:

- rules whose every selector names a class or an id that is in no page and in no script of the
  site; a selector with a function such as ``:is()`` stays;
- fonts: letters come from the reader's system, icons from ``icons.css``, and the theme's rules
  for icons go with its font.

Our own sheets are joined as they are.

Sheets that a single page adds stay links of that page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tinycss2
from docutils import nodes
from shortening import short_style
from small_assets import own_files
from sphinx.application import Sphinx

BUNDLE = "styles/book.css"
# The theme's layout links these two itself, before all others; the first imports Sphinx's own.
THEME_SHEETS = ("basic.css", "styles/pydata-sphinx-theme.css")

_FIRST, _AFTER_ALL = 1, 900
_WORD = re.compile(r"[\w-]+")
_NAMED = re.compile(r"[.#]((?:\\.|[\w-])+)")
_ICON_LETTER = re.compile(r"^\.fa(?:[bsr]|-[\w-]+)?\b")
_DIGEST_IN_NAME = re.compile(r"\.[0-9a-f]{32,}\.css")
_WITHOUT_RULES = ("font-face", "import", "charset")
_NOT_READ = ("scripts/fontawesome.js",)  # a script that is gone


def trimmed(sheet: str, words: Iterable[str]) -> str:
    """Return a style sheet without rules that cannot apply.

    Parameters
    ----------
    sheet
        CSS.
    words
        All words of the pages and scripts: a class or id that is none of them is nowhere.
    """
    known = frozenset(words)
    return "".join(_kept(tinycss2.parse_stylesheet(sheet, skip_comments=True), known))


def _kept(rules: list[Any], known: frozenset[str]) -> Iterable[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            parts = tinycss2.serialize(rule.prelude).split(",")
            # A comma inside of a function is none between selectors.
            whole = [",".join(parts)] if "(" in "".join(parts) else parts
            selectors = [part.strip() for part in whole if _may_apply(part.strip(), known)]
            if selectors:
                yield f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword not in _WITHOUT_RULES:
            if rule.lower_at_keyword in ("media", "supports", "layer", "container"):
                inside = "".join(_kept(tinycss2.parse_rule_list(rule.content), known))
                if inside:
                    prelude = tinycss2.serialize(rule.prelude)
                    yield f"@{rule.at_keyword}{prelude}{{{inside}}}"
            else:
                yield rule.serialize()


def _may_apply(selector: str, known: frozenset[str]) -> bool:
    if _ICON_LETTER.match(selector):
        return False
    if "(" in selector:
        return True
    return all(name.replace("\\", "") in known for name in _NAMED.findall(selector))


def site_words(outdir: Path) -> frozenset[str]:
    """Collect all words of a site's pages and scripts."""
    static = outdir / "_static"
    scripts = [
        path
        for path in static.rglob("*.js")
        if not path.relative_to(static).as_posix().startswith(_NOT_READ)
    ]
    pages = [path for path in outdir.rglob("*.html") if static not in path.parents]
    texts = (path.read_text(encoding="utf-8") for path in [*pages, *scripts])
    return frozenset(word for text in texts for word in _WORD.findall(text))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, last of all that add style sheets."""
    app.connect("html-page-context", _note_shared, priority=_FIRST)
    app.connect("html-page-context", _link, priority=_AFTER_ALL)
    app.connect("build-finished", _write, priority=_AFTER_ALL)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}


def _note_shared(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take down which sheets all pages have, before extensions add those of this page."""
    app.bigimg_sheets = [  # type: ignore[attr-defined]
        (str(sheet.filename).removeprefix("_static/"), sheet.attributes.get("media"))
        for sheet in sorted(context["css_files"], key=lambda sheet: sheet.priority)
        if sheet.filename
    ]


def _link(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    shared = {f"_static/{name}" for name, _ in _sheets(app)}
    context["css_files"] = [one for one in context["css_files"] if one.filename not in shared]
    static = Path(app.outdir, "_static")
    digest = hashlib.sha256()
    for name, _ in _sheets(app):
        digest.update(name.encode())
        if not _DIGEST_IN_NAME.search(name):  # else it comes only when the build has finished
            digest.update((static / name.partition("?")[0]).read_bytes())
    context["style_bundle"] = f"{BUNDLE}?v={digest.hexdigest()[:8]}"


def _sheets(app: Sphinx) -> list[tuple[str, str | None]]:
    """List the shared sheets, each with the media that it is for."""
    noted: list[tuple[str, str | None]] = app.bigimg_sheets  # type: ignore[attr-defined]
    return [*((name, None) for name in THEME_SHEETS), *noted]


def _write(app: Sphinx, error: Exception | None) -> None:
    # Where no page was written, none has changed.
    if error or app.builder.format != "html" or not hasattr(app, "bigimg_sheets"):
        return
    static = Path(app.outdir, "_static")
    words = site_words(Path(app.outdir))
    ours = {path.name for path in own_files(app)}
    texts = []
    for name, media in _sheets(app):
        text = (static / name.partition("?")[0]).read_text(encoding="utf-8")
        if name not in ours:
            text = trimmed(text, words)
        texts.append(f"@media {media} {{{text}}}" if media else text)
    (static / BUNDLE).write_text(short_style("\n".join(texts)), encoding="utf-8")
