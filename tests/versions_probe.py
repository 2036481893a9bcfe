"""Run a notebook with the versions of this environment, and print what its checked cells print.

``tests/versions_page.py`` runs this in environments that have the lessons, nbclient and ipykernel,
but none of the tests: so it imports nothing of theirs.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

from bigimg_lessons import versions

CHECKED = "nbval-check-output"
PATIENCE = 1800
"""Seconds after which a cell ends with an error."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    options = parser.parse_args()
    plane = versions.count_plane()
    answer = {
        "versions": {"Python": platform.python_version(), **versions.installed()},
        "plane": {"requests": plane.count, "bytes": plane.bytes_read},
        "outputs": outputs(options.notebook),
    }
    # Whatever this computer's terminal can show: what reads it decodes JSON.
    sys.stdout.write(f"{json.dumps(answer)}\n")


def outputs(path: Path) -> dict[str, str]:
    """Run a notebook in a new kernel; return what each of its checked cells prints, by its name.

    Parameters
    ----------
    path
        The notebook, which stays as it is.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If any cell raises: versions with which a lesson does not run are not supported.
    """
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        NotebookClient(
            notebook, timeout=PATIENCE, resources={"metadata": {"path": folder}}
        ).execute()
    return {cell.id: _printed(cell) for cell in notebook.cells if _is_checked(cell)}


def _is_checked(cell: Any) -> bool:
    return CHECKED in cell.metadata.get("tags", [])


def _printed(cell: Any) -> str:
    """Return what it prints, without warnings, which say where they were raised."""
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


if __name__ == "__main__":
    main()
