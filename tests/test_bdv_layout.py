"""How BigDataViewer's HDF5 is laid out: names, types, levels, links, and damage."""

import itertools
import math

import h5py
import numpy as np
import psutil
import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bigimg_lessons.formats.bdv.array import LevelArray
from bigimg_lessons.formats.bdv.chunking import PLANE_BYTES, merge_chunks
from bigimg_lessons.formats.bdv.layout import (
    Level,
    SetupLayout,
    cells_path,
    resolutions_path,
    subdivisions_path,
)
from bigimg_lessons.formats.bdv.opening import InUseError
from bigimg_lessons.formats.bdv.pixel_types import PIXEL_TYPES, pixel_type
from bigimg_lessons.formats.bdv.source import holds_bdv
from tests.bdv_arrays import array_of, layout_of, source_of
from tests.bdv_files import halved, pixels, write_h5


@pytest.fixture
def stack(tmp_path):
    """Two levels of 9 by 40 by 33 voxels in chunks of 4 by 16 by 16."""
    full = pixels((9, 40, 33))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full, halved(full)]}, legacy=True)
    return path, full


def test_names():
    assert cells_path(3, 1, 2) == "t00003/s01/2/cells"
    assert cells_path(123456, 100, 10) == "t123456/s100/10/cells"
    assert resolutions_path(7) == "s07/resolutions"
    assert subdivisions_path(7) == "s07/subdivisions"


@pytest.mark.parametrize(
    ("stored", "declared", "pixels"),
    [
        ("int16", None, "uint16"),
        (">i2", None, "uint16"),
        ("uint8", None, "uint8"),
        ("uint16", None, "uint16"),
        ("float32", None, "float32"),
        ("int16", "int16", "int16"),
        ("int16", "uint16", "uint16"),
        (">u2", "uint16", "uint16"),
        ("uint16", "UINT16", "uint16"),
        ("uint16", "UInt16", "uint16"),
        ("uint16", np.bytes_("uint16   "), "uint16"),
        ("uint16", b"uint16\0\0", "uint16"),
        ("uint16", '"uint16"', "uint16"),
        ("uint16", np.array(["uint16"], object), "uint16"),
        ("uint16", np.array([[b"uint16"]]), "uint16"),
        ("uint16", "<u2", "uint16"),
        (">u2", ">u2", "uint16"),
        ("uint16", "UNSIGNED_SHORT", "uint16"),
        ("uint16", "unsigned short", "uint16"),
        ("uint16", "UnsignedShortType", "uint16"),
        ("uint16", "uint16_t", "uint16"),
        ("int16", "ushort", "uint16"),
        ("int16", "SHORT", "int16"),
        ("int16", "<i2", "int16"),
        ("uint8", "byte", "uint8"),
        ("int8", "byte", "int8"),
        ("uint8", "unsigned char", "uint8"),
        ("int32", "int", "int32"),
        ("uint64", "ulong", "uint64"),
        ("float32", "float", "float32"),
        ("float64", "Double", "float64"),
        # What names no type leaves it to the cells, unless they are int16.
        ("uint16", "spam", "uint16"),
        ("float32", "", "float32"),
        ("uint16", h5py.Empty("S3"), "uint16"),
        ("uint8", 2, "uint8"),
        ("bool", None, "uint8"),
        ("bool", "bool", "uint8"),
        ("bool", "uint8", "uint8"),
        *[(name, name, name) for name in PIXEL_TYPES],
    ],
)
def test_pixel_types(stored, declared, pixels):
    found = pixel_type(stored, declared)
    assert found == np.dtype(pixels)
    assert found.isnative


@pytest.mark.parametrize(
    ("stored", "declared", "message"),
    [
        ("uint8", "uint16", "dataType 'uint16' but cells of type uint8"),
        ("uint16", "int16", "dataType 'int16' but cells of type uint16"),
        ("float64", "float32", "dataType 'float32' but cells of type float64"),
        ("uint8", "float16", "dataType 'float16' but cells of type uint8"),
        ("uint16", "ubyte", "dataType 'ubyte' but cells of type uint16"),
        ("int16", "int", "dataType 'int' but cells of type int16"),
        ("int16", np.bytes_("byte"), "dataType 'byte' but cells of type int16"),
        ("bool", "int8", "dataType 'int8' but cells of type bool"),
        # int16 may be uint16: what is declared has to tell.
        ("int16", "spam", "dataType 'spam', which names no type, and cells of type int16"),
        ("int16", 2, "dataType 2, which names no type"),
        ("int16", h5py.Empty("S3"), r"dataType \(empty\), which names no type"),
        ("int16", np.array(["int16", "uint16"]), "names no type"),
        ("complex64", None, "cells of type complex64"),
        ("float16", "float16", r"cells of type float16; .*\(float16 to float32\).* with write_bdv"),
        ("S4", None, "cells of type bytes32"),
    ],
)
def test_pixel_types_that_make_no_sense(stored, declared, message):
    with pytest.raises(ValueError, match=message):
        pixel_type(stored, declared)


