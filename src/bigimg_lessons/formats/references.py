"""References: a TIFF or an HDF5 file as it is, opened as a Zarr hierarchy ("virtual Zarr").

A reference says where a chunk lies: ``[file, offset, length]``, in bytes. Together with the
metadata of Zarr v2 they are a small JSON document, by which a Zarr reader fetches each chunk from
the file in one request, without a word from the file's own tables. Nothing is copied, and so
nothing about the chunks changes: their shape and compression stay as the file has them.

The form is version 1 of the references of fsspec and kerchunk
(https://fsspec.github.io/kerchunk/spec.html). The file is always called ``{{u}}``, so that the
same references serve for a copy in another place.
"""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from bigimg_lessons.formats.bdv.pixel_types import DATA_TYPE_ATTRIBUTE, pixel_type
from bigimg_lessons.formats.tiff_pages import check_planes, image_series

if TYPE_CHECKING:
    from tifffile import TiffPageSeries
    from zarr.storage import FsspecStore

References = dict[str, Any]
"""A document of references, as ``json`` reads and writes it."""

_PLACE = "u"

# What BigDataViewer says of a setup's levels, also in a file that only links to the voxels.
_LEVEL_TABLE = re.compile(r"s\d+/(resolutions|subdivisions)/\.zarray")


def tiff_references(path: str | Path) -> References:
    """Say where the strips or tiles of a TIFF file lie, those of all its levels.

    Parameters
    ----------
    path
        A TIFF file, whole in itself. Its first series is taken, as tifffile finds it.

    Returns
    -------
    dict
        Of a file with levels a group, with the arrays ``"0"``, ``"1"`` and so on; of any other an
        array, which is opened without a path. A chunk is a strip or a tile, ``1 × rows × columns``
        in zyx order. Where the last strip of a plane is shorter than the others, which Zarr does
        not know, and strips are not compressed and lie one after another, a chunk is a plane.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no TIFF file, lies in several files, lacks planes that it should have, has planes
        that are left out or are stored differently from the first, or has chunks that Zarr cannot
        read.
    """
    import tifffile

    path = _existing(path)
    try:
        tiff = tifffile.TiffFile(path)
    except tifffile.TiffFileError as error:
        raise ValueError(
            f"{path} is no TIFF file ({error}): give one, or use hdf5_references for HDF5."
        ) from None
    with tiff:
        series = image_series(path, tiff)
        if series.is_multifile:
            raise ValueError(
                f"The image of {path} lies in several files, and references here know one: convert "
                "it, or make references to each."
            )
        check_planes(path, tiff, series.levels)
        page = series.keyframe
        cut = not page.is_tiled and page.imagelength % page.rowsperstrip != 0
        if cut:
            for level in series.levels:
                _check_strips(path, level)
        text = io.StringIO()
        try:
            with series.aszarr(chunkmode="page" if cut else None) as store:
                store.write_fsspec(text, url="", version=1, templatename=_PLACE)
        except ValueError as error:
            why = "the last strip of a plane is shorter than the others" if cut else str(error)
            raise ValueError(
                f"Zarr cannot read {path} chunk by chunk, because {why}: convert it."
            ) from error
    return _complete(json.loads(text.getvalue()))


