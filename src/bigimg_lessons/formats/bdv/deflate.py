"""Deflate, the compression of HDF5's gzip filter, by the fastest library for a level.

All write the same format (RFC 1950), which every HDF5 reads. Level 1 is left to ISA-L, by the
package ``isal``: it takes a sixth of the time that libdeflate takes for level 4, for at most 4 %
more bytes of noise, and none of tissue. Level 1 of libdeflate takes four times as long as ISA-L;
that is what is written where ``isal`` is not installed. Masks and labels, which consist of
repetitions, take a quarter to a third more bytes than at level 4.
"""

from __future__ import annotations

from importlib.util import find_spec

import imagecodecs
import numpy as np
import numpy.typing as npt

GZIP_LEVEL = 1
"""Level unless another is given, or none."""

# How far back ISA-L may look for a repetition, as powers of two: 512 bytes, or the 32 KiB that
# deflate allows. In noise a far one costs more bits to point at than it saves, up to a tenth of
# all; images without noise consist of far ones, and take up to seven times as many bytes with the
# short look. A part of each chunk tells.
_WINDOW_BITS = (9, 15)
_PART = 16

_HAS_ISAL = find_spec("isal") is not None


def deflate(voxels: npt.NDArray[np.uint8], level: int) -> bytes | bytearray:
    """Compress the bytes of a chunk, outside of Python's lock.

    Parameters
    ----------
    voxels
        In one piece, of any shape.
    level
        From 0 to 9.
    """
    if level == 1 and _HAS_ISAL:
        part = voxels.reshape(-1)[: voxels.size // _PART]
        return _by_isal(voxels, min(_WINDOW_BITS, key=lambda bits: len(_by_isal(part, bits))))
    return imagecodecs.deflate_encode(voxels.tobytes(), level)


def _by_isal(voxels: npt.NDArray[np.uint8], window_bits: int) -> bytes:
    from isal import igzip_lib

    return igzip_lib.compress(voxels, 1, flag=igzip_lib.COMP_ZLIB, hist_bits=window_bits)
