"""A project of the planner, put together from an image, a preset and options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bigimg_lessons.command_line.forecast import forecast
from bigimg_lessons.command_line.known import known_of, readable
from bigimg_lessons.command_line.screen import times
from bigimg_lessons.command_line.stored import (
    conversion_of,
    decoding_rate,
    how_it_packs,
    storage_of,
    stored_ratio,
)
from bigimg_lessons.costs.conversion import Conversion
from bigimg_lessons.costs.plan import Plan, Project, plan
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.projects import PRESETS
from bigimg_lessons.costs.storage import STORAGES, Storage
from bigimg_lessons.inspection.report import Level, Report
from bigimg_lessons.text import format_bytes

GIVEN, FILE, CONVERT = "given", "the file", "as bigimg convert"
"""Where a part of a project is from, beside presets and what is assumed."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for, None where nothing is said.

    Parameters
    ----------
    source
        Path or address of an image; without one that of the preset is planned.
    preset
        A key of `PRESETS`.
    axes
        A letter for each axis, where the file names none.
    shape, dtype
        Of another image than that of the preset: voxels along T, C, Z, Y and X, and their type.
    chunk_shape, shard_shape
        Voxels of chunks and shards of the result along the axes of space.
    without_shards
        Whether there are to be none, whatever the preset has.
    ratio
        How many times smaller its chunks become.
    workers, threads, memory
        Who works; bytes of each worker.
    rates
        Bytes per second that a core decodes, averages and encodes.
    original_on, result_on
        Keys of `STORAGES`.
    one_disk
        Whether both are the same.
    prices
        A key of `PRICE_LISTS`.
    original_in_bucket, outside, read_monthly
        As :class:`bigimg_lessons.costs.plan.Project` has them.
    """

    source: str | None = None
    preset: str | None = None
    axes: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    chunk_shape: tuple[int, ...] | None = None
    shard_shape: tuple[int, ...] | None = None
    without_shards: bool = False
    ratio: float | None = None
    workers: int | None = None
    threads: int | None = None
    memory: int | None = None
    rates: tuple[float, ...] | None = None
    original_on: str | None = None
    result_on: str | None = None
    one_disk: bool | None = None
    prices: str | None = None
    original_in_bucket: bool | None = None
    outside: bool | None = None
    read_monthly: int | None = None


@dataclass(frozen=True)
class Part:
    """A part of a project, for people.

    Parameters
    ----------
    name, value
        What it is, and how large.
    origin
        Where it is from: given, the file, a preset, or what is assumed, and why.
    """

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Planned:
    """A project with where each part is from, and what it takes."""

    project: Project
    parts: tuple[Part, ...]
    plan: Plan


def planned(wish: Wish) -> Planned:
    """Put a project together, and plan it.

    Parameters
    ----------
    wish
        What is asked for.

    Raises
    ------
    ValueError
        If what is asked for does not fit together, or the planner does not count such images.
    """
    _check(wish)
    key = wish.preset or "laptop"
    base, preset = PRESETS[key].project, f"preset {key}"
    if wish.source is None:
        report, conversion, parts = None, *_preset_image(wish, base.conversion, preset)
    else:
        report = readable(wish.source)
        conversion, parts = _stored_image(wish, report)
    project = replace(base, conversion=conversion)
    project, workers = _with_workers(wish, project, preset, report)
    project, storages = _with_storages(wish, project, preset, report)
    project, prices = _with_prices(wish, project, preset)
    return Planned(project, (*parts, *workers, *storages, *prices), plan(project))


def _check(wish: Wish) -> None:
    if wish.source is not None:
        for name in ("shape", "dtype"):
            if getattr(wish, name) is not None:
                raise ValueError(
                    f"--{name} is given, and {wish.source} has its own: leave one of them out."
                )
        if "://" in wish.source and wish.original_on is None:
            raise ValueError(
                f"How far away {wish.source} is cannot be told: give --original-on, lan for a "
                "server nearby or s3 for an object store."
            )
    elif wish.axes is not None:
        raise ValueError("--axes is given, but no image: give the image, too, or --shape.")
    if wish.without_shards and wish.shard_shape is not None:
        raise ValueError("--shard-shape and --no-shards are given: leave one of them out.")
    for name, count, what in (
        ("shape", 5, "for T, C, Z, Y and X"),
        ("rates", 3, "MB/s that a core decodes, averages and encodes"),
    ):
        numbers = getattr(wish, name)
        if numbers is not None and len(numbers) != count:
            raise ValueError(f"--{name} has {len(numbers)} numbers: give {count}, {what}.")


def _chosen(value: Any, otherwise: Any, origin: str) -> tuple[Any, str]:
    """Return what is given, or else something with its origin."""
    return (otherwise, origin) if value is None else (value, GIVEN)


def _preset_image(wish: Wish, base: Conversion, preset: str) -> tuple[Conversion, list[Part]]:
    """Return the image of a preset, or another one that is cut in the same way."""
    shape, shape_from = _chosen(wish.shape, base.shape, preset)
    dtype, dtype_from = _chosen(wish.dtype, base.dtype, preset)
    cut = base.source_chunk
    if base.source_kind == "strips":  # as wide as the image, and as high if they are whole planes
        rows = shape[3] if cut[1] == base.shape[3] else min(cut[1], shape[3])
        cut = (1, rows, shape[4])
    chunk, chunk_from = _chosen(wish.chunk_shape, base.chunk, preset)
    shard, shard_from = _chosen(wish.shard_shape, base.shard, preset)
    if wish.without_shards:
        shard, shard_from = None, GIVEN
    ratio, ratio_from = _chosen(wish.ratio, base.ratio, f"{preset}: no compression")
    conversion = replace(
        base, shape=shape, dtype=dtype, source_chunk=cut, chunk=chunk, shard=shard, ratio=ratio
    )
    return conversion, [
        Part("image, T C Z Y X", times(shape), shape_from),
        Part("voxel", dtype, dtype_from),
        Part("cut into", f"{base.source_kind} {times(cut)}", preset),
        Part("compression now", f"{base.source_ratio:g} times smaller", preset),
        *_result_parts(conversion, chunk_from, shard_from, "voxels taken for cubes"),
        Part("compression then", f"{ratio:g} times smaller", ratio_from),
    ]


def _stored_image(wish: Wish, report: Report) -> tuple[Conversion, list[Part]]:
    """Return an inspected image, written as `bigimg convert` writes it."""
    known = known_of(report, file_format="ome-zarr-0.5", axes=wish.axes)
    target = forecast(
        "ome-zarr-0.5",
        shape=known.space,
        images=known.images,
        item_size=known.item_size,
        voxel_size=known.size_of_space,
        chunk_shape=wish.chunk_shape,
        shard_shape=wish.shard_shape,
    )
    conversion = conversion_of(report, known, target, shard_shape=wish.shard_shape)
    if wish.ratio is not None:
        conversion = replace(conversion, ratio=wish.ratio)
    level = report.levels[0]
    sizes = known.size_of_space
    is_known = sizes is not None and None not in sizes
    packed, packed_from = _compression(level)
    ratio_from = GIVEN if wish.ratio is not None else how_it_packs(level)
    return conversion, [
        Part("image, T C Z Y X", times(conversion.shape), FILE if wish.axes is None else GIVEN),
        Part("voxel", conversion.dtype, FILE),
        _cut_part(level, conversion),
        Part("compression now", packed, packed_from),
        *_result_parts(
            conversion,
            CONVERT if wish.chunk_shape is None else GIVEN,
            CONVERT if wish.shard_shape is None and not wish.without_shards else GIVEN,
            "from the voxel size" if is_known else "voxel size not known: taken for cubes",
        ),
        Part("compression then", f"{conversion.ratio:.3g} times smaller", ratio_from),
    ]


def _cut_part(level: Level, conversion: Conversion) -> Part:
    origin = FILE
    if level.layout == "contiguous":
        origin = "assumed: one run of voxels, read row by row"
    elif level.shard_shape is not None:
        origin = "the file; assumed: one request for a chunk, none for a shard's index"
    return Part("cut into", f"{conversion.source_kind} {times(conversion.source_chunk)}", origin)


def _compression(level: Level) -> tuple[str, str]:
    codec = "codec not known" if level.codec is None else " + ".join(level.codec) or "none"
    ratio = stored_ratio(level)
    if ratio is None:
        return f"{codec}, 1 times smaller", "assumed: the ratio is not known"
    return f"{codec}, {ratio:.3g} times smaller", FILE


def _result_parts(
    conversion: Conversion, chunk_from: str, shard_from: str, levels_from: str
) -> list[Part]:
    shard = "none" if conversion.shard is None else times(conversion.shard)
    factors = "; ".join(times(level.factors[2:]) for level in conversion.levels)
    return [
        Part("result", "OME-Zarr 0.5 with all its levels", CONVERT),
        Part("chunks", times(conversion.chunk), chunk_from),
        Part("shards", shard, shard_from),
        Part("levels", factors, levels_from),
    ]


def _with_workers(
    wish: Wish, project: Project, preset: str, report: Report | None
) -> tuple[Project, list[Part]]:
    base = project.workforce
    workers, workers_from = _chosen(wish.workers, base.workers, preset)
    threads, threads_from = _chosen(wish.threads, base.threads, preset)
    memory, memory_from = _chosen(wish.memory, base.memory, preset)
    rates = [base.decode, base.shrink, base.encode]
    origins = [f"{preset}, measured on one computer"] * 3
    if report is not None:
        rates[0], is_measured = decoding_rate(report.levels[0])
        if not is_measured:
            origins[0] = "assumed: that of Blosc with zstd, as its own was not measured"
    if wish.rates is not None:
        rates, origins = list(wish.rates), [GIVEN] * 3
    decode, shrink, encode = rates
    workforce = replace(
        base,
        workers=workers,
        threads=threads,
        memory=memory,
        decode=decode,
        shrink=shrink,
        encode=encode,
    )
    line = "none" if base.line is None else f"{base.line / 1e6:,.4g} MB/s"
    return replace(project, workforce=workforce), [
        Part("workers", f"{workers:,}", workers_from),
        Part("threads of each", f"{threads:,}", threads_from),
        Part("memory of each", format_bytes(memory), memory_from),
        Part("network line of each", line, preset),
        *(
            Part(f"a core {name}", f"{rate / 1e6:,.4g} MB/s", origin)
            for name, rate, origin in zip(
                ("decodes", "averages", "encodes"), rates, origins, strict=True
            )
        ),
    ]


def _with_storages(
    wish: Wish, project: Project, preset: str, report: Report | None
) -> tuple[Project, list[Part]]:
    def storage(name: str | None, otherwise: Storage) -> tuple[Storage, str]:
        if name is None:
            return otherwise, preset
        found = STORAGES[name]
        if name == "s3":  # which grows with those who read it; a disk and a server do not
            found = replace(found, bandwidth=found.bandwidth * project.workforce.workers)
        return found, GIVEN

    source, source_from = storage(wish.original_on, project.source)
    target, target_from = storage(wish.result_on, project.target)
    is_same = source == target
    one_disk, disk_from = _chosen(wish.one_disk, project.one_disk and is_same, preset)
    if wish.one_disk is None and GIVEN in (source_from, target_from):
        disk_from = preset if is_same else "they differ"
    if report is not None and (alone := storage_of(source, report)) != source:
        source, source_from = alone, f"{source_from}; its library asks for one chunk at a time"
    return replace(project, source=source, target=target, one_disk=one_disk), [
        Part("original on", _said(source), source_from),
        Part("result on", _said(target), target_from),
        Part("both on the same", "yes" if one_disk else "no", disk_from),
    ]


def _said(storage: Storage) -> str:
    return (
        f"{storage.name}: {storage.latency * 1e3:.3g} ms, {storage.bandwidth / 1e6:,.6g} MB/s, "
        f"{storage.concurrency} at once"
    )


def _with_prices(wish: Wish, project: Project, preset: str) -> tuple[Project, list[Part]]:
    name, prices_from = _chosen(wish.prices, None, preset)
    prices = project.prices if name is None else PRICE_LISTS[name]
    in_bucket, bucket_from = _chosen(wish.original_in_bucket, project.source_in_bucket, preset)
    outside, outside_from = _chosen(wish.outside, project.outside, preset)
    monthly, monthly_from = _chosen(wish.read_monthly, project.read_monthly, preset)
    found = replace(
        project,
        prices=prices,
        source_in_bucket=in_bucket,
        outside=outside,
        read_monthly=monthly,
    )
    return found, [
        Part("prices", prices.name, prices_from),
        Part("original in a bucket", "yes" if in_bucket else "no", bucket_from),
        Part("workers outside of it", "yes" if outside else "no", outside_from),
        Part("people read a month", format_bytes(monthly, decimal=True), monthly_from),
    ]
