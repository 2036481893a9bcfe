"""Write an image of any size as OME-Zarr with its pyramid, streamed.

OME-Zarr 0.5 is Zarr v3 and 0.4 is Zarr v2, both with the metadata of ngff.openmicroscopy.org: one
array for each level, named 0, 1, …, in a group that tells where their voxels lie.

Arrays are written by zarr-python. Where the package ``zarrs`` is installed it does the encoding,
in threads outside Python; without it all works the same, only slower. (``zarrs`` leaves out chunks
of nothing but zeros, which every reader takes as zeros.)
"""

from __future__ import annotations

import math
import os
import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import zarr
from tqdm import tqdm
from zarr.codecs import BloscCodec

from bigimg_lessons.checks import whole_numbers
from bigimg_lessons.formats.bdv.position import position_of
from bigimg_lessons.formats.zarr_members import foreign
from bigimg_lessons.pyramids.block_plans import (
    MEMORY_LIMIT,
    Beside,
    checked_memory_limit,
    held_bytes,
    plan_blocks,
    reads_per_chunk,
)
from bigimg_lessons.pyramids.blocks import build_levels
from bigimg_lessons.pyramids.calibration import Calibration, Step
from bigimg_lessons.pyramids.downsampling import Array, Downsampling
from bigimg_lessons.pyramids.levels import Level, plan_levels
from bigimg_lessons.pyramids.source import LazyImage
from bigimg_lessons.saving.destination import check_target
from bigimg_lessons.saving.interrupts import interrupts_wait
from bigimg_lessons.saving.staging import Staging, recover
from bigimg_lessons.saving.write_errors import check_space, explained
from bigimg_lessons.text import format_bytes
from bigimg_lessons.units import METRE, SECOND

Version = Literal["0.4", "0.5"]

CHUNK_SHAPES = {2: (1024, 1024), 3: (128, 128, 128)}
"""Voxels per chunk unless others are given, by number of spatial axes."""

_COLOURS = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")

