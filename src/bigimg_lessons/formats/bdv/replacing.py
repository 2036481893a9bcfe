"""Whether files may be replaced as BigDataViewer's XML, and as the HDF5 file that belongs to it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from bigimg_lessons.formats.bdv.layout import resolutions_path
from bigimg_lessons.formats.bdv.loaders import HDF5
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from bigimg_lessons.formats.strangers import besides


def foreign_xml(xml: Path, pixels: Path, *, loader: str = HDF5) -> str | None:
    """Say what keeps an XML from being replaced along with what holds its pixels.

    Parameters
    ----------
    xml
        File that may be the XML.
    pixels
        The HDF5 file or N5 folder to which it should belong.
    loader
        The loader of that, as for :func:`bigimg_lessons.formats.bdv.xml_reading.from_xml`.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name; None if it is that XML.
    """
    if not xml.is_file():
        return "is no file"
    try:
        content = xml.read_bytes()
        reference = from_xml(content, source=xml.name, remarks=Remarks(), loader=loader).hdf5
    except (OSError, ValueError) as error:
        return f"is no XML of {pixels.name!r} that could be replaced ({str(error).rstrip('.')})"
    text = reference.text.replace("\\", "/")
    readings = {text, unquote(text)}  # since 2024 BigDataViewer writes some paths as URIs
    is_named = pixels.name in {PurePosixPath(reading).name for reading in readings}
    # A dataset that was moved may still name the folder that it lay in; so what is there decides.
    others = [other for reading in readings if (other := xml.parent / reading).exists()]
    if not is_named or not all(pixels.exists() and other.samefile(pixels) for other in others):
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
    from fsspec.implementations.local import LocalFileSystem

    from bigimg_lessons.formats.bdv.opening import opened

    try:
        with opened(LocalFileSystem(), str(h5)) as file:
            setups = [int(name[1:]) for name in file if re.fullmatch(r"s\d{2,}", name)]
            if any(resolutions_path(setup) in file for setup in setups):
                # "__DATA_TYPES__" is what BigDataViewer's HDF5 library adds.
                own = r"s\d{2,}|t\d{5,}|__DATA_TYPES__"
                return besides(name for name in file if not re.fullmatch(own, name))
    except OSError as error:
        return f"could not be looked into ({str(error).rstrip('.')})"
    return "is no HDF5 file of BigDataViewer"
