"""BigDataViewer's N5: voxels, what its files say, and what is refused.

Voxels are read by a reader of the specification in `tests.n5_files`, by tensorstore and by
z5py.
"""

import json
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
import tensorstore
import z5py
from bioio import BioImage
from zarr.codecs import GzipCodec

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats import deflate
from bigimg_lessons.formats.bdv.loaders import N5
from bigimg_lessons.formats.bdv.pixel_types import PIXEL_TYPES
from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from bigimg_lessons.formats.n5 import write_bdv_n5
from bigimg_lessons.formats.n5_members import foreign
from tests import n5_files
from tests.bdv_files import pixels, write_dataset
from tests.exact_means import exact_mean

SIZE = {"voxel_size": (2.0, 0.5, 0.25), "unit": "µm"}


@pytest.fixture
def write(tmp_path):
    def write(image, name="image.n5", **options):
        return build_pyramid(image, tmp_path / name, progress=False, **(SIZE | options))

    return write


def by_tensorstore(folder):
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(folder)}}
    return tensorstore.open(spec).result().read().result().T


def by_z5py(folder):
    return z5py.File(str(folder.parents[2]), mode="r")["/".join(folder.parts[-3:])][:]


READERS = {"the specification": n5_files.dataset, "tensorstore": by_tensorstore, "z5py": by_z5py}


def datasets(view):
    """Folders of the levels of a view."""
    return sorted(folder for folder in view.iterdir() if folder.is_dir())


# Voxels


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(64, 256, 256), (70, 131, 201)])
def test_every_level_is_the_exact_mean_for_every_reader(write, shape, dtype, reader):
    image = pixels(shape, dtype)
    path = write(image, factors=[(1, 1, 1), (1, 2, 2), (2, 4, 4), (6, 8, 12)])
    stated = n5_files.attributes(path / "setup0")["downsamplingFactors"]
    assert stated == [[1, 1, 1], [2, 2, 1], [4, 4, 2], [12, 8, 6]]
    levels = datasets(path / "setup0" / "timepoint0")
    assert [level.name for level in levels] == ["s0", "s1", "s2", "s3"]
    for level, factors in zip(levels, stated, strict=True):
        np.testing.assert_array_equal(READERS[reader](level), exact_mean(image, factors[::-1]))


@pytest.mark.parametrize("codec", ["default", None])
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_all_types_of_voxels_come_back(write, dtype, codec):
    image = pixels((5, 20, 33), dtype)
    path = write(image, codec=codec, chunk_shape=(4, 8, 16), max_levels=1) / "setup0/timepoint0/s0"
    compression = {"type": "gzip", "useZlib": False, "level": 1}
    stated = n5_files.attributes(path)["compression"]
    assert stated == (compression if codec else {"type": "raw"})
    for read in (n5_files.dataset, by_tensorstore):
        back = read(path)
        assert back.dtype == dtype
        np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("has_isal", [True, False])
@pytest.mark.parametrize("level", [0, 1, 6])
def test_the_same_voxels_are_the_same_bytes_whoever_compresses_them(
    tmp_path, monkeypatch, level, has_isal
):
    if has_isal and not deflate._HAS_ISAL:
        pytest.skip("isal is not installed")
    monkeypatch.setattr(deflate, "_HAS_ISAL", has_isal)
    image = pixels((9, 20, 33), "uint16") % 700
    files = []
    for name in ("a.n5", "b.n5"):
        options = {"gzip_level": level, "progress": False, **SIZE}
        path = write_bdv_n5(tmp_path / name, image, **options) / "setup0/timepoint0/s0"
        assert n5_files.attributes(path)["compression"]["level"] == level
        np.testing.assert_array_equal(n5_files.dataset(path), image)
        np.testing.assert_array_equal(by_tensorstore(path), image)
        files.append((path / "0/0/0").read_bytes())
    assert files[0] == files[1]
    assert (len(files[0]) < image.nbytes) == (level > 0)


def test_channels_are_setups_and_times_are_timepoints(write):
    image = pixels((2, 3, 9, 20, 33), "uint16")
    path = write(image, channel_names=["red", "green", "blue"], max_levels=1)
    for t, c in np.ndindex(2, 3):
        view = path / f"setup{c}" / f"timepoint{t}" / "s0"
        np.testing.assert_array_equal(n5_files.dataset(view), image[t, c])
    data = from_xml(path.with_suffix(".xml").read_bytes(), loader=N5)
    assert [setup.name for setup in data.setups] == ["red", "green", "blue"]
    assert data.timepoints == (0, 1)