@pytest.mark.parametrize(
    ("chunks", "shape", "itemsize", "chunk_bytes", "merged"),
    [
        ((16, 16, 16), (1024, 1024, 1024), 2, 2**22, (128, 128, 128)),
        ((64, 64, 64), (1024, 1024, 1024), 1, 2**22, (256, 128, 128)),
        ((64, 64, 64), (1024, 1024, 1024), 2, None, (64, 64, 64)),
        ((64, 64, 64), (1024, 1024, 1024), 2, 1, (64, 64, 64)),
        ((4, 16, 16), (27, 226, 186), 2, 2**22, (27, 226, 186)),
        ((1, 2048, 2048), (50, 2048, 2048), 2, 2**22, (1, 2048, 2048)),
        ((64, 64, 64), (27, 226, 186), 2, None, (27, 64, 64)),
        ((64, 64, 64), (27, 226, 186), 2, 400_000, (27, 64, 64)),
        ((64, 64, 64), (27, 226, 186), 2, 500_000, (27, 128, 64)),
        # Rows, as of what is not chunked: whole planes, whatever chunk_bytes is.
        ((1, 1, 1024), (32, 1024, 1024), 2, 2**22, (2, 1024, 1024)),
        ((1, 1, 1024), (32, 1024, 1024), 2, 2**16, (1, 1024, 1024)),
        ((1, 1, 1024), (32, 1024, 1024), 2, None, (1, 1024, 1024)),
        ((4, 1, 1024), (32, 1024, 1024), 2, 2**20, (4, 1024, 1024)),
        ((1, 1, 2048), (50, 2048, 2048), 2, 2**22, (1, 2048, 2048)),
        # Of planes of more than 64 MiB: as many rows as fit.
        ((1, 1, 10_000), (5, 10_000, 10_000), 2, 2**22, (1, 2_048, 10_000)),
        # Strips and tiles: whole planes, unless native chunks are asked for.
        ((1, 16, 1024), (32, 1024, 1024), 2, 2**22, (2, 1024, 1024)),
        ((1, 256, 256), (32, 1024, 1024), 2, 2**22, (2, 1024, 1024)),
        ((1, 256, 256), (32, 1024, 1024), 2, None, (1, 256, 256)),
        ((1, 16, 1024), (32, 1024, 1024), 2, None, (1, 16, 1024)),
    ],
)
def test_merging_chunks(chunks, shape, itemsize, chunk_bytes, merged):
    assert merge_chunks(chunks, shape, itemsize, chunk_bytes) == merged


extents = st.tuples(*[st.integers(1, 300)] * 3)


@given(extents, extents, st.sampled_from([1, 2, 4, 8]), st.integers(1, 10**6))
@example((138, 1, 203), (138, 300, 203), 8, 1)
def test_merged_chunks_are_whole_chunks_within_the_limit(chunks, shape, itemsize, chunk_bytes):
    merged = merge_chunks(chunks, shape, itemsize, chunk_bytes)
    for new, old, extent in zip(merged, chunks, shape, strict=True):
        assert new == extent or (new < extent and new % old == 0)
    smallest = [min(c, n) for c, n in zip(chunks, shape, strict=True)]
    size = math.prod(merged) * itemsize
    if smallest[0] == 1 or (smallest[1] == 1 and smallest[2] == shape[2]):
        whole = smallest[0] * shape[1] * shape[2] * itemsize
        assert merged[1:] == shape[1:] or whole > PLANE_BYTES  # rows may be deep
        assert merged[0] == smallest[0] or size <= chunk_bytes
    else:
        assert size <= max(chunk_bytes, math.prod(smallest) * itemsize)
    for axis in range(3):
        if merged[axis] < shape[axis]:
            grown = min(2 * merged[axis], shape[axis])
            assert math.prod(merged) // merged[axis] * grown * itemsize > chunk_bytes


