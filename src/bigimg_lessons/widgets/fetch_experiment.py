"""The experiment: the reader's own browser fetches one region from differently chunked copies."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any

import traitlets

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.widgets.base import Widget

FOLDER = "images/tissue"
"""Where the copies lie, below the home folder of the book's site."""

SHAPE = (64, 192, 192)
"""Voxels of the image, zyx, of uint8."""

CHUNK_SHAPES: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "16³": (16, 16, 16),
        "32³": (32, 32, 32),
        "64³": (64, 64, 64),
        "whole": SHAPE,
        "planes": (1, 192, 192),
    }
)
"""The copies: what they are called, and their chunk shape, zyx. All but the planes by size."""

REGIONS: Mapping[str, tuple[slice, slice, slice]] = MappingProxyType(
    {
        "XY plane": (slice(32, 33), slice(0, 192), slice(0, 192)),
        "YZ slice": (slice(0, 64), slice(0, 192), slice(96, 97)),
        "64³ cube": (slice(0, 64), slice(48, 112), slice(80, 144)),
    }
)
"""What can be fetched, zyx. The cube lies as most do: not on the borders of the 64³ chunks."""

COMPRESSED = 0.81
"""Bytes that travel for a byte of a chunk: what gzip leaves of this image, for the estimates."""


def store_name(chunk_shape: tuple[int, ...]) -> str:
    """Return the name of the folder, in `FOLDER`, with the copy of that chunk shape."""
    return "x".join(map(str, chunk_shape)) + ".zarr"


class FetchExperiment(Widget, front="experiment/fetch_experiment.js"):
    """Fetch one region of an image at several chunk shapes, count, time, and compare.

    It works on the pages of the book, whose site carries the image (see
    ``book/_ext/site_images.py``): the reader's browser does the fetching. Live in Jupyter it says
    how to get there, unless `url` names a server.

    Parameters
    ----------
    url
        Address of the home folder of a built book, for use outside of it: ``http://…``,
        ``https://…``, or a path on Jupyter's own server, such as ``/files/_build/html`` where
        JupyterLab runs in the folder of the repository. Another server than the page's own must
        allow the page to read from it (CORS). By default the site of the page itself.

    Attributes
    ----------
    image
        What there is to fetch: the image, its copies and the regions.

    Raises
    ------
    traitlets.TraitError
        If `url` is no such address.
    """

    url = traitlets.Unicode().tag(sync=True)
    image = traitlets.Dict().tag(sync=True)

    def __init__(self, *, url: str = "") -> None:
        super().__init__(
            url=url,
            image={
                "folder": FOLDER,
                "shape": list(SHAPE),
                "compressed": COMPRESSED,
                "copies": [
                    {"name": name, "store": store_name(chunk_shape), "chunk_shape": [*chunk_shape]}
                    for name, chunk_shape in CHUNK_SHAPES.items()
                ],
                "regions": [
                    {"name": name, "bounds": [[part.start, part.stop] for part in region]}
                    for name, region in REGIONS.items()
                ],
            },
        )

    @traitlets.validate("url")
    def _check_url(self, proposal: dict[str, Any]) -> str:
        url: str = proposal["value"]
        if url and not url.startswith(("http://", "https://", "/")):
            raise traitlets.TraitError(
                f"url is {url!r}: give the address of a built book's home folder, such as "
                "'http://localhost:8000/' or '/files/_build/html'."
            )
        return url

    def __repr__(self) -> str:
        return (
            "An experiment: the same region, fetched over HTTP at "
            f"{len(CHUNK_SHAPES)} chunk shapes. It runs on this lesson's page of the book."
        )

    def _plain_html(self) -> str:
        """Return what would be fetched, as a table."""
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in REGIONS)
        sizes = " × ".join(map(str, SHAPE))
        return (
            '<div class="fx"><p class="fx-title">An experiment in your browser</p>'
            "<p>With JavaScript, your browser fetches parts of a synthetic image "
            f"({sizes} voxels) at each chunk shape and times it. Without, here is what each part "
            "costs: requests, and bytes before compression.</p>"
            '<div class="fx-scroll"><table class="fx-table"><thead><tr>'
            f'<th scope="col">Chunks (zyx)</th>{head}</tr></thead>'
            f"<tbody>{''.join(map(_row, CHUNK_SHAPES))}</tbody></table></div></div>"
        )


def _row(name: str) -> str:
    """Return what each region costs at one of the chunk shapes."""
    chunk_shape = CHUNK_SHAPES[name]
    grid = ChunkGrid(SHAPE, chunk_shape)
    costs = (grid.reading(region) for region in REGIONS.values())
    cells = "".join(
        f"<td>{cost.requests} request{'s' * (cost.requests > 1)}, {cost.read // 1024} KiB</td>"
        for cost in costs
    )
    sizes = " × ".join(map(str, chunk_shape))
    return f'<tr><th scope="row">{escape(name)} ({sizes})</th>{cells}</tr>'
