"""Where chunks and shards go: files that are there whole, or not at all."""

import os
import threading

import numpy as np
import pytest

from bigimg_lessons.formats import zarr_arrays
from bigimg_lessons.formats.chunk_files import Blosc, ChunkEncoders
from bigimg_lessons.saving.objects import ASIDE, FileObjects, WholeFileObjects
from tests.bdv_files import pixels


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", [FileObjects, WholeFileObjects])
def test_an_object_is_a_file_with_its_folders(tmp_path, kind):
    objects = kind(tmp_path)
    for key in ("c/0/1", "c/0/2", "top"):
        with objects.create(key) as file:
            file.write(key.encode())
            file.write(memoryview(b"!"))
    assert names(tmp_path) == ["c", "c/0", "c/0/1", "c/0/2", "top"]
    assert (tmp_path / "c/0/2").read_bytes() == b"c/0/2!"


def test_nothing_has_the_key_before_the_object_is_whole(tmp_path):
    objects = WholeFileObjects(tmp_path)
    with objects.create("c/0") as file:
        file.write(b"old")
    with objects.create("c/0") as file:
        file.write(b"new and longer")
        file.flush()
        assert (tmp_path / "c/0").read_bytes() == b"old"
        (aside,) = set(names(tmp_path)) - {"c", "c/0"}
        assert aside.startswith("c/.0-")
        assert aside.endswith(ASIDE)
    assert names(tmp_path) == ["c", "c/0"]
    assert (tmp_path / "c/0").read_bytes() == b"new and longer"


def test_an_error_leaves_what_was_there(tmp_path):
    objects = WholeFileObjects(tmp_path)

    def fail(key):
        with objects.create(key) as file:
            file.write(b"half")
            raise OSError("disk is full")

    with pytest.raises(OSError, match="disk is full"):
        fail("c/0")
    assert names(tmp_path) == ["c"]
    with objects.create("c/0") as file:
        file.write(b"whole")
    with pytest.raises(OSError, match="disk is full"):
        fail("c/0")
    assert (tmp_path / "c/0").read_bytes() == b"whole"
    assert names(tmp_path) == ["c", "c/0"]


def test_of_two_writers_at_once_one_object_stays_whole(tmp_path):
    meet = threading.Barrier(2, timeout=120)

    def write(letter):
        with WholeFileObjects(tmp_path).create("c/0/0") as file:
            file.write(letter * 10)
            meet.wait()
            file.write(letter * 10)

    threads = [threading.Thread(target=write, args=[letter]) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "c/0/0").read_bytes() in (b"a" * 20, b"b" * 20)
    assert names(tmp_path) == ["c", "c/0", "c/0/0"]


@pytest.mark.skipif(os.name == "nt", reason="Windows moves no folder with an open file")
def test_a_folder_that_was_moved_away_does_not_come_back(tmp_path):
    """So a worker that was taken for dead writes nothing after the end."""
    objects = WholeFileObjects(tmp_path / "array")
    with pytest.raises(FileNotFoundError), objects.create("c/0/0"):
        pass
    (tmp_path / "array").mkdir()

    def write_late():
        with objects.create("c/0/0") as file:
            file.write(b"late")
            (tmp_path / "array").rename(tmp_path / "moved")

    with pytest.raises(FileNotFoundError):
        write_late()
    assert not (tmp_path / "array").exists()
    assert not (tmp_path / "moved/c/0/0").exists()


@pytest.mark.parametrize("shards", [None, (32, 32, 32)])
def test_chunks_and_shards_that_fail_leave_no_object(monkeypatch, tmp_path, shards):
    """Also a shard of which some chunks are written already."""
    encode, calls = Blosc.encode, iter(range(100))

    def failing(self, chunk, room):
        if next(calls) == 6:
            raise OSError(28, "No space left on device")
        return encode(self, chunk, room)

    codec = zarr_arrays.BloscCodec(typesize=1)
    layout = zarr_arrays.ArrayLayout("ZYX", np.dtype("uint8"), (16, 16, 16), shards, codec, 3)
    folder = tmp_path / "array"
    encoders = ChunkEncoders()
    write = layout.writer(layout.create(folder, (32, 32, 32)), WholeFileObjects(folder), encoders)
    monkeypatch.setattr(Blosc, "encode", failing)
    image = pixels((32, 32, 32), "uint8")
    with pytest.raises(OSError, match="No space left"):
        write((0, 0, 0), image)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "zarr.json"]
    if shards:
        assert files == []
    # Other threads had begun with the chunks before; those are whole, and nothing else is there.
    assert all(path.name.isdigit() and path.stat().st_size for path in files)
    monkeypatch.undo()
    write((0, 0, 0), image)
    np.testing.assert_array_equal(zarr_arrays.zarr.open_array(folder, mode="r")[...], image)
    encoders.close()