def hdf5_references(path: str | Path) -> References:
    """Say where the chunks of an HDF5 file lie, those of all its datasets.

    Parameters
    ----------
    path
        An HDF5 file, such as one of BigDataViewer or Imaris. What external links lead to lies in
        other files, and is left out; so are the second names of links within the file, texts and
        tables of several types.

    Returns
    -------
    dict
        A group with the groups and datasets of the file, under the same names: level 1 of the
        first view setup of BigDataViewer is ``"t00000/s00/1/cells"``. Cells of BigDataViewer whose
        uint16 pixels are stored as int16 (see `pixel_type`) are uint16. A chunk that HDF5 has not
        stored, since it holds nothing but the fill value, has no reference. Numbers that HDF5
        keeps among its own tables (its compact layout) stand in the references themselves.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no HDF5 file, has compression that Zarr cannot read, has datasets whose numbers
        lie in other files, declares a type of pixels that its cells do not have, or holds no
        voxels.
    """
    from kerchunk.hdf import SingleHdf5ToZarr

    class NumbersToZarr(SingleHdf5ToZarr):  # type: ignore[misc]  # kerchunk tells no types
        """Passes by what is no image, of which kerchunk may know no form."""

        def _translator(self, name: str, found: h5py.Group | h5py.Dataset) -> None:
            if not isinstance(found, h5py.Dataset) or _is_of_numbers(found):
                super()._translator(name, found)

    path = _existing(path)
    if not h5py.is_hdf5(path):
        raise ValueError(f"{path} is no HDF5 file: give one, or use tiff_references for TIFF.")
    # A file object, as kerchunk would take a name for a URL, and keep the file open.
    with path.open("rb") as file:
        try:
            with (
                _LaterVisited(file, "r") as source,
                closing(
                    NumbersToZarr(file, f"{{{{{_PLACE}}}}}", inline_threshold=0, error="raise")
                ) as translator,
            ):
                translator._h5f = source
                found = translator.translate()
        except Exception as error:  # kerchunk wraps what it meets, in types that are not documented
            raise ValueError(
                f"Zarr cannot read {path} chunk by chunk ({error.__cause__ or error}): convert it."
            ) from error
    references = _complete(found)
    with h5py.File(path, "r") as source:
        _correct_pixel_types(references["refs"], source)
        _add_what_kerchunk_misses(references["refs"], source)
    arrays = (name for name in references["refs"] if name.endswith(".zarray"))
    if all(map(_LEVEL_TABLE.fullmatch, arrays)):
        raise ValueError(
            f"{path} holds no voxels of its own: references are made to the file which holds "
            "them, so give that one."
        )
    return references


def reference_store(references: References, place: str | Path) -> FsspecStore:
    """Open references as a store for zarr, to read only.

    Each chunk is one request to the file; metadata are in the references. References and file have
    to fit: nobody notices it if the file has been written again, with chunks in other places.

    Parameters
    ----------
    references
        From `tiff_references` or `hdf5_references`, perhaps by way of a JSON file.
    place
        Path or URL of the file. A URL needs a server that answers HTTP Range requests.

    Returns
    -------
    zarr.storage.FsspecStore
        For ``zarr.open_array(store, path=…, mode="r", zarr_format=2)``.

    Raises
    ------
    FileNotFoundError
        If `place` is a path, and no file is there.
    ValueError
        If the file is shorter than the references say, or these are of another kind.
    """
    from fsspec.core import split_protocol
    from fsspec.implementations.reference import ReferenceFileSystem
    from imagecodecs.numcodecs import register_codecs
    from zarr.storage import FsspecStore

    if list(references.get("templates", ())) != [_PLACE]:
        raise ValueError(
            f"These references are no document with the one template {_PLACE!r} for the file: make "
            "them with tiff_references or hdf5_references."
        )
    protocol, _ = split_protocol(str(place))
    if protocol is None:
        protocol = "file"
        place = _existing(place)
        _check_size(references, place)
        place = place.as_posix()
    register_codecs(verbose=False)
    files = ReferenceFileSystem(
        references,
        template_overrides={_PLACE: str(place)},
        remote_protocol=protocol,
        # zarr awaits its stores, so both file systems have to live in its event loop.
        remote_options={"asynchronous": True},
        asynchronous=True,
    )
    return FsspecStore(files, read_only=True, path="")


class _LaterVisited(h5py.File):  # type: ignore[misc]  # h5py tells no types
    """A file whose objects are visited when HDF5's lock is free.

    kerchunk waits for zarr's event loop at each object, and h5py would hold its lock meanwhile,
    which the thread of that loop may need.
    """

    def visititems(self, func: Callable[[str, h5py.Group | h5py.Dataset], Any]) -> Any:
        """Call a function with each name and object, until it returns something."""
        names: list[str] = []
        super().visititems(lambda name, _: names.append(name))
        answers = (func(name, self[name]) for name in names)
        return next((answer for answer in answers if answer is not None), None)


