import doctest
import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigimg_lessons.costs import grid, regions
from bigimg_lessons.costs.grid import LARGEST_IMAGE, MAX_CHUNKS, ChunkGrid, Reading
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE, READERS, ShardReader
from bigimg_lessons.costs.storage import STORAGES, Storage
from tests.chunk_cases import DTYPES, along_the_curve, cases

many = settings(max_examples=250)


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
        for chunk, start in itertools.product(range(1, size + 3), range(size)):
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


def merged(spans, max_gap, max_merged):
    """Requests for byte spans of a file, as zarr-python 3.4.2 plans them: (start, stop)."""
    requests = []
    for start, stop in sorted(spans):
        if requests and start - requests[-1][1] <= max_gap and stop - requests[-1][0] <= max_merged:
            requests[-1][1] = stop
        else:
            requests.append([start, stop])
    return requests


@many
@given(
    cases(sharded=True),
    DTYPES,
    st.sampled_from(["morton", "C"]),
    st.sampled_from([0, 3, 8, 40, 200, 10**6]),
    st.sampled_from([0, 10, 50, 10**6]),
)
def test_reading_shards_by_merged_ranges(case, dtype, order, max_gap, max_merged):
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype, case.shard_shape, shard_order=order)
    inside = [s // c for s, c in zip(case.shard_shape, case.chunk_shape, strict=True)]
    wanted = set(itertools.product(*grid.touched(case.region)))
    requests = read = 0
    for shard in itertools.product(
        *(range(-(-n // i)) for n, i in zip(grid.grid_shape, inside, strict=True))
    ):
        there = [
            place
            for place in itertools.product(*map(range, inside))
            if all(
                s * i + p < n
                for s, i, p, n in zip(shard, inside, place, grid.grid_shape, strict=True)
            )
        ]
        there.sort(key=along_the_curve if order == "morton" else None)
        spans = [
            (number * grid.chunk_bytes, (number + 1) * grid.chunk_bytes)
            for number, place in enumerate(there)
            if tuple(s * i + p for s, i, p in zip(shard, inside, place, strict=True)) in wanted
        ]
        if len(spans) == math.prod(inside):
            requests, read = requests + 1, read + grid.index_bytes + len(spans) * grid.chunk_bytes
        elif spans:
            sent = merged(spans, max_gap, max_merged)
            requests += 1 + len(sent)
            read += grid.index_bytes + sum(stop - start for start, stop in sent)
    reader = ShardReader("any", max_gap, max_merged)
    reading = grid.reading(case.region, reader=reader)
    assert (reading.requests, reading.read) == (requests, read)
    assert reading.wanted == grid.reading(case.region).wanted
    assert reading.chunks == len(wanted)


def test_a_huge_image_is_predicted_by_its_kinds_of_shards():
    # 10^12 chunks, of which a shard holds 64³; the last one along each axis reaches beyond it.
    grid = ChunkGrid((100_000,) * 3, (10,) * 3, "uint8", (640,) * 3)
    assert grid.chunk_count == 10**12
    # Of each axis the first chunk is not wanted, and not half of the last shard's.
    start = time.process_time()
    cut = grid.reading((slice(15, 99_500),) * 3, reader=MERGING)
    assert time.process_time() - start < 10
    assert (cut.shards, cut.chunks) == (156**3, 9949**3)
    # 154³ shards are wanted whole; each other one costs its index and one request or more, and
    # 250 MiB can be had in 20 requests.
    assert 154**3 + 2 * (156**3 - 154**3) <= cut.requests < 154**3 + 21 * (156**3 - 154**3)
    assert grid.reading((7, slice(None), slice(None))).requests == 157**2 + 10**8
    # What counts is what a shard holds, not for how many chunks it has room.
    thin = ChunkGrid((1, 10**6), (1, 1), "uint8", (2**20, 2**10))
    assert thin.reading((0, slice(5, 10)), reader=MERGING).requests == 2


def test_long_steps_are_looked_at_one_by_one_as_far_as_is_quick():
    grid = ChunkGrid((10**8,), (4,), "uint8", (4 * 7,))
    stepped = grid.reading((slice(3, 5 * 10**6, 9),), reader=MERGING)
    assert stepped.chunks == len(range(3, 5 * 10**6, 9))
    with pytest.raises(
        ValueError, match=r"region\[0\] takes 2,000,000 steps that .* at most 1,000,"
    ):
        grid.reading((slice(0, 10**7, 5),))
    # Without shards there is nothing to look at.
    assert ChunkGrid((10**8,), (4,)).reading((slice(0, 10**8, 5),)).chunks == 2 * 10**7


def test_too_many_chunks_to_look_at_are_refused():
    grid = ChunkGrid((2**14, 2**14), (1, 1), "uint8", (2**12, 2**12))
    with pytest.raises(ValueError, match=r"16,777,216 chunks must be looked at: give smaller shar"):
        grid.reading((5, 5), reader=MERGING)
    assert grid.reading((5, 5)).requests == 2


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
    assert ChunkGrid((MAX_CHUNKS,), (1,)).chunk_count == MAX_CHUNKS
    with pytest.raises(ValueError, match="more than 1,000,000,000,000 chunks: give larger chunks"):
        ChunkGrid((MAX_CHUNKS + 1,), (1,))


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
        ({"shard_shape": (4,)}, r"shard_shape is \(4,\): give 2 numbers"),
        ({"shard_shape": (4, 0)}, r"shard_shape is \(4, 0\): give whole numbers of 1 or more"),
        ({"shard_shape": (4, 3)}, r"shard_shape is \(4, 3\) for chunks of \(2, 2\): give whole m"),
        ({"shard_order": "F"}, r"shard_order is 'F': give 'morton' or 'C'"),
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


def test_a_chunk_and_a_shard_may_be_longer_than_the_image():
    # The coarse level of many an OME-Zarr image: all of it is one chunk, padded.
    grid = ChunkGrid((3, 33, 700), (1, 64, 1024), "uint16")
    assert (grid.grid_shape, grid.chunk_count, grid.chunk_bytes) == ((3, 1, 1), 3, 131_072)
    assert grid.reading((1, slice(None), 5)) == Reading(66, 131_072, 1, 0, 1)
    assert ChunkGrid((5, 7), (2, 9), edges="cut").reading((4, 0)) == Reading(1, 7, 1, 0, 1)
    packed = ChunkGrid((7,), (2,), shard_shape=(20,))
    assert (packed.shard_count, packed.chunks_per_shard, packed.index_bytes) == (1, (10,), 164)
    # It lacks chunks, so it is not wanted whole.
    assert packed.reading((slice(None),)) == Reading(7, 8 + 164, 4, 1, 5)
    assert packed.reading((slice(None),), reader=MERGING) == Reading(7, 8 + 164, 4, 1, 2)


def test_padding_that_javascript_could_not_count_is_refused():
    assert ChunkGrid((1, 1), (2**26, 2**26)).chunk_bytes == 2**52
    with pytest.raises(ValueError, match=r"padded, .* have 9,007,199,254,740,992 bytes: give sh"):
        ChunkGrid((1, 1), (2**26, 2**27))
    assert ChunkGrid((1,), (1,), shard_shape=(2**49 - 2,)).index_bytes == 2**53 - 28
    with pytest.raises(ValueError, match="less than 9,007,199,254,740,992 bytes"):
        ChunkGrid((1,), (1,), shard_shape=(2**49,))


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"max_gap": -1}, "max_gap is -1: give a whole number of 0 or more"),
        ({"max_gap": 1.5}, "max_gap is 1.5: give a whole number"),
        ({"max_merged": -1}, "max_merged is -1: give a whole number of 0 or more"),
        ({"max_merged": True}, "max_merged is True: give a whole number"),
    ],
)
def test_a_reader_that_makes_no_sense_is_refused(given_, message):
    with pytest.raises(ValueError, match=message):
        ShardReader("any", **given_)


def test_readers_by_name():
    assert list(READERS.values()) == [ONE_BY_ONE, MERGING]
    assert (ONE_BY_ONE.max_gap, MERGING.max_gap, MERGING.max_merged) == (None, 2**20, 2**24)


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
        ((8, 0), r"region\[0\] is 8:9, outside the image: give positions from 0 to 8"),
        ((0, -1), r"region\[1\] is -1:0, outside .* \(counting from the end is not supported\)"),
        ((0, slice(-3, None)), r"region\[1\] is -3:9, outside the image"),
        ((0, slice(3, 10)), r"region\[1\] is 3:10, outside the image: give positions from 0 to 9"),
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
        ({"concurrency": 0}, r"concurrency is 0: give a whole number of 1 or more"),
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
    for module, examples in ((grid, 10), (regions, 1)):
        ran = doctest.testmod(module)
        assert (ran.attempted, ran.failed) == (examples, 0)
