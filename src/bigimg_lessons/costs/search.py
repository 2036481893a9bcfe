"""The best design for a scenario, found by trying many."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bigimg_lessons.costs.appraisal import NEGLIGIBLE, added, cost_of, file_count, level_shown
from bigimg_lessons.costs.design import FORMATS, Design
from bigimg_lessons.costs.levels import factors, level_grids
from bigimg_lessons.costs.scenarios import Scenario, Use

CLOSE = 1.05
"""A design within 5 % of the best one found counts as good as it: the model is no finer."""


@dataclass(frozen=True)
class Search:
    """The best designs that a search found.

    Parameters
    ----------
    tried
        Number of designs tried.
    seconds
        Least seconds a week among those with no more files than the scenario allows.
    good
        The plainest of them that needs at most `CLOSE` times that, or no more than `NEGLIGIBLE`:
        the format that comes first in `FORMATS`, no shards, few levels.
    """

    tried: int
    seconds: float
    good: Design


def search(scenario: Scenario) -> Search:
    """Try many designs, and find those that cost the least time by the model.

    It tries, with each number of levels: TIFF strips of 1, 2, 4, … rows up to whole planes;
    square tiles from 64 to 4096; for BDV-HDF5 and OME-Zarr all boxes of a power of two along each
    axis, from 1 to 256 along the first, from 32 to 1024 along Y and X; and the same for OME-Zarr
    in shards of 4 chunks along each axis. What does not fit the image is left out. A design of
    more files than the scenario allows is tried, and does not win.

    Parameters
    ----------
    scenario
        The image, its storage and its uses.

    Returns
    -------
    Search
        How many designs were tried, the least time, and one good design.
    """
    tried = 0
    found: list[tuple[float, Design]] = []
    for layout in _layouts(scenario):
        steps = factors(scenario, layout.format)
        tried += len(steps)
        if file_count(layout.format, level_grids(layout, scenario)) > scenario.most_files:
            continue  # with more levels it has more files still
        grids = level_grids(replace(layout, levels=len(steps)), scenario)
        weekly: dict[tuple[Use, int], float] = {}
        for levels in range(1, len(steps) + 1):
            if file_count(layout.format, grids[:levels]) > scenario.most_files:
                break
            shown = [(use, level_shown(use, steps[:levels])) for use in scenario.uses]
            for use, level in shown:
                if (use, level) not in weekly:  # more levels change only what a screen shows
                    cost = cost_of(use, level, grids[level], layout.format, scenario)
                    weekly[use, level] = cost.weekly
            seconds = added(weekly[key] for key in shown)
            found.append((seconds, replace(layout, levels=levels)))
    least = min(seconds for seconds, _ in found)
    plain_first = list(FORMATS)
    _, good = min(
        (entry for entry in found if entry[0] <= max(CLOSE * least, NEGLIGIBLE)),
        key=lambda entry: (
            plain_first.index(entry[1].format),
            entry[1].shard_shape is not None,
            entry[1].levels,
            entry[0],
        ),
    )
    return Search(tried, least, good)


def _layouts(scenario: Scenario) -> Iterator[Design]:
    """Give the formats, chunks and shards that `search` tries."""
    depth, height, width = scenario.shape
    rows = (2**power for power in range(height.bit_length()) if 2**power < height)
    for count in (height, *rows):
        yield Design("tiff", (1, count, width))
    for edge in (2**power for power in range(6, 13)):
        if edge <= min(height, width):
            yield Design("ome-tiff", (1, edge, edge))
    flat = scenario.axes[0] == "T"
    for powers in itertools.product(range(9), range(5, 11), range(5, 11)):
        z, y, x = (2**power for power in powers)
        if z > depth or y > height or x > width:
            continue
        if z == 1 or not flat:
            yield Design("bdv-hdf5", (z, y, x))
        yield Design("ome-zarr", (z, y, x))
        shard = tuple(
            c * min(4, -(-n // c)) for c, n in zip((z, y, x), scenario.shape, strict=True)
        )
        yield Design("ome-zarr", (z, y, x), shard)


BEST: Mapping[str, Search] = MappingProxyType(
    {
        "brain": Search(
            tried=7840,
            seconds=3580.8464977882354,
            good=Design(
                format="ome-zarr",
                chunk_shape=(8, 1024, 256),
                shard_shape=(32, 4096, 1024),
                levels=4,
            ),
        ),
        "em": Search(
            tried=5888,
            seconds=15377.208528,
            good=Design(format="bdv-hdf5", chunk_shape=(32, 64, 64), shard_shape=None, levels=3),
        ),
        "movie": Search(
            tried=2772,
            seconds=455.52432967032973,
            good=Design(format="tiff", chunk_shape=(1, 2048, 2048), shard_shape=None, levels=1),
        ),
        "small": Search(
            tried=2294,
            seconds=13.170127472527474,
            good=Design(format="tiff", chunk_shape=(1, 1024, 1024), shard_shape=None, levels=1),
        ),
    }
)
"""What `search` finds for each of `SCENARIOS`; a search takes seconds, and the tests repeat it."""
