"""What to do when something cannot be written, said in terms of what the user asked for."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bigimg_lessons.text import format_bytes

_REMEDIES = {
    "the disk is full: make room, or choose a folder on another disk": ("ENOSPC", "EDQUOT"),
    "writing there is not allowed: choose another folder, or close the program that has it open": (
        "EACCES",
        "EPERM",
        "EROFS",
    ),
    "the name is too long: choose a shorter one": ("ENAMETOOLONG",),
    "a file would be larger than is allowed there: choose a folder on another disk": ("EFBIG",),
}
_REMEDY_BY_NUMBER = {
    getattr(errno, name): remedy
    for remedy, names in _REMEDIES.items()
    for name in names
    if hasattr(errno, name)
}
# How HDF5 and encoders outside Python state the system's error number.
_STATED_NUMBER = re.compile(r"(?:os error|errno =|Errno) (\d+)")
_WINDOWS_NUMBERS = {5: errno.EACCES, 112: errno.ENOSPC, 206: errno.ENAMETOOLONG}


def write_error(target: Path, error: BaseException, *, aside: Path | None = None) -> OSError:
    """Explain an error: what it means for the target, and what to do.

    Parameters
    ----------
    target
        What was to be written.
    error
        Raised by the system, or by a library that gives the system's error only as text.
    aside
        The staging directory; paths in it are named in the message as paths in the target's folder.

    Returns
    -------
    OSError
        With the system's number, where it is known, in ``errno``.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (stated := _STATED_NUMBER.search(str(error))):
        number = int(stated[1])
        if os.name == "nt":
            number = _WINDOWS_NUMBERS.get(number)
    remedy = _REMEDY_BY_NUMBER.get(number or 0, "make sure that the disk is not full, and is there")
    reason = str(error)
    if isinstance(error, OSError) and error.filename is not None:  # which may be that of a lock
        reason = error.strerror or reason
    if aside is not None:
        reason = reason.replace(str(aside), str(target.parent))
    explained = OSError(
        f"{str(target)!r} could not be written; {remedy}. {what_stays(target)} "
        f"The reason given is: {reason}"
    )
    explained.errno = number
    return explained


def what_stays(target: Path) -> str:
    """Say what a failure leaves at a path, which nothing that is written has reached yet.

    Parameters
    ----------
    target
        What was to be written.

    Returns
    -------
    str
        A sentence.
    """
    if os.path.lexists(target):
        return f"{target.name!r} is as it was before."
    return f"Nothing is left of {target.name!r}."


@contextmanager
def explained(target: Path, *, aside: Path) -> Iterator[None]:
    """Raise what fails in a ``with`` block with the message of :func:`write_error`.

    Libraries raise OSError or RuntimeError when something cannot be written; errors of other
    kinds pass.

    Parameters
    ----------
    target, aside
        As there.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise write_error(target, error, aside=aside) from error


def check_space(folder: Path, needed: int) -> None:
    """Refuse to write an image, uncompressed, on a disk on which it does not fit.

    Parameters
    ----------
    folder
        Where it is to be written.
    needed
        Bytes of the image with all its levels.

    Raises
    ------
    OSError
        If fewer are free.
    """
    if needed > (free := shutil.disk_usage(folder).free):
        raise OSError(
            f"The image with its pyramid takes {format_bytes(needed)}, but on the disk of "
            f"{str(folder)!r} only {format_bytes(free)} are free: make room, or compress."
        )
