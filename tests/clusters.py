"""Clusters of this computer for tests: workers in processes of their own, and what they did."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster, SchedulerPlugin

_APART = """
import os, signal, sys
from distributed import LocalCluster, SchedulerPlugin

class Killed(SchedulerPlugin):
    blocks = 0

    def transition(self, key, start, finish, *args, **options):
        name = str(key[0] if isinstance(key, tuple) else key).partition("-")[0]
        self.blocks += finish == "memory" and name in ("subtree", "finish")
        if self.blocks == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0",
                      host="127.0.0.1") as cluster:
        cluster.scheduler.add_plugin(Killed())
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


class Done(SchedulerPlugin):
    """How often tasks came to their end, and what was lost with workers.

    Parameters
    ----------
    scheduler
        In this process.
    """

    def __init__(self, scheduler: Any) -> None:
        self.ends: Counter[str] = Counter()
        self.keys: dict[str, set[Any]] = defaultdict(set)
        self.gone: list[str] = []
        self.lost: set[Any] = set()
        self.scheduler = scheduler
        self._parts: dict[Any, set[Any]] = {}
        self._processes: dict[str, int] = {}
        self._count = self._after = 0

    def kill(self, processes: dict[str, int], *, count: int, after: int) -> None:
        """Kill workers at the moment at which so many blocks have come to their end.

        Parameters
        ----------
        processes
            Of all workers, by their addresses.
        count
            How many are killed, first the one that has just come to the end of a block.
        after
            How many of the tasks that build blocks have ended then.
        """
        self._processes, self._count, self._after = processes, count, after

    @property
    def again(self) -> int:
        """How many subtrees were built more than once."""
        return self.ends["subtree"] - len(self.keys["subtree"])

    def transition(self, key: Any, start: str, finish: str, *args: Any, **options: Any) -> None:
        """Count the end of a task, and kill if it is the moment."""
        if finish != "memory" or start == "memory":
            return
        self.ends[name_of(key)] += 1
        self.keys[name_of(key)].add(key)
        if name_of(key) == "finish":
            self._parts[key] = {each.key for each in self.scheduler.tasks[key].dependencies}
        if self._count and self.ends["subtree"] + self.ends["finish"] == self._after:
            self._kill_now(first=options["worker"])

    def _kill_now(self, first: str) -> None:
        victims = sorted(self._processes, key=lambda worker: worker != first)[: self._count]
        for worker in victims:
            for task in self.scheduler.workers[worker].has_what:
                # While its report is to come, all that it was made from is kept.
                if self._report_of(task.key) in self.keys["report"]:
                    self.lost |= self._below(task.key)
        for worker in victims:
            os.kill(self._processes[worker], signal.SIGKILL)
        self._count = 0

    def remove_worker(self, scheduler: Any, worker: str, **options: Any) -> None:
        """Note that a worker is gone, and which sums nobody else has."""
        self.gone.append(worker)
        told = [event for _, event in scheduler.get_events("all") if event.get("worker") == worker]
        removal = next(event for event in told if event.get("action") == "remove-worker")
        self.lost |= {k for k in removal["lost-computed-tasks"] if name_of(k) == "subtree"}

    @staticmethod
    def _report_of(key: Any) -> Any:
        return (f"report-{key[0].partition('-')[2]}", *key[1:]) if isinstance(key, tuple) else None

    def _below(self, key: Any) -> set[Any]:
        """Return the subtrees of which a block holds the sums."""
        if name_of(key) == "subtree":
            return {key}
        return set().union(*map(self._below, self._parts.get(key, ())))


def name_of(key: Any) -> str:
    """Return what kind of task a key is of: subtree, finish, report, workplace."""
    return str(key[0] if isinstance(key, tuple) else key).partition("-")[0]


@contextmanager
def cluster_here(workers: int = 2, threads: int = 1, **options: Any) -> Iterator[Client]:
    """Start a cluster whose scheduler is in this process, and connect a client."""
    with (
        # Where it takes long to start a worker anew, LocalCluster would give it up.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=threads,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            **options,
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@contextmanager
def counted(client: Client) -> Iterator[Done]:
    """Count the tasks that a cluster does in a ``with`` block."""
    cluster: Any = client.cluster
    scheduler = cluster.scheduler
    plugin = Done(scheduler)
    on_loop(client, scheduler.add_plugin, plugin, name="counted")
    try:
        yield plugin
    finally:
        on_loop(client, scheduler.remove_plugin, name="counted")


def on_loop(client: Client, call: Any, *arguments: Any, **options: Any) -> Any:
    """Call something of the scheduler where its own code runs."""

    async def run() -> Any:
        return call(*arguments, **options)

    loop: Any = client.loop
    return asyncio.run_coroutine_threadsafe(run(), loop.asyncio_loop).result(120)


@contextmanager
def cluster_apart(*, after: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a cluster whose scheduler is in a process of its own; yield that and its address.

    Parameters
    ----------
    after
        It kills itself when so many of the tasks that build blocks have ended; 0 for never.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _APART, str(after or -1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()
