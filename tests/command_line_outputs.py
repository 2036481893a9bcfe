"""What the page of the command line shows: ``python -m tests.command_line_outputs`` renews it.

The commands run one after the other, in a folder of their own, on images that are made here.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

import numpy as np
import tifffile
from click.testing import CliRunner

from bigimg_lessons import build_pyramid
from bigimg_lessons.command_line.laptop import Laptop, Package
from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.inspection.verdicts import RULES

SHOWN = Path(__file__).parents[1] / "book" / "tables" / "command_line"
COLUMNS = 78  # as many as a page shows, and a sheet of paper

COMMANDS = {
    "inspect": "bigimg inspect stack.tif",
    "dry_run": "bigimg convert stack.tif stack.ome.zarr --dry-run",
    "convert": "bigimg convert stack.tif stack.ome.zarr --verify",
    "labels": "bigimg inspect cells.ome.zarr",
    "damaged": "bigimg inspect copy.tif",
    "plan": "bigimg plan stack.tif",
    "check": "bigimg check",
    "help": "bigimg --help",
    "help_convert": "bigimg convert --help",
    "help_plan": "bigimg plan --help",
}
"""Each command that the page shows, by the name of its output."""


LAPTOP = Laptop(
    python=(3, 12, 8),
    program="/home/ada/big-images/.venv/bin/python",
    is_virtual=True,
    is_managed=False,
    packages=(
        Package("bioio", "3.4", "3.6.0"),
        Package("dask", "2025.1", "2026.8.0"),
        Package("h5py", "3.12", "3.16.0"),
        Package("zarr", "3.1.3", "3.4.2"),
    ),
    plane=(8, 7_213_072, "since 3.3"),
    memory=(3 * 2**29, 8 * 2**30),
    data_folder=Path("/home/ada/.cache/bigimg-lessons"),
    data_bytes=0,
    free_bytes=41 * 2**30,
    sample="missing",
    browser="firefox",
    is_text_browser=False,
    is_port_free=False,
    broken={},
    extensions=(),
    unwritable={},
)
"""A made-up laptop, as `bigimg check` may find one."""


def make_images(folder: Path) -> None:
    """Write the images: a stack as ImageJ writes it, labels that were averaged, half a copy."""
    z, y, x = np.ogrid[:48, :512, :512]
    stack = (z * 100 + y + x).astype("uint16")
    tifffile.imwrite(
        folder / "stack.tif",
        stack,
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"axes": "ZYX", "spacing": 1.0, "unit": "um"},
    )
    content = (folder / "stack.tif").read_bytes()
    (folder / "copy.tif").write_bytes(b"II*\0" + (2**31).to_bytes(4, "little") + content[8:9000])
    # Boxes of 11 × 23 × 17 voxels, each of another number than its neighbours.
    cells = (z[:32] // 11 * 97 + y[:, :256] // 23 * 31 + x[:, :, :256] // 17 * 7) % 251
    cells = cells.astype("uint32")
    build_pyramid(
        cells,
        folder / "cells.ome.zarr",
        voxel_size=(1, 1, 1),
        unit="µm",
        chunk_shape=(32, 128, 128),
        progress=False,
    )


def outputs() -> Iterator[tuple[str, str]]:
    """Run each command; yield its name, and what a terminal would show of it."""
    with tempfile.TemporaryDirectory() as place, chdir(place), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_images(Path(place))
        for name, command in COMMANDS.items():
            with (
                patch("os.cpu_count", return_value=4),  # what is said of this computer
                patch("bigimg_lessons.command_line.laptop.look", return_value=LAPTOP),
            ):
                done = CliRunner().invoke(
                    bigimg,
                    command.split()[1:],
                    prog_name="bigimg",
                    env={"COLUMNS": str(COLUMNS)},
                    terminal_width=COLUMNS,
                )
            said = done.output.replace(str(Path(place).resolve()) + os.sep, "")
            said = said.replace(place + os.sep, "")
            # As a terminal would, break what is longer than its lines.
            lines = [
                part.rstrip()
                for line in f"$ {command}\n{said}".splitlines()
                for part in textwrap.wrap(line, COLUMNS, drop_whitespace=False) or [""]
            ]
            yield name, "\n".join(lines).strip() + "\n"


def verdict_list() -> str:
    """Return all verdicts as a list in Markdown, with what to do and where to read on."""
    lines = []
    for rule in RULES:
        lesson = f"[lesson {int(rule.page[:2])}](../notebooks/{rule.page}.ipynb)"
        lines.append(f"- `{rule.name}`, {rule.weight}: {rule.remedy} ({lesson}, *{rule.section}*)")
    return "\n".join(lines) + "\n"


def comparable(text: str) -> str:
    """Return an output without what depends on the version of a codec: bytes and ratios."""
    text = re.sub(r"[\d.,]+ : 1", "n : 1", text)
    return re.sub(r"(files?), [\d.]+ \w+\.", r"\1, n bytes.", text)


def main() -> None:
    """Write what the page includes."""
    SHOWN.mkdir(exist_ok=True)
    for name, text in outputs():
        (SHOWN / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(text)
    (SHOWN / "verdicts.md").write_text(verdict_list(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
