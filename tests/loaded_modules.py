"""What a fresh process has loaded when it has run a program."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

# Modules that take long to import, or that come with an extra of the package.
BIOIO = {"bioio", "bioio_base", "dask", "ome_types", "pandas", "pint", "scipy", "xarray"}
LESSONS = {
    "IPython", "aiohttp", "anywidget", "ipywidgets", "matplotlib", "moto", "obstore", "requests",
}  # fmt: skip


def printed_by(code: str, *arguments: object) -> Any:
    """Return what a program prints as JSON, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def loaded_by(code: str, *arguments: object) -> set[str]:
    """Return the top-level names of the modules that are loaded after a program has run."""
    listing = "import json, sys; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    return set(printed_by(f"{code}\n{listing}", *arguments))
