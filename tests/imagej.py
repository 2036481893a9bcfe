"""ImageJ on a screen that nobody sees, led by macros: Linux, with Debian's imagej and xvfb."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

JAR = Path("/usr/share/java/ij.jar")


def missing(*others: str) -> list[str]:
    """Return what is needed and not installed: ``java``, ``Xvfb``, the JAR, and `others`."""
    programs = ("java", "Xvfb", *others)
    found = [name for name in programs if shutil.which(name) is None]
    found += [] if JAR.is_file() else [str(JAR)]
    return found if sys.platform == "linux" else [*found, "Linux"]


@contextmanager
def screen() -> Iterator[str]:
    """Start a screen; yield its name, for the variable ``DISPLAY``."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-noreset"]
    with subprocess.Popen([*command, "-nolisten", "tcp"], pass_fds=[writing]) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as answer:
                yield f":{answer.readline().strip()}"
        finally:
            server.terminate()


def run_macro(macro: str, folder: Path, display: str, *, seconds: float = 120) -> str:
    """Let a new ImageJ run a macro.

    Parameters
    ----------
    macro
        In ImageJ's macro language. What it puts into the global variable ``answer`` is returned.
    folder
        For the macro, its answer, and ImageJ's preferences.
    display
        Screen on which its windows are.
    seconds
        After which it is ended; ImageJ waits at a message box if something fails.
    """
    script, answer = folder / "macro.ijm", folder / "answer.txt"
    script.write_text(
        f'var answer = "";\n{macro}\nFile.saveString(answer, "{answer}");\n'
        # Its own way to quit asks whether to save.
        'exec("sh", "-c", "kill $PPID");\n',
        encoding="utf-8",
    )
    answer.unlink(missing_ok=True)
    subprocess.run(
        # With much less memory, Java keeps a plane of 1 MiB in 2 MiB.
        ["java", f"-Duser.home={folder}", "-Xmx8g", "-jar", str(JAR), "-macro", str(script)],
        env={**os.environ, "DISPLAY": display},
        timeout=seconds,
        check=False,  # as it is killed
    )
    return answer.read_text(encoding="utf-8")
