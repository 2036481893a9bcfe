"""OME-Zarr 0.6: voxels and metadata, as the specification, three judges and bioio take them.

That it is refused, interrupted and overwritten as 0.5 is, is the same code, which
`tests.test_ome_zarr` and `tests.faults` test with that.
"""

import json
from importlib.metadata import version

import ngff_zarr
import numpy as np
import pytest
import tensorstore
import zarr
from bioio import BioImage
from bioio_ome_zarr import Reader as BioioReader
from ngff_zarr.validate import validate

from bigimg_lessons.build import build_pyramid
from tests.bdv_files import pixels
from tests.exact_means import exact_mean

SHAPES = {"YX": (33, 50), "ZYX": (20, 33, 50), "CYX": (3, 33, 50), "TCZYX": (2, 3, 20, 33, 50)}


@pytest.fixture
def write(tmp_path):
    def write(image, **options):
        size = (2.0, 0.5, 0.25)[-sum(axis in "ZYX" for axis in options.get("axes") or "ZYX") :]
        known = {"voxel_size": size, "unit": "µm", "file_format": "ome-zarr-0.6"}
        options = {**known, "progress": False, **options}
        return build_pyramid(image, tmp_path / "image.ome.zarr", **options)

    return write


def group_attributes(path):
    return json.loads((path / "zarr.json").read_text("utf-8"))["attributes"]


def axis(name, kind="space", unit="micrometer"):
    return {"name": name, "type": kind} | ({"unit": unit} if unit else {})


def level(number, scale, translation):
    return {
        "path": str(number),
        "coordinateTransformations": [
            {
                "type": "sequence",
                "input": {"path": str(number)},
                "output": {"name": "physical"},
                "transformations": [
                    {"type": "scale", "scale": scale},
                    {"type": "translation", "translation": translation},
                ],
            }
        ],
    }


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(64, 256, 256), (70, 131, 201)])
def test_every_level_is_the_exact_mean(write, shape, dtype):
    image = pixels(shape, dtype)
    factors = [(1, 1, 1), (1, 2, 2), (2, 4, 4), (6, 8, 12)]
    path = write(image, factors=factors)
    for number, by in enumerate(factors):
        kvstore = {"driver": "file", "path": str(path / str(number))}
        array = tensorstore.open({"driver": "zarr3", "kvstore": kvstore}).result()
        np.testing.assert_array_equal(array.read().result(), exact_mean(image, by))


def test_each_level_has_one_sequence_into_the_physical_system(write):
    image = pixels((2, 3, 12, 20, 20), "uint8")
    path = write(
        image,
        axes="TCZYX",
        time_interval=2,
        time_unit="min",
        factors=[(1, 1, 1), (1, 2, 4)],
        chunk_shape=(8, 8, 8),
    )
    ome = group_attributes(path)["ome"]
    assert ome["version"] == "0.6"
    (multiscale,) = ome["multiscales"]
    assert "version" not in multiscale
    assert "axes" not in multiscale
    assert multiscale["coordinateSystems"] == [
        {
            "name": "physical",
            "axes": [
                axis("t", "time", "minute"),
                axis("c", "channel", None),
                *map(axis, "zyx"),
            ],
        }
    ]
    assert multiscale["datasets"] == [
        level(0, [2, 1, 2, 0.5, 0.25], [0, 0, 0, 0, 0]),
        level(1, [2, 1, 2, 1, 1], [0, 0, 0, 0.25, 0.375]),
    ]
    assert multiscale["type"] == "mean"
    assert [channel["label"] for channel in ome["omero"]["channels"]] == [
        "channel 0",
        "channel 1",
        "channel 2",
    ]
    array = zarr.open_array(path / "1", mode="r")
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == tuple("tczyx")


@pytest.mark.parametrize("downsampling", ["mean", "mode"])
@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_the_schemas_of_the_specification_hold(write, axes, downsampling):
    path = write(pixels(SHAPES[axes], "uint16"), axes=axes, downsampling=downsampling)
    attributes = group_attributes(path)
    validate(attributes, version="0.6", model="image", strict=True)
    if downsampling == "mode":
        assert attributes["ome"]["image-label"] == {}
        validate(attributes, version="0.6", model="label")
    del attributes["ome"]["multiscales"][0]["coordinateSystems"]
    with pytest.raises(Exception, match="'coordinateSystems' is a required property"):
        validate(attributes, version="0.6", model="image")


