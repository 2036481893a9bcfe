"""What the capstone says of a design, and why it refuses one; the texts are in ``remarks.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """When to make a remark on an appraisal, and where to read on.

    Parameters
    ----------
    fact
        Name of a number of the appraisal; the rule holds where the number is above `above`.
    above
        Its limit.
    text
        What to say; ``{names}`` stand for facts, numbers rounded.
    page
        The lesson to read again, below ``notebooks``.
    section
        Its heading there.
    """

    fact: str
    above: float
    text: str
    page: str
    section: str


_TEXTS = tomllib.loads(
    files("bigimg_lessons.costs").joinpath("remarks.toml").read_text(encoding="utf-8")
)

REMARKS = tuple(Rule(**entry) for entry in _TEXTS["remarks"])
"""What to say of an appraisal."""

REFUSALS: Mapping[str, str] = MappingProxyType(_TEXTS["refusals"])
"""Why a design is impossible, by a short name; the page fills in the same sentences."""

MODEL_ERROR: str = _TEXTS["model_error"]
"""What is known of the model's error; to be said wherever its seconds are shown."""


def filled(text: str, values: Mapping[str, float | str]) -> str:
    """Fill in texts as they are, and numbers rounded, as ``costs/design.js`` does.

    Parameters
    ----------
    text
        A sentence with ``{names}``.
    values
        What each name stands for.

    Examples
    --------
    >>> filled("{use} takes {share} %.", {"use": "It", "share": 12.5})
    'It takes 13 %.'
    """
    return text.format_map(
        {
            # Halves go up, as in JavaScript; Python's own rounding takes them to the even number.
            name: value if isinstance(value, str) else f"{math.floor(value + 0.5):,}"
            for name, value in values.items()
        }
    )
