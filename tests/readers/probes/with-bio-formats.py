"""Bio-Formats: what ``tests/java/Describe.java`` prints. Each series is an image to it."""

import json
import subprocess
import sys

from tests.fetch_bioformats import JAR

path, _ = sys.argv[1:]
told = {"versions": {"Bio-Formats": JAR.stem.partition("-")[2]}}
done = subprocess.run(
    ["java", "-cp", JAR, "tests/java/Describe.java", path],
    capture_output=True,
    encoding="utf-8",
    check=False,
)
if done.returncode:
    told["error"] = next(
        (line for line in done.stderr.splitlines() if "Exception" in line), done.stderr[-300:]
    )
else:
    first = json.loads(done.stdout.splitlines()[-1])[0]["series"][0]
    levels = [
        {"shape": level["shape"], "voxel_size": None, "translation": None}
        for level in first["resolutions"]
    ]
    sizes = first["voxel_size"]
    if None not in sizes:
        levels[0]["voxel_size"] = [size for size, _ in sizes]
        told["unit"] = sizes[-1][1]
    told |= {
        "levels": levels,
        "channels": first.get("channels"),
        "voxels": first["resolutions"][0]["sha256"],
    }
print(json.dumps(told))
