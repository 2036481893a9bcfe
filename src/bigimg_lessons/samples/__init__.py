"""The sample image of the lessons: synthetic tissue, the same on every computer."""
