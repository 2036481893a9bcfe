# /// script
# requires-python = ">=3.12"
# dependencies = ["numpy"]
# ///
"""zarrita, in Node.js as in a browser: an array at a time."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from facts import tell

SCRIPT = Path(__file__).with_name("zarrita_array.mjs")


def installed(folder):
    """Install zarrita into a folder, as of the day that is asked for, and return its version."""
    day = os.environ.get("UV_EXCLUDE_NEWER")
    npm = [shutil.which("npm"), "install", "--silent", "--no-audit", "--no-fund"]
    npm += [f"--before={day}"] if day else []
    # npm installs where it finds this file, and else in a folder above.
    (folder / "package.json").write_text("{}", encoding="utf-8")
    subprocess.run([*npm, "zarrita", "@zarrita/storage"], cwd=folder, check=True)
    shutil.copy(SCRIPT, folder)
    package = folder / "node_modules" / "zarrita" / "package.json"
    return json.loads(package.read_text(encoding="utf-8"))["version"]


def reader_in(folder):
    """Return the function that reads with the zarrita of a folder."""

    def read(path, file_format):
        command = [shutil.which("node"), SCRIPT.name, path]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.returncode:
            lines = done.stderr.decode().splitlines()
            raise ValueError(next(line for line in lines if "Error" in line))
        head, _, data = done.stdout.partition(b"\n")
        told = json.loads(head)
        voxels = np.frombuffer(data, told["dtype"]).reshape(told["shape"])
        return {"levels": None, "channels": None, "unit": None, "voxels": voxels}

    return read


with tempfile.TemporaryDirectory() as folder:
    version = installed(Path(folder))
    tell(reader_in(folder), versions={"zarrita": version})
