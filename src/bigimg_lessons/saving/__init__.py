"""Writing so that nothing is lost: to a staging directory, then moved to its path when complete."""
