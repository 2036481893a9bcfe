"""BigDataViewer's XML, read: of all forms, damaged and hostile."""

import dataclasses
import gc
import re
import time

import pytest

from bigimg_lessons.formats.bdv import split, xml_reading
from bigimg_lessons.formats.bdv.loaders import LoaderError
from bigimg_lessons.formats.bdv.spimdata import (
    Attribute,
    Partition,
    PathReference,
    SetupPart,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
)
from bigimg_lessons.formats.bdv.xml_reading import from_xml, is_spimdata
from bigimg_lessons.formats.bdv.xml_writing import to_xml
from tests.bdv_files import registration, shared, xml

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
ONE = [{"id": 0, "size": (4, 3, 2)}]
FULL = xml(
    [{"id": 0, "size": (4, 3, 2), "voxel": (0.1, 0.2, 0.5), "attributes": {"channel": 0}}],
    names={"channel": {0: "c"}},
    missing=[(0, 0)],
    registrations=registration(0, 0, IDENTITY),
    h5='<hdf5 type="relative">data.h5</hdf5><partition><path>p.h5</path>'
    "<timepoints>0</timepoints><setups>0</setups><setupsMapped>0</setupsMapped></partition>",
)


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
        ("<unit>µm</unit>", "<unit>", "not well-formed"),
        ('timepoint="0" setup="0"/', 'timepoint="0"/', "<MissingView> has no attribute 'setup'"),
        ('timepoint="0" setup="0"/', 'timepoint="a" setup="0"/', "its attribute 'timepoint' is"),
        ("<setups>0", "<setups>0 1", "<partition> has 2 ids in <setups> and 1 in <setupsMapped>"),
        ("<path>", "<paths/><!--", "not well-formed"),
    ],
)
def test_what_pixels_need_and_is_missing_or_wrong_is_named(old, new, message):
    assert parse(FULL).setups[0].size == (2, 3, 4)
    assert old in FULL
    with pytest.raises(ValueError, match=rf"x\.xml.*{message}"):
        parse(FULL.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message", "changed"),
    [
        ("4 3 2", "4 3", "<size> should hold three whole numbers above zero; .*'4 3'", "size"),
        ("4 3 2", "4 3 0", "<size> should hold three whole .*'4 3 0'.* setup 0", "size"),
        ("4 3 2", "4 3 2.5", r"<size> should hold .*its text is '4 3 2\.5'", "size"),
        ("4 3 2", "4 3 99999999999", "<size> should hold", "size"),
        ("4 3 2", "big", "<size> should hold .*'big'", "size"),
        ("<size>4 3 2</size>", "<size/>", "<size> should hold .*''", "size"),
        ("0.1 0.2 0.5", "", "<voxelSize> of setup 0 should hold three .* unknown unknown", "voxel"),
        ("<channel>0</ch", "<channel>x</ch", "<channel> .*text is 'x'.* setup 0", "attributes"),
        ("<channel>0</ch", "<channel>0.5</ch", "<channel> .*text is '0.5'", "attributes"),
        ('Attributes name="channel"', 'Attributes kind="c"', "no attribute 'name'", "names"),
        ("<Channel><id>0</id>", "<Channel>", "<Channel> has no <id>", "names"),
        ("1.0 0.0</affine>", "1.0</affine>", "<affine> should hold 12 .*setup 0 at", "place"),
        ("1.0 0.0</affine>", "1.0 inf</affine>", "<affine> should hold 12 numbers", "place"),
        ("1.0 0.0</affine>", "1.0 0,0</affine>", "<affine> should hold 12 numbers", "place"),
        ("affine>", "matrix>", "<ViewTransform> has no <affine>", "place"),
        ('type="affine"', 'type="generic"', "is of type 'generic'; only 'affine'", "place"),
        ('ViewRegistration timepoint="0"', "ViewRegistration", "no attribute 'timepoint'", "place"),
        ('setup="0"><ViewT', 'setup="all"><ViewT', "attribute 'setup' is 'all'", "place"),
    ],
)
def test_what_no_pixel_needs_is_left_out_with_a_warning(old, new, message, changed):
    assert old in FULL
    with pytest.warns(UserWarning, match=rf"x\.xml: .*{message}") as warned:
        data = parse(FULL.replace(old, new))
    assert len(warned) == 1
    whole = parse(FULL)
    setup = whole.setups[0]
    expected = {
        "size": {"setups": (dataclasses.replace(setup, size=None),)},
        "voxel": {"setups": (dataclasses.replace(setup, voxel_size=None),)},
        "attributes": {"setups": (dataclasses.replace(setup, attributes=()),)},
        "names": {"attributes": ()},
        "place": {"registrations": ()},
    }[changed]
    assert data == dataclasses.replace(whole, **expected)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("NaN NaN NaN", None),
        ("0.5 0.5 NaN", (None, 0.5, 0.5)),
        ("0.5 0.5 0.0", (None, 0.5, 0.5)),
        ("0.5 0.5 -2.0", (None, 0.5, 0.5)),
        ("Infinity 1 1e400", (None, 1.0, None)),
        ("0.5 0.5", None),
        ("0.5 0.5 2 1", None),
        ("0.5 half 2", (2.0, None, 0.5)),
        # Decimal commas, as a German or French Java once wrote them.
        ("0,5 0,5 2,0", (2.0, 0.5, 0.5)),
        ("0,325 ,5 2", (2.0, 0.5, 0.325)),
        ("0,5, 0,5, 2,0", (2.0, 0.5, 0.5)),
        # 1.25, or 1250? Not to be known.
        ("1,250 0,125 12,5", (12.5, 0.125, None)),
        ("1.000,5 1 1", (1.0, 1.0, None)),
    ],
)
def test_broken_voxel_sizes_are_unknown_axis_by_axis(text, sizes):
    with pytest.warns(UserWarning, match=rf"<voxelSize> of setup 0 .*{re.escape(repr(text))}"):
        data = parse(FULL.replace("0.1 0.2 0.5", text))
    assert data.setups[0].voxel_size == (sizes and VoxelSize(sizes, "µm"))


