"""Ctrl-C, and moves that fail, while an image is overwritten."""

from __future__ import annotations

import errno
import itertools
import os
import random
import signal
import statistics
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.children import Child
from tests.faults.figures import Figures
from tests.faults.judges import WrongError
from tests.faults.scenes import Scene
from tests.faults.strikes import CHANGES, MOVES, Strike, striking


def at_random(name: str, home: Path, count: int, seed: int) -> Figures:
    """Interrupt builds by SIGINT at random moments of their last 40 %."""
    scene, figures, moments = Scene(name, home), Figures(), random.Random(seed)  # noqa: S311
    note = home / "duration"
    # Those of the last builds that came to their end: the machine may be busy now and then.
    durations: deque[float] = deque(maxlen=9)
    for number in range(-5, count):
        scene.reset()
        if number < 0 or number % 10 == 9:
            Child(partial(_write_for, scene, 0, note)).check()
            durations.append(float(note.read_text()))
        if number < 0:
            continue
        scene.reset()
        moment = statistics.median(durations) * moments.uniform(0.6, 1.0)
        child = Child(partial(_write_for, scene, moment, note))
        told = child.wait()
        figures.struck += child.failed
        if child.failed and "KeyboardInterrupt" not in told:
            figures.report("errors", f"interrupt {number}: {told}")
        scene.judge(figures, f"interrupt {number}, after {moment:.4f} s", told=told)
    return figures


def _write_for(scene: Scene, seconds: float, note: Path) -> None:
    """Write, and interrupt that after so long, unless it is 0; note how long it took."""
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        scene.write()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    note.write_text(str(time.perf_counter() - started))


def _fail(arguments: tuple[Any, ...]) -> None:
    raise OSError(errno.EIO, "Injected", arguments[0])


def _interrupt(arguments: tuple[Any, ...]) -> None:
    signal.raise_signal(signal.SIGINT)


WAYS: dict[str, tuple[frozenset[str], Callable[..., None], Callable[..., bool]]] = {
    "fails": (MOVES, _fail, lambda number, k: number == k),
    "fails, and the next": (MOVES, _fail, lambda number, k: number in (k, k + 1)),
    "fails, and all after": (MOVES, _fail, lambda number, k: number >= k),
    "is interrupted": (MOVES, _interrupt, lambda number, k: number == k),
    "fails to change": (CHANGES, _fail, lambda number, k: number == k),
}
"""What happens at the k-th event: of which events, what, and at which of them."""


def at_every_move(name: str, home: Path, count: int, seed: int) -> Figures:
    """Let each move of a build fail or be interrupted, in each of the ways, `count` times."""
    scene, figures = Scene(name, home), Figures()
    mark = home / "struck"
    for way, (events, strike, is_struck) in WAYS.items():
        number = 0
        while number < count:
            for k in itertools.count(1):
                at = partial(_strike, strike, partial(is_struck, k=k), mark)
                if not _struck(scene, figures, f"move {k} {way}", events, at, mark):
                    break
                number += 1
    return figures


def _strike(
    strike: Callable[[tuple[Any, ...]], object],
    is_struck: Callable[[int], bool],
    mark: Path,
    number: int,
    arguments: tuple[Any, ...],
) -> None:
    if is_struck(number):
        mark.touch()
        strike(arguments)


def _struck(
    scene: Scene, figures: Figures, label: str, events: frozenset[str], strike: Strike, mark: Path
) -> bool:
    """Write with a fault, and return whether there was an event at which it struck."""
    scene.reset()
    mark.unlink(missing_ok=True)

    def write() -> None:
        with striking(events, scene.folder, strike):
            scene.write()

    child = Child(write)
    told = child.wait()
    if not mark.exists():
        return False
    figures.struck += child.failed
    # Where something cannot be removed it stays, for the next to remove.
    scene.judge(figures, label, told=told, cut_off=events is CHANGES)
    if scene.names() != set(scene.format.files):
        scene.judge_next(figures, label)
    return True


def at_every_instant(name: str, home: Path, count: int, seed: int) -> Figures:
    """Look before each move and removal what stands there: it is old, new or nothing."""
    scene, figures = Scene(name, home), Figures()
    for _ in range(count):
        scene.reset()
        seen = home / "seen"
        seen.write_text("")
        child = Child(partial(_look, scene, seen))
        told = child.wait()
        if child.failed:
            figures.report("errors", told)
        for line in seen.read_text().splitlines():
            figures.struck += 1
            if line.startswith("wrong"):
                figures.report("mixed", line)
        scene.judge(figures, "looked at")
    return figures


def _look(scene: Scene, seen: Path) -> None:
    with seen.open("a") as file:

        def at(number: int, arguments: tuple[Any, ...]) -> None:
            named = {Path(os.fsdecode(a)) for a in arguments if isinstance(a, str | os.PathLike)}
            if not named & {scene.folder / name for name in scene.format.files}:
                return
            try:
                print(scene.format.stands(scene.folder), file=file)
            except WrongError as wrong:
                print(f"wrong before move {number}: {wrong}", file=file)

        with striking(MOVES | CHANGES, scene.folder, at):
            scene.write()
