"""Interactive pieces of the lessons, live in Jupyter and on the pages of the book."""

from bigimg_lessons.widgets.chunk_explorer import ChunkExplorer
from bigimg_lessons.widgets.design_task import DesignTask
from bigimg_lessons.widgets.fetch_experiment import FetchExperiment
from bigimg_lessons.widgets.file_report import FileReport
from bigimg_lessons.widgets.planner import Planner
from bigimg_lessons.widgets.quiz import Quiz
from bigimg_lessons.widgets.zoom_viewer import ZoomViewer

__all__ = [
    "ChunkExplorer",
    "DesignTask",
    "FetchExperiment",
    "FileReport",
    "Planner",
    "Quiz",
    "ZoomViewer",
]
