r"""Benchmark: how soon the book's pages are there, beside an earlier build and the plain theme.

    python tests/benchmarks/page_loading.py _build/html --before /path/to/an/earlier/_build/html \
        --save tests/benchmarks/results/page_loading.json

Each page is visited by headless Chromium at *Fast 3G* (1.44 Mbit/s, 562 ms), on a desk and on a
phone, for the first time and again with what the browser kept; files are served compressed, as
hosts of static sites do. Noted are bytes and requests before any interaction, the first paint of
content, and the cumulative layout shift. The sites take turns, so that whatever else the machine
does meets all of them; the page of plain sphinx-book-theme is built here, with the words of the
glossary and no settings. Bytes and shifts are asserted in tests/browser/test_page_budgets.py,
times nowhere.
"""

# ruff: noqa: T201 - prints its results
from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_OPTIONS, find_chromium  # noqa: E402
from tests.browser.page_visit import SIZES, host, visits  # noqa: E402

PLAIN_PAGE = "glossary.html"


def build_plain_site(folder: Path) -> Path:
    """Build the glossary with sphinx-book-theme and nothing else."""
    source = folder / "source"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['myst_parser']\n"
        "myst_enable_extensions = ['attrs_block', 'attrs_inline', 'colon_fence', 'deflist']\n"
        "html_theme = 'sphinx_book_theme'\nroot_doc = 'glossary'\n",
        encoding="utf-8",
    )
    words = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    (source / "glossary.md").write_text(words, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-Q", str(source), str(folder / "html")]
    subprocess.run(command, check=True)
    return folder / "html"


def pages_of(site: Path) -> list[str]:
    """List Home, pages of text and lessons."""
    found = [*site.glob("book/*.html"), *site.glob("notebooks/*.html")]
    return sorted(path.relative_to(site).as_posix() for path in found)


def measure(
    browser: Browser, urls: dict[str, str], page: str, repeats: int
) -> list[dict[str, Any]]:
    """Visit a page of all sites in turns; of the plain one, its only page."""
    runs = []
    for repeat in range(repeats):
        for size_name, size in SIZES.items():
            for site, url in urls.items():
                address = url + (PLAIN_PAGE if site == "plain theme" else page)
                for number, visit in enumerate(visits(browser, address, size, slow=True), 1):
                    runs.append(
                        {"page": page, "site": site, "size": size_name, "visit": number}
                        | {"repeat": repeat, **asdict(visit)}
                    )
    return runs


def print_table(runs: list[dict[str, Any]]) -> None:
    """Print the median of each case, and what first paint is of the others'."""
    print(f"{'page':42} {'site':12} {'window':8} {'visit':5} {'kB':>7} {'paint ms':>8} {'CLS':>6}")
    cases: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for run in runs:
        key = (run["page"], run["size"], str(run["visit"]), run["site"])
        cases.setdefault(key, []).append(run)
    for (page, size, visit, site), same in sorted(cases.items()):
        sent, paint = (statistics.median(run[name] for run in same) for name in ("sent", "paint"))
        shift = max(run["shift"] for run in same)
        print(
            f"{page:42} {site:12} {size:8} {visit:5} {sent / 1000:7.1f} {paint:8.0f} {shift:6.3f}"
        )
    for other in sorted({run["site"] for run in runs} - {"this"}):
        ratios = [
            statistics.median(run["paint"] for run in cases[page, size, visit, "this"])
            / statistics.median(run["paint"] for run in same)
            for (page, size, visit, site), same in cases.items()
            if site == other and visit == "1"
        ]
        print(f"first paint, first visit, of {other}: {min(ratios):.2f} to {max(ratios):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="the folder of the built pages")
    parser.add_argument("--before", type=Path, help="that of an earlier build")
    parser.add_argument("--pages", nargs="*", help="pages to visit; by default all")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", type=Path, help="file for the results (JSON)")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sites = {"this": options.site, "before": options.before}
        sites["plain theme"] = build_plain_site(folder)
        sites = {name: at for name, at in sites.items() if at}
        urls = {name: stack.enter_context(host(at)) for name, at in sites.items()}
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_OPTIONS)
        )
        machine = {
            "system": platform.platform(terse=True),
            "chromium": browser.version,
            "sphinx-book-theme": version("sphinx-book-theme"),
        }
        runs = []
        for page in options.pages or pages_of(options.site):
            having = {  # an earlier build may lack it
                name: url
                for name, url in urls.items()
                if name == "plain theme" or (sites[name] / page).is_file()
            }
            runs += measure(browser, having, page, options.repeats)
            print(f"{page} is measured", file=sys.stderr)
    print_table(runs)
    if options.save:
        text = json.dumps({"machine": machine, "runs": runs}, indent=1)
        options.save.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
