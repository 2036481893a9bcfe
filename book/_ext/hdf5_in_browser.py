"""HDF5 in the browser: the library h5wasm, and the worker that reads a reader's file with it.

A page that describes files needs HDF5 only when somebody gives it an HDF5 file. So nothing of this
is loaded with the page, which holds two addresses in a ``<script type="application/json">`` with
the id ``hdf5-in-browser``: that of the ``worker`` and that of the ``library``.

h5wasm is the HDF5 library itself, compiled for browsers by the National Institute of Standards and
Technology. It is no part of this project: its one file and its licence are taken from
``node_modules``, where ``npm install`` puts them, or out of the package that npm fetches, their
checksums are verified, and they are kept in the user's cache folder. Where npm is not installed or
has no registry, the book is built without it, and the page holds a ``reason`` in place of
addresses.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docutils import nodes
from platformdirs import user_cache_path
from shortening import short_script
from sphinx.application import Sphinx
from sphinx.util import logging

from bigimg_lessons.widgets.base import whole_module

_LOGGER = logging.getLogger(__name__)

PAGE = "book/inspect"
"""The page that describes files."""

VERSION = "0.10.3"
LIBRARY = "dist/iife/h5wasm.js"
FILES = {
    LIBRARY: "29a56a9e4576957b8ce0cce4fdc41527f72539fc6b062f74985882fce06f3952",
    "LICENSE.txt": "f3ba6b8afe2a0d6f482f29a46672f88668ae02b16dfc4a2e878fd50a4f34fa6a",
}
"""Files of the package, with their SHA-256: a script that has all it needs, and its licence."""

FOLDER = f"h5wasm-{VERSION}"
WORKER = "hdf5_worker.js"
_INSTALLED = Path(__file__).parents[2] / "node_modules" / "h5wasm"
_LONGEST = 90  # seconds
_REASON = (
    "This copy of the book was built without h5wasm, the library that reads HDF5 in a browser. "
    "The command bigimg inspect describes the file on your computer."
)


def fetched(cache: Path) -> Path | None:
    """Return a folder with the files of h5wasm, the cache's if they are there.

    Parameters
    ----------
    cache
        Folder to keep them in; it need not exist.

    Returns
    -------
    Path or None
        None if npm is not installed, or cannot fetch the package.

    Raises
    ------
    ValueError
        If what was fetched is not what is expected.
    """
    kept = cache / FOLDER
    for folder in (kept, _INSTALLED):
        if _strange(folder) is None:
            return folder
    npm = shutil.which("npm")
    if npm is None:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as aside:
        command = [npm, "pack", f"h5wasm@{VERSION}", "--silent", "--pack-destination", aside]
        command += ["--fetch-retries=0", "--fetch-timeout=30000"]
        try:
            # npm is the one of the search path, and nothing in its command is anybody's input.
            subprocess.run(command, check=True, capture_output=True, timeout=_LONGEST)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            return None
        with tarfile.open(Path(aside, f"h5wasm-{VERSION}.tgz")) as archive:
            for name in FILES:
                archive.extract(f"package/{name}", aside, filter="data")
        new = Path(aside, "package")
        if (wrong := _strange(new)) is not None:
            raise ValueError(f"{wrong} of h5wasm {VERSION} has another SHA-256 than is expected.")
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another build was first
            new.replace(kept)
    return kept if _strange(kept) is None else None


def _strange(folder: Path) -> str | None:
    """Name a file that is missing or is not as expected; None if all are."""
    for name, right in FILES.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != right:
            return name
    return None


@functools.cache
def _library() -> Path | None:
    return fetched(user_cache_path("bigimg-lessons"))


@functools.cache
def worker_script() -> str:
    """Return the worker as one script, in a shorter form."""
    return short_script(whole_module("inspection/hdf5_worker.js"))


def _add_addresses(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page != PAGE:
        return
    told = {"reason": _REASON}
    if _library() is not None:
        version = hashlib.sha256(worker_script().encode()).hexdigest()[:8]
        library = f"{FOLDER}/{Path(LIBRARY).name}"
        addresses = {"worker": f"{WORKER}?v={version}", "library": library}
        told = {
            name: context["pathto"](f"_static/{file}", resource=True)
            for name, file in addresses.items()
        }
    app.add_js_file(None, body=json.dumps(told), type="application/json", id="hdf5-in-browser")


def _write_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    library = _library()
    if library is None:
        _LOGGER.info("hdf5 in browser: without npm or its registry, HDF5 is not read on the page")
        return
    static = Path(app.outdir, "_static")
    (static / FOLDER).mkdir(exist_ok=True)
    for name in FILES:
        shutil.copyfile(library / name, static / FOLDER / Path(name).name)
    (static / WORKER).write_text(worker_script(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("html-page-context", _add_addresses)
    app.connect("build-finished", _write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
