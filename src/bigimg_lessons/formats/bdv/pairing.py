"""Which HDF5 file belongs to an XML, and which XML to an HDF5 file.

The XML names its files by path. After a dataset was copied or renamed, such a path often leads
nowhere while the file lies beside the XML. That file is never taken automatically: the message
says that it is there. A user who then opens it has chosen it, and the XML beside it is found by
name.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv import xml_reading
from bigimg_lessons.formats.bdv.loaders import LoaderError
from bigimg_lessons.formats.bdv.paths import resolve
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.spimdata import PathReference, SpimData

_HEAD_BYTES = 2**16  # enough to see past any comment to the first element


def is_xml(path: str) -> bool:
    """Whether a path is that of an XML, by its name."""
    return path.lower().endswith(".xml")


def holds_spimdata(fs: AbstractFileSystem, path: str) -> bool:
    """Whether the content of a file is BigDataViewer's XML, by its first element."""
    with fs.open(path) as file:
        return xml_reading.is_spimdata(file.read(_HEAD_BYTES))


def folder_of(path: str) -> str:
    """Return the folder that a path lies in."""
    return path.rpartition("/")[0]


def read_xml(fs: AbstractFileSystem, path: str) -> bytes:
    """Read an XML, but no more than is needed to see that it is too large."""
    with fs.open(path) as file:
        content: bytes = file.read(xml_reading.MAX_XML_BYTES + 1)
    return content


def locate(fs: AbstractFileSystem, xml: str, data: SpimData, allow_outside: bool) -> str:
    """Find the HDF5 file that an XML names.

    Parameters
    ----------
    fs
        File system of both.
    xml
        Path of the XML.
    data
        What it says.
    allow_outside
        Whether the path may leave the XML's folder.

    Returns
    -------
    str
        Path of the file, which is there.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If the path leaves the folder though `allow_outside` is false.
    """
    refused: ValueError | None = None
    targets = []
    for text, base in _readings(data, data.hdf5):
        try:
            target = _follow(xml, text, base, allow_outside)
        except ValueError as error:
            refused = refused or error
            continue
        if fs.isfile(target):
            return target
        targets.append(target)
    beside = _beside(fs, xml, data.hdf5.text)
    hint = (
        f" Beside the XML lies {beside}: to read that, open it itself, or write <hdf5 "
        f'type="relative">{_name(beside)}</hdf5> into the XML.'
        if beside
        else ""
    )
    if refused is not None:
        raise ValueError(f"{refused}{hint}") from None
    raise FileNotFoundError(
        f"{xml} keeps its pixels in {data.hdf5.text!r}, and there is no file {targets[0]}: put it "
        f"there, or correct the path in the XML.{hint}"
    )


def find_xml(fs: AbstractFileSystem, file: str) -> tuple[str, str | None]:
    """Find the XML in the same folder that names an HDF5 file, or one of its partitions.

    The XML of the same name comes first, and is taken even if it is damaged: then opening it
    says what is wrong.

    Parameters
    ----------
    fs
        File system of both.
    file
        Path of the HDF5 file.

    Returns
    -------
    str
        Path of the XML.
    str or None
        The HDF5 file to read instead of the one that the XML names, if the XML's path does not
        lead to `file` and only the name shows that they belong together.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If there are several.
    """
    twin = file.rpartition(".")[0] + ".xml"
    by_path: list[str] = []
    by_name: dict[str, str] = {}
    refused = False
    for xml in _candidates(fs, twin):
        if not holds_spimdata(fs, xml):
            continue
        try:
            data = xml_reading.from_xml(read_xml(fs, xml), source=xml, remarks=Remarks())
        except LoaderError:
            refused = refused or xml == twin
            continue
        except ValueError:
            if xml == twin:
                return twin, None
            continue
        if _leads_to(xml, data, file):
            if xml == twin:
                return twin, None
            by_path.append(xml)
        elif main := _moved(fs, xml, data, file):
            by_name[xml] = main
    if len(by_path) == 1:
        return by_path[0], None
    if by_path:
        raise ValueError(f"{file} belongs to several XML files: open one of {', '.join(by_path)}.")
    if twin in by_name:
        return twin, by_name[twin]
    if len(by_name) == 1:
        return next(iter(by_name.items()))
    if by_name:
        raise ValueError(
            f"{file} may belong to several XML files, which name it by a path that does not lead "
            f'to it: write <hdf5 type="relative">{_name(file)}</hdf5> into the right one of '
            f"{', '.join(by_name)}, and open that."
        )
    if refused:
        return twin, None
    raise FileNotFoundError(
        f"{file} holds the pixels of a BigDataViewer dataset, and no XML in its folder names it: "
        "put the XML beside it (it holds voxel sizes, channels and time points), and open that."
    )


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _readings(data: SpimData, reference: PathReference) -> Iterator[tuple[str, str]]:
    """Go through what a path in the XML and its base path can mean, the likeliest first.

    Since 2024 BigDataViewer writes paths as URIs, with ``%20`` for a space; before, it wrote
    them as they are, so a name may hold a percent sign of its own.
    """
    for base in _spellings(data.base_path):
        for text in _spellings(reference):
            yield from dict.fromkeys([(text, base), (unquote(text), base)])


