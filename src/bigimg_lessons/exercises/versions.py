"""The versions of an exercise's code that its question shows, as functions."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent
from typing import Any

from bigimg_lessons.questions.kinds import ChoiceQuestion
from bigimg_lessons.questions.parts import Option


def given_version(question: ChoiceQuestion) -> Callable[..., Any]:
    """Return the function that is to be mended."""
    return _defined(question.exhibit)


def version_of(question: ChoiceQuestion, option: Option) -> Callable[..., Any]:
    """Return the function with the body that an option shows."""
    return with_body(question, option.text.strip("`"))


def with_body(question: ChoiceQuestion, body: str) -> Callable[..., Any]:
    """Return the function that is to be mended, with another body."""
    head = question.exhibit.splitlines()[0]
    return _defined(f"{head}\n{indent(body, '    ')}")


def _defined(code: str) -> Callable[..., Any]:
    """Run a definition with the names that the lessons import; return what it defines."""
    from itertools import product

    import dask.array as da
    import numpy as np
    import zarr

    from bigimg_lessons.pyramids.downsampling import downsample_mode

    names: dict[str, Any] = {
        "np": np,
        "da": da,
        "zarr": zarr,
        "product": product,
        "downsample_mode": downsample_mode,
    }
    known = set(names)
    exec(compile(code, "<version of an exercise>", "exec"), names)  # noqa: S102 (the banks' code)
    (name,) = set(names) - known - {"__builtins__"}
    function: Callable[..., Any] = names[name]
    return function
