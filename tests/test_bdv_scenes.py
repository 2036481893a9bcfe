"""Which setups of a BigDataViewer dataset form one image, and how scenes are named."""

import itertools

import numpy as np
import pytest
from bioio import BioImage

from tests.bdv_files import halved, pixels, spread, stacked, write_dataset

pytestmark = pytest.mark.usefixtures("no_handle_stays_open")


@pytest.mark.parametrize(
    ("timepoints", "ids"),
    [
        ('<Timepoints type="range"><first>1</first><last>2</last></Timepoints>', (1, 2)),
        (
            '<Timepoints type="list"><Timepoint><id>7</id></Timepoint>'
            "<Timepoint><id>3</id></Timepoint></Timepoints>",
            (3, 7),
        ),
        (
            '<Timepoints type="pattern"><integerpattern>0-20:10,45</integerpattern></Timepoints>',
            (0, 10, 20, 45),
        ),
    ],
)
def test_time_points_lie_along_t_in_the_order_of_their_ids(tmp_path, timepoints, ids):
    views = {(t, 0): [pixels((2, 5, 4), seed=t)] for t in ids}
    setups = [{"id": 0, "attributes": {"channel": 0}}]
    path = write_dataset(tmp_path, views, setups, xml_options={"timepoints": timepoints})
    image = BioImage(path)
    assert image.shape[0] == len(ids)
    assert image.metadata.timepoints == ids
    np.testing.assert_array_equal(image.data, stacked(views))


def test_angles_illuminations_and_tiles_are_scenes_named_after_what_differs(tmp_path):
    setups = [
        {
            "id": 2 * tile + channel,
            "attributes": {"tile": tile, "illumination": 0, "channel": channel, "angle": tile % 2},
        }
        for tile, channel in itertools.product(range(3), (0, 1))
    ]
    path, views = spread(
        tmp_path,
        setups,
        names={"tile": {0: "left", 1: "right", 2: ""}, "angle": {0: "45", 1: "90"}},
    )
    image = BioImage(path)
    assert image.scenes == ("tile left, angle 45", "tile right, angle 90", "tile 2, angle 45")
    for number, scene in enumerate(image.scenes):
        image.set_scene(scene)
        assert image.current_scene_index == number
        assert image.channel_names == ["channel 0", "channel 1"]
        for channel in (0, 1):
            np.testing.assert_array_equal(image.data[0, channel], views[0, 2 * number + channel][0])


def test_channels_lie_along_c_in_the_order_of_their_ids(tmp_path):
    setups = [{"id": n, "attributes": {"channel": c}} for n, c in enumerate((3, 1, 2))]
    path, views = spread(tmp_path, setups, names={"channel": {1: "a", 2: "b", 3: "c"}})
    image = BioImage(path)
    assert image.channel_names == ["a", "b", "c"]
    np.testing.assert_array_equal(image.data[0], [views[0, s][0] for s in (1, 2, 0)])


def test_channels_of_one_name_are_told_apart_by_their_setup(tmp_path):
    setups = [{"id": n, "attributes": {"channel": n}} for n in (0, 1)]
    path, _ = spread(tmp_path, setups, names={"channel": {0: "GFP", 1: "GFP"}})
    assert BioImage(path).channel_names == ["GFP (setup 0)", "GFP (setup 1)"]


def test_display_settings_make_no_scenes_but_unknown_attributes_do(tmp_path):
    setups = [
        {"id": n, "attributes": {"channel": n, "displaysettings": n, "imagename": n // 2}}
        for n in range(4)
    ]
    path, _ = spread(tmp_path, setups, names={"imagename": {0: "one & only", 1: "two"}})
    assert BioImage(path).scenes == ("imagename one & only", "imagename two")


@pytest.mark.parametrize(
    ("setups", "scenes"),
    [
        ([{"id": 0, "name": "cell <1>"}], ("cell <1>",)),
        ([{"id": 0, "name": ""}], ("data",)),
        ([{"id": 0}], ("data",)),
        ([{"id": 0, "name": "a"}, {"id": 1, "name": "b"}], ("a", "b")),
        ([{"id": 0}, {"id": 5}], ("data (setup 0)", "data (setup 5)")),
        (
            [{"id": 0, "name": "a"}, {"id": 1, "name": "a"}, {"id": 2, "name": "a (setup 0)"}],
            ("a (setup 0)", "a (setup 1)", "a (setup 0) (setup 2)"),
        ),
        (
            [{"id": n, "name": f"n{n}", "attributes": {"channel": 0}} for n in (0, 1)],
            ("n0", "n1"),
        ),
    ],
)
def test_setups_that_nothing_tells_apart_are_scenes_with_names_of_their_own(
    tmp_path, setups, scenes
):
    path, views = spread(tmp_path, setups)
    image = BioImage(path)
    assert image.scenes == scenes
    for number, setup in enumerate(setups):
        image.set_scene(number)
        assert image.current_scene_index == number
        np.testing.assert_array_equal(image.data[0, 0], views[0, setup["id"]][0])


def test_setups_that_are_stored_differently_are_scenes(tmp_path):
    """Four channels: one differs in size, one in type, one in levels, one in voxel size."""
    base = pixels((4, 8, 8))
    views = {
        (0, 0): [base, halved(base)],
        (0, 1): [base, halved(base)],
        (0, 2): [pixels((4, 8, 9)), halved(pixels((4, 8, 9)))],
        (0, 3): [base.astype(np.uint8), halved(base).astype(np.uint8)],
        (0, 4): [base],
        (0, 5): [base, halved(base)],
    }
    setups = [
        {"id": n, "attributes": {"channel": n}, "voxel": (1, 1, 2 if n == 5 else 1)}
        for n in range(6)
    ]
    image = BioImage(write_dataset(tmp_path, views, setups))
    assert image.scenes[0] == "data (setup 0, 1)"
    assert len(image.scenes) == 5
    shapes, levels = [], []
    for scene in image.scenes:
        image.set_scene(scene)
        shapes.append((image.dims.C, image.dims.X, image.dtype.name, image.physical_pixel_sizes.Z))
        levels.append(len(image.resolution_levels))
    assert shapes == [
        (2, 8, "uint16", 1),
        (1, 9, "uint16", 1),
        (1, 8, "uint8", 1),
        (1, 8, "uint16", 1),
        (1, 8, "uint16", 2),
    ]
    assert levels == [2, 2, 2, 1, 2]
