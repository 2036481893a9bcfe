"""Several processes that write to one place at once, and one that reads there."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from tests.faults.children import Child
from tests.faults.figures import Figures
from tests.faults.judges import WrongError
from tests.faults.scenes import Scene

_WRITERS = 4


def at_once(name: str, home: Path, count: int, seed: int) -> Figures:
    """Let four processes write to one place at once while another reads; in `count` rounds."""
    scene, figures = Scene(name, home), Figures()
    versions = list(scene.format.versions)[1:]
    for number in range(count):
        scene.reset()
        seen = home / "seen"
        stop = home / "stop"
        reader = Child(partial(_read, scene, stop, seen))
        gate = os.pipe()
        writers = [
            Child(
                partial(scene.write, versions[(number + writer) % len(versions)]),
                gate=gate,
            )
            for writer in range(_WRITERS)
        ]
        os.close(gate[0])
        os.close(gate[1])
        for writer in writers:
            told = writer.wait()
            figures.struck += writer.failed
            if told:
                figures.report("errors", f"round {number}, a writer: {told}")
        stop.touch()
        reader.check()
        stop.unlink()
        for line in seen.read_text().splitlines():
            figures.report("mixed", f"round {number}, seen meanwhile: {line}")
        scene.judge(figures, f"round {number}")
        if scene.format.stands(scene.folder) not in versions:
            figures.report("errors", f"round {number}: four have written, and the old one stands")
    return figures


def _read(scene: Scene, stop: Path, seen: Path) -> None:
    """Judge what stands until told to stop; note what is neither one image nor nothing."""
    with seen.open("w") as file:
        while not stop.exists():
            before = _identities(scene)
            try:
                scene.format.stands(scene.folder)
            except WrongError as wrong:
                # Files are opened one by one: what was replaced meanwhile tells nothing.
                if _identities(scene) == before:
                    print(wrong, file=file)


def _identities(scene: Scene) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for name in scene.format.files:
        try:
            status = (scene.folder / name).lstat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns))
    return found
