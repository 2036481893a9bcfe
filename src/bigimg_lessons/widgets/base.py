"""What all widgets have in common: a joined front end, checked traits, and plain HTML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
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

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A front-end module with everything that it imports.

    Attributes
    ----------
    scopes
        Each imported module as a statement that defines a constant with what it exports, in an
        order in which each comes before those that need it. The key is the constant's name.
    body
        The module itself, which takes what it imports from these constants.
    """

    scopes: Mapping[str, str]
    body: str

    @property
    def text(self) -> str:
        """All of it as one module that imports nothing."""
        return "".join(self.scopes.values()) + self.body


def join_module(name: str, *, folder: Path = JS) -> Joined:
    """Join a front-end module with those that it imports.

    A widget's module is loaded from memory and so cannot import its neighbours. Each of them, and
    what they import themselves, becomes a function that is called at once and returns what the
    module exports; so its other names stay its own.

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
        a relative path; functions, classes and constants exported where they are defined), imports
        a name that is not exported there, or imports itself through others.
    """
    joiner = _Joiner(folder=folder.resolve())
    body = joiner.imported((joiner.folder / name).resolve())
    _refuse(re.search(r"^import\b.*", body, re.MULTILINE), name)
    return Joined(scopes=joiner.scopes, body=body)


def whole_module(name: str, *, folder: Path = JS) -> str:
    """Return the text of a front-end module together with those that it imports.

    Parameters, errors and the way in which it is done are those of `join_module`.
    """
    return join_module(name, folder=folder).text


@dataclass(kw_only=True)
class _Joiner:
    """The modules that were placed so far, and those that are being read."""

    folder: Path
    scopes: dict[str, str] = field(default_factory=dict)
    exports: dict[Path, list[str]] = field(default_factory=dict)
    parents: list[Path] = field(default_factory=list)

    def label(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def scope(self, path: Path) -> str:
        return "in_" + re.sub(r"\W", "_", self.label(path).removesuffix(".js"))

    def imported(self, path: Path) -> str:
        """Return a module's text, its imports replaced; what it imports is placed first."""
        self.parents.append(path)
        text = _IMPORT.sub(self._replacement, path.read_text(encoding="utf-8"))
        self.parents.pop()
        return text

    def _replacement(self, found: re.Match[str]) -> str:
        path = self.parents[-1]
        names = [part.split() for part in found[1].split(",") if part.strip()]
        other = (path.parent / found[2]).resolve()
        self._place(other, found[2])
        missing = sorted({words[0] for words in names} - set(self.exports[other]))
        if missing:
            raise ValueError(
                f"{self.label(path)} imports {', '.join(missing)} from {self.label(other)}, which "
                f"exports: {', '.join(sorted(self.exports[other]))}."
            )
        pulled = ", ".join(": ".join(words[::2]) for words in names)
        return f"const {{ {pulled} }} = {self.scope(other)};\n"

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
        text = self.imported(path)
        names = [match["name"] for match in _EXPORT.finditer(text)]
        text = _EXPORT.sub("", text)
        _refuse(_OTHER.search(text), self.label(path))
        self.exports[path] = names
        scope = self.scope(path)
        self.scopes[scope] = (
            f"const {scope} = (() => {{\n{text}return {{ {', '.join(names)} }};\n}})();\n"
        )


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
        The widget's front-end module, such as ``"quiz/quiz.js"``.
    """
    return (JS / front).with_suffix(".css").read_text(encoding="utf-8")
