"""Shards that are written as files: their bytes by the specification, and what readers find."""

import struct
import threading
from contextlib import nullcontext
from itertools import product

import google_crc32c
import numpy as np
import pytest
import tensorstore
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats import chunk_files, zarr_arrays
from bigimg_lessons.formats.chunk_files import Blosc, ChunkEncoders
from bigimg_lessons.formats.shard_files import ShardFiles
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.zarrs_pipeline import PIPELINE
from bigimg_lessons.saving import objects
from bigimg_lessons.saving.objects import FileObjects
from tests.bdv_files import pixels

BLOSC = BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle")
MISSING = 2**64 - 1


@pytest.fixture(params=[1, 4])
def encoders(request, monkeypatch):
    """Without help, and with three threads that help."""
    monkeypatch.setattr(chunk_files.os, "cpu_count", lambda: request.param)
    encoders = ChunkEncoders()
    yield encoders
    encoders.close()


@pytest.fixture
def write(tmp_path, encoders):
    """Writes an image in blocks of some shards, and returns the array's folder."""

    def write(image, chunks, shards, codec=BLOSC, name="array"):
        layout = ArrayLayout("TCZYX"[-image.ndim :], image.dtype, chunks, shards, codec, 3)
        folder = tmp_path / name
        array = layout.create(folder, image.shape)
        writer = layout.writer(array, FileObjects(folder), encoders)
        assert isinstance(writer.__self__, ShardFiles)
        steps = tuple(n * (1 + axis % 2) for axis, n in enumerate(array.shards))
        for start in product(*map(range, (0,) * image.ndim, image.shape, steps)):
            where = tuple(slice(s, s + step) for s, step in zip(start, steps, strict=True))
            writer(start, np.ascontiguousarray(image[where]))
        return folder

    return write


def files_of(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "zarr.json"
    }


def index_of(shard, chunks):
    """Take the index from a shard's end, and hold its checksum against it."""
    index, checksum = shard[-16 * chunks - 4 : -4], shard[-4:]
    assert checksum == struct.pack("<I", google_crc32c.value(index))
    numbers = struct.unpack(f"<{2 * chunks}Q", index)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def check(folder, image):
    """All readers find the image, bit by bit."""
    for pipeline in ({}, PIPELINE):
        with zarr.config.set(pipeline):
            np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[...], image)
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}
    np.testing.assert_array_equal(tensorstore.open(spec).result().read().result(), image)


@pytest.mark.parametrize("codec", [BLOSC, None])
@pytest.mark.parametrize(
    ("shape", "chunks", "shards", "dtype"),
    [
        ((70, 131, 201), (32, 32, 64), (64, 64, 128), "uint16"),
        ((70, 131, 201), (64, 64, 64), (128, 128, 128), "uint8"),
        ((2, 9, 21, 35), (4, 8, 16), (8, 16, 16), "float32"),
        ((2, 2, 5, 17, 18), (4, 8, 8), (4, 16, 16), "int64"),
        ((33, 50), (16, 16), (32, 32), "uint8"),
        ((1, 1, 1), (8, 8, 8), (16, 16, 16), "uint16"),
    ],
)
def test_all_readers_find_the_voxels(write, shape, chunks, shards, dtype, codec):
    image = pixels(shape, dtype)
    check(write(image, chunks, shards, codec), image)


@pytest.mark.parametrize("cname", Blosc.KNOWN)
def test_all_readers_know_each_compressor(write, cname):
    image = pixels((20, 40, 50), "uint16")
    check(write(image, (8, 16, 16), (16, 32, 32), BloscCodec(cname=cname, typesize=1)), image)


def test_the_bytes_of_a_shard_are_those_of_the_specification(write):
    """Chunks in C order, then where each is; the last along x is filled up with zeros."""
    image = np.arange(1, 1 + 2 * 4 * 7, dtype="<u2").reshape(2, 4, 7)
    image[:, :2, 4:] = 0  # the chunks (0, 0, 2) and (0, 0, 3), of which the latter is cut off
    shards = files_of(write(image, (2, 2, 2), (2, 4, 4), codec=None))
    assert shards.keys() == {"c/0/0/0", "c/0/0/1"}
    filled = np.pad(image, ((0, 0), (0, 0), (0, 1)))
    parts = [filled[:, y : y + 2, x : x + 2].tobytes() for y in (0, 2) for x in (0, 2)]
    assert len(parts[0]) == 16
    index = struct.pack("<8Q", 0, 16, 16, 16, 32, 16, 48, 16)
    checksum = struct.pack("<I", google_crc32c.value(index))
    assert shards["c/0/0/0"] == b"".join([*parts, index, checksum])
    parts = [filled[:, 2:4, x : x + 2].tobytes() for x in (4, 6)]
    index = struct.pack("<8Q", MISSING, MISSING, MISSING, MISSING, 0, 16, 16, 16)
    checksum = struct.pack("<I", google_crc32c.value(index))
    assert shards["c/0/0/1"] == b"".join([*parts, index, checksum])


def test_the_checksum_is_crc_32c():
    """The value of RFC 3720, B.4, for 32 bytes of zeros."""
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA


def test_chunks_and_shards_of_zeros_are_left_out(write):
    image = np.zeros((16, 32, 40), "uint16")
    image[15, 31, 39] = 256  # whose first byte is zero
    image[0, 0, 9] = 1
    folder = write(image, (8, 8, 8), (16, 16, 16))
    shards = files_of(folder)
    assert shards.keys() == {"c/0/0/0", "c/0/1/2"}
    (begin, size), *others = index_of(shards["c/0/0/0"], 8)[1:]
    assert (begin, size) == (0, len(shards["c/0/0/0"]) - 8 * 16 - 4)
    assert {*others, index_of(shards["c/0/0/0"], 8)[0]} == {(MISSING, MISSING)}
    # Along x its second half lies beyond the end of the array.
    index = index_of(shards["c/0/1/2"], 8)
    assert [number for number, (begin, _) in enumerate(index) if begin != MISSING] == [6]
    check(folder, image)


