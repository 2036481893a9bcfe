"""What OME-Zarr holds that the package wrote: as its specification, and other readers, see it."""

import json
import math
from itertools import product

import ngff_zarr
import numpy as np
import ome_zarr_models
import pytest
import tensorstore
import zarr
from bioio import BioImage
from bioio_ome_zarr import Reader as BioioReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader as OmeZarrReader
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

from bigimg_lessons.formats.ome_zarr import write_ome_zarr
from bigimg_lessons.pyramids import zarrs_pipeline
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.least_memory import least_memory

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">u2"]
VERSIONS = ["0.4", "0.5"]
SHAPES = {"YX": (33, 50), "ZYX": (20, 33, 50), "CYX": (3, 33, 50), "TCZYX": (2, 3, 20, 33, 50)}
VOXEL_SIZE = {"Z": 3.0, "Y": 1.0, "X": 0.5}

# Of most arrays here nobody says how large voxels are; tests/test_calibration.py looks at that.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")


@pytest.fixture
def write(tmp_path):
    def write(image, name="image", **options):
        axes = options.get("axes") or "TCZYX"[-image.ndim :]
        chunk = (8, 16, 16)[-sum(axis in "ZYX" for axis in axes) :]
        options = {"chunk_shape": chunk, "progress": False, **options}
        return write_ome_zarr(tmp_path / f"{name}.ome.zarr", image, **options)

    return write


def metadata(path):
    """The image's metadata as raw JSON."""
    if (path / "zarr.json").is_file():
        return json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
    return json.loads((path / ".zattrs").read_text())


def factors_of(path):
    """Factors of all levels along all axes, from the scales in the raw JSON."""
    datasets = metadata(path)["multiscales"][0]["datasets"]
    scales = [np.array(d["coordinateTransformations"][0]["scale"]) for d in datasets]
    return [tuple(int(f) for f in np.rint(scale / scales[0])) for scale in scales]


def levels_of(path):
    group = zarr.open_group(path, mode="r")
    return [group[dataset["path"]] for dataset in metadata(path)["multiscales"][0]["datasets"]]


def check_levels(path, image):
    """Compare every level with the exact mean of `image`."""
    for array, factors in zip(levels_of(path), factors_of(path), strict=True):
        expected = exact_mean(image, factors)
        assert array.dtype == image.dtype
        if image.dtype.kind == "f":  # summed in another order
            rtol = 4 * np.finfo(image.dtype).eps
            np.testing.assert_allclose(array[...], expected, rtol=rtol, atol=rtol)
        else:
            np.testing.assert_array_equal(array[...], expected)


# Voxels


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_level_is_the_exact_mean(write, dtype, version):
    image = pixels((2, 2, 21, 33, 50), np.dtype(dtype).newbyteorder("=")).astype(dtype)
    path = write(image, version=version, voxel_size=(2, 1, 1))
    assert [f[2:] for f in factors_of(path)] == [(1, 1, 1), (1, 2, 2), (2, 4, 4), (4, 8, 8)]
    check_levels(path, image.astype(image.dtype.newbyteorder("=")))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "int32"])
def test_a_constant_at_the_ends_of_the_dtype_stays_constant(write, dtype):
    for name in ("min", "max"):
        value = getattr(np.iinfo(dtype), name)
        path = write(np.full((17, 37, 50), value, dtype), name)
        assert len(levels_of(path)) == 3
        for array in levels_of(path):
            assert (array[...] == value).all()


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_image_is_written_exactly(write, data):
    axes = data.draw(st.sampled_from(["YX", "ZYX", "CYX", "TYX", "TCYX", "CZYX", "TCZYX"]))
    space = sum(axis in "ZYX" for axis in axes)
    shape = [data.draw(st.integers(1, 3 if axis in "TC" else 40)) for axis in axes]
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "int16", "float32"]))
    chunk = [data.draw(st.integers(1, 20)) for _ in range(space)]
    options = {}
    if data.draw(st.booleans()):
        options["shard_shape"] = [c * data.draw(st.integers(1, 3)) for c in chunk]
    else:
        options["version"] = data.draw(st.sampled_from(VERSIONS))
    if data.draw(st.booleans()):
        steps = [(1,) * space]
        for _ in range(data.draw(st.integers(0, 2))):
            ratio = data.draw(hnp.array_shapes(min_dims=space, max_dims=space, max_side=3))
            if max(ratio) > 1:
                steps.append(tuple(map(math.prod, zip(steps[-1], ratio, strict=True))))
        options["factors"] = steps
    image = pixels(tuple(shape), dtype, seed=data.draw(st.integers(0, 9)))
    options |= {"axes": axes, "overwrite": True, "chunk_shape": chunk}
    if data.draw(st.booleans()):
        options["memory_limit"] = least_memory(write, image, **options)
    path = write(image, **options)
    check_levels(path, image)


