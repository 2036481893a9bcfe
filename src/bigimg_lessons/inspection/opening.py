"""The door: which format a file, a folder or an address has, and what is in it."""

from __future__ import annotations

import re
import struct
from contextlib import closing
from functools import partial
from io import SEEK_END, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError
from zlib import error as ZlibError  # noqa: N812 (its own name is lower case)

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.places import LocalFolder, Place, WebFile, WebFolder, ZipFolder
from bigimg_lessons.inspection.sizes import with_possible_sizes
from bigimg_lessons.inspection.tiff import inspect_tiff, is_tiff
from bigimg_lessons.inspection.tiff_tags import TiffTags

if TYPE_CHECKING:
    from bigimg_lessons.inspection.report import Report

_HEAD = 2048
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZARR = ("zarr.json", ".zgroup", ".zarray")
_DOCUMENTS = (*_ZARR, ".zattrs", "attributes.json")
_WEB = re.compile("https?:", re.IGNORECASE)
_ADDRESS = re.compile("https?://[^/]", re.IGNORECASE)

# What damaged metadata raises beside the errors of this package: values out of range or of other
# types, names that are not there, texts that are none, and what HDF5 makes of it.
_DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
    SystemError,
    struct.error,
    ParseError,
    ZlibError,
)


def report_on(source: str | Path) -> Report:
    """Describe a file, a folder or an address, from its metadata alone.

    Parameters
    ----------
    source
        Path of a TIFF, HDF5, Imaris or BigDataViewer file, of a Zarr or N5 folder or a zip archive
        of one; or an address that begins with ``http://`` or ``https://``.

    Returns
    -------
    Report
        What is known of it.

    Raises
    ------
    InspectionError
        If it is not there, is of no format that is known, is damaged, or cannot be described
        within the limits. The message is one sentence, or a few.
    """
    given = str(source)
    try:
        if _WEB.match(given) or "://" in given:
            return with_possible_sizes(_from_web(given))
        return with_possible_sizes(_from_disk(given, Path(given).expanduser()))
    except InspectionError:
        raise
    except _DAMAGE as error:
        said = " ".join(str(error).split())[:500] or type(error).__name__
        if said.endswith(".") and " " in said:  # a sentence of this package's own readers
            raise InspectionError(said) from error
        raise InspectionError(
            f"{given} cannot be described ({said}): it is damaged, cut short, or not what its "
            "beginning says."
        ) from error


def _from_disk(given: str, path: Path) -> Report:
    if path.name in _DOCUMENTS and path.is_file():
        path = path.parent
    if path.is_dir():
        return _from_folder(LocalFolder(path), given)
    if not path.is_file():
        raise InspectionError(f"There is no file or folder {given}: check the path.")
    with path.open("rb", buffering=0) as file:  # of a TIFF, little is read at many places
        head = file.read(_HEAD)
        if is_tiff(head):
            return inspect_tiff(TiffTags(file, given), given)
        is_hdf5 = _is_hdf5(file)
    if head[:4] in _ZIP:
        return _from_archive(path, given)
    if is_hdf5:
        return _from_hdf5(path, given)
    if head.lstrip()[:1] == b"<" or path.suffix.lower() == ".xml":
        return _from_xml(path, given)
    if not head:
        raise InspectionError(f"{given} is empty: its copy or its writing ended early.")
    raise InspectionError(
        f"{given} begins neither as TIFF nor as HDF5, zip or XML: TIFF, OME-TIFF, BDV-HDF5, HDF5, "
        "Imaris, N5, OME-Zarr and Zarr are known. Bio-Formats opens many others, in Fiji for "
        "example, and can export them."
    )


def _is_hdf5(file: RawIOBase) -> bool:
    """Tell whether a superblock begins at byte 0, or behind a user block.

    Such a block has 512 bytes, 1,024, 2,048 and so on (HDF5 File Format Specification, version 3.0,
    II.A). MATLAB's files of version 7.3 have one.
    """
    size, start = file.seek(0, SEEK_END), 0
    while start < size:
        file.seek(start)
        if file.read(len(_HDF5)) == _HDF5:
            return True
        start = max(512, 2 * start)
    return False


def _zarr_or_n5(place: Place, given: str) -> Report | None:
    from bigimg_lessons.inspection.n5 import inspect_n5
    from bigimg_lessons.inspection.ome_zarr import inspect_zarr

    if any(place.read(name) is not None for name in _ZARR):
        return inspect_zarr(place, given)
    if place.read("attributes.json") is not None:
        return inspect_n5(place, given)
    return None


def _from_folder(place: LocalFolder, given: str) -> Report:
    if (report := _zarr_or_n5(place, given)) is not None:
        return report
    names = place.names() or []
    inside = ", ".join(names[:3])
    raise InspectionError(
        f"{given} is a folder without the metadata of Zarr or N5"
        + (
            f"; it holds {inside}{', …' if names[3:] else ''}: inspect one of these."
            if names
            else " and is empty."
        )
    )