def test_layout(tmp_path):
    full = pixels((9, 40, 33))
    path = write_h5(
        tmp_path / "data.h5",
        {(5, 2): [full, halved(full, (1, 2, 2))]},
        resolutions={2: [[1, 1, 1], [2, 2, 1]]},
        chunks=(16, 8, 4),
        data_type="uint16",
    )
    assert layout_of(path, 2, (5,)) == SetupLayout(
        np.dtype("uint16"),
        np.dtype("uint16"),
        (
            Level((1.0, 1.0, 1.0), (9, 40, 33), (16, 8, 4)),
            Level((1.0, 2.0, 2.0), (9, 20, 16), (16, 8, 4)),
        ),
    )


@pytest.mark.parametrize("ceil", [False, True])
def test_level_shapes_rounded_down_and_up(tmp_path, ceil):
    levels = [pixels((27, 226, 186))]
    for _ in range(3):
        levels.append(halved(levels[-1], ceil=ceil))
    path = write_h5(tmp_path / "data.h5", {(0, 0): levels})
    shapes = [level.shape for level in layout_of(path).levels]
    assert shapes[3] == ((4, 29, 24) if ceil else (3, 28, 23))
    for number in range(4):
        np.testing.assert_array_equal(array_of(path, number)[0, 0], levels[number])


def test_factors_may_be_fractions_and_relative_to_a_first_level_that_is_not_one(tmp_path):
    levels = [pixels((10, 30, 30)), pixels((10, 20, 20)), pixels((4, 8, 8))]
    rows = [[0.1000000015, 0.1, 0.5], [0.15, 0.15, 0.5], [0.4, 0.4, 1.2]]
    path = write_h5(tmp_path / "data.h5", {(0, 0): levels}, resolutions={0: rows})
    assert [level.factors for level in layout_of(path).levels] == [tuple(r[::-1]) for r in rows]


def test_a_level_that_is_not_chunked_counts_as_rows(tmp_path):
    full = pixels((5, 6, 7))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full]}, chunks=None)
    assert layout_of(path).levels[0].chunks == (1, 1, 7)
    np.testing.assert_array_equal(array_of(path)[0, 0, ::3, [5, 1]], full[::3, [5, 1]])


@pytest.fixture
def split(tmp_path):
    """A dataset whose two time points are in partitions; the first one's cells are a soft link."""
    folder = tmp_path / "set"
    folder.mkdir()
    levels = {time: [pixels((4, 8, 8), seed=time), pixels((2, 4, 4), seed=time)] for time in (0, 1)}
    for time in (0, 1):
        write_h5(folder / f"data-0{time}-00.h5", {(time, 0): levels[time]})
    with h5py.File(folder / "data.h5", "w") as file:
        file["s00/resolutions"] = [[1.0, 1, 1], [2, 2, 2]]
        file["s00/subdivisions"] = [[16, 16, 4]] * 2
        for time, level in itertools.product((0, 1), (0, 1)):
            name = cells_path(time, 0, level)
            file[name] = h5py.ExternalLink(f"data-0{time}-00.h5", name)
    with h5py.File(folder / "data-00-00.h5", "a") as file:
        file.move("t00000/s00/0/cells", "elsewhere")
        file["t00000/s00/0/cells"] = h5py.SoftLink("/elsewhere")
    return folder / "data.h5", levels


def test_partitions(split):
    path, levels = split
    for level in (0, 1):
        array = array_of(path, level, (0, 1))
        for time in (0, 1):
            np.testing.assert_array_equal(array[time, 0], levels[time][level])
            np.testing.assert_array_equal(array[time, 0, ..., 3], levels[time][level][..., 3])
    assert not [file for file in psutil.Process().open_files() if file.path.endswith(".h5")]


def test_a_partition_that_is_not_there_only_matters_where_it_is_read(split):
    path, levels = split
    (path.parent / "data-00-00.h5").unlink()
    array = array_of(path, 0, (0, 1))
    np.testing.assert_array_equal(array[1, 0], levels[1][0])
    with pytest.raises(
        FileNotFoundError, match=r"in 'data-00-00\.h5', and there is no file .*: put"
    ):
        array[0]
    lazy = array.to_dask()
    np.testing.assert_array_equal(lazy[1, 0].compute(scheduler="sync"), levels[1][0])
    with pytest.raises(FileNotFoundError, match="put that partition there"):
        lazy.compute(scheduler="sync")


