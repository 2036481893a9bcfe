"""A learner's function, watched: what it returned, and whether an error was its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, ValuesView
from typing import Any

import numpy as np

from bigimg_lessons.exercises.patience import patience


class WatchedFunction:
    """A function of which is noted what it returned.

    What can be gone through only once, such as a generator, is made a list.

    Parameters
    ----------
    function
        The learner's function.

    Attributes
    ----------
    results
        What it returned, each time that it was called.
    error
        What stopped it, if anything did.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.results: list[Any] = []
        self.error: BaseException | None = None

    def __call__(self, *given: Any) -> Any:
        """Call the function, for as long as there is `patience`, and note what it returns."""
        try:
            with patience(self._function):
                result = self._function(*given)
                if isinstance(result, Iterator | ValuesView):
                    result = list(result)
        except BaseException as error:
            self.error = error
            raise
        self.results.append(result)
        return result


def is_lazy(result: object) -> bool:
    """Tell whether a result, or a part of it, is a plan of dask and no number yet."""
    parts = result if isinstance(result, list | tuple) else [result]
    return any(hasattr(part, "compute") for part in parts)


def described(result: object) -> str:
    """Say what a function returned.

    Examples
    --------
    >>> described([1, 2, 3]), described(np.zeros((2, 3), "uint8")), described("a")
    ('a list of 3', 'an array of 2 × 3 uint8', 'a value of the type str')
    """
    if result is None:
        return "nothing"
    if is_lazy(result):
        return "a plan of dask, which `.compute()` turns into numbers"
    if isinstance(result, np.ndarray) and result.ndim:
        return f"an array of {' × '.join(map(str, result.shape))} {result.dtype}"
    if isinstance(result, list | tuple):
        return f"a {type(result).__name__} of {len(result)}"
    if isinstance(result, int | float | np.number | np.ndarray):
        return "one number"
    return f"a value of the type {type(result).__name__}"


def alike(results: list[Any], others: list[Any]) -> bool:
    """Tell whether two functions returned the same; what cannot be compared is taken for it."""
    return len(results) == len(others) and all(map(_same, results, others))


def _same(one: Any, other: Any) -> bool:
    if is_lazy(one) or is_lazy(other):
        return is_lazy(one) and is_lazy(other)
    try:
        return np.shape(one) == np.shape(other) and bool(np.allclose(one, other))
    except (TypeError, ValueError):  # no numbers, or lists of different lengths
        return True
