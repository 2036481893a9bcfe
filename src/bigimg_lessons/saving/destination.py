"""Whether an image may be written to a path, decided before anything is written."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from bigimg_lessons.saving.write_errors import write_error


def check_target(target: Path, *, overwrite: bool, foreign: Callable[[Path], str | None]) -> None:
    """Refuse a path to which an image may not be written.

    Parameters
    ----------
    target
        File or folder to create, absolute.
    overwrite
        Whether an image of the same kind may be replaced.
    foreign
        Called with the target if that exists: returns why it is no image of that kind, as the rest
        of a sentence that begins with its name, or None if it is one.

    Raises
    ------
    FileExistsError
        If something exists there that may not be replaced, or a link, even one that leads nowhere:
        it is unknown whether the link or its target should be replaced.
    FileNotFoundError
        If there is no folder to write it to.
    OSError
        If it cannot be inspected, as when its name is too long.
    """
    if target.name in ("", ".."):
        raise FileExistsError(
            f"{str(target)!r} does not end in a name of its own: give the folder's own path."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(target.parent)!r}: make it first.")
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise write_error(target, error) from error
    if stat.S_ISLNK(mode):
        raise FileExistsError(
            f"{str(target)!r} is a link to {str(target.readlink())!r}: give the path of what is "
            "to be written itself, or remove the link."
        )
    if not overwrite:
        raise FileExistsError(
            f"{str(target)!r} exists already: choose another name, or pass overwrite=True to "
            "replace it."
        )
    if reason := foreign(target):
        raise FileExistsError(
            f"{str(target)!r} exists and {reason}: choose another name, or move it away."
        )
