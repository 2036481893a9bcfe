"""Whether files may be replaced as BigDataViewer's XML and HDF5."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.formats.bdv.layout import resolutions_path
from bigimg_lessons.formats.bdv.opening import opened
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.xml_reading import from_xml


def foreign_xml(xml: Path, h5: Path) -> str | None:
    """Say what keeps an XML from being replaced along with an HDF5 file.

    Parameters
    ----------
    xml
        File that may be the XML.
    h5
        The HDF5 file to which it should belong.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name; None if it is that XML.
    """
    if not xml.is_file():
        return "is no file"
    try:
        reference = from_xml(xml.read_bytes(), source=xml.name, remarks=Remarks()).hdf5
    except (OSError, ValueError) as error:
        return f"is no XML of {h5.name!r} that could be replaced ({str(error).rstrip('.')})"
    named = PurePosixPath(reference.text.replace("\\", "/")).name
    # A dataset that was moved may still name the folder that it lay in; so what is there decides.
    other = xml.parent / reference.text.replace("\\", "/")
    if named != h5.name or (other.is_file() and not (h5.is_file() and other.samefile(h5))):
        return f"is the XML of another file, {reference.text!r}"
    return None


def foreign_h5(h5: Path) -> str | None:
    """Say what keeps a file from being replaced as BigDataViewer's HDF5.

    Parameters
    ----------
    h5
        File that may be the HDF5 file.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name; None if it is such a file.
    """
    if not h5.is_file():
        return "is no file"
    try:
        with opened(LocalFileSystem(), str(h5)) as file:
            setups = [int(name[1:]) for name in file if re.fullmatch(r"s\d{2,}", name)]
            if any(resolutions_path(setup) in file for setup in setups):
                # "__DATA_TYPES__" is what BigDataViewer's HDF5 library adds.
                own = r"s\d{2,}|t\d{5,}|__DATA_TYPES__"
                strangers = sorted(name for name in file if not re.fullmatch(own, name))
                shown = ", ".join(map(repr, strangers[:5])) + (", …" if strangers[5:] else "")
                return f"holds, besides its pyramid, {shown}" if strangers else None
    except OSError as error:
        return f"could not be looked into ({str(error).rstrip('.')})"
    return "is no HDF5 file of BigDataViewer"