def test_labels_keep_their_numbers(write):
    labels = np.zeros((8, 40, 40), np.uint64)
    labels[:, 8:24, 8:24] = 2**53 + 1
    for array in levels_of(write(labels, downsampling="mode")):
        assert set(np.unique(array[...])) == {0, 2**53 + 1}


def test_without_zarrs_the_same_is_written(write, monkeypatch):
    image = pixels((2, 21, 33, 50), "uint16")
    kinds = []
    for name in ("with", "without"):
        if name == "without":
            monkeypatch.setattr(zarrs_pipeline, "find_spec", lambda _: None)
        for version in VERSIONS:
            path = write(image, f"{name}-{version}", version=version)
            check_levels(path, image)
        sharded = write(image, f"{name}-shards", shard_shape=(16, 32, 32))
        check_levels(sharded, image)
        kinds.append(sorted(file.relative_to(sharded) for file in sharded.rglob("*")))
    assert kinds[0] == kinds[1]


# Layout


def test_default_chunks_and_codec(write):
    for dtype, shuffle in (("uint8", "noshuffle"), ("uint16", "bitshuffle")):
        path = write(pixels((200, 140, 150), dtype), dtype, chunk_shape=None)
        document = json.loads((path / "0" / "zarr.json").read_text())
        assert document["chunk_grid"]["configuration"]["chunk_shape"] == [128, 128, 128]
        codec = document["codecs"][-1]
        assert codec["name"] == "blosc"
        assert codec["configuration"]["cname"] == "zstd"
        assert codec["configuration"]["clevel"] == 1
        assert codec["configuration"]["shuffle"] == shuffle
    plane = write(pixels((1500, 30), "uint8"), "plane", chunk_shape=None)
    assert levels_of(plane)[0].chunks == (1024, 30)


@pytest.mark.parametrize(
    "codec", [None, BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")], ids=["none", "lz4"]
)
@pytest.mark.parametrize("version", VERSIONS)
def test_codec_can_be_chosen(write, codec, version):
    image = pixels((20, 33, 50), "uint16")
    path = write(image, codec=codec, version=version)
    check_levels(path, image)
    for array in levels_of(path):
        (compressor,) = array.compressors or (None,)
        assert "lz4" in str(compressor) if codec else compressor is None


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("codec", "name"), [(GzipCodec(level=2), "gzip"), (ZstdCodec(level=3), "zstd")]
)
def test_gzip_and_zstd_are_written_as_well(write, codec, name, version):
    image = pixels((20, 33, 50), "uint16")
    array = zarr.open_array(write(image, codec=codec, version=version) / "0", mode="r")
    assert name in str(array.compressors[0]).lower()
    assert array.compressors[0].level == codec.level
    np.testing.assert_array_equal(array[...], image)


def test_a_codec_that_version_04_has_not_is_refused_before_anything_is_written(write, tmp_path):
    with pytest.raises(
        ValueError, match=r"0\.4 is written with BloscCodec, GzipCodec or ZstdCodec"
    ):
        write(pixels((20, 33, 50), "uint16"), codec=Crc32cCodec(), version="0.4")
    assert list(tmp_path.iterdir()) == []


