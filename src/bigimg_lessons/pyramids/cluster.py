"""Build all levels of a pyramid on the workers of a dask.distributed cluster.

The tree of blocks is cut at a level. One task builds all that lies below one block of that level,
depth first as one process would, and keeps of it the sums for the next level. Further tasks put
these together, level by level. Sums go from worker to worker; to this process come only the sizes
of what was written::

    level 3            finish
    level 2    finish        finish
    level 1   ------------------------- the cut
    level 0   subtree  subtree  subtree

No two tasks write the same chunk or shard: each block has one task, and begins at a multiple of
the shape of blocks, which are made of whole chunks and shards. So nothing is locked, and if a
worker is lost, its blocks are built again, and no others but those whose sums it kept.

Blocks are submitted while others are being built, so that a scheduler never knows of more than a
few thousand, however large the image is.

Into an object store workers write straight, and report sizes and ETags. Blocks that are built again
are the same bytes. A store whose ETags do not follow from the bytes may then list another one than
was reported: the image stays unfinished, an error says so, and ``resume=True`` mends it.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any
from weakref import WeakSet

from bigimg_lessons.pyramids.block_tree import BlockTree
from bigimg_lessons.pyramids.cluster_client import unreachable, within
from bigimg_lessons.pyramids.cluster_tasks import Job, Workplace, finish, report_of, stop, subtree
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.saving.interrupts import interrupts_wait

_TASKS_PER_THREAD = 8
"""With fewer, threads at the end have nothing to do for long; with more, more sums travel."""

_MAX_TASK_BYTES = 4 * 2**30
"""Maximum size of the voxels of level 0 in one task, which a lost worker may cost."""

_MAX_SUBMITTED = 4096
"""Maximum number of blocks that are submitted and not yet reported: a scheduler keeps each."""

_SECONDS_TO_LOOK = 2
_SECONDS_FOR_A_REPORT = 10
_SECONDS_WITHOUT_WORKERS = 180
_SECONDS_TO_STOP = 60


def cut_of(tree: BlockTree, threads: int) -> int:
    """Return the level at which the tree is cut into tasks.

    It is the coarsest that leaves enough tasks for all threads, none of them too large.

    Parameters
    ----------
    tree
        The blocks of all levels.
    threads
        Of all workers.
    """
    for depth in range(tree.top, 0, -1):
        is_shared = math.prod(tree.counts(depth)) >= _TASKS_PER_THREAD * threads
        if is_shared and tree.bytes_below(depth) <= _MAX_TASK_BYTES:
            return depth
    return 0


@dataclass
class ClusterBuild:
    """A build on a cluster.

    Parameters
    ----------
    client
        A ``distributed.Client`` that was checked.
    job
        What workers do.
    cut
        The level at which the tree is cut, see :func:`cut_of`.
    """

    client: Any
    job: Job
    cut: int
    _reports: dict[Any, Any] = field(default_factory=dict)
    _parts: dict[Any, list[Any]] = field(default_factory=dict)
    _futures: WeakSet[Any] = field(default_factory=WeakSet)
    _done: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    _tasks: int = 0

    def run(self, take: Callable[[Any, int], None]) -> None:
        """Build all levels, or cancel what is not done after an error or an interrupt.

        Parameters
        ----------
        take
            Called for each task with what it reports, and the bytes of the voxels it has written.

        Raises
        ------
        ConnectionError
            If the scheduler is lost, or workers are gone for long.
        RuntimeError
            If workers die again and again at the same blocks.
        Exception
            What failed in a task.
        """
        from distributed import KilledWorker

        is_built = False
        try:
            for _ in self._submitted():
                self._follow(take, most=_MAX_SUBMITTED)
            self._follow(take, most=0)
            is_built = True
        except KilledWorker as error:
            raise RuntimeError(
                f"Workers died several times while they worked at the same blocks ({error}). As a "
                "rule they had too little memory: give them more, or lower memory_limit."
            ) from error
        except Exception as error:
            if self.client.status == "running" or isinstance(error, ConnectionError):
                raise
            raise unreachable(self.client) from error
        finally:
            if not is_built:
                with interrupts_wait():
                    self._end()

    def _submitted(self) -> Generator[None]:
        """Submit all blocks, depth first, and yield after each."""
        tree = self.job.tree
        place = self.client.submit(Workplace, self.job, key=f"workplace-{self.job.token}")
        self._futures.add(place)
        for index in tree.indices(tree.top):
            yield from self._submit_block(place, tree.top, index)

    def _submit_block(self, place: Any, depth: int, index: Array) -> Generator[None, None, Any]:
        """Submit the tasks of a block and of all below; return the future of its outcome."""
        name, where = (depth, *index.tolist()), tuple(index.tolist())
        parts: list[Any] = []
        if depth == self.cut:
            outcome = self.client.submit(
                subtree, place, depth, where,
                key=(f"subtree-{self.job.token}", *name), priority=-self._tasks,
            )  # fmt: skip
            self._tasks += 1
        else:
            for finer in self.job.tree.below(depth, index, depth - 1):
                part = yield from self._submit_block(place, depth - 1, finer)
                parts.append(part)
            # Before all others, so that their sums can go.
            outcome = self.client.submit(
                finish, place, depth, where, parts,
                key=(f"finish-{self.job.token}", *name), priority=1,
            )  # fmt: skip
        self._futures.add(outcome)
        key = (f"report-{self.job.token}", *name)
        report = self.client.submit(report_of, outcome, key=key, priority=2)
        # What it was made from is kept until its report is here: else a worker that is lost with
        # the report of the last block would cost all others.
        self._reports[key], self._parts[key] = report, parts
        report.add_done_callback(self._done.put)
        yield
        return outcome

    def _follow(self, take: Callable[[Any, int], None], *, most: int) -> None:
        """Take reports, and wait for more as long as there is somebody to send them.

        Parameters
        ----------
        take
            As for :meth:`run`.
        most
            How many blocks may be without a report at the end.
        """
        from distributed import CancelledError
        from distributed.comm.core import CommClosedError

        seen = time.monotonic()
        while len(self._reports) > most or not self._done.empty():
            try:
                future = self._done.get(timeout=_SECONDS_TO_LOOK)
            except Empty:
                seen = self._seen_since(seen)
                continue
            try:
                report, size = future.result(timeout=_SECONDS_FOR_A_REPORT)
            except TimeoutError:
                if future.status == "error":
                    raise  # it is that of a task
                # The worker that kept the report was lost, and others make it anew.
                self._done.put(future)
                seen = self._seen_since(seen)
                continue
            except CommClosedError as error:
                if future.status == "error":
                    raise  # it is that of a task
                raise unreachable(self.client) from error
            except CancelledError as error:
                if self.client.status != "running":
                    raise
                raise ConnectionError(
                    "The tasks of the build were cancelled by somebody else: build again."
                ) from error
            take(report, size)
            del self._reports[future.key], self._parts[future.key]
            seen = time.monotonic()

    def _seen_since(self, seen: float) -> float:
        """Return when a worker was last seen; complain if that was long ago."""
        # It may connect again, but a scheduler drops the tasks of a client that it has lost.
        if self.client.status != "running":
            raise unreachable(self.client)
        try:
            if within(_SECONDS_WITHOUT_WORKERS, self.client.nthreads):
                return time.monotonic()
        except (OSError, RuntimeError, TimeoutError) as error:
            raise unreachable(self.client) from error
        if time.monotonic() - seen > _SECONDS_WITHOUT_WORKERS:
            raise ConnectionError(
                f"The cluster has had no worker for {_SECONDS_WITHOUT_WORKERS} seconds: start "
                "workers, and build again."
            )
        return seen

    def _end(self) -> None:
        """Cancel what is not done, and wait until no worker is at it any more."""
        reports = list(self._reports.values())
        # An error holds the frames, and so the futures, of whoever has submitted these.
        for future in list(self._futures):
            future.release()
        self._reports.clear()
        self._parts.clear()
        if self.client.status != "running":  # tasks see for themselves that nobody wants them
            return
        try:
            within(_SECONDS_TO_STOP, lambda: self.client.cancel(reports, force=True))
            until = time.monotonic() + _SECONDS_TO_STOP
            while self._running() and time.monotonic() < until:
                time.sleep(0.05)
        except Exception:  # the scheduler is gone; its workers end with it
            return

    def _running(self) -> int:
        """Tell all workers to stop; return how many tasks are still under way."""
        answers = within(
            _SECONDS_TO_STOP, lambda: self.client.run(stop, self.job.token, on_error="ignore")
        )
        return sum(answers.values())


def new_token() -> str:
    """Return a name for a build that no other has."""
    return secrets.token_hex(8)
