import math
from fractions import Fraction
from functools import partial
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from bigimg_lessons.pyramids import downsampling
from bigimg_lessons.pyramids.block_plans import held_bytes, plan_blocks
from bigimg_lessons.pyramids.blocks import build_levels
from bigimg_lessons.pyramids.downsampling import (
    downsample_mean,
    downsample_mode,
    downsample_nanmean,
    downsample_stride,
)
from bigimg_lessons.pyramids.levels import Level, plan_levels
from tests.least_memory import least_memory

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32"]


def boxes(array, factors):
    """Yield where each box goes, and its voxels, one box after the other."""
    shape = [-(-n // f) for n, f in zip(array.shape, factors, strict=True)]
    for index in np.ndindex(*shape):
        yield (
            index,
            array[tuple(slice(i * f, (i + 1) * f) for i, f in zip(index, factors, strict=True))],
        )


def exact_mean(array, factors):
    """The mean in Python's own whole numbers and fractions, box by box."""
    means = np.zeros([-(-n // f) for n, f in zip(array.shape, factors, strict=True)], array.dtype)
    for index, box in boxes(array, factors):
        voxels = [int(voxel) for voxel in box.ravel()]
        means[index] = round(Fraction(sum(voxels), len(voxels)))
    return means


def build(array, levels, block_shapes, downsampling="mean"):
    """All levels as arrays, and the regions that were read."""
    reads, done = [], [np.zeros(level.shape, array.dtype) for level in levels]
    written = [np.zeros(level.shape, int) for level in levels]

    def read(region):
        reads.append(region)
        return array[region].copy()

    def write(depth, start, block):
        assert block.dtype == array.dtype
        assert all(s % b == 0 for s, b in zip(start, block_shapes[depth], strict=True))
        at = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
        done[depth][at] = block
        written[depth][at] += 1

    build_levels(
        read, write, levels, block_shapes=block_shapes, dtype=array.dtype, downsampling=downsampling
    )
    assert all((counts == 1).all() for counts in written)
    return done, reads


# Planning


def test_plan_of_cubes_halves_every_axis_until_one_chunk_holds_the_level():
    plan = plan_levels((256, 2048, 1000), chunk_shape=(64, 64, 64), voxel_size=(2.0, 2.0, 2.0))
    assert plan == (
        Level((1, 1, 1), (256, 2048, 1000), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0)),
        Level((2, 2, 2), (128, 1024, 500), (4.0, 4.0, 4.0), (1.0, 1.0, 1.0)),
        Level((4, 4, 4), (64, 512, 250), (8.0, 8.0, 8.0), (3.0, 3.0, 3.0)),
        Level((8, 8, 8), (32, 256, 125), (16.0, 16.0, 16.0), (7.0, 7.0, 7.0)),
        Level((16, 16, 16), (16, 128, 63), (32.0, 32.0, 32.0), (15.0, 15.0, 15.0)),
        Level((32, 32, 32), (8, 64, 32), (64.0, 64.0, 64.0), (31.0, 31.0, 31.0)),
    )


@pytest.mark.parametrize(
    ("voxel_size", "expected"),
    [
        # Ratio 10: halve y and x until 10 / 8 = 1.25, then all.
        ((10, 1, 1), [(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 8, 8), (2, 16, 16)]),
        # Ratio 2: one step makes cubes.
        ((2, 1, 1), [(1, 1, 1), (1, 2, 2), (2, 4, 4), (4, 8, 8), (8, 16, 16)]),
        # Ratio 1.4 is nearer to a cube than 1.4 / 2 would be.
        ((1.4, 1, 1), [(1, 1, 1), (2, 2, 2), (4, 4, 4), (8, 8, 8), (16, 16, 16)]),
        # The coarse axis may be any.
        ((1, 4, 1), [(1, 1, 1), (2, 1, 2), (4, 1, 4), (8, 2, 8), (16, 4, 16), (32, 8, 32)]),
    ],
)
def test_plan_makes_voxels_near_cubes_first(voxel_size, expected):
    plan = plan_levels((500, 500, 1000), chunk_shape=(64, 64, 64), voxel_size=voxel_size)
    assert [level.factors for level in plan][: len(expected)] == expected


def test_plan_takes_an_axis_of_unknown_size_for_as_fine_as_the_finest():
    plan = plan_levels((96, 256, 128), chunk_shape=(32, 32, 32), voxel_size=(None, 0.05, 0.1))
    assert [level.factors for level in plan] == [(1, 1, 1), (2, 2, 1), (4, 4, 2), (8, 8, 4)]
    assert plan[-1].voxel_size == (8, 0.4, 0.4)  # in voxels of level 0 along z
    assert plan[-1].offset[0] == 3.5
    cubes = plan_levels((96, 256, 128), chunk_shape=(32, 32, 32))
    assert plan_levels((96, 256, 128), chunk_shape=(32, 32, 32), voxel_size=[None] * 3) == cubes


def test_plan_leaves_an_axis_of_one_voxel_alone():
    plan = plan_levels((1, 300, 100), chunk_shape=(1, 64, 64), voxel_size=(0.1, 1, 1))
    assert [level.factors for level in plan] == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 8, 8)]
    assert plan[-1].shape == (1, 38, 13)
    assert plan[-1].offset == (0.0, 3.5, 3.5)


def test_plan_of_a_plane_has_two_axes():
    plan = plan_levels((100, 100), chunk_shape=(60, 60))
    assert plan[1] == Level((2, 2), (50, 50), (2.0, 2.0), (0.5, 0.5))


def test_plan_of_an_image_that_fits_a_chunk_is_the_image():
    assert len(plan_levels((64, 64, 64), chunk_shape=(64, 64, 64))) == 1


def test_plan_takes_given_factors_and_stops_at_max_levels():
    factors = [(1, 1, 1), (1, 3, 3), (2, 6, 3), (2, 12, 12)]
    plan = plan_levels((7, 100, 100), chunk_shape=(4, 4, 4), factors=factors)
    assert [level.factors for level in plan] == factors
    assert [level.shape for level in plan] == [(7, 100, 100), (7, 34, 34), (4, 17, 34), (4, 9, 9)]
    assert plan[3].offset == (0.5, 5.5, 5.5)
    assert len(plan_levels((999,) * 3, chunk_shape=(4,) * 3, max_levels=2)) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (0, 4)}, r"shape is \(0, 4\): give whole numbers of 1 or more"),
        ({"shape": ()}, r"shape is \(\): give whole numbers"),
        ({"chunk_shape": (8,)}, r"chunk_shape is \(8,\): give 2 numbers, one for each axis"),
        ({"chunk_shape": (8, 2.5)}, r"chunk_shape\[1\] is 2.5: give a whole number"),
        ({"voxel_size": (1, 0)}, r"voxel_size is \(1, 0\): give 2 positive numbers"),
        ({"voxel_size": (1, math.nan)}, r"voxel_size is \(1, nan\): give 2 positive"),
        ({"voxel_size": (1, 1, 1)}, r"voxel_size is \(1, 1, 1\): give 2 positive numbers"),
        ({"max_levels": 0}, "max_levels is 0: give a whole number of 1 or more"),
        ({"factors": []}, r"factors are \[\]: begin with level 0"),
        ({"factors": [(2, 2)]}, r"factors are \[\(2, 2\)\]: begin with level 0"),
        ({"factors": [(1, 1), (1, 1)]}, r"from \(1, 1\) to \(1, 1\): make each level's"),
        ({"factors": [(1, 1), (2, 2), (3, 4)]}, r"from \(2, 2\) to \(3, 4\): make each level's"),
        ({"factors": [(1, 1), (2, 2, 2)]}, r"factors\[1\] is \(2, 2, 2\): give 2 numbers"),
    ],
)
def test_plan_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        plan_levels(**{"shape": (9, 9), "chunk_shape": (8, 8), **options})


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=3),
    st.data(),
)
def test_plan_always_ends_with_a_level_of_one_chunk(shape, data):
    chunk = [data.draw(st.integers(1, 128)) for _ in shape]
    size = [data.draw(st.floats(0.01, 100)) for _ in shape]
    plan = plan_levels(shape, chunk_shape=chunk, voxel_size=size)
    fits = [all(n <= c for n, c in zip(level.shape, chunk, strict=True)) for level in plan]
    assert fits == [False] * (len(plan) - 1) + [True]
    for level in plan:
        assert level.shape == tuple(
            math.ceil(Fraction(n, f)) for n, f in zip(shape, level.factors, strict=True)
        )