def test_version_04_stores_the_codec_as_numcodecs_names_it(write):
    codec = BloscCodec(cname="lz4hc", clevel=3, shuffle="bitshuffle", blocksize=2**16)
    path = write(pixels((20, 33, 50), "uint16"), codec=codec, version="0.4")
    for number in range(len(levels_of(path))):
        assert json.loads((path / str(number) / ".zarray").read_text())["compressor"] == {
            "id": "blosc",
            "cname": "lz4hc",
            "clevel": 3,
            "shuffle": 2,
            "blocksize": 2**16,
        }


def test_shards_hold_chunks(write):
    image = pixels((30, 60, 60), "uint16")
    path = write(image, chunk_shape=(8, 8, 8), shard_shape=(16, 32, 32))
    check_levels(path, image)
    assert [(array.shards, array.chunks) for array in levels_of(path)] == [
        ((16, 32, 32), (8, 8, 8)),
        ((16, 32, 32), (8, 8, 8)),
        ((8, 16, 16), (8, 8, 8)),
        ((4, 8, 8), (4, 8, 8)),
    ]
    files = [file for file in (path / "0" / "c").rglob("*") if file.is_file()]
    assert len(files) == 2 * 2 * 2


@pytest.mark.parametrize("version", VERSIONS)
def test_chunks_of_zeros_read_as_zeros(write, version):
    """Whether they are stored or, with zarrs, left out."""
    image = np.zeros((16, 32, 32), "uint8")
    image[0, 0, 0] = 255
    path = write(image, version=version)
    check_levels(path, image)
    spec = {"driver": "zarr" if version == "0.4" else "zarr3"}
    spec["kvstore"] = {"driver": "file", "path": str(path / "0")}
    np.testing.assert_array_equal(tensorstore.open(spec).result().read().result(), image)


def test_time_points_and_channels_are_chunks_of_their_own(write):
    path = write(pixels((2, 3, 20, 33, 50), "uint8"))
    assert all(array.chunks[:2] == (1, 1) for array in levels_of(path))
    assert factors_of(path)[-1] == (1, 1, 4, 4, 4)


def test_explicit_factors_and_max_levels(write):
    image = pixels((12, 60, 60), "uint8")
    factors = [(1, 1, 1), (1, 3, 3), (2, 6, 6)]
    assert factors_of(write(image, factors=factors)) == factors
    assert factors_of(write(image, "flat", max_levels=1)) == [(1, 1, 1)]


# Metadata


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.filterwarnings("error")
def test_validates(write, axes, version):
    size = [VOXEL_SIZE[axis] for axis in axes if axis in "ZYX"]
    options = {"voxel_size": size, "unit": "µm", "time_interval": 2, "time_unit": "min"}
    path = write(pixels(SHAPES[axes], "uint16"), axes=axes, version=version, **options)
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))
    module = {"0.4": ome_zarr_models.v04, "0.5": ome_zarr_models.v05}[version]
    assert type(model) is module.image.Image


