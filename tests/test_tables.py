"""Tables of the lessons: what a cell shows, and what it refuses."""

import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from markdown_it import MarkdownIt

from bigimg_lessons.tables import Table

ROWS = [
    {"format": "N5 | gzip", "files": 1325, "read": "12.7 MiB", "in parallel": True},
    {"format": "two\nlines", "files": None, "read": "496 bytes", "in parallel": False},
]


def test_a_cell_shows_a_table_with_numbers_on_the_right():
    shown, _ = DisplayFormatter().format(Table(ROWS))
    html = MarkdownIt().enable("table").render(shown["text/markdown"])
    cells = re.findall(r"<(t[hd])(?: style=\"text-align:(\w+)\")?>([^<]*)<", html)
    sides = ["left", "right", "right", "left"]
    assert [side for _, side, _ in cells] == sides * 3
    assert [text for kind, _, text in cells if kind == "th"] == list(ROWS[0])
    assert [text for kind, _, text in cells if kind == "td"] == [
        *("N5 | gzip", "1,325", "12.7 MiB", "yes"),
        *("two lines", "—", "496 bytes", "no"),
    ]


def test_three_digits_of_a_number_are_shown():
    assert repr(Table([{"s": 1234.5}, {"s": 0.00012349}])).splitlines()[2:] == [
        "| 1.23e+03 |",
        "| 0.000123 |",
    ]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ValueError, "Got no rows: a table needs one at least"),
        ([{"a": 1}, {"b": 1}], ValueError, r"Row 1 has the columns \['b'\], row 0 has \['a'\]"),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], ValueError, "in one order"),
    ],
)
def test_rows_that_make_no_table_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        Table(rows)


@pytest.mark.parametrize("value", [np.arange(3), (1, 2)], ids=["array", "tuple"])
def test_other_values_are_named(value):
    with pytest.raises(TypeError, match=f"of type {type(value).__name__}: a table takes texts"):
        repr(Table([{"a": value}]))
