"""What was written, read back block by block and compared with what was to be written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.inspection.arrays import opened_level
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.report import Report
from bigimg_lessons.pyramids.downsampling import (
    Downsampling,
    downsample_mean,
    downsample_mode,
    downsample_nanmean,
)
from bigimg_lessons.pyramids.source import LazyImage

_BLOCK_BYTES = 32 * 2**20
_AXES = "TCZYX"

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Compared:
    """How many voxels of a level were compared.

    Parameters
    ----------
    level
        Its number.
    voxels
        How many it has.
    different
        How many are not what they should be.
    """

    level: int
    voxels: int
    different: int


def compared(
    source: Any,
    target: Path,
    *,
    axes: str | None,
    downsampling: Downsampling,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Compared]:
    """Compare level 0 with the source, and each other level with what it was made from.

    That is level 0, for the mode the next finer level, as :func:`bigimg_lessons.pyramids.blocks.
    write_blocks` says. Means of floating-point numbers may differ by what the order of summation
    can change.

    Parameters
    ----------
    source
        As :func:`bigimg_lessons.build.build_pyramid` took it.
    target
        What that wrote.
    axes, downsampling
        As there.
    progress
        Called with the bytes of each block.

    Yields
    ------
    Compared
        For each level, level 0 first.
    """
    report = report_on(target)
    with ExitStack() as stack:
        levels = [
            stack.enter_context(_whole_level(report, target, number))
            for number in range(len(report.levels))
        ]
        images = [LazyImage.of(*each).with_axes(_AXES) for each in _named(levels)]
        wanted = LazyImage.of(source, axes=axes).with_axes(_AXES)
        for number, image in enumerate(images):
            finer = images[max(0, number - 1) if downsampling == "mode" else 0]
            factors = _factors(finer.shape, image.shape)
            shrunk = _shrinking(downsampling, factors)
            different = 0
            if image.shape != tuple(-(-n // f) for n, f in zip(finer.shape, factors, strict=True)):
                yield Compared(number, math.prod(image.shape), math.prod(image.shape))
                continue
            if number == 0 and wanted.shape != image.shape:
                yield Compared(0, math.prod(wanted.shape), math.prod(wanted.shape))
                continue
            origin = wanted if number == 0 else finer
            for here, there in _blocks(image.shape, origin, factors):
                found, block = np.asarray(image.read(here)), np.asarray(origin.read(there))
                right = shrunk(block)
                unlike = _differ(found, right)
                if unlike.any() and "mean" in downsampling and block.dtype.kind == "f":
                    unlike &= ~_by_order(found, right, shrunk(np.abs(block)), math.prod(factors))
                different += int(np.count_nonzero(unlike))
                progress(found.nbytes)
            yield Compared(number, math.prod(image.shape), different)


def _named(levels: Sequence[tuple[Any, str]]) -> Iterator[tuple[Any]]:
    """Wrap arrays so that they bring the names of their axes."""
    for array, axes in levels:
        yield (_Named(array, axes),)


class _Named:
    """An array with the names of its axes."""

    def __init__(self, array: Any, axes: str) -> None:
        self._array = array
        self.dims = tuple(axes)
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, region: Any) -> Array:
        return np.asarray(self._array[region])


@contextmanager
def _whole_level(report: Report, target: Path, number: int) -> Iterator[tuple[Any, str]]:
    """Open a level of what was written, with all its time points and channels."""
    if report.kind == "BDV-HDF5":
        from fsspec.implementations.local import LocalFileSystem

        from bigimg_lessons.formats.bdv.dataset import open_dataset

        dataset = open_dataset(LocalFileSystem(), target.absolute().as_posix())
        yield _Sliced(dataset.array(0, number)), _AXES
    elif report.kind == "BDV-N5":
        yield _n5_level(target, number), _AXES
    else:
        with opened_level(report, number) as array:
            yield array, "".join(report.axes)


class _Sliced:
    """A level of BigDataViewer's, of which slices are read as arrays."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype = tuple(array.shape), array.dtype

    def __getitem__(self, region: Any) -> Array:
        return np.asarray(self._array[region])


def _n5_level(target: Path, number: int) -> Any:
    da: Any = import_module("dask.array")  # whose functions tell no types
    import zarr
    from zarr.storage import LocalStore
    from zarr_n5 import N5WrapperStore

    folder = target.with_suffix(".n5")
    store = N5WrapperStore(LocalStore(folder, read_only=True))
    setups = sorted(folder.glob("setup*"), key=lambda path: int(path.name.removeprefix("setup")))

    def stack(setup: str, time: int) -> Any:
        path = f"{setup}/timepoint{time}/s{number}"
        return da.from_zarr(zarr.open_array(store, path=path, mode="r")).T

    times = len(list(setups[0].glob("timepoint*")))
    return da.stack(
        [da.stack([stack(setup.name, time) for setup in setups]) for time in range(times)]
    )


def _factors(full: Sequence[int], level: Sequence[int]) -> tuple[int, ...]:
    """Return the factors that lead to a shape, which are whole numbers and were rounded up."""
    found = []
    for n, m in zip(full, level, strict=True):
        factor = max(1, -(-n // m))
        # 5 voxels of 17 may be halves of halves: the next power of two that gives as many.
        while -(-n // factor) > m:
            factor += 1
        power = 1 << (factor - 1).bit_length()
        found.append(power if -(-n // power) == m else factor)
    return tuple(found)


def _shrinking(downsampling: Downsampling, factors: Sequence[int]) -> Callable[[Array], Array]:
    if max(factors) == 1:
        return lambda block: block
    if downsampling == "stride":
        return lambda block: block[tuple(slice(None, None, f) for f in factors)]
    ways = {"mean": downsample_mean, "nanmean": downsample_nanmean, "mode": downsample_mode}
    return lambda block: ways[downsampling](block, factors)


def _blocks(
    shape: Sequence[int], origin: LazyImage, factors: Sequence[int]
) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Go through a level in blocks, each with what it stands for; the last axes are whole."""
    left = _BLOCK_BYTES // origin.dtype.itemsize // math.prod(factors)
    block = []
    for n in reversed(shape):
        length = max(1, min(n, left))
        block.append(length)
        left //= length
    steps = block[::-1]
    for corner in product(*(range(0, n, step) for n, step in zip(shape, steps, strict=True))):
        here = tuple(slice(c, min(c + s, n)) for c, s, n in zip(corner, steps, shape, strict=True))
        yield (
            here,
            tuple(
                slice(part.start * f, min(part.stop * f, n))
                for part, f, n in zip(here, factors, origin.shape, strict=True)
            ),
        )


def _by_order(found: Array, right: Array, sizes: Array, count: int) -> Array:
    """Tell where two means are as alike as the order of summation lets them be.

    A sum of n numbers in float64 is off by (n - 1) * 2**-53 times the sum of their sizes at most
    (N. J. Higham, Accuracy and Stability of Numerical Algorithms, section 4.2, to first order); two
    sums by twice that. Each mean is rounded to the type of the voxels then.
    """
    one, other = found.astype("float64"), right.astype("float64")
    with np.errstate(invalid="ignore", over="ignore"):
        sums = 2 * (count - 1) * 2.0**-53 * sizes.astype("float64")
        rounding = np.finfo(found.dtype).eps * np.abs(other)
        alike: Array = np.abs(one - other) <= sums + rounding
    return alike


def _differ(found: Array, right: Array) -> Array:
    both_nan = (found != found) & (right != right)
    different: Array = (found != right) & ~both_nan
    return different
