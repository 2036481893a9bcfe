"""The console of the commands, and how they write numbers, shapes and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def console() -> Console:
    """Return the console on standard output, as wide as the terminal is."""
    return Console(highlight=False, soft_wrap=False, emoji=False, markup=False)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: int = 10**6) -> Table:
    """Return a table without lines around it.

    Parameters
    ----------
    headers
        One for each column.
    rows
        Texts of the cells.
    right
        Number of the first column whose cells stand right.
    """
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for number, header in enumerate(headers):
        found.add_column(
            header,
            justify="right" if number >= right else "left",
            overflow="fold",
            no_wrap=number == 0,
        )
    for row in rows:
        found.add_row(*(Text(cell) for cell in row))
    return found


def times(numbers: Iterable[object]) -> str:
    """Write extents: ``64 × 512 × 512``."""
    return " × ".join(str(number) for number in numbers)


def lengths(numbers: Sequence[float | None] | None) -> str:
    """Write lengths with a dash for what is not known."""
    if numbers is None or all(number is None for number in numbers):
        return "—"
    return " × ".join("—" if number is None else f"{number:.6g}" for number in numbers)


def seconds(value: float) -> str:
    """Write a time with two significant digits, whole from 10 of a unit on."""
    for size, unit in ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
        if value >= size or unit == "ms":
            number = value / size
            return f"{number:.0f} {unit}" if number >= 9.95 else f"{number:.2g} {unit}"
    raise AssertionError("milliseconds are the last unit")