def test_the_last_chunks_end_where_the_level_does(write):
    path = write(pixels((10, 40, 70), "uint8"), chunk_shape=(8, 32, 64), max_levels=1)
    path = path / "setup0/timepoint0/s0"
    stated = n5_files.attributes(path)
    assert {
        file.relative_to(path).as_posix(): n5_files.chunk(file, stated).shape
        for file in path.glob("*/*/*")
    } == {
        "0/0/0": (8, 32, 64),
        "0/0/1": (2, 32, 64),
        "0/1/0": (8, 8, 64),
        "0/1/1": (2, 8, 64),
        "1/0/0": (8, 32, 6),
        "1/0/1": (2, 32, 6),
        "1/1/0": (8, 8, 6),
        "1/1/1": (2, 8, 6),
    }


def test_a_file_is_what_the_specification_says_byte_by_byte(write):
    """Its own example: 1 × 2 × 3 voxels along x, y, z, of which x is fastest."""
    image = np.arange(1, 7, dtype="uint16").reshape(3, 2, 1)
    path = write(image, codec=None)
    assert (path / "setup0/timepoint0/s0/0/0/0").read_bytes() == bytes.fromhex(
        "0000 0003 00000001 00000002 00000003 0001 0002 0003 0004 0005 0006"
    )


# What is said of them


def test_attributes_are_those_that_bigdataviewer_reads(write):
    image = pixels((40, 100, 70), "uint16")
    path = write(image, factors=[(1, 1, 1), (1, 2, 2)], chunk_shape=(64, 64, 64))
    assert n5_files.attributes(path) == {"n5": "1.0.0"}
    assert n5_files.attributes(path / "setup0") == {
        "downsamplingFactors": [[1, 1, 1], [2, 2, 1]],
        "dataType": "uint16",
    }
    view = path / "setup0" / "timepoint0"
    assert n5_files.attributes(view) == {"multiScale": True, "resolution": [0.25, 0.5, 2.0]}
    gzip = {"type": "gzip", "useZlib": False, "level": 1}
    assert [n5_files.attributes(level) for level in datasets(view)] == [
        {
            "dataType": "uint16",
            "compression": gzip,
            "blockSize": [64, 64, 40],
            "dimensions": [70, 100, 40],
            "downsamplingFactors": [1, 1, 1],
        },
        {
            "dataType": "uint16",
            "compression": gzip,
            "blockSize": [35, 50, 40],
            "dimensions": [35, 50, 40],
            "downsamplingFactors": [2, 2, 1],
        },
    ]


def test_chunks_are_128_cubed_unless_others_are_given(write):
    path = write(np.zeros((150, 140, 130), "uint8"), max_levels=1) / "setup0/timepoint0/s0"
    assert n5_files.attributes(path)["blockSize"] == [128, 128, 128]


@pytest.mark.parametrize("name", ["image.n5", "image.xml", "IMAGE.N5"])
def test_the_xml_lies_beside_and_names_the_folder(write, name):
    path = write(pixels((4, 20, 20), "uint8"), name, file_format="bdv-n5")
    assert path.name == name
    stem = name.rpartition(".")[0]
    folder = path if name.endswith(("n5", "N5")) else path.with_suffix(".n5")
    assert {entry.name for entry in path.parent.iterdir()} == {folder.name, f"{stem}.xml"}
    root = ElementTree.fromstring(path.with_suffix(".xml").read_bytes())  # noqa: S314
    loader = root.find("SequenceDescription/ImageLoader")
    assert loader.get("format") == "bdv.n5"
    assert [(node.tag, node.get("type"), node.text) for node in loader] == [
        ("n5", "relative", folder.name)
    ]
    assert root.findtext("BasePath") == "."
    setup = root.find("SequenceDescription/ViewSetups/ViewSetup")
    assert setup.findtext("size") == "20 20 4"
    assert setup.findtext("voxelSize/unit") == "µm"
    assert setup.findtext("voxelSize/size") == "0.25 0.5 2.0"
    (step,) = root.iter("ViewTransform")
    numbers = [float(word) for word in step.findtext("affine").split()]
    assert numbers == [0.25, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 2, 0]


