"""HDF5 files described by the page's own modules, with h5wasm in Node."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.node import find_node

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "js" / "described_hdf5.mjs"
LONGEST = 240  # seconds


def described(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return for each path a mapping: ``report``, or ``error`` and ``kind``; and bytes ``taken``.

    Without Node or h5wasm the test is skipped, or fails where they are required.
    """
    node = find_node()
    if not (ROOT / "node_modules" / "h5wasm").is_dir():
        reason = "h5wasm is not installed (npm install --no-package-lock): HDF5 is not tested"
        if os.environ.get("BIGIMG_REQUIRE_NODE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    answers: list[dict[str, Any]] = []
    while len(answers) < len(paths):
        left = "".join(f"{path}\n" for path in paths[len(answers) :])
        done = subprocess.run(
            [node, str(SCRIPT)],
            input=left,
            capture_output=True,
            encoding="utf-8",
            timeout=LONGEST,
            check=False,
        )
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert found, done.stderr
        answers += found
    return answers