def _existing(path: str | Path) -> Path:
    """Return the absolute path of a file; refuse one that is not there."""
    path = Path(path).expanduser().absolute()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: give the path of an existing file.")
    return path


def _complete(found: References) -> References:
    """Return references as they are documented, whoever made them."""
    return {"version": 1, "templates": {_PLACE: ""}, "refs": found["refs"]}


def _check_strips(path: Path, level: TiffPageSeries) -> None:
    """Refuse planes whose strips lie apart, for which tifffile would make wrong references."""
    if level.dataoffset is not None:  # one after the other without gaps, perhaps without a page
        return
    for page in level:
        if page is None:  # which check_planes refuses
            continue
        # Whether a plane is in one piece tifffile asks of the first only.
        offsets = list(page.dataoffsets)
        ends = [*map(sum, zip(offsets, page.databytecounts, strict=True))]
        if ends[:-1] != offsets[1:]:
            raise ValueError(
                f"Zarr cannot read {path} chunk by chunk, because the last strip of a plane is "
                "shorter than the others, and strips lie apart from each other: convert it."
            )


def _is_of_numbers(found: h5py.Dataset) -> bool:
    return found.shape is not None and found.dtype.kind in "biuf"


def _add_what_kerchunk_misses(refs: dict[str, Any], source: h5py.File) -> None:
    """Add numbers that are no chunk, and refuse those that lie or are laid out otherwise.

    kerchunk takes numbers that are no chunk, or lie in other files, for none, and a reader would
    take what has no reference for the fill value. And it tells of a type its bytes and sign alone:
    numbers of 12 bits in 16, or of another kind of floating point, would be read as others.
    """

    def add(name: str, found: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(found, h5py.Dataset) or not _is_of_numbers(found):
            return
        stored = found.id.get_type()
        if not stored.equal(h5py.h5t.py_create(found.dtype, logical=True)):
            raise ValueError(
                f"The numbers of {name!r} in {source.filename} fill their bytes otherwise than "
                f"those of {found.dtype}, so that only HDF5 can read them: convert it."
            )
        if found.is_virtual or found.external:
            raise ValueError(
                f"The numbers of {name!r} lie in other files than {source.filename}, or in other "
                "datasets of it: give the file which holds them, or convert it."
            )
        if found.id.get_create_plist().get_layout() == h5py.h5d.COMPACT:
            numbers = np.asarray(found[()], found.dtype).tobytes()
            first = ".".join("0" * max(1, found.ndim))
            refs[f"{name}/{first}"] = f"base64:{b64encode(numbers).decode()}"

    source.visititems(add)


def _correct_pixel_types(refs: dict[str, Any], source: h5py.File) -> None:
    """State the type of pixels, where BigDataViewer's differs from that of the stored cells."""
    for key in [key for key in refs if key.endswith("/cells/.zarray")]:
        names = key.split("/")
        if len(names) != 5 or names[1] not in source:
            continue
        metadata = json.loads(refs[key])
        stored = metadata["dtype"]
        declared = source[names[1]].attrs.get(DATA_TYPE_ATTRIBUTE)
        try:
            pixels = pixel_type(stored, declared)
        except ValueError as error:
            raise ValueError(f"{names[1]} of {source.filename} {error}.") from None
        if pixels.kind != stored[1]:
            metadata["dtype"] = f"{stored[0]}{pixels.kind}{stored[2:]}"
            refs[key] = json.dumps(metadata)


def _check_size(references: References, path: Path) -> None:
    """Refuse a file in which a reference points behind the end."""
    places = (value for value in references["refs"].values() if isinstance(value, list))
    needed = max((offset + length for _, offset, length in places), default=0)
    size = path.stat().st_size
    if needed > size:
        raise ValueError(
            f"{path} has {size:,} bytes, and its references lead to byte {needed:,}: it is not the "
            "file that they were made of; make them anew."
        )
