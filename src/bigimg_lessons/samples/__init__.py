"""The images of the lessons: synthetic tissue, the same on every computer, and tiny examples."""
