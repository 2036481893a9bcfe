"""Functions of the front-end modules, evaluated by Node: no browser, one process for all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bigimg_lessons.widgets.base import whole_module

RUNNER = Path(__file__).with_name("js") / "evaluate.mjs"
Evaluate = Callable[..., Any]


def find_node() -> str:
    """Return the path of Node; without one the test is skipped, or fails where Node is required."""
    found = shutil.which("node")
    if found is None:
        reason = "no Node was found (https://nodejs.org): the front-end modules are not tested"
        if os.environ.get("BIGIMG_REQUIRE_NODE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class NodeError(Exception):
    """What JavaScript threw: its message, then where."""


class Node:
    """A Node process that evaluates scripts with the exports of a module in reach."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [find_node(), str(RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def module(self, name: str) -> Evaluate:
        """Load a joined front-end module and return the function that evaluates scripts with it.

        Parameters
        ----------
        name
            As for `whole_module`, such as ``"costs/grid.js"``.

        Returns
        -------
        Evaluate
            ``evaluate(script, argument=None)``: what the script gives, as JSON carries it. The
            names that the module exports can be used in it. If it is a function, that is called
            with the argument; a promise is awaited. NodeError says what JavaScript threw.
        """
        return self.source(name, whole_module(name))

    def source(self, name: str, text: str) -> Evaluate:
        """Load the text of a module under a name of its own; else as `module`."""
        self._ask(name=name, source=text, script="null", argument=None)

        def evaluate(script: str, argument: Any = None) -> Any:
            return self._ask(name=name, source=None, script=script, argument=argument)

        return evaluate

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended with exit status {self._process.wait()}"
        answer = json.loads(line)
        if "error" in answer:
            raise NodeError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """End the process and wait until it has."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(timeout=120)
