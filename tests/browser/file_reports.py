"""A reader's file on the page: its report, and that of Python."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

from bigimg_lessons.command_line.inspecting import as_document
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.report import Report
from bigimg_lessons.inspection.verdicts import verdicts_of

ADDED = """(told) => document.head.append(Object.assign(document.createElement("script"), {
  type: "application/json", id: "hdf5-in-browser", textContent: JSON.stringify(told) }))"""


def said(page: Page) -> Locator:
    return page.locator(".br-said")


def wait_for(page: Page, name: str) -> None:
    """Wait until the report of a file is there."""
    expect(page.locator(".br-name")).to_have_text(name)
    expect(page.locator("section.br[aria-busy]")).to_have_count(0)
    expect(page.locator(".br-place > *")).to_have_count(1)


def python_says(name: str) -> dict[str, Any]:
    """Return the document of `bigimg inspect --json` of a file in the current folder."""
    return document(with_sample(report_on(name)))


def document(report: Report) -> dict[str, Any]:
    """Return the document of a report."""
    costs = costs_of(report)
    text = json.dumps(as_document(report, costs, verdicts_of(report, costs)))
    return dict(json.loads(text))


def copied_report(page: Page) -> dict[str, Any]:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy report as JSON")
    button.click()
    expect(button.locator("xpath=../*[@role='status']")).to_have_text("Copied.")
    return dict(json.loads(page.evaluate("navigator.clipboard.readText()")))


def pixels(page: Page) -> np.ndarray:
    """Return the grey values of the picture."""
    found = page.locator(".br-picture canvas").evaluate(
        """(canvas) => [canvas.height, canvas.width, [...canvas.getContext("2d")
          .getImageData(0, 0, canvas.width, canvas.height).data].filter((_, n) => n % 4 === 0)]"""
    )
    return np.array(found[2], "uint8").reshape(found[:2])


def toned(plane: np.ndarray) -> np.ndarray:
    """Return a plane from black at its lowest to white at its highest value."""
    low, high = float(plane.min()), float(plane.max())
    return np.floor((plane - low) * 255 / (high - low) + 0.5).astype("uint8")
