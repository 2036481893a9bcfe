"""Lazy reading from BigDataViewer's HDF5: indexing, dask chunks, and which bytes are read."""

import contextlib
import itertools
import pickle
import threading

import dask
import fsspec
import h5py
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigimg_lessons.formats.bdv.array import MAX_DASK_CHUNKS, LevelArray
from bigimg_lessons.formats.bdv.layout import (
    Level,
    SetupLayout,
    cells_path,
)
from bigimg_lessons.formats.bdv.pixel_types import PIXEL_TYPES
from tests.bdv_arrays import array_of, layout_of, metered, source_of
from tests.bdv_files import halved, pixels, write_h5


def select(array, index):
    """Each axis on its own, by taking one after the other: what indexing should return."""
    index = [*index, *[slice(None)] * (array.ndim - len(index))]
    for axis in reversed(range(array.ndim)):
        spec = index[axis]
        positions = np.arange(array.shape[axis])[spec]
        array = array.take(positions, axis)
    return array


@pytest.fixture
def stack(tmp_path):
    """Two levels of 9 by 40 by 33 voxels in chunks of 4 by 16 by 16."""
    full = pixels((9, 40, 33))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full, halved(full)]}, legacy=True)
    return path, full


INDICES = {
    "everything": (...,),
    "XY plane": (0, 0, 4),
    "XZ plane": (0, 0, slice(None), 7),
    "YZ plane": (0, 0, ..., 32),
    "voxel": (0, 0, 8, 39, 32),
    "negative": (-1, -1, -9, -40, -33),
    "cube": (0, 0, slice(3, 7), slice(10, 30), slice(0, 16)),
    "past the end": (0, 0, slice(5, 99), slice(-7, None)),
    "nothing": (0, 0, slice(4, 4)),
    "steps": (0, 0, slice(None, None, 5), slice(1, None, 17), slice(None, None, 2)),
    "backwards": (0, 0, slice(None, None, -1), slice(30, 3, -7)),
    "list": (0, 0, [8, 0, 0, -2]),
    "lists": (0, 0, [0, 8], [39, 1, 20], [32, 0]),
    "list beside number": (0, slice(None), [0, 1, 8], 5),
    "array": (0, 0, np.array([1, 5]), slice(None), np.array([-1])),
    "mask": (0, 0, np.arange(9) % 3 == 0),
    "empty list": (0, 0, []),
    "numpy number": (np.int64(0), np.int32(0), np.uint8(3)),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=list(INDICES))
def test_indexing(stack, index):
    path, full = stack
    dots = index.index(...) if any(spec is ... for spec in index) else len(index)
    rest = index[dots + 1 :]
    written_out = [*index[:dots], *[slice(None)] * (5 - dots - len(rest)), *rest]
    expected = select(full[None, None], written_out)
    found = array_of(path)[index]
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ((0, 0, 9), "index 9 is out of bounds .* size 9"),
        ((0, 0, -10), "index -10 is out of bounds"),
        ((0, 0, [0, 9]), "out of bounds"),
        ((1,), "out of bounds for axis 0 with size 1"),
        ((0,) * 6, r"TCZYX|T, C, Z, Y, X was indexed with .*: give up to five"),
        ((..., 0, ...), "give up to five"),
        ((0, 0, [[1, 2]]), r"indexed with \[\[1, 2\]\]: give a number, slice or list"),
        ((0, 0, 1.5), "only integers, slices"),
    ],
)
def test_indices_that_do_not_exist(stack, index, message):
    with pytest.raises(IndexError, match=message):
        array_of(stack[0])[index]


def test_values_beyond_int16_are_kept_at_every_level(tmp_path):
    full = np.full((4, 8, 8), 40_000, np.uint16)
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full, halved(full)]}, legacy=True)
    for level in (0, 1):
        values = array_of(path, level)[...]
        assert values.dtype == np.uint16
        assert set(values.flat) == {40_000}


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_all_types_in_both_byte_orders(tmp_path, dtype, order):
    full = pixels((3, 5, 4), dtype).astype(np.dtype(dtype).newbyteorder(order))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full]}, chunks=(2, 2, 2), data_type=dtype)
    for index in [(...,), (0, 0, [2, 0]), (0, 0, ..., 1)]:
        found = array_of(path)[index]
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found, full[None, None][index])


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "gzip", "compression_opts": 9, "shuffle": True},
        {"compression": "lzf"},
        {"fletcher32": True},
        {"scaleoffset": 0},
    ],
    ids=lambda options: next(iter(options)) + str(options.get("compression", "")),
)
def test_filters(tmp_path, options):
    full = pixels((9, 20, 20), np.uint16) // 100
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full]}, legacy=True, **options)
    np.testing.assert_array_equal(array_of(path)[0, 0], full)


