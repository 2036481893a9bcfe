#!/usr/bin/env bash
# One XY plane of an uncompressed sharded array, asked for in three ways over HTTP, with
# zarr-python's own codec pipeline and with that of zarrs. A server of its own process counts.
#
# One would guess: the chosen pipeline does the reading, however the plane is asked for, so that
#   array[128] and array[128:129] cost the same.
# What happens: zarrs takes plain slices. A whole number along a leading axis, a list and a step go
#   back to zarr-python's pipeline without a word: 8 requests and 7.2 MB, as if zarrs were not
#   there. The same plane as a slice is read by zarrs: of each chunk only the bytes from the first
#   to the last that is wanted, 0.07 MB, a hundredth, but in 136 requests (a HEAD before every
#   GET).
# Why it matters: a benchmark, or a program in which one spelling was changed, compares two readers
#   without knowing. For zarrs write slices and drop the axis afterwards; with
#   zarr.config.set({"codec_pipeline.strict": True}) before opening, the silence becomes an error.
#
# Seen with zarrs 0.2.3, zarr 3.4.2, fsspec 2026.9.0, aiohttp 3.14.5, numpy 2.5.5.
# Needs Python 3.12 or newer (PYTHON=/path/to/python3.13 chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
  echo "This needs Python 3.12 or newer: set PYTHON to one, e.g. PYTHON=python3.13." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  zarrs==0.2.3 zarr==3.4.2 numcodecs==0.17.1 fsspec==2026.9.0 aiohttp==3.14.5 numpy==2.5.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import subprocess
import sys
from pathlib import Path

import numpy as np
import zarr
import zarrs  # noqa: F401 - registers its pipeline

# Serves files and parts of them; writes one line for each request: its method, the bytes sent.
SERVER = """
import http.server
from pathlib import Path


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        data = path.read_bytes() if path.is_file() else None
        if data is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = len(data)
        asked = self.headers.get("Range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            start = int(first) if first else size - int(last)
            data = data[start : int(last) + 1 if first and last else size]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        data = data if self.command == "GET" else b""
        with open("requests.log", "a") as log:
            log.write(f"{self.command} {len(data)}\\n")
        self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
image = np.random.default_rng(0).integers(1, 256, (256,) * 3, dtype=np.uint8)
zarr.create_array("image", data=image, chunks=(32,) * 3, shards=(128,) * 3, compressors=None)
ways = {
    "array[128]": lambda array: array[128],
    "array[128:129]": lambda array: array[128:129][0],
    "array.oindex[[128, 200]]": lambda array: array.oindex[[128, 200]][0],
}
pipelines = {
    "zarr-python": "zarr.core.codec_pipeline.BatchedCodecPipeline",
    "zarrs": "zarrs.ZarrsCodecPipeline",
}


def count(array: zarr.Array, read) -> tuple[int, int, int]:
    """HEAD requests, GET requests and bytes sent for one way to read the plane."""
    Path("requests.log").write_text("")
    assert np.array_equal(read(array), image[128])
    lines = [line.split() for line in Path("requests.log").read_text().splitlines()]
    methods = [method for method, _ in lines]
    return methods.count("HEAD"), methods.count("GET"), sum(int(sent) for _, sent in lines)


seen = {}
with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/image"
        for reader, pipeline in pipelines.items():
            with zarr.config.set({"codec_pipeline.path": pipeline}):
                array = zarr.open_array(url, mode="r")
                for way, read in ways.items():
                    seen[reader, way] = count(array, read)
    finally:
        server.terminate()
for (reader, way), (heads, gets, size) in seen.items():
    print(f"{reader:>11}, {way}: {heads} HEAD, {gets} GET, {size} bytes")
merged, two_planes = (0, 8, 7_213_072), (0, 8, 8_261_648)
expected = {
    ("zarr-python", "array[128]"): merged,
    ("zarr-python", "array[128:129]"): merged,
    ("zarr-python", "array.oindex[[128, 200]]"): two_planes,
    ("zarrs", "array[128]"): merged,
    ("zarrs", "array[128:129]"): (68, 68, 69_648),
    ("zarrs", "array.oindex[[128, 200]]"): two_planes,
}
assert seen == expected, f"The behaviour has changed: expected {expected}."
PY
