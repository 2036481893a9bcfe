"""What BigDataViewer's XML says of one view setup, beside what its HDF5 or N5 has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from bigimg_lessons.formats.bdv.loaders import HDF5, LoaderError
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.spimdata import SpimData
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.places import MAX_DOCUMENT_BYTES, WebFolder
from bigimg_lessons.text import format_bytes
from bigimg_lessons.units import is_pixel


@dataclass(frozen=True)
class Described:
    """What is known of a setup from the XML; nothing if there is none.

    Parameters
    ----------
    size
        Voxels at full resolution in z, y, x order.
    voxel_size
        Size of a voxel in z, y, x order.
    unit
        Its unit; None if there is none, or it is the pixel.
    setups, timepoints
        How many there are.
    missing
        Number of views that do not exist.
    channel_names
        Names of the channels.
    is_split
        Whether setups are cut out of what the file has.
    notes
        What else is to be known.
    """

    size: tuple[int, ...] | None = None
    voxel_size: tuple[float | None, ...] | None = None
    unit: str | None = None
    setups: int = 0
    timepoints: int = 0
    missing: int = 0
    channel_names: tuple[str, ...] = ()
    is_split: bool = False
    notes: tuple[str, ...] = ()

    @property
    def views(self) -> int:
        """The number of views."""
        return self.setups * self.timepoints - self.missing

    def size_of(self, factors: tuple[float, ...] | None) -> tuple[float, ...] | None:
        """Return the size of a level's voxels, which the XML gives for level 0.

        Parameters
        ----------
        factors
            Voxels of level 0 along z, y and x for one of the level; None if unknown.
        """
        if factors is None or self.voxel_size is None:
            return None
        sizes = [
            None if size is None else float(f"{size * factor:.12g}")
            for size, factor in zip(self.voxel_size, factors, strict=True)
        ]
        return tuple(sizes)  # type: ignore[arg-type]

    def contradictions(self, shape: tuple[int, ...]) -> Iterator[str]:
        """Say where the XML tells another size than the voxels have.

        Parameters
        ----------
        shape
            Of level 0, in z, y, x order.
        """
        if self.size is not None and self.size != shape and not self.is_split:
            yield (
                f"The XML says that level 0 has {_times(self.size)} voxels (z, y, x), and the file "
                f"has {_times(shape)}."
            )

    def words(self, setup: int, found: int) -> str:
        """Say which view of how many is described.

        Parameters
        ----------
        setup
            Its setup.
        found
            Number of views that the file has, for want of an XML.
        """
        if not self.setups:
            return f"setup {setup}" + (f", the first of {found} views" if found > 1 else "")
        if self.views <= 1:
            return ""
        setups = f"{self.setups} setup{'s' * (self.setups > 1)}"
        times = f"{self.timepoints} time point{'s' * (self.timepoints > 1)}"
        return f"setup {setup}, one view of {setups} at {times}"


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def read_document(path: Path) -> bytes:
    """Read an XML, unless it is too large.

    Parameters
    ----------
    path
        The file.
    """
    if (size := path.stat().st_size) > MAX_DOCUMENT_BYTES:
        raise InspectionError(
            f"{path} has {format_bytes(size)}, and an XML is inspected up to "
            f"{format_bytes(MAX_DOCUMENT_BYTES)}: open it in BigDataViewer."
        )
    return path.read_bytes()


def described(data: SpimData, setup: int) -> Described:
    """Return what an XML says of a setup.

    Parameters
    ----------
    data
        What the XML says.
    setup
        Id of the setup, as the file has it.
    """
    own = next((each for each in data.setups if each.id == setup), None)
    stated = None if own is None else data.voxel_size(own)
    unit = stated.unit if stated is not None and stated.unit else None
    names = [each.name or "" for each in data.attributes if each.kind == "channel"]
    return Described(
        size=None if own is None else own.size,
        voxel_size=None if stated is None else stated.size,
        unit=None if unit is None or is_pixel(unit) else unit,
        setups=len(data.setups),
        timepoints=len(data.timepoints),
        missing=len(data.missing),
        channel_names=tuple(names),
        is_split=bool(data.parts),
        notes=("Its XML cuts setups out of larger ones; one of those is described.",)
        if data.parts
        else (),
    )


def beside(data: Path, setup: int, *, loader: str = HDF5) -> Described:
    """Read the XML of the same name beside an HDF5 file or an N5 folder.

    Parameters
    ----------
    data
        The file or folder.
    setup
        Id of the setup.
    loader
        The loader that the XML must have.
    """
    xml = data.with_suffix(".xml")

    def read() -> bytes | None:
        return read_document(xml) if xml.is_file() else None

    return _told(read, xml.name, str(xml), setup, loader)


def beside_address(url: str, setup: int, *, loader: str = HDF5) -> Described:
    """Ask the server of an HDF5 file or an N5 folder for the XML of the same name beside it.

    Parameters
    ----------
    url
        Address of the file or folder.
    setup
        Id of the setup.
    loader
        The loader that the XML must have.
    """
    path = PurePosixPath(unquote(urlsplit(url).path))
    base, _, query = url.partition("#")[0].partition("?")
    folder = base.rstrip("/").rpartition("/")[0] + (f"?{query}" if query else "")
    name = f"{path.stem}.xml"
    return _told(lambda: WebFolder(folder).read(name), name, name, setup, loader)


def _told(
    read: Callable[[], bytes | None], name: str, source: str, setup: int, loader: str
) -> Described:
    try:
        content = read()
        if content is None:
            return Described(notes=(f"No {name} lies beside it, so its voxel size is unknown.",))
        found = from_xml(content, source=source, remarks=Remarks(), loader=loader)
    except LoaderError:
        return Described(notes=(f"{name} is of another dataset.",))
    except ValueError as error:
        return Described(notes=(f"{name} was not read. {error}",))
    return described(found, setup)
