"""BigDataViewer files as they are found: what no pixel needs is wrong, no pixel is guessed.

Right values come from the arrays that were stored, or from h5py.
"""

import itertools

import h5py
import numpy as np
import pytest
from bioio import BioImage
from bioio_base import exceptions
from bioio_base.types import PhysicalPixelSizes

from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.formats.bdv.split import FORMAT as SPLIT
from bigimg_lessons.formats.bdv.writer import write_bdv
from tests.bdv_files import halved, pixels, registration, write_dataset, write_h5, xml

SHIFT = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
NO_WARNING = "error::UserWarning"


def tile(number, size, **more):
    return {"id": number, "size": size, "attributes": {"channel": 0, "tile": number}, **more}


def scenes(image):
    """Pixels of all scenes, by name."""
    found = {}
    for name in image.scenes:
        image.set_scene(name)
        found[name] = image.data
    return found


# --- what the XML says, and no pixel needs


def test_the_extent_in_hdf5_goes_before_the_size_in_the_xml(tmp_path):
    a, b = pixels((8, 32, 48)), pixels((6, 32, 48), seed=1)
    setups = [tile(0, (48, 32, 6)), tile(1, (48, 32, 6))]
    path = write_dataset(tmp_path, {(0, 0): [a], (0, 1): [b]}, setups)
    with pytest.warns(
        UserWarning, match=r"data\.h5 holds \(8, 32, 48\) .* setup 0,.*<size>"
    ) as told:
        image = BioImage(path)
    assert len(told) == 1
    assert [setup.size for setup in image.metadata.setups] == [(8, 32, 48), (6, 32, 48)]
    found = scenes(image)
    np.testing.assert_array_equal(found["tile 0"][0, 0], a)
    np.testing.assert_array_equal(found["tile 1"][0, 0], b)


@pytest.mark.parametrize("planes", [12, 5])
def test_a_stack_that_grew_or_stopped_early(tmp_path, planes):
    full = pixels((planes, 32, 48))
    setups = [{"id": 0, "size": (48, 32, 8)}]
    path = write_dataset(tmp_path, {(0, 0): [full]}, setups, chunks=(1, 32, 48))
    with pytest.warns(UserWarning, match="setup 0"):
        image = BioImage(path)
    np.testing.assert_array_equal(image.data[0, 0], full)


def test_a_fault_of_many_setups_is_told_once(tmp_path):
    views = {(0, n): [pixels((2, 3, 4), seed=n)] for n in range(40)}
    setups = [tile(n, (4, 3, 1 + n % 2), voxel=(1, 1, "NaN")) for n in range(40)]
    path = write_dataset(tmp_path, views, setups)
    with pytest.warns(UserWarning, match="setup 0") as told:
        Reader(path)
    texts = sorted(str(warning.message) for warning in told)
    assert len(texts) == 2
    assert "data.h5 holds (2, 3, 4)" in texts[0]
    assert texts[0].endswith("setup 10 with (2, 3, 4), 14 more.")
    assert "data.xml" in texts[1]
    assert texts[1].endswith("setup 5, 34 more.")


def test_voxel_sizes_are_unknown_axis_by_axis_at_every_level(tmp_path):
    full = pixels((8, 32, 48))
    setups = [{"id": 0, "voxel": (0.5, 0.25, "NaN"), "unit": "nm"}]
    path = write_dataset(tmp_path, {(0, 0): [full, halved(full)]}, setups)
    with pytest.warns(UserWarning, match=r"data\.xml: <size> in <voxelSize>.*0\.5 0\.25 NaN"):
        image = BioImage(path)
    assert image.physical_pixel_sizes == PhysicalPixelSizes(None, 0.00025, 0.0005)
    image.set_resolution_level(1)
    assert image.physical_pixel_sizes == PhysicalPixelSizes(None, 0.0005, 0.001)
    np.testing.assert_array_equal(image.data[0, 0], halved(full))


def test_a_broken_registration_touches_no_pixel(tmp_path):
    full = pixels((8, 32, 48))
    options = {"registrations": registration(0, 0, SHIFT).replace("affine", "generic")}
    path = write_dataset(tmp_path, {(0, 0): [full]}, xml_options=options)
    with pytest.warns(
        UserWarning, match="'generic'.* position of setup 0 at time point 0 is not known"
    ):
        image = BioImage(path)
    assert image.metadata.registrations == ()
    np.testing.assert_array_equal(image.data[0, 0], full)


