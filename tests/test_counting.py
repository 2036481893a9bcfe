import io
import os
import pickle
import threading

import fsspec
import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from bigimg_lessons.counting import FileMeter, Requests, format_bytes


@pytest.fixture
def ten_bytes(tmp_path):
    path = tmp_path / "ten.bin"
    path.write_bytes(bytes(range(10)))
    return path


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.00 KiB"),
        (10_240, "10.0 KiB"),
        (1_048_575, "1.00 MiB"),
        (268_435_456, "256 MiB"),
        (1_073_741_824, "1.00 GiB"),
        (5 * 2**60, "5120 PiB"),
    ],
)
def test_format_bytes(count, text):
    assert format_bytes(count) == text


@given(st.integers(min_value=1024, max_value=2**59))
def test_format_bytes_shows_three_digits_close_to_the_value(count):
    number, unit = format_bytes(count).split()
    power = ["KiB", "MiB", "GiB", "TiB", "PiB"].index(unit) + 1
    assert len(number.replace(".", "")) == 3 or 1000 <= float(number) < 1024
    assert float(number) * 1024**power == pytest.approx(count, rel=0.006)


def test_counts_each_read_with_offset_and_size(ten_bytes):
    meter = FileMeter(ten_bytes)
    with meter.open() as file:
        file.seek(2)
        assert file.read(3) == bytes([2, 3, 4])
        assert file.tell() == 5
        file.seek(-1, os.SEEK_END)
        assert file.read(100) == bytes([9])
        assert file.read(1) == b""
    asked = meter.take()
    assert asked == Requests(file_size=10, opens=1, extents=((2, 3), (9, 1)))
    assert (asked.count, asked.bytes_read) == (2, 4)
    assert asked.fraction_touched == pytest.approx(0.4)
    assert str(asked) == "2 requests, 4 bytes (4 bytes)"


def test_take_starts_again_from_zero(ten_bytes):
    meter = FileMeter(ten_bytes)
    with meter.open() as file:
        file.read(4)
    meter.take()
    assert meter.take() == Requests(file_size=10, opens=0, extents=())


def test_url_opens_through_fsspec(ten_bytes):
    meter = FileMeter(ten_bytes)
    with fsspec.open(meter.url) as file:
        assert file.read() == bytes(range(10))
    assert meter.take().bytes_read == 10


def test_two_meters_count_their_own_files(tmp_path):
    meters = []
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(name.encode())
        meters.append(FileMeter(tmp_path / name))
    with fsspec.open(meters[1].url) as file:
        assert file.read() == b"b.bin"
    assert [meter.take().bytes_read for meter in meters] == [0, 5]


def test_file_system_survives_pickling_as_dask_does_it(ten_bytes):
    meter = FileMeter(ten_bytes)
    system, path = fsspec.url_to_fs(meter.url)
    with pickle.loads(pickle.dumps(system)).open(path) as file:  # noqa: S301
        file.read(1)
    assert meter.take().bytes_read == 1


def test_counts_from_many_threads(ten_bytes):
    meter = FileMeter(ten_bytes)

    def read():
        for _ in range(200):
            with meter.open() as file:
                file.read(5)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = meter.take()
    assert (asked.opens, asked.count, asked.bytes_read) == (1600, 1600, 8000)
    assert asked.touched == ((0, 5),)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*gone\.tif.* existing file"):
        FileMeter(tmp_path / "gone.tif")


def test_url_without_its_meter_is_refused(ten_bytes):
    url = FileMeter(ten_bytes).url
    with pytest.raises(FileNotFoundError, match=r"No meter watches .*keep the FileMeter"):
        fsspec.open(url).open()


def test_writing_is_refused(ten_bytes):
    meter = FileMeter(ten_bytes)
    with pytest.raises(ValueError, match="only be read: mode is 'wb'"):
        fsspec.open(meter.url, "wb").open()
    assert ten_bytes.read_bytes() == bytes(range(10))


def test_no_reader_can_go_behind_the_meter(ten_bytes):
    with FileMeter(ten_bytes).open() as file, pytest.raises(io.UnsupportedOperation):
        file.fileno()


def test_tifffile_reads_one_plane_in_one_request(tmp_path):
    pixels = np.arange(4 * 32 * 48, dtype=np.uint16).reshape(4, 32, 48)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack")
    meter = FileMeter(path)
    with tifffile.TiffFile(meter.open()) as tiff:
        page = tiff.pages[2]
        meter.take()
        plane = page.asarray()
        asked = meter.take()
    np.testing.assert_array_equal(plane, pixels[2])
    assert asked.extents == ((page.dataoffsets[0], 32 * 48 * 2),)


def test_h5py_reads_one_chunk_in_one_request(tmp_path):
    path = tmp_path / "cells.h5"
    values = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    with h5py.File(path, "w") as file:
        file.create_dataset("cells", data=values, chunks=(16, 16))
    meter = FileMeter(path)
    with h5py.File(meter.open(), "r") as file:
        cells = file["cells"]
        cells[0, 0]  # reads the chunk index once
        meter.take()
        np.testing.assert_array_equal(cells[16:32, 32:48], values[16:32, 32:48])
        offset = cells.id.get_chunk_info_by_coord((16, 32)).byte_offset
        assert (offset, 256) in meter.take().extents


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30)), max_size=20)


@given(spans)
def test_touched_equals_the_set_of_bytes(extents):
    requests = Requests(file_size=230, opens=1, extents=tuple(extents))
    seen = {byte for offset, size in extents for byte in range(offset, offset + size)}
    assert {b for start, stop in requests.touched for b in range(start, stop)} == seen
    assert requests.fraction_touched == pytest.approx(len(seen) / 230)
    gaps = [b[0] - a[1] for a, b in zip(requests.touched, requests.touched[1:], strict=False)]
    assert all(gap > 0 for gap in gaps)


def test_an_empty_file_is_not_touched():
    assert Requests(file_size=0, opens=1, extents=()).fraction_touched == 0
