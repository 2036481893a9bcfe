"""Names of files in commands that are shown, so that they can be pasted into a command line."""

from __future__ import annotations

import re
import shlex
from urllib.parse import unquote, urlsplit

_PLAIN = re.compile(r"[\w:./-]+", re.ASCII)
_PLAIN_ON_WINDOWS = re.compile(r"[\w:./\\-]+", re.ASCII)
_ADDRESS = re.compile("https?://", re.IGNORECASE)
_ALIVE = frozenset('"$`\\!')  # between double quotes, to one shell or another


def name_here(source: str) -> str:
    """Return what an image is called where commands are run, which change no server.

    Parameters
    ----------
    source
        Path or address of the image.

    Examples
    --------
    >>> name_here("https://x.org/data/my%20cells.ome.zarr/?key=1"), name_here("data/a.tif")
    ('my cells.ome.zarr', 'data/a.tif')
    """
    if not _ADDRESS.match(source):
        return source
    path = urlsplit(source).path.rstrip("/")
    return unquote(path.rpartition("/")[2]) or "image"


def download_note(source: str) -> str:
    """Return a sentence on commands for an image on a server; empty if it lies on none.

    Parameters
    ----------
    source
        Path or address of the image.
    """
    if not _ADDRESS.match(source):
        return ""
    return (
        "The commands are for a copy of the image on your computer: download it first, with all "
        "that belongs to it."
    )


def quoted(text: str, *, platform: str) -> str:
    r"""Write a name as one word of a command line.

    Plain names stay as they are, and between double quotes most others mean the same to the shells
    of Linux and macOS, to cmd and to PowerShell. `quoting_note` says where that cannot be had.

    Parameters
    ----------
    text
        Path or address.
    platform
        Where the command will be run, as ``sys.platform`` has it.

    Examples
    --------
    >>> print(quoted("/data/a b.tif", platform="linux"), quoted("a$b.tif", platform="linux"))
    "/data/a b.tif" 'a$b.tif'
    >>> print(quoted("C:\\my data\\a.tif", platform="win32"))
    "C:\my data\a.tif"
    >>> quoted("-a.tif", platform="linux")  # no option
    './-a.tif'
    """
    word = f"./{text}" if text.startswith("-") else text
    is_windows = platform == "win32"
    if (_PLAIN_ON_WINDOWS if is_windows else _PLAIN).fullmatch(word):
        return word
    if is_windows:
        # A backslash before a quote would make it one of the name.
        end = len(word) - len(word.rstrip("\\"))
        return f'"{word}{word[len(word) - end :]}"'
    return shlex.quote(word) if _ALIVE & set(word) else f'"{word}"'


def quoting_note(text: str, *, platform: str) -> str:
    """Return a sentence on shells to which `quoted` means something else; empty if there is none.

    Parameters
    ----------
    text, platform
        As there.
    """
    if platform == "win32":
        if {"$", "`"} & set(text):
            return "The commands are written for cmd: in PowerShell, write ` before each $ and `."
        return ""
    if _ALIVE & set(text):
        return (
            "The commands are written for the shells of Linux and macOS: cmd of Windows wants the "
            "name between double quotes."
        )
    return ""
