"""Write an image of any size as OME-Zarr with its pyramid, streamed.

OME-Zarr 0.4 is Zarr v2, 0.5 and 0.6 are Zarr v3, all with the metadata of ngff.openmicroscopy.org:
one array for each level, named 0, 1, …, in a group that says where their voxels lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec

from bigimg_lessons.checks import whole_numbers
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.ome_zarr_levels import (
    Description,
    SharedLevels,
    StoredLevels,
    WritingLevels,
)
from bigimg_lessons.formats.ome_zarr_metadata import ZARR_FORMATS, Version, multiscales
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.formats.zarr_members import foreign
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Downsampling
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid

CHUNK_SHAPES = {2: (1024, 1024), 3: (128, 128, 128)}
"""Voxels per chunk unless others are given, by number of spatial axes."""

# What stays of threads, their pools and the metadata of many chunks, whatever the blocks.
_ONCE_BYTES = 4 * 2**20


def default_codec(dtype: npt.DTypeLike) -> BloscCodec:
    """Return the codec that is used unless another is given: Blosc with zstd 1.

    Measured on synthetic tissue and on noise (``tests/benchmarks/chunk_codecs.py``): higher levels
    save up to a tenth of the bytes, and that takes many times as long. Shuffled bits make noise of
    two bytes and floats smaller, and are encoded faster than shuffled bytes; synthetic tissue of
    two bytes hardly differs. Of voxels of one byte they make more bytes, not fewer.

    Parameters
    ----------
    dtype
        Type of the voxels.
    """
    shuffle: Literal["noshuffle", "bitshuffle"] = (
        "bitshuffle" if np.dtype(dtype).itemsize > 1 else "noshuffle"
    )
    return BloscCodec(cname="zstd", clevel=1, shuffle=shuffle)


def write_ome_zarr(
    path: str | Path,
    image: Any,
    *,
    version: Version = "0.5",
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    time_interval: float | None = None,
    time_unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    shard_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    codec: BytesBytesCodec | Literal["default"] | None = "default",
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
    client: Any = None,
) -> Path:
    """Write an image with its resolution pyramid as OME-Zarr.

    Parameters, errors and what an early end leaves are those of
    :func:`bigimg_lessons.build.build_pyramid`.

    Parameters
    ----------
    path
        Folder to create.
    image
        As ``source`` there.
    version
        Version of OME-Zarr: 0.4, 0.5, or 0.6. Of 0.6 the text was read as release candidate 0.6rc0
        of July 2026 (github.com/ome/ngff-spec); the schemas of 0.6 in ngff-zarr 0.50.0 accept what
        is written here. By November 2026 few programs knew it
        (:func:`bigimg_lessons.build.build_pyramid` names one).
    axes, voxel_size, unit, time_interval, time_unit, channel_names
        As there.
    chunk_shape, shard_shape, factors, max_levels
        As there; shapes, sizes and factors are in z, y, x (or y, x) order.
    downsampling, codec, memory_limit, overwrite, progress, client
        As there.

    Returns
    -------
    Path
        The folder, absolute.
    """
    if version not in get_args(Version):
        known = ", ".join(map(repr, get_args(Version)))
        raise ValueError(f"The OME-Zarr version is {version!r}: choose one of {known}.")
    target = OmeZarr(Path(path).expanduser().absolute(), version, shard_shape, codec)
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
        client=client,
    )
    return write_pyramid(target, request)


@dataclass(frozen=True)
class OmeZarr:
    """An OME-Zarr image, a :class:`bigimg_lessons.pyramids.targets.Target`.

    Parameters
    ----------
    path
        Folder of the image, absolute.
    version, shard_shape, codec
        As for :func:`write_ome_zarr`.
    """

    path: Path
    version: Version
    shard_shape: Sequence[int] | None
    codec: BytesBytesCodec | Literal["default"] | None

    axes = ""
    stepped_axes = "TZYX"

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its folder."""
        return (self.path,)

    def foreign(self, path: Path) -> str | None:
        """Say why a folder must not be replaced."""
        return foreign(path)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        """Refuse voxels that OME-Zarr does not know."""
        if dtype.kind not in "iuf" or dtype.itemsize > 8:
            raise TypeError(
                f"The image's voxels are of type {dtype}: convert them to integers or floats of "
                "at most 64 bits, a mask with astype('uint8')."
            )

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        """Return those of `CHUNK_SHAPES`."""
        return CHUNK_SHAPES[len(spatial_axes)]

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        """Leave the levels to `plan_levels`."""
        return

    def plan(self, pyramid: Pyramid) -> Plan:
        """Plan how to store a pyramid, or raise ValueError if it cannot be."""
        source, request = pyramid.source, pyramid.request
        layout, description = self.layout(pyramid), self.described(pyramid)
        position = source.position(request.voxel_size, request.unit)
        lost = (
            f"OME-Zarr {self.version} has no place for all that the BigDataViewer image tells. "
            f"Lost are {'; '.join(position.lost)}."
        )
        shapes = [level.shape for level in pyramid.levels]
        is_stored_plain = layout.codec is None

        def stored(new: Callable[[Path], Path]) -> StoredLevels:
            return StoredLevels.created(new(self.path), shapes, layout, description)

        return Plan(
            unit=layout.shard_shape or layout.chunk_shape,
            create=lambda new, _: WritingLevels.of(stored(new)),
            share=lambda new: SharedLevels.of(stored(new)),
            once_bytes=_ONCE_BYTES,
            encoding_bytes=partial(layout.encoding_bytes, source.shape),
            stored_bytes=pyramid.voxels * source.dtype.itemsize if is_stored_plain else None,
            is_threaded=True,
            unknown_steps="OME-Zarr gets 1 without a unit for a size that is not known",
            warnings=(lost,) if position.lost else (),
        )

    def layout(self, pyramid: Pyramid) -> ArrayLayout:
        """Return how the arrays of a pyramid are stored, or raise ValueError if they cannot be."""
        source = pyramid.source
        return ArrayLayout(
            source.axes,
            source.dtype,
            pyramid.chunk_shape,
            self._checked_shard_shape(pyramid),
            default_codec(source.dtype) if self.codec == "default" else self.codec,
            zarr_format=ZARR_FORMATS[self.version],
        )

    def described(self, pyramid: Pyramid) -> Description:
        """Return what the group will say of the image."""
        source, request, names = pyramid.source, pyramid.request, pyramid.channel_names
        is_labels = request.downsampling == "mode" and source.dtype.kind in "iu"
        if is_labels and request.channel_names is not None:
            raise ValueError(
                f"channel_names are {request.channel_names!r}, but OME-Zarr has no place for them "
                "in an image of labels, as which mode is written: leave them out."
            )
        position = source.position(request.voxel_size, request.unit)
        metadata = multiscales(
            self.path.name,
            pyramid,
            position.offset[-len(source.spatial_axes) :],
            self.version,
        )
        ranges = None if is_labels else GreyRanges(source.axes, len(names))
        planes = dict(zip(source.axes, pyramid.levels[0].shape, strict=True)).get("Z", 1)
        return Description(metadata, names, planes, ranges, self.version)

    def _checked_shard_shape(self, pyramid: Pyramid) -> tuple[int, ...] | None:
        """Return the shape of shards; complain unless they hold whole chunks."""
        if self.shard_shape is None:
            return None
        if self.version == "0.4":
            raise ValueError("shard_shape is given, but OME-Zarr 0.4 has no shards: leave it out.")
        chunk = pyramid.chunk_shape
        shard = whole_numbers("shard_shape", self.shard_shape, like=chunk)
        if any(s % c for s, c in zip(shard, chunk, strict=True)):
            raise ValueError(
                f"shard_shape is {shard} and chunk_shape is {chunk}: a shard holds whole chunks, "
                "so give multiples of the chunk's shape."
            )
        return shard
