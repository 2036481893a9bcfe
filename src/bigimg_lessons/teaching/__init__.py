"""For instructors: slides of the lessons, questions to discuss, and a pack for no network.

``python -m bigimg_lessons.teaching.slides`` writes slides, and ``… .pack`` in its place
a pack.
"""
