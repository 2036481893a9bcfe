"""Disks that are full, while an image is overwritten or made."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.children import Child
from tests.faults.figures import Figures
from tests.faults.scenes import Scene
from tests.faults.strikes import striking

_DISK_BYTES = 4 * 2**20


class NoDiskError(Exception):
    """A small disk cannot be made here."""


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a disk of 4 MiB in memory for as long as a block runs."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise NoDiskError("only root may mount a small disk, and only Linux has one in memory")
    place.mkdir()
    options = f"size={_DISK_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise NoDiskError(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def at_every_fill(name: str, home: Path, count: int, seed: int) -> Figures:
    """Overwrite on a disk with ever more free space: from nothing to what is needed."""
    figures = Figures()
    try:
        with small_disk(home / "disk") as disk:
            folder = disk / "images"
            scene = Scene(name, home, folder)
            ballast = disk / "ballast"
            enough = _bytes_needed(scene, ballast)
            for step in range(count):
                scene.reset()
                free = enough * step // count
                _fill(ballast, free)
                child = Child(scene.write)
                told = child.wait()
                ballast.unlink()
                label = f"step {step}, {free} bytes free"
                figures.struck += child.failed
                if child.failed:
                    _check_message(scene, figures, label, told)
                scene.judge(figures, label, told=told)
    except NoDiskError as error:
        figures.skipped = str(error)
    return figures


def _fill(ballast: Path, free: int) -> None:
    """Fill a disk but for some bytes."""
    with ballast.open("wb") as file:
        if (surplus := shutil.disk_usage(ballast.parent).free - free) > 0:
            os.posix_fallocate(file.fileno(), 0, surplus)


def _bytes_needed(scene: Scene, ballast: Path) -> int:
    """Return the least free space, in whole pages, with which the image can be overwritten."""
    page = os.sysconf("SC_PAGESIZE")
    low, high = 0, _DISK_BYTES // 2 // page
    while low < high:
        middle = (low + high) // 2
        scene.reset()
        _fill(ballast, middle * page)
        child = Child(scene.write)
        child.wait()
        ballast.unlink()
        low, high = (middle + 1, high) if child.failed else (low, middle)
    return low * page


def at_every_open(name: str, home: Path, count: int, seed: int) -> Figures:
    """Let each file that Python opens for writing find the disk full."""
    scene, figures = Scene(name, home), Figures()
    for _ in range(count):
        for k in itertools.count(1):
            scene.reset()
            mark = home / "struck"
            mark.unlink(missing_ok=True)

            def write(k: int = k, mark: Path = mark) -> None:
                def at(number: int, arguments: tuple[Any, ...]) -> None:
                    if number >= k:
                        if number == k:
                            mark.mkdir()
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), arguments[0])

                with striking(frozenset({"open"}), scene.folder, at):
                    scene.write()

            child = Child(write)
            told = child.wait()
            if not mark.exists():
                break
            mark.rmdir()
            figures.struck += child.failed
            if child.failed:
                _check_message(scene, figures, f"open {k}", told)
            scene.judge(figures, f"open {k}", told=told)
    return figures


def _check_message(scene: Scene, figures: Figures, label: str, told: str) -> None:
    """Report an error that does not say what could not be written, and what to do."""
    last = told[told.rfind("\nOSError: ") + 1 :]
    names = (*scene.format.files, f"{scene.folder} ")
    if (
        not last.startswith("OSError: ")
        or not any(name in last for name in names)
        or ".part" in last
        or "make room" not in last
    ):
        figures.report("errors", f"{label}: {last or told}")
