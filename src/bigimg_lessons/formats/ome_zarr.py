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
import zarr
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec

from bigimg_lessons.checks import whole_numbers
from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.ome_zarr_metadata import ZARR_FORMATS, Version, multiscales, omero
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.formats.zarr_members import foreign
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Array, Downsampling
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
        Version of OME-Zarr: 0.4, 0.5, or 0.6 as github.com/ome/ngff-spec has released it under that
        tag. By November 2026 few programs knew 0.6 (:func:`bigimg_lessons.build.build_pyramid`
        names one).
    axes, voxel_size, unit, time_interval, time_unit, channel_names
        As there.
    chunk_shape, shard_shape, factors, max_levels
        As there; shapes, sizes and factors are in z, y, x (or y, x) order.
    downsampling, codec, memory_limit, overwrite, progress
        As there.

    Returns
    -------
    Path
        The folder, absolute.
    """
    if version not in get_args(Version):
        known = ", ".join(map(repr, get_args(Version)))
        raise ValueError(f"The OME-Zarr version is {version!r}: choose one of {known}.")
    target = _OmeZarr(Path(path).expanduser().absolute(), version, shard_shape, codec)
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
    return write_pyramid(target, request)


@dataclass(frozen=True)
class _OmeZarr:
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
        return (self.path,)

    def foreign(self, path: Path) -> str | None:
        return foreign(path)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        if dtype.kind not in "iuf" or dtype.itemsize > 8:
            raise TypeError(
                f"The image's voxels are of type {dtype}: convert them to integers or floats of "
                "at most 64 bits, a mask with astype('uint8')."
            )

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return CHUNK_SHAPES[len(spatial_axes)]

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        return None

    def plan(self, pyramid: Pyramid) -> Plan:
        source, request = pyramid.source, pyramid.request
        is_labels = request.downsampling == "mode" and source.dtype.kind in "iu"
        if is_labels and request.channel_names is not None:
            raise ValueError(
                f"channel_names are {request.channel_names!r}, but OME-Zarr has no place for them "
                "in an image of labels, as which mode is written: leave them out."
            )
        codec = default_codec(source.dtype) if self.codec == "default" else self.codec
        layout = ArrayLayout(
            source.axes,
            source.dtype,
            pyramid.chunk_shape,
            self._checked_shard_shape(pyramid),
            codec,
            zarr_format=ZARR_FORMATS[self.version],
        )
        position = source.position(request.voxel_size, request.unit)
        metadata = multiscales(
            self.path.name,
            pyramid,
            position.offset[-len(source.spatial_axes) :],
            self.version,
        )
        lost = (
            f"OME-Zarr {self.version} has no place for all that the BigDataViewer image tells. "
            f"Lost are {'; '.join(position.lost)}."
        )
        return Plan(
            unit=layout.shard_shape or layout.chunk_shape,
            create=partial(self._create, pyramid, layout, metadata, is_labels),
            once_bytes=_ONCE_BYTES,
            encoding_bytes=partial(layout.encoding_bytes, source.shape),
            stored_bytes=pyramid.voxels * source.dtype.itemsize if codec is None else None,
            is_threaded=True,
            unknown_steps="OME-Zarr gets 1 without a unit for a size that is not known",
            warnings=(lost,) if position.lost else (),
        )

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

    def _create(
        self,
        pyramid: Pyramid,
        layout: ArrayLayout,
        metadata: dict[str, Any],
        is_labels: bool,
        new: Callable[[Path], Path],
        spare_bytes: int,
    ) -> _OmeZarrLevels:
        folder = new(self.path)
        encoders = ChunkEncoders()
        writers = []
        for number, level in enumerate(pyramid.levels):
            place = folder / str(number)
            writers.append(layout.writer(layout.create(place, level.shape), place, encoders))
        names, axes = pyramid.channel_names, pyramid.source.axes
        ranges = None if is_labels else GreyRanges(axes, len(names))
        planes = dict(zip(axes, pyramid.levels[0].shape, strict=True)).get("Z", 1)
        return _OmeZarrLevels(
            folder, writers, encoders, metadata, names, planes, ranges, self.version
        )


@dataclass(frozen=True)
class _OmeZarrLevels:
    """The arrays of an OME-Zarr image, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    folder
        The image's folder in the staging directory.
    writers
        One for each level: takes where a block begins, and the block.
    encoders
        Their threads.
    metadata
        What the group says of them.
    channel_names
        One for each channel.
    planes
        Voxels along Z of level 0, 1 for an image without Z.
    ranges
        The grey values of the channels; None for an image of labels.
    version
        Version of OME-Zarr.
    """

    folder: Path
    writers: Sequence[Callable[[Sequence[int], Array], None]]
    encoders: ChunkEncoders
    metadata: dict[str, Any]
    channel_names: Sequence[str]
    planes: int
    ranges: GreyRanges | None
    version: Version

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        self.writers[level](start, block)
        if level == 0 and self.ranges is not None:
            self.ranges.see(start, block)

    def finish(self) -> None:
        """Create the group, last: until then not even the staging directory opens as an image."""
        zarr_format = ZARR_FORMATS[self.version]
        is_v3 = zarr_format == 3
        metadata = dict(self.metadata)
        if self.ranges is not None:
            windows = self.ranges.windows()
            metadata |= omero(self.channel_names, windows, planes=self.planes)
        else:  # only 0.4 has a version of its own here
            metadata["image-label"] = {} if is_v3 else {"version": "0.4"}
        attributes = {"ome": {"version": self.version, **metadata}} if is_v3 else metadata
        zarr.create_group(self.folder, zarr_format=zarr_format, attributes=attributes)
        # Zarr creates folders again that somebody has removed, and would not tell.
        for number in range(len(self.writers)):
            (self.folder / str(number) / ("zarr.json" if is_v3 else ".zarray")).stat()

    def close(self) -> None:
        self.encoders.close()
