"""Scripts that run once the page is there, so that no page waits for one to be painted.

Deferred scripts run in the order of their tags, as before. Scripts within the page run at once, as
they hold what deferred ones use, except for one of the theme's: it notes the page's name in an
object that ``documentation_options.js`` makes only later, for a choice of versions which this book
has not got. The search page, whose template adds scripts of its own that are not deferred, stays
as it is.

MathJax, more than all else on a page, is left out where there is no formula: Sphinx adds it to a
page as soon as there has been room for one. Nothing waits for it.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_PAGE_NAME = "DOCUMENTATION_OPTIONS.pagename"
_AFTER_ALL = 900
_FORMULA = re.compile(r'class="(?:[\w-]+ )*math\b')


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, last of all that add scripts."""
    app.connect("html-page-context", _defer, priority=_AFTER_ALL)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _defer(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == "search":
        return
    has_formula = _FORMULA.search(context.get("body", ""))
    context["script_files"] = [
        _deferred(script)
        for script in context["script_files"]
        if not str(script.attributes.get("body", "")).startswith(_PAGE_NAME)
        if has_formula or not _is_mathjax(script)
    ]


def _deferred(script: Any) -> Any:
    """Return the script with the attribute; the given one belongs to all pages."""
    attributes = dict(script.attributes)
    if not script.filename or "async" in attributes:
        return script
    attributes.pop("defer", None)
    when = "async" if _is_mathjax(script) else "defer"
    return type(script)(script.filename, priority=script.priority, **attributes, **{when: when})


def _is_mathjax(script: Any) -> bool:
    return "mathjax" in f"{script.filename} {script.attributes.get('body', '')}".lower()
