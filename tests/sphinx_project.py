"""Small Sphinx projects, built in the process of the tests.

A process of its own takes some seconds of work for its imports alone, and there are many builds.
"""

from __future__ import annotations

import copy
from pathlib import Path
from unittest import mock

from sphinx.config import Config
from sphinx.testing.util import SphinxTestApp
from sphinx.util.console import strip_colors


def build_project(source: Path, output: Path, *, builder: str = "html", strict: bool = True) -> str:
    """Build a project into a folder of the builder's name, and return what Sphinx says.

    Parameters
    ----------
    source
        Folder of ``conf.py`` and the pages. Extensions of the book are found by their names.
    output
        Folder to write to, beside the pages that were read (``doctrees``).
    builder
        Name of the builder.
    strict
        Whether a warning is an error.

    Raises
    ------
    AssertionError
        If the build fails, or warns where it must not.
    """
    # Sphinx 7.4 adds the endings that extensions bring to the default of source_suffix itself, so
    # the next project of this process would be read by parsers that it does not have.
    defaults = copy.deepcopy(Config.config_values)
    with mock.patch.object(Config, "config_values", defaults):
        app = SphinxTestApp(builder, srcdir=source, builddir=output)
        try:
            app.build()
        finally:
            app.cleanup()
    warned = strip_colors(app.warning.getvalue())
    assert app.statuscode == 0, warned
    assert not (strict and warned), warned
    return strip_colors(app.status.getvalue()) + warned
