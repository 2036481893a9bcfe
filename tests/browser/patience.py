"""How long tests wait for what must come in a browser."""

PATIENCE = 240_000
"""Milliseconds, which only what fails takes, or a busy computer that stands still for a while."""
