"""Scripts that run once the page is there, so that no page waits for one to be painted.

Deferred scripts run in the order of their tags, as before. Scripts within the page run at once, as
they hold what deferred ones use, except for one of the theme's: it notes the page's name in an
object that ``documentation_options.js`` makes only later, for a choice of versions which this book
has not got. The search page, whose template adds scripts of its own that are not deferred, stays
as it is.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_PAGE_NAME = "DOCUMENTATION_OPTIONS.pagename"
_AFTER_ALL = 900


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, last of all that add scripts."""
    app.connect("html-page-context", _defer, priority=_AFTER_ALL)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _defer(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == "search":
        return
    context["script_files"] = [
        _deferred(script)
        for script in context["script_files"]
        if not str(script.attributes.get("body", "")).startswith(_PAGE_NAME)
    ]


def _deferred(script: Any) -> Any:
    """Return the script with the attribute; the given one belongs to all pages."""
    attributes = dict(script.attributes)
    if not script.filename or "async" in attributes:
        return script
    attributes["defer"] = "defer"
    return type(script)(script.filename, priority=script.priority, **attributes)
