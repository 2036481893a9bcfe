"""One file or folder, written to a staging directory and moved to its path when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bigimg_lessons.saving.staging import Staging, recover
from bigimg_lessons.saving.write_errors import explained


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Write a file or folder elsewhere in a ``with`` block, and move it to its path at the end.

    Until then `path` keeps what it holds. After an error the path is unchanged and nothing else
    stays; what a killed process left is removed by the next that writes into the same folder. A
    file takes the place of a file in one step, so nobody ever finds half of it, or nothing.

    A download that is to be continued after a break is no case for this: its partial file must
    survive the process that writes it.

    Parameters
    ----------
    path
        File or folder to create or to replace, in an existing folder.

    Yields
    ------
    Path
        Where to write it. Nothing exists there yet.

    Raises
    ------
    OSError
        If nothing can be written into that folder, or the new file cannot be moved to its path.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp(), "colours.txt")
    >>> with replaced(path) as new:
    ...     _ = new.write_text("green")
    ...     path.exists()
    False
    >>> path.read_text()
    'green'
    """
    recover(path.parent)
    with Staging(path) as staging:
        yield staging.new(path)
        staging.swap()


def replace_text(path: Path, text: str) -> Path:
    """Write a text file in UTF-8, with the line ends of the text; see :func:`replaced`.

    Parameters
    ----------
    path
        File to create or to replace, in an existing folder.
    text
        All that it is to hold.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with replaced(path) as new, explained(path, aside=new.parent):
        new.write_text(text, encoding="utf-8", newline="")
    return path