# Downsampling


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 1], "uint8", 0),
        ([1, 2], "uint8", 2),
        ([254, 255], "uint8", 254),
        ([-1, 0], "int16", 0),
        ([-2, -1], "int16", -2),
        ([-3, -2, -2], "int16", -2),
        ([65535, 65534], "uint16", 65534),
        ([2**31 - 1, 2**31 - 2], "int32", 2**31 - 2),
    ],
)
def test_mean_rounds_halves_to_even(values, dtype, expected):
    assert downsample_mean(np.array(values, dtype), (len(values),)) == expected


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("factors", [(2, 2, 2), (1, 2, 2), (3, 1, 4), (8, 8, 8)])
@pytest.mark.parametrize("end", ["min", "max"])
def test_mean_of_a_constant_at_the_end_of_the_dtype_is_that_constant(dtype, factors, end):
    value = getattr(np.iinfo(dtype), end)
    mean = downsample_mean(np.full((9, 10, 11), value, dtype), factors)
    assert mean.dtype == dtype
    assert (mean == value).all()


@given(st.data())
def test_mean_is_exact(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=7))
    factors = [data.draw(st.integers(1, 5)) for _ in shape]
    array = data.draw(hnp.arrays(data.draw(st.sampled_from(INTEGERS)), shape))
    np.testing.assert_array_equal(downsample_mean(array, factors), exact_mean(array, factors))


