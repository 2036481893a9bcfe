"""The same projects through Python and the arithmetic of a page: equal to the last bit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from bigimg_lessons.costs.conversion import DTYPES, Conversion, shape_of_bytes
from bigimg_lessons.costs.plan import Plan, Project, plan
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.projects import PRESETS
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.costs.workforce import Workforce
from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node

VOXELS = {
    name: {"itemSize": np.dtype(name).itemsize, "kind": np.dtype(name).kind} for name in DTYPES
}


@pytest.fixture(scope="module")
def in_page(node: Node) -> Evaluate:
    """The modules as they stand: what one throws is an instance of the other's class."""
    modules = ("costs/plan.js", "costs/grid.js")
    text = "".join(f'export * from "{(JS / name).as_uri()}";\n' for name in modules)
    return node.source("planner", text)


PLAN = """([projects, voxels]) => projects.map((project) => {
  try {
    return plan(project, voxels);
  } catch (problem) {
    if (!(problem instanceof ChunkError)) throw problem;
    return { refused: problem.field, message: problem.message };
  }
})"""


def as_in_page(found: Plan) -> dict[str, Any]:
    """Return a plan with what its properties say, as the page has it."""
    stages = {
        name: {
            **{key: getattr(part, key) for key in ("read", "compute", "write")},
            "at_least": part.at_least,
            "at_most": part.at_most,
            "binding": part.binding,
        }
        for name, part in (("convert", found.convert), ("verify", found.verify))
    }
    rechunking = asdict(found.rechunking)
    rechunking["block_shape"] = list(rechunking["block_shape"])
    bill = asdict(found.bill) | {"once": found.bill.once, "monthly": found.bill.monthly}
    return asdict(found) | stages | {"rechunking": rechunking, "bill": bill}


def sent(project: Project) -> dict[str, Any]:
    """Return a project as JSON carries it."""
    state = asdict(project)
    for key in ("source", "target"):
        state[key] = {k: state[key][k] for k in ("latency", "bandwidth", "concurrency")}
    return state


def in_python(project: Project) -> dict[str, Any] | str:
    """Return a plan, or the field to blame: of what Python only refuses when it plans."""
    try:
        return as_in_page(plan(project))
    except TypeError:  # no exact mean of so many voxels
        return "factors"
    except ValueError:
        return "memory"


def random_project(numbers: random.Random) -> Project:
    """Return a project, or raise ValueError if its numbers do not fit each other."""
    pick = numbers.choice
    space = [pick([1, 7, 60, 511, 1000, 4096, 20_000]) for _ in range(3)]
    shape = (pick([1, 1, 5, 300]), pick([1, 1, 2, 4]), *space)
    kind = pick(["strips", "tiles", "chunks"])
    sizes = {
        "strips": (1, pick([1, 8, 64, space[1]]), space[2]),
        "tiles": (1, pick([64, 256]), pick([64, 256])),
        "chunks": tuple(pick([1, 16, 50, 64, 128, 300]) for _ in range(3)),
    }
    chunk = tuple(pick([1, 16, 30, 64, 128]) for _ in range(3))
    shard = None
    if numbers.random() < 0.5:
        shard = tuple(n * pick([1, 2, 3, 8]) for n in chunk)
        if numbers.random() < 0.05:
            shard = (shard[0] + 1, *shard[1:])
    some = ((1, 1, 1),), ((1, 1, 1), (1, 2, 2), (2, 4, 4)), ((1, 1, 1), (3, 3, 3))
    factors = pick([None, None, *some])
    if numbers.random() < 0.05:
        factors = pick([((2, 2, 2),), ((1, 1, 1), (2, 2, 2), (3, 4, 4)), ((1, 1, 1), (1, 1, 1))])
    rate = lambda: numbers.uniform(1e7, 5e9)  # noqa: E731
    storages = [
        replace(
            STORAGES[pick([*STORAGES])],
            latency=pick([0.0, numbers.random()]),
            concurrency=pick([1, 3, 10]),
        )
        for _ in range(2)
    ]
    return Project(
        conversion=Conversion(
            shape=shape,
            dtype=pick(DTYPES),
            source_kind=kind,
            source_chunk=sizes[kind],
            source_ratio=pick([1.0, 1.7, numbers.uniform(0.1, 30)]),
            chunk=chunk,
            shard=shard,
            factors=factors,
            ratio=pick([1.0, 2.3, numbers.uniform(0.1, 30)]),
        ),
        workforce=Workforce(
            workers=pick([1, 2, 7, 1000]),
            threads=pick([1, 2, 8, 60]),
            memory=int(2 ** numbers.uniform(19, 36)),
            decode=rate(),
            shrink=rate(),
            encode=rate(),
            line=pick([None, rate()]),
        ),
        source=storages[0],
        target=storages[1],
        one_disk=pick([False, True]),
        prices=PRICE_LISTS[pick([*PRICE_LISTS])],
        source_in_bucket=pick([False, True]),
        outside=pick([False, True]),
        read_monthly=int(10 ** numbers.uniform(0, 15)),
    )


