"""Processes that need not import everything again have what each file of tests asks for."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.fresh_processes import fresh_processes


def is_loaded(name: str) -> bool:
    return name in sys.modules


@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="there are no such forks"
)
def test_each_list_of_modules_is_imported_beforehand_and_no_other() -> None:
    names = ("wave", "this")
    for name, other in (names, names[::-1], names, names):
        with ProcessPoolExecutor(1, mp_context=fresh_processes([name])) as executor:
            assert executor.submit(is_loaded, name).result()
            assert not executor.submit(is_loaded, other).result()
