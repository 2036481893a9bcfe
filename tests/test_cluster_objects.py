"""Pyramids that workers of a cluster write straight into a store, each with its own keys."""

import os
import pickle
import signal
import threading
import time

import numpy as np
import pytest
import zarr
from zarr.codecs import GzipCodec

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.measure.object_server import ObjectServer
from bigimg_lessons.saving.object_journal import FOLDER, Journal, There
from tests.bdv_files import pixels
from tests.clusters import cluster_here, counted
from tests.object_server import Bucket, attributes, digests, keys

SHAPE = (50, 101, 103)
OPTIONS = {
    "voxel_size": (1, 1, 1), "unit": "µm", "chunk_shape": (16, 16, 16), "progress": False,
    "memory_limit": 8 * 2**20,
}  # fmt: skip
SHARDS = {"shard_shape": (32, 32, 32)}


@pytest.fixture(scope="module")
def server():
    with ObjectServer() as running, keys(running):
        yield running


@pytest.fixture(scope="module")
def client(server):
    with cluster_here() as client:  # whose workers have the keys of this process
        yield client


@pytest.fixture
def bucket(server):
    server.take()
    return Bucket(server)


@pytest.fixture
def source(tmp_path):
    """Returns an image of a dtype as a zarr array, of which the first chunks are zeros."""

    def source(dtype, shape=SHAPE):
        voxels = pixels(shape, dtype)
        voxels[..., :16, :32, :32] = 0
        path = tmp_path / f"{dtype}.zarr"
        return zarr.create_array(path, data=voxels, chunks=(*(1,) * (len(shape) - 3), 16, 32, 32))

    return source


@pytest.fixture
def build(server, request):
    prefix = f"{request.node.name.replace('[', '/').strip(']')}/image.ome.zarr"

    def build(image, **options):
        url = f"s3://lesson/{prefix}"
        options = {**OPTIONS, "storage_options": server.storage_options, **options}
        assert build_pyramid(image, url, **options) == url

    build.prefix = prefix
    return build


def local(image, folder, **options):
    folder.mkdir()
    path = build_pyramid(image, folder / "image.ome.zarr", **OPTIONS | options)
    return zarr.open_group(path, mode="r")


@pytest.mark.parametrize(
    ("dtype", "shape", "options"),
    [
        ("uint8", SHAPE, {}),
        ("uint16", (2, *SHAPE), SHARDS),
        ("float32", SHAPE, {"downsampling": "nanmean", "file_format": "ome-zarr-0.4"}),
        ("uint16", SHAPE, {"downsampling": "mode", **SHARDS}),
        ("uint8", SHAPE, {"codec": GzipCodec(), "max_levels": 2, **SHARDS}),
    ],
    ids=["chunks", "channels", "nanmean", "labels", "gzip"],
)
def test_voxels_are_those_of_one_process_in_folders_and_stores(
    client, build, bucket, source, tmp_path, dtype, shape, options
):
    image = source(dtype, shape)
    one, many = local(image, tmp_path / "1", **options), None
    many = local(image, tmp_path / "2", client=client, **options)
    build(image, **options)
    alone = digests(bucket.group(build.prefix))
    build(image, client=client, overwrite=True, **options)
    group = bucket.group(build.prefix)
    assert digests(one) == digests(many) == alone == digests(group)
    assert attributes(group) == attributes(one)
    names = bucket.names(build.prefix)
    assert not [name for name in names if name.startswith(FOLDER)]
    files = {path.relative_to(tmp_path / "1/image.ome.zarr").as_posix()
             for path in (tmp_path / "1/image.ome.zarr").rglob("*") if path.is_file()}  # fmt: skip
    if "codec" not in options:
        assert set(names) == files


