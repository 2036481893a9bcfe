"""Writing so that nothing is lost: aside, then swapped whole."""
