"""Processes that get ready once and then measure whenever they are asked, so that they take turns.

Each engine has a process of its own, so that none meets what another has loaded, compiled or left
in memory. Imports and first uses are paid before the first turn.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A process of this interpreter that runs a module of the benchmarks and serves measurements.

    Parameters
    ----------
    module
        Name of the module in ``tests.benchmarks``; it calls :func:`serve`.
    arguments
        Its arguments.
    limit
        Seconds after which a measurement that has not ended is given up, and the process ended.
    """

    def __init__(self, module: str, arguments: Sequence[str], *, limit: float = 600) -> None:
        self._limit = limit
        self._errors = TemporaryFile(mode="w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def measure(self) -> dict[str, Any]:
        """Return what one more measurement gave, or ``{"failed": why}``."""
        over = threading.Timer(self._limit, self._process.kill)
        over.start()
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:  # it has ended, and so has the pipe
            answer = ""
        in_time = over.is_alive()
        over.cancel()
        if answer:
            return json.loads(answer)
        return {"failed": self._last_words() if in_time else f"not done in {self._limit:g} s"}

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = [line for line in self._errors.read().splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"ended with status {self._process.returncode}"


def serve(measure: Callable[[], dict[str, Any]]) -> None:
    """Measure once for each line that comes in, and answer by a line of JSON.

    What a library prints goes to standard error, as it would not be JSON.
    """
    answers, sys.stdout = sys.stdout, sys.stderr
    for _ in sys.stdin:
        print(json.dumps(measure()), file=answers, flush=True)
