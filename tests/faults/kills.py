"""Processes that are killed, or stand still, while they overwrite an image."""

from __future__ import annotations

import itertools
import os
import random
import signal
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.children import Child
from tests.faults.figures import Figures
from tests.faults.scenes import Scene, fingerprint
from tests.faults.strikes import MOVES, striking

_BEFORE_THE_NEXT = 10


def at_random(name: str, home: Path, count: int, seed: int) -> Figures:
    """Kill builds at moments spread over their duration; after each ten write another image."""
    scene, figures, moments = Scene(name, home), Figures(), random.Random(seed)  # noqa: S311
    durations = []
    for _ in range(5):
        scene.reset()
        child = Child(scene.write).check()
        durations.append(time.perf_counter() - child.started)
    duration = statistics.median(durations)
    scene.reset()
    for number in range(count):
        if number % _BEFORE_THE_NEXT == 0:
            scene.reset()
        child = Child(scene.write)
        # Evenly spread, in another order than by time.
        share = (number * 7 % _BEFORE_THE_NEXT + moments.random()) / _BEFORE_THE_NEXT
        time.sleep(max(0, child.started + duration * share - time.perf_counter()))
        child.send(signal.SIGKILL)
        child.wait()
        figures.struck += child.failed
        label = f"kill {number}, at {share:.2f}"
        scene.judge(figures, label, cut_off=True)
        if number % _BEFORE_THE_NEXT == _BEFORE_THE_NEXT - 1 or number == count - 1:
            scene.judge_next(figures, label)
        elif scene.format.stands(scene.folder) not in (0, None):
            # The new one stands: the old one takes its place, beside what the dead left.
            scene.put_old_back()
    return figures


def at_every_move(name: str, home: Path, count: int, seed: int) -> Figures:
    """Kill a build before each of its moves, and write another image afterwards."""
    scene, figures = Scene(name, home), Figures()
    for _ in range(count):
        for k in itertools.count(1):
            scene.reset()
            child = Child(partial(_write_and_die, scene, k))
            told = child.wait()
            if not child.failed:
                break
            if "signal 9" not in told:
                figures.report("errors", f"kill before move {k}: {told}")
            figures.struck += 1
            scene.judge(figures, f"kill before move {k}", cut_off=True)
            scene.judge_next(figures, f"kill before move {k}")
    return figures


def _write_and_die(scene: Scene, k: int) -> None:
    def at(number: int, arguments: tuple[Any, ...]) -> None:
        if number == k:
            os.kill(os.getpid(), signal.SIGKILL)

    with striking(MOVES, scene.folder, at):
        scene.write()


def while_paused(name: str, home: Path, count: int, seed: int) -> Figures:
    """Let a process stand still while it writes, and another write into the same folder."""
    scene, figures = Scene(name, home), Figures()
    for number in range(count):
        scene.reset()
        child = Child(scene.write)
        _wait_until_something_is_made(scene)
        child.send(signal.SIGSTOP)
        os.waitpid(child.process, os.WUNTRACED)
        before = fingerprint(scene.folder)
        if told := scene.write_beside(number):
            figures.report("errors", f"written beside a paused process: {told}")
        if (after := fingerprint(scene.folder)) != before:
            figures.report("lost", f"what a living process makes: {set(before) ^ set(after)}")
        child.send(signal.SIGCONT)
        told = child.wait()
        if told:
            figures.report("errors", f"the paused process: {told}")
        scene.judge(figures, f"pause {number}")
    return figures


def _wait_until_something_is_made(scene: Scene) -> None:
    end = time.perf_counter() + 120
    while not any(path.stat().st_size for path in scene.folder.glob(".*/**/*") if path.is_file()):
        if time.perf_counter() > end:
            raise TimeoutError("nothing is made in a hidden folder")
        time.sleep(0.001)
