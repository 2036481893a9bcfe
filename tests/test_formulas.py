"""Formulas of the book, as MathML."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from formulas import mathml

from tests.sphinx_project import build_project

SPACE = "{http://www.w3.org/1998/Math/MathML}"


def test_a_fraction_is_a_fraction() -> None:
    text = mathml(r"t = \frac{\text{bytes}}{s} < 2", display="block")
    formula = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert formula.tag == f"{SPACE}math"
    assert formula.get("display") == "block"
    above, below = formula.iter(f"{SPACE}mfrac").__next__()
    assert ("".join(above.itertext()), "".join(below.itertext())) == ("bytes", "s")
    assert "".join(formula.itertext()) == "t=bytess<2"


@pytest.mark.parametrize("latex", [r"a + \nonsense{3}", r"\left( a"])
def test_what_cannot_be_said_is_refused(latex: str) -> None:
    with pytest.raises(ValueError, match=f"formula {re.escape(repr(latex))}"):
        mathml(latex, display="inline")


def test_a_page_has_its_formulas_without_a_script(tmp_path: Path) -> None:
    source, output = tmp_path / "source", tmp_path / "built"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['formulas']\nhtml_math_renderer = 'mathml'\nroot_doc = 'index'\n",
        encoding="utf-8",
    )
    (source / "index.rst").write_text(
        "Page\n====\n\nWith :math:`a < b`.\n\n.. math:: \\frac{1}{2}\n", encoding="utf-8"
    )
    build_project(source, output)
    page = next(output.rglob("index.html")).read_text(encoding="utf-8")
    assert re.search(r'<span class="math[^"]*"><math [^>]*display="inline"', page)
    assert re.search(r'<div class="math[^"]*"><math [^>]*display="block"', page)
    assert "mathjax" not in page.lower()
