"""What the cells of the page *Benchmarks* show, worked out in this process."""

from __future__ import annotations

import re
from pathlib import Path

from tests.benchmarks import page

PAGE = Path(__file__).resolve().parents[1] / "book" / "benchmarks.md"


def shown(results: page.Results) -> list[str]:
    """Return the Markdown of every cell, in the order of the page.

    Parameters
    ----------
    results
        The raw results to show.
    """
    calls = re.findall(r"^Markdown\((.*?)\)\n```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    names = {"page": page, "results": results}
    return [eval(call.strip(), names) for call in calls]  # noqa: S307 - the page's own code


def rows(texts: list[str]) -> list[list[str]]:
    """Return the cells of all rows of tables, as a reader sees them."""
    lines = [line for text in texts for line in re.sub(r"\*\*|`", "", text).splitlines()]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ") and not line.startswith("| ---")
    ]
