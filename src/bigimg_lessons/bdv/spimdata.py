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
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

MAX_XML_BYTES = 128 * 2**20
"""Largest XML that is read: room for some hundred thousand views."""

MAX_TIMEPOINTS = 100_000
"""Most time points that one dataset may hold (BigDataViewer's names have five digits)."""

_MAX_DEPTH = 64
_MAX_ID = 2**31 - 1  # ids are Java ints

Affine = tuple[float, ...]
"""Twelve numbers, row by row, of the 3-by-4 matrix that acts on (x, y, z, 1)."""


class _RefusedError(ValueError):
    """The XML is not to be read on."""


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
        Whether the XML calls it relative: to the base path, which itself is relative to the
        XML's folder.
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
        Three positive numbers, in z, y, x order.
    unit
        The unit's name as written; may be empty.
    """

    size: tuple[float, float, float]
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
    """

    hdf5: PathReference
    setups: tuple[ViewSetup, ...]
    timepoints: tuple[int, ...]
    attributes: tuple[Attribute, ...] = ()
    missing: frozenset[tuple[int, int]] = frozenset()
    registrations: tuple[ViewRegistration, ...] = ()
    partitions: tuple[Partition, ...] = ()
    base_path: PathReference = field(default_factory=lambda: PathReference("."))

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
        for registration in self.registrations:
            if registration.setup == setup.id and registration.transforms:
                matrix = np.reshape(registration.transforms[-1].affine, (3, 4))[:, :3]
                scale = np.diagonal(matrix)
                if np.all(scale > 0) and np.array_equal(matrix, np.diag(scale)):
                    x, y, z = (float(value) for value in scale)
                    return VoxelSize((z, y, x), "")
                return None
        return None

    def attribute_name(self, kind: str, number: int) -> str | None:
        """Name of an attribute, or ``None`` if it has none.

        Parameters
        ----------
        kind
            Its kind, such as ``"channel"``.
        number
            Its id.
        """
        for attribute in self.attributes:
            if (attribute.kind, attribute.id) == (kind, number):
                return attribute.name or None
        return None


def is_spimdata(head: bytes) -> bool:
    """Whether a file is BigDataViewer's XML, from its beginning.

    Parameters
    ----------
    head
        The first bytes of the file, up to and including its first element.

    Returns
    -------
    bool
        Whether the first element is ``SpimData``. Nothing behind it is looked at.
    """
    roots: list[str] = []
    parser = expat.ParserCreate()

    def stop_at_root(tag: str, _: dict[str, str]) -> None:
        roots.append(tag)
        raise StopIteration

    parser.StartElementHandler = stop_at_root
    # Errors of values and look-ups come from encodings that do not exist.
    with contextlib.suppress(expat.ExpatError, StopIteration, ValueError, LookupError):
        parser.Parse(head, False)
    return roots == ["SpimData"]


