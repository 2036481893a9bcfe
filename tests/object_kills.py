"""Builds into an object store that are killed, and gone on with; by hand at 20 moments.

Run it as ``uv run python -m tests.object_kills``; it takes some minutes. Each time an image is
begun anew, killed when so many of its requests were answered, and gone on with. It ends with
status 1 if anything opened too early, came out wrong, or was sent again for no reason.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bigimg_lessons.measure.object_server import ObjectServer
from bigimg_lessons.saving.object_journal import FOLDER
from tests.bdv_files import pixels
from tests.object_server import Bucket, keys

MOMENTS = 20
_PATIENCE = 120.0  # seconds

# Notes are made more often than once a second, and blocks are small, so that there is much to lose.
_PROGRAM = """
import sys
import numpy as np
from bigimg_lessons.build import build_pyramid
from bigimg_lessons.pyramids import writing
from bigimg_lessons.saving import object_journal
object_journal._FLUSH_AFTER, writing._MIN_BLOCK_BYTES = 0.1, 2**14
shards = {"shard_shape": (16, 32, 32)} if sys.argv[4:] else {}
build_pyramid(
    np.load(sys.argv[1]), sys.argv[2], progress=False, memory_limit=8 * 2**20, resume=True,
    chunk_shape=(8, 16, 16), voxel_size=(2, 1, 1), unit="µm", **shards,
    storage_options={"endpoint": sys.argv[3], "region": "us-east-1", "allow_http": True},
)
"""


def image() -> npt.NDArray[np.uint16]:
    """Return an image with chunks of zeros."""
    voxels: npt.NDArray[np.uint16] = pixels((32, 128, 128), "uint16")
    voxels[:8, :64] = 0
    return voxels


def run(
    server: ObjectServer,
    file: Path,
    url: str,
    *,
    kill_after: int | None = None,
    shards: bool = False,
) -> list[str]:
    """Begin an image or go on with it, in a process that may be killed.

    Parameters
    ----------
    server
        Which runs, with its key in the environment.
    file
        The image, as NumPy saves it.
    url
        Where it goes.
    kill_after
        After how many objects of chunks and shards, and of those at least one that is noted, it is
        killed; None for never.
    shards
        Whether it has any.

    Returns
    -------
    list of str
        The paths of the chunks and shards that were sent.
    """
    server.take()
    sent: list[str] = []
    is_noted = False
    command = [sys.executable, "-c", _PROGRAM, str(file), url, server.url, *["shards"] * shards]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        end = time.monotonic() + _PATIENCE
        while child.poll() is None and time.monotonic() < end:
            for request in server.take():
                if request.method == "PUT" and request.status == 200:
                    sent += [request.path] if "/c/" in request.path else []
                    is_noted |= f"{FOLDER}0" in request.path
            if kill_after is not None and len(sent) >= kill_after and is_noted:
                child.kill()
            time.sleep(0.005)
        _, told = child.communicate(timeout=_PATIENCE)
    if kill_after is None and child.returncode:
        raise RuntimeError(told.decode())
    late = [r.path for r in server.take() if r.method == "PUT" and r.status == 200]
    return sent + [path for path in late if "/c/" in path]


def _judged(server: ObjectServer, file: Path, number: int, *, fresh: int, shards: bool) -> str:
    """Kill a build at one of the moments, go on with it, and say what was wrong; or nothing."""
    bucket, prefix = Bucket(server), f"kill/{shards}/{number}/image.ome.zarr"
    url, after = f"s3://lesson/{prefix}", fresh * number // (MOMENTS + 1)
    first = run(server, file, url, kill_after=after, shards=shards)
    if bucket.is_image(prefix):
        return "" if len(first) == fresh else "it opens, and is not complete"
    second = run(server, file, url, shards=shards)
    voxels = bucket.group(prefix)["0"][...]  # type: ignore[index]
    twice = len(set(first) & set(second))
    told = (
        f"killed after {len(first):4}, then sent {len(second):4} of {fresh}, {twice} of them again"
    )
    print(told)  # noqa: T201
    if not np.array_equal(np.asarray(voxels), np.load(file)):
        return "other voxels"
    if first and not len(second) < fresh:
        return "nothing was spared"
    return ""


def main() -> int:
    """Kill at all moments, without shards and with them."""
    wrong = []
    with tempfile.TemporaryDirectory() as home, ObjectServer() as server, keys(server):
        file = Path(home, "image.npy")
        np.save(file, image())
        for shards in (False, True):
            url = f"s3://lesson/fresh/{shards}/image.ome.zarr"
            fresh = len(run(server, file, url, shards=shards))
            for number in range(1, MOMENTS + 1):
                told = _judged(server, file, number, fresh=fresh, shards=shards)
                wrong += [f"moment {number}, shards {shards}: {told}"] if told else []
    print("\n".join(wrong) or "all right")  # noqa: T201
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