@pytest.mark.parametrize("version", VERSIONS)
def test_scales_and_half_pixel_translations(write, version):
    size = (2, 0.5, 0.25)
    path = write(pixels((2, 12, 20, 20), "uint8"), voxel_size=size, unit="µm", version=version)
    multiscale = metadata(path)["multiscales"][0]
    assert multiscale["axes"] == [
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", "unit": "micrometer"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    assert multiscale["type"] == "mean"
    transforms = [d["coordinateTransformations"] for d in multiscale["datasets"]]
    assert factors_of(path)[1:3] == [(1, 1, 1, 2), (1, 1, 2, 4)]
    assert transforms[:3] == [
        [{"type": "scale", "scale": s}, {"type": "translation", "translation": t}]
        for s, t in (
            ([1, 2, 0.5, 0.25], [0, 0, 0, 0]),
            ([1, 2, 0.5, 0.5], [0, 0, 0, 0.125]),
            ([1, 2, 1, 1], [0, 0, 0.25, 0.375]),
        )
    ]


def test_strides_are_not_shifted(write):
    path = write(pixels((20, 40, 40), "uint8"), downsampling="stride")
    datasets = metadata(path)["multiscales"][0]["datasets"]
    assert len(datasets) == 3
    assert all(d["coordinateTransformations"][1]["translation"] == [0, 0, 0] for d in datasets)
    np.testing.assert_array_equal(levels_of(path)[1][...], levels_of(path)[0][::2, ::2, ::2])


def windows(path):
    return [channel["window"] for channel in metadata(path)["omero"]["channels"]]


@pytest.mark.parametrize(("axes", "plane"), [("CZYX", 6), ("ZYX", 6), ("TCZYX", 6), ("YX", 0)])
def test_viewers_begin_at_the_middle_plane(write, axes, plane):
    shape = [{"T": 2, "C": 2, "Z": 13}.get(axis, 20) for axis in axes]
    rdefs = metadata(write(pixels(tuple(shape), "uint8"), axes=axes))["omero"]["rdefs"]
    model = "color" if "C" in axes else "greyscale"
    assert rdefs == {"defaultT": 0, "defaultZ": plane, "model": model}


def test_channels_have_names_and_windows(write):
    image = np.zeros((2, 20, 40), "uint16")
    image[0], image[1] = 300, 400
    image[1, :, 20:] = 1000
    path = write(image, axes="CYX", channel_names=["DAPI", "GFP"])
    channels = metadata(path)["omero"]["channels"]
    assert [channel["label"] for channel in channels] == ["DAPI", "GFP"]
    assert windows(path) == [
        {"min": 0, "max": 300, "start": 0, "end": 300},
        {"min": 400, "max": 1000, "start": 400, "end": 1000},
    ]
    assert channels[0]["color"] != channels[1]["color"]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("axes", ["ZYX", "TCZYX"])
def test_windows_are_the_range_of_level_0(write, dtype, axes):
    """Of the whole image, also where averages hide its brightest and darkest voxels."""
    shape = (2, 3, 20, 33, 50)[-len(axes) :]
    image = np.full(shape, 100, dtype)
    rng = np.random.default_rng(0)
    channels = image[None] if "C" not in axes else np.moveaxis(image, 1, 0)
    expected = []
    for number, channel in enumerate(channels):
        low, high = number, 120 + number
        for value in (low, high):
            channel[tuple(rng.integers(channel.shape))] = value
        expected.append({"min": low, "max": high, "start": low, "end": high})
    path = write(image, axes=axes)
    assert len(levels_of(path)) > 1
    assert windows(path) == expected


def test_windows_of_floats_pass_over_what_is_not_finite(write):
    image = np.full((40, 40), np.nan, "float32")
    assert windows(write(image, "nothing")) == [{"min": 0, "max": 1, "start": 0, "end": 1}]
    image[:, ::9] = 0.1  # no block of the coarsest level is without NaN
    image[3, 9], image[0, 0], image[0, 1] = 0.7, np.inf, -np.inf
    path = write(image, "some")
    # As short as a float32 is written: not 0.10000000149.
    assert windows(path) == [{"min": 0.1, "max": 0.7, "start": 0.1, "end": 0.7}]
    text = (path / "zarr.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize(
    ("value", "dtype", "ends"),
    [
        (0, "uint8", (0, 1)),
        (255, "uint8", (0, 255)),
        (-7, "int16", (-7, 0)),
        (0.5, "float32", (0, 0.5)),
        (65504, "float16", (0, 65504)),
        (-0.0, "float32", (0, 1)),
        (-1e308, "float64", (-1e308, 0)),
        (2**63, "uint64", (0, 2.0**63)),
    ],
)
def test_window_of_a_single_value_is_no_single_value(write, value, dtype, ends):
    image = np.full((9, 9), value, dtype)
    assert windows(write(image)) == [
        {"min": ends[0], "max": ends[1], "start": ends[0], "end": ends[1]}
    ]


def test_windows_differ_for_readers_that_take_numbers_as_doubles(write):
    image = np.full((9, 9), 2**63, "uint64")
    image[0, 0] += 1
    (window,) = windows(write(image))
    assert float(window["start"]) < float(window["end"])


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_are_marked_as_such(write, version):
    labels = np.zeros((8, 40, 40), "uint16")
    labels[2:, 5:20, 5:20] = 7
    path = write(labels, downsampling="mode", version=version)
    described = metadata(path)
    assert described["image-label"] == ({"version": "0.4"} if version == "0.4" else {})
    assert "omero" not in described
    assert described["multiscales"][0]["type"] == "mode"
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))
    module = {"0.4": ome_zarr_models.v04, "0.5": ome_zarr_models.v05}[version]
    assert type(model) is module.image_label.ImageLabel
    averaged = write(labels, "averaged", version=version)
    assert "image-label" not in metadata(averaged)
    assert "omero" in metadata(averaged)


