"""What an index asks of an array of T, C, Z, Y, X, as stretches that HDF5 reads at once."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt


def expand(index: Any) -> list[Any]:
    """Write an index out to one entry per axis."""
    specs = list(index) if isinstance(index, tuple) else [index]
    dots = [position for position, spec in enumerate(specs) if spec is Ellipsis]
    if len(dots) > 1 or len(specs) - len(dots) > 5:
        raise IndexError(f"An array of T, C, Z, Y, X was indexed with {index!r}: give up to five.")
    gap = dots[0] if dots else len(specs)
    rest = specs[gap + 1 :]
    return specs[:gap] + [slice(None)] * (5 - gap - len(rest)) + rest


def positions_of(spec: Any, extent: int) -> npt.NDArray[np.int64]:
    """Turn one entry of an index into the indices it means, none of them negative."""
    if isinstance(spec, Integral):
        return np.arange(extent)[[operator.index(spec)]]
    positions: npt.NDArray[np.int64] = np.arange(extent)[spec]
    if positions.ndim != 1:
        raise IndexError(f"An axis was indexed with {spec!r}: give a number, slice or list.")
    return positions


@dataclass(frozen=True)
class Run:
    """A stretch along one axis that is read at once.

    Parameters
    ----------
    read
        The stretch in the dataset.
    take
        Which of what was read is wanted; ``None`` for all of it, in order.
    put
        Where that goes along the result's axis.
    """

    read: slice
    take: npt.NDArray[np.int64] | None
    put: npt.NDArray[np.int64]


def runs_of(positions: npt.NDArray[np.int64], chunk: int) -> list[Run]:
    """Split indices along one axis so that no chunk is read needlessly.

    Neighbouring chunks are read at once; between two runs lies at least one chunk that is
    not needed.
    """
    if np.all(np.diff(positions) == 1):
        read = slice(int(positions[0]), int(positions[-1]) + 1)
        return [Run(read, None, np.arange(len(positions)))]
    order = np.argsort(positions, kind="stable")
    gaps = np.diff(positions[order] // chunk) > 1
    runs = []
    for put in np.split(order, np.flatnonzero(gaps) + 1):
        wanted = positions[put]
        first, last = int(wanted[0]), int(wanted[-1])
        runs.append(Run(slice(first, last + 1), wanted - first, put))
    return runs


def fill(target: npt.NDArray[Any], cells: Any, runs: Sequence[Sequence[Run]]) -> None:
    """Read all runs of an HDF5 dataset into a Z, Y, X array of the same type."""
    if all(axis[0].take is None for axis in runs):
        cells.read_direct(target, tuple(axis[0].read for axis in runs))
        return
    for box in itertools.product(*runs):
        block = cells[tuple(run.read for run in box)]
        for axis, run in enumerate(box):
            if run.take is not None:
                block = block.take(run.take, axis)
        target[np.ix_(*(run.put for run in box))] = block