def test_mean_of_large_arrays_is_exact_across_their_pieces(monkeypatch):
    monkeypatch.setattr(downsampling, "_PIECE_VOXELS", 50)
    array = np.random.default_rng(1).integers(0, 2**16, (13, 21, 34), "uint16")
    np.testing.assert_array_equal(downsample_mean(array, (2, 3, 4)), exact_mean(array, (2, 3, 4)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_mean_of_floats_is_taken_in_float64(dtype):
    array = np.random.default_rng(2).normal(1000, 300, (5, 6, 7)).astype(dtype)
    array[0, 0, 0] = np.finfo(dtype).max
    array[0, 0, 1] = np.finfo(dtype).max if dtype != "float64" else 0
    mean = downsample_mean(array, (2, 2, 2))
    assert mean.dtype == dtype
    expected = [box.astype("float64").mean() for _, box in boxes(array, (2, 2, 2))]
    np.testing.assert_allclose(mean.ravel(), expected, rtol=4 * np.finfo(dtype).eps)
    assert np.isfinite(mean).all()


def test_mean_of_nan_is_nan():
    assert np.isnan(downsample_mean(np.array([1, np.nan, 3, 5], "float32"), (2,))).tolist() == [
        True,
        False,
    ]


def test_leading_axes_stay():
    array = np.random.default_rng(3).integers(0, 255, (2, 3, 5, 6, 7), "uint8")
    for down in (downsample_mean, downsample_mode, downsample_stride):
        whole = down(array, (2, 2, 2))
        assert whole.shape == (2, 3, 3, 3, 4)
        for t, c in product(range(2), range(3)):
            np.testing.assert_array_equal(whole[t, c], down(array[t, c], (2, 2, 2)))


@given(st.data())
def test_mode_is_that_of_scipy(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=6))
    factors = [data.draw(st.integers(1, 3)) for _ in shape]
    dtype = data.draw(st.sampled_from(["uint8", "int16", "uint64"]))
    array = data.draw(hnp.arrays(dtype, shape, elements=st.integers(0, 3)))
    modes = downsample_mode(array, factors)
    assert modes.dtype == dtype
    for index, box in boxes(array, factors):
        assert modes[index] == stats.mode(box, axis=None).mode


def test_mode_of_booleans():
    assert downsample_mode(np.array([True, True, False, False, False, True]), (3,)).tolist() == [
        True,
        False,
    ]


def test_stride_keeps_first_voxels_in_memory_of_its_own():
    array = np.arange(35).reshape(5, 7)
    first = downsample_stride(array, (2, 3))
    assert first.tolist() == [[0, 3, 6], [14, 17, 20], [28, 31, 34]]
    assert not np.shares_memory(first, array)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "bool", "complex64"])
def test_mean_refuses_what_it_cannot_sum_exactly(dtype):
    with pytest.raises(TypeError, match=rf"values of dtype {dtype} cannot be summed exactly"):
        downsample_mean(np.zeros((4, 4), dtype), (2, 2))


def test_mode_refuses_floats():
    with pytest.raises(TypeError, match="dtype float32 have no most frequent value: give integers"):
        downsample_mode(np.zeros((4, 4), "float32"), (2, 2))


