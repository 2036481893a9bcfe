"""The same cases through Python and the pages' arithmetic: equal numbers, equal refusals."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from bigimg_lessons.costs.grid import LARGEST_IMAGE, LARGEST_STORED, MAX_CHUNKS, ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE, ShardReader
from bigimg_lessons.costs.shards import MAX_CHUNKS_INSPECTED
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node

# A case: shape, chunk shape, shard shape or None, bytes of a voxel, edges, region.
Case = tuple[Any, Any, Any, int, str, Any]
DTYPES = {1: "uint8", 2: "uint16", 4: "float32", 8: "float64"}


@pytest.fixture(scope="module")
def arithmetic(node: Node) -> Evaluate:
    """The modules as they stand: what one throws is an instance of the other's class."""
    modules = ("costs/grid.js", "costs/reading.js", "costs/merging.js")
    text = "".join(f'export * from "{(JS / name).as_uri()}";\n' for name in modules)
    return node.source("arithmetic", text)


COUNT = """([cases, readers]) => cases.map((numbers) => {
  const [shape, chunkShape, shardShape, itemSize, edges, region] = numbers;
  try {
    const grid = makeGrid({ shape, chunkShape, shardShape, itemSize, edges });
    const inC = makeGrid({ shape, chunkShape, shardShape, itemSize, edges, shardOrder: "C" });
    return {
      ...reading(grid, region),
      merged: readers.flatMap((reader) => [grid, inC].map((one) => {
        const { requests, read } = reading(one, region, reader);
        return [requests, read];
      })),
      touched: touched(grid, region),
      gridShape: grid.gridShape,
      chunkCount: grid.chunkCount,
      chunkBytes: grid.chunkBytes,
      nbytes: grid.nbytes,
      shardCount: grid.shardCount,
      indexBytes: grid.indexBytes,
    };
  } catch (error) {
    if (!(error instanceof ChunkError)) throw error;
    return { refused: error.field, message: error.message };
  }
})"""


READERS = [
    ONE_BY_ONE,
    MERGING,
    ShardReader("without gaps", 0),
    ShardReader("in small pieces", 5000, 30_000),
    ShardReader("all at once", 2**40, 2**50),
]


def in_python(case: Case) -> dict[str, Any]:
    shape, chunk_shape, shard_shape, item_size, edges, region = case
    part = [slice(start, stop) for start, stop in region]
    try:
        grid = ChunkGrid(shape, chunk_shape, DTYPES[item_size], shard_shape, edges)
        reading = grid.reading(part)
        merged = [
            replace(grid, shard_order=order).reading(part, reader=reader)
            for reader in READERS
            for order in ("morton", "C")
        ]
    except ValueError as error:
        return {"refused": str(error)}
    return {
        "merged": [[reading.requests, reading.read] for reading in merged],
        "wanted": reading.wanted,
        "read": reading.read,
        "chunks": reading.chunks,
        "shards": reading.shards,
        "requests": reading.requests,
        "touched": [[numbers[0], numbers[-1]] for numbers in grid.touched(part)],
        "gridShape": list(grid.grid_shape),
        "chunkCount": grid.chunk_count,
        "chunkBytes": grid.chunk_bytes,
        "nbytes": grid.nbytes,
        "shardCount": grid.shard_count,
        "indexBytes": grid.index_bytes,
    }