def test_numbers_that_only_tell_apart_may_be_negative_or_end_in_zeros(recwarn):
    text = FULL.replace("<channel>0<", "<channel>-1<").replace("4 3 2<", "4.0 3. 2.00<")
    data = parse(text.replace("<Channel><id>0", "<Channel><id>-1.0"))
    assert data.setups[0].attributes == (("channel", -1),)
    assert data.setups[0].size == (2, 3, 4)
    assert data.attribute_name("channel", -1) == "c"
    assert not recwarn.list


def test_one_warning_for_each_kind_names_the_first_and_counts_the_others():
    setups = [{"id": n, "size": (4, 3, 0), "voxel": (1, 1, "NaN")} for n in range(1000)]
    with pytest.warns(UserWarning, match="of setup 0") as warned:
        parse(xml(setups))
    texts = [str(warning.message) for warning in warned]
    assert len(texts) == 2
    for text in texts:
        assert text.count("x.xml") == 1
        assert text.endswith(
            "So it is with setup 1, setup 2, setup 3, setup 4, setup 5, 994 more."
        ), text


def test_elements_that_nobody_knows_are_passed_over(recwarn):
    more = "<Unknown><x/></Unknown>"
    text = FULL.replace("</ViewSetup>", f"{more}</ViewSetup>").replace(
        "</SpimData>", more * 2 + "</SpimData>"
    )
    text = text.replace("<id>0</id><size>", f"{more}<id>0</id><size>")
    text = text.replace('version="0.2"', 'version="0.9"')
    assert parse(text) == parse(FULL)
    assert not recwarn.list


