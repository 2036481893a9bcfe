import doctest
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bigimg_lessons.chunks
from bigimg_lessons.chunks import (
    LARGEST_IMAGE,
    MOST_CHUNKS,
    STORAGES,
    ChunkGrid,
    Reading,
    Storage,
)
from tests.chunk_cases import DTYPES, cases

many = settings(max_examples=250, deadline=None)


def marked(shape, box_shape):
    """For each voxel the number of the box that it lies in, and how many boxes there are."""
    boxes = tuple(math.ceil(size / box) for size, box in zip(shape, box_shape, strict=True))
    places = np.indices(shape).reshape(len(shape), -1)
    numbers = np.ravel_multi_index([p // b for p, b in zip(places, box_shape, strict=True)], boxes)
    return numbers.reshape(shape), boxes


def sizes(numbers):
    """How often each number occurs."""
    return dict(zip(*np.unique(numbers, return_counts=True), strict=True))


@many
@given(cases(most_axes=5, longest=9))
def test_touched(case):
    grid = ChunkGrid(case.shape, case.chunk_shape)
    numbers, boxes = marked(case.shape, case.chunk_shape)
    assert grid.grid_shape == boxes
    assert grid.chunk_count == len(np.unique(numbers)) == grid.file_count
    touched = grid.touched(case.region)
    assert all(list(axis) == sorted(set(axis)) for axis in touched)
    assert {int(np.ravel_multi_index(number, boxes)) for number in itertools.product(*touched)} == {
        int(number) for number in np.unique(numbers[case.region])
    }


def test_every_slice_of_one_short_axis():
    for size in range(1, 10):
        for chunk, start in itertools.product(range(1, size + 1), range(size)):
            grid = ChunkGrid((size,), (chunk,))
            for stop, step in itertools.product(range(start + 1, size + 1), range(1, size + 2)):
                touched = sorted({place // chunk for place in range(start, stop, step)})
                assert list(grid.touched((slice(start, stop, step),))[0]) == touched


@many
@given(cases(most_axes=5, longest=9), DTYPES, st.sampled_from(["padded", "cut"]))
def test_reading(case, dtype, edges):
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype, edges=edges)
    item = np.dtype(dtype).itemsize
    numbers, _ = marked(case.shape, case.chunk_shape)
    there = sizes(numbers)
    touched = np.unique(numbers[case.region])
    full = math.prod(case.chunk_shape)
    read = sum(full if edges == "padded" else there[number] for number in touched)
    wanted = np.empty(case.shape, dtype)[case.region].nbytes
    reading = grid.reading(case.region)
    assert reading == Reading(wanted, read * item, len(touched), 0, len(touched))
    assert reading.amplification == pytest.approx(read * item / wanted)
    assert (grid.nbytes, grid.chunk_bytes) == (math.prod(case.shape) * item, full * item)
    assert (grid.shard_count, grid.index_bytes, grid.chunks_per_shard) == (0, 0, None)


@many
@given(cases(most_axes=5, longest=9, sharded=True), DTYPES)
def test_reading_shards(case, dtype):
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype, case.shard_shape)
    numbers, _ = marked(case.shape, case.chunk_shape)
    shards, _ = marked(case.shape, case.shard_shape)
    per_shard = math.prod(case.shard_shape) // math.prod(case.chunk_shape)
    index = per_shard * (8 + 8) + 4
    pairs = np.unique(
        np.stack([np.ravel(shards[case.region]), np.ravel(numbers[case.region])]), axis=1
    )
    wanted_of = sizes(pairs[0])
    requests = sum(1 if n == per_shard else 1 + n for n in wanted_of.values())
    chunks = pairs.shape[1]
    reading = grid.reading(case.region)
    assert (reading.chunks, reading.shards) == (chunks, len(wanted_of))
    assert reading.requests == requests
    assert reading.read == chunks * grid.chunk_bytes + len(wanted_of) * index
    assert grid.shard_count == grid.file_count == len(np.unique(shards))
    assert (math.prod(grid.chunks_per_shard), grid.index_bytes) == (per_shard, index)


def test_a_shard_of_the_size_of_its_chunk():
    grid = ChunkGrid((4, 4), (2, 2), shard_shape=(2, 2))
    assert grid.reading((0, slice(None))) == Reading(4, 2 * (4 + 20), 2, 2, 2)


def test_numbers_stay_exact_where_floats_would_not():
    side = 99_991  # a prime, so that the last chunk of each axis is cut
    shape = (side, side, side)
    grid = ChunkGrid(shape, (64, 64, 64))
    assert grid.nbytes == 999_730_024_299_271
    assert grid.chunk_count == 1563**3
    everything = grid.reading((slice(None),) * 3)
    assert everything.read == 1563**3 * 64**3
    assert everything.wanted == side**3
    cut = ChunkGrid(shape, (64, 64, 64), edges="cut").reading((slice(None),) * 3)
    assert cut.read == side**3
    assert all(type(n) is int for n in (everything.read, everything.wanted, everything.requests))


def test_the_largest_image_is_allowed_and_one_voxel_more_is_not():
    assert ChunkGrid((LARGEST_IMAGE,), (2**20,)).nbytes == LARGEST_IMAGE
    with pytest.raises(ValueError, match=r"at most 1,125,899,906,842,624 bytes \(1 PiB\)"):
        ChunkGrid((LARGEST_IMAGE + 1,), (2**20,))
    assert ChunkGrid((MOST_CHUNKS,), (1,)).chunk_count == MOST_CHUNKS
    with pytest.raises(ValueError, match="more than 1,000,000,000,000 chunks: give larger chunks"):
        ChunkGrid((MOST_CHUNKS + 1,), (1,))


def test_absurd_shapes_are_refused():
    with pytest.raises(ValueError, match=r"has 1,000,000,000,000,000,000 bytes: give a shape of"):
        ChunkGrid((10**6,) * 3, (64,) * 3)


def test_numpy_numbers_and_lists_become_plain():
    grid = ChunkGrid(np.array([8, 9]), [np.int32(2), 3], shard_shape=[4, 6])
    assert grid == ChunkGrid((8, 9), (2, 3), "u1", (4, 6))
    assert hash(grid) == hash(ChunkGrid((8, 9), (2, 3), np.uint8, (4, 6)))
    assert {type(n) for n in grid.shape + grid.chunk_shape + grid.shard_shape} == {int}
    assert grid.reading((np.int64(3), slice(np.int8(1), None))).chunks == 3


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"shape": 8}, r"shape is 8: give a whole number for each axis"),
        ({"shape": ()}, r"shape is \(\): give whole numbers of 1 or more"),
        ({"shape": (8, 0)}, r"shape is \(8, 0\): give whole numbers of 1 or more"),
        ({"shape": (8, -8)}, r"shape is \(8, -8\): give whole numbers of 1 or more"),
        ({"shape": (8, 8.0)}, r"shape\[1\] is 8.0: give a whole number"),
        ({"shape": (8, True)}, r"shape\[1\] is True: give a whole number"),
        ({"shape": (8, np.True_)}, r"shape\[1\] is np.True_: give a whole number"),
        ({"shape": (8, math.inf)}, r"shape\[1\] is inf: give a whole number"),
        ({"shape": "88"}, r"shape\[0\] is '8': give a whole number"),
        ({"chunk_shape": 2}, r"chunk_shape is 2: give a whole number for each axis"),
        ({"chunk_shape": (2, 0)}, r"chunk_shape is \(2, 0\): give whole numbers of 1 or more"),
        ({"chunk_shape": (2, None)}, r"chunk_shape\[1\] is None: give a whole number"),
        ({"chunk_shape": (2,)}, r"chunk_shape is \(2,\): give 2 numbers, .* shape \(8, 8\)"),
        ({"chunk_shape": (2, 9)}, r"chunk_shape is \(2, 9\), larger than the image of \(8, 8\)"),
        ({"shard_shape": (4,)}, r"shard_shape is \(4,\): give 2 numbers"),
        ({"shard_shape": (4, 0)}, r"shard_shape is \(4, 0\): give whole numbers of 1 or more"),
        ({"shard_shape": (4, 3)}, r"shard_shape is \(4, 3\) for chunks of \(2, 2\): give whole m"),
        ({"shard_shape": (4, 10)}, r"\(4, 10\), but all chunks together cover only \(8, 8\)"),
        ({"shard_shape": (4, 4), "edges": "cut"}, r"chunks in shards are always 'padded'"),
        ({"edges": "ragged"}, r"edges is 'ragged': give 'padded' or 'cut'"),
        ({"dtype": object}, r"dtype is object: give a type of numbers"),
        ({"dtype": "U"}, r"dtype is <U0: give a type of numbers"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(given_, message):
    with pytest.raises(ValueError, match=message):
        ChunkGrid(**{"shape": (8, 8), "chunk_shape": (2, 2)} | given_)


def test_a_type_that_numpy_does_not_know_is_refused():
    with pytest.raises(TypeError, match="uint7"):
        ChunkGrid((8,), (2,), "uint7")


def test_a_shard_may_reach_beyond_the_image_as_far_as_its_chunks_do():
    assert ChunkGrid((7,), (2,), shard_shape=(8,)).shard_count == 1
    with pytest.raises(ValueError, match=r"cover only \(8,\)"):
        ChunkGrid((7,), (2,), shard_shape=(10,))


@pytest.mark.parametrize("method", ["touched", "reading"])
@pytest.mark.parametrize(
    ("region", "message"),
    [
        (3, r"region is 3: give a tuple of 2, a whole number or a slice for each axis"),
        (slice(3), r"region is slice\(None, 3, None\): give a tuple of 2"),
        ((3,), r"region is \(3,\): give a tuple of 2, .* of the shape \(8, 9\)"),
        ((3, 3, 3), r"region is \(3, 3, 3\): give a tuple of 2"),
        ((3, ...), r"region\[1\] is Ellipsis: give a whole number"),
        ((3, None), r"region\[1\] is None: give a whole number"),
        ((3, 1.0), r"region\[1\] is 1.0: give a whole number"),
        ((3, True), r"region\[1\] is True: give a whole number"),
        ((8, 0), r"region\[0\] is 8:9, outside the image: give places from 0 to 8"),
        ((0, -1), r"region\[1\] is -1:0, outside .* \(counting from the end is not supported\)"),
        ((0, slice(-3, None)), r"region\[1\] is -3:9, outside the image"),
        ((0, slice(3, 10)), r"region\[1\] is 3:10, outside the image: give places from 0 to 9"),
        ((0, slice(3, 3)), r"region\[1\] is 3:3, which is empty: give start < stop"),
        ((0, slice(5, 3)), r"region\[1\] is 5:3, which is empty"),
        ((slice(0.0, 3), 0), r"region\[0\].start is 0.0: give a whole number"),
        ((slice(0, "3"), 0), r"region\[0\].stop is '3': give a whole number"),
        ((slice(0, 3, 1.5), 0), r"region\[0\].step is 1.5: give a whole number"),
        ((slice(0, 3, 0), 0), r"region\[0\] has a step of 0: give a step of 1 or more"),
        ((slice(None, None, -1), 0), r"region\[0\] has a step of -1: give a step of 1 or more"),
    ],
)
def test_a_region_that_makes_no_sense_is_refused(method, region, message):
    with pytest.raises(ValueError, match=message):
        getattr(ChunkGrid((8, 9), (2, 3)), method)(region)


def test_a_step_as_long_as_a_chunk_or_longer_skips_chunks():
    grid = ChunkGrid((100,), (10,))
    assert list(grid.touched((slice(5, 100, 10),))[0]) == list(range(10))
    assert list(grid.touched((slice(5, 100, 25),))[0]) == [0, 3, 5, 8]
    assert grid.reading((slice(5, 100, 25),)) == Reading(4, 40, 4, 0, 4)


def in_rounds(storage, requests, nbytes):
    """The cost model, by counting: send, wait, send ...; then the bytes."""
    seconds = 0.0
    while requests > 0:
        requests -= storage.concurrency
        seconds += storage.latency
    return seconds + nbytes / storage.bandwidth


@given(
    st.integers(0, 300),
    st.integers(0, 10**12),
    st.floats(0, 1),
    st.floats(1, 1e10),
    st.integers(1, 64),
)
def test_cost_model(requests, nbytes, latency, bandwidth, concurrency):
    storage = Storage("any", latency=latency, bandwidth=bandwidth, concurrency=concurrency)
    expected = in_rounds(storage, requests, nbytes)
    assert storage.seconds(requests, nbytes) == pytest.approx(expected)
    assert storage.seconds(requests, nbytes, decoding=2.5) == pytest.approx(expected + 2.5)


def test_cost_model_by_hand():
    storage = Storage("far", latency=0.02, bandwidth=50e6, concurrency=10)
    assert storage.seconds(0, 0) == 0
    assert storage.seconds(10, 0) == pytest.approx(0.02)
    assert storage.seconds(11, 5_000_000, decoding=0.3) == pytest.approx(0.04 + 0.1 + 0.3)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"latency": -0.1}, r"latency is -0.1: give seconds, 0 or more"),
        ({"latency": math.nan}, r"latency is nan: give seconds"),
        ({"latency": math.inf}, r"latency is inf: give seconds"),
        ({"bandwidth": 0}, r"bandwidth is 0: give bytes per second, above 0"),
        ({"bandwidth": math.inf}, r"bandwidth is inf: give bytes per second"),
        ({"concurrency": 0}, r"concurrency is 0: give 1 or more"),
        ({"concurrency": 1.5}, r"concurrency is 1.5: give a whole number"),
    ],
)
def test_a_storage_that_makes_no_sense_is_refused(figures, message):
    with pytest.raises(ValueError, match=message):
        Storage(**{"name": "any", "latency": 0.1, "bandwidth": 1e6} | figures)


