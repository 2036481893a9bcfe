"""The plane of a TIFF that the page shows: the pixels of the file, or a reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node, NodeError

PIXELS = np.random.default_rng(5).integers(0, 250, (3, 40, 50))
MODULES = [JS / "file_report" / "tiff_plane.js", JS / "inspection" / "opening.js"]

READ = """async (path) => {
  const bytes = await readFile(path);
  const read = async (start, end) => new Uint8Array(bytes.subarray(start, end));
  const source = { name: path, size: bytes.length, read };
  const { shape, pixels, where } = await tiffPlane(source, await reportOn(source, path), 0);
  return { shape, where, pixels: Array.from(pixels) };
}"""


@pytest.fixture(scope="module")
def shown(node: Node) -> Evaluate:
    exports = [f'export * from "{module.as_uri()}";' for module in MODULES]
    return node.source("tiff_planes", "\n".join([*exports, 'export * from "node:fs/promises";']))


def pixels_of(shown: Evaluate, path: Path) -> np.ndarray:
    found = shown(READ, str(path))
    return np.array(found["pixels"]).reshape(found["shape"])


def write(path: Path, dtype: str = "uint16", **options: Any) -> np.ndarray:
    pixels = PIXELS.astype(dtype)
    tifffile.imwrite(path, pixels, **{"photometric": "minisblack", "metadata": None, **options})
    return pixels


ZLIB = {"compression": "zlib", "predictor": True}


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [{}, {"tile": (16, 32)}, {"rowsperstrip": 7}, {"rowsperstrip": 7, "compression": "zlib"}],
    ids=str,
)
def test_the_plane_in_the_middle_is_shown(tmp_path, shown, options, dtype, byteorder):
    path = tmp_path / "a.tif"
    pixels = write(path, dtype, byteorder=byteorder, **options)
    np.testing.assert_array_equal(pixels_of(shown, path), pixels[1])


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_differences_are_summed(tmp_path, shown, dtype, tile):
    pixels = write(tmp_path / "a.tif", dtype, tile=tile, **ZLIB)
    np.testing.assert_array_equal(pixels_of(shown, tmp_path / "a.tif"), pixels[1])


@pytest.mark.parametrize("options", [{}, ZLIB, {"planarconfig": "separate"}], ids=str)
def test_of_colours_the_first_is_shown(tmp_path, shown, options):
    pixels = np.moveaxis(PIXELS.astype("uint8"), 0, -1)
    stored = PIXELS.astype("uint8") if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", metadata=None, **options)
    np.testing.assert_array_equal(pixels_of(shown, tmp_path / "a.tif"), pixels[..., 0])


@pytest.mark.parametrize(
    ("dtype", "options", "reason"),
    [
        ("float32", ZLIB, "does not undo how it was prepared"),  # its bytes are sorted
        ("uint16", {"compression": "lzw"}, "does not unpack how it is compressed"),
    ],
)
def test_what_is_not_undone_is_not_shown(tmp_path, shown, dtype, options, reason):
    write(tmp_path / "a.tif", dtype, **options)
    with pytest.raises(NodeError, match=reason):
        pixels_of(shown, tmp_path / "a.tif")


def test_bits_in_reverse_order_are_not_shown(tmp_path, shown):
    path = tmp_path / "a.tif"
    write(path, "uint8", byteorder="<", extratags=[(269, 3, 1, 2, False)])
    # tifffile writes no FillOrder, which is 266: another tag takes its place.
    path.write_bytes(path.read_bytes().replace(b"\x0d\x01\x03\x00", b"\x0a\x01\x03\x00"))
    with tifffile.TiffFile(path) as tiff:
        assert [page.fillorder for page in tiff.pages] == [2, 2, 2]
    with pytest.raises(NodeError, match="bits of its bytes are in reverse order"):
        pixels_of(shown, path)


def test_differences_of_floats_are_not_summed_as_numbers(tmp_path, shown):
    """By predictor 2 of floats, libtiff means differences of whole numbers with the same bits."""
    path = tmp_path / "a.tif"
    write(path, "float32", **ZLIB)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for page in tiff.pages:
            page.tags["Predictor"].overwrite(2)
    with pytest.raises(NodeError, match="does not undo how it was prepared"):
        pixels_of(shown, path)


def test_planes_of_another_type_are_not_taken_for_this_one(tmp_path, shown):
    path = tmp_path / "a.tif"
    for number, dtype in enumerate(("uint16", "float32", "uint16")):
        plane = PIXELS[number].astype(dtype)
        tifffile.imwrite(path, plane, photometric="minisblack", metadata=None, append=number > 0)
    with pytest.raises(NodeError, match="the plane in the middle is of another type"):
        pixels_of(shown, path)