def test_a_filter_that_is_not_installed_is_named(tmp_path):
    path = write_h5(tmp_path / "data.h5", {(0, 0): [pixels((4, 16, 16))]})
    with h5py.File(path, "a") as file:
        del file["t00000/s00/0/cells"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4, 16, 16))
        plan.set_filter(32_099, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple((4, 16, 16))
        name = b"t00000/s00/0/cells"
        cells = h5py.h5d.create(file.id, name, h5py.h5t.NATIVE_UINT16, space, plan)
        cells.write_direct_chunk((0, 0, 0), b"compressed", 0)
    array = array_of(path)
    with pytest.raises(
        ImportError, match=r"cells is compressed with HDF5 filter 32099.*hdf5plugin"
    ):
        array[0, 0, 0]


def test_missing_views_are_zeros_and_views_are_put_in_their_place(tmp_path):
    views = {
        (time, setup): [pixels((3, 4, 5), np.uint8, seed=10 * time + setup)]
        for time, setup in itertools.product((2, 7, 9), (0, 4))
        if (time, setup) != (7, 4)
    }
    path = write_h5(tmp_path / "data.h5", views, chunks=(2, 2, 2))
    array = array_of(path, 0, (2, 7, 9), (0, 4), missing=[(7, 4), (9, 0)])
    expected = np.zeros((3, 2, 3, 4, 5), np.uint8)
    for (t, time), (c, setup) in itertools.product(enumerate((2, 7, 9)), enumerate((0, 4))):
        if (time, setup) not in {(7, 4), (9, 0)}:
            expected[t, c] = views[time, setup][0]
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(array[[2, 0], :, 1], expected[[2, 0], :, 1])
    np.testing.assert_array_equal(array[::-1, [1, 0]], expected[::-1, ::-1])
    np.testing.assert_array_equal(array.to_dask().compute(scheduler="sync"), expected)


def test_a_view_that_is_not_there_though_nobody_says_so(tmp_path):
    path = write_h5(tmp_path / "data.h5", {(0, 0): [pixels((4, 4, 4))]})
    array = array_of(path, timepoints=(0, 1))
    assert array[0, 0].any()
    with pytest.raises(LookupError, match=r"holds no t00001/s00/0/cells.*<MissingViews>: the HDF5"):
        array[1]


def test_time_points_of_different_shape_or_type(tmp_path):
    views = {
        (0, 0): [pixels((4, 4, 4))],
        (1, 0): [pixels((4, 4, 5))],
        (2, 0): [pixels((4, 4, 4), np.uint8)],
    }
    path = write_h5(tmp_path / "data.h5", views)
    array = array_of(path, timepoints=(0, 1, 2))
    np.testing.assert_array_equal(array[0, 0], views[0, 0][0])
    with pytest.raises(
        ValueError, match=r"1/s00/0/cells has \(4, 4, 5\) pixels .* with timepoints=\[1\]"
    ):
        array[1]
    with pytest.raises(ValueError, match=r"t00002/s00/0/cells has .* of uint8, but .* of uint16"):
        array[2]


def extents_of(path, name, boxes):
    """(offset, size) in the file of the chunks that any of the boxes (z, y, x slices) touches."""
    touched = set()
    with h5py.File(path) as file:
        cells = file[name]
        for position in range(cells.id.get_num_chunks()):
            info = cells.id.get_chunk_info(position)
            for box in boxes:
                if all(
                    start < spec.stop and spec.start < start + chunk
                    for start, chunk, spec in zip(info.chunk_offset, cells.chunks, box, strict=True)
                ):
                    touched.add((info.byte_offset, info.size))
    return touched


@pytest.mark.parametrize("way", ["numpy", "dask", "dask native"])
@pytest.mark.parametrize(
    ("index", "boxes"),
    [
        ((0, 0, ..., 40), [(slice(0, 60), slice(0, 60), slice(40, 41))]),
        ((0, 0, 17), [(slice(17, 18), slice(0, 60), slice(0, 60))]),
        (
            (0, 0, slice(3, 40), slice(16, 32), 5),
            [(slice(3, 40), slice(16, 32), slice(5, 6))],
        ),
        (
            (0, 0, [0, 59], 20, 20),
            [(slice(z, z + 1), slice(20, 21), slice(20, 21)) for z in (0, 59)],
        ),
        (
            (0, 0, slice(0, 60, 40), slice(0, 10), slice(0, 10)),
            [(slice(z, z + 1), slice(0, 10), slice(0, 10)) for z in (0, 40)],
        ),
    ],
    ids=["YZ plane", "XY plane", "part of a YZ plane", "list", "steps"],
)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_exactly_the_chunks_below_the_indexed_voxels_are_read(
    tmp_path, index, boxes, way, compression
):
    full = pixels((60, 60, 60), np.uint8)
    path = write_h5(
        tmp_path / "data.h5", {(0, 0): [full]}, chunks=(16, 16, 16), compression=compression
    )
    meter, array = metered(path)
    if way == "numpy":
        found = array[index]
    else:
        chunked = array.to_dask(None if way == "dask native" else 2**22)
        assert chunked.npartitions == (64 if way == "dask native" else 1)
        found = chunked[index].compute(scheduler="sync")
    asked = set(meter.take().extents)
    np.testing.assert_array_equal(found, select(full[None, None], written_out(index)))
    all_chunks = extents_of(path, cells_path(0, 0, 0), [(slice(0, 60),) * 3])
    touched = extents_of(path, cells_path(0, 0, 0), boxes)
    if way != "numpy" and index[2] == [0, 59] and way == "dask":
        # dask hands lists down only in part; a merged chunk may be read whole.
        assert touched <= asked & all_chunks
    else:
        assert asked & all_chunks == touched
    # What else was read are HDF5's own tables: no byte of any other chunk.
    for offset, size in asked - all_chunks:
        assert not any(o < offset + size and offset < o + n for o, n in all_chunks)


def written_out(index):
    if ... not in [spec for spec in index if spec is ...]:
        return list(index)
    dots = index.index(...)
    return [*index[:dots], *[slice(None)] * (6 - len(index)), *index[dots + 1 :]]


def test_dask_chunks(stack):
    path, full = stack
    array = array_of(path)
    native = array.to_dask(None)
    assert native.chunks == ((1,), (1,), (4, 4, 1), (16, 16, 8), (16, 16, 1))
    merged = array.to_dask(4_096)
    assert merged.chunks == ((1,), (1,), (8, 1), (16, 16, 8), (16, 16, 1))
    for lazy in (native, merged, array.to_dask()):
        assert (lazy.dtype, lazy.shape) == (np.uint16, (1, 1, 9, 40, 33))
        np.testing.assert_array_equal(lazy.compute(scheduler="threads")[0, 0], full)
        np.testing.assert_array_equal(
            lazy[0, 0, ::-2, [3, 1]].compute(scheduler="sync"), full[::-2, [3, 1]]
        )


def test_more_chunks_than_dask_can_hold_are_refused(stack):
    path, _ = stack
    layout = layout_of(path)
    huge = Level((1.0, 1.0, 1.0), (2**14, 2**14, 2**14), (16, 16, 16))
    array = LevelArray(
        source_of(path), (0,), (0,), 0, SetupLayout(layout.dtype, layout.stored, (huge,))
    )
    with pytest.raises(
        ValueError, match="1,073,741,824 chunks, too many for dask: choose a larger"
    ):
        array.to_dask(None)
    assert array.to_dask().npartitions < MAX_DASK_CHUNKS


def test_arrays_survive_pickling_and_nothing_stays_open(stack):
    path, full = stack
    array = pickle.loads(pickle.dumps(array_of(path)))  # noqa: S301
    np.testing.assert_array_equal(array[0, 0], full)
    with contextlib.suppress(IndexError):
        array[9]
    opened = [file.path for file in psutil.Process().open_files()]
    assert str(path) not in opened
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE) == 0


