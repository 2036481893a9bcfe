"""A BigDataViewer image that is written again: what its XML tells of its views is kept.

Right values come from the XML read with ElementTree and matrices multiplied here.
"""

import json
import warnings
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats.bdv.reader import Reader
from tests.bdv_files import halved, pixels, registration, write_dataset

CALIBRATION = (0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 2, 0)
MOVED = (0.5, 0, 0, 100, 0, 0.25, 0, 200, 0, 0, 2, 300)
SHIFT = (1, 0, 0, 100, 0, 1, 0, 200, 0, 0, 1, 300)
AFFINE = (0.9, -0.1, 0.2, 7.5, 0.3, 1.1, 0, -8, 0, 0.05, 1.2, 9.25)
TIMES = (2, 3, 7)
LISTED = (
    '<Timepoints type="list">'
    + "".join(f"<Timepoint><id>{t}</id></Timepoint>" for t in TIMES)
    + "</Timepoints>"
)


def named(timepoint, setup, *steps):
    """One view's registration from pairs of a name and twelve numbers."""
    inner = "".join(
        f'<ViewTransform type="affine"><Name>{name}</Name>'
        f"<affine>{' '.join(map(str, affine))}</affine></ViewTransform>"
        for name, affine in steps
    )
    return f'<ViewRegistration timepoint="{timepoint}" setup="{setup}">{inner}</ViewRegistration>'


def setup(number, channel, angle=0, **more):
    return {
        "id": number,
        "name": f"view {number}",
        "size": (48, 32, 8),
        "voxel": (0.5, 0.25, 2),
        "unit": "µm",
        "attributes": {"channel": channel, "angle": angle},
        **more,
    }


@pytest.fixture
def dataset(tmp_path):
    """Make a dataset of these setups; `missing` views are not stored either."""

    def make(setups, registrations, *, times=(0,), missing=(), levels=1, **options):
        views = {}
        for time in times:
            for one in setups:
                if (time, one["id"]) not in missing:
                    stack = pixels((8, 32, 48), "uint16", seed=10 * time + one["id"])
                    views[time, one["id"]] = [stack, halved(stack), halved(halved(stack))][:levels]
        listed = "".join(f"<Timepoint><id>{t}</id></Timepoint>" for t in times)
        options.setdefault("timepoints", f'<Timepoints type="list">{listed}</Timepoints>')
        path = write_dataset(
            tmp_path / "source",
            views,
            setups,
            data_type="uint16",
            xml_options={"registrations": registrations, "missing": missing, **options},
        )
        return path, views

    return make


@pytest.fixture
def copy(tmp_path):
    def copy(source, name="copy.xml", **options):
        return build_pyramid(source, tmp_path / name, progress=False, **options)

    return copy


def document(path):
    return ElementTree.fromstring(path.read_bytes())  # noqa: S314 - made here


def steps(path):
    """Each view's transforms: name and twelve numbers, in the order of the XML."""
    return {
        (int(view.get("timepoint")), int(view.get("setup"))): [
            (step.findtext("Name"), tuple(map(float, step.findtext("affine").split())))
            for step in view.iter("ViewTransform")
        ]
        for view in document(path).iter("ViewRegistration")
    }


def model(transforms):
    """From voxels to space: the last step listed is applied first."""
    whole = np.eye(4)
    for _, affine in transforms:
        whole = whole @ np.vstack([np.reshape(affine, (3, 4)), [0, 0, 0, 1]])
    return whole


def missing(path):
    return {
        (int(view.get("timepoint")), int(view.get("setup")))
        for view in document(path).iter("MissingView")
    }


# BDV-HDF5 from BDV-HDF5