@pytest.mark.parametrize("ending", [".xml", ".h5"])
@pytest.mark.filterwarnings(NO_WARNING)
def test_files_of_before_2014(tmp_path, ending):
    full = pixels((8, 32, 48))
    write_h5(tmp_path / "data.h5", {(0, 0): [full]}, legacy=True)
    (tmp_path / "data.xml").write_text(
        """<SequenceDescription><BasePath type="relative">.</BasePath>
        <ImageLoader class="bdv.img.hdf5.Hdf5ImageLoader"><hdf5 type="relative">data.h5</hdf5>
        </ImageLoader><ViewSetup><id>0</id><angle>0</angle><illumination>0</illumination>
        <channel>0</channel><width>48</width><height>32</height><depth>8</depth>
        <pixelWidth>0.5</pixelWidth><pixelHeight>0.5</pixelHeight><pixelDepth>2</pixelDepth>
        </ViewSetup><Timepoints type="range"><first>0</first><last>0</last></Timepoints>
        <ViewRegistrations/></SequenceDescription>"""
    )
    image = BioImage(tmp_path / f"data{ending}")
    assert image.physical_pixel_sizes == PhysicalPixelSizes(2.0, 0.5, 0.5)
    assert image.dimension_properties.X.unit is None
    np.testing.assert_array_equal(image.data[0, 0], full)


# --- each setup by its own


def test_a_setup_of_another_type_never_takes_that_of_its_neighbour(tmp_path):
    """Setup 1 is int16, all -5, and its pyramid broke off; setup 0 is uint16 and complete."""
    a, b = pixels((16, 64, 64)), np.full((16, 64, 64), -5, np.int16)
    path = write_dataset(tmp_path, {(0, 0): [a, halved(a)], (0, 1): [b]}, legacy=False)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        for level in (0, 1):
            name = f"t00000/s00/{level}/cells"
            stored = file[name][...].view(np.int16)
            del file[name]
            file[name] = stored
        del file["s01/resolutions"]
        file["s01/resolutions"] = [[1.0, 1, 1], [2, 2, 2]]
        file["s01"].attrs["dataType"] = np.bytes_("int16")
    with pytest.warns(UserWarning, match="setup 1 should have 2 levels"):
        image = BioImage(path)
    assert image.scenes == ("data (setup 0)", "data (setup 1)")
    np.testing.assert_array_equal(image.data[0, 0], a)
    image.set_scene(1)
    assert (image.dtype, image.resolution_levels) == (np.int16, (0,))
    assert set(image.data.flat) == {-5}


def test_levels_of_two_setups_are_their_own(tmp_path):
    a, b = pixels((16, 64, 64), np.uint8), pixels((16, 64, 64), np.uint16)
    resolutions = {1: [[1, 1, 1], [2, 2, 2]]}
    path = write_dataset(tmp_path, {(0, 0): [a, halved(a)], (0, 1): [b]}, resolutions=resolutions)
    with pytest.warns(
        UserWarning, match="setup 1 should have 2 levels, and level 1 cannot be read"
    ):
        image = BioImage(path)
    assert image.resolution_levels == (0, 1)
    np.testing.assert_array_equal(image.data[0, 0], a)
    image.set_scene(1)
    assert image.resolution_levels == (0,)
    np.testing.assert_array_equal(image.data[0, 0], b)


