"""Units of length and time, against the specification's own list, pint and OME's schema."""

from fractions import Fraction

import pytest
from ome_types.model import UnitsLength, UnitsTime
from ome_types.units import ureg

from bigimg_lessons import units

# "axes" in ngff.openmicroscopy.org/0.5
LENGTHS = """
    angstrom attometer centimeter decimeter exameter femtometer foot gigameter hectometer inch
    kilometer megameter meter micrometer mile millimeter nanometer parsec petameter picometer
    terameter yard yoctometer yottameter zeptometer zettameter
"""
TIMES = """
    attosecond centisecond day decisecond exasecond femtosecond gigasecond hectosecond hour
    kilosecond megasecond microsecond millisecond minute nanosecond petasecond picosecond second
    terasecond yoctosecond yottasecond zeptosecond zettasecond
"""


def test_the_units_of_the_specification_are_known_and_no_others():
    assert sorted(units.NGFF_LENGTHS) == LENGTHS.split()
    assert sorted(units.NGFF_TIMES) == TIMES.split()


@pytest.mark.parametrize("name", LENGTHS.split())
def test_lengths_are_as_long_as_pint_says(name):
    unit = units.length(name)
    assert unit.name == name
    assert unit.is_ngff
    assert float(unit.size) == pytest.approx(ureg.Quantity(1, name).to("meter").magnitude, 1e-9)
    assert units.length(unit.symbol) == unit


@pytest.mark.parametrize("name", TIMES.split())
def test_times_are_as_long_as_pint_says(name):
    unit = units.duration(name)
    assert unit.name == name
    assert float(unit.size) == pytest.approx(ureg.Quantity(1, name).to("second").magnitude, 1e-12)
    assert units.duration(unit.symbol) == unit


@pytest.mark.parametrize("unit", UnitsLength, ids=lambda unit: unit.name)
def test_every_length_of_ome_xml(unit):
    found = units.length(unit.value)
    if unit.value in ("pixel", "reference frame"):
        assert found is None
    elif unit.value == "li":  # a line, the twelfth of an inch: pint takes it for a link
        assert found.size == Fraction("0.0254") / 12
    else:
        metres = ureg.Quantity(1, unit.value).to("meter").magnitude
        rel = 1e-3 if unit.value == "pt" else 1e-9  # pint's point is a printer's, 1/72.27 inch
        assert float(found.size) == pytest.approx(metres, rel)
        # What bioio makes of it, a unit of pint, is found by its name.
        if unit.value != "pt":
            assert units.length(str(ureg.Unit(unit.value))) == found


@pytest.mark.parametrize("unit", UnitsTime, ids=lambda unit: unit.name)
def test_every_time_of_ome_xml(unit):
    found = units.duration(unit.value)
    seconds = ureg.Quantity(1, unit.value).to("second").magnitude
    assert float(found.size) == pytest.approx(seconds)
    assert units.duration(str(ureg.Unit(unit.value))) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("µm", "micrometer"),  # U+00B5, the micro sign
        ("\u03bcm", "micrometer"),  # the Greek letter
        (r"\u00B5m", "micrometer"),  # ImageJ, in ASCII
        ("um", "micrometer"),
        ("UM", "micrometer"),
        ("micron", "micrometer"),
        ("Microns", "micrometer"),
        ("micrometre", "micrometer"),
        ("Micrometers", "micrometer"),
        (" nm ", "nanometer"),
        ("NM", "nanometer"),
        ("nanometres", "nanometer"),
        ("mm", "millimeter"),
        ("Mm", "megameter"),
        ("pm", "picometer"),
        ("Pm", "petameter"),
        ("m", "meter"),
        ("metres", "meter"),
        ("Å", "angstrom"),
        ("\u212b", "angstrom"),  # the sign
        ("A\u030a", "angstrom"),  # the letter and its ring
        ("Ångström", "angstrom"),
        ("inches", "inch"),
        ("in", "inch"),
        ("feet", "foot"),
        ("Yards", "yard"),
    ],
)
def test_spellings_of_lengths(text, name):
    assert units.length(text).name == name


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "none", "pixel", "px", "reference frame", "furlong", "µ m", "s", "ms", "sec"],
)
def test_what_is_no_length(text):
    assert units.length(text) is None
    assert units.micrometres(text) is None


# Mega or milli, molar or metre, gram or giga
@pytest.mark.parametrize("text", ["M", "MM", "PM", "nM", "uM", "µM", "gm", "A"])
def test_what_is_not_surely_a_length(text):
    assert units.length(text) is None
    assert units.micrometres(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sec", "second"),
        ("Seconds", "second"),
        ("secs", "second"),
        ("ms", "millisecond"),
        ("msec", "millisecond"),
        ("Ms", "megasecond"),
        ("µs", "microsecond"),
        ("usec", "microsecond"),
        ("min", "minute"),
        ("mins", "minute"),
        ("hours", "hour"),
        ("hr", "hour"),
        ("d", "day"),
    ],
)
def test_spellings_of_times(text, name):
    assert units.duration(text).name == name


@pytest.mark.parametrize("text", ["", "m", "mm", "pixel", "S", "MS", "frame"])
def test_what_is_no_time(text):
    assert units.duration(text) is None


@pytest.mark.parametrize(
    ("number", "unit", "to", "expected"),
    [
        (0.04, "µm", "nm", 40.0),
        (8, "nm", "µm", 0.008),
        (0.1, "µm", "nm", 100.0),
        (0.3, "mm", "µm", 300.0),
        (1e-7, "m", "nm", 100.0),
        (1, "inch", "mm", 25.4),
        (3, "Å", "nm", 0.3),
        (1.1, "µm", "µm", 1.1),
    ],
)
def test_conversion_adds_no_error_of_its_own(number, unit, to, expected):
    assert units.length(unit).convert(number, units.length(to)) == expected


def test_pixels_are_no_unit_of_length():
    assert all(map(units.is_pixel, ["pixel", "Pixels", " px ", "voxel"]))
    assert not any(map(units.is_pixel, ["", "µm", "pix"]))
