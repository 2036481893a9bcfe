"""Which tool opens which OME-Zarr, as a table: ``uv run python -m tests.readers.tools_table``.

What it says comes from the reader matrix, from ``tests/readers/viewers.json`` and from
``tests/readers/tools.toml``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.readers.matrix import ZARR

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "book" / "tables" / "open_ome_zarr.md"
VIEWERS = Path(__file__).with_name("viewers.json")
HEADINGS = ("tool", "0.4", "0.5", "0.5 in shards", "0.6", "`.ozx`", "needs")
UNKNOWN = "?"
"""What a cell says of what was neither run nor read."""


def tools() -> list[dict[str, Any]]:
    """Return the tools, in the order of the page, with what viewers answered."""
    path = Path(__file__).with_name("tools.toml")
    read: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]
    seen: dict[str, dict[str, Any]] = json.loads(VIEWERS.read_text(encoding="utf-8"))
    return [tool | (seen.get(tool["name"], {}) if "viewer" in tool else {}) for tool in read]


def record() -> dict[str, Any]:
    """Return the reader matrix."""
    path = Path(__file__).with_name("matrix.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def opened(answer: Mapping[str, Any]) -> str:
    """Return in words how well a reader of the matrix opened a file."""
    verdicts = answer["verdicts"]
    if verdicts.get("voxels") != "right":
        return "no"
    if verdicts["levels"] == "not told":
        return "each array"
    if verdicts["levels"] != "right":
        return "wrong levels"
    return "yes" if verdicts["voxel size"] == "right" else "no voxel size"


def table(matrix: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return the table in Markdown, and below it how each row came about.

    Parameters
    ----------
    matrix
        What ``tests/readers/matrix.json`` holds.
    rows
        The tools.
    """
    lines = ["<!-- Written by uv run python -m tests.readers.tools_table. -->", ""]
    lines += [f"| {' | '.join(HEADINGS)} |", "|" + " --- |" * len(HEADINGS)]
    lines += [f"| {' | '.join(_row(tool, matrix))} |" for tool in rows]
    run = [tool["name"] for tool in rows if "reader" in tool]
    lines += ["", f"* {', '.join(run)}: run on {matrix['date']}, by the reader matrix."]
    lines += [f"* {tool['name']}: {tool['how']}, {tool['date']}." for tool in rows if "how" in tool]
    return "\n".join(lines) + "\n"


def _row(tool: Mapping[str, Any], matrix: Mapping[str, Any]) -> Iterator[str]:
    if "reader" in tool:
        answers = {
            answer["format"]: answer
            for answer in matrix["answers"]
            if answer["reader"] == tool["reader"]
        }
        versions = answers[ZARR[0]]["versions"]
        version = versions.get(tool["name"]) or next(iter(versions.values()))
        opens = {name: opened(answers[name]) for name in ZARR}
    else:
        version, opens = tool["version"], tool["opens"]
    yield f"{tool['name']} {version}"
    yield from (opens.get(name, UNKNOWN) for name in ZARR)
    yield tool["needs"]


if __name__ == "__main__":
    TABLE.write_text(table(record(), tools()), encoding="utf-8")