@pytest.mark.parametrize("numbers", [(-1, 0, 0.0), (0, -1, 0.0), (0, 0, -0.1)])
def test_negative_costs_are_refused(numbers):
    requests, nbytes, decoding = numbers
    with pytest.raises(ValueError, match="give numbers of 0 or more"):
        Storage("any", latency=0.1, bandwidth=1e6).seconds(requests, nbytes, decoding=decoding)


def test_storages_name_their_sources_and_differ_as_they_should():
    assert list(STORAGES) == ["hdd", "sata-ssd", "nvme", "lan", "s3"]
    for storage in STORAGES.values():
        assert len(storage.source) > 40
        assert any(character.isdigit() for character in storage.source)
    assert len({storage.name for storage in STORAGES.values()}) == len(STORAGES)
    with pytest.raises(TypeError):
        STORAGES["mine"] = STORAGES["hdd"]
    # A thousand small requests: what waits shortest, and for many at once, is quickest.
    order = sorted(STORAGES, key=lambda name: STORAGES[name].seconds(1000, 4096 * 1000))
    assert order == ["nvme", "sata-ssd", "lan", "hdd", "s3"]
    # One large one: now the object store beats the hard disk and the file server.
    order = sorted(STORAGES, key=lambda name: STORAGES[name].seconds(1, 10**9))
    assert order == ["nvme", "s3", "sata-ssd", "hdd", "lan"]


def test_figures_are_those_of_their_sources():
    hdd, s3 = STORAGES["hdd"], STORAGES["s3"]
    assert hdd.latency == pytest.approx(8.2e-3 + 4.16e-3, abs=1e-4)
    assert 0.1 <= s3.latency <= 0.2
    assert 85e6 <= s3.bandwidth / s3.concurrency <= 90e6
    sata, nvme = STORAGES["sata-ssd"], STORAGES["nvme"]
    assert sata.concurrency / sata.latency == pytest.approx(98_000, rel=0.1)
    assert nvme.concurrency / nvme.latency <= 1.4e6
    assert STORAGES["lan"].bandwidth * 8 == 1e9


def test_examples_in_the_documentation_are_right():
    ran = doctest.testmod(bigimg_lessons.chunks)
    assert ran.attempted > 3
    assert ran.failed == 0
