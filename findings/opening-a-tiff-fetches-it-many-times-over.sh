#!/usr/bin/env bash
# A tiled OME-TIFF of 64 planes with two smaller levels, in SubIFDs, lies on a web server on this
# computer that answers ranges. tifffile opens it through fsspec, once with the cache that fsspec has
# unless told otherwise, once with none, and asks how many levels there are. No pixel is read.
#
# One would guess: the directories take some kB. With a cache that reads 5 MiB ahead, the whole file at
#   most is fetched, 21 MiB; without a cache less than 1 MiB, in more requests.
# What happens: without a cache it is as guessed. With the cache opening fetches 28 times the file. It
#   keeps one stretch of bytes, and forgets it when bytes elsewhere are asked for; and tifffile goes
#   to and fro, as directories, the values they point to and those of smaller levels lie apart, so the
#   same bytes come again and again.
# Why it matters: a cache that is there to save requests makes a remote image cost more than a
#   download, before anybody has seen a pixel.
#
# Seen with fsspec 2026.9.0, tifffile 2026.3.3, aiohttp 3.14.5, numpy 2.4.6.
# Needs Python 3.11 or newer (PYTHON=/path/to/python chooses one).
set -euo pipefail

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || {
  echo "This needs Python 3.11 or newer: set PYTHON to one, e.g. PYTHON=python3.11." >&2
  exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  fsspec==2026.9.0 tifffile==2026.3.3 aiohttp==3.14.5 numpy==2.4.6
cd "$folder"
NO_PROXY=127.0.0.1 "$folder/venv/bin/python" - <<'PY'
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import fsspec
import numpy as np
import tifffile

image = np.random.default_rng(0).integers(0, 256, (64, 512, 512), dtype=np.uint8)
with tifffile.TiffWriter("image.ome.tif", ome=True) as tiff:
    tiff.write(image, subifds=2, tile=(128, 128), metadata={"axes": "ZYX"})
    for step in (2, 4):
        tiff.write(image[:, ::step, ::step], subfiletype=1, tile=(128, 128))
stored = Path("image.ome.tif").read_bytes()
answers = []


class Ranges(BaseHTTPRequestHandler):
    """Answers with the file, or the range of it that is asked for."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(stored)))
        self.end_headers()

    def do_GET(self):
        first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups()
        part = stored[int(first) : int(last) + 1]
        answers.append(len(part))
        self.send_response(206)
        self.send_header(
            "Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(stored)}"
        )
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
Thread(target=server.serve_forever, daemon=True).start()
fetched = {}
for name, options in (("no cache", {"cache_type": "none"}), ("as it is", {})):
    answers.clear()
    files = fsspec.filesystem("http", skip_instance_cache=True)
    url = f"http://127.0.0.1:{server.server_port}/image.ome.tif"
    with files.open(url, **options) as file, tifffile.TiffFile(file) as tiff:
        levels = len(tiff.series[0].levels)
        cache = type(file.cache).__name__
    fetched[name] = sum(answers)
    print(f"{name} ({cache}): {levels} levels, {len(answers):,} requests, {sum(answers):,} bytes")
server.shutdown()
print(f"the file has {len(stored):,} bytes: {fetched['as it is'] / len(stored):.1f} times")
assert fetched["no cache"] < 2**20, "The behaviour has changed: more bytes without a cache."
assert fetched["as it is"] > 5 * len(stored), "The behaviour has changed: fewer bytes."
PY
