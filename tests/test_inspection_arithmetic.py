"""What the page's inspection is made of counts, reads and writes as Python does, case by case."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from bigimg_lessons import units
from bigimg_lessons.command_line.inspecting import as_document
from bigimg_lessons.formats.bdv.xmltree import parse
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.dtypes import item_size
from bigimg_lessons.inspection.quoting import download_note, name_here, quoted, quoting_note
from bigimg_lessons.inspection.report import Files, Level, Report
from bigimg_lessons.inspection.verdicts import rules_as_json, target_name, verdicts_of
from tests.dtype_cases import ITEM_SIZES
from tests.node import Node


def some_sizes(chance: random.Random, count: int, least: int = 1) -> tuple[int, ...]:
    sizes = (1, 2, 3, 16, 48, 100, 127, 128, 1000, 1024, 2048, 30_000, 100_000)
    return tuple(chance.choice([n for n in sizes if n >= least]) for _ in range(count))


def some_level(chance: random.Random, number: int, full: tuple[int, ...], layout: Any) -> Level:
    shape = tuple(max(1, -(-n // 2**number)) for n in full)
    chunk = tuple(min(chance.choice((1, 8, 64, 256, 2048)), n) for n in shape)
    shard = None
    if layout == "shards":
        shard = tuple(n * chance.choice((1, 2, 8)) for n in chunk)
    length = chance.choice((0.1, 0.25, 0.65, 1.0, 1e-7))
    factor = chance.choice((2**number, 2**number, 2.125**number))
    is_sized = chance.random() < 0.8
    return Level(
        path=str(number),
        shape=shape,
        dtype=chance.choice(("uint8", "uint16", "float32", "complex64", "bool")),
        layout=layout,
        chunk_shape=None if chance.random() < 0.03 else chunk,
        shard_shape=shard,
        codec=chance.choice((None, (), ("zstd",), ("shuffle", "lzf"), ("blosc (lz4)", "pcodec"))),
        voxel_size=tuple(length * factor for _ in shape) if is_sized else None,
        offset=chance.choice((None, (0.0,) * len(shape), (0.5,) * len(shape))),
        ratio=chance.choice((None, 1.5)),
        edges=chance.choice(("padded", "cut")),
    )


def some_report(chance: random.Random) -> Report:
    """Make up a report, of which most are large and many ill."""
    axes = chance.choice(("YX", "ZYX", "???", "TCZYX", "?YX", "YXS", "CYX", "CZ"))
    full = some_sizes(chance, len(axes))
    if axes.endswith("S"):
        full = (*full[:-1], 3)
    layout = chance.choice(("chunks", "shards", "strips", "tiles", "contiguous"))
    low = chance.choice((0.0, 2.5, 1e6, 123456.5))
    return Report(
        source=chance.choice(("/data/a b.ome.tif", "it's.zarr/", "a.ozx", "C:\\x\\ü.h5", "/")),
        kind=chance.choice(("OME-Zarr", "Zarr", "OME-TIFF", "TIFF (ImageJ)", "Imaris", "N5")),
        axes=tuple(axes),
        units=tuple(chance.choice((None, "µm", "pixel")) for _ in axes),
        levels=tuple(some_level(chance, n, full, layout) for n in range(chance.randint(1, 4))),
        files=Files(
            number=chance.choice((None, 1, 10**6)),
            nbytes=None,
            expected=chance.choice((None, 33_000_000)),
        ),
        windows=((low, low + chance.choice((0, 1))),),
        method=chance.choice((None, "nearest", "Mean")),
        sampled=chance.choice((None, False, True)),
        contradictions=chance.choice(((), ("One says 1.", "The other 2."))),
        unread_version=chance.choice((None, "9")),
        one_at_a_time=chance.random() < 0.3,
    )


def reports() -> Iterator[Report]:
    chance = random.Random(19)  # noqa: S311
    for _ in range(600):
        yield some_report(chance)
    # One chunk; chunks that no grid has, and more of them than are counted one by one.
    level = {"path": "0", "dtype": "uint8", "layout": "chunks"}
    rest = {"source": "a.zarr", "kind": "Zarr", "axes": ("Z", "Y", "X"), "units": (None,) * 3}
    for shape, chunk, shard, dtype in (
        ((4096,) * 3, (16,) * 3, (4096,) * 3, "uint8"),
        ((4096,) * 3, (16,) * 3, (40,) * 3, "uint8"),
        ((2**20,) * 3, (16,) * 3, None, "uint8"),
        ((300,) * 3, (300,) * 3, None, "uint8"),
        ((64,) * 3, (16,) * 3, None, "uint12"),
        ((64,) * 3, (16,) * 3, None, "datetime64[ns]"),
    ):
        here = Level(**{**level, "dtype": dtype}, shape=shape, chunk_shape=chunk, shard_shape=shard)
        yield Report(**rest, levels=(here,), files=Files(number=None, nbytes=None))


COSTS = "([reports, rules]) => reports.map((report) => costsOf(report, rules))"
VERDICTS = """([reports, costs, rules]) =>
  reports.map((report, at) => verdictsOf(report, costs[at], rules))"""


def test_costs_and_verdicts_are_the_same(node: Node) -> None:
    made, rules = list(reports()), rules_as_json()
    plain = [report.as_json() for report in made]
    costs = node.module("inspection/costs_of.js")(COSTS, [plain, rules])
    verdicts = node.module("inspection/verdicts.js")(VERDICTS, [plain, costs, rules])
    given, unknown = set(), set()
    for report, its_costs, its_verdicts in zip(made, costs, verdicts, strict=True):
        right = costs_of(report)
        judged = verdicts_of(report, right, platform="linux")
        document = json.loads(json.dumps(as_document(report, right, judged)))
        assert its_costs == {"views": document["costs"], "reason": right.reason}, report
        assert its_verdicts == document["verdicts"], report
        given |= {verdict.name for verdict in judged}
        unknown.add(right.reason)
    # What was made up has every illness, and every reason why costs are not known.
    assert given == {rule["name"] for rule in rules["verdicts"]}
    assert len(unknown) == 6, unknown


def test_bytes_of_a_voxel_are_the_same(node: Node) -> None:
    names = [*ITEM_SIZES]
    found = node.module("inspection/report.js")("(names) => names.map(itemSizeOf)", names)
    assert dict(zip(names, found, strict=True)) == ITEM_SIZES
    assert {name: item_size(name) for name in names} == ITEM_SIZES


def test_bytes_of_a_voxel_are_those_of_numpy() -> None:
    codes = [*"?bBhHiIqQefdFD", ">u2", "<c16"]
    for dtype in map(np.dtype, codes):
        assert item_size(dtype.name) == dtype.itemsize


def test_units_are_the_same(node: Node) -> None:
    known = [*units._BY_LENGTH, *units._BY_TIME]
    asked = {form for each in known for form in (each, each.upper(), each.title(), f" {each}s ")}
    asked |= {"", "pixel", "PX", "\\u00B5m", "μm", "Å", "M", "MM", "nM", "UM", "furlong", "m2"}
    words = sorted(asked)
    module = node.module("inspection/units.js")
    found = module(
        """(words) => words.map((word) =>
          [lengthUnit(word), durationUnit(word)].map((unit) => unit && [unit.name, unit.symbol])
            .concat(isPixelUnit(word)))""",
        words,
    )
    for word, answer in zip(words, found, strict=True):
        right = [
            None if unit is None else [unit.name, unit.symbol]
            for unit in (units.length(word), units.duration(word))
        ]
        assert answer == [*right, units.is_pixel(word)], word


def test_numbers_are_written_and_read_the_same(node: Node) -> None:
    chance = random.Random(3)  # noqa: S311
    values = [0.0, 1.0, 2.125, 2.135, 1234565.0, 1e22, 1e-5, 9.995, 0.00012345, 999999.5, -2.5, 0.5]
    values += [chance.uniform(0, 10) ** chance.randint(-6, 8) for _ in range(300)]
    values += [chance.randint(1, 4096) / 2 ** chance.randint(0, 12) for _ in range(300)]
    module = node.module("inspection/numbers.js")
    script = "(values) => values.map((value) => [general(value), general(value, 3)])"
    assert module(script, values) == [[f"{value:g}", f"{value:.3g}"] for value in values]
    texts = ["", " 2.5 ", "1e3", ".5", "5.", "-3", "+3", "0x10", "inf", "nan", "1,5", "1e", "2 3"]
    found = module("(texts) => texts.map((text) => [finite(text), positive(text)])", texts)
    numbers = [None, 2.5, 1000, 0.5, 5, -3, 3, *[None] * 6]
    assert found == [[n, n if n is not None and n > 0 else None] for n in numbers]


def test_names_are_proposed_and_quoted_the_same(node: Node) -> None:
    sources = [
        "/data/stack.ome.tif", "stack.ome.zarr/", "a.ozx", "C:\\data\\a b.ims", "", "/", "a/.",
        "it's.n5", "-a b.tif", "-", "a$b.tif", "a`b", "a!.h5", 'a"b',
        "a%20b,c", "x.tif.xml", "ä.h5", "https://host/a.zarr/?x=1", ".zarr", "a.TIF", "a\nb",
    ]  # fmt: skip
    module = node.module("inspection/verdicts.js")
    found = module("(texts) => texts.map(targetName)", sources)
    assert found == [*map(target_name, sources)]
    module = node.module("inspection/quoting.js")
    found = module(
        "(texts) => texts.map((text) => [shellQuoted(text), quotingNote(text)])", sources
    )
    for source, (name, note) in zip(sources, found, strict=True):
        assert name == quoted(source, platform="linux")
        assert note == quoting_note(source, platform="linux")


def test_an_image_on_a_server_is_called_as_a_copy_of_it_is(node: Node) -> None:
    names = {
        "https://x.org/a.zarr": "a.zarr",
        "http://x.org/data/my%20cells.ome.zarr//?key=1/2#top": "my cells.ome.zarr",
        "HTTP://X.org/%C3%A4%FF%zz%2.h5": "ä\ufffd%zz%2.h5",
        "https://x.org": "image",
        "https://x.org/?a=b.tif": "image",
        "data/a.tif": "data/a.tif",
        "a%20b.tif": "a%20b.tif",
        "https.tif": "https.tif",
    }
    module = node.module("inspection/quoting.js")
    script = "(texts) => texts.map((text) => [nameHere(text), downloadNote(text)])"
    for (source, name), found in zip(names.items(), module(script, [*names]), strict=True):
        note = download_note(source)
        assert found == [name_here(source), note] == [name, note]
        assert bool(note) == ("://" in source)


XML = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand --><SpimData version="0.2">
  <BasePath type='relative'>.</BasePath><e/><e a="1&#9;2" b='"'>x &amp; &#x3bc;<![CDATA[<&>]]>
  <child>tail</child> after</e><?note this?>
  <!-- inside --><ns:name xmlns:ns="u">\u00e9</ns:name>
</SpimData>
"""


