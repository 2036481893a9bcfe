"""Tables of results, made of the values themselves and shown by a notebook's cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[+\u2212-]?\d")


@dataclass(frozen=True)
class Table:
    """A table, shown as the last value of a cell.

    In JupyterLab it is a table; in the book readers can also sort it by its columns, if the cell
    has the tag ``sortable``. It is written in Markdown, which both show.

    Parameters
    ----------
    rows
        Each maps the headers of all columns, the same for all rows, to values. A text stands as it
        is, an integer with commas between thousands, any other number with three significant
        digits, a truth value as yes or no, and ``None``, for what is unknown, as a dash. Units
        belong in the header, or into the text.

    Raises
    ------
    ValueError
        If there is no row, or the rows have different columns.
    TypeError
        If a value is none of these.

    Examples
    --------
    >>> Table([{"format": "N5", "files": 1325, "open (s)": 0.01234, "levels": None}])
    | format | files | open (s) | levels |
    | :-- | --: | --: | :-- |
    | N5 | 1,325 | 0.0123 | — |
    """

    rows: Sequence[Mapping[str, object]]

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("Got no rows: a table needs one at least, for its headers.")
        headers = list(self.rows[0])
        for number, row in enumerate(self.rows):
            if list(row) != headers:
                raise ValueError(
                    f"Row {number} has the columns {list(row)}, row 0 has {headers}: give all "
                    "rows the same columns, in one order, with None where nothing is known."
                )

    def __repr__(self) -> str:
        """Return the table as Markdown, one line for each row."""
        columns = {header: [_text(row[header]) for row in self.rows] for header in self.rows[0]}
        sides = ["--:" if _is_numbers(texts) else ":--" for texts in columns.values()]
        lines = [map(_escaped, columns), sides, *zip(*columns.values(), strict=True)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _repr_markdown_(self) -> str:
        return repr(self)


def _text(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}"
    raise TypeError(
        f"Got {value!r} of type {type(value).__name__}: a table takes texts, numbers of Python, "
        "truth values and None; convert it first, for example with int() or float()."
    )


def _escaped(text: str) -> str:
    """Keep a text in its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def _is_numbers(texts: Sequence[str]) -> bool:
    """Tell whether all that is known begins with a number, so that the column stands right."""
    known = [text for text in texts if text != "—"]
    return bool(known) and all(map(_NUMBER.match, known))
