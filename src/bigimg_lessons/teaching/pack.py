"""A pack of the lessons for one platform, to install and run where there is no network.

``python -m bigimg_lessons.teaching.pack lessons.zip``, in a copy of the repository whose book is
built, writes a zip file with the site, the notebooks, the sample image, all wheels, and a script
that installs and starts it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.samples.folder import data_folder
from bigimg_lessons.saving.files import replaced
from bigimg_lessons.saving.kept_files import sha256
from bigimg_lessons.teaching.wheels import (
    PROJECT,
    PackError,
    Target,
    downloaded,
    given,
    least_python,
    pinned,
    this_target,
)
from bigimg_lessons.text import format_bytes

FOLDER = "bigimg-lessons"
"""What the zip file holds, one folder."""

_FILES = Path(__file__).with_name("pack_files")
_CHECKSUMS = "checksums.txt"
_SCRIPTS = {
    "windows": ("start-windows.bat", "Double-click start-windows.bat."),
    "macos": (
        "start-macos.command",
        "Click start-macos.command with the right button, and choose Open twice; or run in a "
        "terminal: sh start-macos.command",
    ),
    "linux": ("start-linux.sh", "In a terminal in this folder: sh start-linux.sh"),
}
# Compressed already.
_STORED = frozenset({".whl", ".webp", ".png", ".jpg", ".gz", ".zip"})


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a pack is made of.

    Parameters
    ----------
    root
        Folder of the project.
    site
        Folder of the built book.
    wheels
        What to install.
    data
        Files for the data folder.

    Raises
    ------
    PackError
        The book is not built, or the folder is not that of the project.
    """

    root: Path
    site: Path
    wheels: Sequence[Path]
    data: Sequence[Path]

    def __post_init__(self) -> None:
        if not (self.root / "notebooks").is_dir() or not (self.root / "pyproject.toml").is_file():
            raise PackError(
                f"{self.root} is no copy of the repository: go there, or name it with --root."
            )
        if not (self.site / "index.html").is_file():
            raise PackError(
                f"{self.site} holds no built book: build it with 'uv run jupyter-book build .', or "
                "name it with --site."
            )


def members(sources: Sources, target: Target) -> dict[str, Path | bytes]:
    """List what goes into the pack.

    Parameters
    ----------
    sources
        What it is made of.
    target
        For which computers it is.

    Returns
    -------
    dict
        Paths in the pack, with ``/``, to files, or to what they hold. Last comes ``checksums.txt``,
        with the SHA-256 of all others.
    """
    root = sources.root
    found: dict[str, Path | bytes] = dict(_own_files(sources, target))
    for name in ("LICENSE", "LICENSE-CONTENT"):
        found[name] = root / name
    for pattern in ("notebooks/*.ipynb", "book/*.md", "book/figures/*.svg", "book/figures/*.webp"):
        found |= {path.relative_to(root).as_posix(): path for path in sorted(root.glob(pattern))}
    for path in sorted(sources.site.rglob("*")):
        if path.is_file():
            found[f"site/{path.relative_to(sources.site).as_posix()}"] = path
    found |= {f"data/{path.name}": path for path in sources.data}
    found |= {f"wheels/{path.name}": path for path in sources.wheels}
    lines = (f"{_sha256(content)}  {name}\n" for name, content in found.items())
    found[_CHECKSUMS] = "".join(lines).encode()
    return found


def _own_files(sources: Sources, target: Target) -> dict[str, bytes]:
    """Return the files that are written for this pack."""
    script, start = _SCRIPTS[target.system]
    about = {
        "version": version(PROJECT),
        "python": target.python,
        "needs": least_python(sources.wheels, target.python),
        "platform": target.platform,
    }
    texts = {
        "README.txt": "README.txt",
        script: "start.bat" if target.system == "windows" else "start.sh",
        "start.py": "start.py",
    }
    files = {"pack.json": f"{json.dumps(about, indent=1)}\n".encode()}
    for name, source in texts.items():
        text = (_FILES / source).read_text(encoding="utf-8").replace("@START@", start)
        for key, value in about.items():
            text = text.replace(f"@{key.upper()}@", value)
        ends = "\r\n" if target.system == "windows" and not name.endswith(".py") else "\n"
        files[name] = text.replace("\n", ends).encode()
    files["requirements.txt"] = pinned(sources.wheels).encode()
    return files


