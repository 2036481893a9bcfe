"""Fetch axe-core, the accessibility checker, for the tests which run it on every page.

Run ``python tests/fetch_axe.py`` once, with npm installed; it prints the path of the script.
axe-core (MPL-2.0) is no part of this project: its one file is taken out of the npm package, whose
checksum is verified, and kept in the user's cache folder.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

VERSION = "4.14.1"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
AXE = Path(
    os.environ.get("BIGIMG_AXE") or user_cache_path("bigimg-lessons") / f"axe-{VERSION}.min.js"
)


def fetch() -> None:
    """Let npm fetch the package aside, verify it, and keep the script."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed; it comes with Node.js.")
    AXE.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=AXE.parent) as aside:
        command = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", aside]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        package = Path(aside, f"axe-core-{VERSION}.tgz")
        found = hashlib.sha256(package.read_bytes()).hexdigest()
        if found != SHA256:
            sys.exit(f"{package.name}: expected the SHA-256 {SHA256}, got {found}; try again.")
        with tarfile.open(package) as archive:
            archive.extract("package/axe.min.js", aside, filter="data")
        Path(aside, "package", "axe.min.js").replace(AXE)


if __name__ == "__main__":
    if not AXE.exists():
        fetch()
    sys.stdout.write(f"{AXE}\n")