def test_many_threads_read_at_once(stack):
    path, full = stack
    array = array_of(path)
    wrong = []

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(40):
            z, y, x = (int(rng.integers(n)) for n in full.shape)
            if not np.array_equal(array[0, 0, z:, y, x:], full[z:, y, x:]):
                wrong.append((z, y, x))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    lazy = array.to_dask(None)
    with dask.config.set(scheduler="threads", num_workers=8):
        np.testing.assert_array_equal(lazy.compute()[0, 0], full)


@pytest.mark.parametrize(
    ("kind", "chunks", "options"),
    [
        ("contiguous", None, {}),
        ("rows", (1, 1, 256), {}),
        ("strips", (1, 8, 256), {"compression": "gzip"}),
        ("tiles", (1, 64, 64), {}),
        ("one chunk", (12, 256, 256), {}),
        ("one packed chunk", (12, 256, 256), {"compression": "lzf"}),
        ("deeper than the image", (32, 256, 256), {}),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [2**22, 2**15, None])
def test_a_plane_through_dask_costs_at_most_twice_that_of_h5py(
    tmp_path, kind, chunks, options, chunk_bytes
):
    if chunk_bytes is None and kind in ("strips", "tiles"):
        chunk_bytes = 2**20  # each chunk a task is what None asks for
    full = pixels((12, 256, 256))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full]}, chunks=chunks, **options)
    meter, array = metered(path)
    lazy = array.to_dask(chunk_bytes)
    assert lazy.chunksize[3:] == (256, 256)
    meter.take()
    with fsspec.open(meter.url) as opened, h5py.File(opened) as file:
        plane = file["t00000/s00/0/cells"][7]
    plain = meter.take()
    np.testing.assert_array_equal(lazy[0, 0, 7].compute(scheduler="sync"), plane)
    asked = meter.take()
    np.testing.assert_array_equal(plane, full[7])
    assert len(asked.extents) <= 2 * len(plain.extents)
    assert sum(n for _, n in asked.extents) <= 2 * sum(n for _, n in plain.extents)
    np.testing.assert_array_equal(lazy.compute(scheduler="sync")[0, 0], full)