def test_labels_have_no_channel_names(write):
    labels = np.zeros((2, 40, 40), "uint8")
    with pytest.raises(ValueError, match=r"channel_names are \['a', 'b'\], but .* labels"):
        write(labels, axes="CYX", downsampling="mode", channel_names=["a", "b"])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("cell.v2.ome.zarr", "cell.v2"),
        ("scan_2026.02.13_0.5um.ome.zarr", "scan_2026.02.13_0.5um"),
        ("cell.v2.ZARR", "cell.v2"),
        ("cells.zarr.old", "cells.zarr.old"),
        ("cells", "cells"),
        (".zarr", ".zarr"),
    ],
)
def test_names_keep_their_dots(tmp_path, file, name):
    path = write_ome_zarr(tmp_path / file, np.zeros((4, 4), "uint8"), progress=False)
    assert metadata(path)["multiscales"][0]["name"] == name


# Other readers


@pytest.fixture(params=list(product(VERSIONS, SHAPES)), ids="-".join)
def written(request, write):
    """Path, image, axes, factors and voxel size by axis of level 1."""
    version, axes = request.param
    image = pixels(SHAPES[axes], "uint16")
    size = [VOXEL_SIZE[axis] for axis in axes if axis in "ZYX"]
    path = write(image, axes=axes, version=version, voxel_size=size)
    scale = {axis: VOXEL_SIZE.get(axis, 1.0) for axis in axes} | {"X": 1.0}
    return path, image, axes, scale


def test_bioio_reads_it(written):
    path, image, axes, scale = written
    back = BioImage(path, reader=BioioReader)
    np.testing.assert_array_equal(back.get_image_data(axes), image)
    assert back.resolution_levels == tuple(range(len(factors_of(path))))
    back.set_resolution_level(1)
    sizes = back.physical_pixel_sizes
    assert [getattr(sizes, axis) for axis in "ZYX"] == [scale.get(axis) for axis in "ZYX"]
    np.testing.assert_array_equal(back.get_image_data(axes), exact_mean(image, (1, 2)))


def test_ngff_zarr_reads_it(written):
    path, image, axes, scale = written
    images = ngff_zarr.from_ngff_zarr(str(path)).images
    assert len(images) == len(factors_of(path))
    np.testing.assert_array_equal(images[0].data.compute(), image)
    np.testing.assert_array_equal(images[1].data.compute(), exact_mean(image, (1, 2)))
    assert images[1].scale == {axis.lower(): scale[axis] for axis in axes}
    assert images[1].translation == {axis.lower(): 0.25 * (axis == "X") for axis in axes}


def test_ome_zarr_py_reads_it(written):
    path, image, axes, scale = written
    (node,) = OmeZarrReader(parse_url(path))()
    np.testing.assert_array_equal(node.data[0].compute(), image)
    np.testing.assert_array_equal(node.data[1].compute(), exact_mean(image, (1, 2)))
    assert node.metadata["coordinateTransformations"][1] == [
        {"type": "scale", "scale": [scale[axis] for axis in axes]},
        {"type": "translation", "translation": [0.25 * (axis == "X") for axis in axes]},
    ]
    assert [axis["name"] for axis in node.metadata["axes"]] == list(axes.lower())


def test_tensorstore_reads_it(written):
    path, image, axes, _ = written
    driver = "zarr3" if (path / "zarr.json").is_file() else "zarr"
    for level, factors in enumerate(factors_of(path)):
        spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path / str(level))}}
        store = tensorstore.open(spec, read=True).result()
        np.testing.assert_array_equal(store.read().result(), exact_mean(image, factors))
        if driver == "zarr3":
            assert store.domain.labels == tuple(axes.lower())
