"""Widgets that follow their files while somebody works on these."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PAUSE = 0.5
"""Seconds from one look at the files to the next. What two looks see is taken for written."""

_LOGGER = logging.getLogger(__name__)


def follow(widget: Any, folder: Path, sources: Callable[[], Mapping[str, str]]) -> threading.Event:
    """Renew traits of a widget whenever a file in a folder has changed, as long as it lives.

    Parameters
    ----------
    widget
        A widget whose traits hold the text of files.
    folder
        Folder of the files, with all folders in it. A thread inspects it twice a second.
    sources
        Returns the traits as they are to be now. If it raises ValueError or OSError, because a
        file has a mistake, that is logged and the widget keeps its traits.

    Returns
    -------
    threading.Event
        Set it to end this.
    """
    stop = threading.Event()
    # A thread that held the widget would keep it alive.
    thread = threading.Thread(
        target=_watch, args=(weakref.ref(widget), folder, sources, stop), daemon=True
    )
    thread.start()
    return stop


def _watch(
    alive: weakref.ref[Any],
    folder: Path,
    sources: Callable[[], Mapping[str, str]],
    stop: threading.Event,
) -> None:
    # Nothing is known at first: files may have changed since the widget's class read them.
    seen: dict[Path, int] = {}
    shown: dict[Path, int] = {}
    while not stop.wait(PAUSE):
        widget = alive()
        if widget is None:
            return
        before, seen = seen, _times(folder)
        if before == seen != shown:
            shown = seen
            _renew(widget, sources)
        del widget


def _times(folder: Path) -> dict[Path, int]:
    """Return when each file was changed; one that is replaced just now may be missing."""
    times = {}
    for path in folder.rglob("*.*s"):  # *.js, *.css
        try:
            times[path] = path.stat().st_mtime_ns
        except OSError:
            continue
    return times


def _renew(widget: Any, sources: Callable[[], Mapping[str, str]]) -> None:
    try:
        traits = sources()
    except (ValueError, OSError) as error:
        _LOGGER.warning("A widget keeps its front end: %s", error)
        return
    for name, text in traits.items():
        setattr(widget, name, text)
