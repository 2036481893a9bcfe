"""Write an image of any size as a tiled OME-TIFF with its pyramid, streamed.

Each plane is a page of the TIFF, and has its own levels in SubIFDs: so levels are smaller along y
and x only. :mod:`bigimg_lessons.formats.tiff_layout` says where all lies, and why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, get_args

import numpy as np

from bigimg_lessons.formats.ome_tiff_replacing import foreign
from bigimg_lessons.formats.ome_xml import PIXEL_TYPES, to_ome_xml
from bigimg_lessons.formats.tiff_layout import CLASSIC_BYTES, TiffLayout
from bigimg_lessons.formats.tiff_tiles import Codec, Encoded, TileEncoder
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Array, Downsampling
from bigimg_lessons.pyramids.levels import plan_levels
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid

TILE_SHAPE = (256, 256)
"""Voxels per tile along y and x unless others are given."""

_ENDINGS = (".ome.tif", ".ome.tiff")

# What stays of threads and of what encoders keep, whatever the blocks.
_ONCE_BYTES = 2 * 2**20


def write_ome_tiff(
    path: str | Path,
    image: Any,
    *,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    time_interval: float | None = None,
    time_unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    codec: Codec | None = "zstd",
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write an image with its resolution pyramid as a tiled OME-TIFF.

    Parameters, errors and what an early end leaves are those of
    :func:`bigimg_lessons.build.build_pyramid`.

    Up to 2 GiB (before compression, with all levels) it is a classic TIFF, which counts its bytes
    in 32 bits; a larger one is a BigTIFF. Programs without Bio-Formats, libtiff or tifffile may not
    read that.

    Parameters
    ----------
    path
        File to create, ending in ``.ome.tif`` or ``.ome.tiff``: by that readers tell it from other
        TIFFs.
    image
        As ``source`` there. OME has integers of 8, 16 and 32 bits, float32 and float64. Samples
        are written as channels, each in planes of its own.
    axes, voxel_size, unit, time_interval, time_unit, channel_names
        As there. A size that is not known is left out, one in a unit that is not known has the
        unit "reference frame" (or "pixel", if `unit` says so), and a time interval in a unit that
        is not known is left out: OME takes a size without a unit for micrometres, and a time for
        seconds.
    chunk_shape
        Voxels per tile, in z, y, x (or y, x) order: 1 along z, and multiples of 16 along y and x.
    factors, max_levels
        As there, with 1 along z: the levels of a plane stand with it in the file, so that each has
        as many planes as the image. By default y and x are halved until a plane fits into a tile;
        of longish pixels, only the finer axis at first.
    downsampling
        As there; each level is the exact mean for its own factors.
    codec
        ``zstd`` at level 1; ``deflate`` at level 1; or None to store tiles as they are. On
        synthetic tissue both save the same, a quarter of the bytes, and zstd is encoded six times
        as fast. It is read by Bio-Formats (7.3.1 was tried, the reader in Fiji), tifffile, and
        libtiff since 4.0.10 of 2018 where that was built with it; deflate by whatever reads tiled
        TIFF. Whole numbers are stored as differences (horizontal predictor), which zstd and deflate
        make smaller.
    memory_limit, overwrite, progress
        As there. Only an OME-TIFF of one image that is complete in one file is replaced.

    Returns
    -------
    Path
        The file, absolute.
    """
    target = Path(path).expanduser().absolute()
    if not target.name.lower().endswith(_ENDINGS):
        raise ValueError(
            f"The path {str(path)!r} ends neither in '.ome.tif' nor in '.ome.tiff': end it so, as "
            "readers tell an OME-TIFF by that."
        )
    if codec is not None and codec not in get_args(Codec):
        raise ValueError(
            f"codec is {codec!r}, but OME-TIFF is written with 'zstd' or 'deflate': give one of "
            "these, or None not to compress."
        )
    request = Request(
        image=image,
        axes=axes,
        voxel_size=voxel_size,
        unit=unit,
        time_interval=time_interval,
        time_unit=time_unit,
        channel_names=channel_names,
        chunk_shape=chunk_shape,
        factors=factors,
        max_levels=max_levels,
        downsampling=downsampling,
        memory_limit=memory_limit,
        overwrite=overwrite,
        progress=progress,
    )
    return write_pyramid(_OmeTiff(target, codec), request)


