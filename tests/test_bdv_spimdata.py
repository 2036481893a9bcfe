import dataclasses
import pickle
import re
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigimg_lessons.bdv import spimdata
from bigimg_lessons.bdv.spimdata import (
    Attribute,
    LoaderError,
    Partition,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
    from_xml,
    is_spimdata,
    to_xml,
)
from tests.bdv_files import registration, shared, xml

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
ONE = [{"id": 0, "size": (4, 3, 2)}]


def parse(text, encoding="utf-8"):
    return from_xml(text.encode(encoding), source="x.xml")


def test_everything_the_xml_says():
    text = xml(
        [
            {
                "id": 1,
                "name": 'a <b> & "c" µ',
                "size": (40, 30, 20),
                "voxel": (0.1, 0.2, 0.5),
                "unit": "µm",
                "attributes": {"channel": 2, "angle": 0},
            },
            {"id": 0, "attributes": {"channel": 1, "angle": 0}},
        ],
        h5="""<hdf5 type="relative">sub/data.h5</hdf5>
          <partition><path type="relative">data-00-00.h5</path>
            <timepoints>0 1</timepoints><timepointsMapped>5 6</timepointsMapped>
            <setups>0 1</setups></partition>""",
        timepoints='<Timepoints type="range"><first>3</first><last>5</last></Timepoints>',
        names={"channel": {1: "DAPI", 2: "<GFP>"}, "angle": {0: ""}},
        missing=[(4, 1), (3, 0)],
        registrations=registration(3, 1, IDENTITY),
    )
    assert parse(text) == SpimData(
        hdf5=PathReference("sub/data.h5"),
        setups=(
            ViewSetup(id=0, attributes=(("channel", 1), ("angle", 0))),
            ViewSetup(
                id=1,
                name='a <b> & "c" µ',
                size=(20, 30, 40),
                voxel_size=VoxelSize((0.5, 0.2, 0.1), "µm"),
                attributes=(("channel", 2), ("angle", 0)),
            ),
        ),
        timepoints=(3, 4, 5),
        attributes=(
            Attribute("channel", 1, "DAPI"),
            Attribute("channel", 2, "<GFP>"),
            Attribute("angle", 0, ""),
        ),
        missing=frozenset({(3, 0), (4, 1)}),
        registrations=(ViewRegistration(3, 1, (ViewTransform(IDENTITY),)),),
        partitions=(Partition(PathReference("data-00-00.h5"), ((0, 5), (1, 6)), ((0, 0), (1, 1))),),
    )


def test_a_minimal_xml():
    data = parse(
        '<SpimData><SequenceDescription><ImageLoader format="bdv.hdf5"><hdf5> d.h5\n</hdf5>'
        "</ImageLoader><ViewSetups><ViewSetup><id> 0 </id></ViewSetup></ViewSetups>"
        '<Timepoints type="pattern"><integerpattern/></Timepoints></SequenceDescription></SpimData>'
    )
    assert data == SpimData(PathReference("d.h5"), (ViewSetup(0),), (0,))


@pytest.mark.parametrize(
    ("kind", "inner", "timepoints"),
    [
        ("range", "<first>7</first><last>7</last>", (7,)),
        ("range", "<first>0</first><last>3</last>", (0, 1, 2, 3)),
        ("list", "<Timepoint><id>9</id></Timepoint><Timepoint><id>2</id></Timepoint>", (2, 9)),
        ("list", "<Timepoint><id>2</id></Timepoint><Timepoint><id>2</id></Timepoint>", (2,)),
        ("pattern", "<integerpattern>5</integerpattern>", (5,)),
        ("pattern", "<integerpattern>0-30:10,45</integerpattern>", (0, 10, 20, 30, 45)),
        ("pattern", "<integerpattern> 8, 1 - 3 , 2</integerpattern>", (1, 2, 3, 8)),
        ("pattern", "<integerpattern>6-1:2</integerpattern>", (2, 4, 6)),
        ("pattern", "<integerpattern></integerpattern>", (0,)),
    ],
)
def test_kinds_of_time_points(kind, inner, timepoints):
    text = xml(ONE, timepoints=f'<Timepoints type="{kind}">{inner}</Timepoints>')
    assert parse(text).timepoints == timepoints


