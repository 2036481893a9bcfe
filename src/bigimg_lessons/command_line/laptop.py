"""What a laptop has that a lesson needs, looked up and not judged: no network, no changes.

Whatever cannot be looked up is None; `bigimg_lessons.command_line.readiness` judges the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import socket
import sys
import sysconfig
import tempfile
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE

PORT = 8888
"""The port that JupyterLab takes first."""

PROGRAMS, WIDGETS = ("jupyterlab", "ipykernel"), ("ipywidgets", "anywidget")
"""Modules by which lessons run, which take seconds to import, and by which they show widgets."""

EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
"""Extensions by which JupyterLab shows widgets."""

SAMPLE_SECONDS = 1.0
"""How long the sample is checked, in seconds; a slow disk may take longer for all of it."""

_TEXT_BROWSERS = {"www-browser", "links", "elinks", "lynx", "w3m", "links2"}

Sample = Literal["whole", "size", "missing", "damaged", "unknown"]
"""The sample image: checked as a whole, only its size and beginning, not there, not as it was
written, or not to be looked up."""


@dataclass(frozen=True)
class Package:
    """A package that the lessons need.

    Parameters
    ----------
    name
        As registries name it.
    least
        The version that it must have at least, empty if any will do.
    found
        The version that is installed, None if none is.
    """

    name: str
    least: str
    found: str | None


@dataclass(frozen=True, kw_only=True)
class Laptop:
    """What was looked up.

    Parameters
    ----------
    python
        Its version: major, minor and micro.
    program
        Path of the Python that runs.
    is_virtual, is_managed
        Whether it is that of an environment, and whether the system looks after its packages.
    packages
        Those that the lessons need.
    plane
        Requests and bytes of the plane of lesson 2 that depends on zarr's version, as counted, and
        since when zarr does so; None for that if the lesson does not know these numbers.
    memory
        Bytes that are free, and of all memory.
    data_folder
        Where the lessons keep data.
    data_bytes, free_bytes
        Bytes that it has, and that are free on its disk.
    sample
        The sample image.
    browser
        Name of the browser that Python finds.
    is_text_browser
        Whether it shows text only.
    is_port_free
        Whether JupyterLab can have `PORT`.
    broken
        Modules of `PROGRAMS` that are not there, and of `WIDGETS` that cannot be imported, with
        the reason.
    extensions
        Those of `EXTENSIONS` that JupyterLab does not find.
    unwritable
        Folders into which nothing can be written, with the reason.
    """

    python: tuple[int, int, int]
    program: str
    is_virtual: bool
    is_managed: bool
    packages: tuple[Package, ...]
    plane: tuple[int, int, str | None] | None
    memory: tuple[int, int] | None
    data_folder: Path | None
    data_bytes: int
    free_bytes: int | None
    sample: Sample
    browser: str | None
    is_text_browser: bool
    is_port_free: bool
    broken: Mapping[str, str]
    extensions: tuple[str, ...] | None
    unwritable: Mapping[str, str]


def look(folder: Path | None = None) -> Laptop:
    """Look up what this computer has.

    Parameters
    ----------
    folder
        Another data folder than that of the lessons.
    """
    data = _data_folder() if folder is None else folder.expanduser().absolute()
    there = None if data is None else _existing(data)
    browser = _browser()
    return Laptop(
        python=sys.version_info[:3],
        program=sys.executable,
        is_virtual=sys.prefix != sys.base_prefix or (Path(sys.prefix) / "conda-meta").is_dir(),
        is_managed=_is_managed(),
        packages=_packages(),
        plane=_plane(),
        memory=_memory(),
        data_folder=data,
        data_bytes=0 if data is None else _bytes_in(data),
        free_bytes=None if there is None else shutil.disk_usage(there).free,
        sample="unknown" if data is None else sample_in(data),
        browser=browser,
        is_text_browser=browser in _TEXT_BROWSERS,
        is_port_free=is_free(PORT),
        broken=_broken(),
        extensions=_missing_extensions(),
        unwritable=_unwritable(Path.cwd(), *(() if there is None else (there,))),
    )


def _is_managed() -> bool:
    folder = sysconfig.get_path("stdlib", sysconfig.get_default_scheme())
    return (Path(folder) / "EXTERNALLY-MANAGED").is_file()


def _packages() -> tuple[Package, ...]:
    """Return what the lessons need; what some computers cannot have is left out."""
    found = {}
    for text in requires("bigimg-lessons") or ():
        requirement, _, marker = text.partition(";")
        if marker and not re.fullmatch(r"\s*extra\s*==\s*['\"]lessons['\"]\s*", marker):
            continue
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        least = re.search(r">=\s*([\d.]+)", requirement)
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        found[name.lower()] = Package(name, least[1] if least else "", installed)
    return tuple(found[name] for name in sorted(found))


def _plane() -> tuple[int, int, str | None] | None:
    try:
        from bigimg_lessons import versions

        counted = versions.count_plane()
    except Exception:  # a broken environment raises anything
        return None
    found = counted.count, counted.bytes_read
    known = {}
    for when, reader in (("before 3.3", ONE_BY_ONE), ("since 3.3", MERGING)):
        reading = versions.SHARDED.reading(versions.PLANE, reader=reader)
        known[reading.requests, reading.read] = when
    return *found, known.get(found)


def _memory() -> tuple[int, int] | None:
    try:
        found = import_module("psutil").virtual_memory()
    except Exception:  # it is missing, or knows no such system
        return None
    return int(found.available), int(found.total)


def _data_folder() -> Path | None:
    try:
        from bigimg_lessons.samples.folder import data_folder
    except ImportError:
        return None
    return data_folder()


def _existing(folder: Path) -> Path | None:
    """Return the folder, or the nearest above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), None)


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name), follow_symlinks=False).st_size  # noqa: PTH116, PTH118
            except OSError:  # another program has removed it
                continue
    return total