def test_paths_called_relative_or_not():
    for written, reference in [
        ('<hdf5 type="relative">/data.h5</hdf5>', PathReference("/data.h5", True)),
        ('<hdf5 type="absolute">/data.h5</hdf5>', PathReference("/data.h5", False)),
        ("<hdf5>/data.h5</hdf5>", PathReference("/data.h5", False)),
        (r"<hdf5>D:\data.h5</hdf5>", PathReference(r"D:\data.h5", False)),
        ("<hdf5>file:///data.h5</hdf5>", PathReference("file:///data.h5", False)),
        ("<hdf5>data.h5</hdf5>", PathReference("data.h5", True)),
    ]:
        data = parse(xml(ONE, h5=written))
        assert data.hdf5 == reference
        assert parse(to_xml(data)) == data
    assert parse(xml(ONE, base='<BasePath type="relative"/>')).base_path == PathReference(".")


LEGACY = """<?xml version="1.0" encoding="UTF-8"?>
<SequenceDescription>
  <BasePath type="relative">.</BasePath>
  <ImageLoader class="viewer.hdf5.Hdf5ImageLoader"><hdf5 type="relative">data.h5</hdf5>
    <partition><path type="relative">p.h5</path><timepointOffset>2</timepointOffset>
      <timepointStart>0</timepointStart><timepointLength>2</timepointLength>
      <setupOffset>0</setupOffset><setupStart>1</setupStart><setupLength>1</setupLength></partition>
  </ImageLoader>
  <ViewSetup><id>1</id><angle>3</angle><illumination>0</illumination><channel>2</channel>
    <width>48</width><height>32</height><depth>8</depth><pixelWidth>0.5</pixelWidth>
    <pixelHeight>0.25</pixelHeight><pixelDepth>2</pixelDepth></ViewSetup>
  <Timepoints type="range"><first>5</first><last>7</last></Timepoints>
  <ViewRegistrations><ReferenceTimepoint>0</ReferenceTimepoint>
    <ViewRegistration><timepoint>0</timepoint><setup>1</setup>
      <affine>1 0 0 9 0 1 0 8 0 0 1 7</affine></ViewRegistration></ViewRegistrations>
</SequenceDescription>"""


def test_xml_of_before_2014(recwarn):
    assert is_spimdata(LEGACY.encode())
    assert parse(LEGACY) == SpimData(
        hdf5=PathReference("data.h5"),
        setups=(
            ViewSetup(
                id=1,
                size=(8, 32, 48),
                voxel_size=VoxelSize((2.0, 0.25, 0.5), ""),
                attributes=(("channel", 2), ("angle", 3), ("illumination", 0)),
            ),
        ),
        # BigDataViewer counts them from 0, wherever the range begins.
        timepoints=(0, 1, 2),
        registrations=(
            ViewRegistration(0, 1, (ViewTransform((1, 0, 0, 9, 0, 1, 0, 8, 0, 0, 1, 7)),)),
        ),
        partitions=(Partition(PathReference("p.h5"), ((2, 0), (3, 1)), ((1, 1),)),),
    )
    assert not recwarn.list


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<width>48</width>", "", r"<size> .*'\? 32 8'"),
        ("<pixelDepth>2<", "<pixelDepth>0<", "<voxelSize> of setup 1"),
        ("<angle>3<", "<angle>left<", "<angle> should hold a whole number"),
        ("1 0 0 9 0", "1 0 0 9", "<affine> should hold 12 numbers"),
    ],
)
def test_what_no_pixel_needs_in_xml_of_before_2014(old, new, message):
    assert old in LEGACY
    with pytest.warns(UserWarning, match=message):
        assert parse(LEGACY.replace(old, new)).timepoints == (0, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<last>7</last>", "", "<Timepoints> has no <last>"),
        ("<id>1</id>", "", "<ViewSetup> has no <id>"),
        ("<setupLength>1</setupLength>", "", "<partition> has no <setups>"),
        ("viewer.hdf5.Hdf5ImageLoader", "my.Loader", "keeps its pixels as 'my.Loader'"),
        (
            "viewer.hdf5.Hdf5ImageLoader",
            "bdv.img.remote.RemoteImageLoader",
            "'bdv.remote'.* server",
        ),
    ],
)
def test_what_pixels_need_in_xml_of_before_2014(old, new, message):
    assert old in LEGACY
    with pytest.raises(ValueError, match=message):
        parse(LEGACY.replace(old, new))


