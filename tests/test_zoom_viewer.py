"""The zoom viewer's Python side: what it describes, and the chunks that a kernel sends."""

from __future__ import annotations

import base64
import gzip
import re
from pathlib import Path
from typing import Any

import dask.array as da
import imagecodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from shortening import short_script, short_style

from bigimg_lessons.widgets import ZoomViewer
from bigimg_lessons.widgets.base import own_style
from bigimg_lessons.widgets.zoom_viewer import thumbnail

RAMP = np.arange(600 * 500, dtype=np.uint16).reshape(600, 500)


def ask(viewer: ZoomViewer, monkeypatch: pytest.MonkeyPatch, **message: Any) -> tuple[Any, Any]:
    """Send a message as a view would; return the answer and its buffers."""
    sent = []
    monkeypatch.setattr(
        viewer, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    viewer._handle_custom_msg({"kind": "chunk", "from": "view", "key": "k", **message}, [])
    ((content, buffers),) = sent
    assert content["to"] == "view"
    assert content["key"] == "k"
    return content, buffers


def test_a_chunk_is_sent_with_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = ZoomViewer([RAMP, RAMP[::2, ::2]])
    content, buffers = ask(viewer, monkeypatch, level=1, row=0, column=0)
    assert content["kind"] == "chunk"
    pixels = np.frombuffer(buffers[0], "<u2").reshape(256, 256)
    # What lies beyond the image's edge, at column 250, is filled up.
    np.testing.assert_array_equal(pixels[:, :250], RAMP[::2, ::2][:256])
    assert not pixels[:, 250:].any()


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ({"level": 2, "row": 0, "column": 0}, "The level is 2: there are 2, counted from 0"),
        ({"level": 0, "row": 3, "column": 0}, "The row is 3: there are 3"),
        ({"level": 0, "row": 0, "column": -1}, "The column is -1: there are 2"),
        ({"level": 0, "row": 0.0, "column": 0}, r"The row is 0\.0"),
        ({"level": True, "row": 0, "column": 0}, "The level is True"),
        ({"level": "0", "row": 0, "column": 0}, "The level is '0'"),
        ({"row": 0, "column": 0}, "The level is None"),
        ({"kind": "erase", "level": 0, "row": 0, "column": 0}, "The kind is 'erase'"),
    ],
)
def test_a_bad_message_gets_a_fault(
    monkeypatch: pytest.MonkeyPatch, message: dict[str, Any], fault: str
) -> None:
    content, buffers = ask(ZoomViewer([RAMP, RAMP[::2, ::2]]), monkeypatch, **message)
    assert content["kind"] == "fault"
    assert re.search(fault, content["message"])
    assert buffers is None


def test_what_is_no_message_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = ZoomViewer(RAMP)
    monkeypatch.setattr(viewer, "send", lambda *_: pytest.fail("it answered"))
    viewer._handle_custom_msg("chunk", [])


def test_what_a_lazy_array_raises_reaches_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(block_info: Any = None) -> Any:
        if block_info[None]["chunk-location"] == (0, 0):
            raise OSError("the disk is gone")
        return np.ones((256, 256), np.uint8)

    level = da.map_blocks(read, chunks=((256,) * 9, (256,) * 9), dtype=np.uint8)
    content, _ = ask(ZoomViewer(level), monkeypatch, level=0, row=0, column=0)
    assert content["message"] == "OSError: the disk is gone"


def test_only_the_chunk_that_is_looked_at_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []

    def read(block_info: Any = None) -> Any:
        computed.append(block_info[None]["chunk-location"])
        return np.full((512, 512), sum(computed[-1]), np.uint8)

    finest = da.map_blocks(read, chunks=((512,) * 8, (512,) * 8), dtype=np.uint8)
    viewer = ZoomViewer([finest, np.zeros((256, 256), np.uint8)])
    assert computed == []
    _, buffers = ask(viewer, monkeypatch, level=0, row=3, column=4)
    assert computed == [(3, 4)]
    assert buffers == [bytes([7]) * 512**2]  # the array's own chunks are sent


@pytest.mark.parametrize(
    ("dtype", "sent"),
    [
        ("uint8", "uint8"),
        (">u2", "uint16"),
        ("int16", "int16"),
        (">f4", "float32"),
        ("float16", "float32"),
        ("int64", "float64"),
        ("bool", "uint8"),
    ],
)
def test_pixels_arrive_in_a_type_that_browsers_know(
    monkeypatch: pytest.MonkeyPatch, dtype: str, sent: str
) -> None:
    image = (np.arange(300 * 300) % 2).reshape(300, 300).astype(dtype)
    viewer = ZoomViewer(image)
    assert viewer.image["dtype"] == sent
    _, buffers = ask(viewer, monkeypatch, level=0, row=1, column=1)
    pixels = np.frombuffer(buffers[0], np.dtype(sent).newbyteorder("<")).reshape(256, 256)
    np.testing.assert_array_equal(pixels[:44, :44], image[256:, 256:])


