"""The arithmetic of chunks: what a region of a stored image costs, without reading it."""
