"""Write an image of any size as BigDataViewer XML/HDF5, streamed, with its pyramid.

The XML is described in :mod:`bigimg_lessons.formats.bdv.spimdata`, the HDF5 file in
:mod:`bigimg_lessons.formats.bdv.levels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.formats.bdv.levels import BdvLevels, Layout
from bigimg_lessons.formats.bdv.pyramid_views import CHUNK_SHAPE, PyramidViews, check_pixel_type
from bigimg_lessons.formats.bdv.replacing import foreign_h5, foreign_xml
from bigimg_lessons.formats.bdv.xml_writing import to_xml
from bigimg_lessons.formats.deflate import GZIP_LEVEL, check_gzip_level
from bigimg_lessons.formats.hdf5_chunks import Room
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Downsampling
from bigimg_lessons.pyramids.source import AXES
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid
from bigimg_lessons.text import format_bytes


def write_bdv(
    path: str | Path,
    image: Any,
    *,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    gzip_level: int | None = GZIP_LEVEL,
    legacy_uint16: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write an image with its resolution pyramid to a pair of XML and HDF5 files.

    The image is read once, block by block. What an early end leaves is said in
    :func:`bigimg_lessons.build.build_pyramid`.

    Parameters
    ----------
    path
        XML to create, ending in ``.xml``; the HDF5 file gets the same name, ending in ``.h5``.
    image
        Array with the axes TCZYX, or the last four, three or two of these: dask, zarr, HDF5
        dataset, ``numpy.memmap``, numpy, or anything else that has ``shape``, ``dtype`` and
        reads when it is sliced; or a ``bioio.BioImage``, whose voxel size, unit and channel
        names are then taken unless given. Each channel becomes a view setup. Of the types of
        voxels that BigDataViewer knows (integers of 8 to 64 bits, float32 and float64), 64-bit
        integers have no exact mean, and need another `downsampling` or one level.

        A BigDataViewer image, as ``BioImage`` or reader, is copied with all that its XML says of
        the current scene: numbers of time points and setups, their names and attributes, missing
        views (which are not stored), registrations, voxel size and unit. If a coarser level is
        current, that is registered where it lies. Its ``dask_data`` is an array, and says none
        of this. Of other images no position is known: bioio gives neither the stage positions of
        an OME-TIFF nor the translation of an OME-Zarr, so they are not kept.
    axes
        The array's axes, such as "TYX", if they are not the last of TCZYX.
    voxel_size
        Size of a voxel in z, y, x order, None where it is not known. The XML has no place for a
        size that is known along some axes only: the voxel is then one pixel each way. Only a
        single plane is as thick as its pixels are wide. For a BigDataViewer
        image another than its own takes the place of registrations that were made for that.
    unit
        Unit of the voxel size, such as "µm" or "nm"; "pixel" if not known, for other programs take
        an empty one for micrometres. A time interval has no place in the XML.
    channel_names
        One for each channel; "channel 0", "channel 1", … if not known.
    chunk_shape
        Voxels per chunk in z, y, x order, at all levels, 64 cubed unless given; levels that are
        smaller have smaller chunks.
    factors, max_levels
        As for :func:`bigimg_lessons.pyramids.levels.plan_levels`.
    downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`: ``mean``, or ``mode`` for
        labels.
    gzip_level
        From 0 to 9, or None to store chunks as they are. More than one byte per voxel is
        shuffled before compression.
    legacy_uint16
        Store uint16 as all versions of BigDataViewer read it: as int16 with the same bits,
        without the attribute ``dataType``. If False, as uint16 with that attribute, which
        needs BigDataViewer of 2023 or later. Other types always have it; of those, older
        versions read uint8.
    memory_limit
        Bytes by which the process may grow, as for :func:`bigimg_lessons.build.build_pyramid`.
        If the source's chunks are so large that whole ones need more, as planes of a TIFF may,
        blocks are smaller, and some chunks are read several times.
    overwrite
        Replace files that exist, if they are BigDataViewer's and belong together. They stay as
        they are until the new ones are complete.
    progress
        Show a bar of the voxels written, of all levels.

    Returns
    -------
    Path
        The XML, absolute.

    Raises
    ------
    FileExistsError
        If one of the files exists, and `overwrite` is not set or it is not BigDataViewer's; or if
        one is a link.
    FileNotFoundError
        If their folder does not exist.
    TypeError
        If the voxels are of a type that BigDataViewer does not know, or have no exact mean.
    ValueError
        If `path` does not end in ``.xml``, the image has no two to five axes, or an option does
        not fit it.
    OSError
        If the disk has not enough space. Without compression that is known before, with
        compression only when it is full.

    Warns
    -----
    UserWarning
        If the voxel size or its unit is not known, and is therefore not written; if chunks of the
        source have to be read several times; or if registrations of a BigDataViewer image are not
        kept, or a view of it has none.
    """
    xml = Path(path).expanduser().absolute()
    if xml.suffix.lower() != ".xml":
        raise ValueError(f"The path {str(path)!r} does not end in '.xml': give that of the XML.")
    check_gzip_level(gzip_level)
    request = Request(
        image=image,
        axes=axes,
        voxel_size=voxel_size,
        unit=unit,
        channel_names=channel_names,
        chunk_shape=chunk_shape,
        factors=factors,
        max_levels=max_levels,
        downsampling=downsampling,
        memory_limit=memory_limit,
        overwrite=overwrite,
        progress=progress,
    )
    return write_pyramid(_Bdv(xml, gzip_level, legacy_uint16), request)