def test_registrations_of_each_time_point_stay_in_their_order(dataset, copy):
    transforms = {
        (t, s): [
            ("stitched", (*AFFINE[:3], t + s, *AFFINE[4:])),
            ("moved", SHIFT),
            ("size", CALIBRATION),
        ]
        for t in TIMES
        for s in (4, 6)
    }
    source, views = dataset(
        [setup(4, 0), setup(6, 1)],
        "".join(named(*view, *own) for view, own in transforms.items()),
        times=TIMES,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = copy(BioImage(source))
    assert steps(path) == transforms
    with h5py.File(path.with_suffix(".h5")) as file:
        assert set(file) == {"s04", "s06", "t00002", "t00003", "t00007"}
        for (time, number), (stack, *_) in views.items():
            stored = file[f"t{time:05d}/s{number:02d}/0/cells"][()].view(np.uint16)
            np.testing.assert_array_equal(stored, stack)
    np.testing.assert_array_equal(BioImage(path).data, BioImage(source).data)


def test_missing_views_are_not_written(dataset, copy):
    gone = {(3, 6), (7, 4)}
    source, views = dataset(
        [setup(4, 0), setup(6, 1)],
        "".join(registration(t, s, CALIBRATION) for t in TIMES for s in (4, 6)),
        times=TIMES,
        missing=gone,
    )
    path = copy(BioImage(source), codec=None)
    assert missing(path) == gone
    assert set(steps(path)) == {(t, s) for t in TIMES for s in (4, 6)}
    with h5py.File(path.with_suffix(".h5")) as file:
        stored = {(t, s) for t in TIMES for s in (4, 6) if f"t{t:05d}/s{s:02d}" in file}
    assert stored == set(views)
    back = BioImage(path)
    assert back.reader.metadata.missing == gone
    np.testing.assert_array_equal(back.data, BioImage(source).data)


def test_a_view_without_a_registration_gets_its_calibration_and_a_warning(dataset, copy):
    source, _ = dataset([setup(0, 0), setup(1, 1)], registration(0, 0, MOVED))
    with pytest.warns(
        UserWarning, match="told for setup 1 at time point 0: it is written with"
    ) as w:
        path = copy(BioImage(source))
    assert w[0].filename == __file__
    assert steps(path) == {(0, 0): [(None, MOVED)], (0, 1): [("calibration", CALIBRATION)]}


def test_names_attributes_and_voxel_size_stay(dataset, copy):
    source, _ = dataset(
        [setup(0, 3, angle=5, unit="nm"), setup(1, 4, angle=5, unit="nm")],
        "".join(registration(0, s, CALIBRATION) for s in (0, 1)),
        names={"channel": {3: "DAPI", 4: "GFP", 9: "unused"}, "angle": {5: "45"}},
    )
    text = source.read_text("utf-8").replace(
        "<name>45</name>", "<name>45</name><axis>0 1 0</axis><degrees>\n 45.0\n</degrees>"
    )
    source.write_text(text, "utf-8")
    path = copy(BioImage(source))
    root = document(path)
    setups = root.findall(".//ViewSetup")
    assert [one.findtext("name") for one in setups] == ["view 0", "view 1"]
    assert [one.findtext("attributes/channel") for one in setups] == ["3", "4"]
    assert {one.findtext("attributes/angle") for one in setups} == {"5"}
    assert {one.findtext("voxelSize/size") for one in setups} == {"0.5 0.25 2.0"}
    assert {one.findtext("voxelSize/unit") for one in setups} == {"nm"}
    channels = root.findall(".//Attributes[@name='channel']/Channel")
    assert [(c.findtext("id"), c.findtext("name")) for c in channels] == [
        ("3", "DAPI"),
        ("4", "GFP"),
    ]
    (angle,) = root.findall(".//Attributes[@name='angle']/Angle")
    assert [(part.tag, part.text) for part in angle] == [
        ("id", "5"),
        ("name", "45"),
        ("axis", "0 1 0"),
        ("degrees", "45.0"),
    ]


def test_channel_names_can_be_replaced(dataset, copy):
    source, _ = dataset(
        [setup(0, 3), setup(1, 4)],
        "".join(registration(0, s, MOVED) for s in (0, 1)),
        names={"channel": {3: "DAPI"}},
    )
    path = copy(BioImage(source), channel_names=["nuclei", "membrane"])
    assert BioImage(path).channel_names == ["nuclei", "membrane"]
    assert [one.findtext("name") for one in document(path).iter("ViewSetup")] == [
        "nuclei",
        "membrane",
    ]
    assert set(map(tuple, steps(path).values())) == {((None, MOVED),)}


def test_a_name_of_several_lines_can_be_copied(dataset, copy):
    source, _ = dataset([setup(0, 0, name="\n  a  b\n")], registration(0, 0, MOVED))
    assert document(copy(BioImage(source))).findtext(".//ViewSetup/name").strip() == "a  b"


def test_another_scene_keeps_what_is_its_own(dataset, copy):
    own = {0: CALIBRATION, 1: MOVED, 2: CALIBRATION, 3: MOVED}
    source, views = dataset(
        [setup(s, s % 2, angle=s // 2) for s in range(4)],
        "".join(registration(t, s, (*own[s][:11], t)) for t in (0, 1) for s in range(4)),
        times=(0, 1),
        missing={(1, 0), (1, 3)},
        names={"angle": {0: "0", 1: "90"}},
    )
    image = BioImage(source)
    assert len(image.scenes) == 2
    image.set_scene(1)
    path = copy(image)
    assert missing(path) == {(1, 3)}
    assert steps(path) == {(t, s): [(None, (*own[s][:11], t))] for t in (0, 1) for s in (2, 3)}
    angles = document(path).findall(".//Angle")
    assert [(a.findtext("id"), a.findtext("name")) for a in angles] == [("1", "90")]
    with h5py.File(path.with_suffix(".h5")) as file:
        np.testing.assert_array_equal(
            file["t00000/s03/0/cells"][()].view(np.uint16), views[0, 3][0]
        )


@pytest.mark.parametrize("number", [1, 2])
def test_a_coarser_level_lies_where_it_lay(dataset, copy, number):
    factors = [(1, 1, 1), (2, 3, 1), (4, 6, 2)]  # x, y, z
    stack = [
        pixels((8, 32, 48), "uint16"),
        pixels((8, 10, 24), "uint16"),
        pixels((4, 5, 12), "uint16"),
    ]
    source = write_dataset(
        dataset([setup(0, 0)], named(0, 0, ("affine", AFFINE), ("calibration", CALIBRATION)))[
            0
        ].parent,
        {(0, 0): stack},
        [setup(0, 0)],
        name="levels",
        resolutions={0: factors},
        xml_options={
            "registrations": named(0, 0, ("affine", AFFINE), ("calibration", CALIBRATION))
        },
    )
    image = BioImage(source)
    image.set_resolution_level(number)
    path = copy(image)
    assert document(path).findtext(".//ViewSetup/voxelSize/size") == " ".join(
        str(float(s * f)) for s, f in zip((0.5, 0.25, 2), factors[number], strict=True)
    )
    assert document(path).findtext(".//ViewSetup/size") == " ".join(
        map(str, stack[number].shape[::-1])
    )
    (transforms,) = steps(path).values()
    assert [name for name, _ in transforms] == ["affine", "calibration"]
    # The corner of the level's first voxel is the corner of the image, wherever that lies.
    corner = np.array([-0.5, -0.5, -0.5, 1])
    whole = model([("", AFFINE), ("", CALIBRATION)])
    np.testing.assert_allclose(model(transforms) @ corner, whole @ corner, rtol=1e-12)
    ends = np.array(factors[number]) * 5.0
    np.testing.assert_allclose(
        model(transforms) @ [4.5, 4.5, 4.5, 1], whole @ [*(ends - 0.5), 1], rtol=1e-12
    )


def test_another_voxel_size_replaces_a_calibration_in_silence(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, CALIBRATION))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = copy(BioImage(source), voxel_size=(3, 1, 1), unit="µm")
    assert steps(path) == {(0, 0): [("calibration", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0))]}


@pytest.mark.parametrize("affine", [MOVED, AFFINE])
def test_another_voxel_size_says_which_registrations_it_ends(dataset, copy, affine):
    source, _ = dataset(
        [setup(0, 0), setup(1, 1)], registration(0, 0, CALIBRATION) + registration(0, 1, affine)
    )
    message = (
        r"registrations are not kept for setup 1 at time point 0: they hold for voxels "
        r"of 2, 0.25, 0.5 \(z, y, x, at full resolution\), and the given voxel size means "
        r"3, 1, 1. To keep them, leave out voxel_size"
    )
    with pytest.warns(UserWarning, match=message) as seen:
        path = copy(BioImage(source), voxel_size=(3, 1, 1), unit="µm")
    assert seen[0].filename == __file__
    assert {view[0] for view in steps(path).values()} == {
        ("calibration", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0))
    }