def _spellings(reference: PathReference) -> Iterator[str]:
    """Go through the texts to follow: what is called relative may begin with ``/`` all the same."""
    if reference.relative and reference.text.startswith(("/", "\\")):
        yield reference.text.lstrip("/\\") or "."
    yield reference.text


def _follow(xml: str, text: str, base: str, allow_outside: bool) -> str:
    """Resolve a path in the XML, from its base path."""
    folder = folder_of(xml)
    start = resolve(base, start=folder, root=folder, source=xml, allow_outside=allow_outside)
    return resolve(text, start=start, root=folder, source=xml, allow_outside=allow_outside)


def _beside(fs: AbstractFileSystem, xml: str, text: str) -> str | None:
    """Find the file in the XML's folder that may be meant: of that name, or of the XML's own."""
    folder, name = folder_of(xml), _name(unquote(text))
    if fs.isfile(f"{folder}/{name}"):
        return f"{folder}/{name}"
    for path in _list(fs, folder):
        if _name(path).casefold() == name.casefold():
            return path
    own = xml.rpartition(".")[0] + ".h5"
    return own if fs.isfile(own) else None


def _candidates(fs: AbstractFileSystem, twin: str) -> Iterator[str]:
    """Go through the XML files of a folder, the one of the same name first."""
    if fs.isfile(twin):
        yield twin
    yield from (path for path in _list(fs, folder_of(twin)) if is_xml(path) and path != twin)


def _list(fs: AbstractFileSystem, folder: str) -> list[str]:
    """Files of a folder, sorted; none if the file system, such as a web server, lists none."""
    try:
        return sorted(fs.ls(f"{folder}/", detail=False))
    except Exception:  # each file system has errors of its own for this
        return []


def _leads_to(xml: str, data: SpimData, file: str) -> bool:
    """Whether an XML names an HDF5 file by path, as the dataset's or as a partition."""
    references = [data.hdf5, *(partition.path for partition in data.partitions)]
    return any(
        _follow(xml, text, base, True) == file
        for reference in references
        for text, base in _readings(data, reference)
    )


def _moved(fs: AbstractFileSystem, xml: str, data: SpimData, file: str) -> str | None:
    """Find the dataset's main file beside `file`, if only names show that the XML means them."""
    name = _name(file).casefold()
    if _name(unquote(data.hdf5.text)).casefold() == name:
        return file
    if any(_name(unquote(part.path.text)).casefold() == name for part in data.partitions):
        main = f"{folder_of(xml)}/{_name(unquote(data.hdf5.text))}"
        return main if fs.isfile(main) else None
    is_twin = xml.rpartition(".")[0] == file.rpartition(".")[0]
    if not is_twin or fs.isfile(f"{folder_of(xml)}/{_name(unquote(data.hdf5.text))}"):
        return None
    try:
        locate(fs, xml, data, False)
    except (FileNotFoundError, ValueError):
        return file
    return None