def test_the_name_in_the_xml_is_a_uri(write, tmp_path):
    """Java's `URI.resolve` fails at a space, and takes %41 for an A."""
    image = pixels((4, 20, 20), "uint8")
    for name, stated in [("my %41.n5", "my%20%2541.n5"), ("µ.n5", "%C2%B5.n5")]:
        path = write(image, name)
        root = ElementTree.fromstring(path.with_suffix(".xml").read_bytes())  # noqa: S314
        assert root.findtext(".//ImageLoader/n5") == stated
        write(image + 1, name, overwrite=True)
        np.testing.assert_array_equal(n5_files.dataset(path / "setup0/timepoint0/s0"), image + 1)


def test_what_is_not_known_is_not_written(tmp_path):
    message = r"'image.xml' is written without .* Voxels are written as \(1.0, 1.0, 1.0\) pixel"
    with pytest.warns(UserWarning, match=message):
        path = build_pyramid(pixels((4, 20, 20), "uint8"), tmp_path / "image.n5", progress=False)
    data = from_xml(path.with_suffix(".xml").read_bytes(), loader=N5)
    assert data.setups[0].voxel_size.size == (1, 1, 1)
    assert data.setups[0].voxel_size.unit == "pixel"


def test_a_copy_keeps_numbers_names_and_registrations_and_no_missing_view(tmp_path, write):
    views = {
        (time, setup): [pixels((8, 32, 48), "uint16", seed=10 * time + setup)]
        for time, setup in [(3, 1), (3, 4), (7, 4)]
    }
    affine = (0.9, -0.1, 0.2, 7.5, 0.3, 1.1, 0, -8, 0, 0.05, 1.2, 9.25)
    registration = (
        '<ViewRegistration timepoint="{}" setup="{}"><ViewTransform type="affine">'
        f"<affine>{' '.join(map(str, affine))}</affine></ViewTransform></ViewRegistration>"
    )
    every = [(3, 1), (3, 4), (7, 1), (7, 4)]
    source = write_dataset(
        tmp_path / "source",
        views,
        [
            {
                "id": number,
                "size": (48, 32, 8),
                "voxel": (0.5, 0.25, 2),
                "unit": "µm",
                "attributes": {"channel": channel},
            }
            for channel, number in enumerate([1, 4])
        ],
        data_type="uint16",
        xml_options={
            "registrations": "".join(registration.format(*view) for view in every),
            "missing": [(7, 1)],
            "timepoints": (
                '<Timepoints type="list"><Timepoint><id>3</id></Timepoint>'
                "<Timepoint><id>7</id></Timepoint></Timepoints>"
            ),
        },
    )
    image = BioImage(source, reader=Reader)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = build_pyramid(image, tmp_path / "copy.n5", progress=False)
    assert {folder.relative_to(path).as_posix() for folder in path.glob("setup*/timepoint*")} == {
        f"setup{setup}/timepoint{time}" for time, setup in views
    }
    assert n5_files.attributes(path / "setup1")["dataType"] == "uint16"
    for (time, setup), (stack,) in views.items():
        view = path / f"setup{setup}" / f"timepoint{time}"
        np.testing.assert_array_equal(n5_files.dataset(view / "s0"), stack)
        assert n5_files.attributes(view)["resolution"] == [0.5, 0.25, 2.0]
    data = from_xml(path.with_suffix(".xml").read_bytes(), loader=N5)
    assert data.timepoints == (3, 7)
    assert data.missing == {(7, 1)}
    assert {step.affine for view in data.registrations for step in view.transforms} == {affine}


def test_the_reader_of_bdv_hdf5_says_what_opens_it(write):
    xml = write(pixels((4, 20, 20), "uint8")).with_suffix(".xml")
    with pytest.raises(Exception, match=r"keeps its pixels as 'bdv.n5', .* it names image.n5; .*"):
        BioImage(xml, reader=Reader)


