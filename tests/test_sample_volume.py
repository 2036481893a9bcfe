"""The sample volume: any block of it, the same on every machine."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigimg_lessons.samples.volume import DEFAULT_SHAPE, SampleVolume

ALL = slice(None)
SMALL = SampleVolume((5, 40, 50))


def whole(volume):
    return volume.block(ALL, ALL, ALL)


def test_default_volume_has_256_mebibytes():
    assert SampleVolume().shape == DEFAULT_SHAPE == (256, 1024, 1024)
    assert SampleVolume().nbytes == 256 * 2**20
    assert SampleVolume((3, 4, 5), "uint16").nbytes == 3 * 4 * 5 * 2
    assert SampleVolume((10, 100, 200)).extent == pytest.approx((1.0, 4.0, 8.0))


PLACE = (slice(118, 124), slice(500, 640), slice(330, 470))  # fibres, cells, a nucleus


@pytest.mark.parametrize(
    ("dtype", "digest"),
    [
        ("uint8", "e1edb74a4a735c7b7d1500446968065f0521c0e610719d648b764499a3d957d1"),
        ("uint16", "901ff5bf701cd49c79821d5911c1ca4ed3b6dc24209acbae82a6cef07e7c30bc"),
    ],
    ids=["uint8", "uint16"],
)
def test_pixels_are_the_same_on_every_machine(dtype, digest):
    # If this fails after a change of the picture, raise tissue.GENERATOR and state the new hash.
    block = SampleVolume(dtype=dtype).block(*PLACE)
    assert block.dtype == dtype
    assert hashlib.sha256(block.astype(f"<u{block.itemsize}").tobytes()).hexdigest() == digest


PARTED = SampleVolume((40, 100, 170))


@pytest.fixture(scope="module")
def parted():
    return whole(PARTED)


def part(size):
    """Slices of at most 40 voxels, so that an example is quick."""
    return st.tuples(st.integers(0, size), st.integers(0, 40)).map(
        lambda pair: slice(pair[0], min(pair[0] + pair[1], size))
    )


@settings(max_examples=25)
@given(place=st.tuples(*map(part, PARTED.shape)))
def test_any_block_is_that_region_of_the_whole(parted, place):
    np.testing.assert_array_equal(PARTED.block(*place), parted[place])


def test_slices_may_leave_out_bounds_and_count_from_the_end(parted):
    place = (slice(-3, None), slice(None, -90), slice(5, -150, 1))
    block = PARTED.block(*place)
    assert block.shape == (3, 10, 15)
    np.testing.assert_array_equal(block, parted[place])


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 64, 64), (2, 3, 300), (40, 1, 5)])
def test_small_volumes_work(shape):
    block = whole(SampleVolume(shape))
    assert block.shape == shape
    assert block.dtype == np.uint8
    assert 20 < block.mean() < 230


def test_uint16_is_the_same_picture_in_finer_grey_values():
    coarse = whole(SampleVolume((8, 100, 100)))
    fine = whole(SampleVolume((8, 100, 100), "uint16"))
    assert np.abs(fine / 200 - coarse).max() <= 0.5 + 1 / 200
    assert len(np.unique(fine)) > 20 * len(np.unique(coarse))
    assert 2**12 < np.percentile(fine, 99) < 2**16 - 1
    assert np.gcd.reduce(fine.ravel().astype(np.int64)) == 1  # not multiples of anything


def test_block_refuses_slices_beyond_the_volume():
    with pytest.raises(IndexError, match=r"along y is slice\(0, 41, None\): give one from 0 to 40"):
        SMALL.block(ALL, slice(0, 41), ALL)
    with pytest.raises(IndexError, match=r"along x is slice\(-51, None, None\): .* 0 to 50"):
        SMALL.block(ALL, ALL, slice(-51, None))
    with pytest.raises(IndexError, match=r"along z is slice\(3, 2, None\)"):
        SMALL.block(slice(3, 2), ALL, ALL)


def test_block_refuses_what_is_no_plain_slice():
    with pytest.raises(ValueError, match=r"along z is slice\(0, 4, 2\): give one without a step"):
        SMALL.block(slice(0, 4, 2), ALL, ALL)
    with pytest.raises(TypeError, match=r"Along x 7 was given: give a slice, such as slice\(0, 50"):
        SMALL.block(ALL, ALL, 7)
    with pytest.raises(TypeError, match="float"):
        SMALL.block(ALL, slice(0.5, 3), ALL)


@pytest.mark.parametrize(
    "shape",
    [(4, 5), (4, 5, 6, 7), (4, 5, 0), (4, -5, 6), (4, 5.0, 6), (True, 5, 6), "456", 7, None],
)
def test_bad_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"The shape is .*: give three positive whole numbers"):
        SampleVolume(shape)


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "int16",
        "Uint8",
        "",
        None,
        np.uint8,
        ["uint8"],
    ],
)
def test_bad_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match=r"The dtype is .*: choose 'uint8' or 'uint16'"):
        SampleVolume(SMALL.shape, dtype)


@pytest.mark.parametrize(
    "voxel_size",
    [
        (0.1, 0.04),
        (0.1, 0.04, 0),
        (0.1, 0.04, -0.04),
        (0.1, 0.04, 0.009),
        (0.1, 0.04, 0.13),
        (float("nan"), 0.04, 0.04),
        (0.1, float("inf"), 0.04),
        ("0.1", 0.04, 0.04),
        0.04,
        True,
    ],
)
def test_bad_voxel_sizes_are_refused(voxel_size):
    with pytest.raises(ValueError, match=r"The voxel size is .*each from 0.01 to 0.12"):
        SampleVolume(SMALL.shape, voxel_size=voxel_size)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, None])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"The seed is .*whole number from 0 to 4294967295"):
        SampleVolume(SMALL.shape, seed=seed)


def test_equal_volumes_are_one():
    ints = np.array([5, 40, 50])
    same = SampleVolume(list(ints), "uint8", [0.1, np.float64(0.04), 0.04], np.int64(1))
    assert same == SMALL
    assert hash(same) == hash(SMALL)
    assert all(type(size) is int for size in same.shape)
