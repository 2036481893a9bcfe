"""Chunks that are written as files: what zarr-python, ``zarrs`` and tensorstore read from them."""

import inspect
import io
import json
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
import tensorstore
import zarr
from zarr.codecs import BloscCodec, GzipCodec

from bigimg_lessons.formats import chunk_files, zarr_arrays
from bigimg_lessons.formats.chunk_files import Blosc, ChunkEncoders, ChunkFiles
from bigimg_lessons.formats.shard_files import ShardFiles
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.zarrs_pipeline import PIPELINE
from bigimg_lessons.saving.objects import FileObjects
from tests.bdv_files import pixels

SHAPE, CHUNKS = (2, 13, 35, 48), (5, 16, 16)
CODECS = {
    "none": None,
    "default": BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),
    "typesize": BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=1),
    "blocks": BloscCodec(cname="lz4hc", clevel=9, shuffle="shuffle", blocksize=512),
    **{name: BloscCodec(cname=name, clevel=5, shuffle="noshuffle") for name in Blosc.KNOWN},
}


@pytest.fixture
def encoders():
    encoders = ChunkEncoders()
    yield encoders
    encoders.close()


@pytest.fixture
def write(tmp_path, encoders):
    """Writes an image block by block, and returns the array's folder."""

    def write(image, codec=CODECS["default"], zarr_format=3, chunks=CHUNKS, block=None):
        axes = "TCZYX"[-image.ndim :]
        layout = ArrayLayout(axes, image.dtype, chunks, None, codec, zarr_format)
        folder = tmp_path / "array"
        array = layout.create(folder, image.shape)
        writer = layout.writer(array, FileObjects(folder), encoders)
        steps = block or tuple(2 * n for n in array.chunks)
        for start in product(*map(range, (0,) * image.ndim, image.shape, steps)):
            where = tuple(slice(s, s + step) for s, step in zip(start, steps, strict=True))
            writer(start, np.ascontiguousarray(image[where]))
        return folder

    return write


def files_of(folder):
    return {
        str(file.relative_to(folder)).replace("\\", "/"): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith((".z", "zarr"))
    }