def test_workers_send_and_metadata_go_last(client, build, server, bucket, source):
    """The process that builds does not even know how to send a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bigimg_lessons.formats.object_blocks.ObjectBlocks.send", None)
        build(source("uint8"), client=client)
    sent = [r.path.partition(".ome.zarr/")[2] for r in server.take() if r.method == "PUT"]
    sent = [name for name in sent if not name.startswith(f"{FOLDER}tried-")]
    assert sent[0] == f"{FOLDER}request.json"
    last = max(number for number, name in enumerate(sent) if "/c/" in name)
    assert [name for name in sent[last:] if not name.startswith(FOLDER)][1:] == [
        *(f"{level}/zarr.json" for level in range(len({n[0] for n in sent if "/c/" in n}))),
        "zarr.json",
    ]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_worker_is_killed_while_it_writes(build, bucket, source, tmp_path):
    image = source("uint8", (60, 120, 160))
    expected = digests(local(image, tmp_path / "1"))
    with cluster_here() as client, counted(client) as done:
        victim = next(iter(client.run(os.getpid).values()))

        def kill():
            while done.ends["subtree"] < 3:
                time.sleep(0.001)
            os.kill(victim, signal.SIGKILL)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        build(image, client=client)
        thread.join()
    assert done.gone
    assert digests(bucket.group(build.prefix)) == expected
    assert not [name for name in bucket.names(build.prefix) if name.startswith(FOLDER)]


def set_all(variables):
    """Change the environment of a worker; return what it was."""
    before = {name: os.environ.get(name) for name in variables}
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before


def set_on(client, worker, variables):
    """Change the environment of a worker; return what it was."""
    return client.run(set_all, variables, workers=[worker])[worker]


def refused(build, client, bucket, source, kind, reason, variables, **options):
    """Before anything is written, in a sentence that names the worker."""
    worker = next(iter(client.nthreads()))
    before = set_on(client, worker, variables)
    try:
        with pytest.raises(kind, match=f"(?s)^The worker {worker} cannot write there: .*{reason}"):
            build(source("uint8"), client=client, **options)
    finally:
        set_on(client, worker, before)
    assert not bucket.names(build.prefix)


def test_a_worker_without_a_key_is_named(client, build, bucket, source):
    missing = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    refused(build, client, bucket, source, PermissionError,
            "no key in the environment: set the environment variables AWS_ACCESS_KEY_ID",
            missing)  # fmt: skip


def test_a_worker_with_a_wrong_key_is_named(client, build, bucket, source):
    refused(build, client, bucket, source, PermissionError, "does not accept the key",
            {"AWS_SECRET_ACCESS_KEY": "wrong"})  # fmt: skip


@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "overwrite"])
def test_workers_that_may_not_write_are_named_before_anything_is_read(
    client, build, server, bucket, source, overwrite
):
    """Each asks three times, as long as it may, and an image that is there stays."""
    image = source("uint8")
    if overwrite:
        build(image)
    before = bucket.names(build.prefix)
    client.run(read_no_more)
    server.take()
    try:
        with (
            bucket.denied("s3:PutObject"),
            pytest.raises(PermissionError, match=r"^The worker tcp://.* cannot write there: .*key"),
        ):
            build(image, client=client, overwrite=overwrite)
    finally:
        client.run(read_again)
    asked = [r for r in server.take() if "tried-" in r.path or r.query == "delete"]
    assert sorted(r.method for r in asked) == ["POST", "POST", "PUT", "PUT"]
    assert bucket.names(build.prefix) == before


@pytest.fixture
def by_environment(client, server, monkeypatch):
    """Let all find the server by a variable, as it need not stand in storage_options."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    client.run(set_all, {"AWS_ENDPOINT_URL": server.url})
    yield {"allow_http": True, "region": server.region}
    client.run(set_all, {"AWS_ENDPOINT_URL": None})


def test_a_worker_that_does_not_reach_the_store_is_named(
    client, build, bucket, source, by_environment
):
    refused(build, client, bucket, source, ConnectionError, "cannot be reached",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, storage_options=by_environment)  # fmt: skip


def test_workers_that_reach_another_store_say_so(client, build, bucket, source, by_environment):
    """All of them, as one alone may get no task."""
    with ObjectServer() as other:
        variables = {"AWS_ENDPOINT_URL": other.url, **other.environment}
        before = client.run(set_all, variables)
        try:
            with pytest.raises(OSError, match=r"finds at .*not what was begun there"):
                build(source("uint8"), client=client, storage_options=by_environment)
        finally:
            for worker, variables in before.items():
                client.run(set_all, variables, workers=[worker])
    assert not bucket.is_image(build.prefix)


