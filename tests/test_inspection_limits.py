"""Big files are inspected from little: few bytes read, little memory, folders counted in part."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest
import tifffile
from rich.console import Console

from bigimg_lessons.command_line.inspecting import show
from bigimg_lessons.command_line.known import known_of
from bigimg_lessons.inspection import places, tiff_tags
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import verdicts_of
from bigimg_lessons.measure.serving import FolderServer
from tests import bdv_files

GIB = 2**30
MOST_MEMORY = 150 * 2**20
MOST_READ = 16 * 2**20

# Imports what an inspection of each kind needs, then inspects, and says what that took.
MEASURED = """
import json, sys
import h5py, psutil
from bigimg_lessons.command_line import inspecting
from bigimg_lessons.inspection import bdv_hdf5, hdf5, n5, ome_zarr
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import verdicts_of
me = psutil.Process()
small, *paths = sys.argv[1:]
report_on(small)
taken = []
for path in paths:
    before = me.memory_info().rss
    read = me.io_counters().read_chars if sys.platform == "linux" else 0
    report = with_sample(report_on(path))
    verdicts_of(report, costs_of(report))
    after = me.io_counters().read_chars if sys.platform == "linux" else 0
    taken.append([me.memory_info().rss - before, after - read])
print(json.dumps(taken))
"""


def tiff_by_hand(path, planes, height, width, rows):
    """Write the directories of a BigTIFF by hand; its voxels are holes."""
    strips = -(-height // rows)
    entries = 10
    step = 8 + 20 * entries + 8
    index_at = 16 + planes * step
    data_at = index_at + 16 * strips
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16))
        for plane in range(planes):
            tags = [
                (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1),
                (262, 3, 1, 1), (273, 16, strips, index_at), (277, 3, 1, 1), (278, 4, 1, rows),
                (279, 16, strips, index_at + 8 * strips), (339, 3, 1, 1),
            ]  # fmt: skip
            if strips == 1:
                tags[5] = (273, 16, 1, data_at + plane * height * width)
                tags[8] = (279, 16, 1, height * width)
            file.write(struct.pack("<Q", entries))
            for tag in tags:
                file.write(struct.pack("<HHQQ", *tag))
            file.write(struct.pack("<Q", 16 + (plane + 1) * step if plane + 1 < planes else 0))
        offsets = data_at + np.arange(strips, dtype="<u8") * rows * width
        file.write(offsets.tobytes())
        file.write(np.full(strips, rows * width, "<u8").tobytes())
        file.truncate(data_at + planes * height * width)


def uneven_tiff(path, planes, gap):
    """Write planes one by one, texts of other lengths between them: `gap` bytes on average."""
    chance = random.Random(4)  # noqa: S311 (no secret)
    with tifffile.TiffWriter(path) as writer:
        for _ in range(planes):
            text = "x" * chance.randint(gap - gap // 8, gap + gap // 8)
            plane = np.zeros((16, 16), "u1")
            writer.write(plane, contiguous=False, metadata=None, description=text, photometric=1)
    return path


def big_bdv(folder):
    """A 10 GiB BDV-HDF5 of 40,960 chunks, each of which is stored as one byte."""
    path = folder / "data.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["s00/resolutions"] = np.array([[1.0, 1, 1]])
        file["s00/subdivisions"] = np.array([[64, 64, 64]])
        shape = (40 * 64, 32 * 64, 32 * 64)
        cells = file.create_dataset(
            "t00000/s00/0/cells", shape, "uint8", chunks=(64, 64, 64), compression="gzip"
        )
        for index in np.ndindex(40, 32, 32):
            cells.id.write_direct_chunk(tuple(64 * n for n in index), b"\0")
    setup = {"id": 0, "size": shape[::-1], "voxel": (1, 1, 1), "unit": "µm"}
    (folder / "a.xml").write_text(bdv_files.xml([setup]), encoding="utf-8")
    return folder / "a.xml"


def make_files(folder, count):
    """Write an array of Zarr with empty files for its chunks."""
    document = {
        "zarr_format": 2, "shape": [64 * 200, 64 * 100, 64 * 100], "chunks": [64, 64, 64],
        "dtype": "|u1", "compressor": None, "fill_value": 0, "order": "C", "filters": None,
    }  # fmt: skip
    folder.mkdir()
    (folder / ".zarray").write_text(json.dumps(document))
    for number in range(count):
        (folder / f"{number}.0.0").touch()
    return folder


def test_big_files_take_little(tmp_path):
    tiff_by_hand(tmp_path / "small.tif", 2, 8, 8, 8)
    tiff_by_hand(tmp_path / "planes.tif", 10 * 1024, 1024, 1024, 1024)
    tiff_by_hand(tmp_path / "strips.tif", 2, 1_000_000, 1024, 1)
    assert (tmp_path / "planes.tif").stat().st_size > 10 * GIB
    paths = [
        tmp_path / "small.tif",
        big_bdv(tmp_path),
        tmp_path / "planes.tif",
        tmp_path / "strips.tif",
        make_files(tmp_path / "a.zarr", 12_000),
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEASURED, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for path, (memory, read) in zip(paths[1:], json.loads(done.stdout), strict=True):
        assert memory < MOST_MEMORY, path
        assert read < MOST_READ, path


def test_a_big_bdv_is_described(tmp_path):
    report = report_on(big_bdv(tmp_path))
    (level,) = report.levels
    assert level.shape == (2560, 2048, 2048)
    # HDF5 would go through its index of chunks to tell: of so many it is not asked.
    assert level.ratio is None
    assert {v.name for v in verdicts_of(report, costs_of(report))} == set()


def test_ten_thousand_planes_are_counted(tmp_path):
    path = tmp_path / "big.tif"
    tiff_by_hand(path, 10 * 1024, 1024, 1024, 1024)
    report = report_on(path)
    assert report.levels[0].shape[1:] == (1024, 1024)
    # A slow computer counts in part, and says so.
    assert report.levels[0].shape[0] == 10 * 1024 or report.is_partial


def test_directories_at_any_distance_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_tags, "_MAX_SECONDS", 600)
    report = report_on(uneven_tiff(tmp_path / "a.tif", 700, 300))
    assert report.levels[0].shape == (700, 16, 16)
    assert not report.is_partial
    assert report.notes == ()


def test_a_count_of_planes_that_ended_early_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_tags, "MAX_DIRECTORIES", 100)
    tiff_by_hand(tmp_path / "a.tif", 150, 1000, 8000, 8)
    report = report_on(tmp_path / "a.tif")
    assert report.levels[0].shape == (100, 1000, 8000)
    assert report.is_partial
    said = "Its directories were counted up to 100, and there are more"
    assert report.notes == (f"{said}: how many planes it has is not known.",)
    costs = costs_of(report)
    assert costs.views == ()
    assert costs.reason.endswith("cannot be worked out: not all of its planes were counted.")
    printed = io.StringIO()
    show(Console(file=printed, width=200), report, costs, verdicts_of(report, costs))
    assert "BigTIFF: at least 100 × 1000 × 8000 (? Y X), uint8" in printed.getvalue()
    with pytest.raises(ValueError, match=r"a.tif has more planes than were counted"):
        known_of(report, file_format="ome-zarr-0.5", axes="ZYX")


def test_of_a_text_that_tells_all_planes_their_number_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_tags, "MAX_DIRECTORIES", 3)
    stack = np.zeros((7, 16, 16), "u1")
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, metadata={"axes": "ZYX"}, photometric=1)
    report = report_on(tmp_path / "a.ome.tif")
    assert report.levels[0].shape == (7, 16, 16)
    assert report.notes == ("Its directories were counted up to 3, and there are more.",)
    assert not report.is_partial
    assert report.contradictions == ()


def test_of_a_server_as_many_planes_are_counted_as_are_asked_for(tmp_path):
    """Each directory lies in another of the 64 blocks of 256 KiB that are fetched."""
    uneven_tiff(tmp_path / "a.tif", 80, 300_000)
    with FolderServer(tmp_path) as server:
        report = report_on(f"{server.url}/a.tif")
    assert report.is_partial
    assert 50 < report.levels[0].shape[0] < 80
    assert report.levels[0].shape[1:] == (16, 16)


def test_a_folder_of_many_files_is_counted_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MAX_FILES", 50)
    report = report_on(make_files(tmp_path / "a.zarr", 80))
    assert report.files.number == 50
    assert report.files.at_least
    assert report.files.expected == 200 * 100 * 100
    names = {verdict.name for verdict in verdicts_of(report, costs_of(report))}
    assert "too-many-files" in names


def test_a_folder_that_leads_to_itself_is_counted_once(tmp_path):
    folder = make_files(tmp_path / "a.zarr", 3)
    try:
        (folder / "again").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert report_on(folder).files.number == 5


def test_directories_in_a_circle_are_told(tmp_path):
    path = tmp_path / "a.tif"
    tiff_by_hand(path, 3, 8, 8, 8)
    content = bytearray(path.read_bytes())
    step = 8 + 20 * 10 + 8
    content[16 + 3 * step - 8 : 16 + 3 * step] = struct.pack("<Q", 16 + step)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="lead back to an earlier one"):
        report_on(path)
