"""Units of length and of time: their names in OME-Zarr, their spellings and their sizes.

The names are those of "axes" in ngff.openmicroscopy.org/0.5, which takes them from UDUNITS-2. The
spellings are those of OME-XML (the enumerations ``UnitsLength`` and ``UnitsTime`` of
www.openmicroscopy.org/Schemas/OME/2016-06), of ImageJ, of pint, which bioio uses, and of people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

_PREFIXES = {
    "yotta": ("Y", 24),
    "zetta": ("Z", 21),
    "exa": ("E", 18),
    "peta": ("P", 15),
    "tera": ("T", 12),
    "giga": ("G", 9),
    "mega": ("M", 6),
    "kilo": ("k", 3),
    "hecto": ("h", 2),
    "deca": ("da", 1),
    "": ("", 0),
    "deci": ("d", -1),
    "centi": ("c", -2),
    "milli": ("m", -3),
    "micro": ("µ", -6),
    "nano": ("n", -9),
    "pico": ("p", -12),
    "femto": ("f", -15),
    "atto": ("a", -18),
    "zepto": ("z", -21),
    "yocto": ("y", -24),
}


@dataclass(frozen=True)
class Unit:
    """A unit of length or time.

    Parameters
    ----------
    name
        Name in OME-Zarr: "micrometer", "second".
    symbol
        Symbol, as it is written beside a number: "µm", "s".
    size
        Number of metres or seconds in it, exactly.
    is_ngff
        Whether OME-Zarr has it. It lacks a few units of OME-XML, such as thou and light year.
    """

    name: str
    symbol: str
    size: Fraction
    is_ngff: bool = True

    def convert(self, number: float, to: Unit) -> float:
        """Convert a number of this unit to another unit, without an error of its own.

        ``0.1`` stands for the tenth that it is written as, not for the binary fraction nearest
        to that: 0.04 µm are 40 nm.

        Parameters
        ----------
        number
            Number of this unit.
        to
            The other unit, which must be of the same kind.
        """
        return float(Fraction(repr(float(number))) * self.size / to.size)


def _with_prefixes(base: str, symbol: str, other: str) -> Iterable[tuple[Unit, tuple[str, ...]]]:
    """Yield the multiples and parts of a base unit, each with its further spellings."""
    for prefix, (letter, power) in _PREFIXES.items():
        unit = Unit(prefix + base, letter + symbol, Fraction(10) ** power, prefix != "deca")
        more = (prefix + other, letter + other)  # micrometre, and msec
        yield unit, ((*more, "u" + symbol, "u" + other) if prefix == "micro" else more)


_INCH = Fraction("0.0254")
_LENGTHS = (
    *_with_prefixes("meter", "m", "metre"),
    (Unit("angstrom", "Å", Fraction(10) ** -10), ("å", "ångström", "ångstrom", "ångstroem")),
    (Unit("inch", "in", _INCH), ("inches",)),
    (Unit("foot", "ft", 12 * _INCH), ("feet",)),
    (Unit("yard", "yd", 36 * _INCH), ()),
    (Unit("mile", "mi", 63360 * _INCH), ()),
    # 648000 / pi astronomical units, to the metre (International Astronomical Union, 2015).
    (Unit("parsec", "pc", Fraction(30856775814913673)), ()),
    (Unit("thou", "thou", _INCH / 1000, is_ngff=False), ()),
    (Unit("line", "li", _INCH / 12, is_ngff=False), ()),
    (Unit("point", "pt", _INCH / 72, is_ngff=False), ()),
    (Unit("astronomical_unit", "ua", Fraction(149597870700), is_ngff=False), ("au",)),
    (Unit("light_year", "ly", Fraction(9460730472580800), is_ngff=False), ("light year",)),
)
_TIMES = (
    *_with_prefixes("second", "s", "sec"),
    (Unit("minute", "min", Fraction(60)), ()),
    (Unit("hour", "h", Fraction(3600)), ("hr",)),
    (Unit("day", "d", Fraction(86400)), ()),
)
_EXTRA_LENGTHS = {"micron": "micrometer", "fermi": "femtometer"}


def _spellings(
    units: Iterable[tuple[Unit, tuple[str, ...]]], extra: Mapping[str, str]
) -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    by_name: dict[str, Unit] = {}
    for unit, others in units:
        by_name[unit.name] = unit
        for spelling in (unit.name, unit.symbol, *others):
            table[_plain(spelling)] = unit
    return table | {_plain(word): by_name[name] for word, name in extra.items()}


def _plain(text: str) -> str:
    r"""Return a spelling without what makes equal letters differ.

    Unicode's form NFKC unites the micro sign with the Greek letter mu, and the sign for angstrom
    with the letter. ImageJ writes the micro sign as ``\u00B5`` where it may only write ASCII.
    """
    return unicodedata.normalize("NFKC", re.sub(r"\\u00[bB]5", "µ", text)).strip()


_BY_LENGTH = _spellings(_LENGTHS, _EXTRA_LENGTHS)
_BY_TIME = _spellings(_TIMES, {})

NGFF_LENGTHS = tuple(unit.name for unit, _ in _LENGTHS if unit.is_ngff)
"""Names of the units of length that OME-Zarr knows."""

NGFF_TIMES = tuple(unit.name for unit, _ in _TIMES if unit.is_ngff)
"""Names of the units of time that OME-Zarr knows."""

METRE, SECOND = _BY_LENGTH["m"], _BY_TIME["s"]
MICROMETRE = _BY_LENGTH["micrometer"]

_PIXELS = {"pixel", "pixels", "px", "voxel", "voxels"}


def length(text: str) -> Unit | None:
    """Find a unit of length.

    Symbols are taken as they are written, as ``mm`` and ``Mm`` differ; all in capitals only where
    one unit alone can be meant (``UM``, not ``MM`` or ``M``). In words case does not matter, and
    neither does the s of a plural.

    Parameters
    ----------
    text
        Its name or symbol: "µm", "um", "micron", "micrometer", "Micrometres", …

    Returns
    -------
    Unit or None
        None if the text is no known unit of length: "pixel", "reference frame", empty.

    Examples
    --------
    >>> length("microns").name, length("Å").symbol, length("Mm").name, length("pixel")
    ('micrometer', 'Å', 'megameter', None)
    """
    return _found(text, _BY_LENGTH)


def duration(text: str) -> Unit | None:
    """Find a unit of time, as :func:`length` does one of length.

    Parameters
    ----------
    text
        Its name or symbol: "s", "sec", "ms", "minutes", …

    Examples
    --------
    >>> duration("sec").name, duration("ms").symbol, duration("pixel")
    ('second', 'ms', None)
    """
    return _found(text, _BY_TIME)


def micrometres(text: str) -> float | None:
    """Return the number of micrometres in a unit of length.

    Parameters
    ----------
    text
        The unit's name or symbol, as for :func:`length`.

    Returns
    -------
    float or None
        None if the text is no unit of length: "pixel", empty, or unknown.
    """
    unit = length(text)
    return None if unit is None else unit.convert(1, MICROMETRE)


def is_pixel(text: str) -> bool:
    """Return whether a text says that there is no unit of length.

    Parameters
    ----------
    text
        Text that stands where a unit belongs: "pixel", "px".
    """
    return text.strip().casefold() in _PIXELS


def _found(text: str, table: Mapping[str, Unit]) -> Unit | None:
    written = _plain(text)
    if written in table:
        return table[written]
    folded = written.casefold()
    if len(folded) > 3:
        return table.get(folded) or table.get(folded.removesuffix("s"))
    # A symbol in capitals; nM is nanomolar, and MM may be two units.
    fits = {unit for spelling, unit in table.items() if spelling.casefold() == folded}
    alone = len(folded) > 1 and written.isupper() and len(fits) == 1
    return table.get(folded) if alone else None