def test_the_same_voxel_size_told_again_ends_nothing(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, MOVED))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = copy(BioImage(source), voxel_size=(2, 0.25, 0.5), unit="µm")
    assert steps(path) == {(0, 0): [(None, MOVED)]}


@pytest.mark.parametrize("again", [False, True])
def test_another_unit_scales_space_with_the_voxels(dataset, copy, again):
    source, _ = dataset([setup(0, 0, unit="nm")], registration(0, 0, MOVED))
    image = BioImage(source)
    told = {"voxel_size": image.physical_pixel_sizes} if again else {}
    path = copy(image, unit="µm", **told)
    voxel = document(path).find(".//voxelSize")
    assert voxel.findtext("unit") == "µm"
    sizes = [float(length) for length in voxel.findtext("size").split()]
    np.testing.assert_allclose(sizes, [0.0005, 0.00025, 0.002], rtol=1e-9)
    (transforms,) = steps(path).values()
    assert [name for name, _ in transforms] == ["to µm", None]
    in_micrometres = np.diag([0.001, 0.001, 0.001, 1]) @ model([("", MOVED)])
    np.testing.assert_allclose(model(transforms), in_micrometres, rtol=1e-9)


def test_a_copied_level_with_another_voxel_size_keeps_its_half_voxel(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, CALIBRATION), levels=2)
    image = BioImage(source)
    image.set_resolution_level(1)
    path = copy(image, voxel_size=(8, 2, 2), unit="µm")
    assert steps(path) == {(0, 0): [("calibration", (2, 0, 0, 0.5, 0, 2, 0, 0.5, 0, 0, 8, 2))]}


