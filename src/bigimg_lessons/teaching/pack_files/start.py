"""Opens the lessons of this pack in JupyterLab, without a network.

    python start.py             checks and installs at the first start, then opens the lessons
    python start.py --prepare   checks and installs only

What it installs lies in the folder "environment" beside it. Delete that, and it is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / "environment"
READY = ENVIRONMENT / "ready.txt"


def main() -> int:
    """Set up what is not set up yet, and open the lessons."""
    about = json.loads((HERE / "pack.json").read_text(encoding="utf-8"))
    least = [int(number) for number in about["needs"].split(".")]
    if list(sys.version_info[:2]) != least[:2] or list(sys.version_info[:3]) < least:
        return failed(
            f"This pack needs Python {about['needs']} or a later {about['python']}, and this is "
            f"Python {platform.python_version()}."
        )
    # Of this very pack: another one may have been unpacked over it.
    checksums = (HERE / "checksums.txt").read_bytes()
    wanted = hashlib.sha256(checksums).hexdigest()
    if not READY.is_file() or READY.read_text(encoding="utf-8") != wanted:
        say("First start. Looking whether all files are as they were packed ...")
        damaged = damaged_files(checksums.decode("utf-8"))
        if damaged:
            return failed(
                f"{len(damaged)} file(s) are missing or damaged, the first is {damaged[0]}. "
                "Copy the zip file again, and unpack it into an empty folder."
            )
        say("Installing, which takes some minutes ...")
        problem = install()
        if problem:
            return failed(problem)
        READY.write_text(wanted, encoding="utf-8")
        say("Installed.")
    if sys.argv[1:] == ["--prepare"]:
        return 0
    say("Opening the lessons. To end them, press Ctrl-C here, or close this window.")
    environment = {**os.environ, "BIGIMG_DATA": str(HERE / "data")}
    # An option, as Jupyter reads no settings from the folder in which it is started.
    there = "--ContentsManager.preferred_dir=notebooks"
    command = [str(python_inside()), "-m", "jupyterlab", there, *sys.argv[1:]]
    return subprocess.run(command, cwd=HERE, env=environment, check=False).returncode  # noqa: S603


def damaged_files(checksums: str) -> list[str]:
    """Name the files that are not as they were packed."""
    found = []
    for line in checksums.splitlines():
        digest, _, name = line.partition("  ")
        actual = hashlib.sha256()
        try:
            with (HERE / name).open("rb") as file:
                for block in iter(lambda file=file: file.read(2**20), b""):  # type: ignore[misc]
                    actual.update(block)
        except OSError:
            found.append(name)
            continue
        if actual.hexdigest() != digest:
            found.append(name)
    return found


def install() -> str | None:
    """Create the environment from the wheels of this pack; return what went wrong, if anything."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    made = subprocess.run(command, check=False)  # noqa: S603
    if made.returncode:
        return (
            "Python's module venv does not work. On Debian and Ubuntu install it with: "
            f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    command = [
        *(str(python_inside()), "-m", "pip", "--isolated", "--disable-pip-version-check"),
        *("install", "--quiet", "--no-index", "--no-deps", "--require-hashes"),
        *("--find-links", str(HERE / "wheels"), "-r", str(HERE / "requirements.txt")),
    ]
    if subprocess.run(command, check=False).returncode:  # noqa: S603
        return "The packages could not be installed; the reason stands above."
    return None


def python_inside() -> Path:
    """Return the Python of the environment."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return ENVIRONMENT.joinpath(*inside)


def say(text: str) -> None:
    """Tell what goes on."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def failed(text: str) -> int:
    """Tell what went wrong, and return the exit code for it."""
    sys.stderr.write(f"Error: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
