"""The least memory with which a build says it can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest


def least_memory(build: Callable[..., Any], *arguments: Any, **options: Any) -> int:
    """Return the least `memory_limit` that a call allows, as it says when it gets a single byte."""
    with pytest.raises(ValueError, match="memory_limit is 1, which is 1 byte") as caught:
        build(*arguments, memory_limit=1, **options)
    (least,) = re.findall(r"give at least (\d+)", str(caught.value))
    return int(least)
