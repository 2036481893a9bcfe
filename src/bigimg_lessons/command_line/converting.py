"""What ``bigimg convert`` does: opens the source, writes the target, compares both."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.command_line.forecast import Forecast, forecast
from bigimg_lessons.command_line.known import Known, known_of, readable
from bigimg_lessons.command_line.plan_screen import stages_document
from bigimg_lessons.command_line.screen import table, times
from bigimg_lessons.command_line.stored import (
    CAUTION,
    conversion_of,
    decoding_rate,
    how_it_packs,
    times_here,
)
from bigimg_lessons.command_line.verifying import compared
from bigimg_lessons.costs.plan import Stages
from bigimg_lessons.costs.projects import RATES
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.inspection.arrays import check_is_here, opened_level
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.report import Report
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.text import format_bytes, format_seconds

_ENDINGS = {
    ".zarr": "ome-zarr-0.5",
    ".ome.tif": "ome-tiff",
    ".ome.tiff": "ome-tiff",
    ".ims": "imaris",
    ".xml": "bdv-hdf5",
    ".n5": "bdv-n5",
}
_TIMELESS = ("bdv-hdf5", "bdv-n5")


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What is asked for, as :func:`bigimg_lessons.build.build_pyramid` names it.

    Parameters
    ----------
    source, target
        Paths.
    file_format, axes, voxel_size, unit, chunk_shape, shard_shape, downsampling, max_levels
        As there; None where it is not said.
    memory_limit, overwrite, progress
        As there.
    no_compression
        Whether chunks are stored as they are.
    dry_run, verify
        Whether nothing is to be written, and whether to compare afterwards.
    """

    source: str
    target: Path
    file_format: str | None = None
    axes: str | None = None
    voxel_size: tuple[float | None, ...] | None = None
    unit: str | None = None
    chunk_shape: tuple[int, ...] | None = None
    shard_shape: tuple[int, ...] | None = None
    downsampling: str | None = None
    max_levels: int | None = None
    memory_limit: int | None = None
    overwrite: bool = False
    no_compression: bool = False
    dry_run: bool = False
    verify: bool = False
    progress: bool = False

    @property
    def format_name(self) -> str:
        """The format, by its name or the target's ending.

        Raises
        ------
        ValueError
            If neither says which.
        """
        if self.file_format is not None:
            return self.file_format
        name = self.target.name.lower()
        for ending, name_of_format in _ENDINGS.items():
            if name.endswith(ending):
                return name_of_format
        raise ValueError(
            f"The target {str(self.target)!r} ends in none of {', '.join(_ENDINGS)}: end it so, or "
            "give --format."
        )


def run(conversion: Conversion, screen: Console | None) -> tuple[dict[str, Any], bool]:
    """Convert, or say what would be written.

    Parameters
    ----------
    conversion
        What is asked for.
    screen
        Where to tell about it; None to be silent.

    Returns
    -------
    dict
        What was done, as JSON has it.
    bool
        False if what was read back differs.
    """
    report = readable(conversion.source)
    if not conversion.dry_run:
        check_is_here(report)
    known = known_of(
        report,
        file_format=conversion.format_name,
        axes=conversion.axes,
        voxel_size=conversion.voxel_size,
        unit=conversion.unit,
    )
    plan = forecast(
        conversion.format_name,
        shape=known.space,
        images=known.images,
        item_size=known.item_size,
        voxel_size=known.size_of_space,
        chunk_shape=conversion.chunk_shape,
        shard_shape=conversion.shard_shape,
        max_levels=conversion.max_levels,
    )
    document: dict[str, Any] = {
        "source": conversion.source,
        "target": str(conversion.target),
        "format": conversion.format_name,
        "levels": [list(shape) for shape in plan.levels],
        "chunk_shape": list(plan.chunk_shape),
        "voxel_bytes": plan.nbytes,
        "files_at_most": plan.files,
        "memory_limit": conversion.memory_limit or MEMORY_LIMIT,
        "is_written": not conversion.dry_run,
    }
    if conversion.dry_run:
        document |= _tried(report, known, conversion, plan, screen)
        return document, True
    downsampling = conversion.downsampling or ("mode" if report.is_labels else "mean")
    with _source(report, conversion) as image, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        written = _build(image, conversion, known, downsampling, labels=report.is_labels)
        document["warnings"] = list(dict.fromkeys(str(each.message) for each in caught))
        if screen is not None:
            for warning in document["warnings"]:
                screen.print(Text(f"Mind: {warning}", style="yellow"))
            screen.print(Text(f"Written: {written}"))
        if not conversion.verify:
            return document, True
        results = []
        for result in _verified(image, conversion, known, downsampling):
            results.append(result)
            if screen is not None:
                screen.print(Text(_said(result)))
        document["compared"] = results
        return document, all(each["different"] == 0 for each in results)


def _tried(
    report: Report, known: Known, conversion: Conversion, plan: Forecast, screen: Console | None
) -> dict[str, Any]:
    """Open the source, so that what the conversion refuses is refused, and say what it takes."""
    if "://" not in report.source:
        with _source(report, conversion):
            pass
    stages, reason = _times(report, known, conversion, plan)
    if screen is not None:
        _show_plan(screen, conversion, report, plan)
        _show_times(screen, conversion, report, stages, reason)
        screen.print(Text("Nothing was written."))
    seconds = {name: stages_document(each) for name, each in stages.items()}
    return {"seconds": seconds, "seconds_unknown": reason}


def _said(result: dict[str, int]) -> str:
    if not result["different"]:
        return f"Level {result['level']}: all {result['voxels']:,} voxels are right."
    return (
        f"Level {result['level']}: {result['different']:,} of {result['voxels']:,} voxels are not "
        "what they should be."
    )