def test_a_block_of_zeros_makes_no_file(write):
    image = np.zeros((9, 17, 33), "float32")
    folder = write(image, (8, 8, 8), (8, 16, 16))
    assert files_of(folder) == {}
    check(folder, image)
    image[4, 5, 6] = -0.0  # which is no zero by its bytes
    assert files_of(write(image, (8, 8, 8), (8, 16, 16), name="other")).keys() == {"c/0/0/0"}


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_threads_that_hurry_and_dawdle_make_the_same_files(monkeypatch, write, dtype):
    """Chunks follow each other in C order, whichever is encoded first."""
    image = pixels((64, 64, 64), dtype)
    plain = files_of(write(image, (16, 16, 16), (32, 64, 64)))
    index = index_of(plain["c/0/0/0"], 2 * 4 * 4)
    assert [begin for begin, _ in index[1:]] == np.cumsum([n for _, n in index])[:-1].tolist()
    encode, calls = Blosc.encode, iter(range(10**9))

    def encode_later(self, chunk, room):
        encoded = encode(self, chunk, room)
        threading.Event().wait(0.01 * (next(calls) % 4 == 0))
        return encoded

    monkeypatch.setattr(Blosc, "encode", encode_later)
    assert files_of(write(image, (16, 16, 16), (32, 64, 64), name="other")) == plain


@pytest.mark.parametrize("at", ["encode", "write"])
def test_a_failure_is_told_and_leaves_no_shard_that_can_be_read(monkeypatch, write, tmp_path, at):
    """The one who fails wakes those who wait for a turn; the file that is open has no index."""
    image = pixels((32, 32, 32), "uint8")
    third = image[:16, 16:, :16].tobytes()
    shard = tmp_path / "array" / "c" / "0" / "0" / "0"
    calls = iter(range(10**9))
    if at == "encode":
        encode = Blosc.encode

        def failing(self, chunk, room):
            if chunk.tobytes() == third:
                while not shard.exists():  # the chunks before it go there without it
                    threading.Event().wait(0.001)
                raise OSError(28, "No space left on device")
            return encode(self, chunk, room)

        monkeypatch.setattr(Blosc, "encode", failing)
    else:
        made = objects.created

        class Full(nullcontext):
            def write(self, data):
                if next(calls) == 2:
                    raise OSError(28, "No space left on device")
                self.file.write(data)

            def __init__(self, path):
                super().__init__(self)
                self.file = made(path)

            def __exit__(self, *_):
                self.file.close()

        monkeypatch.setattr(objects, "created", Full)
    with pytest.raises(OSError, match="No space left"):
        write(image, (16, 16, 16), (32, 32, 32), BloscCodec(typesize=1))
    with pytest.raises((ValueError, RuntimeError, OSError)):
        zarr.open_array(tmp_path / "array", mode="r")[...]
    (tmp_path / "array").rename(tmp_path / "moved")  # no file is left open, which Windows refuses


def test_shards_with_another_index_are_left_to_zarr(tmp_path, encoders):
    layout = ArrayLayout("ZYX", np.dtype("uint8"), (8, 8, 8), (16, 16, 16), BLOSC, 3)
    image = pixels((20, 20, 20), "uint8")
    for number, index_codecs in enumerate(([], [Crc32cCodec()])):
        for location in ("start", "end"):
            folder = tmp_path / f"{number}-{location}"
            inside = zarr.codecs.ShardingCodec(
                chunk_shape=(8, 8, 8),
                codecs=[zarr.codecs.BytesCodec(), BLOSC],
                index_codecs=[zarr.codecs.BytesCodec(endian="little"), *index_codecs],
                index_location=location,
            )
            array = zarr.create_array(
                folder, shape=image.shape, dtype="uint8", chunks=(16, 16, 16), serializer=inside,
                filters=None, compressors=None, fill_value=0,
            )  # fmt: skip
            assert zarr_arrays._has_checksum(array) is (bool(number) if location == "end" else None)
            if location == "start":
                continue
            files = layout.writer(array, FileObjects(folder), encoders).__self__
            assert files.has_checksum is bool(number)
            for start in product(range(0, 20, 16), repeat=3):
                files.write(start, image[tuple(slice(s, s + 16) for s in start)])
            check(folder, image)


def test_shards_of_a_pyramid_on_all_levels(tmp_path):
    """Exact at each level, whatever the levels' ends cut off."""
    image = pixels((70, 131, 201), "uint16")
    path = build_pyramid(
        image, tmp_path / "image.ome.zarr", axes="ZYX", voxel_size=(1, 1, 1), unit="µm",
        chunk_shape=(16, 32, 32), shard_shape=(32, 64, 64), file_format="ome-zarr-0.5",
        factors=[(1, 1, 1), (2, 2, 2), (4, 4, 4)], downsampling="stride", progress=False,
    )  # fmt: skip
    for level, step in enumerate((1, 2, 4)):
        check(path / str(level), image[::step, ::step, ::step])


def test_encoding_takes_chunks_and_an_index(monkeypatch):
    """Two threads with a chunk and its bytes each, and 16 bytes for each of 512 chunks."""
    monkeypatch.setattr(zarr_arrays.os, "cpu_count", lambda: 2)
    layout = ArrayLayout("ZYX", np.dtype("uint16"), (16,) * 3, (128,) * 3, BLOSC, 3)
    size = layout.encoding_bytes((512,) * 3, (128, 256, 256))
    assert size == 2 * 2 * 2 * 16**3 + 16 * 512
