"""BigDataViewer's XML: what a dataset consists of, read safely and written back.

The XML says which views exist (a *view* is one setup at one time point), how large a voxel is
and how the views lie in space; the pixels are in an HDF5 file that it names. The rules follow
BigDataViewer's own library, github.com/bigdataviewer/spimdata: ``XmlKeys`` (element names),
``XmlIoBasicViewSetups`` and ``XmlIoBasicViewSetup`` (setups and attributes),
``XmlIoTimePoints`` and ``IntegerPattern`` (time points), ``XmlIoMissingViews``,
``ViewRegistration`` (order of transforms), ``XmlHelpers`` (paths); and bigdataviewer-core's
``XmlIoHdf5ImageLoader`` (HDF5 file and partitions).

The XML orders axes x, y, z. Here sizes are in **z, y, x**, as numpy has them; only affine
matrices keep x, y, z, since that is what they act on.

What no pixel needs never ends the reading: a size, voxel size, registration or attribute that makes
no sense becomes ``None`` or is left out, with a warning. The image loader with its paths and
partitions, the ids of setups, the time points and the missing views say which pixels there are;
these are never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from bigimg_lessons.formats.bdv import legacy, split
from bigimg_lessons.formats.bdv.loaders import HDF5, elsewhere
from bigimg_lessons.formats.bdv.paths import is_absolute
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.split import SetupPart, read_parts
from bigimg_lessons.formats.bdv.xmltree import MAX_ID, Node, first_tag, many_objects, parse

MAX_XML_BYTES = 128 * 2**20
"""Largest XML that is read: room for some hundred thousand views."""

MAX_TIMEPOINTS = 100_000
"""Most time points that one dataset may hold (BigDataViewer's names have five digits)."""

Affine = tuple[float, ...]
"""Twelve numbers, row by row, of the 3-by-4 matrix that acts on (x, y, z, 1)."""


class LoaderError(ValueError):
    """The XML is BigDataViewer's, but its pixels are not kept in HDF5."""


@dataclass(frozen=True)
class PathReference:
    """A path as written in the XML.

    Parameters
    ----------
    text
        The path.
    relative
        Whether the XML calls it relative, or does not say and it does not begin as an absolute
        one: to the base path, which itself is relative to the XML's folder.
    """

    text: str
    relative: bool = True


@dataclass(frozen=True)
class Partition:
    """One of the files over which a dataset is split.

    Parameters
    ----------
    path
        The partition's HDF5 file.
    timepoints, setups
        Pairs of (id in the dataset, id inside the partition's file).
    """

    path: PathReference
    timepoints: tuple[tuple[int, int], ...]
    setups: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class VoxelSize:
    """Size of one full-resolution voxel.

    Parameters
    ----------
    size
        Three positive numbers, in z, y, x order; ``None`` for each that the XML does not tell.
    unit
        The unit's name as written; may be empty.
    """

    size: tuple[float | None, float | None, float | None]
    unit: str


@dataclass(frozen=True)
class ViewSetup:
    """One image source: a channel, angle, illumination and tile, over all time points.

    Parameters
    ----------
    id
        Number of the setup, as in the HDF5 group ``s00``.
    name
        Its name, or ``None``.
    size
        Pixels at full resolution in z, y, x order, or ``None`` if the XML does not say.
    voxel_size
        Size of a voxel, or ``None`` if the XML does not say.
    attributes
        Pairs of (kind, id), such as ``("channel", 0)``, in the order of the XML.
    """

    id: int
    name: str | None = None
    size: tuple[int, int, int] | None = None
    voxel_size: VoxelSize | None = None
    attributes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Attribute:
    """One channel, angle, illumination, tile or other thing that setups refer to.

    Parameters
    ----------
    kind
        What it is, in lower case as BigDataViewer writes it: ``"channel"``, ``"angle"``, …
    id
        Its number among its kind.
    name
        Its name, or ``None``.
    details
        What else is said of it, as pairs of (element, text) in the order of the XML: a tile's
        ``location``, an angle's ``axis`` and ``degrees``, a colour.
    """

    kind: str
    id: int
    name: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ViewTransform:
    """One step of a registration.

    Parameters
    ----------
    affine
        Twelve numbers, row by row, of the matrix that acts on (x, y, z, 1).
    name
        Its name, such as ``"calibration"``, or ``None``.
    """

    affine: Affine
    name: str | None = None

    @property
    def model(self) -> npt.NDArray[np.float64]:
        """The matrix with a fourth row, so that steps can be multiplied."""
        model = np.eye(4)
        model[:3] = np.reshape(self.affine, (3, 4))
        return model


@dataclass(frozen=True)
class ViewRegistration:
    """Where one view lies in space.

    Parameters
    ----------
    timepoint, setup
        Ids of the view.
    transforms
        In the order of the XML: the last one listed is applied to the pixels first.
    """

    timepoint: int
    setup: int
    transforms: tuple[ViewTransform, ...]

    @property
    def model(self) -> npt.NDArray[np.float64]:
        """All transforms as one 4-by-4 matrix from pixels (x, y, z, 1) to space (x, y, z, 1)."""
        model = np.eye(4)
        for transform in self.transforms:
            model = model @ transform.model
        return model


@dataclass(frozen=True)
class SpimData:
    """What the XML of a BigDataViewer dataset with HDF5 says.

    Parameters
    ----------
    hdf5
        The HDF5 file.
    setups
        The view setups, by id.
    timepoints
        Ids of the time points, ascending.
    attributes
        Everything that the setups' attributes refer to.
    missing
        (time point, setup) of the views that do not exist.
    registrations
        Where the views lie in space.
    partitions
        The further HDF5 files of a split dataset.
    base_path
        The folder that relative paths begin at, itself relative to the XML's folder.
    parts
        What each setup is cut out of, if BigStitcher has split a dataset; else empty.
    """

    hdf5: PathReference
    setups: tuple[ViewSetup, ...]
    timepoints: tuple[int, ...]
    attributes: tuple[Attribute, ...] = ()
    missing: frozenset[tuple[int, int]] = frozenset()
    registrations: tuple[ViewRegistration, ...] = ()
    partitions: tuple[Partition, ...] = ()
    base_path: PathReference = field(default_factory=lambda: PathReference("."))
    parts: tuple[SetupPart, ...] = ()

    def voxel_size(self, setup: ViewSetup) -> VoxelSize | None:
        """Size of a voxel of `setup`.

        Parameters
        ----------
        setup
            One of `setups`.

        Returns
        -------
        VoxelSize | None
            What the setup states, else what the transform applied first to one of its views
            scales by if it does nothing but scale (older exports of BigDataViewer hold the
            calibration only there; the unit is then empty), else ``None``.
        """
        if setup.voxel_size is not None:
            return setup.voxel_size
        first = self.placed.get(setup.id)
        if first is not None:
            matrix = np.reshape(first.transforms[-1].affine, (3, 4))[:, :3]
            scale = np.diagonal(matrix)
            if np.all(scale > 0) and np.array_equal(matrix, np.diag(scale)):
                x, y, z = (float(value) for value in scale)
                return VoxelSize((z, y, x), "")
        return None

    @cached_property
    def placed(self) -> dict[int, ViewRegistration]:
        """Of each setup the first registration in the XML that has a transform."""
        found: dict[int, ViewRegistration] = {}
        for registration in self.registrations:
            if registration.transforms:
                found.setdefault(registration.setup, registration)
        return found

    def attribute_name(self, kind: str, number: int) -> str | None:
        """Name of an attribute, or ``None`` if it has none.

        Parameters
        ----------
        kind
            Its kind, such as ``"channel"``.
        number
            Its id.
        """
        return self._names.get((kind, number)) or None

    @cached_property
    def _names(self) -> dict[tuple[str, int], str | None]:
        """Names of all attributes; of two of one kind and id the first counts."""
        return {(each.kind, each.id): each.name for each in reversed(self.attributes)}


def is_spimdata(head: bytes) -> bool:
    """Whether a file is BigDataViewer's XML, from its beginning.

    Parameters
    ----------
    head
        The first bytes of the file, up to and including its first element.

    Returns
    -------
    bool
        Whether the first element is ``SpimData``, or that of before 2014. Nothing behind it is
        looked at.
    """
    return first_tag(head) in ("SpimData", legacy.ROOT)


def from_xml(
    content: bytes, *, source: str = "The XML", remarks: Remarks | None = None
) -> SpimData:
    """Read the XML of a BigDataViewer dataset, of today or of before 2014.

    Parameters
    ----------
    content
        The whole file. Bytes that claim to be UTF-8 and are not are read as Windows-1252:
        BigDataViewer for some time wrote its XML in the platform's encoding.
    source
        The file's name, for messages.
    remarks
        Where to note what makes no sense and what no pixel needs. If ``None``, warnings are given.

    Returns
    -------
    SpimData
        What it says.

    Raises
    ------
    LoaderError
        If the pixels are kept in another way than HDF5; the message says what to use.
    ValueError
        If it is too large, declares a document type (and with it entities, or references to
        other files), is not well-formed, is not BigDataViewer's, or if something in it that
        pixels need is missing or makes no sense.

    Warns
    -----
    UserWarning
        Once for each kind of thing that makes no sense and that no pixel needs.
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
        loader, parts = _loader(sequence.child("ImageLoader"))
        setups = sequence.child("ViewSetups")
        base_path = root.find("BasePath")
        missing = sequence.find("MissingViews")
        data = SpimData(
            hdf5=_path(loader.child("hdf5")),
            setups=_setups(setups, noted),
            timepoints=_timepoints(sequence.child("Timepoints")),
            attributes=tuple(_attributes(setups, noted)),
            missing=frozenset(
                (view.id_attribute("timepoint"), view.id_attribute("setup"))
                for view in (missing.children("MissingView") if missing else ())
            ),
            registrations=tuple(_registrations(root.find("ViewRegistrations"), noted)),
            partitions=tuple(_partition(node) for node in loader.children("partition")),
            base_path=_path(base_path) if base_path and base_path.own_text else PathReference("."),
            parts=parts,
        )
    if remarks is None:
        noted.warn()
    return data


def _loader(node: Node) -> tuple[Node, tuple[SetupPart, ...]]:
    """Find the loader of HDF5, which may be inside that of a split dataset."""
    name = node.attribute("format")
    if name.casefold() == HDF5:
        return node, ()
    refused = f"{node.source} keeps its pixels as {name!r}, and only {HDF5!r} is read here"
    inner = node.find("ImageLoader")
    if name != split.FORMAT or inner is None:
        raise LoaderError(f"{refused}: {elsewhere(node, name)}.")
    inside = inner.attribute("format")
    if inside != HDF5:
        raise LoaderError(
            f"{refused}, and parts of such; inside is {inside!r}: {elsewhere(inner, inside)}."
        )
    if node.find("SetupIds") is None:
        raise LoaderError(
            f"{refused}; inside is {HDF5!r}, with the pixels in {inner.text('hdf5')!r}, but no "
            "<SetupIds> say which part of them each setup is: open the XML of the dataset that was "
            "split, or put the inner <ImageLoader> in the place of the outer one to read it whole."
        )
    return inner, tuple(read_parts(node))


def to_xml(data: SpimData) -> str:
    """Write the XML of a BigDataViewer dataset.

    Parameters
    ----------
    data
        What it is to say. Time points are written as a range where their ids are consecutive,
        else as a list.

    Returns
    -------
    str
        The document, indented, ending in a line break; to be stored as UTF-8.
        ``from_xml(to_xml(data).encode())`` equals `data`. A voxel size that is not known is
        written as ``NaN``.

    Raises
    ------
    ValueError
        If a name, unit or path holds a character that XML cannot, a kind of attribute is no
        valid XML name, there is no time point, or the setups are parts of other setups.
    """
    if data.parts:
        raise ValueError(
            "The setups are parts of those of another dataset, and are only read: write the "
            "pixels of each scene to a dataset of its own."
        )
    root = ElementTree.Element("SpimData", version="0.2")
    _add_path(root, "BasePath", data.base_path)
    sequence = ElementTree.SubElement(root, "SequenceDescription")
    loader = ElementTree.SubElement(sequence, "ImageLoader", format="bdv.hdf5")
    _add_path(loader, "hdf5", data.hdf5)
    for partition in data.partitions:
        node = ElementTree.SubElement(loader, "partition")
        _add_path(node, "path", partition.path)
        for tag, pairs in (("timepoints", partition.timepoints), ("setups", partition.setups)):
            _add(node, tag, _numbers(own for own, _ in pairs))
            _add(node, f"{tag}Mapped", _numbers(mapped for _, mapped in pairs))
    setups = ElementTree.SubElement(sequence, "ViewSetups")
    for setup in data.setups:
        _add_setup(setups, setup)
    groups: dict[str, ElementTree.Element] = {}
    for attribute in data.attributes:
        kind = _tag(attribute.kind)
        if kind not in groups:
            groups[kind] = ElementTree.SubElement(setups, "Attributes", name=kind)
        node = ElementTree.SubElement(groups[kind], kind[0].upper() + kind[1:])
        _add(node, "id", str(attribute.id))
        if attribute.name is not None:
            _add(node, "name", attribute.name)
        for tag, text in attribute.details:
            _add(node, _tag(tag), text)
    _add_timepoints(sequence, data.timepoints)
    if data.missing:
        node = ElementTree.SubElement(sequence, "MissingViews")
        for timepoint, setup_id in sorted(data.missing):
            ElementTree.SubElement(
                node, "MissingView", timepoint=str(timepoint), setup=str(setup_id)
            )
    registrations = ElementTree.SubElement(root, "ViewRegistrations")
    for view in data.registrations:
        node = ElementTree.SubElement(
            registrations, "ViewRegistration", timepoint=str(view.timepoint), setup=str(view.setup)
        )
        for transform in view.transforms:
            step = ElementTree.SubElement(node, "ViewTransform", type="affine")
            if transform.name is not None:
                _add(step, "Name", transform.name)
            _add(step, "affine", _numbers(transform.affine))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


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
    """Read what can be read of a voxel size; a number that makes no sense is not known."""
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
    """Read where views lie; one of which a step cannot be read has no place that is known."""
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
                f"{error} So the place of {of} is not known; its pixels are not touched.",
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


# What XML 1.0 allows in text, less tab and line breaks, which a parser may change.
_UNPRINTABLE = re.compile("[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _add(parent: ElementTree.Element, tag: str, text: str) -> ElementTree.Element:
    if bad := _UNPRINTABLE.search(text):
        raise ValueError(
            f"<{tag}> is to hold {text!r}, but XML has no place for the character "
            f"{bad.group()!r}: take it out."
        )
    node = ElementTree.SubElement(parent, tag)
    node.text = text
    return node


def _add_path(parent: ElementTree.Element, tag: str, path: PathReference) -> None:
    _add(parent, tag, path.text).set("type", "relative" if path.relative else "absolute")


def _tag(kind: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", kind):
        raise ValueError(
            f"{kind!r} cannot name a kind of attribute: use letters, digits, '.', '-' and '_'."
        )
    return kind


def _numbers(values: Iterable[float]) -> str:
    return " ".join(map(repr, values))


def _add_setup(parent: ElementTree.Element, setup: ViewSetup) -> None:
    node = ElementTree.SubElement(parent, "ViewSetup")
    _add(node, "id", str(setup.id))
    if setup.name is not None:
        _add(node, "name", setup.name)
    if setup.size is not None:
        _add(node, "size", _numbers(reversed(setup.size)))
    if setup.voxel_size is not None:
        voxel = ElementTree.SubElement(node, "voxelSize")
        _add(voxel, "unit", setup.voxel_size.unit)
        lengths = reversed(setup.voxel_size.size)
        _add(voxel, "size", " ".join("NaN" if n is None else repr(n) for n in lengths))
    if setup.attributes:
        attributes = ElementTree.SubElement(node, "attributes")
        for kind, number in setup.attributes:
            _add(attributes, _tag(kind), str(number))


def _add_timepoints(parent: ElementTree.Element, timepoints: tuple[int, ...]) -> None:
    if not timepoints:
        raise ValueError("The dataset has no time point: give at least one, such as (0,).")
    first, last = timepoints[0], timepoints[-1]
    if last - first == len(timepoints) - 1:
        node = ElementTree.SubElement(parent, "Timepoints", type="range")
        _add(node, "first", str(first))
        _add(node, "last", str(last))
    else:
        node = ElementTree.SubElement(parent, "Timepoints", type="list")
        for number in timepoints:
            _add(ElementTree.SubElement(node, "Timepoint"), "id", str(number))
