"""Sphinx extension: each tab of a tool says with which version it was checked, how, and when.

That stands in ``book/checked_tabs.toml`` alone, by lesson and by the tab's label, so that whoever
checks a tab again changes one line. Live notebooks show the tabs without it. A tab of a tool that
has no entry is a warning: unknown is to be said, too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

_CHECKS = Path(__file__).resolve().parents[1] / "checked_tabs.toml"
_LESSONS = "notebooks/"
_GROUP = "tool"
_LOGGER = logging.getLogger(__name__)


def sentence(check: Mapping[str, Any]) -> str:
    """Return what a tab says of how it was checked.

    Parameters
    ----------
    check
        ``how``, and if something was run or read ``with`` and ``date``.
    """
    if "date" not in check:
        return f"{check['how']}."
    return f"{check['how']}: {check['with']}, {check['date']:%d %B %Y}.".replace(": 0", ": ")


def _add(app: Sphinx, doctree: nodes.document) -> None:
    name = app.env.docname
    if not name.startswith(_LESSONS):
        return
    app.env.note_dependency(str(_CHECKS))
    checks = tomllib.loads(_CHECKS.read_text(encoding="utf-8"))
    own = checks.get(name.removeprefix(_LESSONS), {})
    for item in doctree.findall(nodes.container):
        if item.get("design_component") != "tab-item":
            continue
        label, content = item.children
        if not isinstance(label, nodes.Element) or label.get("sync_group") != _GROUP:
            continue
        check = own.get(label.astext())
        if check is None:
            _LOGGER.warning(
                "This tab, %r, has no entry in book/checked_tabs.toml: say there with which "
                "version it was checked, or that it was not.",
                label.astext(),
                location=item,
                type="checked_tabs",
            )
            continue
        text = nodes.emphasis("", sentence(check))
        content.append(nodes.paragraph("", "", text))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