def test_a_setup_whose_partition_is_away_is_left_out_till_it_is_back(tmp_path):
    a, b = pixels((16, 64, 64)), np.full((16, 64, 64), -5, np.int16)
    setups = [{"id": n, "size": (64, 64, 16), "attributes": {"channel": n}} for n in (0, 1)]
    path = write_dataset(tmp_path, {(0, 0): [a]}, setups)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        file["s01/resolutions"] = [[1.0, 1, 1]]
        file["s01"].attrs["dataType"] = np.bytes_("int16")
        file["t00000/s01"] = h5py.ExternalLink("part.h5", "t00000/s01")
    with pytest.warns(UserWarning, match=r"Setup 1 is left out.*'part\.h5', and there is no file"):
        image = BioImage(path)
    assert (image.scenes, image.dims.C, image.dtype) == (("data",), 1, np.uint16)
    write_h5(tmp_path / "part.h5", {(0, 1): [b]})  # as the message asks
    assert image.dims.C == 1
    image = BioImage(path)
    image.set_scene(1)
    assert image.dtype == np.int16
    assert set(image.data.flat) == {-5}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.__delitem__("s01"), "holds no s01"),
        (lambda f: f.__delitem__("s01/resolutions"), "holds no s01/resolutions"),
        (lambda f: f["s01"].attrs.create("dataType", "float32"), "'float32' but cells of type"),
        (
            lambda f: (
                f.__delitem__("t00000/s01/0/cells"),
                f.create_dataset("t00000/s01/0/cells", (4, 8, 8), "f2"),
            ),
            "cells of type float16",
        ),
        (
            lambda f: (
                f.__delitem__("t00000/s01/0/cells"),
                f.__setitem__("t00000/s01/0/cells", h5py.ExternalLink("/etc/x.h5", "x")),
            ),
            "leaves the folder",
        ),
    ],
)
def test_a_setup_that_cannot_be_told_is_left_out_and_named(tmp_path, spoil, message):
    views = {(0, n): [pixels((4, 8, 8), seed=n)] for n in range(3)}
    path = write_dataset(tmp_path, views)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        spoil(file)
    with pytest.warns(UserWarning, match=rf"Setup 1 is left out, .*{message}") as told:
        image = BioImage(path)
    assert len(told) == 1
    assert image.channel_names == ["channel 0", "channel 2"]
    np.testing.assert_array_equal(image.data[0], [views[0, 0][0], views[0, 2][0]])


def test_a_setup_that_exists_nowhere_is_zeros_of_its_own_type_or_left_out(tmp_path):
    views = {(0, 0): [pixels((3, 6, 5))]}
    setups = [{"id": s, "size": (5, 6, 3), "attributes": {"channel": s}} for s in (0, 1)]
    path = write_dataset(tmp_path, views, setups, xml_options={"missing": [(0, 1)]})
    with pytest.warns(UserWarning, match="Setup 1 is left out.*holds no s01"):
        image = BioImage(path)
    np.testing.assert_array_equal(image.data[0], [views[0, 0][0]])
    with h5py.File(tmp_path / "data.h5", "a") as file:
        file["s01/resolutions"] = [[1.0, 1, 1], [2, 2, 2]]
    with pytest.warns(UserWarning, match="Setup 1 is left out.*lists all of its views as missing"):
        BioImage(path)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        file["s01"].attrs["dataType"] = "float32"
    image = BioImage(path)
    image.set_scene(1)
    assert (image.dtype, image.shape, image.resolution_levels) == (
        np.float32,
        (1, 1, 3, 6, 5),
        (0,),
    )
    assert not image.data.any()


def test_masks_are_zeros_and_ones(tmp_path):
    mask = pixels((4, 8, 8), np.uint8) > 100
    path = write_h5(tmp_path / "data.h5", {})
    with h5py.File(path, "a") as file:
        file["s00/resolutions"] = [[1.0, 1, 1]]
        file.create_dataset("t00000/s00/0/cells", data=mask, chunks=(2, 4, 4), compression="gzip")
    (tmp_path / "data.xml").write_text(xml([{"id": 0}]))
    image = BioImage(tmp_path / "data.xml")
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image.data[0, 0], mask.astype(np.uint8))
    np.testing.assert_array_equal(image.dask_data[0, 0, 3].compute(), mask[3])


def test_what_the_message_about_float16_says_works(tmp_path):
    full = pixels((4, 8, 8), np.float32).astype(np.float16)
    path = write_dataset(tmp_path, {(0, 0): [full]})
    with pytest.raises(ValueError, match=r"setup 0 has cells of type float16.*write_bdv"):
        BioImage(path)
    with h5py.File(tmp_path / "data.h5") as file:
        cells = file["t00000/s00/0/cells"][...].astype(np.float32)
    copy = write_bdv(tmp_path / "copy.xml", cells, chunk_shape=(4, 4, 4), progress=False)
    np.testing.assert_array_equal(BioImage(copy).data[0, 0], full.astype(np.float32))


# --- time points


