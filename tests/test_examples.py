"""Every example in a docstring does what it shows.

That of ``measure.memory`` is run by ``test_memory.py``, in a process of its own.
"""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import bigimg_lessons
import data_fetch


def modules():
    """Names of all modules, but those that run a program when they are imported."""
    for package in (bigimg_lessons, data_fetch):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield found.name


def examples():
    """Docstrings with examples: (name, the test)."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in modules():
        module = importlib.import_module(name)
        for test in finder.find(module, name):
            if test.examples and name != "bigimg_lessons.measure.memory":
                yield pytest.param(test, id=test.name.removeprefix("bigimg_lessons."))


@pytest.mark.parametrize("test", list(examples()))
def test_an_example_is_true(test, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test, out=out.append).failed == 0, "".join(out)
