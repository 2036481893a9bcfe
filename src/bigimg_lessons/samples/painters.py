"""Painting a sample volume into a file, in several processes.

Threads were no faster where that was tried: NumPy's many calls on small arrays wait for each other.
A painter is an interpreter of its own, started by command and not by ``multiprocessing``, which
would run a user's script once more, or find none to run. It writes the pixels of its pieces where
they belong in the file, and a byte to its standard output after each of them. So whoever waits for
them has next to nothing to do, and may import libraries meanwhile; and a painter ends at the next
piece when nobody reads that output any more.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import islice, pairwise, product, zip_longest
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from bigimg_lessons.samples.volume import SampleVolume

PAINTERS = 4
"""Processes at most: each takes some 65 MiB; libraries are a quarter, and held once for all."""

WORTHWHILE = 32 * 2**20
"""Bytes of pixels from which on painters are started, which takes half a second."""

_DONE = b"."  # what a painter says when a piece is in the file

Piece = tuple[slice, slice, slice]


def pieces(shape: Sequence[int], size: Sequence[int]) -> Iterator[Piece]:
    """Cut a shape into pieces of a size, in the order of the file; both zyx, voxels."""
    starts = (range(0, extent, step) for extent, step in zip(shape, size, strict=True))
    for start in product(*starts):
        z, y, x = (slice(a, min(a + n, end)) for a, n, end in zip(start, size, shape, strict=True))
        yield z, y, x


def paint(
    volume: SampleVolume, path: Path, offset: int, size: tuple[int, int, int]
) -> Generator[int]:
    """Paint a volume into a file, piece by piece.

    Close the generator to end the painters early.

    Parameters
    ----------
    volume
        What to paint.
    path
        An existing file; its pixels lie in the order zyx, x fastest, as little-endian numbers.
    offset
        At which byte of the file they start.
    size
        Of a piece, zyx, voxels: whole bricks of ``tissue.BRICK``, so that none is painted twice.

    Yields
    ------
    int
        How many bytes of pixels the next piece has, which is in the file now. A painter that
        cannot be started, or that ends before its work is done, is replaced: what it has left
        undone is painted here.

    Notes
    -----
    Each painter takes one run of neighbouring pieces, of all that are as long: it works out each
    cell once, and cells reach through many pieces.
    """
    count = min(os.cpu_count() or 1, PAINTERS) if volume.nbytes >= WORTHWHILE else 1
    total = math.prod(-(-extent // step) for extent, step in zip(volume.shape, size, strict=True))
    bounds = [total * n // count for n in range(count + 1)]
    with path.open("r+b") as file, ExitStack() as stack:
        runs = []
        for first, last in pairwise(bounds):
            order = {"volume": asdict(volume), "path": str(path), "offset": offset, "size": size}
            order |= {"first": first, "last": last}
            output = stack.enter_context(_painter(order)) if count > 1 else None
            run = islice(pieces(volume.shape, size), first, last)
            runs.append(_in_the_file(volume, run, output, file, offset))
        for sizes in zip_longest(*runs):
            yield from filter(None, sizes)


def _in_the_file(
    volume: SampleVolume,
    run: Iterable[Piece],
    output: IO[bytes] | None,
    file: BinaryIO,
    offset: int,
) -> Iterator[int]:
    """Wait for the pieces of a run, or paint them where nobody does; give the bytes of each."""
    itemsize: int = np.dtype(volume.dtype).itemsize
    for piece in run:
        if output is None or output.read(1) != _DONE:
            _paint_piece(volume, piece, file, offset)
        yield itemsize * math.prod(along.stop - along.start for along in piece)


def _paint_piece(volume: SampleVolume, piece: Piece, file: BinaryIO, offset: int) -> None:
    """Paint a piece of a volume to where it belongs in a file, whose pixels start at `offset`."""
    _, rows, columns = volume.shape
    z, y, x = piece
    dtype = np.dtype(volume.dtype).newbyteorder("<")
    block = volume.block(*piece).astype(dtype, copy=False)
    for k, plane in enumerate(block, start=z.start):
        # What lies together in the file: all rows of a piece as wide as the volume.
        runs = plane if block.shape[2] < columns else [plane]
        for j, run in enumerate(runs, start=y.start):
            file.seek(offset + ((k * rows + j) * columns + x.start) * dtype.itemsize)
            file.write(run)
    file.flush()


@contextmanager
def _painter(order: dict[str, object]) -> Iterator[IO[bytes] | None]:
    """Start a painter of what `_obey` is told; give its output, None if it cannot be started."""
    # It finds the package where this process does, however that was told where to look.
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with what is written here
            [sys.executable, "-m", __name__, json.dumps(order)],
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


def _obey(order: str) -> None:
    """Paint the pieces from the `first` up to the `last` of a volume, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who waits
    told = json.loads(order)
    sizes = {name: tuple(told["volume"][name]) for name in ("shape", "voxel_size")}
    volume = SampleVolume(**told["volume"] | sizes)
    with Path(told["path"]).open("r+b") as file:
        for piece in islice(pieces(volume.shape, told["size"]), told["first"], told["last"]):
            _paint_piece(volume, piece, file, told["offset"])
            sys.stdout.buffer.write(_DONE)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    _obey(sys.argv[1])
