"""Deflate, which HDF5 and N5 call gzip, by the fastest library for a level.

All write the same format: that of HDF5's filter has the frame of zlib (RFC 1950), that of N5 the
frame of gzip (RFC 1952), and every program that knows the one or the other reads it.

Level 1 is left to ISA-L, by the package ``isal``: it takes a sixth of the time that libdeflate
takes for level 4, for at most 4 % more bytes of noise, and none of tissue. Level 1 of libdeflate
takes four times as long as ISA-L; that is what is written where ``isal`` is not installed. Masks
and labels, which consist of repetitions, take 26 to 38 % more bytes than at level 4.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import imagecodecs
import numpy as np
import numpy.typing as npt

Frame = Literal["zlib", "gzip"]

GZIP_LEVEL = 1
"""Level unless another is given, or none."""

# How far back ISA-L may look for a repetition, as powers of two: 512 bytes, or the 32 KiB that
# deflate allows. In noise a far one costs more bits to point at than it saves, up to a tenth of
# all; images without noise consist of far ones, and take up to seven times as many bytes with the
# short look. A part of each chunk tells.
_WINDOW_BITS = (9, 15)
_PART = 32

# What ISA-L may take for its tables, as a step from 1 to 5: the most, 0.5 MiB, saves a seventh of
# the time, for at most 0.2 % more bytes.
_TABLES = 5

ENCODER_BYTES = 2**20
"""Bytes that an encoder takes in each thread, beside the chunk and what it becomes."""

_HAS_ISAL = find_spec("isal") is not None


def check_gzip_level(level: int | None) -> None:
    """Raise ValueError, and say what to give, if it is no level from 0 to 9, and not None."""
    if level is not None and (type(level) is bool or level not in range(10)):
        raise ValueError(f"gzip_level is {level!r}: give 0 to 9, or None not to compress.")


def deflate(
    voxels: npt.NDArray[np.uint8], level: int, *, frame: Frame = "zlib"
) -> bytes | bytearray:
    """Compress the bytes of a chunk, outside of Python's lock.

    Parameters
    ----------
    voxels
        In one piece, of any shape.
    level
        From 0 to 9.
    frame
        What stands before and after the compressed bytes; that of gzip bears no date here.
    """
    if level == 1 and _HAS_ISAL:
        part = voxels.reshape(-1)[: voxels.size // _PART]
        bits = min(_WINDOW_BITS, key=lambda bits: len(_by_isal(part, bits, frame)))
        return _by_isal(voxels, bits, frame)
    encode = imagecodecs.deflate_encode if frame == "zlib" else imagecodecs.gzip_encode
    return encode(voxels.tobytes(), level)


def _by_isal(voxels: npt.NDArray[np.uint8], window_bits: int, frame: Frame) -> bytes:
    from isal import igzip_lib

    flag = igzip_lib.COMP_ZLIB if frame == "zlib" else igzip_lib.COMP_GZIP
    return igzip_lib.compress(voxels, 1, flag=flag, mem_level=_TABLES, hist_bits=window_bits)