@pytest.mark.parametrize("down", [downsample_mean, downsample_mode, downsample_stride])
@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ((2, 0), r"factors is \(2, 0\): give whole numbers of 1 or more"),
        ((2, 2, 2), r"factors are \(2, 2, 2\), but the block has only 2 axes"),
    ],
)
def test_downsampling_refuses_factors(down, factors, message):
    with pytest.raises(ValueError, match=message):
        down(np.zeros((4, 4), "uint8"), factors)


# Building


@given(st.data())
def test_every_level_is_the_exact_mean_over_level_0(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=14))
    chunk = [data.draw(st.integers(1, 6)) for _ in shape]
    if data.draw(st.booleans()):
        size = [data.draw(st.sampled_from([0.3, 1, 1.5, 4])) for _ in shape]
        levels = plan_levels(shape, chunk_shape=chunk, voxel_size=size)
    else:
        factors = [(1,) * len(shape)]
        for _ in range(data.draw(st.integers(0, 3))):
            step = [data.draw(st.integers(1, 3)) for _ in shape]
            if max(step) > 1:
                factors.append(tuple(f * s for f, s in zip(factors[-1], step, strict=True)))
        levels = plan_levels(shape, chunk_shape=chunk, factors=factors)
    source = [data.draw(st.integers(1, 14)) for _ in shape]
    dtype = data.draw(st.sampled_from(INTEGERS))
    plan = partial(plan_blocks, levels, chunk_shape=chunk, dtype=dtype, source_chunk_shape=source)
    block_shapes = plan(memory_limit=least_memory(plan) * data.draw(st.integers(1, 3)))
    assert all(b % c == 0 for block in block_shapes for b, c in zip(block, chunk, strict=True))
    array = data.draw(hnp.arrays(dtype, shape))
    done, _ = build(array, levels, block_shapes)
    np.testing.assert_array_equal(done[0], array)
    for level, means in zip(levels, done, strict=True):
        np.testing.assert_array_equal(means, exact_mean(array, level.factors))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("end", ["min", "max"])
def test_a_constant_stays_constant_at_every_level(dtype, end):
    value = getattr(np.iinfo(dtype), end)
    levels = plan_levels((21, 37, 30), chunk_shape=(4, 4, 4), voxel_size=(3, 1, 1))
    assert levels[-1].factors == (8, 32, 32)
    done, _ = build(np.full((21, 37, 30), value, dtype), levels, [(8, 4, 4)] * len(levels))
    assert all((means == value).all() for means in done)


def test_rounding_does_not_pile_up():
    # The mean of all eight is 0.75. Means of rounded means would be 0 0 1 1, then 0 1, then 0.
    levels = plan_levels((1, 8), chunk_shape=(1, 1), factors=[(1, 1), (1, 2), (1, 4), (1, 8)])
    done, _ = build(np.array([[0, 1, 0, 1, 1, 1, 1, 1]], "uint8"), levels, [(1, 2)] * len(levels))
    assert [means.tolist() for means in done[1:]] == [[[0, 0, 1, 1]], [[0, 1]], [[1]]]


def test_float_levels_are_means_over_level_0():
    array = np.random.default_rng(4).normal(size=(11, 13, 17)).astype("float32")
    levels = plan_levels(array.shape, chunk_shape=(4, 4, 4))
    done, _ = build(array, levels, [(4, 8, 4)] * len(levels))
    for level, means in zip(levels, done, strict=True):
        expected = [box.astype("float64").mean() for _, box in boxes(array, level.factors)]
        np.testing.assert_allclose(means.ravel(), expected, rtol=2e-7, atol=1e-9)


def test_labels_and_strides_go_from_level_to_level():
    array = np.random.default_rng(5).integers(0, 3, (9, 10, 11), "uint64")
    levels = plan_levels(array.shape, chunk_shape=(3, 3, 3))
    for name, down in (("mode", downsample_mode), ("stride", downsample_stride)):
        done, _ = build(array, levels, [(6, 6, 6)] * len(levels), name)
        for above, below in pairwise(done):
            np.testing.assert_array_equal(below, down(above, (2, 2, 2)))


