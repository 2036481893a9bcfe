"""Places at which an image may not be written, whatever was asked for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.faults.children import Child
from tests.faults.disks import NoDiskError, small_disk
from tests.faults.figures import Figures
from tests.faults.scenes import Scene, fingerprint


def of_what_is_foreign(name: str, home: Path, count: int, seed: int) -> Figures:
    """Overwrite what is not this format's, or more than an image; all of the table."""
    scene, figures = Scene(name, home), Figures()
    for what, make in scene.format.foreign.items():
        scene.reset()
        named = _in_child(partial(make, scene.folder), home / "named")
        _refused(scene, figures, what, named)
    for name in scene.format.harmless:
        scene.reset()
        (scene.folder / name).write_bytes(b"")
        if told := Child(scene.write).wait():
            figures.report("errors", f"{name}: {told}")
        scene.judge(figures, name)
    return figures


def of_links(name: str, home: Path, count: int, seed: int) -> Figures:
    """Overwrite a link to an image, and a link that leads nowhere."""
    scene, figures = Scene(name, home), Figures()
    if not scene.format.refuses_links:
        figures.skipped = "links are not refused"
        return figures
    for file in scene.format.files:
        for leads in ("to the image", "nowhere"):
            scene.reset()
            place = scene.folder / file
            there = place.rename(place.with_name(f"there-{file}"))
            place.symlink_to(there.name if leads == "to the image" else "gone")
            _refused(scene, figures, f"a link {leads} at {file}", file)
    return figures


def of_a_folder(name: str, home: Path, count: int, seed: int) -> Figures:
    """Overwrite in a folder that may not be written."""
    figures = Figures()
    try:
        with _folder(home) as (folder, lock):
            scene = Scene(name, home, folder)
            with lock():
                _refused(scene, figures, "a folder that may not be written", "", error="OSError")
    except NoDiskError as error:
        figures.skipped = f"root may write everywhere, and {error}"
    return figures


@contextmanager
def _folder(home: Path) -> Iterator[tuple[Path, Callable[[], AbstractContextManager[None]]]]:
    """Make a folder, and a way to allow no writing there while a block runs."""

    @contextmanager
    def by_mode(folder: Path) -> Iterator[None]:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)

    @contextmanager
    def by_mount(disk: Path) -> Iterator[None]:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        yield

    if os.geteuid() != 0:
        yield home / "images", partial(by_mode, home / "images")
        return
    with small_disk(home / "disk") as disk:
        yield disk / "images", partial(by_mount, disk)


def _in_child(make: Callable[[], str], note: Path) -> str:
    Child(lambda: note.write_text(make())).check()
    return note.read_text()


def _refused(
    scene: Scene, figures: Figures, what: str, named: str, *, error: str = "FileExistsError"
) -> None:
    """Write there, and report unless that is refused by name and leaves all as it is."""
    figures.runs += 1
    before = fingerprint(scene.folder)
    child = Child(scene.write)
    told = child.wait()
    after = fingerprint(scene.folder)
    last = told[told.rfind(f"\n{error}: ") + 1 :]
    figures.struck += child.failed
    if not child.failed:
        figures.report("lost", f"{what}: it was overwritten")
    elif not last.startswith(error) or named not in last or ".part" in last:
        figures.report("errors", f"{what}: {named!r} is not named: {last or told}")
    if before != after:
        changed = [
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        ]
        figures.report("lost", f"{what}: changed are {sorted(changed)}")