def test_time_points_of_another_extent_are_read_by_themselves(tmp_path):
    a, b, c = pixels((8, 32, 48)), pixels((6, 32, 48), seed=1), pixels((8, 32, 48), seed=2)
    path = write_dataset(tmp_path, {(0, 0): [a], (1, 0): [b, halved(b)], (2, 0): [c]})
    image = BioImage(path)
    np.testing.assert_array_equal(image.get_image_data("ZYX", T=2), c)
    for read in (lambda: image.get_image_data("ZYX", T=1), lambda: image.data):
        with pytest.raises(ValueError, match=r"has \(6, 32, 48\) .* with timepoints=\[1\]"):
            read()
    alone = BioImage(path, timepoints=[1])
    assert alone.metadata.timepoints == (1,)
    np.testing.assert_array_equal(alone.data[0, 0], b)
    others = BioImage(path, timepoints=(2, 0))
    np.testing.assert_array_equal(others.data[:, 0], [a, c])
    np.testing.assert_array_equal(others.dask_data.compute()[:, 0], [a, c])


def test_time_points_that_the_xml_does_not_list(tmp_path):
    full = pixels((8, 32, 48))
    times = '<Timepoints type="range"><first>0</first><last>0</last></Timepoints>'
    setups = [{"id": 0, "size": (48, 32, 8)}]
    views = {(t, 0): [full + t] for t in (4, 5, 6, 18)}
    path = write_dataset(tmp_path, views, setups, xml_options={"timepoints": times})
    with pytest.raises(
        LookupError,
        match=r"holds no t00000/s00/0/cells\. .* of the file are 4 to 6, 18: .*timepoints=\[4\]",
    ):
        BioImage(path)
    np.testing.assert_array_equal(BioImage(path, timepoints=[18]).data[0, 0], full + 18)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        file.create_group("t00000")
    with pytest.raises(LookupError, match=r"holds no t00000/s00/0/cells\.$"):
        BioImage(path)
    with h5py.File(tmp_path / "data.h5", "a") as file:
        for name in [name for name in file if name.startswith("t")]:
            del file[name]
    with pytest.raises(LookupError, match="The file holds no time point at all"):
        BioImage(path)


@pytest.mark.parametrize("wrong", [[], [-1], [0, -3]])
def test_time_points_that_make_no_sense(tmp_path, wrong):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 3, 4))]})
    with pytest.raises(ValueError, match="give at least one id, from 0"):
        Reader(path, timepoints=wrong)
    with pytest.raises(TypeError):
        Reader(path, timepoints=["0"])


def test_a_view_that_is_neither_there_nor_listed_can_be_listed_as_the_message_says(tmp_path):
    full = pixels((2, 3, 4))
    times = '<Timepoints type="range"><first>0</first><last>1</last></Timepoints>'
    path = write_dataset(tmp_path, {(0, 0): [full]}, [{"id": 0}], xml_options={"timepoints": times})
    entry = '<MissingView timepoint="1" setup="0"/>'
    with pytest.raises(LookupError, match=entry):
        BioImage(path).get_image_data("ZYX", T=1)
    listed = f"</Timepoints><MissingViews>{entry}</MissingViews>"
    path.write_text(path.read_text().replace("</Timepoints>", listed))
    image = BioImage(path)
    np.testing.assert_array_equal(image.data[:, 0], [full, np.zeros_like(full)])


# --- which setups form one image


def fused(ids, places=None):
    """Setups as BigStitcher exports fused channels: fresh ids of all but the channel."""
    return [
        {
            "id": n,
            "attributes": {"illumination": r, "channel": c, "tile": r, "angle": r},
            "voxel": (1, 1, 1),
            "unit": "px",
        }
        for n, (c, r) in enumerate(ids)
    ]


def test_fused_channels_of_bigstitcher_are_one_image(tmp_path):
    views = {(0, n): [pixels((8, 32, 48), seed=n)] for n in range(3)}
    path = write_dataset(tmp_path, views, fused([(0, 0), (1, 1), (2, 1)]))
    image = BioImage(path)
    assert image.scenes == ("data",)
    assert image.channel_names == ["channel 0", "channel 1", "channel 2"]
    np.testing.assert_array_equal(image.data[0], [views[0, n][0] for n in range(3)])


