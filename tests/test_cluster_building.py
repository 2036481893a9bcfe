"""Pyramids that workers of a cluster build: the voxels of one process, whatever befalls workers."""

import json
import os
import threading

import dask.array as da
import h5py
import numpy as np
import pytest
import zarr
from zarr.codecs import GzipCodec

from bigimg_lessons.build import build_pyramid
from tests.bdv_files import pixels
from tests.cluster_images import OPTIONS, digests, names
from tests.clusters import cluster_here

SHAPE = (50, 101, 203)


@pytest.fixture(scope="module")
def client():
    with cluster_here() as client:
        yield client


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Returns an image of a dtype as a zarr array."""

    def source(dtype, shape=SHAPE):
        path = tmp_path_factory.mktemp("source") / "image.zarr"
        array = zarr.create_array(path, shape=shape, dtype=dtype, chunks=(16, 32, 32))
        array[...] = pixels(shape, dtype)
        return array

    return source


def told(path):
    return json.dumps(dict(zarr.open_group(path, mode="r").attrs)).replace(path.name, "")


@pytest.mark.parametrize(
    ("dtype", "options"),
    [
        ("uint8", {}),
        ("uint8", {"shard_shape": (32, 32, 32)}),
        ("uint16", {"file_format": "ome-zarr-0.4"}),
        ("uint16", {"shard_shape": (32, 48, 32), "file_format": "ome-zarr-0.6"}),
        ("float32", {"shard_shape": (32, 32, 32)}),
        ("float32", {"downsampling": "nanmean"}),
        ("uint16", {"downsampling": "mode", "shard_shape": (32, 32, 32)}),
        ("uint16", {"downsampling": "mode", "file_format": "ome-zarr-0.4", "codec": None}),
        ("uint8", {"factors": [(1, 1, 1), (1, 3, 2), (2, 9, 2)], "shard_shape": (16, 48, 32)}),
        ("uint8", {"codec": GzipCodec(), "max_levels": 2}),
        ("uint8", {"codec": GzipCodec(), "shard_shape": (48, 32, 32), "max_levels": 2}),
    ],
)
def test_workers_write_the_voxels_that_one_process_writes(client, source, tmp_path, dtype, options):
    image, options = source(dtype), OPTIONS | options
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    one = build_pyramid(image, tmp_path / "one/image.ome.zarr", **options)
    many = build_pyramid(image, tmp_path / "many/image.ome.zarr", client=client, **options)
    expected = digests(one)
    assert len(expected) >= 2
    assert digests(many) == expected
    assert told(many) == told(one)
    files = [[p.relative_to(f) for p in f.rglob("*") if p.is_file()] for f in (one, many)]
    if "codec" not in options:
        assert sorted(files[0]) == sorted(files[1])
    assert not [file for file in files[1] if file.suffix == ".part"]
    assert names(tmp_path / "many") == ["image.ome.zarr"]


def test_sources_that_travel(client, tmp_path):
    """Each worker opens the file itself."""
    image = pixels((20, 41, 57), "uint16")
    np.save(tmp_path / "image.npy", image)
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file["a/b"] = image
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    stored = zarr.create_array(tmp_path / "image.zarr", data=image, chunks=(8, 32, 32))
    lazy = da.from_zarr(stored)[:, :30].map_blocks(lambda block: block + np.uint16(1))
    with h5py.File(tmp_path / "image.h5", "r") as file:
        pairs = [
            (mapped[::-1, 1:, 10:].transpose(0, 2, 1), image[::-1, 1:, 10:].transpose(0, 2, 1)),
            (np.asarray(mapped)[2:], image[2:]),
            (file["a/b"], image),
            (lazy, image[:, :30] + np.uint16(1)),
        ]
        for number, (array, expected) in enumerate(pairs):
            path = tmp_path / f"{number}.ome.zarr"
            build_pyramid(array, path, client=client, **OPTIONS | {"memory_limit": 2**26})
            np.testing.assert_array_equal(zarr.open_array(path / "0")[...], expected)


def refused(source, target, kind, match, **options):
    before = names(target.parent)
    with pytest.raises(kind, match=match):
        build_pyramid(source, target, **OPTIONS | options)
    assert names(target.parent) == before


def test_sources_that_cannot_travel_are_refused(client, tmp_path):
    path = tmp_path / "new.ome.zarr"
    refused(pixels(SHAPE, "uint8"), path, TypeError, "is a NumPy array, which lies in the memory "
            "of this process", client=client)  # fmt: skip
    changed = np.memmap(tmp_path / "file", "uint8", "w+", shape=SHAPE)
    changed.flush()
    copy = np.memmap(tmp_path / "file", "uint8", "c", shape=SHAPE)
    refused(copy, path, TypeError, "NumPy array", client=client)
    with h5py.File(tmp_path / "open.h5", "w") as file:
        refused(file.create_dataset("a", SHAPE, "uint8"), path, ValueError,
                "open for writing, so workers could not", client=client)  # fmt: skip
    with h5py.File("memory.h5", "w", driver="core", backing_store=False) as file:
        file.create_dataset("a", SHAPE, "uint8")
        refused(file["a"], path, ValueError, "open for writing", client=client)
    large = da.from_array(np.ones((256, 512, 512), "uint8"), chunks=128)
    refused(large, path, ValueError, "more than 16.0 MiB that would have to be sent",
            client=client, memory_limit=2**28)  # fmt: skip
    persisted = da.ones(SHAPE, chunks=32, dtype="uint8").persist(scheduler=client)
    refused(persisted, path, TypeError, "is persisted", client=client)

    class Own:
        shape, dtype, lock = SHAPE, np.dtype("uint8"), threading.Lock()

        def __init__(self):
            self.held = threading.Lock()

        def __getitem__(self, region):
            return np.zeros(SHAPE, "uint8")[region]

    refused(Own(), path, TypeError, "cannot be sent to workers .*cannot pickle", client=client)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.xml", "an HDF5 file must be written by one process"),
        ("a.n5", "BDV-N5 is written here by one process"),
        ("a.ome.tif", "a TIFF file must be written by one process"),
        ("a.ims", "an Imaris file, which is HDF5"),
    ],
)
def test_formats_of_one_process_refuse_a_client(client, tmp_path, name, reason):
    refused(
        pixels(SHAPE, "uint8"), tmp_path / name, ValueError, f"client is given, but {reason}",
        client=client,
    )  # fmt: skip


def test_clients_that_are_none_are_refused(source, tmp_path):
    image, path = source("uint8"), tmp_path / "new.ome.zarr"
    refused(image, path, TypeError, "client is a str: give a distributed.Client", client="tcp://")
    with cluster_here(workers=0) as empty:
        refused(image, path, ValueError, "has no workers: start some", client=empty)
    refused(image, path, ValueError, "The client is closed", client=empty)


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is mapped")
def test_a_worker_that_does_not_find_the_image_is_named(client, tmp_path):
    np.save(tmp_path / "image.npy", pixels(SHAPE, "uint8"))
    kept = np.load(tmp_path / "image.npy", mmap_mode="r")
    (tmp_path / "image.npy").unlink()
    refused(
        kept, tmp_path / "new.ome.zarr", ValueError,
        "The worker tcp://.* cannot open the image: FileNotFoundError", client=client,
    )  # fmt: skip


def test_a_worker_that_does_not_see_the_folder_is_named(client, source, tmp_path):
    """As on another computer, where another folder, or none, has that path."""

    def blind():
        from bigimg_lessons.pyramids.cluster_tasks import Path

        def read_text(path, **options):
            raise FileNotFoundError(2, "No such file or directory", str(path))

        Path.kept, Path.read_text = Path.read_text, read_text

    def seeing():
        from bigimg_lessons.pyramids.cluster_tasks import Path

        Path.read_text = Path.kept

    first = next(iter(client.nthreads()))
    client.run(blind, workers=[first])
    try:
        refused(
            source("uint8"), tmp_path / "new.ome.zarr", OSError,
            f"The worker {first} does not see the folder '{tmp_path}', or cannot write there",
            client=client,
        )  # fmt: skip
    finally:
        client.run(seeing, workers=[first])


def test_a_full_disk_of_a_worker_is_told_and_leaves_nothing(client, source, tmp_path):
    """The error is a worker's; the old image stays, and the next build goes on."""
    path = build_pyramid(source("uint8"), tmp_path / "image.ome.zarr", client=client, **OPTIONS)
    before = digests(path)

    def fill():
        from bigimg_lessons.saving import objects

        unlink = objects.Path.replace
        calls = iter(range(100))

        def replace(self, target):
            if self.suffix == ".part" and next(calls) == 7:
                raise OSError(28, "No space left on device", str(self))
            return unlink(self, target)

        objects.Path.replace, objects.kept = replace, unlink

    def empty():
        from bigimg_lessons.saving import objects

        objects.Path.replace = objects.kept

    client.run(fill)
    try:
        refused(
            source("uint16"), path, OSError, "disk is full: make room.*is as it was before",
            client=client, overwrite=True,
        )  # fmt: skip
    finally:
        client.run(empty)
    assert digests(path) == before
    build_pyramid(source("uint16"), path, client=client, overwrite=True, **OPTIONS)
    assert digests(path) != before


def test_sums_alone_travel_and_nothing_large_comes_here(client, source, tmp_path):
    """Of 8 MiB less than a hundredth comes to whoever builds, and results are gone at the end."""
    image = source("uint8", (128, 256, 256))
    sent = []
    gather = client.cluster.scheduler.gather

    async def counting(keys, *arguments, **options):
        answer = await gather(keys, *arguments, **options)
        sent.append(len(str(answer)))
        return answer

    client.cluster.scheduler.handlers["gather"] = counting
    try:
        build_pyramid(image, tmp_path / "image.ome.zarr", client=client, **OPTIONS)
    finally:
        client.cluster.scheduler.handlers["gather"] = gather
    assert 0 < sum(sent) < image.nbytes / 20