def test_huge_chunks_are_read_in_planes_where_hdf5_can(tmp_path, monkeypatch):
    monkeypatch.setattr("bigimg_lessons.formats.bdv.chunking.PLANE_BYTES", 2**22)
    full = pixels((80, 256, 256))  # 10 MiB in one chunk: more than the cache of HDF5 2.0, 8 MiB
    for name, options in [("plain", {}), ("packed", {"compression": "lzf"})]:
        path = write_h5(tmp_path / f"{name}.h5", {(0, 0): [full]}, chunks=full.shape, **options)
        meter, array = metered(path)
        lazy = array.to_dask(2**20)
        assert lazy.chunksize[2:] == ((8, 256, 256) if name == "plain" else (80, 256, 256))
        meter.take()
        np.testing.assert_array_equal(lazy[0, 0, 9].compute(scheduler="sync"), full[9])
        read = sum(n for _, n in meter.take().extents)
        assert (read < 200_000) == (name == "plain")
        np.testing.assert_array_equal(lazy.compute(scheduler="sync")[0, 0], full)


@st.composite
def datasets(draw):
    """Shape, chunk, type and index of a random dataset of a few levels."""
    shape = draw(st.tuples(*[st.integers(1, 24)] * 3))
    chunks = draw(st.none() | st.tuples(*[st.integers(1, 10)] * 3))
    dtype = draw(st.sampled_from(PIXEL_TYPES))
    legacy = dtype == "uint16" and draw(st.booleans())
    factors = draw(st.lists(st.tuples(*[st.sampled_from([1, 2, 3])] * 3), max_size=3))
    index = []
    for extent in shape:
        number = st.integers(-extent, extent - 1)
        edge = st.none() | st.integers(-extent - 2, extent + 2)
        step = st.none() | st.integers(-9, 9).filter(bool)
        index.append(
            draw(number | st.builds(slice, edge, edge, step) | st.lists(number, max_size=5))
        )
    return shape, chunks, dtype, legacy, factors, index, draw(st.booleans())


@settings(max_examples=60)
@given(datasets(), st.none() | st.integers(1, 20_000))
def test_any_dataset_reads_as_h5py_does(tmp_path_factory, dataset, chunk_bytes):
    shape, chunks, dtype, legacy, steps, index, ceil = dataset
    levels, rows = [pixels(shape, dtype)], [[1, 1, 1]]
    for step in steps:
        levels.append(halved(levels[-1], step, ceil))
        rows.append([a * b for a, b in zip(rows[-1], step[::-1], strict=True)])
    path = tmp_path_factory.mktemp("any") / "data.h5"
    write_h5(
        path,
        {(0, 0): levels},
        chunks=chunks,
        resolutions={0: rows},
        legacy=legacy,
        data_type=None if legacy else dtype,
    )
    layout = layout_of(path)
    assert [level.factors[::-1] for level in layout.levels] == [tuple(row) for row in rows]
    with h5py.File(path) as file:
        raw = [file[cells_path(0, 0, level)][...].view(dtype) for level in range(len(levels))]
    for number, expected in enumerate(raw):
        array = array_of(path, number)
        np.testing.assert_array_equal(array[0, 0], expected)
        lazy = array.to_dask(chunk_bytes)
        if lazy.npartitions <= 60:  # beyond, dask takes long
            np.testing.assert_array_equal(lazy.compute(scheduler="sync")[0, 0], expected)
    np.testing.assert_array_equal(array_of(path)[(0, 0, *index)], select(raw[0], index))
    path.unlink()