@pytest.mark.parametrize(
    ("source_chunk", "expected"),
    [
        ((1, 100, 90), (16, 112, 96)),  # planes: a slab as thick as a chunk, all of y and x
        ((32, 32, 32), (32, 32, 32)),  # larger chunks: one of them
        ((8, 8, 8), (16, 16, 16)),  # smaller chunks: several of them
        ((24, 16, 16), (48, 16, 16)),  # neither: as many as fit evenly
    ],
)
def test_each_chunk_of_the_source_is_read_once(source_chunk, expected):
    shape = (100, 100, 90)
    levels = plan_levels(shape, chunk_shape=(16, 16, 16))
    block_shapes = plan_blocks(
        levels,
        chunk_shape=(16, 16, 16),
        dtype="uint8",
        source_chunk_shape=source_chunk,
        least_bytes=1,
    )
    assert block_shapes[0] == expected
    _, reads = build(np.zeros(shape, "uint8"), levels, block_shapes)
    touched = [
        index
        for region in reads
        for index in product(
            *(
                range(s.start // c, -(-s.stop // c))
                for s, c in zip(region, source_chunk, strict=True)
            )
        )
    ]
    assert len(touched) == len(set(touched))
    assert len(touched) == math.prod(-(-n // c) for n, c in zip(shape, source_chunk, strict=True))


def test_small_chunks_are_read_several_at_once():
    levels = plan_levels((500, 500, 500), chunk_shape=(16, 16, 16))
    assert plan_blocks(levels, chunk_shape=(16, 16, 16), dtype="uint8")[0] == (128, 128, 128)
    assert plan_blocks(levels, chunk_shape=(16, 16, 16), dtype="uint16")[0] == (64, 128, 128)


def test_blocks_of_coarse_levels_are_those_of_the_finer_shrunk_to_whole_chunks():
    plan = partial(plan_blocks, dtype="uint8", least_bytes=1)
    levels = plan_levels((500, 500, 500), chunk_shape=(16, 16, 16), max_levels=4)
    blocks = plan(levels, chunk_shape=(16, 16, 16), source_chunk_shape=(48, 64, 32))
    assert blocks == ((48, 64, 32), (48, 32, 16), (48, 16, 16), (48, 16, 16))
    # Where the chunks have 3 voxels, 6 is the least that can be halved.
    levels = plan_levels((50, 50), chunk_shape=(3, 3), max_levels=3)
    blocks = plan(levels, chunk_shape=(3, 3), source_chunk_shape=(12, 24))
    assert blocks == ((12, 24), (6, 12), (6, 6))


def test_small_chunks_are_read_several_at_once_within_a_volume_before_others():
    levels = plan_levels((9, 3, 64, 64, 64), chunk_shape=(1, 1, 16, 16, 16), max_levels=1)
    plan = partial(plan_blocks, levels, chunk_shape=(1, 1, 16, 16, 16), dtype="uint8")
    assert plan(least_bytes=2**17) == ((1, 1, 32, 64, 64),)
    assert plan(least_bytes=2**18) == ((1, 1, 64, 64, 64),)
    assert plan(least_bytes=2**20) == ((2, 2, 64, 64, 64),)


def test_blocks_stay_within_the_memory_limit():
    shape = (4096, 8192, 8192)
    levels = plan_levels(shape, chunk_shape=(64, 64, 64))
    for limit in (2**24, 2**27, 2**30):
        blocks = plan_blocks(
            levels,
            chunk_shape=(64, 64, 64),
            dtype="uint16",
            source_chunk_shape=(1, 8192, 8192),
            memory_limit=limit,
        )
        # Level 0 in two bytes a voxel; then sums in four bytes for up to 2**16 voxels, then eight.
        kept = sum(
            math.prod(min(b, n) for b, n in zip(block, level.shape, strict=True)) * size
            for block, level, size in zip(blocks, levels, (2, 4, 4, 4, 4, 4, 8, 8), strict=False)
        )
        assert limit / 8 < kept <= limit
        assert all(b % 64 == 0 for block in blocks for b in block)
        assert blocks[0][2] >= blocks[0][1]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_images_of_any_size_take_the_memory_of_a_large_one(dtype):
    def held(planes):
        levels = plan_levels((planes, 2048, 2048), chunk_shape=(64, 64, 64))
        plan = partial(plan_blocks, dtype=dtype, source_chunk_shape=(128, 128, 128))
        blocks = plan(levels, chunk_shape=(64, 64, 64), least_bytes=2**23)
        return held_bytes(levels, block_shapes=blocks, dtype=dtype, threads=2)

    assert held(65536) <= 1.2 * held(256)  # it was 1.8


def test_blocks_hold_whole_steps_to_the_next_level():
    levels = plan_levels((9, 64, 64), chunk_shape=(1, 16, 16))
    plan = partial(plan_blocks, levels, chunk_shape=(1, 16, 16), dtype="uint8")
    assert plan(memory_limit=least_memory(plan))[0] == (2, 16, 16)


def test_building_keeps_one_block_per_level():
    shape = (8, 64, 64)
    levels = plan_levels(shape, chunk_shape=(8, 8, 8))
    order = []
    build_levels(
        lambda region: np.zeros([s.stop - s.start for s in region], "uint8"),
        lambda depth, start, block: order.append(depth),
        levels,
        block_shapes=[(8, 8, 8)] * len(levels),
        dtype="uint8",
    )
    # z fits one block at every level, so a block has four below it: walked depth first.
    assert order == (([0] * 4 + [1]) * 4 + [2]) * 4 + [3]


def test_building_refuses_an_unknown_way():
    levels = plan_levels((9, 9), chunk_shape=(4, 4))
    with pytest.raises(
        ValueError,
        match="downsampling is 'median': choose one of 'mean', 'na",
    ):
        plan_blocks(levels, chunk_shape=(4, 4), dtype="uint8", downsampling="median")


def test_planning_blocks_refuses_a_dtype_without_exact_mean():
    levels = plan_levels((9, 9), chunk_shape=(4, 4))
    with pytest.raises(TypeError, match="4 values of dtype int64 cannot be summed exactly"):
        plan_blocks(levels, chunk_shape=(4, 4), dtype="int64")


# NaN


def independent_nanmean(image, factors):
    """Box by box with numpy's own nanmean."""
    shape = [-(-n // f) for n, f in zip(image.shape, factors, strict=True)]
    means = np.full(shape, np.nan, image.dtype)
    for place in np.ndindex(*shape):
        box = image[tuple(slice(i * f, i * f + f) for i, f in zip(place, factors, strict=True))]
        if not np.isnan(box).all():
            means[place] = np.nanmean(box.astype(np.float64))
    return means


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_nanmean_is_over_the_numbers_of_level_0(dtype, share):
    rng = np.random.default_rng(3)
    image = rng.normal(0, 100, (9, 21, 34)).astype(dtype)
    image[rng.random(image.shape) < share] = np.nan
    image[:4, :8, :8] = np.nan
    steps = [(1, 1, 1), (1, 2, 2), (2, 6, 4), (4, 12, 8)]
    levels = plan_levels(image.shape, chunk_shape=(2, 4, 4), factors=steps)
    written = [np.zeros(level.shape, dtype) for level in levels]

    def write(number, start, block):
        written[number][tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))] = (
            block
        )

    plan = partial(plan_blocks, levels, chunk_shape=(2, 4, 4), dtype=dtype, downsampling="nanmean")
    blocks = plan(memory_limit=least_memory(plan))
    build_levels(
        image.__getitem__, write, levels, block_shapes=blocks, dtype=dtype, downsampling="nanmean"
    )
    for result, factors in zip(written, steps, strict=True):
        expected = independent_nanmean(image, factors)
        np.testing.assert_allclose(result, expected, rtol=1e-6)
        np.testing.assert_allclose(downsample_nanmean(image, factors), expected, rtol=1e-6)
    assert np.isnan(written[-1][0, 0, 0]) == np.isnan(image[:4, :12, :8]).all()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_mean_keeps_nan_and_infinities():
    box = np.array([[1, np.nan, 3, 4, np.inf, 5, np.inf, -np.inf]])
    np.testing.assert_array_equal(downsample_mean(box, (1, 2)), [[np.nan, 3.5, np.inf, np.nan]])
    np.testing.assert_array_equal(downsample_nanmean(box, (1, 2)), [[1, 3.5, np.inf, np.nan]])


def test_nanmean_of_integers_is_their_mean():
    image = np.random.default_rng(0).integers(0, 2**16, (7, 9), np.uint16)
    np.testing.assert_array_equal(downsample_nanmean(image, (2, 3)), downsample_mean(image, (2, 3)))
    with pytest.raises(TypeError, match="floats of at most 64"):
        downsample_nanmean(np.zeros(4, "longdouble"), (2,))