@dataclass(frozen=True)
class _OmeTiff:
    """An OME-TIFF, a :class:`bigimg_lessons.pyramids.targets.Target`.

    Parameters
    ----------
    path
        The file, absolute.
    codec
        As for :func:`write_ome_tiff`.
    """

    path: Path
    codec: Codec | None

    axes = ""
    stepped_axes = "TZYX"

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.path,)

    def foreign(self, path: Path) -> str | None:
        return foreign(path)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        if dtype.name not in PIXEL_TYPES:
            raise TypeError(
                f"OME-TIFF has no voxels of type {dtype.name}: convert the image to one of "
                f"{', '.join(PIXEL_TYPES)}, a mask with astype('uint8')."
            )

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return (1,) * (len(spatial_axes) - 2) + TILE_SHAPE

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> list[tuple[int, ...]]:
        levels = plan_levels(shape[-2:], chunk_shape=chunk_shape[-2:], voxel_size=voxel_size[-2:])
        return [(1,) * (len(shape) - 2) + level.factors for level in levels]

    def plan(self, pyramid: Pyramid) -> Plan:
        source = pyramid.source
        _check_tiles(pyramid)
        encoder = TileEncoder(_in_plane(pyramid.chunk_shape), source.dtype, self.codec)
        name = re.sub(r"\.ome\.tiff?$", "", self.path.name, flags=re.IGNORECASE)
        layout = TiffLayout(
            planes=math.prod(source.shape[:-2]),
            levels=tuple(_in_plane(level.shape) for level in pyramid.levels),
            tile_shape=encoder.tile_shape,
            dtype=source.dtype,
            compression=encoder.compression,
            predictor=encoder.predictor,
            description=to_ome_xml(name, pyramid),
            is_big=False,
        )
        if layout.raw_bytes > CLASSIC_BYTES:
            layout = replace(layout, is_big=True)
        return Plan(
            unit=pyramid.chunk_shape,
            create=partial(self._create, source.shape[:-2], layout, encoder),
            once_bytes=_ONCE_BYTES,
            encoding_bytes=encoder.held_bytes,
            stored_bytes=layout.raw_bytes if self.codec is None else None,
            is_threaded=True,
            unknown_steps="OME-XML gets no size that is not known, 'reference frame' for a unit of "
            "length that is not, and no time interval without a unit",
            warnings=_lost(pyramid),
        )

    def _create(
        self,
        extents: tuple[int, ...],
        layout: TiffLayout,
        encoder: TileEncoder,
        new: Callable[[Path], Path],
        spare_bytes: int,
    ) -> _OmeTiffLevels:
        file = new(self.path).open("x+b")
        levels = _OmeTiffLevels(file, extents, layout, encoder)
        try:
            levels.begin()
        except BaseException:
            levels.close()
            raise
        return levels


def _in_plane(shape: Sequence[int]) -> tuple[int, int]:
    """Return the extents along y and x."""
    *_, y, x = shape
    return y, x


def _check_tiles(pyramid: Pyramid) -> None:
    """Refuse what a TIFF with SubIFDs has no place for."""
    *z, y, x = pyramid.chunk_shape
    if y % 16 or x % 16 or z not in ([], [1]):
        raise ValueError(
            f"chunk_shape is {pyramid.chunk_shape}, but a tile of a TIFF lies in one plane, and "
            "its sides are multiples of 16: give 1 along z and such multiples along y and x, such "
            "as (1, 256, 256)."
        )
    for level in pyramid.levels:
        if max(level.factors[:-2], default=1) > 1:
            raise ValueError(
                f"factors has {level.factors[-3:]}, but a level of an OME-TIFF has as many planes "
                "as the image, since each plane holds its own levels: give 1 along z, such as "
                "(1, 2, 2), or choose another format."
            )


def _lost(pyramid: Pyramid) -> tuple[str, ...]:
    """Say what the image tells of its place, for which there is none here."""
    position = pyramid.source.position(pyramid.request.voxel_size, pyramid.request.unit)
    moved = ("its position",) if any(position.offset) else ()
    if not (lost := (*moved, *position.lost)):
        return ()
    return (
        "An OME-TIFF of this package has no place for all that the BigDataViewer image tells. "
        f"Lost are {'; '.join(lost)}.",
    )


@dataclass
class _OmeTiffLevels:
    """The file of an OME-TIFF, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    file
        New and empty, to be written and sought in.
    extents
        Of the axes before y and x, which count the planes.
    layout
        Where all lies.
    encoder
        Makes bytes of tiles.
    """

    file: BinaryIO
    extents: tuple[int, ...]
    layout: TiffLayout
    encoder: TileEncoder
    _end: int = field(default=0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def begin(self) -> None:
        """Write all that is known before the first tile; but the header, so that it is no TIFF."""
        self.file.write(bytes(16))
        self.file.write(self.layout.preamble())
        for plane in range(self.layout.planes):
            self.file.write(self.layout.directories(plane))
        self._end = self.layout.tiles_at

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        tile_y, tile_x = self.layout.tile_shape
        for index in np.ndindex(block.shape[:-2]):
            plane = 0
            for extent, first, place in zip(self.extents, start, index, strict=False):
                plane = plane * extent + first + place
            rows = list(self.encoder.rows(block[index]))
            with self._lock:  # other threads encode meanwhile
                self._append(level, plane, start[-2] // tile_y, start[-1] // tile_x, rows)

    def _append(
        self, level: int, plane: int, row: int, column: int, rows: list[list[Encoded]]
    ) -> None:
        """Write rows of tiles, and where they lie into their index.

        Compressed ones go to the end of the file, others to their own place.
        """
        word = self.layout.word
        counts = np.array([[len(tile) for tile in tiles] for tiles in rows], word)
        # Whole rows lie in the index, and if not compressed in the file, one behind the other.
        step = len(rows) if counts.shape[1] == self.layout.grid(level)[1] else 1
        for first in range(0, len(rows), step):
            some = counts[first : first + step]
            at = self._end
            if self.encoder.codec is None:
                at = self.layout.raw_tile_at(level, plane, row + first, column)
            ends = at + np.cumsum(some, dtype=word).reshape(some.shape)
            self.file.seek(at)
            self.file.writelines(chain.from_iterable(rows[first : first + step]))
            self._end = max(self._end, int(ends[-1, -1]))
            places = self.layout.index_places(level, plane, row + first, column)
            for place, numbers in zip(places, (ends - some, some), strict=True):
                self.file.seek(place)
                self.file.write(numbers.astype(word).tobytes())

    def finish(self) -> None:
        """Write the header, last: until then not even the staging directory has a TIFF."""
        self.file.flush()
        self.file.seek(0)
        self.file.write(self.layout.header())
        self.file.close()

    def close(self) -> None:
        with suppress(OSError):  # of what could not be written, a write has told
            self.file.close()
