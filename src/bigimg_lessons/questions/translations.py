"""Terms of the field in German and French, which are read where the English term is.

``translations.toml`` has an entry for each English term of the banks, in the singular::

    "plane" = { german = ["Ebene", "Ebenen"], french = ["plan"] }

Accents, capital letters, hyphens, articles and a plural in s make no difference where answers are
graded, so they are not listed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from pathlib import Path

_FILE = Path(__file__).with_name("translations.toml")
_ARTICLE = re.compile(r"^(an?|the) ", re.IGNORECASE)
_UMLAUTS = str.maketrans(
    {letter: f"{vowel}e" for letter, vowel in zip("äöüÄÖÜ", "aouAOU", strict=True)}
)


@cache
def translations() -> dict[str, tuple[str, ...]]:
    """Return each English term with its German and French ones.

    A German term with an umlaut or ß stands there also as it is typed where keys for them are
    missing: "Größe", "Grösse", "Groesse".
    """
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        term: (*chain.from_iterable(map(_typed, entry["german"])), *entry["french"])
        for term, entry in entries.items()
    }


def translated(terms: Iterable[str]) -> list[str]:
    """Translate those of some English terms that are in the table.

    Parameters
    ----------
    terms
        English terms, in the singular or in the plural, with or without an article.

    Returns
    -------
    list of str
        German and French terms, each once, in the order of the table.
    """
    given = {folded(_ARTICLE.sub("", term)) for term in terms}
    found = {
        word.lower(): word
        for term, words in translations().items()
        if not given.isdisjoint((folded(term), folded(_plural(term))))
        for word in words
    }
    return list(found.values())


def in_english(terms: Sequence[str]) -> Sequence[str]:
    """Leave out the German and French terms that were added behind English ones.

    Parameters
    ----------
    terms
        English terms, and behind them translations of these. If the last English ones are words
        of these languages too, they are left out as well, but for the first.
    """
    added = set(translated(terms))
    count = len(terms)
    while count > 1 and terms[count - 1] in added:
        count -= 1
    return terms[:count]


def folded(text: str) -> str:
    """Return what counts in a text for comparing it with another one: letters and digits."""
    return "".join(filter(str.isalnum, text.replace("%", " percent").casefold()))


def _plural(term: str) -> str:
    if term.endswith(("s", "x", "z", "ch", "sh")):
        return f"{term}es"
    return f"{term[:-1]}ies" if term.endswith("y") and term[-2] not in "aeiou" else f"{term}s"


def _typed(word: str) -> list[str]:
    plain = word.replace("ß", "ss")
    return [word, plain, plain.translate(_UMLAUTS)]