# Smaller blocks cost more for the calls into zarr than larger ones for memory.
_LEAST_BLOCK_BYTES = 8 * 2**20


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
        Of the voxels.
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
    codec: BloscCodec | Literal["default"] | None = "default",
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
        Of the folder to make.
    image
        As ``source`` there.
    version
        Of OME-Zarr.
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
    target = Path(path).expanduser().absolute()
    if version not in get_args(Version):
        raise ValueError(f"The OME-Zarr version is {version!r}: choose '0.4' or '0.5'.")
    recover(target.parent)
    check_target(target, overwrite=overwrite, foreign=foreign)
    memory_limit = checked_memory_limit(memory_limit)

    source = LazyImage.of(image, axes=axes)
    if source.dtype.kind not in "iuf" or source.dtype.itemsize > 8:
        raise TypeError(
            f"The image's voxels are of type {source.dtype}: convert them to integers or floats of "
            "at most 64 bits, a mask with astype('uint8')."
        )
    source.check_chunks_fit(memory_limit)
    calibration = source.known.overridden(
        source.spatial_axes,
        voxel_size=voxel_size,
        unit=unit,
        time_interval=time_interval,
        time_unit=time_unit,
    )
    position = position_of(image, voxel_size, unit)
    is_labels = downsampling == "mode" and source.dtype.kind in "iu"
    if is_labels and channel_names is not None:
        raise ValueError(
            f"channel_names are {channel_names!r}, but OME-Zarr has no place for them in an image "
            "of labels, as which mode is written: leave them out."
        )
    names = source.checked_channel_names(channel_names)
    space = source.shape[-len(source.spatial_axes) :]
    default = CHUNK_SHAPES[len(space)]
    chunk = whole_numbers(
        "chunk_shape",
        default if chunk_shape is None else chunk_shape,
        like=space,
        axes=source.spatial_axes,
    )
    shard = None if shard_shape is None else _checked_shards(shard_shape, chunk, space, version)
    if codec == "default":
        codec = default_codec(source.dtype)

    others = source.shape[: -len(space)]
    plan = plan_levels(
        space,
        chunk_shape=chunk,
        voxel_size=calibration.comparable(source.spatial_axes),
        factors=factors,
        max_levels=max_levels,
    )
    steps = [_ngff_step(calibration, axis) for axis in source.axes]
    levels = tuple(_with_axes(level, others, [step.number for step in steps]) for level in plan)
    # Twelve digits: what is left of dividing and multiplying by the voxel size goes.
    along = zip(position.offset[-len(space) :], levels[0].voxel_size[len(others) :], strict=True)
    origin = (0.0,) * len(others) + tuple(float(f"{o * s:.12g}") for o, s in along)
    unit_shape = (1,) * len(others) + (shard or chunk)
    chunks, shards = _fitting(levels[0].shape, chunk, shard)
    encoder = _Encoder(shards or chunks, shards is not None, source.dtype.itemsize)
    beside = Beside(
        _ONCE_BYTES,
        lambda block: max(source.reading_bytes(block), encoder.encoding_bytes(block)),
    )
    block_shape = plan_blocks(
        levels,
        chunk_shape=unit_shape,
        dtype=source.dtype,
        source_chunk_shape=source.chunk_shape,
        downsampling=downsampling,
        memory_limit=memory_limit,
        least_bytes=_LEAST_BLOCK_BYTES,
        beside=beside,
    )

    def held(threads: int) -> int:
        return held_bytes(
            levels,
            block_shape=block_shape,
            dtype=source.dtype,
            downsampling=downsampling,
            beside=beside,
            threads=threads,
        )

    threads = 1 + bisect_right(range(2, 1 + (os.cpu_count() or 1)), memory_limit, key=held)
    calibration.warn_of_unknown(
        target.name,
        source.axes_of_several,
        consequence="OME-Zarr gets 1 without a unit for a size that is not known",
        stacklevel=3,
    )
    if position.lost:
        warnings.warn(
            f"OME-Zarr {version} has no place for all that the BigDataViewer image tells. Lost are "
            f"{'; '.join(position.lost)}.",
            stacklevel=3,
        )
    if source.chunk_shape is not None:
        _warn_of_repeated_reads(source.shape, block_shape, source.chunk_shape, memory_limit)
    total = sum(math.prod(level.shape) for level in levels) * source.dtype.itemsize
    if codec is None:
        check_space(target.parent, total)

    with Staging(target) as staging:
        aside = staging.new(target)
        # Zarr works in threads of its own, which go on when their caller is interrupted: so as
        # not to write into a folder that is being removed, they are let finish.
        with interrupts_wait(), explained(target, aside=aside.parent):
            arrays = [
                _create_array(
                    aside / str(number), level, source, chunk, shard, codec=codec, version=version
                )
                for number, level in enumerate(levels)
            ]
        ranges = _GreyRanges(source.axes, len(names))
        with tqdm(
            desc=target.name, total=total, unit="B", unit_scale=True, disable=not progress
        ) as bar:

            def read(region: tuple[slice, ...]) -> Array:
                try:
                    return source.read(region)
                except Exception as error:
                    error.add_note(
                        f"This happened while the image was read at {region}. Nothing is left of "
                        f"{target.name!r}."
                    )
                    raise

            def write(depth: int, start: tuple[int, ...], block: Array) -> None:
                place = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
                with interrupts_wait(), explained(target, aside=aside.parent):
                    arrays[depth][place] = block
                if depth == 0 and not is_labels:
                    ranges.see(start, block)
                with bar.get_lock():
                    bar.update(block.nbytes)

            build_levels(
                read,
                write,
                levels,
                block_shape=block_shape,
                dtype=source.dtype,
                downsampling=downsampling,
                threads=threads,
            )
        # The group comes last: until then not even the folder aside opens as an image.
        with interrupts_wait(), explained(target, aside=aside.parent):
            metadata = _metadata(
                target.name, source.axes, levels, origin, steps, downsampling, version
            )
            if is_labels:
                # Only 0.4 has a version of its own here.
                metadata["image-label"] = {"version": "0.4"} if version == "0.4" else {}
            else:
                metadata |= _omero(names, ranges.windows())
            zarr.create_group(
                aside,
                zarr_format=3 if version == "0.5" else 2,
                attributes={"ome": {"version": "0.5", **metadata}}
                if version == "0.5"
                else metadata,
            )
            # Zarr makes folders again that somebody has removed, and would not tell.
            for number in range(len(levels)):
                (aside / str(number) / ("zarr.json" if version == "0.5" else ".zarray")).stat()
        staging.swap(partial(check_target, target, overwrite=overwrite, foreign=foreign))
    return target