def from_xml(content: bytes, *, source: str = "The XML") -> SpimData:
    """Read the XML of a BigDataViewer dataset.

    Parameters
    ----------
    content
        The whole file. Bytes that claim to be UTF-8 and are not are read as Windows-1252:
        BigDataViewer for some time wrote its XML in the platform's encoding.
    source
        The file's name, for messages.

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
        other files), is not well-formed, is not BigDataViewer's, or if something in it is
        missing or makes no sense.
    """
    if len(content) > MAX_XML_BYTES:
        raise ValueError(
            f"{source} has {len(content):,} bytes: BigDataViewer's XML is read up to "
            f"{MAX_XML_BYTES:,} bytes."
        )
    root = _Node(_parse(content, source), source)
    if root.tag != "SpimData":
        raise ValueError(
            f"{source} begins with <{root.tag}>, not with <SpimData>: it is no BigDataViewer XML."
        )
    sequence = root.child("SequenceDescription")
    loader = sequence.child("ImageLoader")
    if (loader_format := loader.attribute("format")) != "bdv.hdf5":
        raise LoaderError(
            f"{source} keeps its pixels as {loader_format!r}, and only 'bdv.hdf5' is read here: "
            f"{_elsewhere(loader_format)}."
        )
    setups = sequence.child("ViewSetups")
    registrations = root.find("ViewRegistrations")
    base_path = root.find("BasePath")
    missing = sequence.find("MissingViews")
    return SpimData(
        hdf5=loader.child("hdf5").path(),
        setups=_setups(setups),
        timepoints=_timepoints(sequence.child("Timepoints")),
        attributes=tuple(_attributes(setups)),
        missing=frozenset(
            (view.id_attribute("timepoint"), view.id_attribute("setup"))
            for view in (missing.children("MissingView") if missing else ())
        ),
        registrations=tuple(
            ViewRegistration(
                timepoint=view.id_attribute("timepoint"),
                setup=view.id_attribute("setup"),
                transforms=tuple(_transform(step) for step in view.children("ViewTransform")),
            )
            for view in (registrations.children("ViewRegistration") if registrations else ())
        ),
        partitions=tuple(_partition(node) for node in loader.children("partition")),
        base_path=base_path.path() if base_path else PathReference("."),
    )


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
        ``from_xml(to_xml(data).encode())`` equals `data`.

    Raises
    ------
    ValueError
        If a name, unit or path holds a character that XML cannot, a kind of attribute is no
        valid XML name, or there is no time point.
    """
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


def _parse(content: bytes, source: str) -> ElementTree.Element:
    """Build the element tree, refusing every document type declaration.

    Entities, and references to other files, can only be declared in a document type; with that
    refused there is nothing to expand and nothing to fetch.
    """
    try:
        return _build(content, source)
    except expat.ExpatError as error:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            try:
                # Text handed to expat is read as UTF-8, whatever its declaration says.
                return _build(content.decode("cp1252", "replace"), source)
            except expat.ExpatError:
                pass
        raise ValueError(f"{source} is not well-formed XML: {error}.") from error


def _build(content: bytes | str, source: str) -> ElementTree.Element:
    builder = ElementTree.TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _RefusedError(f"{source} nests more than {_MAX_DEPTH} elements: it is damaged.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise _RefusedError(
            f"{source} declares a document type (<!DOCTYPE …>), which BigDataViewer never writes "
            "and which can hide entities: remove the declaration if you trust the file."
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except _RefusedError:
        raise
    except (ValueError, LookupError) as error:  # what Python says of encodings it does not know
        raise ValueError(f"{source} is in an encoding that cannot be read: {error}.") from error
    return builder.close()


@dataclass(frozen=True)
class _Node:
    """An XML element whose getters raise errors that name the file and the element."""

    element: ElementTree.Element
    source: str

    @property
    def tag(self) -> str:
        return self.element.tag

    def error(self, problem: str) -> ValueError:
        return ValueError(f"{self.source}: <{self.tag}> {problem}.")

    def find(self, tag: str) -> _Node | None:
        found = self.element.find(tag)
        return None if found is None else _Node(found, self.source)

    def child(self, tag: str) -> _Node:
        if (found := self.find(tag)) is None:
            raise self.error(f"has no <{tag}>, which BigDataViewer needs")
        return found

    def children(self, tag: str | None = None) -> Iterator[_Node]:
        for element in self.element:
            if tag in (None, element.tag):
                yield _Node(element, self.source)

    def text(self, tag: str) -> str | None:
        """Text of a child as it is; ``None`` if there is no such child."""
        found = self.element.find(tag)
        return None if found is None else (found.text or "")

    @property
    def own_text(self) -> str:
        return (self.element.text or "").strip()

    def attribute(self, name: str) -> str:
        value = self.element.get(name)
        if value is None:
            raise self.error(f"has no attribute {name!r}")
        return value

    def id_attribute(self, name: str) -> int:
        return self._integer(self.attribute(name), f"attribute {name!r}")

    def id(self) -> int:
        return self.child("id").integer()

    def integer(self) -> int:
        return self._integer(self.own_text, "text")

    def _integer(self, text: str, what: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text.strip()) or int(text) > _MAX_ID:
            raise self.error(
                f"should hold a whole number from 0 to {_MAX_ID}; its {what} is {text!r}"
            )
        return int(text)

    def integers(self) -> tuple[int, ...]:
        return tuple(self._integer(word, "text") for word in self.own_text.split())

    def numbers(self, count: int, *, positive: bool = False) -> tuple[float, ...]:
        """Exactly `count` finite numbers."""
        try:
            values = tuple(float(word) for word in self.own_text.split())
        except ValueError:
            values = ()
        if len(values) != count or not all(map(math.isfinite, values)):
            raise self.error(f"should hold {count} numbers; its text is {self.own_text!r}")
        if positive and min(values) <= 0:
            raise self.error(f"should hold numbers above zero; its text is {self.own_text!r}")
        return values

    def path(self) -> PathReference:
        if not self.own_text:
            raise self.error("should hold a path and is empty")
        return PathReference(self.own_text, relative=self.element.get("type") != "absolute")


def _setups(node: _Node) -> tuple[ViewSetup, ...]:
    setups: dict[int, ViewSetup] = {}
    for child in node.children("ViewSetup"):
        setup = _setup(child)
        if setups.setdefault(setup.id, setup) is not setup:
            raise node.error(f"holds two setups with the id {setup.id}")
    if not setups:
        raise node.error("holds no <ViewSetup>: there is no image")
    return tuple(setups[number] for number in sorted(setups))


def _setup(node: _Node) -> ViewSetup:
    size = None
    if (size_node := node.find("size")) is not None:
        extents = size_node.integers()
        if len(extents) != 3 or min(extents) < 1:
            raise size_node.error(
                f"should hold three whole numbers above zero; its text is {size_node.own_text!r}"
            )
        size = (extents[2], extents[1], extents[0])
    voxel_size = None
    if (voxel_node := node.find("voxelSize")) is not None:
        x, y, z = voxel_node.child("size").numbers(3, positive=True)
        voxel_size = VoxelSize((z, y, x), (voxel_node.text("unit") or "").strip())
    attributes = node.find("attributes")
    return ViewSetup(
        id=node.id(),
        name=node.text("name"),
        size=size,
        voxel_size=voxel_size,
        attributes=tuple(
            (child.tag, child.integer()) for child in (attributes.children() if attributes else ())
        ),
    )


def _attributes(node: _Node) -> Iterator[Attribute]:
    for group in node.children("Attributes"):
        kind = group.attribute("name")
        for child in group.children():
            details = tuple(
                (part.tag, " ".join(part.own_text.split()))
                for part in child.children()
                if part.tag not in ("id", "name")
            )
            yield Attribute(kind, child.id(), child.text("name"), details)


def _timepoints(node: _Node) -> tuple[int, ...]:
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


def _pattern(node: _Node) -> Iterator[range]:
    """Ranges of a pattern such as ``0-30:10,45``: numbers, spans, and spans with a step."""
    for entry in node.own_text.replace(" ", "").split(",") if node.own_text else ["0"]:
        match = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10})(?::([0-9]{1,10}))?)?", entry)
        if match is None:
            raise node.error(f"should hold entries such as 3, 0-9 or 0-30:10; one is {entry!r}")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        step = 1 if match[3] is None else int(match[3])
        if step < 1 or max(first, last) > _MAX_ID:
            raise node.error(f"should hold steps and numbers above zero; one entry is {entry!r}")
        yield range(first, last + 1, step) if last >= first else range(first, last - 1, -step)


def _transform(node: _Node) -> ViewTransform:
    if (kind := node.attribute("type")) != "affine":
        raise node.error(f"is of type {kind!r}; only 'affine' is known")
    return ViewTransform(node.child("affine").numbers(12), node.text("Name"))


def _partition(node: _Node) -> Partition:
    pairs = {}
    for tag in ("timepoints", "setups"):
        own = node.child(tag).integers()
        mapped_node = node.find(f"{tag}Mapped")
        mapped = own if mapped_node is None else mapped_node.integers()
        if len(own) != len(mapped):
            raise node.error(f"has {len(own)} ids in <{tag}> and {len(mapped)} in <{tag}Mapped>")
        pairs[tag] = tuple(zip(own, mapped, strict=True))
    return Partition(node.child("path").path(), pairs["timepoints"], pairs["setups"])


_LOADERS = {
    "bdv.n5": "open the .n5 folder with tensorstore's n5 driver, or in Fiji with BigDataViewer",
    "bdv.remote": "its pixels are on a server; open it in Fiji with BigDataViewer",
    "bdv.ome.zarr": "open the .ome.zarr folder itself, with bioio-ome-zarr",
    "bdv.multimg.zarr": "open the .ome.zarr folders themselves, with bioio-ome-zarr",
    "ims": "open the .ims file itself, with imaris-ims-file-reader or in Fiji",
}


def _elsewhere(loader_format: str) -> str:
    """Say what to use for another image loader than ``bdv.hdf5``."""
    for known, remedy in _LOADERS.items():
        if loader_format == known or loader_format.startswith(f"{known}."):
            return remedy
    return "open it in Fiji with BigDataViewer, and export it as XML/HDF5 to read it here"


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
        _add(voxel, "size", _numbers(reversed(setup.voxel_size.size)))
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