@pytest.mark.parametrize(
    ("ids", "count"),
    [
        ([(0, 0), (1, 0), (0, 1), (1, 1)], [2, 2]),  # tiles of two channels
        ([(0, 0), (1, 1), (0, 1)], [1, 2]),
        ([(0, 0), (0, 0)], [1, 1]),
        ([(2, 5), (1, 6), (0, 7)], [3]),
    ],
)
def test_a_channel_that_occurs_twice_makes_scenes(tmp_path, ids, count):
    views = {(0, n): [pixels((4, 6, 8), seed=n)] for n in range(len(ids))}
    image = BioImage(write_dataset(tmp_path, views, fused(ids)))
    sizes = []
    for scene in image.scenes:
        image.set_scene(scene)
        sizes.append(image.dims.C)
        for c, setup in enumerate(image.reader._scene.setups):
            np.testing.assert_array_equal(image.data[0, c], views[0, setup.id][0])
    assert sizes == count


def test_tiles_at_other_places_are_no_channels_of_one_image(tmp_path):
    views = {(0, n): [pixels((4, 6, 8), seed=n)] for n in range(2)}
    there = (1, 0, 0, 100, 0, 1, 0, 0, 0, 0, 1, 0)
    for folder, moved, count in [("a", SHIFT, 1), ("b", there, 2)]:
        places = registration(0, 0, SHIFT) + registration(0, 1, moved)
        path = write_dataset(
            tmp_path / folder,
            views,
            fused([(0, 0), (1, 1)]),
            xml_options={"registrations": places},
        )
        assert len(BioImage(path).scenes) == count


# --- paths


ABSOLUTE = [r"D:\data\2024\data.h5", "/home/microscope/data.h5", r"\\server\share\data.h5"]


@pytest.mark.parametrize(
    "path_in_xml", [*ABSOLUTE, r"..\elsewhere\data.h5", "file:///D:/a/data.h5"]
)
def test_the_path_of_an_acquisition_computer(tmp_path, path_in_xml):
    full = pixels((2, 5, 4))
    path = write_dataset(tmp_path, {(0, 0): [full]})
    original = path.read_text()
    path.write_text(xml([{"id": 0}], h5=f'<hdf5 type="absolute">{path_in_xml}</hdf5>'))
    beside = (tmp_path / "data.h5").as_posix()
    with pytest.raises(ValueError, match="leaves the folder") as refused:
        BioImage(path)
    assert f"Beside the XML lies {beside}: to read that, open it itself, or write" in str(
        refused.value
    )
    if not path_in_xml.startswith("\\"):
        with pytest.raises(FileNotFoundError, match="Beside the XML lies"):
            BioImage(path, allow_outside=True)
    # First remedy
    with pytest.warns(
        UserWarning, match=r"data\.xml names .*, which does not lead to .*data\.h5: pix"
    ):
        image = BioImage(tmp_path / "data.h5")
    np.testing.assert_array_equal(image.data[0, 0], full)
    # Second remedy
    assert '<hdf5 type="relative">data.h5</hdf5>' in str(refused.value)
    path.write_text(original)
    np.testing.assert_array_equal(BioImage(path).data[0, 0], full)


@pytest.mark.parametrize(
    "written", ["/data.h5", "//data.h5", r"\data.h5", "./data.h5", "sub/../data.h5"]
)
@pytest.mark.parametrize("ending", [".xml", ".h5"])
@pytest.mark.filterwarnings(NO_WARNING)
def test_a_path_called_relative_is_read_from_the_folder_of_the_xml(tmp_path, written, ending):
    full = pixels((2, 5, 4))
    path = write_dataset(tmp_path, {(0, 0): [full]})
    path.write_text(xml([{"id": 0}], h5=f'<hdf5 type="relative">{written}</hdf5>'))
    np.testing.assert_array_equal(BioImage(path.with_suffix(ending)).data[0, 0], full)


def test_a_relative_path_still_needs_leave_to_leave_the_folder(tmp_path):
    outside = write_h5(tmp_path / "secret.h5", {(0, 0): [pixels((2, 5, 4))]})
    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "data.xml"
    for written in (outside.as_posix(), "/../secret.h5", "/%2e%2e/secret.h5", "//../secret.h5"):
        path.write_text(xml([{"id": 0}], h5=f'<hdf5 type="relative">{written}</hdf5>'))
        with pytest.raises(ValueError, match="leaves the folder"):
            BioImage(path)


