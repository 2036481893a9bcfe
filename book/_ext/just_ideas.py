"""Sphinx extension: a switch "Just the ideas", which hides the code of a lesson's cells.

What the cells show stays: numbers, figures and widgets. The switch is kept in the reader's browser
for all lessons, as light and dark are. Its script is in the page's head, so that a page whose code
is hidden is never drawn with it. Live notebooks have their own means, and print shows everything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from shortening import short_script
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

_ASSETS = Path(__file__).with_name("just_ideas_assets")
_SCRIPT = Path(__file__).with_name("just_ideas.js")
_LESSONS = "notebooks/"
_SWITCH = (
    '<p class="just-ideas"><button type="button" aria-pressed="false">Just the ideas</button>'
    " <span>hides the code; what it shows stays.</span></p>"
)


class AddSwitch(SphinxPostTransform):
    """Put the switch below the title of each lesson."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Add it, if this page is a lesson."""
        title = next(iter(self.document.findall(nodes.title)), None)
        if self.env.docname.startswith(_LESSONS) and title is not None:
            switch = nodes.raw("", _SWITCH, format="html")
            title.parent.insert(title.parent.index(title) + 1, switch)


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page.startswith(_LESSONS):
        app.add_js_file(None, body=short_script(_SCRIPT.read_text(encoding="utf-8")))
        app.add_css_file("just_ideas.css")


def _add_assets(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(_ASSETS))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_post_transform(AddSwitch)
    app.connect("config-inited", _add_assets)
    app.connect("html-page-context", _add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
