"""Show the same files to several inspectors: ``uv run python -m tests.inspectors`` renews a table.

It needs a package index, Java with ``tests/fetch_bioformats.py``, and ``h5ls`` and ``tiffinfo``
(Debian: hdf5-tools and libtiff-tools). Each is run twice on each file, and of the second run the
processor time is kept, which does not depend on what else the computer does.
It writes ``tests/inspectors/record.json``, with what was printed, and from that
``book/tables/inspectors.md``, which the page of the command line shows.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fetch_bioformats import JAR
from tests.inspectors.samples import SAMPLES
from tests.inspectors.table import RECORD, TABLE, table
from tests.newest_python import allowed, candidates, newest

ROOT = Path(__file__).parents[2]
PYTHON = str(newest(candidates(), above=(3, 11), within=allowed()) or sys.executable)
"""The newest Python of this machine, whose packages are the newest."""

DAY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"][
    "exclude-newer"
]
"""The day by whose newest packages the book is built."""


@dataclass(frozen=True, kw_only=True)
class Inspector:
    """A program that tells what is in a file.

    Parameters
    ----------
    title
        As a person says it.
    command
        How it is run; the path comes last.
    version
        How its version is asked for; the last word of what it prints that has a digit.
    samples
        The files that it is made for.
    """

    title: str
    command: Sequence[str]
    version: Sequence[str]
    samples: Sequence[str]


def _tool(package: str, *command: str) -> list[str]:
    return ["uv", "run", "--quiet", "--no-project", "--python", PYTHON, "--with", package,
            *command]  # fmt: skip


def _package_version(package: str) -> list[str]:
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _tool(package, "python", "-c", ask)


_NGFF = (
    "import sys; from ngff_zarr import from_ngff_zarr; "
    "print(from_ngff_zarr(sys.argv[1], validate=True))"
)
_ZARR = ("zarr-0.4", "zarr-0.5")
_JAVA = ["java", "-cp", str(JAR)]

INSPECTORS = (
    Inspector(
        title="`h5ls -rv`", command=["h5ls", "-rv"], version=["h5ls", "--version"],
        samples=["hdf5"],
    ),
    Inspector(
        title="`tiffinfo`", command=["tiffinfo"], version=["tiffinfo", "-v"],
        samples=["tiff", "ome-tiff"],
    ),
    Inspector(
        title="`tiffcomment`", command=[*_JAVA, "loci.formats.tools.TiffComment"],
        version=[*_JAVA, "loci.formats.tools.ImageInfo", "-version"],
        samples=["tiff", "ome-tiff"],
    ),
    Inspector(
        title="`showinf -nopix -omexml`",
        command=[*_JAVA, "loci.formats.tools.ImageInfo", "-no-upgrade", "-nopix", "-omexml"],
        version=[*_JAVA, "loci.formats.tools.ImageInfo", "-version"],
        samples=["tiff", "ome-tiff", "hdf5"],
    ),
    Inspector(
        title="`ome_zarr info`", command=_tool("ome-zarr", "ome_zarr", "info"),
        version=_package_version("ome-zarr"), samples=_ZARR,
    ),
    Inspector(
        title="ngff-zarr, with validation",
        command=_tool("ngff-zarr[validate]", "python", "-c", _NGFF),
        version=_package_version("ngff-zarr"), samples=_ZARR,
    ),
    Inspector(
        title="`ome-zarr-models info`",
        command=_tool("ome-zarr-models", "ome-zarr-models", "info"),
        version=_package_version("ome-zarr-models"), samples=_ZARR,
    ),
    Inspector(
        title="`bigimg inspect`", command=[sys.executable, "-m", "bigimg_lessons", "inspect"],
        version=[sys.executable, "-m", "bigimg_lessons", "--version"], samples=list(SAMPLES),
    ),
)  # fmt: skip
"""All that are compared."""


def main() -> None:
    with TemporaryDirectory() as folder:
        paths = {name: sample.write(Path(folder)) for name, sample in SAMPLES.items()}
        runs = []
        for inspector in INSPECTORS:
            if shutil.which(inspector.command[0]) is None:
                raise SystemExit(
                    f"{inspector.command[0]} is not installed: see this module's help."
                )
            version = _version(inspector)
            for name in inspector.samples:
                path = paths[name]
                # BigDataViewer's image is its XML, except for what knows HDF5 only.
                if name == "hdf5" and "h5ls" not in inspector.command:
                    path = path.with_suffix(".xml")
                run(inspector.command, path)
                told = run(inspector.command, path)
                told["said"] = told["said"].replace(f"{folder}{os.sep}", "")
                print(inspector.title, name, told["code"], round(told["seconds"], 2), flush=True)
                runs.append({"title": inspector.title, "version": version, "file": name, **told})
    record = {
        "command": "uv run python -m tests.inspectors",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "runs": runs,
    }
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    TABLE.write_text(table(record), encoding="utf-8")


def run(command: Sequence[str], path: Path) -> dict[str, Any]:
    """Run an inspector on a file: what it printed, its exit code, and its processor time."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environment |= {"COLUMNS": "200", "UV_EXCLUDE_NEWER": DAY}
    before = os.times()
    done = subprocess.run(
        [*command, str(path)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    after = os.times()
    seconds = after.children_user + after.children_system
    seconds -= before.children_user + before.children_system
    return {"code": done.returncode, "seconds": round(seconds, 3), "said": done.stdout}


def _version(inspector: Inspector) -> str:
    environment = os.environ | {"UV_EXCLUDE_NEWER": DAY}
    done = subprocess.run(
        list(inspector.version), env=environment, capture_output=True, encoding="utf-8", check=False
    )
    words = (done.stdout + done.stderr).split()
    numbers = [word.strip(",:()") for word in words if word[:1].isdigit() and "." in word]
    return numbers[0] if numbers else "version not told"


if __name__ == "__main__":
    main()
