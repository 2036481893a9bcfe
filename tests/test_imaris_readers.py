"""Imaris files as programs of others show them: two readers for Python, and Bio-Formats.

Bio-Formats is in the jar that ``python tests/fetch_bioformats.py`` fetches.
"""

import numpy as np
import pytest
import zarr
from imaris_ims_file_reader.ims import ims as open_with_file_reader
from imaris_ims_file_reader.ims import ims_reader

from bigimg_lessons.formats.imaris.writer import write_imaris
from bigimg_lessons.pyramids.levels import plan_levels
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.test_bdv_bioformats import java, sha256

try:  # it has no version for Python 3.14
    from imaris_ims_zarr.ims import ims as open_with_ims_zarr
    from imaris_ims_zarr.ims_zarr_store import ims_zarr_store
except ImportError:
    open_with_ims_zarr = None

READERS = {
    "imaris-ims-file-reader": open_with_file_reader,
    "imaris-ims-zarr": open_with_ims_zarr,
}

# It prints when it is collected, whenever that is.
ims_reader.__del__ = lambda self: None

CHUNK = (32, 64, 64)
CASES = {
    "whole boxes, uint8": ((1, 1, 64, 256, 256), "uint8"),
    "whole boxes, uint16": ((1, 1, 64, 256, 256), "uint16"),
    "odd, uint8": ((2, 1, 70, 131, 201), "uint8"),
    "odd, uint16": ((1, 3, 70, 131, 201), "uint16"),
    "uint32": ((1, 1, 20, 70, 50), "uint32"),
    "float32": ((1, 2, 20, 70, 50), "float32"),
    "plane": ((1, 1, 1, 130, 75), "uint16"),
    "many": ((12, 11, 2, 9, 10), "uint8"),
    "no unit": ((1, 1, 9, 9, 9), "uint8"),
}
VOXEL_SIZE = (200, 100, 100)  # nm


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The file, the image as TCZYX, and the plan of its levels, of each case."""
    folder = tmp_path_factory.mktemp("written")
    cases = {}
    for number, (name, (shape, dtype)) in enumerate(CASES.items()):
        path = write_imaris(
            folder / f"{number}.ims",
            image := pixels(shape, dtype),
            voxel_size=None if name == "no unit" else VOXEL_SIZE,
            unit="pixel" if name == "no unit" else "nm",
            time_interval=2,
            time_unit="s",
            channel_names=[f"DAPI 405-nm, µ {channel}" for channel in range(shape[1])],
            chunk_shape=CHUNK,
            gzip_level=1,
            progress=False,
        )
        plan = plan_levels(shape[2:], chunk_shape=CHUNK, voxel_size=VOXEL_SIZE)
        cases[name] = path, image, plan
    return cases


@pytest.fixture(params=READERS)
def opened(request):
    """A reader for Python, which opens a file as an array with levels before its axes."""
    if READERS[request.param] is None:
        pytest.skip(f"{request.param} is not for this Python")
    files = []

    def opened(path):
        files.append(
            READERS[request.param](str(path), squeeze_output=False, resolution_decimal_places=None)
        )
        return files[-1]

    opened.name = request.param
    yield opened
    for file in files:
        file.close()


def levels_of(image, plan):
    return [exact_mean(image, (1, 1, *level.factors)) for level in plan]


@pytest.mark.parametrize("case", CASES)
def test_readers_for_python_show_the_same_voxels(written, opened, case):
    path, image, plan = written[case]
    file = opened(path)
    assert (file.shape, file.dtype) == (image.shape, image.dtype)
    assert file.ResolutionLevels == len(plan)
    for number, level in enumerate(levels_of(image, plan)):
        # A stop without a start would be an index to them.
        whole = file[(number, *[slice(0, n) for n in level.shape])]
        np.testing.assert_allclose(whole, level, rtol=4e-7 if case == "float32" else 0, atol=1e-7)
    x = image.shape[-1]
    part = file[0, 0:1, 0:1, 0:1, 3:9, x // 3 : x - 1]
    np.testing.assert_array_equal(part, image[:1, :1, :1, 3:9, x // 3 : -1])


@pytest.mark.skipif(open_with_ims_zarr is None, reason="imaris-ims-zarr is not for this Python")
@pytest.mark.parametrize("case", ["odd, uint8", "odd, uint16"])
def test_zarr_shows_the_same_voxels(written, case):
    path, image, plan = written[case]
    for number, level in enumerate(levels_of(image, plan)):
        store = ims_zarr_store(str(path), ResolutionLevelLock=number)
        np.testing.assert_array_equal(zarr.open_array(store, mode="r")[...], level)
        store.ims.close()


def test_readers_for_python_divide_the_extent(written, opened):
    path, _, plan = written["whole boxes, uint8"]
    file = opened(path)
    found = [file.metaData[level, 0, 0, "resolution"] for level in range(len(plan))]
    assert found == [(0.2, 0.1, 0.1), (0.2, 0.2, 0.2), (0.4, 0.4, 0.4)]


def test_odd_numbers_of_voxels_give_readers_another_size_than_is_true(written, opened):
    """The file says where the image ends; half of 131 voxels, rounded up, end beyond that."""
    path, _image, plan = written["odd, uint8"]
    assert plan[1].shape == (70, 66, 101)
    y = opened(path).metaData[1, 0, 0, "resolution"][1]
    if opened.name == "imaris-ims-file-reader":
        assert y == pytest.approx(0.1 * 131 / 66, rel=1e-12)
    else:
        assert y == pytest.approx(0.1)  # of 0.2.0: the finer level's, as 131 // 66 is 1


# Bio-Formats


@pytest.fixture(scope="module")
def seen(written):
    paths = [path for path, _, _ in written.values()]
    return dict(zip(CASES, java("Describe", paths), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_bioformats_sees_what_was_written(written, seen, case):
    _, image, plan = written[case]
    assert seen[case]["format"] == "Bitplane Imaris 5.5 (HDF)"
    # A level of fewer planes begins an image of its own.
    resolutions = [each for image in seen[case]["series"] for each in image["resolutions"]]
    levels = levels_of(image, plan)
    assert [each["shape"] for each in resolutions] == [list(level.shape) for level in levels]
    assert {each["dtype"] for each in resolutions} == {
        {"float32": "float"}.get(image.dtype.name, image.dtype.name)
    }
    for resolution, level in zip(resolutions, levels, strict=True):
        if case != "float32" or level.shape == image.shape:
            stacks = level.reshape(-1, *level.shape[2:])
            assert resolution["sha256"] == [sha256(stack) for stack in stacks]


def test_bioformats_divides_the_extent(written, seen):
    for case in ("whole boxes, uint8", "odd, uint8"):
        _, image, plan = written[case]
        starts = [0, *[n for n in range(1, len(plan)) if plan[n].shape[0] != plan[n - 1].shape[0]]]
        found = [each["voxel_size"] for each in seen[case]["series"]]
        assert len(found) == len(starts)
        for sizes, start in zip(found, starts, strict=True):
            true = [n / 1000 for n in VOXEL_SIZE]
            for (size, unit), full, own, step in zip(
                sizes, image.shape[2:], plan[start].shape, true, strict=True
            ):
                assert unit == "µm"
                assert size == pytest.approx(step * full / own, rel=1e-12)
    # So 0.2 µm of planes become 0.389 µm, where 18 stand for 70.
    assert found[-1][0][0] == pytest.approx(0.2 * 70 / plan[starts[-1]].shape[0])


def test_bioformats_tells_the_names_of_channels(written):
    (described,) = java("Describe", [written["odd, uint16"][0]])
    assert described["series"][0]["channels"] == [
        f"DAPI 405-nm, µ {channel}" for channel in range(3)
    ]


def test_bioformats_takes_what_has_no_unit_for_micrometres(seen):
    assert seen["no unit"]["series"][0]["voxel_size"] == [[1, "µm"]] * 3
