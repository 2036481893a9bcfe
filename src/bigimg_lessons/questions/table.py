"""A table of a TOML file, read key by key; a message names file, question and field."""

from __future__ import annotations

from collections.abc import Sized
from typing import NoReturn

from bigimg_lessons.questions.parts import held_together


class QuestionBankError(ValueError):
    """A question bank breaks the rules; the message names file, question and field."""


class Table:
    """A table of a TOML file, read key by key.

    Parameters
    ----------
    values
        The table as the TOML parser returns it.
    where
        File, question and key, for messages.
    """

    def __init__(self, values: dict[str, object], where: str) -> None:
        self.values = values
        self.where = where
        self.known: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise QuestionBankError for the value of a key."""
        raise QuestionBankError(f"{self.where}, {key}: {problem}.")

    def text(self, key: str, *, default: str | None = None, as_it_is: bool = False) -> str:
        """Return a text that is not empty; without a default there must be one.

        The groups of a number, as in "16 384", are held together, unless it is wanted as it is.
        """
        value = self._get(key)
        if value is None and default is not None:
            return held_together(default)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"expected some text, got {_shown(value)}")
        return value if as_it_is else held_together(value)

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """Return a list of one or more texts; if it is optional and missing, none."""
        value = self._get(key)
        if value is None and optional:
            return ()
        if not isinstance(value, list) or not value:
            self.fail(key, f"expected a list of one or more texts, got {_shown(value)}")
        for text in value:
            if not isinstance(text, str) or not text.strip():
                self.fail(key, f"expected only texts in the list, got {_shown(text)}")
        return tuple(map(held_together, value))

    def choice(self, key: str, among: tuple[str, ...]) -> str:
        """Return a text that is one of `among`."""
        value = self.text(key)
        if value not in among:
            self.fail(key, f"{value!r} is unknown; expected one of: {', '.join(among)}")
        return value

    def number(self, key: str, *, default: float | None = None) -> float:
        """Return a finite number, 0 or more; without a default there must be one."""
        value = self._get(key)
        if value is None and default is not None:
            return default
        number = _as_number(value)
        if number is None:
            self.fail(key, f"expected a number, 0 or more, got {_shown(value)}")
        return number

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of one or more finite numbers, each 0 or more."""
        value = self._get(key)
        entries = value if isinstance(value, list) else []
        numbers = tuple(number for entry in entries if (number := _as_number(entry)) is not None)
        if not numbers or len(numbers) < len(entries):
            self.fail(key, f"expected a list of numbers, 0 or more, got {_shown(value)}")
        return numbers

    def flag(self, key: str, *, optional: bool = True) -> bool:
        """Return true or false; if it is optional and missing, false."""
        value = self._get(key)
        if not isinstance(value, bool) and not (value is None and optional):
            self.fail(key, f"expected true or false, got {_shown(value)}")
        return bool(value)

    def table(self, key: str) -> Table:
        """Return a table within this one."""
        value = self._get(key)
        if not isinstance(value, dict):
            self.fail(key, f"expected a table {{ ... }}, got {_shown(value)}")
        return Table(value, f"{self.where}, {key}")

    def tables(self, key: str, *, optional: bool = False) -> list[Table]:
        """Return one or more tables within this one; if they are optional and missing, none."""
        value = self._get(key)
        if value is None and optional:
            return []
        entries = value if isinstance(value, list) else []
        if not entries or not all(isinstance(entry, dict) for entry in entries):
            self.fail(key, f"expected one or more tables [[...{key}]], got {_shown(value)}")
        return [
            Table(entry, f"{self.where}, {key}[{number}]")
            for number, entry in enumerate(entries, start=1)
        ]

    def want_length(self, key: str, entries: Sized, *, maximum: int, minimum: int = 3) -> None:
        """Refuse a list that is shorter or longer than allowed."""
        if not minimum <= len(entries) <= maximum:
            self.fail(key, f"expected {minimum} to {maximum} of them, got {len(entries)}")

    def refuse_others(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in sorted(self.values.keys() - self.known):
            self.fail(key, f"unknown key; expected only: {', '.join(sorted(self.known))}")

    def _get(self, key: str) -> object:
        self.known.add(key)
        return self.values.get(key)


def _as_number(value: object) -> float | None:
    """Read a number from 0 on; true, false and what is not finite are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        return None
    return float(value)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
