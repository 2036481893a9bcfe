"""A folder in which the old image stands, and what has become of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tests.faults.children import Child
from tests.faults.figures import Figures
from tests.faults.formats import FORMATS, Format
from tests.faults.judges import WrongError

_BESIDE = (
    (FORMATS["ome-zarr-0.5"], ("beside.ome.zarr",)),
    (FORMATS["bdv-hdf5"], ("beside.h5", "beside.xml")),
)


class Scene:
    """A folder in which the old image of a format stands.

    Parameters
    ----------
    name
        Of the format.
    home
        An existing folder, for all that is made.
    folder
        In which the image stands, if not below `home`.
    """

    def __init__(self, name: str, home: Path, folder: Path | None = None) -> None:
        self.format: Format = FORMATS[name]
        self.folder = folder or home / "images"
        self._template = home / "template"
        self._template.mkdir()
        self.folder.mkdir(exist_ok=True)
        Child(partial(self.format.write, self._template, 0)).check()
        self.reset()

    def reset(self) -> None:
        """Let the old image stand there, and nothing else."""
        for entry in self.folder.iterdir():
            _delete(entry)
        _copy(self._template.iterdir(), self.folder)

    def names(self) -> set[str]:
        """Return the names of all that lies there, hidden or not."""
        return {entry.name for entry in self.folder.iterdir()}

    def write(self, version: int = 1) -> None:
        """Write another version there."""
        self.format.write(self.folder, version)

    def judge(self, figures: Figures, label: str, *, told: str = "", cut_off: bool = False) -> None:
        """Count what stands there after a run with a fault, and clear up for the next.

        Parameters
        ----------
        figures
            To count in.
        label
            Of the run, for reports.
        told
            The error and the warnings: what they name may be left.
        cut_off
            Whether it could not clear up: what is hidden may be left for the next to remove.
        """
        figures.runs += 1
        strays = self.names() - set(self.format.files)
        may_stay = {name for name in strays if cut_off and name[0] == "."} | {
            name for name in strays if str(self.folder / name) in told
        }
        try:
            version = self.format.stands(self.folder)
        except WrongError as wrong:
            figures.report("mixed", f"{label}: {wrong}; {sorted(self.names())}; {told}")
            return
        if version is not None:
            setattr(figures, word := "old" if version == 0 else "new", getattr(figures, word) + 1)
        elif self._lies_in(may_stay):
            figures.aside += 1
        else:
            figures.report("lost", f"{label}: {sorted(self.names())}; {told}")
        if strays - may_stay:
            figures.report("leftovers", f"{label}: {sorted(strays - may_stay)}; {told}")
        if version is None and not may_stay and self.names():
            figures.report("leftovers", f"{label}: a part of it alone, {sorted(self.names())}")

    def write_beside(self, number: int = 0) -> str:
        """Write another image into the same folder and remove it; return errors and warnings."""
        writer, made = _BESIDE[number % len(_BESIDE)]
        told = Child(partial(writer.write, self.folder, 1, name=made[-1])).wait()
        for name in made:
            _delete(self.folder / name)
        return told

    def put_old_back(self) -> None:
        """Let the old image stand there, whatever lies beside it."""
        _copy(self._template.iterdir(), self.folder)

    def judge_next(self, figures: Figures, label: str) -> None:
        """Write another image beside it, and see that all is in order again."""
        told = self.write_beside(figures.runs)
        try:
            version = self.format.stands(self.folder)
        except WrongError as wrong:
            figures.report("mixed", f"{label}, then another written: {wrong}")
            return
        if told:
            figures.report("errors", f"{label}, then another written: {told}")
        if version is None:
            figures.report("lost", f"{label}, then another written: {sorted(self.names())}")
        elif self.names() != set(self.format.files):
            figures.report("leftovers", f"{label}, then another written: {sorted(self.names())}")

    def _lies_in(self, strays: Iterable[str]) -> bool:
        """Whether the old image is there when what lies in a stray folder is moved back."""
        for name in strays:
            stray = self.folder / name
            for place in [stray, *(path for path in stray.rglob("*") if path.is_dir())]:
                with tempfile.TemporaryDirectory() as scratch:
                    here = (self.folder / file for file in self.format.files)
                    _copy((path for path in here if path.exists()), Path(scratch))
                    there = (place / file for file in self.format.files)
                    _copy((path for path in there if path.exists()), Path(scratch))
                    try:
                        if self.format.stands(Path(scratch)) == 0:
                            return True
                    except WrongError:
                        continue
        return False


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the content of each file below a folder, a link as what it names."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"  # noqa: PTH115
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder"
    return found


def _copy(paths: Iterable[Path], folder: Path) -> None:
    for path in paths:
        place = folder / path.name
        _delete(place)
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, place)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
