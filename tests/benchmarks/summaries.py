"""Medians of runs, and ratios with their spread: pure arithmetic on raw results."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

GROUP = ("case", "kind", "dtype", "source")  # what engines have in common that are compared

Run = dict[str, Any]


@dataclass(frozen=True)
class Ratio:
    """How many times as much one takes as another: from turn to turn, as they alternate.

    Parameters
    ----------
    median, least, most
        Of the ratios of all turns.
    """

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.most:.2f})"


def ended(runs: Iterable[Run]) -> list[Run]:
    """Leave out the runs that failed."""
    return [run for run in runs if "failed" not in run]


def grouped(
    runs: Iterable[Run], keys: Sequence[str], within: str
) -> dict[tuple[Any, ...], dict[Any, list[Run]]]:
    """Sort runs that ended by what they have in common, and by one more thing within each group."""
    groups: dict[tuple[Any, ...], dict[Any, list[Run]]] = {}
    for run in ended(runs):
        group = groups.setdefault(tuple(run[key] for key in keys), {})
        group.setdefault(run[within], []).append(run)
    return groups


def median(runs: Iterable[Run], key: str) -> float:
    """Return the median of a quantity."""
    return float(statistics.median(run[key] for run in runs))


def ratio(of: Sequence[Run], to: Sequence[Run], key: str) -> Ratio:
    """Compare two that took turns.

    Parameters
    ----------
    of, to
        Runs of the one and of the other; those of the same ``turn`` are compared.
    key
        The quantity.

    Raises
    ------
    ValueError
        If no turn has both.

    Examples
    --------
    >>> ours = [{"turn": 0, "wall": 1.0}, {"turn": 1, "wall": 1.2}, {"turn": 2, "wall": 1.1}]
    >>> theirs = [{"turn": 0, "wall": 2.0}, {"turn": 1, "wall": 2.0}, {"turn": 2, "wall": 2.0}]
    >>> print(ratio(ours, theirs, "wall"))
    0.55 (0.50–0.60)
    """
    others = {run["turn"]: run[key] for run in to}
    ratios = [run[key] / others[run["turn"]] for run in of if run["turn"] in others]
    if not ratios:
        raise ValueError(f"No turn has both, so their {key!r} cannot be compared.")
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
