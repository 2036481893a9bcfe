"""Exercises of lesson 4: exact means, labels that stay labels, and levels in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.exercises.counting import Counts, Exercise, synthetic, wrong
from bigimg_lessons.pyramids.downsampling import downsample_mean, downsample_mode


def _halve(function: Callable[..., Any]) -> Counts:
    plane = synthetic(64, 64) // 2  # bright enough for some sums of four to overflow
    return {"wrong pixels": wrong(function(plane.copy()), downsample_mean(plane, (2, 2)))}


_NAMES = (100, 250, 370, 520, 610, 880, 940, 1210, 1300)


def _labels() -> npt.NDArray[np.uint16]:
    """Make labels of which each box of 2 × 2 has one label more often than any other."""
    box = synthetic(32, 32).astype("uint16")
    first = box % 9
    second, third = (first + 3) % 9, (first + 6) % 9
    mixed = np.stack([first, first, second, third])
    corners = np.where(box % 2, first, mixed)
    turned = [np.where(box % 4 == turn, np.roll(corners, turn, 0), 0) for turn in range(4)]
    placed = np.sum(turned, axis=0).reshape(2, 2, 32, 32).transpose(2, 0, 3, 1).reshape(64, 64)
    labels: npt.NDArray[np.uint16] = np.array(_NAMES, "uint16")[placed]
    return labels


def _halve_labels(function: Callable[..., Any]) -> Counts:
    labels = _labels()
    halved = np.asarray(function(labels.copy()))
    return {
        "invented labels": np.setdiff1d(halved, labels).size,
        "wrong pixels": wrong(halved, downsample_mode(labels, (2, 2))),
    }


_VOXEL = np.array([0.1, 0.04, 0.04])
_FACTORS = np.array([(1, 1, 1), (1, 2, 2), (2, 4, 4)])


def _place(function: Callable[..., Any]) -> Counts:
    """Place voxel 3 of each level, along each axis, and see where its box really is."""
    off: list[float] = []
    for factors in _FACTORS:
        scale, translation = function(_VOXEL.copy(), factors.copy())
        placed = np.asarray(translation) + 3 * np.asarray(scale)
        boxes = [np.arange(3 * factor, 4 * factor).mean() for factor in factors]
        off.extend(abs(placed - _VOXEL * boxes))
    nanometres = [round(1000 * distance) for distance in off]
    return {
        "wrong offsets": int(np.count_nonzero(nanometres)),
        "nanometres of error": max(nanometres),
    }


EXERCISES = {
    "mend-mean": Exercise(
        run=_halve, at_most={"wrong pixels": 0}, wanted="an array of 32 × 32 pixels"
    ),
    "mend-labels": Exercise(
        run=_halve_labels,
        at_most={"invented labels": 0, "wrong pixels": 0},
        wanted="an array of 32 × 32 labels",
    ),
    "mend-translation": Exercise(
        run=_place,
        at_most={"wrong offsets": 0, "nanometres of error": 0},
        wanted="two arrays of three numbers: scale and translation",
    ),
}
