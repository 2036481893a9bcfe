"""Run ``bigimg``, also as ``python -m bigimg_lessons``."""

from __future__ import annotations

import io
import sys

_PROGRAM = "bigimg"
_PARTS = {"click", "rich"}


def main() -> None:
    """Run the command line, or say what to install."""
    # Names of files may not be in the character set of a pipe, as on Windows.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from bigimg_lessons.command_line.program import bigimg
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PARTS:
            raise
        sys.exit(
            f"The command line needs {error.name!r}, which is not installed: install "
            'bigimg-lessons with its extra "cli", in a copy of the repository for example with '
            'pip install ".[cli]".'
        )
    bigimg(prog_name=_PROGRAM)


if __name__ == "__main__":
    main()
