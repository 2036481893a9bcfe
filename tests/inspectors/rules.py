"""What an inspector told, judged by rules from what it printed.

A rule looks for numbers and words, not for their order, so it is kind to whoever prints much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tests.inspectors.samples import SHAPE, VOXEL_SIZE, Sample

# All letters in one row, as "ZYX"; each with its size, as "SizeZ"; or ImageJ's word for planes.
_NAMED = re.compile(r"[ZXzx][ ,×'\"()]*[Yy][ ,×'\"()]*[XZxz]|Size[XYZ]|\bslices\b")
_QUOTED = tuple(re.compile(rf"['\"]{axis}['\"]") for axis in "zyx")


def has_numbers(said: str, numbers: Sequence[float]) -> bool:
    """Tell whether all numbers stand in a text, whole ones as such, others to four digits."""
    found = [float(each) for each in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?", said)]
    return all(any(abs(each - n) <= 5e-4 * n for each in found) for n in numbers)


def _voxel_size(said: str, sample: Sample) -> bool:
    deep, wide = VOXEL_SIZE[0], VOXEL_SIZE[1]
    # TIFF states pixels for a unit instead.
    return has_numbers(said, [deep]) and (
        has_numbers(said, [wide]) or has_numbers(said, [1 / wide])
    )


RULES: Mapping[str, Callable[[str, Sample], bool | None]] = {
    "shape": lambda said, _: has_numbers(said, SHAPE),
    "axes": lambda said, _: (
        bool(_NAMED.search(said)) or all(letter.search(said) for letter in _QUOTED)
    ),
    "voxel size": _voxel_size,
    "chunks": lambda said, sample: has_numbers(said, sample.chunk),
    "codec": lambda said, sample: (
        any(word in said.lower() for word in sample.codec) if sample.codec else None
    ),
    "levels": lambda said, sample: (
        None if sample.level is None else has_numbers(said, sample.level)
    ),
    "costs": lambda said, _: bool(re.search(r"\brequests\b", said)),
    "remedies": lambda said, sample: (
        bool(re.search(r"→|\bremedy\b|\brechunk|\bconvert\b", said)) if sample.is_ill else None
    ),
}
"""For each fact, whether an output tells it of a file; None where the file does not have it.

- *shape*: the numbers of voxels along all axes stand in it.
- *axes*: letters, or words, that name the axes.
- *voxel size*: 2.75 and 0.37, or 2.703 pixels for a unit, stand in it.
- *chunks*: the numbers of a strip, tile or chunk stand in it.
- *codec*: the compression is named, or its number in TIFF.
- *levels*: the numbers of voxels of level 1 stand in it.
- *costs*: it speaks of requests.
- *remedies*: it says what to do; asked of the TIFF only, which has strips and no levels.
"""


def judged(said: str, sample: Sample) -> dict[str, bool | None]:
    """Judge what was printed about a file.

    Parameters
    ----------
    said
        All that was printed.
    sample
        The file.
    """
    return {fact: rule(said, sample) for fact, rule in RULES.items()}
