"""Blocks shared out among tasks: each chunk has one, each voxel of the source is read once."""

from collections import Counter
from itertools import product

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from zarr.codecs import BloscCodec

from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.block_plans import plan_blocks
from bigimg_lessons.pyramids.block_tree import BlockTree
from bigimg_lessons.pyramids.blocks import build_below, build_from_parts, build_levels
from bigimg_lessons.pyramids.cluster import cut_of
from bigimg_lessons.pyramids.levels import plan_levels, with_axes_before
from tests.bdv_files import pixels

BLOSC = BloscCodec(cname="zstd", clevel=1)


def below(tree, cut):
    """The blocks that each task writes: its own, and all below those of the cut."""
    for depth in range(cut, tree.top + 1):
        for index in tree.indices(depth):
            deepest = 0 if depth == cut else depth
            yield [
                (level, block)
                for level in range(deepest, depth + 1)
                for block in tree.below(depth, index, level)
            ]


def objects_of(tree, layout, levels, blocks):
    """The places of all chunks, or shards, that blocks touch."""
    touched = set()
    for level, index in blocks:
        shape = levels[level].shape
        counts = layout.grid(shape)
        chunks, shards = layout._fitting(shape)
        unit = shards or chunks
        start, stop = tree.bounds(level, index)
        spans = [
            range(begin // u, -(-end // u))
            for begin, end, u in zip(start.tolist(), stop.tolist(), unit, strict=True)
        ]
        assert all(span[-1] < n for span, n in zip(spans, counts, strict=True))
        touched |= {(level, *place) for place in product(*spans)}
    return touched


def shared(tree, layout, levels, cut):
    """Objects that more than one task touches, and how many objects are touched in all."""
    counts = Counter(
        key for blocks in below(tree, cut) for key in objects_of(tree, layout, levels, blocks)
    )
    return [key for key, count in counts.items() if count > 1], len(counts)


@st.composite
def plans(draw, longest=500, chunks=(8, 16, 20, 32)):
    """An image, its levels, how they are stored, and the blocks that a build would choose.

    With time points and channels or without, steps from level to level that differ by axis, and
    shards, of which the last ones are not filled.
    """
    axes = draw(st.integers(2, 3))
    shape = tuple(draw(st.integers(1, longest)) for _ in range(axes))
    others = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    chunk = tuple(draw(st.sampled_from(chunks)) for _ in range(axes))
    shards = None
    if draw(st.booleans()):
        shards = tuple(c * draw(st.integers(1, 3)) for c in chunk)
    factors = None
    if draw(st.booleans()):
        steps = [(1,) * axes]
        for _ in range(draw(st.integers(0, 3))):
            step = tuple(s * draw(st.sampled_from([1, 2, 3])) for s in steps[-1])
            if step != steps[-1]:
                steps.append(step)
        factors = steps
    levels = [
        with_axes_before(level, others)
        for level in plan_levels(shape, chunk_shape=chunk, factors=factors)
    ]
    dtype = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    unit = (1,) * len(others) + (shards or chunk)
    each = st.sampled_from([None, (1, *shape[1:]), (7,) * axes, (64,) * axes])
    source = draw(each)
    source = source and tuple(draw(st.sampled_from([1, n])) for n in others) + source
    # As a build does, from the least memory that is enough.
    with pytest.raises(ValueError, match="give at least") as refusal:
        plan_blocks(levels, chunk_shape=unit, dtype=dtype, memory_limit=1)
    least = int(str(refusal.value).partition("give at least ")[2].partition(",")[0])
    blocks = plan_blocks(
        levels, chunk_shape=unit, dtype=dtype, source_chunk_shape=source,
        memory_limit=least + draw(st.integers(0, 4000 * longest)),
        least_bytes=draw(st.integers(0, 500 * longest)),
    )  # fmt: skip
    names = "TC"[2 - len(others) :] + "ZYX"[-axes:]
    layout = ArrayLayout(names, np.dtype(dtype), chunk, shards, BLOSC, 3)
    return levels, blocks, dtype, layout


@hypothesis.given(plans(), st.integers(0, 9))
@hypothesis.settings(max_examples=50, deadline=None)
def test_no_two_tasks_touch_one_chunk_or_shard(plan, cut):
    levels, blocks, dtype, layout = plan
    tree = BlockTree(levels, blocks, dtype, "mean")
    twice, count = shared(tree, layout, levels, min(cut, tree.top))
    assert twice == []
    assert count == sum(np.prod(layout.grid(level.shape)) for level in levels)


def test_blocks_that_are_not_of_whole_shards_would_be_found():
    """The same count sees where tasks meet: the test above can fail."""
    levels = plan_levels((64, 64), chunk_shape=(16, 16))
    layout = ArrayLayout("YX", np.dtype("uint8"), (16, 16), (32, 32), BLOSC, 3)
    blocks = plan_blocks(levels, chunk_shape=(16, 16), dtype="uint8", least_bytes=0)
    assert blocks[0] == (16, 16)
    twice, _ = shared(BlockTree(levels, blocks, "uint8", "mean"), layout, levels, 0)
    assert (0, 0, 0) in twice


@hypothesis.given(
    plans(40, (2, 4, 5)), st.integers(0, 9), st.sampled_from(["mean", "nanmean", "mode", "stride"])
)
@hypothesis.settings(max_examples=40, deadline=None)
def test_tasks_write_what_one_process_writes(plan, cut, downsampling):
    """Every voxel of all levels once, and of the source each is read once."""
    levels, blocks, dtype, _ = plan
    if downsampling == "mode" and dtype == "float32":
        dtype = "uint16"
    image = pixels(levels[0].shape, dtype)
    if dtype == "float32":
        image[..., ::3] = np.nan
    reads = np.zeros(image.shape, int)

    def read(region):
        reads[region] += 1
        return image[region]

    def written():
        arrays = [np.zeros(level.shape, dtype) for level in levels]
        times = [np.zeros(level.shape, int) for level in levels]

        def write(level, start, block):
            where = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
            arrays[level][where] = block
            times[level][where] += 1

        yield write
        assert all((count == 1).all() for count in times)
        yield arrays

    parts = written()
    build_levels(
        read, next(parts), levels, block_shapes=blocks, dtype=dtype, downsampling=downsampling
    )
    expected = next(parts)
    reads[...] = 0
    tree = BlockTree(levels, blocks, dtype, downsampling)
    cut = min(cut, tree.top)
    parts = written()
    write = next(parts)

    def outcome(depth, index):
        if depth == cut:
            return build_below(read, write, tree, depth, index)
        finer = [outcome(depth - 1, each) for each in tree.below(depth, index, depth - 1)]
        return build_from_parts(write, tree, depth, index, finer)

    for index in tree.indices(tree.top):
        assert outcome(tree.top, index) is None
    assert (reads == 1).all()
    for one, other in zip(next(parts), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_cut_leaves_work_for_all_threads():
    """1 GiB in blocks of 64 x 512 x 512: 64, 32, 16, 16, 4 and 1 of them."""
    levels = plan_levels((256, 2048, 2048), chunk_shape=(64, 64, 64))
    blocks = plan_blocks(
        levels, chunk_shape=(64, 64, 64), dtype="uint8", source_chunk_shape=(1, 512, 512)
    )
    tree = BlockTree(levels, blocks, "uint8", "mean")
    counts = [np.prod(tree.counts(depth)) for depth in range(tree.top + 1)]
    assert counts == [64, 32, 16, 16, 4, 1]
    assert [cut_of(tree, threads) for threads in (1, 2, 3, 4, 5, 8, 9, 1000)] == [
        3, 3, 1, 1, 0, 0, 0, 0
    ]  # fmt: skip


def test_the_cut_leaves_no_task_too_large():
    """Of 16 TiB no task reads more than 4 GiB, so no more is lost with a worker."""
    levels = plan_levels((16384, 32768, 32768), chunk_shape=(128, 128, 128))
    blocks = plan_blocks(levels, chunk_shape=(128, 128, 128), dtype="uint8")
    tree = BlockTree(levels, blocks, "uint8", "mean")
    cut = cut_of(tree, 1)
    assert tree.bytes_below(cut) <= 4 * 2**30 < tree.bytes_below(cut + 1)
