"""BigDataViewer's XML, written from a `SpimData`.

`xml_reading` names the sources of the rules, and reads back what is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from bigimg_lessons.formats.bdv.loaders import CONTAINERS, HDF5
from bigimg_lessons.formats.bdv.spimdata import (
    Attribute,
    Partition,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
)

# What XML 1.0 allows in text, less tab and line breaks, which a parser may change.
_UNPRINTABLE = re.compile("[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(data: SpimData, *, loader: str = HDF5) -> str:
    """Write the XML of a BigDataViewer dataset.

    Parameters
    ----------
    data
        The dataset. Its time points are written as a range if their ids are consecutive, else as
        a list.
    loader
        The loader that finds the pixels in the file or folder `data` names, one of
        :data:`bigimg_lessons.formats.bdv.loaders.CONTAINERS`.

    Returns
    -------
    str
        The document, indented, ending in a line break; to be stored as UTF-8.
        ``from_xml(to_xml(data).encode())`` equals `data`. An unknown voxel size is written
        as ``NaN``.

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
    node = ElementTree.SubElement(sequence, "ImageLoader", format=loader)
    _add_path(node, CONTAINERS[loader], data.hdf5)
    for partition in data.partitions:
        _add_partition(node, partition)
    setups = ElementTree.SubElement(sequence, "ViewSetups")
    for setup in data.setups:
        _add_setup(setups, setup)
    _add_attributes(setups, data.attributes)
    _add_timepoints(sequence, data.timepoints)
    if data.missing:
        missing = ElementTree.SubElement(sequence, "MissingViews")
        for view in sorted(data.missing):
            _add_view(missing, "MissingView", *view)
    registrations = ElementTree.SubElement(root, "ViewRegistrations")
    for registration in data.registrations:
        _add_registration(registrations, registration)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


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


def _add_view(
    parent: ElementTree.Element, tag: str, timepoint: int, setup: int
) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, timepoint=str(timepoint), setup=str(setup))


def _add_partition(parent: ElementTree.Element, partition: Partition) -> None:
    node = ElementTree.SubElement(parent, "partition")
    _add_path(node, "path", partition.path)
    for tag, pairs in (("timepoints", partition.timepoints), ("setups", partition.setups)):
        _add(node, tag, _numbers(own for own, _ in pairs))
        _add(node, f"{tag}Mapped", _numbers(mapped for _, mapped in pairs))


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


def _add_attributes(parent: ElementTree.Element, attributes: Iterable[Attribute]) -> None:
    groups: dict[str, ElementTree.Element] = {}
    for attribute in attributes:
        kind = _tag(attribute.kind)
        if kind not in groups:
            groups[kind] = ElementTree.SubElement(parent, "Attributes", name=kind)
        node = ElementTree.SubElement(groups[kind], kind[0].upper() + kind[1:])
        _add(node, "id", str(attribute.id))
        if attribute.name is not None:
            _add(node, "name", attribute.name)
        for tag, text in attribute.details:
            _add(node, _tag(tag), text)


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


def _add_registration(parent: ElementTree.Element, registration: ViewRegistration) -> None:
    node = _add_view(parent, "ViewRegistration", registration.timepoint, registration.setup)
    for transform in registration.transforms:
        step = ElementTree.SubElement(node, "ViewTransform", type="affine")
        if transform.name is not None:
            _add(step, "Name", transform.name)
        _add(step, "affine", _numbers(transform.affine))
