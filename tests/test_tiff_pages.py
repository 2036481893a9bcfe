"""TIFF planes that tifffile would read wrongly or leave out as part of one image: none is read."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile
import zarr
from click.testing import CliRunner

from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.formats.references import reference_store, tiff_references
from bigimg_lessons.inspection.arrays import opened_level
from bigimg_lessons.inspection.opening import report_on

PLANES = np.random.default_rng(5).integers(0, 2**16, (12, 37, 39), "uint16")
COUNTED = r"has {} planes of one size and type, and tifffile reads {} of them"


def imagej(count):
    """ImageJ's lines."""
    return f"ImageJ=1.53\nimages={count}\nslices={count}\n"


def ome(count, planes="<TiffData/>"):
    """OME-XML of so many planes along z."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="39" SizeY="37" '
        f'SizeZ="{count}" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f"{planes}</Pixels></Image></OME>"
    )


def ome_of(files):
    """OME-XML of one plane in each file."""
    planes = (
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{file}">urn:uuid:{z}</UUID></TiffData>'
        for z, file in enumerate(files)
    )
    return ome(len(files), "".join(planes))


def stack(path, count, *, usual, odd=None, description=None):
    """Write planes, those of some numbers in another way."""
    with tifffile.TiffWriter(path) as tiff:
        for number in range(count):
            tiff.write(
                PLANES[number],
                photometric="minisblack",
                metadata=None,
                description=description if number == 0 else None,
                **(odd or {}).get(number, usual),
            )
    return path


RAW, ZLIB = {"compression": None}, {"compression": "zlib"}
DIFFERENCES = {"compression": "zlib", "predictor": 2}
TILES, OTHER_TILES = {"tile": (16, 32)}, {"tile": (32, 16)}
STRIPS, OTHER_STRIPS = {"rowsperstrip": 10}, {"rowsperstrip": 12}
WHOLE = {"rowsperstrip": 37}


@pytest.mark.parametrize(
    ("count", "usual", "odd", "description", "words"),
    [
        (4, ZLIB, {1: DIFFERENCES}, imagej(4), r"Plane 1 of .* \(predictor\)"),
        (4, ZLIB, {3: DIFFERENCES}, ome(4), r"Plane 3 of .* \(predictor\)"),
        (3, RAW, {2: DIFFERENCES}, ome(3), r"Plane 2 of .* \(compression, predictor\)"),
        (3, TILES, {1: OTHER_TILES}, ome(3), r"Plane 1 of .* \(strips or tiles\)"),
        (3, STRIPS, {1: OTHER_STRIPS}, imagej(3), r"Plane 1 of .* \(strips or tiles\)"),
        (3, STRIPS, {1: WHOLE}, imagej(3), r"Plane 1 of .* \(strips or tiles\)"),
        (12, STRIPS, {3: WHOLE}, None, r"Plane 3 of .* \(strips or tiles\)"),
        # Without a description tifffile asks planes 1, 7 and the last only.
        (12, ZLIB, {3: DIFFERENCES}, None, r"Plane 3 of .* \(predictor\)"),
        (4, RAW, {1: ZLIB, 3: ZLIB}, None, COUNTED.format(4, 2)),
        (6, RAW, {}, imagej(4), COUNTED.format(6, 4)),
        (6, ZLIB, {}, imagej(4), COUNTED.format(6, 4)),
        (6, RAW, {}, ome(4), COUNTED.format(6, 4)),
        (6, RAW, {}, ome(8), "lacks planes, .*: of 8 .*, plane 6, counted from 0, is not there"),
        (
            6,
            ZLIB,
            {},
            imagej(8),
            "lacks planes, .*: of 8 .*, plane 6, counted from 0, is not there",
        ),
    ],
)
def test_what_would_be_read_wrongly_is_refused(tmp_path, count, usual, odd, description, words):
    path = stack(tmp_path / "a.tif", count, usual=usual, odd=odd, description=description)
    with tifffile.TiffFile(path) as tiff:  # the file itself is right
        read = [page.asarray() for page in tiff.pages]
    np.testing.assert_array_equal(read, PLANES[:count])
    check_refused(path, words)
    with pytest.raises(ValueError, match=words):
        tiff_references(path)


def check_refused(path, words):
    """`bigimg convert` says so in one line, also without writing, and writes nothing."""
    target = path.with_name("new.ome.zarr")
    before = sorted(path.parent.iterdir())
    for more in ("--verify", "--dry-run"):
        options = [str(path), str(target), "--axes", "ZYX", more]
        done = CliRunner().invoke(bigimg, ["convert", *options])
        assert done.exit_code == 1, done.output
        assert re.search(words, done.stderr), done.stderr
        assert done.stderr.count("\n") == 1
        assert sorted(path.parent.iterdir()) == before


def voxels(path):
    with opened_level(report_on(path)) as array:
        return np.asarray(array[...])


@pytest.mark.parametrize("description", [imagej(6), ome(6), None], ids=["imagej", "ome", "none"])
@pytest.mark.parametrize("usual", [RAW, DIFFERENCES, TILES, WHOLE], ids=str)
def test_what_is_stored_alike_is_read(tmp_path, usual, description):
    path = stack(tmp_path / "a.tif", 6, usual=usual, description=description)
    np.testing.assert_array_equal(voxels(path), PLANES[:6])
    store = reference_store(tiff_references(path), path)
    read = zarr.open_array(store, mode="r", zarr_format=2)[:]
    np.testing.assert_array_equal(read, PLANES[:6])


def test_planes_behind_a_single_directory_are_read(tmp_path):
    """ImageJ keeps more than 4 GiB so."""
    path = stack(tmp_path / "a.tif", 1, usual=RAW, description=imagej(12))
    with path.open("ab") as file:
        file.write(PLANES[1:].tobytes())
    np.testing.assert_array_equal(voxels(path), PLANES)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, None),
        (ZLIB, r"Plane 1 of .* \(compression\)"),
        ({"byteorder": ">"}, r"Plane 1 of .* \(order of bytes\)"),
        (None, "lacks planes, .*: of 3 .*, plane 1, counted from 0, is not there; put those files"),
    ],
    ids=["alike", "packed", "big-endian", "missing"],
)
def test_an_image_in_several_files(tmp_path, other, words):
    files = ["first.ome.tif", "second.ome.tif", "third.ome.tif"]
    for number, file in enumerate(files):
        if number == 1 and other is None:
            continue
        options = (other or {}) if number == 1 else {}
        tifffile.imwrite(
            tmp_path / file, PLANES[number], description=ome_of(files), metadata=None, **options
        )
    if words is None:
        np.testing.assert_array_equal(voxels(tmp_path / files[0]), PLANES[:3])
    else:
        check_refused(tmp_path / files[0], words)


@pytest.mark.parametrize("usual", [{}, ZLIB, TILES], ids=str)
def test_axes_that_only_tifffile_knows_are_planes_one_after_another(tmp_path, usual):
    path, target = tmp_path / "a.tif", tmp_path / "b.ome.zarr"
    image = PLANES.reshape(3, 4, 37, 39)
    tifffile.imwrite(path, image, photometric="minisblack", **usual)
    np.testing.assert_array_equal(voxels(path), PLANES)
    options = [str(path), str(target), "--axes", "ZYX", "--verify"]
    done = CliRunner().invoke(bigimg, ["convert", *options])
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(zarr.open_array(target / "0", mode="r")[:], PLANES)


def test_a_shape_that_its_reader_does_not_find_is_refused(tmp_path):
    """tifffile keeps planes behind a single directory in a way that only itself knows."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(PLANES, photometric="minisblack", truncate=True)
    words = r"has the shape \(37, 39\) by its metadata, and its reader finds \(12, 37, 39\)"
    options = [str(path), str(tmp_path / "b.ome.zarr"), "--axes", "YX"]
    done = CliRunner().invoke(bigimg, ["convert", *options])
    assert done.exit_code == 1
    assert re.search(words, done.stderr), done.stderr