def check(folder, image, zarr_format=3):
    """All readers find the image, bit by bit."""
    expected = image.view(f"u{image.itemsize}")
    for pipeline in ({}, PIPELINE):
        with zarr.config.set(pipeline):
            read = zarr.open_array(folder, mode="r")[...]
        np.testing.assert_array_equal(read.view(expected.dtype), expected)
    spec = {"driver": {2: "zarr", 3: "zarr3"}[zarr_format]}
    spec["kvstore"] = {"driver": "file", "path": str(folder)}
    read = tensorstore.open(spec).result().read().result()
    np.testing.assert_array_equal(np.ascontiguousarray(read).view(expected.dtype), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float64"])
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", CODECS)
def test_all_readers_find_the_voxels(write, name, zarr_format, dtype):
    image = pixels(SHAPE, dtype)
    check(write(image, CODECS[name], zarr_format), image, zarr_format)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", ["none", "default", "typesize"])
def test_files_decode_to_what_zarr_python_writes(write, tmp_path, name, zarr_format):
    """The same files, of the same voxels, also where an array's end cuts a chunk off."""
    image = pixels(SHAPE, "uint16")
    mine = files_of(write(image, CODECS[name], zarr_format))
    made = zarr.open_array(tmp_path / "array", mode="r")
    other = zarr.create_array(
        tmp_path / "other",
        shape=SHAPE,
        dtype="uint16",
        chunks=made.chunks,
        zarr_format=zarr_format,
        compressors=None if name == "none" else made.compressors,
        fill_value=0,
        chunk_key_encoding={"name": {2: "v2", 3: "default"}[zarr_format], "separator": "/"},
    )
    other[...] = image
    theirs = files_of(tmp_path / "other")
    assert mine.keys() == theirs.keys()
    if name == "none":
        assert mine == theirs
    else:  # versions of zstd differ in bytes; Blosc's header, but for the length, does not
        for key, encoded in mine.items():
            assert encoded[2:12] == theirs[key][2:12]
            assert len(encoded) == pytest.approx(len(theirs[key]), rel=0.01)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("codec", [BloscCodec(), BloscCodec(typesize=1)])
def test_chunks_are_encoded_as_their_array_states(write, tmp_path, codec, zarr_format):
    """Also where the codec does not say how to shuffle, which zarr decides for Zarr v3."""
    folder = write(pixels(SHAPE, "uint16"), codec, zarr_format)
    if zarr_format == 3:
        codecs = json.loads((folder / "zarr.json").read_text())["codecs"]
        shuffle = ["noshuffle", "shuffle", "bitshuffle"].index(
            codecs[-1]["configuration"]["shuffle"]
        )
        typesize = codecs[-1]["configuration"]["typesize"]
    else:
        shuffle = json.loads((folder / ".zarray").read_text())["compressor"]["shuffle"]
        typesize = 2
    # Blosc's header: in its third byte a bit for each kind of shuffling, then the size of a value.
    headers = {(data[2] & 0b101, data[3]) for data in files_of(folder).values()}
    assert headers == {({0: 0, 1: 1, 2: 4}[shuffle], typesize)}


@pytest.mark.parametrize("shape", [(1,), (7,), (16, 16), (17, 31), (1, 1, 1), (3, 100, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_of_any_shape(write, shape, dtype):
    if len(shape) == 1:
        shape = (1, *shape)
    image = pixels(shape, dtype)
    check(write(image, chunks=(4, 8, 8)[-min(3, len(shape)) :]), image)


def test_blocks_in_any_order_of_memory_and_byte_order(write, tmp_path, encoders):
    image = pixels((16, 32, 32), "uint16")
    layout = ArrayLayout("ZYX", image.dtype, (8, 16, 16), None, CODECS["default"], 3)
    for number, block in enumerate(
        (np.asfortranarray(image), image.astype(">u2"), np.repeat(image, 2, axis=2)[..., ::2])
    ):
        folder = tmp_path / str(number)
        layout.writer(layout.create(folder, image.shape), FileObjects(folder), encoders)(
            (0, 0, 0), block
        )
        check(folder, image)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_of_zeros_are_left_out(write, zarr_format):
    image = np.zeros((10, 32, 32), "uint16")
    image[9, 31, 31] = 1
    image[0, 0, 20] = 256  # whose first byte is zero
    folder = write(image, zarr_format=zarr_format)
    prefix = "c/" if zarr_format == 3 else ""
    assert files_of(folder).keys() == {prefix + "1/1/1", prefix + "0/0/1"}
    check(folder, image, zarr_format)


def test_what_only_equals_zero_is_not_left_out(write):
    image = np.zeros((5, 16, 32), "float32")
    image[4, 15, 15] = -0.0
    image[:, :, 16:] = np.nan
    folder = write(image)
    assert files_of(folder).keys() == {"c/0/0/0", "c/0/0/1"}
    check(folder, image)


def test_a_block_is_not_changed(write):
    image = pixels((10, 32, 33), "uint8")
    image.flags.writeable = False
    check(write(image, block=image.shape), image)


@pytest.mark.parametrize("shards", [None, (10, 32, 32)])
@pytest.mark.parametrize(
    "codec",
    [
        GzipCodec(),
        BloscCodec(cname="snappy"),
        BloscCodec(cname="lz4", shuffle="shuffle", typesize=4),
    ],
)
def test_other_codecs_are_left_to_zarr(tmp_path, encoders, codec, shards):
    layout = ArrayLayout("ZYX", np.dtype("uint16"), CHUNKS, shards, codec, 3)
    array = layout.create(tmp_path / "array", (10, 32, 32))
    writer = layout.writer(array, FileObjects(tmp_path / "array"), encoders)
    assert not isinstance(getattr(writer, "__self__", None), ChunkFiles | ShardFiles)


def wait_until_given_up(items):
    """Wait until no further item is to be had; else more would be done than expected."""
    end = time.monotonic() + 60
    while not inspect.getgeneratorlocals(items)["is_given_up"] and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.parametrize("cores", [1, 4])
def test_what_fails_is_told_when_all_have_ended(monkeypatch, cores):
    monkeypatch.setattr(chunk_files.os, "cpu_count", lambda: cores)
    encoders, done, meet = ChunkEncoders(), [], threading.Barrier(cores, timeout=60)
    has_failed = threading.Event()

    def work(items):
        for item in items:
            meet.wait()
            if item == 0:
                has_failed.set()
                raise OSError(28, "No space left on device")
            has_failed.wait(60)
            wait_until_given_up(items)
            done.append(item)

    with pytest.raises(OSError, match="No space left"):
        encoders.share(work, iter(range(8)), 8)
    assert sorted(done) == ([] if cores == 1 else [1, 2, 3])
    encoders.share(done.extend, iter([9]), 1)
    assert done[-1] == 9
    encoders.close()


def test_others_have_ended_too_where_no_thread_can_be_started(monkeypatch):
    monkeypatch.setattr(chunk_files.os, "cpu_count", lambda: 3)
    encoders, has_begun, done = ChunkEncoders(), threading.Event(), []
    submit = encoders._pool.submit

    def submit_one(task):
        if has_begun.is_set():
            raise RuntimeError("can't start new thread")
        future = submit(task)
        assert has_begun.wait(60)
        return future

    def work(items):
        for item in items:
            has_begun.set()
            wait_until_given_up(items)
            time.sleep(0.1)  # who does not wait for this is ahead of it
            done.append(item)

    monkeypatch.setattr(encoders._pool, "submit", submit_one)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        encoders.share(work, iter(range(8)), 8)
    assert done == [0]
    encoders.close()
    assert done == [0]


@pytest.mark.parametrize("shards", [None, (256, 64, 64)])
def test_many_chunks_take_no_memory(monkeypatch, tmp_path, shards):
    """A list of 16,384 chunks would take 100 bytes for each at least."""
    monkeypatch.setattr(Blosc, "encode", lambda *_: b"")
    monkeypatch.setattr(FileObjects, "create", lambda *_: io.BytesIO())
    encoders = ChunkEncoders()
    layout = ArrayLayout("ZYX", np.dtype("uint8"), (4, 4, 4), shards, BloscCodec(typesize=1), 3)
    array = layout.create(tmp_path / "array", (256, 64, 64))
    writer = layout.writer(array, FileObjects(tmp_path / "array"), encoders)
    block = np.ones((256, 64, 64), "uint8")
    writer((0, 0, 0), block[:4, :4, :4])  # threads stay
    tracemalloc.start()
    try:
        writer((0, 0, 0), block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        encoders.close()
    assert peak < layout.encoding_bytes(array.shape, block.shape) + 16384 * 40


def test_cores_help_only_while_they_have_nothing_to_do(monkeypatch):
    monkeypatch.setattr(chunk_files.os, "cpu_count", lambda: 2)
    encoders, meet, shares = ChunkEncoders(), threading.Barrier(2, timeout=60), []

    def in_two(items):
        share = [next(items)]
        meet.wait()  # nobody goes on before both have an item
        shares.append([*share, *items])

    encoders.share(in_two, iter([1, 2, 3, 4]), 4)
    assert len(shares) == 2
    assert sorted(shares[0] + shares[1]) == [1, 2, 3, 4]
    shares.clear()

    def first(items):
        meet.wait()
        shares.append(list(items))
        meet.wait()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(encoders.share, first, iter([0]), 1)
        meet.wait()
        encoders.share(lambda items: shares.append(list(items)), iter([1, 2, 3, 4]), 4)
        meet.wait()
        other.result()
    assert sorted(shares) == [[0], [1, 2, 3, 4]]
    encoders.close()


def test_memory_is_that_of_whoever_writes_the_chunks(monkeypatch):
    """A value of four bytes does not fit voxels of two: zarr writes them, many at once."""
    monkeypatch.setattr(zarr_arrays.zarrs_pipeline, "is_installed", lambda: False)
    monkeypatch.setattr(zarr_arrays.os, "cpu_count", lambda: 2)
    codecs = [BloscCodec(), BloscCodec(typesize=2), BloscCodec(typesize=4)]
    ours, also, by_zarr = (
        ArrayLayout("ZYX", np.dtype("uint16"), (16,) * 3, None, codec, 3).encoding_bytes(
            (256,) * 3, (64,) * 3
        )
        for codec in codecs
    )
    chunk = 16**3 * 2
    assert ours == also == 2 * 2 * chunk
    assert by_zarr == 2 * chunk * min(64, zarr.config.get("async.concurrency"))