def test_zarr_and_dask_levels_keep_their_chunks_unless_these_are_odd(tmp_path: Path) -> None:
    stored = zarr.create_array(tmp_path / "a.zarr", shape=(900, 800), chunks=(128, 64), dtype="u1")
    levels = [
        stored,
        da.zeros((450, 400), chunks=(100, 400), dtype="u1"),
        da.zeros((225, 200), chunks=(1, 200), dtype="u1"),
        np.zeros((113, 100), "u1"),
    ]
    described = ZoomViewer(levels).image["levels"]
    chunks = [(128, 64), (100, 400), (256, 256), (256, 256)]
    assert [level["chunk"] for level in described] == chunks


@settings(max_examples=30)
@given(st.tuples(*[st.integers(40, 2000)] * 2), st.tuples(*[st.sampled_from([1, 2, 3, 4])] * 2))
def test_factors_are_found_from_sizes_rounded_up_or_down(
    shape: tuple[int, int], factors: tuple[int, int]
) -> None:
    finest = np.broadcast_to(np.uint8(1), shape)
    for size in (
        [-(-n // f) for n, f in zip(shape, factors, strict=True)],
        [n // f for n, f in zip(shape, factors, strict=True)],
    ):
        level = np.broadcast_to(np.uint8(1), size)
        found = ZoomViewer([finest, level], picture="x").image["levels"][1]["factor"]
        assert found == factors


def test_contrast_is_that_of_the_coarsest_level_unless_given() -> None:
    assert ZoomViewer([RAMP, RAMP[:9, :9] // 2]).image["window"] == (0, 4008 // 2)
    assert ZoomViewer(np.full((9, 9), 4.5)).image["window"] == (4.5, 5.5)
    assert ZoomViewer(np.array([[np.nan, 1], [3, np.inf]])).image["window"] == (1, 3)
    assert ZoomViewer(np.eye(9, dtype=np.uint8) * 9).image["window"] == (0, 255)
    assert ZoomViewer(np.eye(9, dtype=bool)).image["window"] == (0, 1)
    assert ZoomViewer(RAMP, contrast=(5, 9)).image["window"] == (5, 9)


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (None, {}, "nothing to show: give an image, or the url"),
        ([], {}, "empty list"),
        (7, {}, "Level 0 is a int: give a 2-D array"),
        (np.zeros((2, 3, 4)), {}, r"shape \(2, 3, 4\): give two axes"),
        (np.zeros((0, 4)), {}, r"shape \(0, 4\)"),
        (np.zeros((4, 4), complex), {}, "dtype complex128"),
        ([RAMP, RAMP[::2].astype(float)], {}, "Level 1 is of dtype float64, level 0 of uint16"),
        ([RAMP[::2], RAMP], {}, r"\(600, 500\) follows one of \(300, 500\)"),
        (RAMP, {"contrast": (3, 3)}, r"contrast is \(3, 3\)"),
        (RAMP, {"pixel_size": 0}, "pixel size is 0"),
        (RAMP, {"pixel_size": (1, 2, 3)}, r"pixel size is \(1, 2, 3\)"),
    ],
)
def test_bad_parameters_are_refused(image: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ZoomViewer(image, **options)


def test_a_page_without_scripts_shows_a_small_picture() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (256, 256), dtype=np.uint8)
    viewer = ZoomViewer([np.kron(noise, np.ones((2, 2), np.uint8)), noise], title="<Noise>")
    html = viewer._repr_mimebundle_()[0]["text/html"]
    assert len(html) < 15_500
    assert 'alt="&lt;Noise&gt;"' in html
    data = re.search(r'src="data:image/jpeg;base64,([^"]+)"', html)
    assert data
    assert imagecodecs.jpeg_decode(base64.b64decode(data[1])).shape == (256, 256)


def test_no_picture_is_made_of_a_level_that_is_too_large_to_read() -> None:
    viewer = ZoomViewer(da.zeros((10**6, 10**6), chunks=(512, 512), dtype="u1"))
    assert viewer.picture == ""
    assert "<img" not in viewer._plain_html()


def test_a_thumbnail_averages_and_stretches() -> None:
    image = np.zeros((512, 256), np.int16)
    image[:, 128:] = 1000
    image[::2] -= 500  # rows that alternate: their mean is -250
    shown = imagecodecs.jpeg_decode(thumbnail(image, contrast=(-250, 750))).astype(int)
    assert shown.shape == (256, 128)
    assert abs(shown[:, :60]).max() < 6
    assert shown[:, 68:].min() > 249


def test_the_front_end_stands_alone() -> None:
    module = str(ZoomViewer._esm)
    assert not re.search(r"^import ", module, flags=re.MULTILINE)
    for name in ("openImage", "fetchBytes", "unpack"):  # once, whoever imports it
        assert len(re.findall(rf"function {name}\(", module)) == 1
    assert module.count("export default") == 1


def test_the_front_end_is_small() -> None:
    """As the book's pages are sent it, in a shorter form (see shortening)."""
    sent = short_script(str(ZoomViewer._esm)) + short_style(own_style(ZoomViewer.front))
    assert len(gzip.compress(sent.encode())) <= 19_200
    assert "http" not in sent.replace("HTTP", "")
