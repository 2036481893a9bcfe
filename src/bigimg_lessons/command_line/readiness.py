"""Whether a laptop is ready for class: what was looked up, judged in one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bigimg_lessons.command_line.laptop import PORT, Laptop, Package
from bigimg_lessons.text import format_bytes

OLDEST, TOO_NEW = (3, 11), (3, 15)
"""The oldest Python that will do, and the first that is too new."""

ALL_DATA = 19 * 2**30 // 10
"""Bytes of the data folder once all lessons have been run, as the guide for teachers says."""

SAMPLE = 256 * 2**20
"""Bytes of the sample image."""

ENOUGH_MEMORY = 2 * 2**30
"""Free bytes with which there is no need to look twice: the sample as a whole, read in two copies,
with its libraries, a browser and JupyterLab."""

SYNC = "In the lessons' folder: uv run bigimg check (uv installs what is missing)."
"""What mends most of what can be wrong with an environment."""

State = Literal["ready", "mind", "wrong"]

_MARKS = {"ready": ("✓", "ok"), "mind": ("!", "!"), "wrong": ("✗", "x")}
_STYLES = {"ready": "bold green", "mind": "bold yellow", "wrong": "bold red"}


@dataclass(frozen=True)
class Check:
    """One thing that a lesson needs.

    Parameters
    ----------
    name
        Short name, for programs.
    state
        ``"ready"``; ``"mind"`` where lessons run, but somebody may stumble; ``"wrong"`` where one
        of them does not run.
    said
        What was found.
    remedy
        What to do; empty where nothing is to be done.
    """

    name: str
    state: State
    said: str
    remedy: str = ""


def checks_of(laptop: Laptop) -> tuple[Check, ...]:
    """Judge what was looked up.

    Parameters
    ----------
    laptop
        What was found.

    Returns
    -------
    tuple of Check
        In the order in which to mend what is wrong.
    """
    return (
        _python(laptop),
        _environment(laptop),
        _packages(laptop.packages),
        _plane(laptop),
        _jupyter(laptop),
        _memory(laptop),
        _disk(laptop),
        _sample(laptop),
        _writing(laptop),
        _browser(laptop),
        _port(laptop),
    )


def _python(laptop: Laptop) -> Check:
    said = f"Python {'.'.join(map(str, laptop.python))}"
    if OLDEST <= laptop.python[:2] < TOO_NEW:
        return Check("python", "ready", said)
    newest = f"{TOO_NEW[0]}.{TOO_NEW[1] - 1}"
    return Check(
        "python",
        "wrong",
        f"{said}: the lessons need {OLDEST[0]}.{OLDEST[1]} to {newest}.",
        "Use uv, which downloads one that fits: pip install uv, then uv run jupyter lab.",
    )


def _environment(laptop: Laptop) -> Check:
    if laptop.is_virtual:
        return Check("environment", "ready", f"an environment of its own: {laptop.program}")
    if laptop.is_managed:
        return Check(
            "environment",
            "mind",
            f"The system looks after this Python ({laptop.program}): pip installs nothing into it.",
            "Get uv from the system (pipx run uv run, or brew install uv), and begin with uv run.",
        )
    return Check(
        "environment",
        "mind",
        f"No environment of its own: {laptop.program} shares its packages with other programs.",
        "Begin commands with uv run, in the lessons' folder: it makes an environment.",
    )


def _release(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", re.split(r"[^\d.]", text, maxsplit=1)[0])))


def _packages(packages: Sequence[Package]) -> Check:
    missing = [each.name for each in packages if each.found is None]
    old = [
        f"{each.name} {each.found} (at least {each.least})"
        for each in packages
        if each.found is not None and _release(each.found) < _release(each.least)
    ]
    if not missing and not old:
        shown = [
            f"{each.name} {each.found}"
            for each in packages
            if each.name in ("bioio", "dask", "h5py", "tifffile", "zarr")
        ]
        return Check("packages", "ready", f"{len(packages)} packages, as {', '.join(shown)}")
    said = [f"missing: {', '.join(missing)}"] * bool(missing)
    said += [f"too old: {', '.join(old)}"] * bool(old)
    return Check("packages", "wrong", f"Packages {'; '.join(said)}.", SYNC)


def _plane(laptop: Laptop) -> Check:
    if laptop.plane is None:
        return Check("numbers", "wrong", "The numbers of lesson 2 cannot be counted.", SYNC)
    requests, nbytes, when = laptop.plane
    counted = f"Lesson 2: a plane of shards takes {requests} requests, {format_bytes(nbytes)}"
    if when is not None:
        return Check("numbers", "ready", f"{counted}, as zarr reads it {when}")
    return Check(
        "numbers",
        "mind",
        f"{counted}, which is neither of the two numbers that the lesson states.",
        "zarr is configured in another way, or newer. All other numbers of the lessons stay.",
    )


def _jupyter(laptop: Laptop) -> Check:
    if laptop.broken:
        said = "; ".join(f"{name} ({reason})" for name, reason in laptop.broken.items())
        return Check("jupyter", "wrong", f"Not to be imported: {said}.", SYNC)
    if laptop.extensions is None or laptop.extensions:
        names = "any" if laptop.extensions is None else ", ".join(laptop.extensions)
        return Check(
            "jupyter",
            "mind",
            f"JupyterLab does not find the extensions for widgets ({names}).",
            "Start it as uv run jupyter lab, so that it comes from the same environment.",
        )
    return Check("jupyter", "ready", "JupyterLab and its widgets")


def _memory(laptop: Laptop) -> Check:
    if laptop.memory is None:
        return Check("memory", "mind", "How much memory is free cannot be told.", SYNC)
    free, total = laptop.memory
    said = f"{format_bytes(free)} of {format_bytes(total)} memory free"
    if free >= ENOUGH_MEMORY:
        return Check("memory", "ready", said)
    return Check("memory", "mind", f"Only {said}.", "Close other programs before lesson 1.")


def _disk(laptop: Laptop) -> Check:
    if laptop.free_bytes is None:
        return Check("disk", "wrong", "The data folder cannot be told, or its disk is away.", SYNC)
    left = max(0, ALL_DATA - laptop.data_bytes)
    said = f"{format_bytes(laptop.free_bytes)} free for {laptop.data_folder}"
    if laptop.free_bytes >= left:
        return Check("disk", "ready", said)
    first = 0 if laptop.sample in ("whole", "size") else SAMPLE
    return Check(
        "disk",
        "wrong" if laptop.free_bytes < first else "mind",
        f"Only {said}: all lessons together still write {format_bytes(left)}.",
        "Make room, or set BIGIMG_DATA to a folder on another disk.",
    )


def _sample(laptop: Laptop) -> Check:
    make = "Create it tonight: bigimg data --create (no network needed)."
    if laptop.sample == "whole":
        return Check("data", "ready", "the sample image, every byte of it checked")
    if laptop.sample == "size":
        return Check(
            "data", "ready", "the sample image; its size and its beginning, as the disk is slow"
        )
    if laptop.sample == "missing":
        return Check("data", "mind", "The sample image is not there: lesson 1 makes it.", make)
    if laptop.sample == "damaged":
        said = "The sample image is not as it was written: lesson 1 makes it again."
        return Check("data", "mind", said, make)
    return Check("data", "wrong", "Whether the sample image is there cannot be told.", SYNC)


def _writing(laptop: Laptop) -> Check:
    if not laptop.unwritable:
        return Check("writing", "ready", "Notebooks and data can be saved")
    said = "; ".join(f"{folder} ({reason})" for folder, reason in laptop.unwritable.items())
    return Check(
        "writing",
        "wrong",
        f"Nothing can be written into {said}.",
        "Copy the lessons into a folder of your own, and set BIGIMG_DATA to another one.",
    )


def _browser(laptop: Laptop) -> Check:
    if laptop.browser is None or laptop.is_text_browser:
        said = "No browser was found"
        if laptop.browser is not None:
            said = f"Only a browser for text was found ({laptop.browser})"
        return Check(
            "browser",
            "mind",
            f"{said}.",
            "Start uv run jupyter lab --no-browser, and open the address that it prints.",
        )
    return Check("browser", "ready", f"a browser ({laptop.browser})")


def _port(laptop: Laptop) -> Check:
    if laptop.is_port_free:
        return Check("port", "ready", f"Port {PORT} is free")
    return Check(
        "port",
        "mind",
        f"Port {PORT} is taken, perhaps by a JupyterLab that still runs.",
        "Nothing to do: JupyterLab takes the next one. Mind the address that it prints.",
    )


def show(screen: Console, checks: Sequence[Check]) -> None:
    """Print a line for each check, and what to do below it.

    Parameters
    ----------
    screen
        Where.
    checks
        What was found.
    """
    is_wide = "utf" in screen.encoding.lower()
    for check in checks:
        line = Text()
        line.append(_MARKS[check.state][not is_wide].ljust(3), style=_STYLES[check.state])
        line.append(check.said)
        screen.print(line)
        if check.remedy:
            arrow = "→" if is_wide else "->"
            screen.print(Padding(Text(f"{arrow} {check.remedy}"), (0, 0, 0, 3), expand=False))
    screen.print()
    screen.print(Text(" ".join(_summary(checks)), style="bold"))


def _summary(checks: Sequence[Check]) -> Iterator[str]:
    wrong = sum(check.state == "wrong" for check in checks)
    mind = sum(check.state == "mind" for check in checks)
    if wrong:
        yield f"{wrong} of {len(checks)} must be mended before class."
    else:
        yield "Ready for class."
    if mind:
        yield f"{mind} to mind."