def test_two_setups_with_one_id():
    with pytest.raises(ValueError, match="holds two setups with the id 0"):
        parse(xml(ONE * 2))


FILE_MAP = "".join(
    f'<FileMapping view_setup="0"><file type="relative">{name}</file></FileMapping>'
    for name in ("tile_0.tif", "tiles/tile 1.ome.tiff")
)


@pytest.mark.parametrize(
    ("loader", "remedy"),
    [
        ("bdv.n5", "tensorstore"),
        ("bdv.n5.s3", "tensorstore"),
        ("ims", r"the \.ims file itself"),
        ("bdv.remote", "on a server"),
        ("bdv.multimg.zarr", "bioio-ome-zarr"),
        ("bdv.hdf5.ulong", "export it as XML/HDF5"),
        ("spimreconstruction.stack.ij", "in Fiji with BigStitcher"),
        ("spimreconstruction.filemap2", "in Fiji with BigStitcher"),
        ("spimreconstruction.openersimageloader", "in Fiji with BigDataViewer-Playground"),
        ("ome.zarr.s3", "bioio-ome-zarr"),
        ("split.imgloader", "BigStitcher"),
        ("hdf5", 'write format="bdv.hdf5" into <ImageLoader>'),
        ("something", "BigDataViewer"),
    ],
)
def test_other_loaders_are_refused_by_name_with_a_remedy(loader, remedy):
    with pytest.raises(LoaderError, match=rf"x\.xml keeps its pixels as '{loader}'.*{remedy}"):
        parse(xml(ONE, loader=loader))


@pytest.mark.parametrize(
    ("loader", "inside", "named"),
    [
        ("spimreconstruction.filemap2", FILE_MAP, "it names tile_0.tif, tiles/tile 1.ome.tiff;"),
        (
            "spimreconstruction.filelist",
            FILE_MAP * 3,
            "it names tile_0.tif, tiles/tile 1.ome.tiff;",
        ),
        (
            "spimreconstruction.biop_bioformatsimageloader",
            '<openers>[{"type":"BioFormats","location":"file:/D:/a b/x.czi"}]</openers>',
            "it names file:/D:/a b/x.czi; open these with bioio",
        ),
        ("bdv.n5", '<n5 type="relative">data.n5</n5>', "it names data.n5;"),
        ("ims", '<ims type="relative">a.ims</ims>', "it names a.ims;"),
        (
            "spimreconstruction.stack.ij",
            "".join(f"<file>{n}.lsm</file>" for n in range(9)),
            "it names 0.lsm, 1.lsm, 2.lsm and 6 more;",
        ),
    ],
)
def test_other_loaders_files_are_named(loader, inside, named):
    with pytest.raises(LoaderError) as refused:
        parse(xml(ONE, loader=loader, h5=inside))
    assert named in str(refused.value)


def test_the_loader_may_be_written_in_upper_case():
    assert parse(xml(ONE, loader="BDV.HDF5")) == parse(xml(ONE))


def split_loader(*parts, inner="bdv.hdf5"):
    """Inside of BigStitcher's split loader; parts are (new id, old id, min, max) in x, y, z."""
    definitions = "".join(
        f"<SetupIdDefinition><NewId>{new}</NewId><OldId>{old}</OldId><min>{low}</min>"
        f"<max>{high}</max></SetupIdDefinition>"
        for new, old, low, high in parts
    )
    return (
        f'<ImageLoader format="{inner}"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
        f"<SetupIds>{definitions}</SetupIds>"
    )


