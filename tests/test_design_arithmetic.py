"""The same designs through Python and the design task's arithmetic: equal costs and refusals."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from bigimg_lessons.costs.appraisal import appraise
from bigimg_lessons.costs.design import FORMATS, Design
from bigimg_lessons.costs.levels import factors
from bigimg_lessons.costs.scenarios import SCENARIOS
from bigimg_lessons.questions.places import heading_anchor
from bigimg_lessons.widgets import DesignTask
from bigimg_lessons.widgets.base import JS
from tests.node import Node


def random_designs(number: int) -> Iterator[tuple[str, Design]]:
    """Designs of which some cannot be."""
    numbers = random.Random(20261122)  # noqa: S311
    for _ in range(number):
        key = numbers.choice([*SCENARIOS])
        scenario = SCENARIOS[key]
        name = numbers.choice([*FORMATS])
        z, y, x = (
            min(n, numbers.choice([1, 2, 7, 16, 33, 64, 100, 256, 1000])) for n in scenario.shape
        )
        if numbers.random() < 0.8:
            kind = FORMATS[name].chunks
            z, x = (1, scenario.shape[2]) if kind == "rows" else (1 if kind == "tiles" else z, x)
            y, x = (-(-y // 16) * 16, -(-x // 16) * 16) if kind == "tiles" else (y, x)
        shard = None
        if name == "ome-zarr" and numbers.random() < 0.6:
            times = numbers.choice([1, 2, 3, 8])
            sizes = zip((z, y, x), scenario.shape, strict=True)
            shard = tuple(c * min(times, -(-n // c)) for c, n in sizes)
        elif numbers.random() < 0.05:
            shard = (2 * z, 2 * y, 2 * x)
        levels = numbers.randint(1, len(factors(scenario, name)) + (numbers.random() < 0.1))
        yield key, Design(name, (z, y, x), shard, levels)  # type: ignore[arg-type]


def in_python(key: str, design: Design) -> Any:
    try:
        found = appraise(design, SCENARIOS[key])
    except ValueError as error:
        return str(error)
    return {
        "costs": [
            [c.level, c.requests, c.wanted, c.read, c.waiting, c.seconds, c.weekly]
            for c in found.costs
        ],
        "files": found.files,
        "stored": found.stored,
        "total": found.seconds,
        "remarks": [
            [r.text, r.section, f"../notebooks/{r.page}.html#{heading_anchor(r.section)}"]
            for r in found.remarks
        ],
    }


IN_PAGE = """([cases, { scenarios, rules }]) => cases.map(([key, design]) => {
  try {
    const { costs, files, stored, total, remarks } = appraise(design, scenarios[key], rules);
    return {
      costs: costs.map((c) =>
        [c.level, c.requests, c.wanted, c.read, c.waiting, c.seconds, c.weekly]),
      files,
      stored,
      total,
      remarks: remarks.map((r) => [r.text, r.section, r.href]),
    };
  } catch (problem) {
    if (!(problem instanceof ChunkError)) throw problem;
    return problem.message;
  }
})"""

# What Python's ChunkGrid and grid.js say in words of their own.
OF_CHUNKS = ("chunk_shape is", "shard_shape is", "An image of")


def test_hundreds_of_designs_cost_the_same_in_both(node: Node) -> None:
    modules = ("costs/design.js", "costs/grid.js")
    text = "".join(f'export * from "{(JS / name).as_uri()}";\n' for name in modules)
    evaluate = node.source("designs", text)
    cases = [*random_designs(500)]
    plain = [[key, vars(design)] for key, design in cases]
    sent = DesignTask().get_state(["scenarios", "rules"])
    found = evaluate(IN_PAGE, [plain, sent])
    refused = 0
    for (key, design), got in zip(cases, found, strict=True):
        expected = in_python(key, design)
        if isinstance(expected, str):
            refused += 1
            assert isinstance(got, str), (key, design, expected)
            if not expected.startswith(OF_CHUNKS):
                assert got == expected
        else:
            assert got == expected, (key, design)
    assert 40 < refused < 250