def _from_archive(file: Path | WebFile, given: str) -> Report:
    from bigimg_lessons.inspection.ome_zarr import inspect_zarr

    archive = ZipFolder.of(file)
    if not any(archive.read(name) is not None for name in _ZARR):
        raise InspectionError(
            f"{given} is a zip archive, and has no metadata of Zarr at its top: unpack it, and "
            "inspect what is in it."
        )
    return inspect_zarr(archive, given)


def _from_hdf5(path: Path, given: str) -> Report:
    from fsspec.implementations.local import LocalFileSystem

    from bigimg_lessons.formats.bdv.opening import opened
    from bigimg_lessons.inspection.bdv_xml import beside
    from bigimg_lessons.inspection.hdf5 import inspect_hdf5

    with opened(LocalFileSystem(), str(path)) as file:
        nbytes = path.stat().st_size
        return inspect_hdf5(file, given, xml=partial(beside, path), nbytes=nbytes)


def _from_xml(path: Path, given: str) -> Report:
    from fsspec.implementations.local import LocalFileSystem

    from bigimg_lessons.formats.bdv.loaders import N5, LoaderError
    from bigimg_lessons.formats.bdv.opening import opened
    from bigimg_lessons.formats.bdv.pairing import locate
    from bigimg_lessons.formats.bdv.remarks import Remarks
    from bigimg_lessons.formats.bdv.xml_reading import from_xml, is_spimdata
    from bigimg_lessons.inspection.bdv_hdf5 import inspect_bdv_hdf5
    from bigimg_lessons.inspection.bdv_xml import described, read_document
    from bigimg_lessons.inspection.report import Files

    content = read_document(path)
    if not is_spimdata(content[: 2**16]):
        raise InspectionError(f"{given} is no XML of BigDataViewer: inspect the image itself.")
    fs, xml = LocalFileSystem(), path.absolute().as_posix()
    try:
        data = from_xml(content, source=given, remarks=Remarks())
    except LoaderError as error:
        try:
            data = from_xml(content, source=given, remarks=Remarks(), loader=N5)
        except LoaderError:
            raise InspectionError(str(error)) from None
        folder = path.parent / data.hdf5.text
        return _from_folder(LocalFolder(folder), str(folder))
    file_path = Path(locate(fs, xml, data, False))
    with opened(fs, file_path.as_posix()) as file:
        nbytes = file_path.stat().st_size + path.stat().st_size
        files = Files(number=2 + len(data.partitions), nbytes=nbytes)
        return inspect_bdv_hdf5(file, given, files, xml=partial(described, data))


def _from_web(url: str) -> Report:
    if not _ADDRESS.match(url):
        raise InspectionError(
            f"{url} begins neither with http:// nor with https://: give the address by which a "
            "browser reaches it."
        )
    name = urlsplit(url).path.lower()
    if name.endswith(".xml"):
        raise InspectionError(
            f"{url} is an XML: give the address of the HDF5 file or N5 folder that it names; what "
            "the XML says is read as well, if it lies beside that and has its name."
        )
    if name.endswith((".tif", ".tiff", ".btf", ".h5", ".hdf5", ".ims", ".ozx")):
        with closing(WebFile(url)) as file:
            report = _from_web_file(file, url)
        if report is None:
            raise InspectionError(
                f"{url} begins neither as TIFF nor as HDF5 or zip: its copy may be damaged."
            )
        return report
    base, _, query = url.partition("#")[0].partition("?")
    base = base.rstrip("/")
    parent, _, last = base.rpartition("/")
    folder = parent if last in _DOCUMENTS else base
    place = WebFolder(folder + (f"?{query}" if query else ""))
    if (report := _zarr_or_n5(place, url) or _from_unnamed_file(url)) is not None:
        return report
    raise InspectionError(
        f"There is neither zarr.json nor .zgroup, .zarray or attributes.json below {url}: give the "
        "address of the folder that has them."
    )


def _from_unnamed_file(url: str) -> Report | None:
    """Describe a file whose name does not say what it is; None if it is nothing that is known."""
    try:
        file = WebFile(url)
    except InspectionError:
        return None
    with closing(file):
        return _from_web_file(file, url)


def _from_web_file(file: WebFile, url: str) -> Report | None:
    from bigimg_lessons.inspection.bdv_xml import beside_address
    from bigimg_lessons.inspection.hdf5 import inspect_hdf5

    head = file.read(8) or b""
    if head[:4] in _ZIP:
        return _from_archive(file, url)
    if is_tiff(head):
        return inspect_tiff(TiffTags(file, url), url)  # type: ignore[arg-type]  # it is read alike
    if _is_hdf5(file):
        import h5py

        from bigimg_lessons.formats.bdv.opening import WholeReads

        with h5py.File(WholeReads(file, url), "r") as opened_file:
            xml = partial(beside_address, url)
            return inspect_hdf5(opened_file, url, xml=xml, nbytes=file.size)
    return None