@pytest.mark.parametrize("downsampling", ["mean", "mode"])
@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_ome_zarr_models_takes_it(write, axes, downsampling):
    if tuple(map(int, version("ome-zarr-models").split(".")[:2])) < (1, 8):
        pytest.skip("this ome-zarr-models knows OME-Zarr up to 0.5: 1.8 needs Python 3.12")
    import ome_zarr_models

    path = write(pixels(SHAPES[axes], "uint16"), axes=axes, downsampling=downsampling)
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))
    assert model.ome_zarr_version == "0.6"
    kind = "image_label.ImageLabel" if downsampling == "mode" else "image.Image"
    assert f"{type(model).__module__}.{type(model).__name__}" == f"ome_zarr_models.v06.{kind}"


def test_ngff_zarr_reads_sizes_and_positions(write):
    image = pixels((20, 33, 50), "uint16")
    path = write(image, factors=[(1, 1, 1), (1, 2, 4)])
    full, coarse = ngff_zarr.from_ngff_zarr(str(path), version="0.6").images
    np.testing.assert_array_equal(full.data.compute(), image)
    np.testing.assert_array_equal(coarse.data.compute(), exact_mean(image, (1, 2, 4)))
    assert full.scale == {"z": 2, "y": 0.5, "x": 0.25}
    assert coarse.scale == {"z": 2, "y": 1, "x": 1}
    assert coarse.translation == {"z": 0, "y": 0.25, "x": 0.375}
    assert coarse.axes_units == dict.fromkeys("zyx", "micrometer")


def test_bioio_reads_its_levels_and_no_voxel_size(write):
    """What the docstring of `build_pyramid` says of this reader."""
    if version("bioio-ome-zarr") != "3.8.1":
        pytest.skip("it is bioio-ome-zarr 3.8.1 of which that is said")
    image = pixels((20, 33, 50), "uint16")
    back = BioImage(write(image, factors=[(1, 1, 1), (1, 2, 4)]), reader=BioioReader)
    assert back.resolution_levels == (0, 1)
    np.testing.assert_array_equal(back.get_image_data("ZYX"), image)
    back.set_resolution_level(1)
    np.testing.assert_array_equal(back.get_image_data("ZYX"), exact_mean(image, (1, 2, 4)))
    with pytest.warns(UserWarning, match="Could not parse pixel sizes: 'scale'"):
        assert back.physical_pixel_sizes is None


def test_a_copy_through_bioio_tells_that_sizes_are_lost(write, tmp_path):
    if version("bioio-ome-zarr") != "3.8.1":
        pytest.skip("it is bioio-ome-zarr 3.8.1 that loses them")
    image = pixels((20, 33, 50), "uint16")
    back = BioImage(write(image), reader=BioioReader)
    told = r"'copy.ome.zarr' is written without .*not read sizes and units \(KeyError\('scale'\)\)"
    with pytest.warns(UserWarning, match=told):
        path = build_pyramid(back, tmp_path / "copy.ome.zarr", progress=False)
    np.testing.assert_array_equal(np.squeeze(zarr.open_array(path / "0", mode="r")[...]), image)


def test_shards_and_codecs_are_those_of_zarr_v3(write):
    image = pixels((20, 33, 50), "uint8")
    path = write(image, chunk_shape=(8, 16, 16), shard_shape=(16, 32, 64), max_levels=1)
    array = zarr.open_array(path / "0", mode="r")
    assert (array.chunks, array.shards) == ((8, 16, 16), (16, 32, 64))
    np.testing.assert_array_equal(array[...], image)


@pytest.mark.parametrize("older", ["ome-zarr-0.4", "ome-zarr-0.5"])
def test_it_takes_the_place_of_an_older_version_and_gives_it_back(write, older):
    image = pixels((20, 33, 50), "uint8")
    for file_format in (older, "ome-zarr-0.6", older):
        path = write(image, file_format=file_format, overwrite=True)
    assert (path / "zarr.json").is_file() == (older == "ome-zarr-0.5")
    np.testing.assert_array_equal(zarr.open_array(path / "0", mode="r")[...], image)