def write_pack(path: Path, contents: Mapping[str, Path | bytes]) -> Path:
    """Write a zip file beside its place, read all of it back, and move it there.

    Parameters
    ----------
    path
        The file to create or to replace, in an existing folder.
    contents
        As `members` lists them.

    Returns
    -------
    Path
        The file. The same contents make the same file.

    Raises
    ------
    PackError
        What was read back is not what was to be written.
    OSError
        It cannot be written.
    """
    with replaced(path) as new:
        with zipfile.ZipFile(new, "w") as archive:
            for name, content in contents.items():
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}")
                stored = Path(name).suffix.lower() in _STORED
                entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                runs = name.endswith((".sh", ".command"))
                entry.external_attr = (0o100755 if runs else 0o100644) << 16
                with archive.open(entry, "w", force_zip64=True) as into:
                    if isinstance(content, bytes):
                        into.write(content)
                        continue
                    with content.open("rb") as file:
                        while block := file.read(2**20):
                            into.write(block)
        if wrong := differing(new):
            raise PackError(f"{path}: {wrong[0]} was not written as it is; try another disk.")
    return path


def differing(path: Path) -> list[str]:
    """Compare a pack with its own checksums.

    Returns
    -------
    list of str
        Files that differ or are missing; empty if the pack is whole.
    """
    with zipfile.ZipFile(path) as archive:
        found = []
        for line in archive.read(f"{FOLDER}/{_CHECKSUMS}").decode().splitlines():
            digest, _, name = line.partition("  ")
            try:
                with archive.open(f"{FOLDER}/{name}") as file:
                    same = hashlib.file_digest(file, "sha256").hexdigest() == digest  # type: ignore[arg-type]
            except (KeyError, zipfile.BadZipFile):
                same = False
            if not same:
                found.append(name)
    return found


def _sha256(content: Path | bytes) -> str:
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else sha256(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a pack.

    Parameters
    ----------
    arguments
        Command-line arguments; ``None`` takes those of the process.

    Returns
    -------
    int
        Exit code: 0 if all went well, 1 if not. Arguments that cannot be understood end the
        process with 2.
    """
    options = _parser().parse_args(arguments)
    path: Path = options.file.expanduser()
    try:
        target = this_target()
        if options.platform != "this" or options.python:
            platform = target.platform if options.platform == "this" else options.platform
            target = Target(platform=platform, python=options.python or target.python)
        if path.exists() and not options.overwrite:
            raise FileExistsError(
                f"{path} exists already: name another file, or allow it with --overwrite."
            )
        root = options.root.expanduser().absolute()
        site = (options.site or root / "_build" / "html").expanduser()
        sources = Sources(root=root, site=site, wheels=(), data=())  # before anything is fetched
        if options.wheels:
            wheels = given(options.wheels.expanduser())
        else:
            wheels = downloaded(target, sources.root, data_folder() / "wheels")
        data = [] if options.no_data else _sample()
        sources = Sources(root=root, site=site, wheels=wheels, data=data)
        write_pack(path, members(sources, target))
    except (OSError, PackError) as error:
        # An OSError without an error code is a sentence of our own.
        if isinstance(error, OSError) and error.strerror:
            cause = f"{error.filename or path} cannot be used ({error.strerror})."
        else:
            cause = str(error)
        sys.stderr.write(f"Error: {cause}\n")
        return 1
    size = format_bytes(path.stat().st_size, decimal=True)
    sys.stdout.write(f"{path}: {size}, for {target.platform} and Python {target.python}\n")
    return 0


def _sample() -> list[Path]:
    """Return the sample image and its sidecar; it is created if it is not there."""
    image = sample_tiff()
    return [image, image.with_name(f"{image.name}.json")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bigimg_lessons.teaching.pack",
        description="Write a zip file with which a class runs the lessons without a network: the "
        "site, the notebooks, the sample image, all wheels, and a script that installs and starts "
        "it. Downloads are kept, and used again.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.zip", help="the file to write")
    parser.add_argument(
        "--platform",
        default="this",
        help="this (default), win_amd64, macosx_13_0_arm64, manylinux_2_28_x86_64 and the like",
    )
    parser.add_argument("--python", metavar="3.X", help="by default that of this environment")
    parser.add_argument(
        "--root", type=Path, default=Path(), metavar="FOLDER", help="a copy of the repository"
    )
    parser.add_argument(
        "--site", type=Path, metavar="FOLDER", help="the built book, by default _build/html"
    )
    parser.add_argument(
        "--wheels",
        type=Path,
        metavar="FOLDER",
        help="take the wheels from here, and download and build nothing",
    )
    parser.add_argument("--no-data", action="store_true", help="without the sample image")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    return parser


if __name__ == "__main__":
    sys.exit(main())
