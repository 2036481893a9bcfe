"""Files compared with what those who wrote them report."""

import pytest

from bigimg_lessons.saving.objects import FileObjects, WholeFileObjects
from bigimg_lessons.saving.written import CountedObjects, WrittenGrid

METADATA = ("zarr.json",)


@pytest.fixture
def grid(tmp_path):
    """Three objects of four places, beside metadata."""
    objects = CountedObjects(WholeFileObjects(tmp_path))
    for number, place in enumerate(["0/0", "0/1", "1/1"]):
        with objects.create(f"c/{place}") as file:
            file.write(b"some ")
            file.write(memoryview(bytes(number)))
    (tmp_path / "zarr.json").write_text("{}")
    assert objects.sizes == {"c/0/0": 5, "c/0/1": 6, "c/1/1": 7}
    grid = WrittenGrid((2, 2))
    grid.add(objects.sizes)
    return grid


def test_objects_are_counted_only_when_they_are_whole(tmp_path):
    objects = CountedObjects(FileObjects(tmp_path))

    def fail():
        with objects.create("c/0") as file:
            file.write(b"half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert objects.sizes == {}


def test_what_is_as_reported_passes_and_what_was_begun_is_removed(grid, tmp_path):
    (tmp_path / "c/0/.1-0123456789abcdef.part").write_bytes(b"so")
    grid.check(tmp_path, metadata=METADATA)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")) == [
        "zarr.json"
    ]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("c/0/1", b"cut", r"'c/0/1' has 3 bytes, but workers wrote 6 bytes"),
        ("c/1/0", b"late", r"'c/1/0' has 4 bytes, but workers wrote nothing"),
        ("c/1/2", b"far", r"'c/1/2' has 3 bytes, but workers wrote nothing"),
        ("c/notes.txt", b"mine", r"'c/notes.txt' has 4 bytes, but workers wrote nothing"),
        ("c/0/zarr.json", b"{}", r"'c/0/zarr.json' has 2 bytes, but workers wrote nothing"),
    ],
)
def test_what_is_not_as_reported_is_named(grid, tmp_path, path, content, message):
    (tmp_path / path).write_bytes(content)
    with pytest.raises(OSError, match=message):
        grid.check(tmp_path, metadata=METADATA)


def test_what_is_missing_is_counted(grid, tmp_path):
    (tmp_path / "c/1/1").unlink()
    with pytest.raises(OSError, match=r"1 of the 3 files that workers wrote into .* are not there"):
        grid.check(tmp_path, metadata=METADATA)
