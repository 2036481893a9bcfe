"""The one loop that writes a pyramid into any format, with all that is checked before and after.

In this order: nothing that must stay is at the target's paths; the image, its calibration, levels
and blocks fit the format and the memory allowed; warnings; space on the disk. Only then something
is written: to a staging directory beside the target, all levels in one pass over the image. When it
is complete it takes its place. Whatever fails, the error says what to do and what it leaves.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bigimg_lessons.checks import whole_numbers
from bigimg_lessons.pyramids.block_plans import (
    Beside,
    checked_memory_limit,
    held_bytes,
    plan_blocks,
    reads_per_chunk,
)
from bigimg_lessons.pyramids.block_tree import BlockTree, IsThere
from bigimg_lessons.pyramids.blocks import build_levels, nothing_is_there
from bigimg_lessons.pyramids.callers import warn_caller
from bigimg_lessons.pyramids.cluster import ClusterBuild, cut_of, new_token
from bigimg_lessons.pyramids.cluster_client import (
    check_workers,
    check_workers_reach,
    threads_of_workers,
)
from bigimg_lessons.pyramids.cluster_tasks import Job
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.pyramids.levels import plan_levels, with_axes_before
from bigimg_lessons.pyramids.source import LazyImage
from bigimg_lessons.pyramids.targets import (
    Levels,
    Plan,
    Pyramid,
    Request,
    SharedLevels,
    StoreTarget,
    Target,
)
from bigimg_lessons.pyramids.travelling import SentImage
from bigimg_lessons.saving.destination import check_target
from bigimg_lessons.saving.interrupts import interrupts_wait
from bigimg_lessons.saving.staging import Staging, recover
from bigimg_lessons.saving.write_errors import check_space, explained, what_stays
from bigimg_lessons.text import format_bytes

# Smaller blocks cost more for the calls that read and write them than larger ones for memory.
_MIN_BLOCK_BYTES = 8 * 2**20


def write_pyramid(target: Target, request: Request) -> Path:
    """Write an image with its resolution pyramid into a target, in one pass over the image.

    Parameters
    ----------
    target
        The format, with the paths to write.
    request
        The image, and what the user asks for.

    Returns
    -------
    Path
        The path by which readers open the image.

    Raises
    ------
    FileExistsError, FileNotFoundError, TypeError, ValueError, OSError
        As :func:`bigimg_lessons.build.build_pyramid` says.

    Warns
    -----
    UserWarning
        As there.
    """
    path = target.paths[-1]
    workers = None if request.client is None else threads_of_workers(request.client)
    recover(path.parent)
    _check_paths(target, overwrite=request.overwrite)
    checked_memory_limit(request.memory_limit)
    pyramid = _planned(target, request)
    plan = target.plan(pyramid)
    work = _Work(pyramid, plan, workers)
    image = None if workers is None else SentImage.of(pyramid.source)
    _warn(target, pyramid, plan, work)
    if plan.stored_bytes is not None:
        check_space(path.parent, plan.stored_bytes)
    with Staging(*target.paths) as staging:
        with _failures_told(path):
            if image is None:
                _write(target, pyramid, plan, work, staging)
            else:
                check_workers(request.client, staging.new(path).parent, image)
                _share(target, pyramid, plan, work, staging, image)
        staging.swap(lambda: _check_paths(target, overwrite=request.overwrite))
    return path


def write_pyramid_in_store(target: StoreTarget, request: Request) -> None:
    """Write an image with its resolution pyramid where nothing can be written aside.

    Parameters
    ----------
    target
        The format, with its place in an object store.
    request
        The image, and what the user asks for.

    Raises
    ------
    FileExistsError, TypeError, ValueError, OSError
        As :func:`bigimg_lessons.build.build_pyramid` says.

    Warns
    -----
    UserWarning
        As there.
    """
    workers = None if request.client is None else threads_of_workers(request.client)
    target.check(overwrite=request.overwrite)
    checked_memory_limit(request.memory_limit)
    pyramid = _planned(target, request)
    plan = target.plan(pyramid)
    work = _Work(pyramid, plan, workers)
    image = None if workers is None else SentImage.of(pyramid.source)
    _warn(target, pyramid, plan, work)
    if image is not None:
        check_workers_reach(request.client, target.place, image)
    with closing(target.begin(pyramid)) as levels:
        try:
            if image is None:
                _fill(target, pyramid, work, levels, nullcontext, levels.is_there)
            else:
                _let_workers_fill(target, pyramid, work, levels, image, None, levels.is_there)
                levels.finish()
        except BaseException as error:
            levels.keep()
            error.add_note(
                f"{target.paths[-1].name!r} is not complete, and does not open. What is written "
                "stays: the same call with resume=True goes on with it."
            )
            raise


def _check_paths(target: Target, *, overwrite: bool) -> None:
    for path in target.paths:
        check_target(path, overwrite=overwrite, foreign=target.foreign)


def _planned(target: Target, request: Request) -> Pyramid:
    """Plan the levels of an image, and sort out what is known of it."""
    source = LazyImage.of(request.image, axes=request.axes).with_axes(target.axes)
    target.check_dtype(source.dtype)
    source.check_chunks_fit(request.memory_limit)
    axes = source.spatial_axes
    calibration = source.known.overridden(
        axes,
        voxel_size=request.voxel_size,
        unit=request.unit,
        time_interval=request.time_interval,
        time_unit=request.time_unit,
    )
    names = source.checked_channel_names(request.channel_names)
    others, space = source.shape[: -len(axes)], source.shape[-len(axes) :]
    wanted = request.chunk_shape
    chunk_shape = whole_numbers(
        "chunk_shape",
        target.default_chunk_shape(axes) if wanted is None else wanted,
        like=space,
        axes=axes,
    )
    sizes = calibration.comparable(axes)
    factors = request.factors
    levels = plan_levels(
        space,
        chunk_shape=chunk_shape,
        voxel_size=sizes,
        factors=target.default_factors(space, chunk_shape, sizes) if factors is None else factors,
        max_levels=request.max_levels,
    )
    return Pyramid(
        request,
        source,
        calibration,
        tuple(names),
        chunk_shape,
        tuple(with_axes_before(level, others) for level in levels),
    )


class _Work:
    """The blocks in which a pyramid is written, within the memory allowed.

    Parameters
    ----------
    pyramid, plan
        What is written, and how.
    workers
        How many threads each worker has that reads and writes; None if this process does.
    """

    def __init__(self, pyramid: Pyramid, plan: Plan, workers: Mapping[str, int] | None) -> None:
        source, request = pyramid.source, pyramid.request
        beside = Beside(
            plan.once_bytes,
            lambda block: max(source.reading_bytes(block), plan.encoding_bytes(block)),
        )
        others = (1,) * (len(source.axes) - len(plan.unit))
        self.block_shapes = plan_blocks(
            pyramid.levels,
            chunk_shape=others + plan.unit,
            dtype=source.dtype,
            source_chunk_shape=source.chunk_shape,
            downsampling=request.downsampling,
            memory_limit=request.memory_limit,
            least_bytes=_MIN_BLOCK_BYTES,
            beside=beside,
        )

        self.tree = BlockTree(pyramid.levels, self.block_shapes, source.dtype, request.downsampling)

        def held(threads: int) -> int:
            return held_bytes(
                pyramid.levels,
                block_shapes=self.block_shapes,
                dtype=source.dtype,
                downsampling=request.downsampling,
                beside=beside,
                threads=threads,
            )

        here = {"": os.cpu_count() or 1}
        self.all_threads = sum((workers or here).values())
        cores = max((workers or here).values()) if plan.is_threaded else 1
        self.threads = 1 + bisect_right(range(2, 1 + cores), request.memory_limit, key=held)
        self.spare_bytes = request.memory_limit - held(self.threads)


def _warn(target: Target, pyramid: Pyramid, plan: Plan, work: _Work) -> None:
    """Warn of what is not known, of what gets lost, and of chunks that are read several times."""
    source = pyramid.source
    pyramid.calibration.warn_of_unknown(
        target.paths[-1].name,
        "".join(axis for axis in source.axes_of_several if axis in target.stepped_axes),
        consequence=plan.unknown_steps,
    )
    for warning in plan.warnings:
        warn_caller(warning)
    if source.chunk_shape is None:
        return
    reads = reads_per_chunk(
        source.shape, block_shape=work.block_shapes[0], source_chunk_shape=source.chunk_shape
    )
    if reads > 1:
        limit = format_bytes(pyramid.request.memory_limit)
        warn_caller(
            f"Each chunk of the source, {source.own_chunk_shape}, is read {reads:.3g} times on "
            f"average, as blocks of whole ones need more than the {limit} of memory_limit: raise "
            "that, or give a chunk_shape that is nearer to the source's."
        )


def _write(target: Target, pyramid: Pyramid, plan: Plan, work: _Work, staging: Staging) -> None:
    """Write all levels to the staging directory."""
    guarded = partial(_guarded, target, staging)
    with guarded():
        opened = plan.create(staging.new, work.spare_bytes)
    with closing(opened) as levels:
        _fill(target, pyramid, work, levels, guarded)


def _fill(
    target: Target,
    pyramid: Pyramid,
    work: _Work,
    levels: Levels,
    guarded: Callable[[], AbstractContextManager[object]],
    is_there: IsThere = nothing_is_there,
) -> None:
    """Read the image, write all levels and finish them."""
    with _bar(target, pyramid, work, is_there) as bar:

        def write(level: int, start: tuple[int, ...], block: Array) -> None:
            with guarded():
                levels.write(level, start, block)
            with bar.get_lock():
                bar.update(block.nbytes)

        build_levels(
            pyramid.source.read,
            write,
            pyramid.levels,
            block_shapes=work.block_shapes,
            dtype=pyramid.source.dtype,
            downsampling=pyramid.request.downsampling,
            threads=work.threads,
            is_there=is_there,
        )
        with guarded():
            levels.finish()


def _share(
    target: Target,
    pyramid: Pyramid,
    plan: Plan,
    work: _Work,
    staging: Staging,
    image: SentImage,
) -> None:
    """Let the workers of a cluster write all levels to the staging directory."""
    guarded = partial(_guarded, target, staging)
    if plan.share is None:
        raise ValueError("client is given, but one process must write this format: leave it out.")
    with guarded():
        opened = plan.share(staging.new)
    with closing(opened) as levels:
        aside = staging.new(target.paths[-1]).parent
        _let_workers_fill(target, pyramid, work, levels, image, aside)
        with guarded():
            levels.finish()


def _let_workers_fill(
    target: Target,
    pyramid: Pyramid,
    work: _Work,
    levels: SharedLevels,
    image: SentImage,
    aside: Path | None,
    is_there: IsThere = nothing_is_there,
) -> None:
    """Let the workers of a cluster read the image and write all levels, but not finish them."""
    token, client = new_token(), pyramid.request.client
    job = Job(token, image, work.tree, levels.sent(), target.paths[-1], aside, work.threads)
    with _bar(target, pyramid, work, is_there) as bar:

        def take(report: Any, size: int) -> None:
            levels.take(report)
            bar.update(size)

        ClusterBuild(client, job, cut_of(work.tree, work.all_threads)).run(take)


@contextmanager
def _guarded(target: Target, staging: Staging) -> Iterator[None]:
    """Write in a ``with`` block that is not interrupted, and explain what fails.

    Libraries may write in threads of their own, which go on when their caller is interrupted: so as
    not to write into a folder that is being removed, they are let finish.
    """
    path = target.paths[-1]
    with interrupts_wait(), explained(path, aside=staging.new(path).parent):
        yield


def _bar(
    target: Target, pyramid: Pyramid, work: _Work, is_there: IsThere = nothing_is_there
) -> tqdm[Any]:
    """Return a bar of the voxels written, of all levels, with those that were there before."""
    there = 0 if is_there is nothing_is_there else work.tree.voxels_there(is_there)
    return tqdm(
        desc=target.paths[0].name,
        total=pyramid.voxels * pyramid.source.dtype.itemsize,
        initial=there * pyramid.source.dtype.itemsize,
        unit="B",
        unit_scale=True,
        disable=not pyramid.request.progress,
    )


@contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    """Add to any error what it leaves behind, unless it says so."""
    try:
        yield
    except Exception as error:
        if (sentence := what_stays(path)) not in str(error):
            error.add_note(sentence)
        raise