def test_an_array_tells_nothing_of_its_views(dataset, copy):
    source, _ = dataset(
        [setup(4, 0)], registration(2, 4, MOVED), times=TIMES, missing={(3, 4), (7, 4)}
    )
    path = copy(BioImage(source).dask_data, voxel_size=(2, 0.25, 0.5), unit="µm")
    assert missing(path) == set()
    assert steps(path) == {(t, 0): [("calibration", CALIBRATION)] for t in range(3)}


def test_a_voxel_size_that_nobody_told_stays_untold(dataset, copy):
    bare = setup(0, 0)
    del bare["voxel"]
    source, _ = dataset([bare], registration(0, 0, AFFINE))
    path = copy(BioImage(source))
    assert document(path).find(".//voxelSize") is None
    assert steps(path) == {(0, 0): [(None, AFFINE)]}


# OME-Zarr from BDV-HDF5


def described(path, version="0.5"):
    """Scale and translation of each level, and the units, as the JSON says them."""
    if version == "0.5":
        attributes = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
    else:
        attributes = json.loads((path / ".zattrs").read_text())
    (multiscale,) = attributes["multiscales"]
    levels = []
    for level in multiscale["datasets"]:
        scale, translation = level["coordinateTransformations"]
        assert (scale["type"], translation["type"]) == ("scale", "translation")
        levels.append((scale["scale"], translation["translation"]))
    return levels, [axis.get("unit") for axis in multiscale["axes"]]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("unit", ["µm", "nm"])