@pytest.mark.parametrize(
    "names", [("new.xml", "new.h5"), ("other.xml", "Data.h5"), ("a.xml", "data.h5")]
)
def test_renamed_files(tmp_path, names):
    """The XML still names the old file; what the message says works."""
    full = pixels((2, 5, 4))
    path = write_dataset(tmp_path, {(0, 0): [full]})
    written = "./data.h5" if names[1] != "data.h5" else "/old/data.h5"
    kind = "absolute" if written.startswith("/") else "relative"
    path.write_text(xml([{"id": 0}], h5=f'<hdf5 type="{kind}">{written}</hdf5>'))
    path.rename(tmp_path / names[0])
    (tmp_path / "data.h5").rename(tmp_path / names[1])
    if (tmp_path / "data.h5").exists() and names[1] == "Data.h5":
        pytest.skip("letter case makes no difference in this folder")
    with pytest.raises((FileNotFoundError, ValueError)) as refused:
        BioImage(tmp_path / names[0])
    beside = (tmp_path / names[1]).as_posix()
    assert f"Beside the XML lies {beside}" in str(refused.value)
    with pytest.warns(UserWarning, match="does not lead to"):
        image = BioImage(tmp_path / names[1])
    np.testing.assert_array_equal(image.data[0, 0], full)
    # Another file of the same dataset's folder is not taken for it.
    write_h5(tmp_path / "foreign.h5", {(0, 0): [full]})
    with pytest.raises(FileNotFoundError, match="no XML in its folder names it"):
        BioImage(tmp_path / "foreign.h5")


def test_several_xml_files_that_only_name_the_file(tmp_path):
    full = pixels((2, 5, 4))
    path = write_dataset(tmp_path, {(0, 0): [full]})
    path.unlink()
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text(xml([{"id": 0}], h5="<hdf5>/old/data.h5</hdf5>"))
    with pytest.raises(
        ValueError, match=r"may belong to several XML files.*write <hdf5"
    ) as refused:
        BioImage(tmp_path / "data.h5")
    entry = '<hdf5 type="relative">data.h5</hdf5>'
    assert entry in str(refused.value)
    (tmp_path / "b.xml").write_text(xml([{"id": 0}], h5=entry))
    for name in ("b.xml", "data.h5"):
        image = BioImage(tmp_path / name)
        assert image.scenes == ("b",)
        np.testing.assert_array_equal(image.data[0, 0], full)


def test_a_moved_dataset_opens_by_a_partition(tmp_path):
    full = pixels((2, 5, 4))
    write_h5(tmp_path / "data-00-00.h5", {(0, 0): [full]})
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["s00/resolutions"] = [[1.0, 1, 1]]
        file["t00000/s00/0/cells"] = h5py.ExternalLink("data-00-00.h5", "t00000/s00/0/cells")
    h5 = (
        r"<hdf5>D:\x\data.h5</hdf5><partition><path>D:\x\data-00-00.h5</path>"
        "<timepoints>0</timepoints><setups>0</setups></partition>"
    )
    (tmp_path / "any.xml").write_text(xml([{"id": 0}], h5=h5))
    for name in ("data.h5", "data-00-00.h5"):
        with pytest.warns(UserWarning, match=r"does not lead to .*/data\.h5"):
            image = BioImage(tmp_path / name)
        np.testing.assert_array_equal(image.data[0, 0], full)


# --- split datasets


def split_xml(parts, setups, **options):
    definitions = "".join(
        f"<SetupIdDefinition><NewId>{new}</NewId><OldId>{old}</OldId>"
        f"<min>{' '.join(map(str, low))}</min><max>{' '.join(map(str, high))}</max>"
        "</SetupIdDefinition>"
        for new, old, low, high in parts
    )
    inside = (
        '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
        "<SequenceDescription><ViewSetups/></SequenceDescription>"
        f"<SetupIds>{definitions}</SetupIds>"
    )
    return xml(setups, loader=SPLIT, h5=inside, **options)


