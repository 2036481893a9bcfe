"""Run the whole suite of faults, and print a table of what came out.

Run it as ``uv run python -m tests.faults``; it takes about half an hour. Parts of it are run by
naming formats or campaigns::

    uv run python -m tests.faults bdv-hdf5 "kills at random"

It ends with status 1 if anything was lost, mixed, left behind, or otherwise wrong.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product

from tests.faults.campaigns import CAMPAIGNS, run
from tests.faults.figures import Figures
from tests.faults.formats import FORMATS
from tests.fresh_processes import fresh_processes


def main(wanted: list[str]) -> int:
    """Run all, or what is wanted, two at a time."""
    os.environ.setdefault("BIGIMG_FAULTS", "all")
    if unknown := set(wanted) - {*CAMPAIGNS, *FORMATS}:
        print(f"Unknown: {unknown}. Choose from {[*CAMPAIGNS, *FORMATS]}.")
        return 2
    campaigns = [name for name in CAMPAIGNS if name in wanted] or list(CAMPAIGNS)
    formats = [name for name in FORMATS if name in wanted] or list(FORMATS)
    counts = list(Figures().counts())
    print(f"{'fault':22}{'format':22}" + "".join(f"{name:>10}" for name in counts))
    wrong = []
    with ProcessPoolExecutor(
        max(2, (os.cpu_count() or 2) // 2),
        mp_context=fresh_processes([run.__module__]),
        max_tasks_per_child=1,
    ) as executor:
        tasks = {executor.submit(run, *pair, 1): pair for pair in product(campaigns, formats)}
        for task in as_completed(tasks):
            campaign, name = tasks[task]
            figures = task.result()
            shown = "".join(f"{count:10}" for count in figures.counts().values())
            print(f"{campaign:22}{name:22}{shown}  {figures.skipped}", flush=True)
            wrong += [f"{campaign}, {name}: {text}" for text in figures.reports]
    print("\n".join(wrong[:200]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
