"""The version stands in one place, and a release takes its notes from the changelog."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

_spec = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci/release_notes.py")
module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(module)

TEXT = """# Changelog

## 0.2.0, in preparation

- Later.

## 0.1.0, 2026-12-01

### Lessons

- One.

## 0.0.1, 2026-11-01

- First.
"""


def test_the_notes_of_a_version_are_its_section():
    assert module.release_notes("0.1.0", TEXT) == "### Lessons\n\n- One.\n"


@pytest.mark.parametrize("version", ["0.2.0", "0.1", "1.0.0"])
def test_a_version_that_is_not_released_has_none(version):
    with pytest.raises(ValueError, match=rf"no released version '{version}', only: 0\.2\.0, in"):
        module.release_notes(version, TEXT)


def test_version_changelog_and_citation_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (.+?),", changelog, re.MULTILINE)[1] == version
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == version
