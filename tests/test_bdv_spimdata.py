"""What the data model says of itself: transforms, voxel sizes, names."""

import dataclasses
import pickle

import numpy as np
import pytest

from bigimg_lessons.formats.bdv.spimdata import (
    Attribute,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
)
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from tests.bdv_files import registration, xml

ONE = [{"id": 0, "size": (4, 3, 2)}]


def parse(text, encoding="utf-8"):
    return from_xml(text.encode(encoding), source="x.xml")


def test_transforms_apply_from_the_last_listed_to_the_first():
    shift = (1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0)
    scale = (2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0)
    view = ViewRegistration(0, 0, (ViewTransform(shift), ViewTransform(scale)))
    # Pixel (1, 1, 1) is scaled to (2, 3, 4) first, then shifted along x.
    np.testing.assert_array_equal(view.model @ [1, 1, 1, 1], [7, 3, 4, 1])
    np.testing.assert_array_equal(ViewRegistration(0, 0, ()).model, np.eye(4))


CALIBRATION = (0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 2, 0)
ROTATION = (0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("affines", "size"),
    [
        ([CALIBRATION], (2, 0.5, 0.5)),
        ([ROTATION, CALIBRATION], (2, 0.5, 0.5)),
        ([(1, 0, 0, 9, 0, 1, 0, 9, 0, 0, 3, 9)], (3, 1, 1)),
        ([CALIBRATION, ROTATION], None),
        ([(-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)], None),
        ([], None),
    ],
)
def test_voxel_size_falls_back_on_the_calibration(affines, size):
    data = parse(xml(ONE, registrations=registration(0, 0, *affines)))
    assert data.voxel_size(data.setups[0]) == (size and VoxelSize(size, ""))


def test_a_stated_voxel_size_goes_before_the_calibration():
    text = xml([{"id": 0, "voxel": (1, 1, 3)}], registrations=registration(0, 0, CALIBRATION))
    data = parse(text)
    assert data.voxel_size(data.setups[0]) == VoxelSize((3, 1, 1), "µm")


def test_the_unit_may_be_empty_or_absent():
    text = xml([{"id": 0, "voxel": (1, 2, 3), "unit": ""}])
    for empty in ("<unit></unit>", "<unit/>", "<unit> </unit>", ""):
        size = parse(text.replace("<unit></unit>", empty)).setups[0].voxel_size
        assert size == VoxelSize((3, 2, 1), "")


def test_attribute_names():
    data = parse(xml(ONE, names={"channel": {1: "GFP", 2: ""}, "tile": {1: "left"}}))
    assert data.attribute_name("channel", 1) == "GFP"
    assert data.attribute_name("tile", 1) == "left"
    assert data.attribute_name("channel", 2) is None
    assert data.attribute_name("channel", 3) is None


def test_what_else_is_said_of_an_attribute_is_kept():
    text = xml(ONE, names={"tile": {1: "left"}, "angle": {0: "0"}})
    text = text.replace(
        "<name>left</name>", "<location>1.0\n  2.0 3.0 </location><name>left</name>"
    )
    data = parse(text)
    assert data.attributes == (
        Attribute("tile", 1, "left", (("location", "1.0 2.0 3.0"),)),
        Attribute("angle", 0, "0"),
    )


def test_results_cannot_be_changed_and_can_be_pickled():
    data = parse(xml(ONE))
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.timepoints = ()
    assert pickle.loads(pickle.dumps(data)) == data  # noqa: S301
    assert hash(data) == hash(parse(xml(ONE)))


def test_names_are_looked_up_without_going_through_all_attributes():
    class Counted(tuple):
        rounds = 0

        def __iter__(self):
            Counted.rounds += 1
            return super().__iter__()

        def __reversed__(self):
            Counted.rounds += 1
            return reversed(tuple(self[:]))

    tiles = [Attribute("tile", number, f"tile {number}") for number in range(50)]
    again = Attribute("tile", 7, "another")
    data = SpimData(
        PathReference("d.h5"), (ViewSetup(0),), (0,), attributes=Counted([*tiles, again])
    )
    assert [data.attribute_name("tile", n) for n in range(51)] == [
        *(f"tile {n}" for n in range(50)),
        None,
    ]
    assert Counted.rounds <= 1
