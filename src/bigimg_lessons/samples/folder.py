"""The folder in which the lessons keep data."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """Tell where the lessons keep data: ``$BIGIMG_DATA``, or a folder in the user's cache.

    Returns
    -------
    Path
        An absolute path. The folder need not exist.
    """
    chosen = os.environ.get("BIGIMG_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_cache_dir("bigimg-lessons", appauthor=False))
