"""Interactive pieces of the lessons, live in Jupyter and on the pages of the book."""

from bigimg_lessons.widgets.quiz import Quiz

__all__ = ["Quiz"]
