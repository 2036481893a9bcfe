"""Workers and schedulers that are killed while they build: complete and equal, or nothing.

Moments are counted in blocks that were finished, of which the image has 37: 32 subtrees, and 5 that
are put together from them. ``BIGIMG_FAULTS=all uv run pytest tests/test_cluster_kills.py -rP`` does
so at 20 moments for each kind, and prints what was lost; that takes some minutes.
"""

import os
import signal
import time

import psutil
import pytest
import zarr
from distributed import Client

from bigimg_lessons.build import build_pyramid
from tests.bdv_files import pixels
from tests.cluster_images import OPTIONS, digests, names
from tests.clusters import cluster_apart, cluster_here, counted

SUBTREES, BLOCKS = 32, 37
ALL = [1 + (BLOCKS - 1) * n // 19 for n in range(20)]
IS_WHOLE = os.environ.get("BIGIMG_FAULTS") == "all"
PATIENCE = 120  # seconds, on a busy computer

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")


def moments(*few):
    return pytest.mark.parametrize("after", ALL if IS_WHOLE else few)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "image.zarr"
    array = zarr.create_array(path, shape=(100, 200, 200), dtype="uint8", chunks=(16, 32, 32))
    array[...] = pixels(array.shape, array.dtype)
    return array


@pytest.fixture(scope="module")
def expected(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "image.ome.zarr"
    return digests(build_pyramid(source, path, **OPTIONS))


@pytest.fixture
def client():
    """A cluster of its own for each, since not every worker that was killed comes back in time."""
    with cluster_here() as client:
        yield client


def until(is_so):
    end = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


def killed(client, source, folder, *, count, after):
    """Build while so many workers are killed; return the image, and what was counted."""
    processes = client.run(os.getpid)
    with counted(client) as done:
        done.kill(processes, count=count, after=after)
        path = build_pyramid(source, folder / "image.ome.zarr", client=client, **OPTIONS)
        assert until(lambda: len(done.gone) == count)
    print(f"{count} killed after {after} blocks: {len(done.lost)} sums lost, {done.again} again")  # noqa: T201
    assert len(done.keys["subtree"]) == SUBTREES
    assert len(done.keys["finish"]) == BLOCKS - SUBTREES
    return path, done


@moments(3, 36)
def test_a_worker_that_is_killed_costs_what_it_kept(client, source, expected, tmp_path, after):
    path, done = killed(client, source, tmp_path, count=1, after=after)
    assert digests(path) == expected
    assert done.again <= len(done.lost) + 1
    assert names(tmp_path) == ["image.ome.zarr"]


@moments(9, 30)
def test_when_all_workers_are_killed_others_go_on(client, source, expected, tmp_path, after):
    path, done = killed(client, source, tmp_path, count=2, after=after)
    assert digests(path) == expected
    assert done.again <= len(done.lost) + 1
    assert names(tmp_path) == ["image.ome.zarr"]


def test_the_report_of_the_last_block_costs_no_other_block_if_it_is_lost(
    client, source, expected, tmp_path
):
    """Only the sums that went with the worker are built again, and not all that were ever made."""
    path, done = killed(client, source, tmp_path, count=1, after=BLOCKS)
    assert digests(path) == expected
    assert done.again <= len(done.lost) + 1


def is_gone(process):
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@moments(1, 35)
def test_a_scheduler_that_is_killed_ends_the_build_and_its_workers(source, tmp_path, after):
    with cluster_apart(after=after) as (_, address), Client(address) as client:
        workers = client.run(os.getpid).values()
        begun = time.monotonic()
        with pytest.raises(ConnectionError, match=r"does not answer|is gone: connect a new Client"):
            build_pyramid(source, tmp_path / "image.ome.zarr", client=client, **OPTIONS)
        print(f"killed after {after} blocks: told {time.monotonic() - begun:.1f} s after the begin")  # noqa: T201
        assert until(lambda: all(map(is_gone, workers)))
        with pytest.raises((ConnectionError, ValueError), match=r"does not answer|closed|is gone"):
            build_pyramid(source, tmp_path / "image.ome.zarr", client=client, **OPTIONS)
    assert names(tmp_path) == []
