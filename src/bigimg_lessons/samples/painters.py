"""Painting a sample volume in several processes.

Threads were no faster where that was tried: NumPy's many calls on small arrays wait for each other.
A painter is an interpreter of its own, started by command and not by ``multiprocessing``, which
would run a user's script once more. It touches no file: it writes the pixels of its pieces to its
standard output, and ends when nobody reads them any more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import islice, product
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bigimg_lessons.samples.volume import SampleVolume

PAINTERS = 2
"""Processes at most: each takes some 75 MiB, of which libraries are a third, held once for all."""

WORTHWHILE = 32 * 2**20
"""Bytes of pixels from which on painters are started, which takes half a second."""

Piece = tuple[slice, slice, slice]


def pieces(shape: Sequence[int], size: Sequence[int]) -> Iterator[Piece]:
    """Cut a shape into pieces of a size, in the order of the file; both zyx, voxels."""
    starts = (range(0, extent, step) for extent, step in zip(shape, size, strict=True))
    for start in product(*starts):
        z, y, x = (slice(a, min(a + n, end)) for a, n, end in zip(start, size, shape, strict=True))
        yield z, y, x


def painted(
    volume: SampleVolume, size: tuple[int, int, int]
) -> Generator[tuple[Piece, NDArray[Any]]]:
    """Paint a volume piece by piece, in the order of the file.

    Close the generator to end the painters early.

    Parameters
    ----------
    volume
        What to paint.
    size
        Of a piece, zyx, voxels: whole bricks of ``tissue.BRICK``, so that none is painted twice.

    Yields
    ------
    tuple
        Where a piece lies, and its pixels. A painter that cannot be started, or that ends before
        its work is done, is replaced: its pieces are painted here.
    """
    count = min(os.cpu_count() or 1, PAINTERS) if volume.nbytes >= WORTHWHILE else 1
    with ExitStack() as stack:
        outputs = [
            stack.enter_context(_painter(volume, size, first, count))
            for first in range(count if count > 1 else 0)
        ]
        for number, piece in enumerate(pieces(volume.shape, size)):
            shape = [along.stop - along.start for along in piece]
            block = np.empty(shape, volume.dtype)
            output = outputs[number % count] if outputs else None
            if output is None or output.readinto(block.data.cast("B")) < block.nbytes:  # type: ignore[attr-defined]
                block = volume.block(*piece)
            yield piece, block


@contextmanager
def _painter(
    volume: SampleVolume, size: Sequence[int], first: int, count: int
) -> Iterator[IO[bytes] | None]:
    """Start a painter of every `count`-th piece, from the `first`; give its output."""
    order = json.dumps({"volume": asdict(volume), "size": size, "first": first, "count": count})
    # It finds the package where this process does, however that was told where to look.
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with what is written here
            [sys.executable, "-m", __name__, order],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what fails there is done here, and fails here
            env=os.environ | {"PYTHONPATH": paths},
        )
    except OSError:
        yield None
        return
    with process:
        try:
            yield process.stdout
        finally:
            process.kill()


def _paint(order: str) -> None:
    """Write the pixels of the pieces that are ordered to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who reads
    told = json.loads(order)
    sizes = {name: tuple(told["volume"][name]) for name in ("shape", "voxel_size")}
    volume = SampleVolume(**told["volume"] | sizes)
    for piece in islice(pieces(volume.shape, told["size"]), told["first"], None, told["count"]):
        sys.stdout.buffer.write(volume.block(*piece).data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _paint(sys.argv[1])
