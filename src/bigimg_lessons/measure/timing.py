"""How long actions take: repeated, in turn, and with files that the system does not remember.

A file that was just written or read is still in the memory of the operating system, its page
cache, and reading it again does not touch the disk. A time therefore says whether the cache was
"cold" (the files were evicted before each run, and the system confirmed that they had gone), "warm"
(a run that is not counted came before), or "unknown".

Cold means the page cache of this system only: names of files stay known to it, and the cache of
a disk, of a file server or of the host of a virtual machine is beyond its reach.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tqdm import tqdm

from bigimg_lessons.measure.page_cache import drop_page_cache, files_below

CacheState = Literal["cold", "warm", "unknown"]
"""What the page cache held of the files before each run: nothing, all that was used, not known."""


@dataclass(frozen=True)
class Timing:
    """How long an action took, run by run.

    Parameters
    ----------
    label
        Name of the action.
    seconds
        Time of each run, in the order of the runs.
    cache
        State of the page cache before each run.

    Raises
    ------
    ValueError
        If there is no run, a time is negative or not finite, or the state has another name.
    """

    label: str
    seconds: tuple[float, ...]
    cache: CacheState = "unknown"

    def __post_init__(self) -> None:
        if not self.seconds or not all(0 <= value < math.inf for value in self.seconds):
            raise ValueError(
                f"The times of {self.label!r} are {self.seconds}: give one or more, in seconds, "
                "each 0 or more."
            )
        if self.cache not in get_args(CacheState):
            raise ValueError(f"cache is {self.cache!r}: give 'cold', 'warm' or 'unknown'.")

    @property
    def median(self) -> float:
        """Median of the runs, in seconds: one disturbed run does not move it much."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest run, in seconds."""
        return min(self.seconds), max(self.seconds)


def time_in_turn(
    actions: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 5,
    evict: Mapping[str, Iterable[str | Path]] | None = None,
    warm_up: bool = True,
    progress: bool = True,
) -> dict[str, Timing]:
    """Time several actions in turn: first run of each, second run of each, and so on.

    Whatever else the computer does meanwhile then falls on all of them alike. Each round starts
    with another action, so that none always follows the same one.

    Parameters
    ----------
    actions
        What to run, by label.
    repeats
        Counted runs of each action, 1 or more.
    evict
        For each label the files or folders to evict from the page cache before each run; without
        it nothing is evicted.
    warm_up
        Whether each action runs once before, without being counted. That run also does what only
        a first run has to do, such as imports.
    progress
        Whether to show a bar on standard error.

    Returns
    -------
    dict of str to Timing
        In the order of `actions`. Without `evict` the state is "warm" after a warm-up, else
        "unknown"; with it "cold" if all files had left the cache before every run, else
        "unknown".

    Raises
    ------
    ValueError
        If there is no action, `repeats` is below 1, or the labels of `evict` are not those of
        `actions`.
    FileNotFoundError
        If something to evict does not exist.
    """
    if not actions:
        raise ValueError("There is no action to time: give one or more, by label.")
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}: give 1 or more runs.")
    if evict is not None and evict.keys() != actions.keys():
        raise ValueError(
            f"evict has the labels {sorted(evict)}, the actions have {sorted(actions)}: give the "
            "files of each action under its label."
        )
    files = {} if evict is None else {label: files_below(paths) for label, paths in evict.items()}
    labels = list(actions)
    seconds: dict[str, list[float]] = {label: [] for label in labels}
    cold = dict.fromkeys(labels, evict is not None)
    with tqdm(
        total=(repeats + warm_up) * len(labels), desc="timing", disable=not progress
    ) as progress_bar:
        if warm_up:
            for action in actions.values():
                action()
                progress_bar.update()
        for turn in range(repeats):
            first = turn % len(labels)
            for label in labels[first:] + labels[:first]:
                if files:
                    cold[label] &= drop_page_cache(files[label]).cold
                start = time.perf_counter()
                actions[label]()
                seconds[label].append(time.perf_counter() - start)
                progress_bar.update()
    otherwise: CacheState = "warm" if warm_up and evict is None else "unknown"
    return {
        label: Timing(label, tuple(seconds[label]), "cold" if cold[label] else otherwise)
        for label in labels
    }
