"""Values of a JSON document that may be damaged: each of the type that is wanted, or None."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from bigimg_lessons.inspection.errors import InspectionError


def parsed(content: bytes, name: str) -> Mapping[str, Any]:
    """Parse a document that must be an object.

    Parameters
    ----------
    content
        The whole file.
    name
        Its name, for the message.

    Raises
    ------
    InspectionError
        If it is no JSON, or no object.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InspectionError(f"{name} is no JSON ({error}): the file is damaged.") from None
    if not isinstance(value, dict):
        raise InspectionError(f"{name} should hold an object of JSON, and does not.")
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[Any]:
    """Return a list, an empty one in place of anything else."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def extents(value: object) -> tuple[int, ...] | None:
    """Return whole numbers of 1 or more, such as a shape; None if not all are."""
    found = items(value)
    if not found or len(found) > 32:
        return None
    if not all(type(n) is int and 0 < n < 2**53 for n in found):
        return None
    return tuple(found)
