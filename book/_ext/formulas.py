"""Sphinx extension: formulas as MathML, which browsers draw and screen readers read by themselves.

No script and no font is sent for them. Use it with ``html_math_renderer = "mathml"``. A command of
LaTeX that cannot be said in MathML is a warning, and so, in this book, an error.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_LOGGER = logging.getLogger(__name__)


def mathml(latex: str, *, display: str) -> str:
    """Translate LaTeX to MathML.

    Parameters
    ----------
    latex
        The formula, without its dollar signs.
    display
        ``"inline"``, or ``"block"`` for a formula on a line of its own.

    Raises
    ------
    ValueError
        If a command is unknown, or the formula is not complete.
    """
    try:
        formula = convert(latex, display=display)
    except Exception as error:  # its exceptions have no common type
        raise ValueError(f"formula {latex!r}: {type(error).__name__}; correct its LaTeX") from error
    if "\\" in formula:  # what it does not know is copied
        raise ValueError(f"formula {latex!r} has a command that MathML lacks; write it otherwise")
    return formula


def _visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    _add(translator, node, "inline", "span")


def _visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    _add(translator, node, "block", "div")


def _add(translator: HTML5Translator, node: nodes.Element, display: str, tag: str) -> None:
    try:
        formula = mathml(node.astext(), display=display)
    except ValueError as error:
        _LOGGER.warning(str(error), location=node, type="formulas")
        formula = f"<code>{translator.encode(node.astext())}</code>"
    translator.body.append(translator.starttag(node, tag, "", CLASS="math"))
    translator.body.append(f"{formula}</{tag}>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