@pytest.mark.parametrize(
    "reference", ["../outside.h5", "{folder}/../outside.h5", "sub/../../outside.h5"]
)
def test_links_out_of_the_folder_need_leave(split, reference):
    path, levels = split
    (path.parent / "data-01-00.h5").rename(path.parents[1] / "outside.h5")
    with h5py.File(path, "a") as file:
        for level in (0, 1):
            name = cells_path(1, 0, level)
            del file[name]
            file[name] = h5py.ExternalLink(reference.format(folder=path.parent), name)
    array = array_of(path, 0, (0, 1))
    np.testing.assert_array_equal(array[0, 0], levels[0][0])
    with pytest.raises(
        ValueError, match=r"external link in .*data\.h5 points to .* allow_outside=True"
    ):
        array[1]
    trusting = array_of(path, 0, (0, 1), allow_outside=True)
    np.testing.assert_array_equal(trusting[1, 0], levels[1][0])


def test_a_link_out_of_the_folder_is_not_even_opened(tmp_path, monkeypatch):
    path = write_h5(tmp_path / "data.h5", {(0, 0): [pixels((4, 4, 4))]})
    with h5py.File(path, "a") as file:
        del file["t00000/s00/0/cells"]
        file["t00000/s00/0/cells"] = h5py.ExternalLink("/etc/hostname", "/x")
    opened = []
    original = h5py.File.__init__
    monkeypatch.setattr(
        h5py.File,
        "__init__",
        lambda self, name, *a, **k: opened.append(name) or original(self, name, *a, **k),
    )
    with pytest.raises(ValueError, match="leaves the folder"):
        layout_of(path)
    assert [name for name in opened if isinstance(name, str)] == [path.as_posix()]


@pytest.mark.parametrize("kind", ["soft", "external"])
def test_links_that_lead_in_circles(tmp_path, kind):
    path = write_h5(tmp_path / "data.h5", {(0, 0): [pixels((4, 4, 4))]})
    with h5py.File(path, "a") as file:
        name = "t00000/s00/0/cells"
        del file[name]
        file[name] = (
            h5py.SoftLink("/" + name) if kind == "soft" else h5py.ExternalLink("data.h5", name)
        )
    with pytest.raises(OSError, match="the links that lead to t00000/s00/0/cells do not end"):
        layout_of(path)
    assert not [file for file in psutil.Process().open_files() if file.path.endswith(".h5")]