@pytest.mark.parametrize(
    ("kind", "inner", "message"),
    [
        ("range", "<first>3</first><last>1</last>", "<Timepoints> holds 0 time points"),
        ("range", "<first>0</first><last>2000000000</last>", "holds 2000000001 time points"),
        ("range", "<first>0</first>", "<Timepoints> has no <last>"),
        ("range", "<first>x</first><last>2</last>", "<first> should hold .*its text is 'x'"),
        ("range", "<first>-1</first><last>2</last>", "<first> should hold .*its text is '-1'"),
        ("range", "<first>0</first><last>9999999999</last>", "from 0 to 2147483647"),
        ("list", "", "holds 0 time points"),
        ("list", "<Timepoint/>", "<Timepoint> has no <id>"),
        ("pattern", "<integerpattern>1-9:0</integerpattern>", "above zero; one entry is '1-9:0'"),
        ("pattern", "<integerpattern>1,,2</integerpattern>", "entries such as 3, .* one is ''"),
        ("pattern", "<integerpattern>-3</integerpattern>", "one is '-3'"),
        ("pattern", "<integerpattern>0-1999999999</integerpattern>", "holds 2000000000 time"),
        ("sometimes", "", "is of type 'sometimes'; known are 'range', 'list' and 'pattern'"),
    ],
)
def test_time_points_that_make_no_sense(kind, inner, message):
    text = xml(ONE, timepoints=f'<Timepoints type="{kind}">{inner}</Timepoints>')
    with pytest.raises(ValueError, match=rf"x\.xml: .*{message}"):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SpimData", "Settings", "begins with <Settings>, not with <SpimData>"),
        ("SequenceDescription", "Sequence", "<SpimData> has no <SequenceDescription>"),
        ("ViewSetups>", "Setups>", "<SequenceDescription> has no <ViewSetups>"),
        ("Timepoints", "Times", "<SequenceDescription> has no <Timepoints>"),
        ("ImageLoader", "Loader", "<SequenceDescription> has no <ImageLoader>"),
        (' format="bdv.hdf5"', "", "<ImageLoader> has no attribute 'format'"),
        ("hdf5>", "h5>", "not well-formed XML: mismatched tag"),
        ("data.h5", " ", "<hdf5> should hold a path and is empty"),
        ("ViewSetup>", "View>", "<ViewSetups> holds no <ViewSetup>"),
        ("<id>0</id>", "", "<ViewSetup> has no <id>"),
        ("<id>0</id>", "<id>one</id>", "<id> should hold .*its text is 'one'"),
        ("<id>0</id>", "<id>1_0</id>", "<id> should hold .*its text is '1_0'"),
        ("<id>0</id>", "<id>²</id>", "<id> should hold .*its text is '²'"),
        ("4 3 2", "4 3", "<size> should hold three whole numbers above zero; .*'4 3'"),
        ("4 3 2", "4 3 0", "<size> should hold three whole numbers above zero; .*'4 3 0'"),
        ("4 3 2", "4 3 2.5", r"<size> should hold .*its text is '2\.5'"),
        ("0.5", "", "<size> should hold 3 numbers; its text is '0.1 0.2'"),
        ("0.5", "nan", "<size> should hold 3 numbers"),
        ("0.5", "-1", "<size> should hold numbers above zero"),
        ("<unit>µm</unit>", "<unit>", "not well-formed"),
        ("<channel>0</channel>", "<channel>x</channel>", "<channel> should hold a whole number"),
        ('Attributes name="channel"', 'Attributes kind="channel"', "has no attribute 'name'"),
        ('timepoint="0" setup="0"/', 'timepoint="0"/', "<MissingView> has no attribute 'setup'"),
        ('timepoint="0" setup="0"/', 'timepoint="a" setup="0"/', "its attribute 'timepoint' is"),
        ("1.0 0.0</affine>", "1.0</affine>", "<affine> should hold 12 numbers"),
        ("1.0 0.0</affine>", "1.0 inf</affine>", "<affine> should hold 12 numbers"),
        ('type="affine"', 'type="generic"', "<ViewTransform> is of type 'generic'; only 'affine'"),
        ("<setups>0", "<setups>0 1", "<partition> has 2 ids in <setups> and 1 in <setupsMapped>"),
        ("<path>", "<paths/><!--", "not well-formed"),
    ],
)
def test_what_is_missing_or_wrong_is_named(old, new, message):
    setup = {"id": 0, "size": (4, 3, 2), "voxel": (0.1, 0.2, 0.5), "attributes": {"channel": 0}}
    text = xml(
        [setup],
        names={"channel": {0: "c"}},
        missing=[(0, 0)],
        registrations=registration(0, 0, IDENTITY),
        h5='<hdf5 type="relative">data.h5</hdf5><partition><path>p.h5</path>'
        "<timepoints>0</timepoints><setups>0</setups><setupsMapped>0</setupsMapped></partition>",
    )
    assert parse(text).setups[0].size == (2, 3, 4)
    assert old in text
    with pytest.raises(ValueError, match=rf"x\.xml.*{message}"):
        parse(text.replace(old, new))


def test_two_setups_with_one_id():
    with pytest.raises(ValueError, match="holds two setups with the id 0"):
        parse(xml(ONE * 2))