def made(number: int, seed: int) -> Iterator[Project]:
    numbers = random.Random(seed)  # noqa: S311
    while number:
        try:
            project = random_project(numbers)
        except ValueError:  # Python refuses it where it is made, see the test of refusals
            continue
        number -= 1
        yield project


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hundreds_of_projects_are_planned_alike(in_page: Evaluate, seed: int) -> None:
    projects = [*made(300, seed)]
    answers = in_page(PLAN, [[sent(project) for project in projects], VOXELS])
    refused, several = 0, 0
    for project, got in zip(projects, answers, strict=True):
        expected = in_python(project)
        if isinstance(expected, str):
            refused += 1
            assert got.get("refused") == expected, (project, got)
            continue
        several += expected["rechunking"]["reads"] > 1
        assert got == expected, project
    assert 5 < refused < 150
    assert several > 15


def test_the_presets_are_planned_alike(in_page: Evaluate) -> None:
    projects = [preset.project for preset in PRESETS.values()]
    answers = in_page(PLAN, [[sent(project) for project in projects], VOXELS])
    assert answers == [as_in_page(plan(project)) for project in projects]


def test_images_of_so_many_bytes_are_shaped_alike(in_page: Evaluate) -> None:
    cases = [
        (nbytes, (t, c, 1, y, x), dtype)
        for nbytes in (1, 10**6, 10**9 + 7, 10**12, 10**15, 2**50 - 1)
        for t, c, y, x in ((1, 1, 2048, 2048), (100, 2, 511, 513), (1, 1, 1, 1))
        for dtype in ("uint8", "uint16", "float64")
    ]
    asked = [[nbytes, like, VOXELS[dtype]["itemSize"]] for nbytes, like, dtype in cases]
    got = in_page("(cases) => cases.map((one) => shapeOfBytes(...one))", asked)
    expected = [list(shape_of_bytes(n, like=like, dtype=dtype)) for n, like, dtype in cases]
    assert got == expected


LAPTOP = PRESETS["laptop"].project
BROKEN = {
    "dtype": {"dtype": "complex64"},
    "source_kind": {"source_kind": "slabs"},
    "source_chunk deep": {"source_chunk": (2, 2048, 2048)},
    "source_chunk narrow": {"source_chunk": (1, 2048, 64)},
    "source_ratio": {"source_ratio": 0.0},
    "ratio": {"ratio": 2e6},
    "shardShape": {"shard": (128, 128, 100)},
    "chunkShape": {"chunk": (0, 128, 128)},
    "chunkShape large": {"chunk": (2048, 2048, 2048)},
    "shape": {"shape": (1, 1, 0, 2048, 2048)},
    "shape large": {"shape": (10**6, 1, 10**6, 2048, 2048)},
    "factors": {"factors": ((1, 1, 1), (2, 2, 2), (3, 4, 4))},
    "factors first": {"factors": ((1, 2, 2),)},
    "factors same": {"factors": ((1, 1, 1), (1, 1, 1))},
    "factors zero": {"factors": ((1, 1, 1), (0, 2, 2))},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_makes_no_sense_is_refused_in_both(in_page: Evaluate, name: str) -> None:
    changes = BROKEN[name]
    with pytest.raises(ValueError, match=r"give|begin|make"):
        plan(replace(LAPTOP, conversion=replace(LAPTOP.conversion, **changes)))
    project = sent(LAPTOP)
    project["conversion"] |= changes
    (got,) = in_page(PLAN, [[project], VOXELS])
    assert got["refused"] == name.split()[0], got
    assert any(word in got["message"] for word in ("give", "begin", "make", "no type"))


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("workforce", "workers", 0),
        ("workforce", "threads", 5000),
        ("workforce", "memory", 0),
        ("workforce", "encode", 0.0),
        ("workforce", "line", 0.5),
        ("source", "latency", -1.0),
        ("target", "bandwidth", 0.0),
        ("target", "concurrency", 0),
        ("prices", "month", -0.1),
        ("prices", "egress", -1.0),
        ("prices", "gigabyte", 1024),
    ],
)
def test_numbers_that_are_out_of_reach_are_refused_in_both(
    in_page: Evaluate, part: str, name: str, value: float
) -> None:
    with pytest.raises(ValueError, match=rf"{name} is .*: give "):
        replace(getattr(LAPTOP, part), **{name: value})
    project = sent(LAPTOP)
    project[part][name] = value
    (got,) = in_page(PLAN, [[project], VOXELS])
    assert got["refused"] == (f"{part}.{name}" if part in ("source", "target") else name)


def test_too_many_bytes_are_refused_in_both(in_page: Evaluate) -> None:
    stack = replace(
        LAPTOP.conversion,
        shape=(1, 1, 60_000, 2**16, 2**17),
        dtype="uint16",
        source_chunk=(1, 2**10, 2**17),
        shard=None,
    )
    project = replace(LAPTOP, conversion=stack, workforce=replace(LAPTOP.workforce, memory=2**30))
    with pytest.raises(ValueError, match="bytes are too many to plan with: give more memory"):
        plan(project)
    (got,) = in_page(PLAN, [[sent(project)], VOXELS])
    assert got["refused"] == "memory"
    assert "PiB are too many to plan with" in got["message"]