def as_tree(element: Any) -> list[Any]:
    text = element.text or ""
    return [element.tag, dict(element.attrib), text, [as_tree(each) for each in element]]


def xml_in_python(text: str) -> Any:
    try:
        return as_tree(parse(text.encode("utf-8", "surrogatepass"), "It"))
    except ValueError as error:
        return str(error)


PARSED = """(texts) => texts.map((text) => {
  const tree = ({ name, attributes, text, children }) =>
    [name, { ...attributes }, text, children.map(tree)];
  try {
    return tree(parseXml(text, "It"));
  } catch (error) {
    if (error.name !== "InspectionError") throw error;
    return error.message;
  }
})"""


def test_xml_is_read_and_refused_the_same(node: Node) -> None:
    chance = random.Random(5)  # noqa: S311
    texts = [XML, XML.replace("\n", "\r\n"), "", "<a>", "<a/><b/>", "<a></b>", "  <a/>", "<a", "x"]
    texts += ["<a b='1' b='2'/>", "<a b='<'/>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>]]></a>"]
    texts += ["<!DOCTYPE a><a/>", " " + XML, "<a b=1/>", "<a><!-- -- --></a>", "<a b='1'c='2'/>"]
    texts += ["<a>" * 64 + "</a>" * 64, "<a>" * 65 + "</a>" * 65, "<a>" * 3000 + "</a>" * 3000]
    begin = XML.index("<!--")  # what stands before tells how bytes are read
    for _ in range(600):
        letters = list(XML)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(begin, len(letters))
            letters[at] = chance.choice(("", "<", ">", "&", ";", '"', "-", "?", "x", "\x01", " "))
        texts.append("".join(letters)[: chance.choice((None, None, chance.randrange(len(XML))))])
    module = node.module("inspection/xml.js")
    refused = 0
    for text, found in zip(texts, module(PARSED, texts), strict=True):
        right = xml_in_python(text)
        refused += isinstance(right, str)
        if isinstance(right, str):
            assert isinstance(found, str), (text, right, found)
            assert found.startswith("It "), (text, found)
            assert found.endswith("."), (text, found)
        else:
            assert found == right, text
    assert 100 < refused < len(texts) - 20


def test_xml_of_another_encoding_is_read(node: Node) -> None:
    text = "<a>µ é</a>"
    contents = [
        text.encode(),
        text.encode("cp1252"),
        text.encode("utf-16"),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode("latin-1"),
        f'<?xml version="1.0" encoding="none-such"?>{text}'.encode(),
    ]
    module = node.module("inspection/xml.js")
    script = "(all) => all.map((bytes) => { try { return parseXml(Uint8Array.from(bytes)).text; } "
    script += "catch (error) { return error.message; } })"
    found = module(script, [list(content) for content in contents])
    assert found[:4] == ["µ é"] * 4
    assert found[4] == "The XML is in an encoding that cannot be read: none-such."