@pytest.mark.parametrize(
    ("loader", "remedy"),
    [
        ("bdv.n5", "tensorstore"),
        ("bdv.n5.s3", "tensorstore"),
        ("ims", r"the \.ims file itself"),
        ("bdv.remote", "on a server"),
        ("bdv.multimg.zarr", "bioio-ome-zarr"),
        ("bdv.hdf5.ulong", "export it as XML/HDF5"),
        ("spimreconstruction.stack.ij", "in Fiji"),
    ],
)
def test_other_loaders_are_refused_by_name_with_a_remedy(loader, remedy):
    with pytest.raises(LoaderError, match=rf"x\.xml keeps its pixels as '{loader}'.*{remedy}"):
        parse(xml(ONE, loader=loader))


DOCTYPES = {
    "billion laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10 if n else "&b;"}">' for n in range(12))
    + "]>",
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "external document type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
    "empty": "<!DOCTYPE SpimData>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=list(DOCTYPES))
def test_document_types_and_with_them_entities_are_refused(doctype):
    text = (
        xml([{"id": 0, "name": "NAME"}]).replace("?>", f"?>{doctype}", 1).replace("NAME", "&b11;")
    )
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"x\.xml declares a document type .*remove"):
        parse(text)
    assert time.perf_counter() - start < 1
    assert is_spimdata(text.encode())


def test_an_undeclared_entity_is_not_well_formed():
    with pytest.raises(ValueError, match="not well-formed XML: undefined entity"):
        parse(xml(ONE).replace("data.h5", "&data;.h5"))


def test_too_large_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(spimdata, "MAX_XML_BYTES", 100)
    with pytest.raises(ValueError, match=r"x\.xml has \d+ bytes: .* up to 100 bytes"):
        parse(xml(ONE))


def test_deep_nesting_is_refused():
    with pytest.raises(ValueError, match="nests more than 64 elements"):
        parse("<SpimData>" + "<a>" * 100_000)


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"hello", b"<", b"\x89HDF\r\n\x1a\n" * 9, b"<a/>b"]
)
def test_what_is_no_xml(content):
    with pytest.raises(ValueError, match=r"x\.xml is not well-formed XML"):
        from_xml(content, source="x.xml")
    assert not is_spimdata(content)


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("ISO-8859-1", "latin-1"),
        ("UTF-16", "utf-16"),
        # What BigDataViewer wrote on Windows while it used the platform's encoding.
        ("UTF-8", "cp1252"),
    ],
)
def test_encodings(declared, written):
    text = xml([{"id": 0, "name": "Zellkörper", "voxel": (1, 1, 1), "unit": "µm"}])
    setup = parse(text.replace("UTF-8", declared), written).setups[0]
    assert (setup.name, setup.voxel_size.unit) == ("Zellkörper", "µm")


@pytest.mark.parametrize("encoding", ["UTF-9", "utf-7", "zlib", "shift-jis"])
def test_encodings_that_cannot_be_read(encoding):
    content = xml(ONE).replace("UTF-8", encoding).encode()
    with pytest.raises(ValueError, match=r"x\.xml is in an encoding that cannot be read"):
        from_xml(content, source="x.xml")
    assert not is_spimdata(content)


def test_is_spimdata_looks_at_the_first_element_only():
    text = xml(ONE).encode()
    assert is_spimdata(text)
    assert is_spimdata(text[:80])
    assert is_spimdata(b"<!-- <other> --><?go on?>\n" + text.partition(b"?>")[2])
    assert is_spimdata(b"<SpimData><broken>")
    assert not is_spimdata(b"<OME><SpimData/></OME>")
    assert not is_spimdata(b"<!-- <SpimData> --><Settings/>")
    assert not is_spimdata(b"<SpimDataX/>")


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


@pytest.mark.parametrize("name", ["mri-stack-multilevel.xml", "xyc-fluo-cells-bdv-hdf5.xml"])
def test_real_files_survive_being_written(name):
    data = from_xml(shared(name).read_bytes(), source=name)
    assert data.hdf5 == PathReference(name.replace(".xml", ".h5"))
    assert from_xml(to_xml(data).encode()) == data


def test_the_real_mri_stack():
    data = from_xml(shared("mri-stack-multilevel.xml").read_bytes())
    assert data.setups == (
        ViewSetup(
            id=0,
            name="mri-stack",
            size=(27, 226, 186),
            voxel_size=VoxelSize((10.0, 1.0, 1.0), "cm"),
            attributes=(("channel", 1), ("displaysettings", 0)),
        ),
    )
    assert data.registrations[0].model.diagonal().tolist() == [1, 1, 10, 1]


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


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spim_data)
def test_what_is_written_is_read_back(data):
    assert from_xml(to_xml(data).encode()) == data
