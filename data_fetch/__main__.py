"""Run ``python -m data_fetch``."""

import io
import sys

from data_fetch.cli import main

# Names of people and folders may not be in the character set of a file or pipe, as on Windows.
for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")

sys.exit(main())
