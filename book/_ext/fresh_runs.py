"""Keep the notebooks' cached runs in step with the code that they run on.

jupyter-cache runs a notebook again only when its own cells change. What its cells print also
depends on the package, its question banks, the installed libraries and, on the page *Benchmarks*,
the raw results, so this extension takes a fingerprint of those and, when it differs from that of
the last build, deletes the cached runs and tells Sphinx to read the notebooks again.

The JavaScript and the CSS of widgets are not part of it. A run embeds them in the widget state, but
no cell prints them, and pages do not take them from there: ``anywidget_host`` reads both anew from
the package, and has Sphinx read the pages of that widget again, from their cached runs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

FOLDERS = ("src/bigimg_lessons", "tests/benchmarks")  # what cells run and read
FINGERPRINT_FILE = "lessons-fingerprint.txt"
PRINTED_FROM = (".json", ".py", ".toml")  # files on which the output of a cell may depend


def fingerprint(*folders: Path) -> str:
    """Hash what outputs depend on: files in some folders, versions of installed distributions.

    Parameters
    ----------
    folders
        Folder of the package, and others with what cells run and read.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in PRINTED_FROM:
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    versions = {
        f"{found.metadata['Name']}=={found.version}" for found in importlib.metadata.distributions()
    }
    digest.update("\n".join(sorted(versions)).encode())
    return digest.hexdigest()


def _forget_old_runs(app: Sphinx) -> None:
    note = Path(app.outdir).parent / FINGERPRINT_FILE
    now = fingerprint(*(Path(app.srcdir) / folder for folder in FOLDERS))
    before = note.read_text(encoding="utf-8") if note.is_file() else None
    app.bigimg_runs_are_stale = before != now  # type: ignore[attr-defined]
    if before != now:
        cache = app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache"
        shutil.rmtree(cache, ignore_errors=True)
        if before is not None:
            logger.info("the package or a library changed: all notebooks run again")


def _read_notebooks_again(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    if not app.bigimg_runs_are_stale:  # type: ignore[attr-defined]
        return []
    return [name for name in env.found_docs if _runs(Path(env.doc2path(name)))]


def _runs(path: Path) -> bool:
    """Tell whether a page has cells to run: notebooks, and Home."""
    return path.suffix == ".ipynb" or "{code-cell}" in path.read_text(encoding="utf-8")


def _note_success(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        note = Path(app.outdir).parent / FINGERPRINT_FILE
        now = fingerprint(*(Path(app.srcdir) / folder for folder in FOLDERS))
        note.write_text(now, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", _forget_old_runs)
    app.connect("env-get-outdated", _read_notebooks_again)
    app.connect("build-finished", _note_success)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
