"""What the visitor of pages takes for a problem, and what a test may let pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# The last is asked for just before the visitor leaves.
PAGE = """<!doctype html><title>t</title><link rel="icon" href="data:,">
<script>
fetch("absent.json");
fetch("https://elsewhere.invalid/a").catch(() => {});
console.error("on purpose");
window.later = () => fetch("late.json");
</script>"""


@pytest.fixture
def url(tmp_path: Path, serving: Callable[[Path], AbstractContextManager[str]]) -> Any:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    with serving(tmp_path) as found:
        yield f"{found}page.html"


def visited(kind: type, chromium: Browser, url: str, pattern: str | None) -> list[str]:
    """Visit the page, and return what was noted until the visitor had left."""
    visitor = kind(chromium)
    visitor.forgive(pattern)
    page: Page = visitor.open(url)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.later()")
    visitor.leave()
    problems: list[str] = visitor.problems
    return problems


def test_all_is_noted_but_what_is_forgiven(chromium: Browser, visitor: Any, url: str) -> None:
    kind = type(visitor)
    noted = visited(kind, chromium, url, None)
    for part in ("404: ", "absent.json", "late.json", "to another host: https://else", "on purp"):
        assert any(part in problem for problem in noted), part
    rest = visited(kind, chromium, url, "404|status of")
    assert not [problem for problem in rest if "404" in problem]
    assert any("on purpose" in problem for problem in rest)
    assert any("another host" in problem for problem in rest)
    assert visited(kind, chromium, url, ".") == []
