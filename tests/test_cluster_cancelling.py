"""Builds on a cluster that nobody wants any more: nothing that opens, and workers that are free."""

import gc
import signal
import subprocess
import sys
import threading
import time

import pytest
import zarr
from distributed import Client

from bigimg_lessons.build import build_pyramid
from tests.bdv_files import pixels
from tests.cluster_images import OPTIONS, digests, names
from tests.clusters import cluster_here, counted, name_of

PATIENCE = 120  # seconds, on a busy computer

# As a notebook whose kernel is restarted. Its image is read by workers, who wait for a file.
_BUILDER = """
import sys, time, uuid
from pathlib import Path
import numpy as np
from distributed import Client
from bigimg_lessons.build import build_pyramid

class Waiting:
    shape, dtype, chunks = (100, 200, 200), np.dtype("uint8"), (16, 32, 32)

    def __init__(self, folder):
        self.folder = folder

    def __getitem__(self, where):
        (self.folder / f"read-{uuid.uuid4()}").touch()
        while not (self.folder / "go").exists():
            time.sleep(0.01)
        return np.ones([part.stop - part.start for part in where], "uint8")

build_pyramid(
    Waiting(Path(sys.argv[2])), sys.argv[3], client=Client(sys.argv[1]), voxel_size=(1, 1, 1),
    unit="µm", chunk_shape=(16, 16, 16), progress=False, memory_limit=8 * 2**20,
)
"""


@pytest.fixture(scope="module")
def client():
    with cluster_here() as client:
        yield client


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "image.zarr"
    array = zarr.create_array(path, shape=(100, 200, 200), dtype="uint8", chunks=(16, 32, 32))
    array[...] = pixels(array.shape, array.dtype)
    return array


def until(is_so):
    end = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


def kept(dask_worker):
    """What a worker has of any build: open images, tasks that run, and sums."""
    from bigimg_lessons.pyramids.cluster_tasks import _AT_WORK

    gc.collect()
    places = list(_AT_WORK)
    return len(places) + sum(place.running for place in places) + len(dask_worker.data)


def is_cancelled(dask_worker):
    tasks = dask_worker.state.tasks.values()
    return not any(task.state == "executing" for task in tasks)


def is_free(client):
    return not client.cluster.scheduler.tasks and not any(client.run(kept).values())


def at(is_time, act):
    """Do something in another thread as soon as it is time."""
    thread = threading.Thread(target=lambda: (until(is_time), act()), daemon=True)
    thread.start()
    return thread


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows sends no signals")
def test_an_interrupt_cancels_all_tasks(client, source, tmp_path):
    main = threading.get_ident()
    with counted(client) as done:
        thread = at(lambda: done.ends["subtree"], lambda: signal.pthread_kill(main, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt) as caught:  # whose frames are kept, as a shell does
            build_pyramid(source, tmp_path / "image.ome.zarr", client=client, **OPTIONS)
        thread.join()
    assert names(tmp_path) == []
    assert until(lambda: is_free(client))
    assert caught.value.__traceback__ is not None


def test_a_client_that_somebody_closes_ends_the_build(client, source, tmp_path):
    with counted(client) as done, Client(client.cluster) as other:
        thread = at(lambda: done.ends["subtree"] > 1, other.close)
        with pytest.raises(ConnectionError, match="The client was closed, by somebody else or"):
            build_pyramid(source, tmp_path / "image.ome.zarr", client=other, **OPTIONS)
        thread.join()
    assert names(tmp_path) == []
    assert until(lambda: is_free(client))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_tasks_end_by_themselves_when_whoever_builds_is_killed(client, source, tmp_path):
    """Of what they are at then, nothing is written any more; and another build goes well."""
    watched, folder = tmp_path / "watched", tmp_path / "images"
    watched.mkdir()
    folder.mkdir()
    target = folder / "image.ome.zarr"
    address = client.cluster.scheduler_address
    builder = subprocess.Popen([sys.executable, "-c", _BUILDER, address, watched, target])
    try:
        assert until(lambda: len(names(watched)) == 2)
    finally:
        builder.kill()
        builder.wait()
    assert until(lambda: all(client.run(is_cancelled).values()))
    (watched / "go").touch()
    assert until(lambda: is_free(client))
    assert len(names(watched)) == 3
    assert not target.exists()
    assert not [path for path in folder.rglob("*") if path.parent.name == "c"]
    alone = build_pyramid(source, tmp_path / "alone.ome.zarr", **OPTIONS)
    assert digests(build_pyramid(source, target, client=client, **OPTIONS)) == digests(alone)
    assert names(folder) == ["image.ome.zarr"]


def test_a_scheduler_knows_of_a_few_blocks_at_a_time(client, source, tmp_path, monkeypatch):
    """Of 32 subtrees."""
    monkeypatch.setattr("bigimg_lessons.pyramids.cluster._MAX_SUBMITTED", 4)
    most, scheduler = [], client.cluster.scheduler
    with counted(client) as done:
        count = done.transition

        def transition(*arguments, **options):
            count(*arguments, **options)
            known = {key for key in scheduler.tasks if name_of(key) == "subtree"}
            most.append(len(known - done.keys["subtree"]))

        done.transition = transition
        path = build_pyramid(source, tmp_path / "image.ome.zarr", client=client, **OPTIONS)
    assert done.ends["subtree"] + done.ends["finish"] == 37
    assert max(most) == 5
    alone = build_pyramid(source, tmp_path / "alone.ome.zarr", **OPTIONS)
    assert digests(path) == digests(alone)
    assert until(lambda: is_free(client))
