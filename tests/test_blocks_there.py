"""Blocks that are stored already are not written, and read only for what is made from them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigimg_lessons.pyramids.blocks import build_levels
from bigimg_lessons.pyramids.levels import plan_levels

IMAGE = np.random.default_rng(5).integers(0, 999, (20, 52, 44), "uint16")
LEVELS = plan_levels(IMAGE.shape, chunk_shape=(4, 8, 8), max_levels=3)
BLOCKS = ((4, 16, 8), (4, 8, 8), (4, 8, 8))


def grid(level):
    shape, block = LEVELS[level].shape, BLOCKS[level]
    for index in np.ndindex(*(-(-n // b) for n, b in zip(shape, block, strict=True))):
        each = zip(index, block, shape, strict=True)
        yield level, tuple(slice(i * b, min(i * b + b, n)) for i, b, n in each)


ALL = [block for level in range(3) for block in grid(level)]


def key(level, where):
    return level, *((part.start, part.stop) for part in where)


def is_above(coarse, fine):
    """Whether a block covers another one, of this or a finer level."""
    ratio = [
        c // f for c, f in zip(LEVELS[coarse[0]].factors, LEVELS[fine[0]].factors, strict=True)
    ]
    pairs = zip(coarse[1], fine[1], ratio, strict=True)
    return coarse[0] >= fine[0] and all(c.start * r <= f.start < c.stop * r for c, f, r in pairs)


def built(there, threads=1, downsampling="mean"):
    read, arrays, written = [], [np.zeros(level.shape, "uint16") for level in LEVELS], []

    def write(level, start, block):
        where = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
        arrays[level][where] = block
        written.append(key(level, where))

    build_levels(
        lambda where: read.append(key(0, where)) or IMAGE[where],
        write,
        LEVELS,
        block_shapes=BLOCKS,
        dtype="uint16",
        downsampling=downsampling,
        threads=threads,
        is_there=lambda level, where: key(level, where) in there,
    )
    return arrays, read, written


@pytest.fixture(scope="module")
def whole():
    return {way: built(set(), downsampling=way)[0] for way in ("mean", "mode", "stride")}


@settings(max_examples=30)
@given(
    st.sets(st.sampled_from(range(len(ALL)))),
    st.booleans(),
    st.sampled_from(["mean", "mode", "stride"]),
    st.sampled_from([1, 3]),
)
def test_what_is_missing_is_made_from_level_0(whole, chosen, is_missing, way, threads):
    missing = [block for number, block in enumerate(ALL) if (number in chosen) == is_missing]
    there = {key(*block) for block in ALL} - {key(*block) for block in missing}
    arrays, read, written = built(there, threads, way)
    assert sorted(written) == sorted(key(*block) for block in missing)
    wanted = [
        key(*leaf) for leaf in grid(0) if any(is_above(block, leaf) for block in missing)
    ]  # fmt: skip
    assert sorted(read) == sorted(wanted)
    for level, where in missing:
        np.testing.assert_array_equal(arrays[level][where], whole[way][level][where])


def test_the_blocks_of_this_test_form_a_tree_with_several_parents():
    counts = [len(list(grid(level))) for level in range(3)]
    assert counts[-1] > 1
    assert all(finer > coarser for finer, coarser in pairwise(counts))