def test_ome_zarr_gets_the_translation(dataset, copy, version, unit):
    size = 1 if unit == "µm" else 0.001
    source, _ = dataset(
        [setup(0, 0, unit=unit), setup(1, 1, unit=unit)],
        "".join(named(0, s, ("moved", SHIFT), ("size", CALIBRATION)) for s in (0, 1)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = copy(
            BioImage(source),
            "copy.ome.zarr",
            file_format=f"ome-zarr-{version}",
            factors=[(1, 1, 1), (1, 2, 2), (2, 4, 4)],
        )
    levels, units = described(path, version)
    to_micrometres = {"nanometer": 0.001, "micrometer": 1}[units[-1]]
    for (scale, translation), factors in zip(
        levels, [(1, 1, 1), (1, 2, 2), (2, 4, 4)], strict=True
    ):
        assert scale[:2] == [1, 1]
        assert translation[:2] == [0, 0]
        voxel = np.array([2, 0.25, 0.5])
        expected = [300, 200, 100] + voxel * (np.array(factors) - 1) / 2
        np.testing.assert_allclose(
            np.array(translation[2:]) * to_micrometres, expected * size, rtol=1e-9
        )
        np.testing.assert_allclose(
            np.array(scale[2:]) * to_micrometres, voxel * factors * size, rtol=1e-9
        )


def test_ome_zarr_of_a_coarser_level_lies_where_it_lay(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, MOVED), levels=3)
    image = BioImage(source)
    image.set_resolution_level(2)
    levels, _ = described(copy(image, "copy.ome.zarr", max_levels=1))
    assert levels == [([1, 1, 8, 1, 2], [0, 0, 303, 200.375, 100.75])]


@pytest.mark.parametrize(
    ("registrations", "message"),
    [
        (
            registration(0, 0, CALIBRATION) + registration(0, 1, MOVED),
            "its positions, which differ",
        ),
        (
            registration(0, 0, CALIBRATION) + registration(0, 1, AFFINE),
            "its registration, which does more than calibrate and translate .* for setup 1 at time",
        ),
        (registration(0, 0, SHIFT) + registration(0, 1, SHIFT), ".* scale by other than the voxel"),
    ],
)
def test_ome_zarr_says_what_it_cannot_hold(dataset, copy, registrations, message):
    source, _ = dataset([setup(0, 0), setup(1, 1)], registrations)
    with pytest.warns(UserWarning, match=f"OME-Zarr 0.5 has no place .*Lost are {message}") as seen:
        path = copy(BioImage(source), "copy.ome.zarr", max_levels=1)
    assert len(seen) == 1
    assert described(path)[0] == [([1, 1, 2, 0.25, 0.5], [0] * 5)]


def test_ome_zarr_says_that_views_are_missing_and_time_points_renumbered(dataset, copy):
    source, views = dataset(
        [setup(0, 0)],
        "".join(registration(t, 0, MOVED) for t in TIMES),
        times=TIMES,
        missing={(3, 0)},
    )
    with pytest.warns(UserWarning, match="OME-Zarr") as seen:
        path = copy(BioImage(source), "copy.ome.zarr", max_levels=1)
    (warning,) = [str(w.message) for w in seen if "has no place" in str(w.message)]
    assert "views are missing (1, such as that of setup 0 at time point 3)" in warning
    assert "the numbers of its time points, 2, 3, 7, which are counted from 0" in warning
    assert described(path)[0][0][1] == [0, 0, 300, 200, 100]
    array = zarr.open_array(path / "0", mode="r")
    np.testing.assert_array_equal(array[0, 0], views[2, 0][0])
    assert not array[1].any()


def test_ome_zarr_with_another_voxel_size_says_that_the_position_goes(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, MOVED))
    with pytest.warns(UserWarning, match="its position, which was told for another voxel size"):
        path = copy(BioImage(source), "a.ome.zarr", voxel_size=(3, 1, 1), unit="µm", max_levels=1)
    assert described(path)[0] == [([1, 1, 3, 1, 1], [0] * 5)]
    path = copy(BioImage(source), "b.ome.zarr", voxel_size=(2, 0.25, 0.5), unit="µm", max_levels=1)
    assert described(path)[0] == [([1, 1, 2, 0.25, 0.5], [0, 0, 300, 200, 100])]


@pytest.mark.parametrize("told", [{"voxel_size": (2000, 250, 500), "unit": "nm"}, {"unit": "nm"}])
def test_the_same_voxel_size_in_another_unit_keeps_the_position(dataset, copy, told):
    source, _ = dataset([setup(0, 0)], registration(0, 0, MOVED))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zarr_path = copy(BioImage(source), "a.ome.zarr", max_levels=1, **told)
        xml = copy(BioImage(source), **told)
    scale, translation = described(zarr_path)[0][0]
    np.testing.assert_allclose(scale, [1, 1, 2000, 250, 500])
    np.testing.assert_allclose(translation, [0, 0, 300_000, 200_000, 100_000])
    (model,) = [registered.model for registered in Reader(xml).metadata.registrations]
    np.testing.assert_allclose(model[:3, 3], [100_000, 200_000, 300_000])
    np.testing.assert_allclose(np.diag(model), [500, 250, 2000, 1])


def test_a_reader_is_as_good_as_a_bioimage(dataset, copy):
    source, _ = dataset([setup(4, 0)], registration(0, 4, MOVED))
    assert steps(copy(Reader(source))) == {(0, 4): [(None, MOVED)]}


def test_ome_tiff_says_that_the_position_goes(dataset, copy):
    source, views = dataset([setup(0, 0)], registration(0, 0, MOVED))
    with pytest.warns(UserWarning, match="has no place for .*Lost are its position.$") as seen:
        path = copy(BioImage(source), "copy.ome.tif", chunk_shape=None, max_levels=1)
    assert len(seen) == 1
    np.testing.assert_array_equal(tifffile.imread(path), views[0, 0][0].squeeze())


def test_ome_tiff_says_what_else_it_cannot_hold(dataset, copy):
    source, _ = dataset([setup(0, 0)], registration(0, 0, AFFINE))
    with pytest.warns(UserWarning, match="Lost are its registration, which does more"):
        copy(BioImage(source), "copy.ome.tif", chunk_shape=None, max_levels=1)
