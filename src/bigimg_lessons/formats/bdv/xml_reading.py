"""BigDataViewer's XML, read safely: which views exist, how large a voxel is, where views lie.

The XML names the HDF5 file that holds the pixels. The rules follow BigDataViewer's own library,
github.com/bigdataviewer/spimdata: ``XmlKeys`` (element names), ``XmlIoBasicViewSetups`` and
``XmlIoBasicViewSetup`` (setups and attributes), ``XmlIoTimePoints`` and ``IntegerPattern`` (time
points), ``XmlIoMissingViews``, ``ViewRegistration`` (order of transforms), ``XmlHelpers`` (paths);
and bigdataviewer-core's ``XmlIoHdf5ImageLoader`` (HDF5 file and partitions).

What no pixel needs never ends the reading: a size, voxel size, registration or attribute that makes
no sense becomes ``None`` or is left out, with a warning. The image loader with its paths and
partitions, the ids of setups, the time points and the missing views say which pixels there are;
these are never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bigimg_lessons.formats.bdv import legacy, split
from bigimg_lessons.formats.bdv.loaders import CONTAINERS, HDF5, LoaderError, elsewhere
from bigimg_lessons.formats.bdv.paths import is_absolute
from bigimg_lessons.formats.bdv.remarks import Remarks
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
from bigimg_lessons.formats.bdv.split import read_parts
from bigimg_lessons.formats.bdv.xmltree import MAX_ID, Node, first_tag, many_objects, parse

MAX_XML_BYTES = 128 * 2**20
"""Maximum size of an XML in bytes: room for some hundred thousand views."""

MAX_TIMEPOINTS = 100_000
"""Maximum number of time points in a dataset (BigDataViewer's names have five digits)."""


def is_spimdata(head: bytes) -> bool:
    """Whether a file is BigDataViewer's XML, from its beginning.

    Parameters
    ----------
    head
        The first bytes of the file, up to and including its first element.

    Returns
    -------
    bool
        Whether the first element is ``SpimData``, or that of before 2014. Nothing after it is
        read.
    """
    return first_tag(head) in ("SpimData", legacy.ROOT)


def from_xml(
    content: bytes,
    *,
    source: str = "The XML",
    remarks: Remarks | None = None,
    loader: str = HDF5,
) -> SpimData:
    """Read the XML of a BigDataViewer dataset, written today or before 2014.

    Parameters
    ----------
    content
        The whole file. Bytes that claim to be UTF-8 and are not are read as Windows-1252:
        BigDataViewer for some time wrote its XML in the platform's encoding.
    source
        The file's name, for messages.
    remarks
        Where to note what makes no sense and what no pixel needs. If ``None``, warnings are given.
    loader
        The loader that is expected, one of
        :data:`bigimg_lessons.formats.bdv.loaders.CONTAINERS`.

    Returns
    -------
    SpimData
        What it says.

    Raises
    ------
    LoaderError
        If the pixels are kept in another way than the loader's; where HDF5 is expected, the
        message says what to use.
    ValueError
        If it is too large, declares a document type (and with it entities, or references to
        other files), is not well-formed, is not BigDataViewer's, or if something in it that
        pixels need is missing or makes no sense.

    Warns
    -----
    UserWarning
        Once for each kind of error in what no pixel needs.
    """
    if len(content) > MAX_XML_BYTES:
        raise ValueError(
            f"{source} has {len(content):,} bytes: BigDataViewer's XML is read up to "
            f"{MAX_XML_BYTES:,} bytes."
        )
    noted = Remarks() if remarks is None else remarks
    with many_objects():
        tree = parse(content, source)
        root = Node(legacy.modernised(tree) if tree.tag == legacy.ROOT else tree, source)
        if root.tag != "SpimData":
            raise ValueError(
                f"{source} begins with <{root.tag}>, not with <SpimData>: it is no BigDataViewer "
                "XML."
            )
        sequence = root.child("SequenceDescription")
        found, parts = _loader(sequence.child("ImageLoader"), loader)
        setups = sequence.child("ViewSetups")
        base_path = root.find("BasePath")
        missing = sequence.find("MissingViews")
        data = SpimData(
            hdf5=_path(found.child(CONTAINERS[loader])),
            setups=_setups(setups, noted),
            timepoints=_timepoints(sequence.child("Timepoints")),
            attributes=tuple(_attributes(setups, noted)),
            missing=frozenset(
                (view.id_attribute("timepoint"), view.id_attribute("setup"))
                for view in (missing.children("MissingView") if missing else ())
            ),
            registrations=tuple(_registrations(root.find("ViewRegistrations"), noted)),
            partitions=tuple(_partition(node) for node in found.children("partition")),
            base_path=_path(base_path) if base_path and base_path.own_text else PathReference("."),
            parts=parts,
        )
    if remarks is None:
        noted.warn()
    return data


def _loader(node: Node, expected: str) -> tuple[Node, tuple[SetupPart, ...]]:
    """Find the loader that is expected; that of HDF5 may be inside that of a split dataset."""
    name = node.attribute("format")
    if name.casefold() == expected:
        return node, ()
    if expected != HDF5:
        raise LoaderError(
            node.source, f"{node.source} keeps its pixels as {name!r}, not as {expected!r}."
        )
    refused = f"{node.source} keeps its pixels as {name!r}, and only {HDF5!r} is read here"
    inner = node.find("ImageLoader")
    if name != split.FORMAT or inner is None:
        raise LoaderError(node.source, f"{refused}: {elsewhere(node, name)}.")
    inside = inner.attribute("format")
    if inside != HDF5:
        raise LoaderError(
            node.source,
            f"{refused}, and parts of such; inside is {inside!r}: {elsewhere(inner, inside)}.",
        )
    if node.find("SetupIds") is None:
        raise LoaderError(
            node.source,
            f"{refused}; inside is {HDF5!r}, with the pixels in {inner.text('hdf5')!r}, but no "
            "<SetupIds> say which part of them each setup is: open the XML of the dataset that was "
            "split, or put the inner <ImageLoader> in the place of the outer one to read it whole.",
        )
    return inner, tuple(read_parts(node))


def _path(node: Node) -> PathReference:
    text, kind = node.own_text, node.element.get("type")
    if not text:
        raise node.error("should hold a path and is empty")
    return PathReference(text, kind == "relative" or (kind != "absolute" and not is_absolute(text)))


def _setups(node: Node, remarks: Remarks) -> tuple[ViewSetup, ...]:
    setups: dict[int, ViewSetup] = {}
    for child in node.children("ViewSetup"):
        setup = _setup(child, remarks)
        if setups.setdefault(setup.id, setup) is not setup:
            raise node.error(f"holds two setups with the id {setup.id}")
    if not setups:
        raise node.error("holds no <ViewSetup>: there is no image")
    return tuple(setups[number] for number in sorted(setups))


def _setup(node: Node, remarks: Remarks) -> ViewSetup:
    number = node.id()
    of = f"setup {number}"
    size = None
    if (size_node := node.find("size")) is not None:
        try:
            x, y, z = size_node.extents()
            size = (z, y, x)
        except ValueError as error:
            remarks.add("size", f"{error} The size of {of} is that in the HDF5 file.", of=of)
    attributes = []
    for child in node.element.iterfind("attributes/*"):
        try:
            attributes.append((child.tag, Node(child, node.source).label()))
        except ValueError as error:
            text = f"{error} This attribute of {of} is left out."
            remarks.add(f"attribute {child.tag}", text, of=of)
    voxel_size = node.find("voxelSize")
    return ViewSetup(
        id=number,
        name=node.text("name"),
        size=size,
        voxel_size=_voxel_size(voxel_size, of, remarks) if voxel_size else None,
        attributes=tuple(attributes),
    )


def _voxel_size(node: Node, of: str, remarks: Remarks) -> VoxelSize | None:
    """Read a voxel size axis by axis; a number that makes no sense is unknown."""
    size = node.find("size") or node
    words = size.own_text.replace(", ", " ").split()
    lengths = [_length(word) for word in words] if len(words) == 3 else [None] * 3
    if None in lengths or any("," in word for word in words):
        read = " ".join("unknown" if n is None else f"{n:g}" for n in lengths)
        remarks.add(
            "voxelSize",
            f"{node.source}: <size> in <voxelSize> of {of} should hold three numbers above zero; "
            f"its text is {size.own_text!r}. It is read as x, y, z = {read}.",
            of=of,
        )
    if not any(lengths):
        return None
    return VoxelSize((lengths[2], lengths[1], lengths[0]), (node.text("unit") or "").strip())


def _length(word: str) -> float | None:
    """Read a number above zero; ``None`` if it is none.

    Some programs write a decimal comma. A word such as ``1,250`` could also mean 1250 and is
    not read; ``0,250`` could not.
    """
    if "," in word and re.fullmatch(r"0?,[0-9]+|[0-9]+,(?![0-9]{3}$)[0-9]+", word):
        word = word.replace(",", ".")
    try:
        value = float(word)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _attributes(node: Node, remarks: Remarks) -> Iterator[Attribute]:
    for group in node.children("Attributes"):
        for child in group.children():
            try:
                kind, number = group.attribute("name"), child.child("id").label()
            except ValueError as error:
                remarks.add("Attributes", f"{error} It is left out, with its name.")
                continue
            details = tuple(
                (part.tag, " ".join(part.own_text.split()))
                for part in child.children()
                if part.tag not in ("id", "name")
            )
            yield Attribute(kind, number, child.text("name"), details)


def _registrations(node: Node | None, remarks: Remarks) -> Iterator[ViewRegistration]:
    """Read where views lie; a view with a step that cannot be read is left out."""
    for view in node.children("ViewRegistration") if node else ():
        try:
            yield ViewRegistration(
                timepoint=view.id_attribute("timepoint"),
                setup=view.id_attribute("setup"),
                transforms=tuple(_transform(step) for step in view.children("ViewTransform")),
            )
        except ValueError as error:
            time, setup = (view.element.get(name, "?") for name in ("timepoint", "setup"))
            of = f"setup {setup} at time point {time}"
            remarks.add(
                "ViewRegistration",
                f"{error} So the position of {of} is not known; its pixels are not affected.",
                of=of,
            )


def _timepoints(node: Node) -> tuple[int, ...]:
    kind = node.attribute("type")
    if kind == "range":
        first, last = node.child("first").integer(), node.child("last").integer()
        ranges = [range(first, last + 1)]
    elif kind == "list":
        ranges = [
            range(number, number + 1) for number in (c.id() for c in node.children("Timepoint"))
        ]
    elif kind == "pattern":
        ranges = list(_pattern(node.child("integerpattern")))
    else:
        raise node.error(f"is of type {kind!r}; known are 'range', 'list' and 'pattern'")
    count = sum(map(len, ranges))
    if not 0 < count <= MAX_TIMEPOINTS:
        raise node.error(f"holds {count} time points; from 1 to {MAX_TIMEPOINTS:,} are read")
    return tuple(sorted({number for numbers in ranges for number in numbers}))


def _pattern(node: Node) -> Iterator[range]:
    """Ranges of a pattern such as ``0-30:10,45``: numbers, spans, and spans with a step."""
    for entry in node.own_text.replace(" ", "").split(",") if node.own_text else ["0"]:
        match = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10})(?::([0-9]{1,10}))?)?", entry)
        if match is None:
            raise node.error(f"should hold entries such as 3, 0-9 or 0-30:10; one is {entry!r}")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        step = 1 if match[3] is None else int(match[3])
        if step < 1 or max(first, last) > MAX_ID:
            raise node.error(f"should hold steps and numbers above zero; one entry is {entry!r}")
        yield range(first, last + 1, step) if last >= first else range(first, last - 1, -step)


def _transform(node: Node) -> ViewTransform:
    if (kind := node.element.get("type", "affine")) != "affine":
        raise node.error(f"is of type {kind!r}; only 'affine' is known")
    return ViewTransform(node.child("affine").numbers(12), node.text("Name"))


def _partition(node: Node) -> Partition:
    pairs = {}
    for tag in ("timepoints", "setups"):
        own = node.child(tag).integers()
        mapped_node = node.find(f"{tag}Mapped")
        mapped = own if mapped_node is None else mapped_node.integers()
        if len(own) != len(mapped):
            raise node.error(f"has {len(own)} ids in <{tag}> and {len(mapped)} in <{tag}Mapped>")
        pairs[tag] = tuple(zip(own, mapped, strict=True))
    return Partition(_path(node.child("path")), pairs["timepoints"], pairs["setups"])
