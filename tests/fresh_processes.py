"""Processes of their own for tests, which need not import everything again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.context import BaseContext
from typing import Any


def fresh_processes(modules: Sequence[str]) -> BaseContext:
    """Return a way to start processes in which nothing but imports has happened.

    Parameters
    ----------
    modules
        Names of the modules to import beforehand, once for all processes that are started so
        from this one. Where the system cannot do that, each process imports what it needs.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    from multiprocessing import forkserver  # which Windows has not

    # There is one server, which imports what it was told when it started: from one that the tests
    # of another file have started, the processes of these would have to import everything anew.
    server: Any = forkserver._forkserver
    if server._preload_modules != [*modules]:
        server._stop()
        context.set_forkserver_preload([*modules])
    return context
