"""The results that the page *Benchmarks* shows, and what its tables and aims are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.benchmarks.records import RESULTS, Record, load
from tests.benchmarks.summaries import Ratio, Run, ended

SHOWN = (
    "pyramid_building",
    "pyramid_peers",
    "pyramid_own",
    "pyramid_defaults",
    "pyramid_stages",
    "scale",
    "cluster_building",
    "bdv_writing",
    "lesson_waits",
    "cold_start",
    "bdv_reading",
    "plan_model",
    "n5_writing",
    "ome_tiff_writing",
)
TIMES = ("wall", "cpu")


@dataclass(frozen=True)
class Results:
    """The raw results in a folder.

    Parameters
    ----------
    folder
        Folder with JSON files.
    """

    folder: Path = RESULTS
    _kept: dict[str, Record | None] = field(default_factory=dict)

    def get(self, name: str) -> Record | None:
        """Return a result; None if it is not there, or is no record."""
        if name not in self._kept:
            try:
                self._kept[name] = load(self.folder / f"{name}.json")
            except (FileNotFoundError, ValueError):
                self._kept[name] = None
        return self._kept[name]

    def runs(self, *names: str) -> list[Run]:
        """Return the runs of some results, as far as they are there."""
        records = filter(None, map(self.get, names))
        return [run for record in records for run in ended(record["runs"])]

    @property
    def missing(self) -> list[str]:
        """Names of the results that the page shows and that are not there."""
        return [name for name in SHOWN if self.get(name) is None]

    @property
    def trials(self) -> list[str]:
        """Names of those that were made in a trial of the command, with tiny images."""
        return [name for name in SHOWN if (self.get(name) or {}).get("trial")]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a comparison: what it is, and the ratio of each quantity.

    Parameters
    ----------
    name
        What is compared, in words.
    ratios
        How many times as much, by quantity.
    """

    name: str
    ratios: dict[str, Ratio]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A ratio that is aimed at in every case of a comparison.

    Parameters
    ----------
    text
        What is aimed at, in words.
    cases
        The cases, with the ratio of each quantity.
    limit
        The ratio that is aimed at.
    at_least
        Whether ratios must not be lower; else they must not be higher.
    """

    text: str
    cases: Sequence[Case]
    limit: float
    at_least: bool = False

    def met(self, ratio: Ratio) -> bool:
        """Tell whether a ratio is as aimed at, by its median as shown."""
        shown = round(ratio.median, 2)
        return shown >= self.limit if self.at_least else shown <= self.limit

    @cached_property
    def rows(self) -> list[list[str]]:
        """One row for each quantity: how many cases are as aimed at, and which is the furthest."""
        rows = []
        for quantity in dict.fromkeys(key for case in self.cases for key in case.ratios):
            cases = [case for case in self.cases if quantity in case.ratios]
            pairs = [(case.ratios[quantity], case.name) for case in cases]
            furthest, name = sorted(pairs, key=lambda pair: pair[0].median)[-1 + self.at_least]
            count = sum(self.met(ratio) for ratio, _ in pairs)
            reached = "yes" if count == len(pairs) else "**no**"
            quantities = {"wall": "seconds", "cpu": "CPU seconds"}
            rows.append(
                [
                    self.text.format(quantities.get(quantity, quantity)),
                    f"{reached}: {count} of {len(pairs)}",
                    f"{furthest}: {name}",
                ]
            )
        return rows


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table; all columns but the first are set to the right."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def missing(*names: str) -> str:
    listed = ", ".join(f"`{name}.json`" for name in names)
    return f"*Not measured yet: {listed}.*"