def test_pixels_kept_in_other_files_by_storage_are_refused(tmp_path):
    other = tmp_path / "secret.raw"
    other.write_bytes(bytes(64))
    path = write_h5(
        tmp_path / "data.h5", {(0, 0): [pixels((4, 4, 4))], (0, 1): [pixels((4, 4, 4))]}
    )
    with h5py.File(path, "a") as file:
        del file["t00000/s00/0/cells"], file["t00000/s01/0/cells"]
        file.create_dataset("t00000/s00/0/cells", (4, 4, 4), "u1", external=[(str(other), 0, 64)])
        virtual = h5py.VirtualLayout((4, 4, 4), "u1")
        virtual[:] = h5py.VirtualSource("other.h5", "x", (4, 4, 4))
        file.create_virtual_dataset("t00000/s01/0/cells", virtual)
    for setup in (0, 1):
        with pytest.raises(
            ValueError, match=r"takes its values from other files \(virtual or external"
        ):
            layout_of(path, setup)


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda f: f.__delitem__("s00"), LookupError, "holds no s00"),
        (lambda f: f.__delitem__("s00/resolutions"), LookupError, "holds no s00/resolutions"),
        (
            lambda f: (f.__delitem__("s00/resolutions"), f.create_group("s00/resolutions")),
            ValueError,
            "s00/resolutions is no dataset",
        ),
        (
            lambda f: (
                f.__delitem__("s00/resolutions"),
                f.create_dataset("s00/resolutions", (3,), "f8"),
            ),
            ValueError,
            "s00/resolutions is no table of three columns",
        ),
        (
            lambda f: f["s00/resolutions"].write_direct(np.array([[1.0, np.nan, 1], [2, 2, 2]])),
            ValueError,
            "factors that are not above zero",
        ),
        (
            lambda f: (
                f.__delitem__("s00/resolutions"),
                f.create_dataset("s00/resolutions", (999, 3), "f8"),
            ),
            ValueError,
            "has 999 rows; from 1 to 64 levels",
        ),
        (
            lambda f: (f.__delitem__("s00"), f.create_dataset("s00", (1,), "f8")),
            ValueError,
            "setup 0 is no group",
        ),
        (
            lambda f: f["s00"].attrs.create("dataType", "float32"),
            ValueError,
            "setup 0 has the dataType 'float32' but cells of type int16",
        ),
        (
            lambda f: f["s00"].attrs.create("dataType", np.bytes_("spam")),
            ValueError,
            "setup 0 has the dataType 'spam'",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/0/cells"),
                f.create_dataset("t00000/s00/0/cells", (40, 33), "i2"),
            ),
            ValueError,
            r"0/cells has the shape \(40, 33\), not three extents",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/0/cells"),
                f.create_dataset("t00000/s00/0/cells", (0, 40, 33), "i2"),
            ),
            ValueError,
            r"has the shape \(0, 40, 33\)",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/0/cells"),
                f.create_dataset("t00000/s00/0/cells", dtype="i2", shape=None),
            ),
            ValueError,
            "t00000/s00/0/cells holds nothing",
        ),
        (
            lambda f: (f.__delitem__("t00000/s00/0/cells"), f.create_group("t00000/s00/0/cells")),
            ValueError,
            "t00000/s00/0/cells is no dataset",
        ),
    ],
)
def test_damaged_layouts_are_explained(stack, action, error, message):
    path, _ = stack
    assert layout_of(path).dtype == np.uint16
    with h5py.File(path, "a") as file:
        action(file)
    with pytest.raises(error, match=message):
        layout_of(path)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda f: f.__delitem__("t00000/s00/1"), "holds no t00000/s00/1/cells"),
        (
            lambda f: f["s00/resolutions"].write_direct(np.array([[1.0, 1, 1], [2, np.nan, 2]])),
            r"factors are \(2.0, nan, 2.0\), not above zero",
        ),
        (
            lambda f: f["s00/resolutions"].write_direct(np.array([[1.0, 1, 1], [2, 4, 2]])),
            r"Its \(4, 20, 16\) voxels .* do not follow from \(9, 40, 33\) at level 0",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/1/cells"),
                f.create_dataset("t00000/s00/1/cells", (4, 20, 16), "u1"),
            ),
            "cells are uint8, and those of level 0 are int16",
        ),
        (
            lambda f: (f.__delitem__("t00000/s00/1/cells"), f.create_group("t00000/s00/1/cells")),
            "1/cells is no dataset",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/1/cells"),
                f.__setitem__("t00000/s00/1/cells", h5py.ExternalLink("part.h5", "x")),
            ),
            "there is no file .*part.h5",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s00/1/cells"),
                f.__setitem__("t00000/s00/1/cells", h5py.ExternalLink("/etc/part.h5", "x")),
            ),
            "leaves the folder",
        ),
    ],
)
def test_a_coarse_level_that_is_damaged_ends_the_run_of_levels(stack, action, message):
    path, full = stack
    with h5py.File(path, "a") as file:
        action(file)
    with pytest.warns(
        UserWarning, match=rf"setup 0 should have 2 levels, .*{message}.* Level 0 is offered"
    ) as warned:
        assert len(layout_of(path).levels) == 1
    assert len(warned) == 1
    with pytest.warns(UserWarning, match="Level 0 is offered"):
        array = array_of(path)
    np.testing.assert_array_equal(array[0, 0], full)


def test_a_run_of_levels_ends_at_the_first_gap(tmp_path):
    levels = [pixels((16, 64, 64))]
    for _ in range(3):
        levels.append(halved(levels[-1]))
    path = write_h5(tmp_path / "data.h5", {(0, 0): levels})
    with h5py.File(path, "a") as file:
        del file["t00000/s00/2"]
    with pytest.warns(UserWarning, match=r"4 levels, and level 2 .* Levels 0 to 1 are offered"):
        layout = layout_of(path)
    assert [level.shape for level in layout.levels] == [(16, 64, 64), (8, 32, 32)]