def test_a_split_dataset_says_what_its_setups_are_cut_out_of():
    data = parse(xml(ONE, loader=split.FORMAT, h5=split_loader((0, 3, "0 10 20", "4 15 26"))))
    assert data.hdf5 == PathReference("data.h5")
    assert data.parts == (SetupPart(0, 3, (20, 10, 0), (27, 16, 5)),)
    with pytest.raises(ValueError, match="are parts of those of another dataset"):
        to_xml(data)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (split_loader((0, 0, "0 0 5", "4 4 4")), "ends at .* before it begins at"),
        (split_loader((0, 0, "0 0", "4 4 4")), "<min> should hold three whole numbers"),
        (split_loader((0, 0, "0 0 -1", "4 4 4")), "<min> should hold three whole numbers"),
        (split_loader((0, "x", "0 0 0", "4 4 4")), "<OldId> should hold a whole number"),
        (split_loader(inner="bdv.n5"), "inside is 'bdv.n5': .*tensorstore"),
        (split_loader(inner="split.viewerimgloader"), "inside is 'split.*BigStitcher"),
        (
            '<ImageLoader format="bdv.hdf5"><hdf5>data.h5</hdf5></ImageLoader>',
            "'split.viewerimgloader'.*the pixels in 'data.h5', but no <SetupIds>",
        ),
        ("", "'split.viewerimgloader'.*BigStitcher"),
    ],
)
def test_split_datasets_that_make_no_sense(inside, message):
    with pytest.raises(ValueError, match=rf"x\.xml.*{message}"):
        parse(xml(ONE, loader=split.FORMAT, h5=inside))


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
    start = time.process_time()
    with pytest.raises(ValueError, match=r"x\.xml declares a document type .*remove"):
        parse(text)
    assert time.process_time() - start < 1
    assert is_spimdata(text.encode())


def test_an_undeclared_entity_is_not_well_formed():
    with pytest.raises(ValueError, match="not well-formed XML: undefined entity"):
        parse(xml(ONE).replace("data.h5", "&data;.h5"))


def test_too_large_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(xml_reading, "MAX_XML_BYTES", 100)
    with pytest.raises(ValueError, match=r"x\.xml has \d+ bytes: .* up to 100 bytes"):
        parse(xml(ONE))


def test_deep_nesting_is_refused():
    for text in ("<a>" * 100_000, "<a>" * 100 + "</a>" * 100 + "</SpimData>"):
        with pytest.raises(ValueError, match="nests more than 64 elements"):
            parse("<SpimData>" + text)


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
    assert is_spimdata(b"<SequenceDescription>")


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


# Large XML


def large_xml(views):
    """An XML with two setups, three steps in each registration, and what BigStitcher adds."""
    step = '<ViewTransform type="affine"><Name>n</Name><affine>1 0 0 5 0 1 0 6 0 0 1 7</affine>'
    step += "</ViewTransform>"
    registrations = "".join(
        f'<ViewRegistration timepoint="{t}" setup="{s}">{step * 3}</ViewRegistration>'
        for t in range(views // 2)
        for s in range(2)
    )
    points = (
        '<ViewInterestPointsFile timepoint="0" setup="0" label="beads">p</ViewInterestPointsFile>'
    )
    return f"""<SpimData version="0.2"><SequenceDescription>
        <ImageLoader format="bdv.hdf5"><hdf5 type="relative">d.h5</hdf5></ImageLoader>
        <ViewSetups><ViewSetup><id>0</id></ViewSetup><ViewSetup><id>1</id></ViewSetup></ViewSetups>
        <Timepoints type="range"><first>0</first><last>{views // 2 - 1}</last></Timepoints>
        </SequenceDescription><ViewRegistrations>{registrations}</ViewRegistrations>
        <ViewInterestPoints>{points * views}</ViewInterestPoints></SpimData>""".encode()


def test_the_collector_does_not_go_through_a_large_xml_again_and_again():
    collections = []
    gc.callbacks.append(lambda phase, _: collections.append(phase))
    try:
        data = from_xml(large_xml(4000))
    finally:
        gc.callbacks.pop()
    assert len(data.registrations) == 4000
    assert len(collections) <= 4  # before and after
    assert gc.isenabled()
    gc.disable()
    try:
        from_xml(large_xml(2))
        assert not gc.isenabled()  # as the caller has it
    finally:
        gc.enable()


def test_the_collector_works_again_after_an_error():
    with pytest.raises(ValueError, match="not well-formed"):
        from_xml(b"<SpimData>")
    assert gc.isenabled()
