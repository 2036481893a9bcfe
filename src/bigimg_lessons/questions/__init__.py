"""The questions of the lessons: how they are written, read, and printed."""
