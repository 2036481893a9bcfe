"""Resolution pyramids: which levels, how they are computed, and from what. Knows no format."""
