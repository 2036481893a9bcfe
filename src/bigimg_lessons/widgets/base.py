"""The front-end modules of the widgets, each made whole."""

from __future__ import annotations

import re
from pathlib import Path

JS = Path(__file__).with_name("js")

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def whole_module(name: str, *, folder: Path = JS) -> str:
    """Return a front-end module together with those that it imports.

    A widget's module is loaded from memory and so cannot import its neighbours. Each of them, and
    what they import themselves, is placed once, before the module that needs it, as a function
    that is called at once and returns what the module exports; so its other names stay its own.

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
    exports: dict[Path, set[str]] = {}
    placed: list[str] = []
    parents: list[Path] = []

    def label(path: Path) -> str:
        return path.relative_to(folder.resolve()).as_posix()

    def scope(path: Path) -> str:
        return "in_" + re.sub(r"\W", "_", label(path).removesuffix(".js"))

    def importing(path: Path) -> str:
        """Return a module's text, its imports replaced; they are placed first."""
        parents.append(path)

        def replacement(found: re.Match[str]) -> str:
            names = [part.split() for part in found[1].split(",") if part.strip()]
            other = place((path.parent / found[2]).resolve(), found)
            missing = sorted({words[0] for words in names} - exports[other])
            if missing:
                raise ValueError(
                    f"{label(path)} imports {', '.join(missing)} from {label(other)}, which "
                    f"exports: {', '.join(sorted(exports[other]))}."
                )
            pulled = ", ".join(": ".join(words[::2]) for words in names)
            return f"const {{ {pulled} }} = {scope(other)};\n"

        text = _IMPORT.sub(replacement, path.read_text(encoding="utf-8"))
        parents.pop()
        return text

    def place(path: Path, found: re.Match[str]) -> Path:
        if path in parents:
            chain = " -> ".join(map(label, [*parents, path]))
            raise ValueError(f"These modules import each other: {chain}.")
        if path not in exports:
            if not path.is_file():
                raise FileNotFoundError(
                    f"{label(parents[-1])} imports {found[2]!r}, and there is no such file."
                )
            text = importing(path)
            names = [match["name"] for match in _EXPORT.finditer(text)]
            text = _EXPORT.sub("", text)
            _refuse(_OTHER.search(text), label(path))
            exports[path] = set(names)
            placed.append(
                f"const {scope(path)} = (() => {{\n{text}return {{ {', '.join(names)} }};\n}})();\n"
            )
        return path

    text = importing((folder / name).resolve())
    _refuse(re.search(r"^import\b.*", text, re.MULTILINE), name)
    return "".join(placed) + text


def _refuse(found: re.Match[str] | None, name: str) -> None:
    if found:
        raise ValueError(
            f"{name} has {found[0]!r}: write import {{ a, b }} from a relative path in double "
            "quotes, and export functions, classes and constants where they are defined."
        )
