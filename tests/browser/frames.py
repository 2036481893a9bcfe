"""Frames of a page, for tests of what it does when it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page


def next_frame(page: Page) -> None:
    """Wait until the page was drawn: what was asked for is seen, and scrolls were told of."""
    page.evaluate(
        "() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"
    )


def at_rest(page: Page) -> None:
    """Wait until nothing has moved for thirty frames: a page may be laid out after it has come."""
    page.evaluate(
        """() => new Promise((end) => {
            let [place, frames] = ["", 0];
            const look = () => {
                const now = `${scrollY} ${document.documentElement.scrollHeight}`;
                frames = now === place ? frames + 1 : 0;
                place = now;
                if (frames < 30) requestAnimationFrame(look); else end();
            };
            look();
        })"""
    )


@contextmanager
def begun(page: Page) -> Iterator[None]:
    """Wait, after what is done here, until the zoom viewer has begun anew, or ended that already.

    To look afterwards whether it is at work would be too late on a busy computer.
    """
    page.wait_for_selector(".bz[data-settled]")
    page.evaluate(
        """() => {
            const viewer = document.querySelector(".bz");
            viewer.begun = new Promise((end) => {
                new MutationObserver(end).observe(viewer, { attributeFilter: ["data-settled"] });
            });
        }"""
    )
    yield
    page.evaluate("() => document.querySelector('.bz').begun.then(() => null)")
