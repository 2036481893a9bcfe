"""Exercises: code to mend, which runs on a small image and is judged by what is counted."""