def test_a_level_that_is_not_there_at_one_time_point(tmp_path):
    full = pixels((8, 16, 16))
    path = write_h5(tmp_path / "data.h5", {(0, 0): [full, halved(full)], (1, 0): [full]})
    coarse, fine = (array_of(path, level, (0, 1)) for level in (1, 0))
    np.testing.assert_array_equal(coarse[0, 0], halved(full))
    with pytest.raises(LookupError, match=r"t00001/s00/1/cells.*setup 0 has level 0: read that"):
        coarse[1]
    np.testing.assert_array_equal(fine[1, 0], full)


@given(
    st.tuples(*[st.integers(1, 40)] * 3),
    st.tuples(*[st.integers(1, 9)] * 3),
    st.data(),
)
@settings(max_examples=60)
def test_parts_of_a_setup(tmp_path_factory, shape, chunks, data):
    """Any part equals a slice of the stored level; coarse levels are offered where they can."""
    bounds = [sorted(data.draw(st.tuples(st.integers(0, n - 1), st.integers(1, n)))) for n in shape]
    start = tuple(low for low, _ in bounds)
    stop = tuple(max(high, low + 1) for low, high in bounds)
    full = pixels(shape)
    levels = [full, halved(full, ceil=True)]
    folder = tmp_path_factory.mktemp("part")
    path = write_h5(folder / "data.h5", {(0, 7): levels}, chunks=chunks)
    layout = layout_of(path, 7).part(start, stop)
    straight = all(
        low % 2 == 0 and (high % 2 == 0 or high == n)
        for low, high, n in zip(start, stop, shape, strict=True)
    )
    assert len(layout.levels) == 1 + straight
    for number in range(len(layout.levels)):
        factor = 2**number
        box = tuple(
            slice(low // factor, -(-high // factor)) for low, high in zip(start, stop, strict=True)
        )
        array = LevelArray(source_of(path), (0,), (7,), number, layout)
        expected = levels[number][box]
        np.testing.assert_array_equal(array[0, 0], expected)
        np.testing.assert_array_equal(array[0, 0, ::-2, ..., [0, -1]], expected[::-2, ..., [0, -1]])
        lazy = array.to_dask(None)
        np.testing.assert_array_equal(lazy.compute(scheduler="sync")[0, 0], expected)
        low, chunk = start[0] // factor, layout.levels[number].chunks[0]
        assert all((low + end) % chunk == 0 for end in np.cumsum(lazy.chunks[2])[:-1])


def test_a_part_that_leaves_the_image(stack):
    with pytest.raises(ValueError, match=r"from \(0, 0, 0\) to \(9, 41, 33\) .* of \(9, 40, 33\)"):
        layout_of(stack[0]).part((0, 0, 0), (9, 41, 33))


@pytest.mark.parametrize(
    "content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(999)]
)
def test_what_is_no_hdf5(tmp_path, content):
    path = tmp_path / "data.h5"
    path.write_bytes(content)
    with pytest.raises(OSError, match=r"data\.h5 cannot be read \(as HDF5: .*cut short"):
        layout_of(path)
    assert not holds_bdv(LocalFileSystem(), path.as_posix())


def test_a_file_that_is_cut_short(stack):
    path, _ = stack
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(OSError, match=r"cannot be read \(as HDF5: .*truncated.*cut short"):
        layout_of(path)


def test_a_file_that_another_program_has_locked(stack):
    fcntl = pytest.importorskip("fcntl", reason="flock is how HDF5 locks files on POSIX only")
    path, full = stack
    array = array_of(path)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InUseError, match=r"data\.h5 is locked: .* still being written"):
            array[0, 0]
        assert holds_bdv(LocalFileSystem(), path.as_posix())
    np.testing.assert_array_equal(array[0, 0], full)


def test_a_file_and_folder_without_write_permission(stack):
    path, full = stack
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        np.testing.assert_array_equal(array_of(path)[0, 0], full)
    finally:
        path.parent.chmod(0o755)


def test_which_files_are_laid_out_so(stack, tmp_path):
    path, _ = stack
    fs = LocalFileSystem()
    assert holds_bdv(fs, path.as_posix())
    for number, names in enumerate(
        [("data",), ("s00", "t00000"), ("s00/resolutions",), ("t00000/s00",)]
    ):
        other = tmp_path / f"other{number}.h5"
        with h5py.File(other, "w") as file:
            for name in names:
                file.create_group(name)
        assert not holds_bdv(fs, other.as_posix())
    assert not holds_bdv(fs, (tmp_path / "none.h5").as_posix())
