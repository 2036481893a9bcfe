"""All faults, how often each is tried, and how a campaign of them is run."""

from __future__ import annotations

import os
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tests.faults import disks, interrupts, kills, refusals, writers
from tests.faults.figures import Figures
from tests.fresh_processes import fresh_processes


@dataclass(frozen=True)
class Campaign:
    """A fault that is tried many times over.

    Parameters
    ----------
    run
        Called with the name of a format, an empty folder, how often, and a seed.
    few, many
        How often in the small version of the suite, and in the whole.
    """

    run: Callable[[str, Path, int, int], Figures]
    few: int
    many: int

    @property
    def count(self) -> int:
        """How often now: the whole suite is asked for by ``BIGIMG_FAULTS=all``."""
        return self.many if os.environ.get("BIGIMG_FAULTS") == "all" else self.few


# Of failing moves, as many as there are, and again until there have been so many in each way.
CAMPAIGNS = {
    "interrupts at random": Campaign(interrupts.at_random, 10, 2000),
    "moves that fail": Campaign(interrupts.at_every_move, 1, 10),
    "looks between moves": Campaign(interrupts.at_every_instant, 1, 20),
    "writers at once": Campaign(writers.at_once, 2, 120),
    "kills at random": Campaign(kills.at_random, 10, 320),
    "kills before moves": Campaign(kills.at_every_move, 1, 5),
    "a paused process": Campaign(kills.while_paused, 1, 20),
    "full disks": Campaign(disks.at_every_fill, 8, 100),
    "full at an open": Campaign(disks.at_every_open, 1, 1),
    "foreign things": Campaign(refusals.of_what_is_foreign, 1, 1),
    "links": Campaign(refusals.of_links, 1, 1),
    "a locked folder": Campaign(refusals.of_a_folder, 1, 1),
}


def run_apart(campaign: str, name: str, seed: int = 1) -> Figures:
    """Run a campaign over a format in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=fresh_processes([__name__])) as executor:
        return executor.submit(run, campaign, name, seed).result()


def run(campaign: str, name: str, seed: int) -> Figures:
    """Run a campaign over a format in this process, which must not have written anything."""
    os.chdir(tempfile.gettempdir())
    # Else each process that is killed leaves one of the locks between processes, of which the
    # system has few.
    tqdm.set_lock(threading.RLock())
    with tempfile.TemporaryDirectory() as home:
        try:
            return CAMPAIGNS[campaign].run(name, Path(home), CAMPAIGNS[campaign].count, seed)
        except Exception:  # the others go on
            figures = Figures()
            figures.report("errors", traceback.format_exc())
            return figures