@dataclass(frozen=True)
class _Encoder:
    """What it takes to encode a block, measured with noise, of which no byte is saved.

    Parameters
    ----------
    unit_shape
        Of a chunk, or of a shard, which is put together whole.
    is_sharded
        Whether that is a shard.
    voxel_bytes
        Of one voxel.
    """

    unit_shape: tuple[int, ...]
    is_sharded: bool
    voxel_bytes: int

    def encoding_bytes(self, block_shape: Sequence[int]) -> int:
        """Tell how many bytes it takes at the most, beside a block, to encode that.

        A chunk is copied in one piece and filled up, and encoded into as many bytes; the chunks of
        a shard are put together once more. ``zarrs`` works on one in each of its threads, zarr on
        as many as ``async.concurrency`` says.
        """
        units = math.prod(-(-n // u) for n, u in zip(block_shape, self.unit_shape, strict=True))
        at_once = (os.cpu_count() or 1) if _has_zarrs() else zarr.config.get("async.concurrency")
        unit = math.prod(self.unit_shape) * self.voxel_bytes
        return min(units, at_once) * unit * (3 if self.is_sharded else 2)


def _warn_of_repeated_reads(
    shape: tuple[int, ...],
    block_shape: tuple[int, ...],
    source_chunk_shape: tuple[int, ...],
    memory_limit: int,
) -> None:
    reads = reads_per_chunk(shape, block_shape=block_shape, source_chunk_shape=source_chunk_shape)
    if reads > 1:
        warnings.warn(
            f"Each chunk of the source, {source_chunk_shape}, is read {reads:.3g} times on "
            f"average, as blocks of whole ones need more than the {format_bytes(memory_limit)} of "
            "memory_limit: raise that, or give a chunk_shape that is nearer to the source's.",
            stacklevel=4,
        )


def _checked_shards(
    shard_shape: Sequence[int], chunk: tuple[int, ...], space: tuple[int, ...], version: Version
) -> tuple[int, ...]:
    """Return the shape of shards; complain unless they hold whole chunks."""
    if version != "0.5":
        raise ValueError("shard_shape is given, but OME-Zarr 0.4 has no shards: leave it out.")
    shard = whole_numbers("shard_shape", shard_shape, like=space)
    if any(s % c for s, c in zip(shard, chunk, strict=True)):
        raise ValueError(
            f"shard_shape is {shard} and chunk_shape is {chunk}: a shard holds whole chunks, so "
            "give multiples of the chunk's shape."
        )
    return shard


def _with_axes(level: Level, others: tuple[int, ...], sizes: Sequence[float]) -> Level:
    """Put axes in front that no level shrinks, time and channels, and measure all by `sizes`."""
    factors = (1,) * len(others) + level.factors
    return Level(
        factors=factors,
        shape=others + level.shape,
        voxel_size=tuple(f * s for f, s in zip(factors, sizes, strict=True)),
        offset=tuple(0.5 * (f - 1) * s for f, s in zip(factors, sizes, strict=True)),
    )


def _ngff_step(calibration: Calibration, axis: str) -> Step:
    """Return the step along an axis in a unit that OME-Zarr knows."""
    step = calibration.step(axis)
    if step.unit is None or step.unit.is_ngff:
        return step
    return step.to(SECOND if axis == "T" else METRE)


def _has_zarrs() -> bool:
    return find_spec("zarrs") is not None


def _create_array(
    path: Path,
    level: Level,
    source: LazyImage,
    chunk: tuple[int, ...],
    shard: tuple[int, ...] | None,
    *,
    codec: BloscCodec | None,
    version: Version,
) -> zarr.Array[Any]:
    """Create the array of one level, with chunks no larger than the level."""
    chunks, shards = _fitting(level.shape, chunk, shard)
    compressor: BloscCodec | dict[str, Any] | None = codec
    if version == "0.4" and codec is not None:
        # As text: since zarr 3.4 the codec's own attributes are, and before they were not.
        blosc: Any = codec.to_dict()["configuration"]
        compressor = {
            "id": "blosc",
            "cname": blosc["cname"],
            "clevel": blosc["clevel"],
            "shuffle": ("noshuffle", "shuffle", "bitshuffle").index(blosc["shuffle"]),
            "blocksize": blosc["blocksize"],
        }
    pipeline = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"} if _has_zarrs() else {}
    with zarr.config.set(pipeline):
        return zarr.create_array(
            path,
            shape=level.shape,
            dtype=source.dtype,
            chunks=chunks,
            shards=shards,
            compressors=compressor,
            fill_value=0,
            zarr_format=3 if version == "0.5" else 2,
            dimension_names=source.axes.lower() if version == "0.5" else None,
            chunk_key_encoding={"name": "default" if version == "0.5" else "v2", "separator": "/"},
            # Else zarr compares every chunk with the fill value, which takes longer than the mean.
            config={"write_empty_chunks": True},
        )


def _fitting(
    shape: tuple[int, ...], chunk: tuple[int, ...], shard: tuple[int, ...] | None
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Return the shapes of chunks and shards of a level, along all axes, none beyond its end."""
    others = (1,) * (len(shape) - len(chunk))
    space = shape[len(others) :]
    chunks = tuple(map(min, chunk, space))
    if shard is None:
        return others + chunks, None
    # As many chunks as in other levels, but none that would lie beyond the level's end.
    counts = (
        min(s // whole, -(-n // c))
        for s, whole, n, c in zip(shard, chunk, space, chunks, strict=True)
    )
    return others + chunks, others + tuple(c * k for c, k in zip(chunks, counts, strict=True))


def _metadata(
    name: str,
    axes: str,
    levels: Sequence[Level],
    origin: Sequence[float],
    steps: Sequence[Step],
    downsampling: Downsampling,
    version: Version,
) -> dict[str, Any]:
    """Describe the levels as NGFF does, in the field ``multiscales``."""
    kinds = {"T": "time", "C": "channel"}
    described: list[dict[str, str]] = []
    for axis, step in zip(axes, steps, strict=True):
        entry = {"name": axis.lower(), "type": kinds.get(axis, "space")}
        if step.unit is not None:
            entry["unit"] = step.unit.name
        described.append(entry)
    datasets = []
    for number, level in enumerate(levels):
        # Strides keep voxels where they are; averages and modes lie amid those they stand for.
        offset = (0.0,) * len(axes) if downsampling == "stride" else level.offset
        transforms = [
            {"type": "scale", "scale": list(level.voxel_size)},
            {
                "type": "translation",
                "translation": [a + b for a, b in zip(origin, offset, strict=True)],
            },
        ]
        datasets.append({"path": str(number), "coordinateTransformations": transforms})
    multiscale = {
        "name": re.sub(r"(\.ome)?\.zarr$", "", name, flags=re.IGNORECASE) or name,
        "axes": described,
        "datasets": datasets,
        "type": downsampling,
        "metadata": {
            "method": "bigimg_lessons.build.build_pyramid",
            "version": version_of("bigimg-lessons"),
        },
    }
    if version == "0.4":
        multiscale["version"] = "0.4"
    return {"multiscales": [multiscale]}


def _omero(names: Sequence[str], windows: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Name the channels, and tell viewers which grey values to show, in the field ``omero``.

    ``start`` and ``end`` are what napari and vizarr show as black and white, ``min`` and ``max``
    the ends of vizarr's slider: there is nothing to see outside the values that the image has.
    """
    channels = []
    for number, (name, (low, high)) in enumerate(zip(names, windows, strict=True)):
        colour = "FFFFFF" if len(names) == 1 else _COLOURS[number % len(_COLOURS)]
        channels.append(
            {
                "label": name,
                "color": colour,
                "active": True,
                "window": {"min": low, "max": high, "start": low, "end": high},
            }
        )
    model = "greyscale" if len(names) == 1 else "color"
    return {"omero": {"channels": channels, "rdefs": {"model": model}}}


class _GreyRanges:
    """The lowest and highest finite voxel of each channel, seen block by block.

    Parameters
    ----------
    axes
        Of the blocks.
    count
        Number of channels.
    """

    def __init__(self, axes: str, count: int) -> None:
        self._axis = axes.find("C")
        self._ends: list[tuple[Any, Any] | None] = [None] * count
        self._lock = Lock()

    def see(self, start: tuple[int, ...], block: Array) -> None:
        """Take a block of level 0 into account, which begins at `start`."""
        first = 0 if self._axis < 0 else start[self._axis]
        planes = [block] if self._axis < 0 else np.moveaxis(block, self._axis, 0)
        for number, voxels in enumerate(planes, start=first):
            low, high = voxels.min(), voxels.max()
            if not (np.isfinite(low) and np.isfinite(high)):
                finite = np.isfinite(voxels)
                if not finite.any():
                    continue
                low = voxels.min(where=finite, initial=np.inf)
                high = voxels.max(where=finite, initial=-np.inf)
            with self._lock:
                seen = self._ends[number] or (low, high)
                self._ends[number] = (min(seen[0], low), max(seen[1], high))

    def windows(self) -> list[tuple[float, float]]:
        """Return both for each channel, the first always below the second.

        See :func:`_window` for a channel of one value; 0 and 1 where there is no finite voxel.
        """
        return [(0, 1) if ends is None else _window(*ends) for ends in self._ends]


def _window(low: np.number[Any], high: np.number[Any]) -> tuple[float, float]:
    """Return the ends of a range, made to differ; that of one value reaches to zero."""
    start, end = _json_number(low), _json_number(high)
    if start < end:
        return start, end
    return (min(start, 0), max(end, 0)) if start else (0, 1)


def _json_number(value: np.number[Any]) -> float:
    """Return an integer as it is if a double can hold it, and a float in its fewest digits.

    Those of a float16 may be off by one part in two thousand, so it is returned as it is.
    """
    if isinstance(value, np.floating):
        return float(value if isinstance(value, np.float16) else str(value))
    number = int(value)
    return number if abs(number) <= 2**53 else float(number)
