"""BigDataViewer's XML from before 2014, rewritten in today's form.

Its root is ``<SequenceDescription>``, its loader is named by a class of Java, and what is text in
attributes now was elements then. The rules are those of bigdataviewer-core's
``bdv.spimdata.legacy.XmlIoSpimDataMinimalLegacy``.
"""

from __future__ import annotations

from xml.etree import ElementTree

ROOT = "SequenceDescription"
"""Name of the first element; today's is ``SpimData``."""

_FORMATS = {
    "viewer.hdf5.Hdf5ImageLoader": "bdv.hdf5",
    "bdv.img.hdf5.Hdf5ImageLoader": "bdv.hdf5",
    "bdv.img.remote.RemoteImageLoader": "bdv.remote",
}


def modernised(root: ElementTree.Element) -> ElementTree.Element:
    """Rewrite a tree; what is missing or makes no sense is left to the reader of the new tree.

    Parameters
    ----------
    root
        The old tree, whose root is `ROOT`. Its elements may be used in the new one.

    Returns
    -------
    xml.etree.ElementTree.Element
        The new tree, whose root is ``SpimData``. Sizes of voxels have no unit, as before 2014.
    """
    new = ElementTree.Element("SpimData", version="0.2")
    new.extend(root.findall("BasePath"))
    sequence = ElementTree.SubElement(new, "SequenceDescription")
    for loader in root.findall("ImageLoader"):
        name = loader.get("class", "")
        loader.set("format", _FORMATS.get(name, name))
        for partition in loader.findall("partition"):
            _modernise_partition(partition)
        sequence.append(loader)
    setups = ElementTree.SubElement(sequence, "ViewSetups")
    for old in root.findall("ViewSetup"):
        _add_setup(setups, old)
    for timepoints in root.findall("Timepoints"):
        _count_from_zero(timepoints)
        sequence.append(timepoints)
    for registrations in root.findall("ViewRegistrations"):
        for view in registrations.findall("ViewRegistration"):
            for name in ("timepoint", "setup"):
                view.set(name, view.findtext(name, ""))
            step = ElementTree.SubElement(view, "ViewTransform", type="affine")
            step.extend(view.findall("affine"))
        new.append(registrations)
    return new


def _add_setup(parent: ElementTree.Element, old: ElementTree.Element) -> None:
    setup = ElementTree.SubElement(parent, "ViewSetup")
    setup.extend(old.findall("id"))
    if (size := _row(old, ("width", "height", "depth"))) is not None:
        _add(setup, "size", size)
    if (size := _row(old, ("pixelWidth", "pixelHeight", "pixelDepth"))) is not None:
        _add(ElementTree.SubElement(setup, "voxelSize"), "size", size)
    attributes = ElementTree.SubElement(setup, "attributes")
    for kind in ("channel", "angle", "illumination"):
        attributes.extend(old.findall(kind))


def _row(old: ElementTree.Element, tags: tuple[str, ...]) -> str | None:
    """Join the texts of several elements; return ``None`` if none of them is there."""
    found = [old.findtext(tag) for tag in tags]
    return None if found == [None] * len(tags) else " ".join(text or "?" for text in found)


def _count_from_zero(timepoints: ElementTree.Element) -> None:
    """Give time points the ids that BigDataViewer gives them: from 0, wherever the range begins."""
    first, last = (_number(timepoints, tag) for tag in ("first", "last"))
    if timepoints.get("type") == "range" and first is not None and last is not None:
        for child in list(timepoints):
            timepoints.remove(child)
        _add(timepoints, "first", "0")
        _add(timepoints, "last", str(last - first))


def _modernise_partition(partition: ElementTree.Element) -> None:
    """Write out the ids, which were given as first id, count and offset."""
    for axis in ("timepoint", "setup"):
        offset, start, length = (
            _number(partition, f"{axis}{what}") for what in ("Offset", "Start", "Length")
        )
        if offset is None or start is None or length is None or length > 100_000:
            continue  # the new tree then lacks the ids, and says so
        inside = range(start, start + length)
        _add(partition, f"{axis}s", " ".join(str(number + offset) for number in inside))
        _add(partition, f"{axis}sMapped", " ".join(map(str, inside)))


def _number(parent: ElementTree.Element, tag: str) -> int | None:
    text = parent.findtext(tag, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