def fail_after(count):
    """Let the store refuse what this worker sends, after some objects."""
    from bigimg_lessons.saving import object_store

    calls, put = iter(range(10**6)), object_store.ObjectPlace.put

    def failing(self, name, data):
        if next(calls) >= count:
            raise OSError("the object store failed: try again later")
        return put(self, name, data)

    object_store.kept, object_store.ObjectPlace.put = put, failing


def fail_no_more():
    from bigimg_lessons.saving import object_store

    object_store.ObjectPlace.put = object_store.kept


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 2**14)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("options", [{}, SHARDS], ids=["chunks", "shards"])
@pytest.mark.parametrize("by_workers", [True, False], ids=["workers", "alone"])
def test_another_run_goes_on(client, build, server, bucket, source, tmp_path, options, by_workers):
    image, options = source("uint8"), {"memory_limit": 5 * 2**20, **options}
    client.run(fail_after, 10 if "shard_shape" in options else 60)
    try:
        with pytest.raises(OSError, match="the object store failed") as caught:
            build(image, client=client, **options)
    finally:
        client.run(fail_no_more)
    assert "resume=True" in "".join(caught.value.__notes__)
    assert not bucket.is_image(build.prefix)
    before = {n: tag for n, tag in bucket.names(build.prefix).items() if "/c/" in n}
    server.take()
    build(image, client=client if by_workers else None, resume=True, **options)
    again = {
        r.path.partition(".ome.zarr/")[2]
        for r in server.take()
        if r.method == "PUT" and "/c/" in r.path
    }
    after = {n: tag for n, tag in bucket.names(build.prefix).items() if "/c/" in n}
    kept = set(after) - again
    assert kept
    assert kept <= set(before)
    expected = local(image, tmp_path / "1", **options)
    group = bucket.group(build.prefix)
    assert digests(group) == digests(expected)
    assert attributes(group) == attributes(expected)


def read_no_more():
    """Let tasks of this worker fail if they read the image."""
    from bigimg_lessons.pyramids import cluster_tasks

    cluster_tasks.kept, cluster_tasks.Workplace.read = cluster_tasks.Workplace.read, None


def read_again():
    from bigimg_lessons.pyramids import cluster_tasks

    cluster_tasks.Workplace.read = cluster_tasks.kept


def test_what_was_complete_but_for_its_metadata_is_not_read_again(
    client, build, server, bucket, source, monkeypatch
):
    image = source("uint8")
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "verify", lambda self: (_ for _ in ()).throw(OSError("cut")))
        with pytest.raises(OSError, match="cut"):
            build(image, client=client)
    expected = {n: tag for n, tag in bucket.names(build.prefix).items() if "/c/" in n}
    server.take()
    client.run(read_no_more)
    try:
        build(image, client=client, resume=True)
    finally:
        client.run(read_again)
    assert not [r for r in server.take() if r.method == "PUT" and "/c/" in r.path]
    assert {n: t for n, t in bucket.names(build.prefix).items() if "/c/" in n} == expected
    np.testing.assert_array_equal(bucket.level(build.prefix, 0), image[...])


def test_an_object_that_is_not_what_a_worker_sent_keeps_the_image_shut(
    client, build, bucket, source, monkeypatch
):
    verify = Journal.verify

    def changed(self):
        name = next(name for name in bucket.names(build.prefix) if name.startswith("0/c/"))
        data = bucket.get(f"{build.prefix}/{name}")
        bucket.put(f"{build.prefix}/{name}", data[:-1] + bytes([data[-1] ^ 1]))
        verify(self)

    monkeypatch.setattr(Journal, "verify", changed)
    with pytest.raises(OSError, match="is not what was written there"):
        build(source("uint8"), client=client)
    assert not bucket.is_image(build.prefix)


def test_what_was_there_is_sent_as_bits():
    grids = [np.random.default_rng(0).random((37, 41, 43)) < 0.5, np.ones((1, 1, 1), bool)]
    sent = pickle.dumps(There(grids))
    assert len(sent) < grids[0].size / 8 + 400
    arrivals = pickle.loads(sent).grids  # noqa: S301 (made in the line above)
    for grid, arrived in zip(grids, arrivals, strict=True):
        np.testing.assert_array_equal(arrived, grid)