def random_cases(number: int) -> Iterator[Case]:
    """Cases that make sense; sizes from one voxel to a petabyte."""
    numbers = random.Random(20260722)  # noqa: S311
    for _ in range(number):
        longest = numbers.choice([1, 4, 30, 1000, 60_000])
        shape = [numbers.randint(1, longest) for _ in range(3)]
        # One in five is longer than the volume along an axis.
        chunk = [numbers.randint(max(1, n // 3000), n + n // 4) for n in shape]
        shard, edges = None, numbers.choice(["padded", "cut"])
        if numbers.random() < 0.5:
            edges = "padded"
            shard = [
                c * numbers.randint(1, min(50, -(-n // c) + 1))
                for n, c in zip(shape, chunk, strict=True)
            ]
        region = []
        for n in shape:
            start = numbers.randrange(n)
            kind = numbers.random()
            if kind < 0.3:
                region.append([0, n])
            else:
                region.append([start, start + 1 if kind < 0.6 else numbers.randint(start + 1, n)])
        yield shape, chunk, shard, numbers.choice([1, 2, 4, 8]), edges, region


ALL = [[0, 256], [0, 1024], [0, 1024]]
VOLUME, BOX = [256, 1024, 1024], [64, 64, 64]
EDGES: list[Case] = [
    ([1, 1, 1], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([7], [3], None, 2, "padded", [[6, 7]]),
    ([7], [3], None, 2, "cut", [[6, 7]]),
    ([7, 7], [3, 7], None, 8, "cut", [[0, 7], [3, 4]]),
    (VOLUME, [1, 1024, 1024], None, 1, "cut", [[0, 256], [0, 1024], [512, 513]]),
    (VOLUME, [1, 8, 1024], None, 1, "cut", [[128, 129], [0, 1024], [0, 1024]]),
    (VOLUME, BOX, None, 1, "padded", [[63, 65]] * 3),
    (VOLUME, BOX, [256, 256, 256], 1, "padded", ALL),
    (VOLUME, BOX, [256, 256, 256], 1, "padded", [[0, 256], [1, 1024], [0, 1024]]),
    (VOLUME, BOX, [256, 256, 256], 1, "padded", [[0, 256], [65, 1024], [0, 1023]]),
    # Shards that reach beyond the volume are never wanted whole.
    ([10, 10, 10], [3, 3, 3], [6, 6, 6], 2, "padded", [[0, 10]] * 3),
    ([10, 10, 10], [3, 3, 3], [12, 12, 12], 2, "padded", [[0, 10]] * 3),
    # Chunks and shards that are longer than the volume.
    ([3, 33, 700], [1, 64, 1024], None, 2, "padded", [[1, 2], [0, 33], [5, 6]]),
    ([3, 33, 700], [1, 64, 1024], None, 2, "cut", [[1, 2], [0, 33], [5, 6]]),
    ([3, 33, 700], [1, 64, 1024], [4, 128, 2048], 2, "padded", [[0, 3], [0, 33], [0, 700]]),
    ([1, 1, 1], [2**20, 2**20, 2**12], None, 1, "padded", [[0, 1]] * 3),
    # As large as is allowed, in bytes and in chunks.
    ([2**20, 2**20, 2**10], [2**10] * 3, None, 1, "padded", [[0, 2**20], [0, 2**20], [0, 1]]),
    ([10**4] * 3, [1, 1, 1], None, 1, "padded", [[0, 10**4]] * 3),
    ([10**5] * 3, [10] * 3, [640] * 3, 1, "padded", [[15, 99_500]] * 3),
    ([10**6, 10**6, 10**3], [10**3 - 1] * 3, None, 1, "cut", [[0, 10**6], [5, 6], [0, 10**3]]),
]
SENSELESS: list[Case] = [
    ([0, 4, 4], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([-4, 4, 4], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([4.5, 4, 4], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([4, 4, None], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([], [], None, 1, "padded", []),
    ([4, 4, 4], [0, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [1, 1], None, 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [1, 1, 0.5], None, 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [1, 1, 1], None, 1, "round", [[0, 1]] * 3),
    ([4, 4, 4], [2, 2, 2], [3, 4, 4], 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [2, 2, 2], [0, 4, 4], 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [2, 2, 2], [4, 4], 1, "padded", [[0, 1]] * 3),
    ([4, 4, 4], [2, 2, 2], [4, 4, 4], 1, "cut", [[0, 1]] * 3),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[0, 1]] * 2),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[-1, 1], [0, 1], [0, 1]]),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[0, 5], [0, 1], [0, 1]]),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[0, 1], [2, 2], [0, 1]]),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[0, 1], [3, 2], [0, 1]]),
    ([4, 4, 4], [2, 2, 2], None, 1, "padded", [[0, 1], [0.5, 2], [0, 1]]),
    ([10**6] * 3, [10**3] * 3, None, 1, "padded", [[0, 1]] * 3),
    ([2**20, 2**20, 2**10 + 1], [2**10] * 3, None, 1, "padded", [[0, 1]] * 3),
    ([10**4, 10**4, 10**4 + 1], [1, 1, 1], None, 1, "padded", [[0, 1]] * 3),
    # Padding, and indexes, that no number of JavaScript holds; more chunks than are inspected.
    ([1, 1, 1], [2**20, 2**20, 2**13], None, 1, "padded", [[0, 1]] * 3),
    ([1, 1, 1], [1, 1, 1], [2**20, 2**20, 2**10], 1, "padded", [[0, 1]] * 3),
    ([256, 256, 256], [1, 1, 1], [256, 256, 256], 1, "padded", [[0, 1]] * 3),
]


def test_both_count_the_same(arithmetic: Evaluate) -> None:
    cases = [*EDGES, *random_cases(400)]
    assert sum(case[2] is not None for case in cases) > 150
    assert sum(case[4] == "cut" for case in cases) > 80
    for case, counted in zip(
        cases, arithmetic(COUNT, [cases, list(map(asdict, READERS))]), strict=True
    ):
        assert counted == in_python(case), case


def test_both_refuse_the_same(arithmetic: Evaluate) -> None:
    for case, counted in zip(
        SENSELESS, arithmetic(COUNT, [SENSELESS, list(map(asdict, READERS))]), strict=True
    ):
        assert "refused" in in_python(case), case
        assert "refused" in counted, (case, counted)
        message = counted["message"]
        assert message.endswith(".")
        assert not any(word in message for word in ("NaN", "undefined", "null")), message


def test_limits_are_the_same(arithmetic: Evaluate) -> None:
    limits = arithmetic("[LARGEST_IMAGE, LARGEST_STORED, MAX_CHUNKS, MAX_CHUNKS_INSPECTED]")
    assert limits == [LARGEST_IMAGE, LARGEST_STORED, MAX_CHUNKS, MAX_CHUNKS_INSPECTED]


def test_the_cost_model_is_the_same(arithmetic: Evaluate) -> None:
    loads = list(
        itertools.product([0, 1, 7, 8, 9, 10, 11, 33, 10**6], [0, 1, 4096, 10**9, 2**50], [0, 0.5])
    )
    for storage in STORAGES.values():
        figures = {
            "latency": storage.latency,
            "bandwidth": storage.bandwidth,
            "concurrency": storage.concurrency,
        }
        times = arithmetic(
            "([storage, loads]) => loads.map((load) => seconds(storage, ...load))",
            [figures, loads],
        )
        for (requests, nbytes, decoding), time in zip(loads, times, strict=True):
            assert time == storage.seconds(requests, nbytes, decoding=decoding)


def test_bytes_are_written_the_same(node: Node) -> None:
    near = {0, 1, 2, 500}
    for power in range(10, 51):
        near |= {2**power + step for step in (-1, 0, 1)}
    for power in (1, 2, 3, 4):
        for value in (9.994, 9.996, 99.94, 99.96, 999.4, 999.6):
            near.add(round(value * 1024**power))
    counts = sorted(near)
    written = node.module("kit/text.js")(
        "(counts) => counts.map((count) => formatBytes(count))", counts
    )
    assert written == [format_bytes(count) for count in counts]
