"""Binary units before the learner, decimal ones only beside a speed or where a source states them.

The rule stands in the glossary, below "KiB, MiB, GiB, TiB".
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from bigimg_lessons.text import format_bytes

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bigimg_lessons"
DECIMAL = re.compile(r"\d[\d., ]*[ -]?(?:[kMGTP]B|kilobytes|megabytes|gigabytes|terabytes)\b(?!/s)")
SPEED = re.compile(r"[kMGT]B/s|Gbit/s")


def decimal_without_reason(text):
    """Sizes in decimal units in a text that reckons with no speed."""
    return [] if SPEED.search(text) else DECIMAL.findall(text)


def said(value):
    """All texts of a question, but for the words that a learner may write."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from said(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("answers", "when"):
                yield from said(item)


def texts():
    """What learners read, each piece with where it stands."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            for line in "".join(cell["source"]).splitlines():
                yield f"{path.name}, cell {number}", line
            for output in cell.get("outputs", []):
                yield f"{path.name}, cell {number}", "".join(output.get("text", []))
    for path in sorted((PACKAGE / "questions" / "banks").glob("*.toml")):
        bank = tomllib.loads(path.read_text(encoding="utf-8"))
        for question in bank["questions"]:
            yield f"{path.name}, {question['id']}", "\n".join(said(question))
    for path in [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "zenodo.org" not in line:  # sizes as the archive states them
                yield path.name, line
    for path in sorted((ROOT / "book" / "figures").glob("*.svg")):
        yield path.name, path.read_text(encoding="utf-8")
    yield "remarks.toml", (PACKAGE / "costs" / "remarks.toml").read_text(encoding="utf-8")
    verdicts = PACKAGE / "inspection" / "verdicts.toml"
    yield "verdicts.toml", verdicts.read_text(encoding="utf-8")
    for name in ("costs/scenarios.py", "plots.py", "widgets/chunk_explorer.py"):
        for line in (PACKAGE / name).read_text(encoding="utf-8").splitlines():
            yield name, line


def test_sizes_before_the_learner_are_binary():
    found = {}
    for where, text in texts():
        if where != "changelog.md" and (sizes := decimal_without_reason(text)):
            found.setdefault(where, []).extend(sizes)
    assert found == {}


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a stack of 4 GB", ["4 GB"]),
        ("about 6.4 MB of voxels", ["6.4 MB"]),
        ("28 MB at 40 MB/s are 0.7 s", []),
        ("256 MiB", []),
        ("hundreds of gigabytes", []),
    ],
)
def test_the_rule_sees_what_breaks_it(text, sizes):
    assert decimal_without_reason(text) == sizes


def test_the_glossary_is_right():
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    entry = text.partition("KiB, MiB, GiB, TiB\n")[2].partition("\n\n")[0]
    for sentence, size in (("1 GiB is 1.07 GB", 2**30), ("1 TiB is 1.10 TB", 2**40)):
        assert sentence in entry
        binary, decimal = sentence.split(" is ")
        assert format_bytes(size).replace(".00", "") == binary
        assert format_bytes(size, decimal=True) == decimal
