"""Exercises of lesson 0: proportions without invented values, and the axes to average over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bigimg_lessons.exercises.counting import Counts, Exercise, synthetic, wrong


def _proportions(function: Callable[..., Any]) -> Counts:
    section = synthetic(12, 60) // 10 * 10
    drawn = np.asarray(function(section.copy()))
    return {
        "invented values": np.setdiff1d(drawn, section).size,
        "wrong pixels": wrong(drawn, np.repeat(section, 5, axis=0)),
    }


def _channel_means(function: Callable[..., Any]) -> Counts:
    movie = synthetic(3, 2, 4, 16, 16)
    means = function(movie.copy())
    return {
        "values": np.size(means),
        "wrong values": wrong(means, [movie[:, channel].mean() for channel in range(2)]),
    }


EXERCISES = {
    "mend-proportions": Exercise(
        run=_proportions,
        at_most={"invented values": 0, "wrong pixels": 0},
        wanted="an array of 60 × 60 pixels",
    ),
    "mend-channel-means": Exercise(
        run=_channel_means,
        at_most={"values": 2, "wrong values": 0},
        wanted="two numbers, a mean for each channel",
    ),
}