# What is refused, before anything is written


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "image.zip"}, ValueError, "ends neither in '.n5' nor in '.xml': give that of"),
        ({"shard_shape": (64,) * 3}, ValueError, "shard_shape is given, but N5 has no shards"),
        (
            {"time_interval": 2, "time_unit": "s"},
            ValueError,
            "time_interval is 2 and time_unit is 's', but BDV-N5 has no place for them: leave them",
        ),
        ({"codec": GzipCodec()}, ValueError, "but BDV-N5 is compressed by gzip: leave codec out"),
        ({"chunk_shape": (8, 8)}, ValueError, r"chunk_shape is \(8, 8\): give 3 numbers"),
        ({"dtype": "float16"}, TypeError, "BigDataViewer has no voxels of type float16: convert"),
    ],
)
def test_refuses_before_anything_is_written(write, tmp_path, options, error, message):
    image = np.zeros((4, 20, 20), options.pop("dtype", "uint8"))
    with pytest.raises(error, match=message):
        write(image, file_format="bdv-n5", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("level", [10, -1, True, "1", 1.5])
def test_refuses_a_gzip_level_that_is_none(tmp_path, level):
    with pytest.raises(ValueError, match=f"gzip_level is {level!r}: give 0 to 9, or None not to"):
        write_bdv_n5(tmp_path / "a.n5", np.zeros((4, 4, 4), "uint8"), gzip_level=level)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_chunk_that_n5_has_no_place_for(tmp_path):
    class Huge:
        shape, dtype = (2048, 1024, 1024), np.dtype("uint8")

        def __getitem__(self, key):
            raise AssertionError("it is read")

    options = {"chunk_shape": Huge.shape, "memory_limit": 2**40, "progress": False, **SIZE}
    with pytest.raises(ValueError, match=r"takes 2.00 GiB, but N5 allows no 2 GiB: give a smaller"):
        build_pyramid(Huge(), tmp_path / "a.n5", **options)
    assert list(tmp_path.iterdir()) == []


def test_the_xml_of_hdf5_is_not_overwritten(write):
    image = pixels((4, 20, 20), "uint8")
    xml = write(image, "image.xml")
    before = xml.read_bytes()
    message = r"image.xml' exists and is no XML of 'image.n5' .*keeps its pixels as 'bdv.hdf5', not"
    with pytest.raises(FileExistsError, match=message):
        write(image, overwrite=True)
    assert xml.read_bytes() == before
    assert not xml.with_suffix(".n5").exists()


def test_the_xml_of_n5_is_not_overwritten_by_hdf5(write):
    image = pixels((4, 20, 20), "uint8")
    xml = write(image).with_suffix(".xml")
    before = xml.read_bytes()
    message = "image.xml' exists and is no XML of 'image.h5' that could be replaced"
    with pytest.raises(FileExistsError, match=message):
        write(image, "image.xml", overwrite=True)
    assert xml.read_bytes() == before
    assert not xml.with_suffix(".h5").exists()


# What lies in a folder besides its pyramids


@pytest.fixture
def folder(write):
    return write(pixels((2, 2, 9, 20, 33), "uint8"), chunk_shape=(8, 16, 16))


def test_a_dataset_alone_is_no_stranger(folder):
    for place in (folder, folder / "setup1", folder / "setup0/timepoint1/s0/1/1"):
        (place / ".DS_Store").touch()
    assert foreign(folder) is None


@pytest.mark.parametrize("depth", range(6))
@pytest.mark.parametrize("name", ["notes.txt", "labels"])
def test_what_else_lies_there_is_named(folder, depth, name):
    place = "/".join(["setup0", "timepoint1", "s0", "1", "0"][:depth])
    (folder / place / name).mkdir()
    path = f"{place}/{name}".strip("/")
    assert foreign(folder) == f"holds, besides its pyramid, {path!r}"
    (folder / place / name).rmdir()
    (folder / place / name).touch()
    assert foreign(folder) == f"holds, besides its pyramid, {path!r}"


def test_what_is_named_like_a_chunk_and_is_none_is_a_stranger(folder):
    (folder / "setup0/timepoint0/s0/0/0/7").mkdir()
    (folder / "setup0/timepoint0/s0/7").touch()
    assert foreign(folder) == (
        "holds, besides its pyramid, 'setup0/timepoint0/s0/0/0/7', 'setup0/timepoint0/s0/7'"
    )


def test_other_folders_are_none_of_bigdataviewer(folder, tmp_path):
    assert foreign(tmp_path) == "is no N5 folder of BigDataViewer"
    assert foreign(folder / "attributes.json") == "is no folder"
    for content in ("[]", "{}", "thesis"):
        for setup in ("setup0", "setup1"):
            (folder / setup / "attributes.json").write_text(content)
        assert foreign(folder) == "is no N5 folder of BigDataViewer"


def test_what_bigdataviewer_writes_itself_may_be_replaced(tmp_path):
    """The names that it has given to setups and time points, before and since its release."""
    for setup, timepoint in [("setup00", "timepoint00000"), ("setup0", "timepoint0")]:
        view = tmp_path / setup / timepoint / "s0" / "0" / "0"
        view.mkdir(parents=True)
        (view / "0").write_bytes(b"")
        (tmp_path / setup / "attributes.json").write_text(json.dumps({"downsamplingFactors": []}))
    assert foreign(tmp_path) is None
