"""Gzip files that do not tell when they were written."""

from __future__ import annotations

from pathlib import Path


def forget_times(folder: Path) -> None:
    """Take the time of writing out of all chunks of the Zarr arrays in a folder.

    The header of a gzip file tells it in bytes 4 to 7; zero means unknown (RFC 1952). Without it
    the files are the same each time, and what is published again has not changed.

    Parameters
    ----------
    folder
        Folder with arrays in Zarr v3, whose chunks are gzip files in folders named ``c``.
    """
    for chunk in filter(Path.is_file, folder.glob("*/c/**/*")):
        with chunk.open("r+b") as file:
            file.seek(4)
            file.write(bytes(4))