def _verified(
    image: Any, conversion: Conversion, known: Known, downsampling: str
) -> Iterator[dict[str, int]]:
    with Progress(disable=not conversion.progress, transient=True) as bar:
        task = bar.add_task("reading back", total=None)
        found = compared(
            image,
            conversion.target,
            axes=None if _is_reader(image) else known.axes,
            downsampling=downsampling,  # type: ignore[arg-type]  # one of its names
            progress=lambda nbytes: bar.update(task, advance=nbytes),
        )
        for each in found:
            yield {"level": each.level, "voxels": each.voxels, "different": each.different}


def _build(
    image: Any, conversion: Conversion, known: Known, downsampling: str, *, labels: bool
) -> Path:
    for remark in known.remarks:
        warnings.warn(remark, stacklevel=2)
    options: dict[str, Any] = {
        "file_format": conversion.file_format,
        "chunk_shape": conversion.chunk_shape,
        "shard_shape": conversion.shard_shape,
        "max_levels": conversion.max_levels,
        "downsampling": downsampling,
        "memory_limit": conversion.memory_limit or MEMORY_LIMIT,
        "overwrite": conversion.overwrite,
        "progress": conversion.progress,
    }
    if conversion.no_compression:
        options["codec"] = None
    if _is_reader(image):  # which says all that is known itself
        options |= {"voxel_size": conversion.voxel_size, "unit": conversion.unit}
    else:
        options |= {"axes": known.axes, "voxel_size": known.voxel_size, "unit": known.unit}
        if downsampling != "mode":
            options["channel_names"] = known.channel_names
        if known.time_interval is not None and conversion.format_name not in _TIMELESS:
            options |= {"time_interval": known.time_interval, "time_unit": known.time_unit}
    return Path(build_pyramid(image, conversion.target, **options))


def _is_reader(image: Any) -> bool:
    return hasattr(image, "dask_data")


@contextmanager
def _source(report: Report, conversion: Conversion) -> Iterator[Any]:
    """Open the source; a BigDataViewer image as a whole, as it brings the place of its views."""
    if report.kind == "BDV-HDF5":
        try:
            from bioio import BioImage
            from bioio_base.exceptions import UnsupportedFileFormatError
        except ImportError:
            raise InspectionError(
                "BDV-HDF5 is converted by way of bioio, which is not installed: pip install bioio."
            ) from None
        from bigimg_lessons.formats.bdv.reader import Reader

        path = Path(conversion.source).expanduser()
        try:
            Reader(path)  # whose reason bioio would replace by a sentence of its own
        except UnsupportedFileFormatError as error:
            raise InspectionError(f"{conversion.source} is not converted: {error}") from error
        image = BioImage(path, reader=Reader)
        if len(image.scenes) > 1:
            raise InspectionError(
                f"{conversion.source} has {len(image.scenes)} scenes, and one would be converted: "
                "convert it in Python, where set_scene chooses one."
            )
        yield image
        return
    if report.is_of_several and report.kind not in ("HDF5", "Zarr"):
        raise InspectionError(
            f"{conversion.source} holds several images (this is {report.image}): give the path of "
            "one, or convert it in Python."
        )
    with opened_level(report) as array:
        yield array


def _times(
    report: Report, known: Known, conversion: Conversion, plan: Forecast
) -> tuple[Mapping[str, Stages], str]:
    """Return the times of the planner for each kind of disk, or none and the reason why."""
    if not conversion.format_name.startswith("ome-zarr"):
        return {}, f"No time is said: the planner counts OME-Zarr, not {conversion.format_name}."
    memory = conversion.memory_limit or MEMORY_LIMIT
    try:
        stored = conversion_of(report, known, plan, shard_shape=conversion.shard_shape)
        if conversion.no_compression:
            stored = replace(stored, ratio=1.0)
        return times_here(stored, report, memory), ""
    except (TypeError, ValueError) as error:
        return {}, f"No time is said. {error}"


def _show_times(
    screen: Console,
    conversion: Conversion,
    report: Report,
    stages: Mapping[str, Stages],
    reason: str,
) -> None:
    if reason:
        screen.print(Text(reason))
        return
    rows = [
        [STORAGES[name].name, format_seconds(each.at_least), format_seconds(each.at_most)]
        for name, each in stages.items()
    ]
    screen.print()
    headers = ["both images on one", "time at least", "at most"]
    screen.print(table(headers, rows, right=1))
    packing = "none" if conversion.no_compression else how_it_packs(report.levels[0])
    known = f"Threads: {os.cpu_count() or 1}. Compression: {packing}."
    if not decoding_rate(report.levels[0])[1]:
        known += " Decoding: assumed to be that of Blosc with zstd."
    screen.print(Text(f"{CAUTION} {RATES} {known}", style="dim"))
    screen.print()


def _show_plan(screen: Console, conversion: Conversion, report: Report, plan: Forecast) -> None:
    screen.print(Text(f"{conversion.target} would be {conversion.format_name}:"))
    rows = [
        [str(number), times(shape), times(factors)]
        for number, (shape, factors) in enumerate(zip(plan.levels, plan.factors, strict=True))
    ]
    screen.print(table(["level", "shape", "voxels of level 0"], rows))
    ratio = report.levels[0].ratio
    size = format_bytes(plan.nbytes)
    if ratio is not None and report.levels[0].codec and not conversion.no_compression:
        size += f", about {format_bytes(round(plan.nbytes / ratio))} if it packs as now"
    limit = format_bytes(conversion.memory_limit or MEMORY_LIMIT)
    for line in (
        f"chunks of {times(plan.chunk_shape)}",
        f"voxels of all levels: {size}",
        f"files: {plan.files:,} at most",
        f"memory: the process grows by at most {limit}, beside libraries",
    ):
        screen.print(Text(line))
