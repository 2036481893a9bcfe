"""The Python side of the experiment; what it does is tested in a browser."""

from __future__ import annotations

import gzip
import re

import pytest
from bs4 import BeautifulSoup
from shortening import short_script, short_style
from traitlets import TraitError

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.widgets import FetchExperiment
from bigimg_lessons.widgets.base import own_style


def test_copies_and_regions_fit_the_image() -> None:
    image = FetchExperiment().image
    assert image["shape"] == [64, 192, 192]
    grids = [ChunkGrid(image["shape"], copy["chunk_shape"]) for copy in image["copies"]]
    assert [grid.chunk_count for grid in grids] == [576, 72, 9, 1, 64]
    for grid in grids:
        assert grid.chunk_bytes * grid.chunk_count == grid.nbytes  # no chunk is padded
    for region in image["regions"]:
        bounds = [slice(start, stop) for start, stop in region["bounds"]]
        grids[0].reading(bounds)  # raises if it reaches outside
    (cube,) = (entry for entry in image["regions"] if entry["name"] == "64³ cube")
    assert [stop - start for start, stop in cube["bounds"]] == [64, 64, 64]


@pytest.mark.parametrize(
    "url", ["", "http://localhost:8000", "https://a.b/c/", "/files/_build/html"]
)
def test_a_server_can_be_named(url: str) -> None:
    assert FetchExperiment(url=url).url == url


@pytest.mark.parametrize("url", ["localhost:8000", "file:///tmp", "javascript:alert(1)", "_build"])
def test_what_is_no_address_is_refused(url: str) -> None:
    message = rf"url is {re.escape(repr(url))}: give the address of a built book's home folder"
    with pytest.raises(TraitError, match=message):
        FetchExperiment(url=url)
    experiment = FetchExperiment()
    with pytest.raises(TraitError, match=message):
        experiment.url = url


def test_the_module_stands_alone_and_is_small() -> None:
    module = FetchExperiment._esm
    assert "import " not in re.sub(r"//.*", "", module)
    assert module.count("function makeGrid(") == 1
    assert module.count("export default") == 1
    # As the book's pages are sent it, in a shorter form (see shortening).
    sent = short_script(str(module)) + short_style(own_style(FetchExperiment.front))
    assert len(gzip.compress(sent.encode())) <= 16_800


def test_the_plain_form_tells_what_each_region_costs() -> None:
    bundle = FetchExperiment()._repr_mimebundle_()
    assert bundle is not None
    table = BeautifulSoup(bundle[0]["text/html"], "html.parser").table
    rows = [
        [cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")
    ]
    assert rows == [
        ["Chunks (zyx)", "XY plane", "YZ slice", "64³ cube"],
        # Worked out by hand: 12 · 12 · 4 KiB; 4 · 12 · 4 KiB; 4 · 4 · 4 · 4 KiB, and so on.
        [
            "16³ (16 × 16 × 16)",
            "144 requests, 576 KiB",
            "48 requests, 192 KiB",
            "64 requests, 256 KiB",
        ],
        [
            "32³ (32 × 32 × 32)",
            "36 requests, 1152 KiB",
            "12 requests, 384 KiB",
            "18 requests, 576 KiB",
        ],
        [
            "64³ (64 × 64 × 64)",
            "9 requests, 2304 KiB",
            "3 requests, 768 KiB",
            "4 requests, 1024 KiB",
        ],
        [
            "whole (64 × 192 × 192)",
            "1 request, 2304 KiB",
            "1 request, 2304 KiB",
            "1 request, 2304 KiB",
        ],
        [
            "planes (1 × 192 × 192)",
            "1 request, 36 KiB",
            "64 requests, 2304 KiB",
            "64 requests, 2304 KiB",
        ],
    ]


def test_it_says_what_it_is_in_plain_text() -> None:
    assert repr(FetchExperiment()) == (
        "An experiment: the same region, fetched over HTTP at 5 chunk shapes. It runs on this "
        "lesson's page of the book."
    )
