"""Zip archives as the page reads them, by ranges of bytes: what Python finds in the same ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.places import ZipFolder
from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node

LOOK = """async ({ path, files, folders }) => {
  const source = await nodeFile(path);
  let most = 0;
  const read = (start, end) => {
    most = Math.max(most, end - start);
    return source.read(start, end);
  };
  try {
    const place = await openZip({ ...source, read }, path);
    const text = async (file) => {
      const content = await place.read(file);
      return content && Buffer.from(content).toString("hex");
    };
    const all = { most, names: [], counted: [], read: [] };
    for (const folder of folders) {
      all.names.push(await place.names(folder));
      all.counted.push(await place.counted(folder));
    }
    for (const file of files) all.read.push(await text(file));
    return all;
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return error.message;
  }
}"""
FOLDERS = ["", "a", "a/b", "none"]
FILES = ["zarr.json", "a/x", "a/b/0", "none", "a"]


@pytest.fixture(scope="module")
def modules(node: Node) -> Evaluate:
    paths = [JS / "inspection" / f"{name}.js" for name in ("zip_folder", "errors")]
    paths.append(Path(__file__).parent / "js" / "node_folder.mjs")
    return node.source("zip", "".join(f'export * from "{path.as_uri()}";\n' for path in paths))


def in_browser(modules: Evaluate, path: Path, files=FILES, folders=FOLDERS):
    return modules(LOOK, {"path": str(path), "files": list(files), "folders": list(folders)})


def in_python(path: Path, files=FILES, folders=FOLDERS):
    try:
        place = ZipFolder.of(path)
        found = {"names": [], "counted": [], "read": []}
        for folder in folders:
            found["names"].append(place.names(folder))
            counted = place.counted(folder)
            found["counted"].append(
                {"number": counted.number, "nbytes": counted.nbytes, "is_all": counted.is_all}
            )
        for file in files:
            content = place.read(file)
            found["read"].append(None if content is None else content.hex())
    except InspectionError as error:
        return str(error)
    return found


def write(path: Path, *, method=zipfile.ZIP_DEFLATED, comment=b"", zip64=False, before=b"") -> Path:
    with path.open("wb") as file:
        file.write(before)
        with zipfile.ZipFile(file, "a" if before else "w", method) as archive:
            archive.comment = comment
            archive.writestr("zarr.json", b'{"zarr_format": 3}' * 40)
            archive.mkdir("a")
            with archive.open("a/x", "w", force_zip64=zip64) as inside:
                inside.write(bytes(1000))
            archive.writestr("a/b/0", b"")
            archive.writestr("a/b/µ.json", b"{}")
    return path


ARCHIVES = {
    "deflated": {},
    "stored": {"method": zipfile.ZIP_STORED},
    "with a comment": {"comment": b"PK\x05 made by hand" * 100},
    "zip64": {"zip64": True},
    "after something else": {"before": b"#!/bin/sh\n" * 50},
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_read_alike(name, modules, tmp_path):
    path = write(tmp_path / "a.zip", **ARCHIVES[name])
    found = in_browser(modules, path)
    found.pop("most")
    assert found == in_python(path)
    assert found["names"][2] == ["0", "µ.json"]


def test_an_archive_of_many_files(modules, tmp_path):
    """More than 65,535 files need zip64 at the end of the archive."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(65_600):
            archive.writestr(f"a/{number}", b"")
    found = in_browser(modules, path)
    most = found.pop("most")
    assert found == in_python(path)
    assert found["counted"][1]["number"] == 65_600
    assert len(found["names"][1]) == 2000
    assert most < path.stat().st_size


def test_only_the_list_and_the_file_are_read(modules, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("large", bytes(5_000_000))
        archive.writestr("zarr.json", b"{}")
    found = in_browser(modules, path)
    assert found["most"] < 70_000
    assert found["read"][0] == b"{}".hex()


def changed(path: Path, at: int, new: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[at : at + len(new)] = new
    path.write_bytes(content)
    return path


def test_damage_is_told(modules, tmp_path):
    path = write(tmp_path / "a.zip", method=zipfile.ZIP_STORED)
    intact = path.read_bytes()
    begin = intact.index(b'{"zarr_format"')
    entry = intact.index(b"PK\x01\x02")
    end = intact.index(b"PK\x05\x06")
    damages = {
        "Bad CRC-32": (begin + 3, b"X"),
        "Bad magic number for file header": (0, b"X"),
        "Bad magic number for central directory": (entry, b"X"),
        "encrypted": (entry + 8, b"\x01"),
        "compression method": (entry + 10, struct.pack("<H", 12)),
        "Bad offset for central directory": (end + 12, struct.pack("<I", 10_000_000)),
        "and up to 200,000 are listed": (end + 12, struct.pack("<I", 100_000_000)),
    }
    for said, (at, new) in damages.items():
        found = in_browser(modules, changed(path, at, new))
        assert said in found, found
        assert found.endswith("."), found
        assert str(path) in found, found
        assert isinstance(in_python(path), str), said
        path.write_bytes(intact)


def test_what_is_no_archive_is_refused(modules, tmp_path):
    path = tmp_path / "a.zip"
    for content in (b"", b"PK\x03\x04", b"no archive" * 10_000):
        path.write_bytes(content)
        said = f"{path} is no zip archive, or it is cut short."
        assert in_browser(modules, path) == in_python(path) == said


def test_a_large_file_is_none_of_metadata(modules, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", bytes(5 * 2**20))
    said = in_browser(modules, path)
    assert said == in_python(path)
    assert "has 5.00 MiB, and metadata is read up to 4.00 MiB" in said


def test_a_file_that_unpacks_to_more_than_it_says_is_refused(modules, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", bytes(3 * 2**20))
    entry = path.read_bytes().index(b"PK\x01\x02")
    said = in_browser(modules, changed(path, entry + 24, struct.pack("<I", 100)))
    assert "the archive is damaged" in said
