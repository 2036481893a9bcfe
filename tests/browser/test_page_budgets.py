"""What a page may weigh before anyone touches it, and how far it may jump, at first and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.page_visit import SIZES, cumulative_shift, host, visits, visits_at_once

pytestmark = pytest.mark.browser

# Bytes, compressed as hosts send them, with the headers of answers.
MAX_TEXT, MAX_HOME, MAX_LESSON = 320_000, 600_000, 900_000
MAX_SHIFT = 0.02
# Most of a visit is waiting for what might still come.
AT_ONCE = 6


def budget(name: str) -> int:
    """Return what a page may weigh."""
    if name.startswith("notebooks/"):
        return MAX_LESSON
    return MAX_HOME if name == "book/home.html" else MAX_TEXT


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_every_page_keeps_its_budget(
    chromium: Browser, site_folder: Path, pages: list[Path], size: ViewportSize
) -> None:
    names = [path.relative_to(site_folder).as_posix() for path in pages]
    names.remove("index.html")  # leads on to Home at once
    over = []
    with host(site_folder) as url:
        for number in range(0, len(names), AT_ONCE):
            some = names[number : number + AT_ONCE]
            visited = visits_at_once(chromium, [(url + name, size) for name in some])
            for name, (first, second) in zip(some, visited, strict=True):
                assert first.sent > second.sent
                over += [f"{name}: {first.sent} bytes"] * (first.sent > budget(name))
                over += [
                    f"{name}: {visit.shift:.3f} of {visit.moved}"
                    for visit in (first, second)
                    if visit.shift > MAX_SHIFT
                ]
    assert over == []


def test_what_is_heavy_or_jumps_is_seen(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "heavy.js").write_text(f"/* {'0123456789' * 1000} */", encoding="utf-8")
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 400)
    (tmp_path / "index.html").write_text(
        """<!doctype html><title>Jumps</title><p id="a">A line.</p>
        <p style="height: 700px; background: grey">A box.</p>
        <script src="heavy.js"></script>
        <script>
          fetch("noise.bin");
          setTimeout(() => { document.getElementById("a").style.height = "600px"; }, 300);
        </script>""",
        encoding="utf-8",
    )
    with host(tmp_path) as url:
        first, second = visits(chromium, f"{url}index.html", SIZES["desktop"], slow=False)
    assert 102_400 < first.sent < 104_500  # the script of 10 kB is compressed, the rest is not
    assert first.requests in (3, 4)  # browsers ask for an icon too
    assert second.sent == 0
    assert first.paint > 0
    for visit in (first, second):
        assert visit.shift > 0.02
        assert any("P#" in moved for moved in visit.moved)


def test_shifts_are_summed_by_session() -> None:
    """Sessions end after 1 s without a shift, or 5 s after they began."""
    assert cumulative_shift([]) == 0
    assert cumulative_shift([(100, 0.1), (900, 0.2), (3000, 0.25)]) == pytest.approx(0.3)
    long = [(when, 0.1) for when in range(0, 8000, 900)]
    assert cumulative_shift([(float(when), score) for when, score in long]) == pytest.approx(0.6)
