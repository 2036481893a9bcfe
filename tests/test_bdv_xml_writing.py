"""BigDataViewer's XML, written: it is read back as it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigimg_lessons.formats.bdv.spimdata import (
    Attribute,
    Partition,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
)
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from bigimg_lessons.formats.bdv.xml_writing import to_xml
from tests.bdv_files import shared

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def parse(text, encoding="utf-8"):
    return from_xml(text.encode(encoding), source="x.xml")


def test_voxel_sizes_that_are_not_known_can_be_written():
    data = SpimData(
        PathReference("x.h5"), (ViewSetup(0, voxel_size=VoxelSize((None, 2.0, 1.0), "nm")),), (0,)
    )
    text = to_xml(data)
    assert "<size>1.0 2.0 NaN</size>" in text
    with pytest.warns(UserWarning, match="1 2 unknown"):
        assert parse(text) == data


@pytest.mark.parametrize("name", ["mri-stack-multilevel.xml", "xyc-fluo-cells-bdv-hdf5.xml"])
def test_real_files_survive_being_written(name):
    data = from_xml(shared(name).read_bytes(), source=name)
    assert data.hdf5 == PathReference(name.replace(".xml", ".h5"))
    assert from_xml(to_xml(data).encode()) == data


def test_the_written_document():
    data = SpimData(
        hdf5=PathReference("a & b.h5"),
        setups=(
            ViewSetup(0, "<1>", (2, 3, 4), VoxelSize((2.5, 0.5, 0.25), "µm"), (("channel", 0),)),
        ),
        timepoints=(0, 2),
        attributes=(Attribute("channel", 0, "GFP"),),
        missing=frozenset({(2, 0)}),
        registrations=(ViewRegistration(0, 0, (ViewTransform(IDENTITY, "calibration"),)),),
    )
    assert (
        to_xml(data)
        == """<?xml version="1.0" encoding="UTF-8"?>
<SpimData version="0.2">
  <BasePath type="relative">.</BasePath>
  <SequenceDescription>
    <ImageLoader format="bdv.hdf5">
      <hdf5 type="relative">a &amp; b.h5</hdf5>
    </ImageLoader>
    <ViewSetups>
      <ViewSetup>
        <id>0</id>
        <name>&lt;1&gt;</name>
        <size>4 3 2</size>
        <voxelSize>
          <unit>µm</unit>
          <size>0.25 0.5 2.5</size>
        </voxelSize>
        <attributes>
          <channel>0</channel>
        </attributes>
      </ViewSetup>
      <Attributes name="channel">
        <Channel>
          <id>0</id>
          <name>GFP</name>
        </Channel>
      </Attributes>
    </ViewSetups>
    <Timepoints type="list">
      <Timepoint>
        <id>0</id>
      </Timepoint>
      <Timepoint>
        <id>2</id>
      </Timepoint>
    </Timepoints>
    <MissingViews>
      <MissingView timepoint="2" setup="0" />
    </MissingViews>
  </SequenceDescription>
  <ViewRegistrations>
    <ViewRegistration timepoint="0" setup="0">
      <ViewTransform type="affine">
        <Name>calibration</Name>
        <affine>1.0 0.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 0.0 1.0 0.0</affine>
      </ViewTransform>
    </ViewRegistration>
  </ViewRegistrations>
</SpimData>
"""
    )


@pytest.mark.parametrize("name", ["\x00", "a\tb", "a\nb", "\ud800", "\ufffe", "\x1b[31m"])
def test_names_that_xml_cannot_hold_are_refused(name):
    data = SpimData(PathReference("x.h5"), (ViewSetup(0, name),), (0,))
    with pytest.raises(ValueError, match=r"<name> is to hold .* no place for the character"):
        to_xml(data)


@pytest.mark.parametrize("kind", ["", "a b", "1st", "<x>", "é"])
def test_kinds_that_cannot_be_tags_are_refused(kind):
    data = SpimData(PathReference("x.h5"), (ViewSetup(0),), (0,), (Attribute(kind, 0),))
    with pytest.raises(ValueError, match=re.escape(repr(kind)) + " cannot name a kind"):
        to_xml(data)


def test_no_time_point_cannot_be_written():
    with pytest.raises(ValueError, match="no time point"):
        to_xml(SpimData(PathReference("x.h5"), (ViewSetup(0),), ()))


ids = st.integers(0, 2**31 - 1)


texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=12
)


stripped = texts.map(str.strip)


paths = st.builds(PathReference, stripped.filter(bool), st.booleans())


extents = st.tuples(*[st.integers(1, 2**31 - 1)] * 3)


positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


finite = st.floats(allow_nan=False, allow_infinity=False)


kinds = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,9}", fullmatch=True).filter(
    lambda kind: kind not in ("id", "name")
)


words = texts.map(lambda text: " ".join(text.split()))


details = st.lists(st.tuples(kinds, words), max_size=1).map(tuple)


pairs = st.lists(st.tuples(ids, ids), max_size=3).map(tuple)


spim_data = st.builds(
    SpimData,
    hdf5=paths,
    setups=st.lists(
        st.builds(
            ViewSetup,
            id=ids,
            name=st.none() | texts,
            size=st.none() | extents,
            voxel_size=st.none() | st.builds(VoxelSize, st.tuples(*[positive] * 3), stripped),
            attributes=st.lists(st.tuples(kinds, ids), max_size=3).map(tuple),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda setup: setup.id,
    ).map(lambda setups: tuple(sorted(setups, key=lambda setup: setup.id))),
    timepoints=st.sets(ids, min_size=1, max_size=4).map(lambda times: tuple(sorted(times))),
    attributes=st.lists(
        st.builds(Attribute, kinds, ids, st.none() | texts, details), max_size=3
    ).map(lambda attributes: tuple(sorted(attributes, key=lambda attribute: attribute.kind))),
    missing=st.frozensets(st.tuples(ids, ids), max_size=3),
    registrations=st.lists(
        st.builds(
            ViewRegistration,
            ids,
            ids,
            st.lists(
                st.builds(ViewTransform, st.tuples(*[finite] * 12), st.none() | texts), max_size=2
            ).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    partitions=st.lists(st.builds(Partition, paths, pairs, pairs), max_size=2).map(tuple),
    base_path=paths,
)


@given(spim_data)
def test_what_is_written_is_read_back(data):
    assert from_xml(to_xml(data).encode()) == data
