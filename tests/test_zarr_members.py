"""What lies in an OME-Zarr besides its pyramid is found, however deep it lies."""

import json

import numpy as np
import pytest
import zarr

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats.zarr_members import foreign


@pytest.fixture(params=["ome-zarr-0.4", "ome-zarr-0.5", "ome-zarr-0.6"])
def image(tmp_path, request):
    return build_pyramid(
        np.ones((20, 40, 40), "uint8"),
        tmp_path / "image.ome.zarr",
        file_format=request.param,
        voxel_size=(1, 1, 1),
        unit="pixel",
        chunk_shape=(8, 8, 8),
        progress=False,
    )


def test_a_pyramid_alone_is_no_stranger(image):
    (image / ".DS_Store").touch()
    assert foreign(image) is None


@pytest.mark.parametrize("name", ["notes.txt", "labels", "cells.ome.zarr"])
def test_what_else_lies_there_is_named(image, name):
    places = [image, *(image / "0" / deep for deep in ("", "c", "c/0", "0", "0/0"))]
    there = [place for place in places if place.is_dir()]
    assert len(there) == 4
    for place in there:
        (place / name).mkdir()
        path = (place / name).relative_to(image).as_posix()
        assert foreign(image) == f"holds, besides its pyramid, {path!r}"
        (place / name).rmdir()


def test_an_image_in_a_level_is_no_chunk_of_zarr_v3(image):
    (image / "0" / "1" / "deep").mkdir(parents=True, exist_ok=True)
    assert "besides its pyramid" in foreign(image)


def test_a_level_that_is_a_file_is_a_stranger(tmp_path):
    zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    levels = {"multiscales": [{"datasets": [{"path": "0"}]}]}
    (tmp_path / "a.zarr" / ".zattrs").write_text(json.dumps(levels))
    (tmp_path / "a.zarr" / "0").write_text("a file")
    assert foreign(tmp_path / "a.zarr") == "holds, besides its pyramid, '0'"


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_both_ways_to_name_chunks_are_known(tmp_path, zarr_format, separator):
    path = tmp_path / "a.zarr"
    levels = {"multiscales": [{"datasets": [{"path": "deep/0"}]}]}
    attributes = levels if zarr_format == 2 else {"ome": levels}
    zarr.create_group(path, zarr_format=zarr_format, attributes=attributes)
    zarr.create_array(
        path / "deep" / "0",
        data=np.ones((4, 4), "uint8"),
        chunks=(2, 2),
        zarr_format=zarr_format,
        chunk_key_encoding={
            "name": "v2" if zarr_format == 2 else "default",
            "separator": separator,
        },
    )
    assert foreign(path) is None
