"""The image to zoom into: its pixels, levels, metadata and files."""

import hashlib
import json

import imagecodecs
import numpy as np
import pytest
import zarr

from bigimg_lessons.samples.volume import SampleVolume
from book._ext import zoom_image

PIXELS = 516  # no multiple of a chunk, and 129 of level 2 is odd


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images") / "section"
    zoom_image.write_zoom_image(folder, pixels=PIXELS)
    return folder


@pytest.fixture(scope="module")
def group(folder):
    return json.loads((folder / "zarr.json").read_text(encoding="utf-8"))


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_level_0_is_the_mean_of_planes_of_the_sample_volume(folder):
    volume = SampleVolume((1032, 516, 516), voxel_size=(0.01, 0.04, 0.04))
    planes = volume.block(slice(0, 16), slice(300, 420), slice(380, 516)).astype(int)
    expected = np.array([[round(v / 16) // 2 for v in row] for row in planes.sum(axis=0).tolist()])
    image = zarr.open_array(folder / "0", mode="r")
    assert image.shape == (PIXELS, PIXELS)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image[300:420, 380:516], expected)
    assert image[:].max() < 128


@pytest.mark.parametrize(("level", "factor"), [(1, 2), (2, 4)])
def test_each_level_is_the_exact_rounded_mean_of_level_0(folder, level, factor):
    finest = zarr.open_array(folder / "0", mode="r")[:].astype(float)
    size = PIXELS // factor  # 516 is a multiple of 4
    boxes = finest.reshape(size, factor, size, factor).mean(axis=(1, 3))
    expected = np.round(boxes).astype(np.uint8)  # numpy rounds halves to even
    np.testing.assert_array_equal(zarr.open_array(folder / str(level), mode="r")[:], expected)


def test_there_are_levels_until_one_fits_a_chunk(folder, group):
    paths = [entry["path"] for entry in group["attributes"]["ome"]["multiscales"][0]["datasets"]]
    assert paths == ["0", "1", "2"]
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == paths


def test_metadata_are_those_of_ome_zarr_0_5(group):
    assert group["zarr_format"] == 3
    assert group["node_type"] == "group"
    ome = group["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (multiscale,) = ome["multiscales"]
    assert [axis["name"] for axis in multiscale["axes"]] == ["y", "x"]
    assert {axis["type"] for axis in multiscale["axes"]} == {"space"}
    assert {axis["unit"] for axis in multiscale["axes"]} == {"micrometer"}
    for number, dataset in enumerate(multiscale["datasets"]):
        scale, translation = dataset["coordinateTransformations"]
        assert scale == {"type": "scale", "scale": pytest.approx([0.04 * 2**number] * 2)}
        # The centre of the first pixel lies in the middle of the pixels that it stands for.
        centre = 0.04 * np.mean(np.arange(2**number))
        assert translation["type"] == "translation"
        assert translation["translation"] == pytest.approx([centre] * 2)
    assert "Synthetic" in group["attributes"]["bigimg_lessons"]["caption"]


def test_arrays_are_plain_zarr_v3_with_gzip(folder):
    for level in "012":
        array = json.loads((folder / level / "zarr.json").read_text(encoding="utf-8"))
        edge = {"0": 256, "1": 256, "2": 129}[level]  # no chunk is larger than its level
        assert array["chunk_grid"]["configuration"]["chunk_shape"] == [edge, edge]
        assert array["chunk_key_encoding"]["configuration"]["separator"] == "/"
        assert array["dimension_names"] == ["y", "x"]
        assert [codec["name"] for codec in array["codecs"]] == ["bytes", "gzip"]


def test_bioio_opens_it_with_its_levels_and_pixel_sizes(folder):
    from bioio import BioImage
    from bioio_ome_zarr import Reader

    image = BioImage(folder, reader=Reader)
    assert image.resolution_levels == (0, 1, 2)
    finest = image.physical_pixel_sizes
    image.set_resolution_level(2)
    sizes = [finest.Y, finest.X, image.physical_pixel_sizes.Y]
    np.testing.assert_allclose(sizes, [0.04, 0.04, 0.16])
    np.testing.assert_array_equal(
        np.squeeze(image.data), zarr.open_array(folder / "2", mode="r")[:]
    )


def test_the_noted_sizes_are_those_of_the_files(folder, group):
    noted = group["attributes"]["bigimg_lessons"]["chunk_bytes"]
    assert [len(level) for level in noted] == [9, 4, 1]  # every chunk is there
    for level, sizes in enumerate(noted):
        across = int(len(sizes) ** 0.5)
        for index, size in enumerate(sizes):
            row, column = divmod(index, across)
            assert (folder / f"{level}/c/{row}/{column}").stat().st_size == size


def test_the_thumbnail_is_small_and_shows_the_image(folder):
    file = folder / "thumbnail.jpg"
    assert file.stat().st_size <= 11_250  # 15 kB as base64
    coarsest = zarr.open_array(folder / "2", mode="r")[:].astype(float)
    shown = imagecodecs.jpeg_decode(file.read_bytes()).astype(float)
    assert shown.shape == coarsest.shape
    assert np.corrcoef(shown.ravel(), coarsest.ravel())[0, 1] > 0.97


def test_it_is_the_same_every_time(folder, tmp_path):
    zoom_image.write_zoom_image(tmp_path / "again", pixels=PIXELS)
    assert digests(tmp_path / "again") == digests(folder)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch, kind):
    seen = []

    def fail(*_, **__):
        seen.extend([list(tmp_path.rglob("c/0/0")), (tmp_path / "section").exists()])
        raise kind

    monkeypatch.setattr(zoom_image, "thumbnail", fail)  # the last step
    with pytest.raises(kind):
        zoom_image.write_zoom_image(tmp_path / "section", pixels=PIXELS)
    chunks, is_there = seen
    assert len(chunks) == 3  # one of each level, but not under the folder's name
    assert not is_there
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(folder):
    before = digests(folder)
    with pytest.raises(FileExistsError, match="is there already: remove it"):
        zoom_image.write_zoom_image(folder, pixels=PIXELS)
    assert digests(folder) == before


def test_too_small_an_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match="pixels is 100: give 128 or more"):
        zoom_image.write_zoom_image(tmp_path / "section", pixels=100)
    assert list(tmp_path.iterdir()) == []
