"""Ask viewers that only a browser shows: ``uv run python -m tests.readers.viewers``.

Neuroglancer runs in headless Chromium, without a screen, from the scripts that its package for
Python brings along. It needs a package index and Chromium. What comes out is written into
``tests/readers/viewers.json``, and then the table of the tools.

vizarr is not run by this. PyPI's vizarr 0.1.1 fetches its scripts from the hosted page, and npm's
@galaxyproject/vizarr 0.1.8 is a build for Galaxy; so it was built from its source, and seen.
"""

# ruff: noqa: T201 - prints its results
from __future__ import annotations

import datetime
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.browser.conftest import find_chromium
from tests.readers.matrix import ZARR
from tests.readers.samples import SAMPLES, image
from tests.readers.tools_table import TABLE, VIEWERS, record, table, tools

PROBES = Path(__file__).with_name("probes")
PLANE = 20


def main() -> None:
    told = {tool["name"]: ask(tool["viewer"]) for tool in tools() if "viewer" in tool}
    VIEWERS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(table(record(), tools()), encoding="utf-8")


def ask(probe: str) -> dict[str, object]:
    """Run a probe on each OME-Zarr; return version, date, and how well it opens by format."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    run = ["uv", "run", "--quiet", "--no-project", "--script"]
    browser = find_chromium() or "chromium"
    opens, version = {}, None
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plane = folder / "plane.npy"
        np.save(plane, image()[0, PLANE])
        for name in ZARR:
            path = SAMPLES[name].write(folder)
            done = subprocess.run(
                [*run, str(PROBES / probe), str(path), name, str(plane), str(PLANE), browser],
                env=environment,
                capture_output=True,
                encoding="utf-8",
                timeout=300,
                check=True,
            )
            answer = json.loads(done.stdout.splitlines()[-1])
            opens[name], version = answer["opens"], answer["version"]
            print(probe, name, answer["opens"], flush=True)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return {"version": version, "date": today, "opens": opens}


if __name__ == "__main__":
    main()
