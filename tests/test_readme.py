"""What README and the instructor's guide tell people to run is there, and fits the package."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]


def test_the_pythons_that_are_named_are_those_that_are_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first, beyond = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    stated = f"Python 3.{first} to 3.{int(beyond) - 1} will do"
    for page in (ROOT / "README.md", ROOT / "book" / "teach.md"):
        assert stated in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_is_to_be_run_exists(page):
    for name in re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8")):
        assert importlib.util.find_spec(name), f"{page.name} runs {name}, which does not exist"


def test_where_pip_may_not_install_there_is_another_way():
    for page in (ROOT / "README.md", ROOT / "book" / "teach.md"):
        text = page.read_text(encoding="utf-8")
        assert "pip install uv" in text
        for other in ("externally-managed-environment", "pipx run uv run", "brew install uv"):
            assert other in text
        assert "winget install --id=astral-sh.uv -e" in text
