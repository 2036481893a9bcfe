"""What all widgets have in common: a joined front end, checked traits, and plain HTML."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from bigimg_lessons.colours import STYLE_SHEET
from bigimg_lessons.widgets import live_reload

JS = Path(__file__).with_name("js")
"""The folder of the front-end modules and style sheets."""

WITH_KERNEL = ("viewer/kernel.js",)
"""Front-end modules that only a kernel can serve: pages without one leave them out."""

_IMPORT = re.compile(r'^import \{([\w\s,$]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_DEFAULT = re.compile(r"^export default\b", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_STYLE_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


def whole_module(name: str, *, folder: Path = JS) -> str:
    """Join a front-end module with those that it imports into one that imports nothing.

    A widget's module is loaded from memory and so cannot import its neighbours. Each of them, and
    what they import themselves, becomes a function that is called at once and returns what the
    module exports, under the names that it has there; so its other names stay its own. It is placed
    once, before those that need it. No name of an export is left inside, so that a page can be sent
    shorter ones.

    Parameters
    ----------
    name
        A file in `folder`, such as ``"viewer/zoom_viewer.js"``.
    folder
        Where the modules are, by default ``bigimg_lessons/widgets/js``.

    Raises
    ------
    FileNotFoundError
        If a module that is imported is not there.
    ValueError
        If a module imports or exports in another way than this joiner knows (named imports from
        a relative path, under the names that they have there; functions, classes and constants
        exported where they are defined), imports a name that is not exported there, exports a name
        that another one exports, or imports itself through others.
    """
    joiner = _Joiner(folder=folder.resolve())
    body = joiner.imported(joiner.folder / name)
    _refuse(re.search(r"^import\b.*", body, re.MULTILINE), name)
    return "".join([*joiner.scopes, body])


def page_module(names: Iterable[str], *, without: Collection[str] = (), folder: Path = JS) -> str:
    """Join the front-end modules of a page's widgets into one: what several import is there once.

    Its default export is an object that holds the default export of each module under its name.
    All is within one function, whose names a page can be sent in a shorter form.

    Parameters
    ----------
    names
        Files in `folder`, each of which has a default export and no other.
    without
        Files that this page has no use for: what they export is undefined there.
    folder
        As for `whole_module`, which says more of how modules are joined, and of the errors.
    """
    joiner = _Joiner(folder=folder.resolve(), without=without)
    widgets = "".join(joiner.widget(name) for name in names)
    return f"export default (() => {{\n{''.join(joiner.scopes)}return {{\n{widgets}}};\n}})();\n"


@dataclass(kw_only=True)
class _Joiner:
    """The modules that were placed so far, and those that are being read."""

    folder: Path
    without: Collection[str] = ()
    scopes: list[str] = field(default_factory=list)
    exports: dict[Path, list[str]] = field(default_factory=dict)
    parents: list[Path] = field(default_factory=list)

    def label(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def imported(self, path: Path) -> str:
        """Return a module's text without its imports; what it imports is placed first."""
        self.parents.append(path)
        text = _IMPORT.sub(self._place_import, path.read_text(encoding="utf-8"))
        self.parents.pop()
        return text

    def widget(self, name: str) -> str:
        """Return a widget's module as an entry of an object; what it imports is placed first."""
        text = _DEFAULT.sub("return", self.imported(self.folder / name))
        _refuse(_OTHER.search(text), name)
        return f"{json.dumps(name)}: (() => {{\n{text}}})(),\n"

    def _place_import(self, found: re.Match[str]) -> str:
        """Place what an import statement names, in whose stead nothing is left."""
        path = self.parents[-1]
        names = [part.strip() for part in found[1].split(",") if part.strip()]
        other = (path.parent / found[2]).resolve()
        self._place(other, found[2])
        missing = sorted(set(names) - set(self.exports[other]))
        if missing:
            raise ValueError(
                f"{self.label(path)} imports {', '.join(missing)} from {self.label(other)}, which "
                f"exports: {', '.join(sorted(self.exports[other]))}."
            )
        return ""

    def _place(self, path: Path, written: str) -> None:
        """Place an imported module, once."""
        if path in self.parents:
            chain = " -> ".join(map(self.label, [*self.parents, path]))
            raise ValueError(f"These modules import each other: {chain}.")
        if path in self.exports:
            return
        if not path.is_file():
            raise FileNotFoundError(
                f"{self.label(self.parents[-1])} imports {written!r}, and there is no such file."
            )
        if self.label(path) in self.without:
            names = _EXPORT.findall(path.read_text(encoding="utf-8"))
            self.exports[path] = names
            self.scopes.append(f"const [{', '.join(names)}] = [];\n")
            return
        text = self.imported(path)
        names = [match["name"] for match in _EXPORT.finditer(text)]
        text = _EXPORT.sub("", text)
        _refuse(_OTHER.search(text), self.label(path))
        for other, taken in self.exports.items():
            if twice := sorted(set(taken).intersection(names)):
                raise ValueError(
                    f"{self.label(other)} and {self.label(path)} both export {', '.join(twice)}: "
                    "choose another name in one of them."
                )
        self.exports[path] = names
        listed = ", ".join(names)
        self.scopes.append(f"const [{listed}] = (() => {{\n{text}return [{listed}];\n}})();\n")


def _refuse(found: re.Match[str] | None, name: str) -> None:
    if found:
        raise ValueError(
            f"{name} has {found[0]!r}: write import {{ a, b }} from a relative path in double "
            "quotes, and export functions, classes and constants where they are defined."
        )


class Checked(traitlets.Any):
    """A value that its widget validates, ``None`` too, and tells what is wrong with it."""

    allow_none = False


class Widget(anywidget.AnyWidget):
    """A widget with a front end in ``widgets/js``, which can also be read without scripts.

    A subclass names its module, and has its style sheet beside it, under the same name::

        class Quiz(Widget, front="quiz/quiz.js"):

    With the environment variable ``ANYWIDGET_HMR=1`` a widget that is shown follows each change
    of its files.
    """

    front: ClassVar[str]

    def __init_subclass__(cls, *, front: str = "", **kwargs: Any) -> None:
        if front:  # traitlets makes subclasses of a widget's class, which keep its front end
            cls.front = front
            for name, text in _sources(front).items():
                setattr(cls, name, text)
        super().__init_subclass__(**kwargs)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
        if os.environ.get("ANYWIDGET_HMR") == "1":
            live_reload.follow(self, JS, partial(_sources, self.front))

    def _plain_html(self) -> str:
        """Return what is shown where no script runs."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add plain HTML to what Jupyter shows."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:  # a widget without a view
            return None
        data, metadata = bundle
        return {**data, "text/html": self._plain_html()}, metadata


def _sources(front: str) -> dict[str, str]:
    """Return the traits in which anywidget keeps a widget's module and style sheet."""
    colours = STYLE_SHEET.read_text(encoding="utf-8")
    return {"_esm": whole_module(front), "_css": colours + own_style(front)}


def own_style(front: str) -> str:
    """Return a widget's own style sheet, without the colours that all of them share.

    Parameters
    ----------
    front
        The widget's front-end module, such as ``"quiz/quiz.js"``. A sheet that stands on others
        begins with ``@import "../explorer/chunk_explorer.css";``, and has them in these places.
    """
    return _joined_style((JS / front).with_suffix(".css"))


def _joined_style(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return _STYLE_IMPORT.sub(lambda found: _joined_style(path.parent / found[1]), text)
