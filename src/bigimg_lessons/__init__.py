"""Tools that stand under the lessons on big microscopy images."""
