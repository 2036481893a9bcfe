#!/usr/bin/env bash
# A client of a cluster of two workers asks again and again which workers there are, by
# scheduler_info() and by nthreads(). Nothing else goes on. The client keeps what it knows of the
# cluster up to date beside this, every 2 seconds; here every 5 milliseconds
# (distributed.client.scheduler-info-interval), so that a minute shows what else takes hours.
#
# One would guess: scheduler_info(), which asks for all workers unless told otherwise, always names
#   both, as long as both are there.
# What happens: now and then its "workers" is empty. What it was answered is kept where the client's
#   own look, which asks for no workers, is kept too; where that comes in between, that is returned.
#   nthreads() always names both.
# Why it matters: next(iter(client.scheduler_info()["workers"])), or a plan that cuts an image by the
#   number of workers, fails once in some thousand calls, more often on a busy computer, and never
#   again when it is looked at. With the interval as it comes, 1 of 40,607 calls was empty.
#
# Seen with distributed 2026.8.0, dask 2026.8.0. All workers are asked for by default since the
# change https://github.com/dask/distributed/pull/9308.
set -euo pipefail

python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  distributed==2026.8.0 dask==2026.8.0
cd "$folder"
cat >ask.py <<'PY'
import time

import dask
from distributed import Client, LocalCluster

if __name__ == "__main__":
    dask.config.set({"distributed.client.scheduler-info-interval": "5 ms"})
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        told = {"scheduler_info": {}, "nthreads": {}}
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for name, found in (
                ("scheduler_info", len(client.scheduler_info()["workers"])),
                ("nthreads", len(client.nthreads())),
            ):
                told[name][found] = told[name].get(found, 0) + 1
    for name, counts in told.items():
        print(f"{name}(): " + ", ".join(f"{n} workers {counts[n]} times" for n in sorted(counts)))
    assert set(told["scheduler_info"]) == {0, 2}, "scheduler_info() has changed: 0 or 2 expected."
    assert set(told["nthreads"]) == {2}, "nthreads() has changed: 2 expected."
PY
"$folder/venv/bin/python" ask.py