def test_split_datasets_of_bigstitcher(tmp_path):
    """Two channels, each cut in two along x; one view of a half is missing."""
    whole = {c: pixels((8, 16, 30), seed=c) for c in (0, 1)}
    views = {
        (t, c): [whole[c] + t, halved(whole[c] + t)] for t, c in itertools.product((0, 1), (0, 1))
    }
    write_dataset(tmp_path, views)
    boxes = {0: (0, 17), 1: (14, 29)}  # both ends belong to it
    parts, setups = [], []
    for number, (c, half) in enumerate(itertools.product((0, 1), (0, 1))):
        first, last = boxes[half]
        parts.append((number, c, (first, 0, 0), (last, 15, 7)))
        size = (last - first + 1, 16, 8)
        attributes = {"channel": c, "tile": half}
        setups.append({"id": number, "size": size, "attributes": attributes, "voxel": (1, 1, 2)})
    times = '<Timepoints type="range"><first>0</first><last>1</last></Timepoints>'
    path = tmp_path / "split.xml"
    path.write_text(split_xml(parts, setups, timepoints=times, missing=[(1, 3)]))
    image = BioImage(path)
    assert image.scenes == ("tile 0", "tile 1")
    for half, (first, last) in boxes.items():
        image.set_scene(half)
        assert image.resolution_levels == (0, 1)
        for level in (0, 1):
            image.set_resolution_level(level)
            box = slice(first // 2**level, last // 2**level + 1)
            expected = np.array([[views[t, c][level][..., box] for c in (0, 1)] for t in (0, 1)])
            if half == 1:
                expected[1, 1] = 0
            np.testing.assert_array_equal(image.data, expected)
            np.testing.assert_array_equal(image.dask_data.compute(), expected)
            np.testing.assert_array_equal(
                image.get_image_data("ZY", T=1, C=0, X=-1), expected[1, 0, ..., -1]
            )
    # The dataset that was split still opens by its own XML and by the HDF5 file.
    assert BioImage(tmp_path / "data.h5").shape == (2, 2, 8, 16, 30)


def test_parts_whose_border_cuts_coarse_voxels_have_fewer_levels(tmp_path):
    full = pixels((8, 16, 30))
    write_dataset(tmp_path, {(0, 0): [full, halved(full)]})
    path = tmp_path / "split.xml"
    path.write_text(split_xml([(0, 0, (3, 0, 0), (20, 15, 7))], [{"id": 0}]))
    with pytest.warns(
        UserWarning, match="setup 0, a part of setup 0, only the first 1 of 2 levels"
    ):
        image = BioImage(path)
    np.testing.assert_array_equal(image.data[0, 0], full[..., 3:21])


def test_parts_that_make_no_sense_are_left_out(tmp_path):
    full = pixels((8, 16, 30))
    write_dataset(tmp_path, {(0, 0): [full]})
    path = tmp_path / "split.xml"
    parts = [
        (0, 0, (0, 0, 0), (30, 15, 7)),
        (1, 0, (0, 0, 0), (9, 15, 7)),
        (2, 5, (0, 0, 0), (1, 1, 1)),
    ]
    path.write_text(split_xml(parts, [{"id": n} for n in range(4)]))
    with pytest.warns(
        UserWarning, match=r"Setup 0 is left out.*to \(8, 16, 31\) .*setup 2, setup 3"
    ):
        image = BioImage(path)
    np.testing.assert_array_equal(image.data[0, 0], full[..., :10])


def test_a_split_dataset_alone_names_its_inner_file(tmp_path):
    write_h5(tmp_path / "data.h5", {(0, 0): [pixels((2, 5, 4))]})
    inner = '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
    (tmp_path / "data.xml").write_text(xml([{"id": 0}], loader=SPLIT, h5=inner))
    for name in ("data.xml", "data.h5"):
        with pytest.raises(
            exceptions.UnsupportedFileFormatError, match=r"'data\.h5', but no <SetupIds>"
        ):
            BioImage(tmp_path / name)
    # What the message says
    text = (tmp_path / "data.xml").read_text()
    (tmp_path / "data.xml").write_text(
        text.replace(f'<ImageLoader format="{SPLIT}">', "").replace(
            "</ImageLoader></ImageLoader>", "</ImageLoader>"
        )
    )
    for name in ("data.xml", "data.h5"):
        np.testing.assert_array_equal(BioImage(tmp_path / name).data[0, 0], pixels((2, 5, 4)))