@dataclass(frozen=True)
class _Bdv:
    """A BigDataViewer dataset, a :class:`bigimg_lessons.pyramids.targets.Target`.

    Parameters
    ----------
    xml
        Absolute path.
    gzip_level, legacy_uint16
        As for :func:`write_bdv`.
    """

    xml: Path
    gzip_level: int | None
    legacy_uint16: bool

    axes = AXES
    stepped_axes = "ZYX"

    @property
    def h5(self) -> Path:
        return self.xml.with_suffix(".h5")

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.h5, self.xml

    def foreign(self, path: Path) -> str | None:
        return foreign_h5(path) if path == self.h5 else foreign_xml(path, self.h5)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        check_pixel_type(dtype)

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return CHUNK_SHAPE

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        return None

    def plan(self, pyramid: Pyramid) -> Plan:
        dataset = PyramidViews.of(pyramid, self.h5.name)
        layout = Layout(
            views=dataset.views,
            setups=dataset.setups,
            levels=dataset.levels,
            chunk_shape=pyramid.chunk_shape,
            dtype=pyramid.source.dtype,
            gzip_level=self.gzip_level,
            legacy_uint16=self.legacy_uint16,
        )
        largest = math.prod(layout.chunks(layout.levels[0])) * layout.dtype.itemsize
        if largest >= 2**32:
            raise ValueError(
                f"A chunk of {pyramid.chunk_shape} voxels takes {format_bytes(largest)}, but HDF5 "
                "allows no 4 GiB: give a smaller chunk_shape."
            )
        room = partial(Room.of, chunks=layout.chunk_count, largest=largest)
        return Plan(
            unit=pyramid.chunk_shape,
            create=partial(self._create, to_xml(dataset.description), layout, room),
            once_bytes=room(0).at_once,
            stored_bytes=layout.voxel_bytes if self.gzip_level is None else None,
            unknown_steps=dataset.unknown_steps,
        )

    def _create(
        self,
        document: str,
        layout: Layout,
        room: Callable[[int], Room],
        new: Callable[[Path], Path],
        spare_bytes: int,
    ) -> BdvLevels:
        return BdvLevels(new(self.h5), new(self.xml), document, layout, room(spare_bytes))
