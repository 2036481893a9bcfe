"""Anywidgets on the pages of the book: without a kernel, without another host.

When a notebook has run, its widgets' state is in its metadata, and myst-nb puts all of it into
the page. This extension takes what anywidgets need out of that state, replaces each output that
shows one by a place to mount it, and adds a small loader (``anywidget_host_assets``) to those
pages only.

- **A plain page first.** The place holds the output's own ``text/html`` (or else ``text/plain``)
  until the loader replaces it: that is what stays where no script runs or where mounting fails.
- **Everything once.** A widget's state repeats its module (``_esm``) in every instance. Here each
  distinct module is in the page once, in a shorter form. Those of our own package are one,
  in which what several widgets import is there once as well. The colours, which every widget
  brings along elsewhere, are a style sheet of the site.
- **Never stale.** A notebook taken from the execution cache brings the module of the day it ran.
  For widgets of our own package the module is therefore read anew from the package, and its files
  are dependencies of the page.

All of it happens at ``doctree-read``: the outputs are still nodes there, with every MIME type that
the notebook gave them, so no written HTML has to be searched and replaced, builders other than
HTML still choose the plain text, and Sphinx's own rules decide which pages are made again.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import WIDGET_VIEW_MIMETYPE
from myst_nb.sphinx_ import NbMetadataCollector
from shortening import short_script, short_style
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from bigimg_lessons.colours import STYLE_SHEET
from bigimg_lessons.widgets.base import WITH_KERNEL, Widget, own_style, page_module

_ASSETS = Path(__file__).with_name("anywidget_host_assets")
_OUR_PACKAGE = "bigimg_lessons."
_LOGGER = logging.getLogger(__name__)

# Traits that only Jupyter has a use for, and those that this extension passes on in its own way.
_NOT_IN_PAGE = re.compile(
    r"_(model|view)_(module|module_version|name|count)|_dom_classes|layout|tabbable|tooltip"
    r"|_anywidget_id|_esm|_css"
)
_REFERENCE = re.compile(r'"(?:IPY_MODEL_|anywidget:)(\w+)"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", _add_assets)
    app.connect("doctree-read", _host_widgets)
    # Before the book's own style sheet, which uses its colours.
    app.add_css_file(STYLE_SHEET.name, priority=300)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}


def _add_assets(app: Sphinx, config: Config) -> None:
    # Not from _config.yml: Jupyter Book would put every script found there on every page.
    config.html_static_path += [str(_ASSETS), str(STYLE_SHEET)]


def _host_widgets(app: Sphinx, doctree: nodes.document) -> None:
    """Replace the widget outputs of one page by places to mount them."""
    env = app.env
    scripts = NbMetadataCollector.get_js_files(env, env.docname)
    _, script = scripts.pop("ipywidgets_state", (None, {"body": '{"state": {}}'}))
    models = {
        key: model
        for key, model in json.loads(script["body"])["state"].items()
        if model["model_module"] == "anywidget"
    }
    views = _replace_views(doctree, models)
    if not views:
        return
    page = _Page()
    for key in _reachable(models, list(views)):
        page.add(key, models[key], _current_sources(env, models[key]["state"]))
    next(iter(views.values())).insert(0, _html(f"<style>{page.style()}</style>"))
    add = functools.partial(NbMetadataCollector.add_js_file, env, env.docname)
    script = {"type": "application/json", "id": "anywidget-data", "body": page.data()}
    add("anywidget_data", None, script)
    add("anywidget_host", "anywidget_host.js", {"loading_method": "defer"})


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """A widget's style sheet and its module, the latter by name if it can be joined with others."""

    style: str
    module: str = ""
    front: str = ""


class _Page:
    """What the loader finds in a page: models, and each front-end module once."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {}
        self._modules: dict[str, str] = {}  # by hash
        self._fronts: dict[str, None] = {}  # an ordered set, as the next one
        self._styles: dict[str, None] = {}

    def add(self, key: str, model: dict[str, Any], sources: _Sources) -> None:
        found = {"front": sources.front}
        if sources.front:
            self._fronts[sources.front] = None
        else:
            name = hashlib.sha256(sources.module.encode()).hexdigest()[:16]
            self._modules[name] = short_script(sources.module)
            found = {"module": name}
        self._styles[short_style(sources.style)] = None
        traits = model["state"].items()
        self._models[key] = {
            **found,
            "traits": {name: value for name, value in traits if not _NOT_IN_PAGE.fullmatch(name)},
            "buffers": model.get("buffers", []),
        }

    def style(self) -> str:
        return "\n".join(self._styles).replace("</", "<\\/")

    def data(self) -> str:
        modules = dict(self._modules)
        if self._fronts:
            modules["fronts"] = short_script(page_module(self._fronts, without=WITH_KERNEL))
        parts = {"models": self._models, "modules": modules}
        return json.dumps(parts, ensure_ascii=False).replace("<", "\\u003c")


def _replace_views(doctree: nodes.document, models: dict[str, Any]) -> dict[str, nodes.Element]:
    """Put a place to mount into each output that shows a widget: model id to (last) output."""
    views: dict[str, nodes.Element] = {}
    for bundle in list(doctree.findall(_is_output)):
        by_type = {child["mime_type"]: child for child in bundle.children}
        view = by_type.get(WIDGET_VIEW_MIMETYPE)
        if view is None:
            continue
        model_id = json.loads(re.sub(r"</?script[^>]*>", "", view.astext()))["model_id"]
        if model_id not in models:
            _LOGGER.warning(
                "This output is no anywidget, or its state was not saved: the page shows the "
                "output's plain form instead. Show an anywidget, or none, and run the notebook.",
                location=bundle,
                type="anywidget_host",
            )
            bundle.remove(view)
            continue
        if "text/html" in by_type:
            plain = by_type["text/html"].astext()
        else:
            plain = f"<pre>{escape(by_type['text/plain'].astext())}</pre>"
        view.children = []
        view += _html(f'<div class="anywidget-mount" data-model="{model_id}">{plain}</div>')
        views[model_id] = view
    return views


def _reachable(models: dict[str, Any], keys: list[str]) -> list[str]:
    """List the models that are shown and those that they refer to."""
    found: dict[str, None] = {}
    while keys:
        key = keys.pop()
        if key in models and key not in found:
            found[key] = None
            keys += _REFERENCE.findall(json.dumps(models[key]["state"]))
    return list(found)


def _current_sources(env: BuildEnvironment, traits: dict[str, Any]) -> _Sources:
    """Return a widget's module and style sheet, those of our own package as they are now."""
    module_name, _, class_name = traits["_anywidget_id"].rpartition(".")
    if not module_name.startswith(_OUR_PACKAGE):
        return _Sources(style=traits.get("_css", ""), module=traits["_esm"])
    widget = getattr(importlib.import_module(module_name), class_name)
    for source in Path(inspect.getfile(widget)).parent.rglob("*.*s"):  # *.js, *.css
        env.note_dependency(str(source))
    if not issubclass(widget, Widget):
        return _Sources(style=str(getattr(widget, "_css", "")), module=str(widget._esm))
    return _Sources(style=own_style(widget.front), front=widget.front)


def _is_output(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


def _html(text: str) -> nodes.raw:
    return nodes.raw(text=text, format="html")
