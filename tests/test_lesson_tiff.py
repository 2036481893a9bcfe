"""Files that a lesson is asked to open: whole ones open, others are refused in one sentence."""

import numpy as np
import pytest
import tifffile

from bigimg_lessons.samples.files import lesson_tiff

PIXELS = np.random.default_rng(0).integers(0, 255, (20, 64, 64), dtype=np.uint8)


def write_imagej(path):
    tifffile.imwrite(path, PIXELS, imagej=True, metadata={"axes": "ZYX"})


def write_plain(path):
    tifffile.imwrite(path, PIXELS, photometric="minisblack")


def write_compressed(path):
    tifffile.imwrite(path, PIXELS, photometric="minisblack", compression="zlib", rowsperstrip=16)


def write_pages(path):
    with tifffile.TiffWriter(path) as tiff:
        for plane in PIXELS:
            tiff.write(plane, contiguous=False, metadata=None)


every_kind = pytest.mark.parametrize(
    "write", [write_imagej, write_plain, write_compressed, write_pages]
)


@every_kind
def test_a_whole_stack_of_ones_own_opens(tmp_path, write):
    path = tmp_path / "own.tif"
    write(path)
    assert lesson_tiff(str(path)) == path


@every_kind
@pytest.mark.parametrize("share", [0.99, 0.5, 0.01])
def test_a_truncated_stack_is_refused(tmp_path, write, share):
    path = tmp_path / "cut.tif"
    write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"cut\.tif is not whole: it has \d+ bytes.*copy or down"):
        lesson_tiff(str(path))


@pytest.mark.parametrize("content", [b"", b"II", b"hello, this is no image", b"II*\0" + b"\0" * 8])
def test_what_is_no_tiff_is_refused(tmp_path, content):
    path = tmp_path / "other.tif"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.tif (cannot be read as a TIFF|is not whole)"):
        lesson_tiff(str(path))


def test_a_truncated_download_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path))
    monkeypatch.setenv("BIGIMG_DATASET", "platy")
    path = tmp_path / "xyz_uint8__em_platy.tif"
    write_plain(path)
    assert lesson_tiff() == path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is not whole"):
        lesson_tiff()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*gone\.tif: give the path of"):
        lesson_tiff(str(tmp_path / "gone.tif"))