def sample_in(folder: Path, *, seconds: float = SAMPLE_SECONDS) -> Sample:
    """Compare the sample with its sidecar, for a limited time.

    Parameters
    ----------
    folder
        The data folder.
    seconds
        How long its content is read at most.
    """
    try:
        from bigimg_lessons.samples.tissue import GENERATOR
        from bigimg_lessons.samples.volume import SampleVolume
    except ImportError:
        return "unknown"
    path = folder / SampleVolume().file_name
    if not path.is_file():
        return "missing"
    try:
        sidecar = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
        size, digest = sidecar["bytes"], sidecar["sha256"]
        if sidecar["generator"] != GENERATOR or size != path.stat().st_size:
            return "damaged"
        end, counted = time.monotonic() + seconds, hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**22):
                counted.update(block)
                if time.monotonic() > end:
                    return "size"
    except (OSError, ValueError, TypeError, KeyError):
        return "damaged"
    return "whole" if counted.hexdigest() == digest else "damaged"


def _browser() -> str | None:
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    name = getattr(found, "name", "")
    return Path(name).name if isinstance(name, str) and name else platform.system()


def is_free(port: int) -> bool:
    """Tell whether a program on this computer can listen at a port.

    Parameters
    ----------
    port
        Its number.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # On Windows a second program may otherwise share a port with the first; elsewhere the
        # port of a program that has ended counts as taken for a while.
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        option = socket.SO_REUSEADDR if exclusive is None else exclusive
        probe.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _broken() -> dict[str, str]:
    found = {name: "not installed" for name in PROGRAMS if find_spec(name) is None}
    for name in WIDGETS:
        try:
            import_module(name)
        except Exception as error:  # a broken environment raises anything
            found[name] = " ".join(f"{type(error).__name__}: {error}".split())
    return found


def _missing_extensions() -> tuple[str, ...] | None:
    try:
        places = import_module("jupyter_core.paths").jupyter_path("labextensions")
    except Exception:  # a broken environment raises anything
        return None
    return tuple(
        name for name in EXTENSIONS if not any((Path(place) / name).is_dir() for place in places)
    )


def _unwritable(*folders: Path) -> dict[str, str]:
    found = {}
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"lessons")
        except OSError as error:
            found[str(folder)] = error.strerror or str(error)
    return found
