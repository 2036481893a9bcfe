"""Bytes and times are written in one way; tests/js holds the pages to the same cases."""

import json
from pathlib import Path

import pytest

from bigimg_lessons.text import format_bytes, format_seconds

CASES = json.loads(Path(__file__).with_name("text_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("count", "binary", "decimal"), CASES["bytes"])
def test_bytes_as_the_cases_have_them(count, binary, decimal):
    assert format_bytes(count) == binary
    assert format_bytes(count, decimal=True) == decimal


@pytest.mark.parametrize(("seconds", "text"), CASES["seconds"])
def test_times_as_the_cases_have_them(seconds, text):
    assert format_seconds(seconds) == text
