"""Tools that stand under the lessons on big microscopy images.

The names below are imported when they are first used, so that ``import bigimg_lessons`` costs next
to nothing and needs no package that is not used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigimg_lessons.build import build_pyramid
    from bigimg_lessons.costs.grid import ChunkGrid
    from bigimg_lessons.costs.storage import Storage
    from bigimg_lessons.measure.files import FileMeter
    from bigimg_lessons.measure.memory import MemoryWatch
    from bigimg_lessons.measure.network import Link
    from bigimg_lessons.measure.object_server import ObjectServer
    from bigimg_lessons.measure.serving import FolderServer
    from bigimg_lessons.measure.stores import StoreMeter
    from bigimg_lessons.pyramids.levels import plan_levels
    from bigimg_lessons.samples.files import lesson_tiff
    from bigimg_lessons.text import format_bytes
    from bigimg_lessons.widgets.chunk_explorer import ChunkExplorer
    from bigimg_lessons.widgets.quiz import Quiz
    from bigimg_lessons.widgets.zoom_viewer import ZoomViewer

    __version__: str

__all__ = [
    "ChunkExplorer",
    "ChunkGrid",
    "FileMeter",
    "FolderServer",
    "Link",
    "MemoryWatch",
    "ObjectServer",
    "Quiz",
    "Storage",
    "StoreMeter",
    "ZoomViewer",
    "__version__",
    "build_pyramid",
    "format_bytes",
    "lesson_tiff",
    "plan_levels",
]

_MODULES = {
    "ChunkExplorer": "widgets.chunk_explorer",
    "ChunkGrid": "costs.grid",
    "FileMeter": "measure.files",
    "FolderServer": "measure.serving",
    "Link": "measure.network",
    "MemoryWatch": "measure.memory",
    "ObjectServer": "measure.object_server",
    "Quiz": "widgets.quiz",
    "Storage": "costs.storage",
    "StoreMeter": "measure.stores",
    "ZoomViewer": "widgets.zoom_viewer",
    "build_pyramid": "build",
    "format_bytes": "text",
    "lesson_tiff": "samples.files",
    "plan_levels": "pyramids.levels",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name == "__version__":
        value: object = import_module("importlib.metadata").version("bigimg-lessons")
    elif name in _MODULES:
        try:
            value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == __name__:
                raise
            raise ModuleNotFoundError(
                f"{name} needs {error.name!r}, which is not installed: install bigimg-lessons "
                'with its extra "lessons", in a copy of the repository for example with '
                'pip install ".[lessons]".',
                name=error.name,
            ) from error
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # from now on found without this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
