"""The command ``bigimg``; it needs click and rich, which the extra "cli" brings."""
