"""Lesson 6a: what it counts is worked out from the files alone, and its servers end."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from math import ceil, prod
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import h5py
import nbformat
import numpy as np
import obstore
import psutil
import pytest
import tensorstore
import tifffile
import zarr
from obstore.exceptions import PermissionDeniedError
from obstore.store import S3Store
from zarr.storage import ObjectStore

from bigimg_lessons import FileMeter, FolderServer, build_pyramid
from bigimg_lessons.measure.object_server import ObjectServer
from bigimg_lessons.questions.bank import load_bank

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
BANK = "06a_far_away"
SHAPE = (128, 512, 512)
CUBES = (64, 64, 64)
MIB = 2**20


def sources(name: str) -> dict[str, str]:
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    return {cell.id: cell.source for cell in cells}


CELLS = nbformat.read(NOTEBOOKS / f"{BANK}.ipynb", as_version=4).cells
SOURCES = sources(BANK)
PRINTED = {
    cell.id: "".join(output.get("text", "") for output in cell.outputs)
    for cell in CELLS
    if cell.cell_type == "code"
}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def row(name: str, how: str) -> list[tuple[int, str]]:
    """Requests and bytes that the lesson prints: to open, and for the XY plane."""
    (found,) = re.findall(rf"^{re.escape(name)} +{how} +(\d.*)$", PRINTED["asked"], re.M)
    return [(number(n), size) for n, size in re.findall(r"([\d,]+) +([\d.]+ \w+)", found)]


def pieces(shape: Sequence[int], piece: Sequence[int]) -> int:
    """Count the pieces that a box of this shape, which starts where a piece starts, is made of."""
    return prod(-(-n // p) for n, p in zip(shape, piece, strict=True))


# The files


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    """As large as the lesson's: where a file has what does not depend on the voxels."""
    return np.arange(prod(SHAPE), dtype="uint8").reshape(SHAPE) | np.uint8(1)


@pytest.fixture(scope="module")
def folder(volume: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lesson's two single files, its shards, and the file of another writer."""
    home = tmp_path_factory.mktemp("far")
    known = {"axes": "ZYX", "voxel_size": (0.1, 0.04, 0.04), "unit": "µm", "codec": None}
    chosen = {
        "tiled.ome.tif": ("ome-tiff", {"chunk_shape": (1, 128, 128)}),
        "bdv.xml": ("bdv-hdf5", {"chunk_shape": CUBES}),
        "shards.ome.zarr": ("ome-zarr-0.5", {"chunk_shape": CUBES, "shard_shape": (128,) * 3}),
    }
    for name, (file_format, options) in chosen.items():
        build_pyramid(
            volume, home / name, file_format=file_format, **known, **options, progress=False
        )
    tiles = {"tile": (128, 128), "photometric": "minisblack"}
    with tifffile.TiffWriter(home / "other.ome.tif", ome=True) as tiff:
        tiff.write(volume[:64], subifds=2, metadata={"axes": "ZYX"}, **tiles)
        for step in (2, 4):
            tiff.write(volume[:64, ::step, ::step], subfiletype=1, **tiles)
    return home


Extents = list[tuple[int, int]]


def tiff_reads(path: Path) -> tuple[int, Extents, Extents]:
    """Size of a TIFF file, and what tifffile reads of it on the disk: to open it, for a plane."""
    meter = FileMeter(path)
    with meter.open() as opened, tifffile.TiffFile(opened) as tiff:
        array = zarr.open_array(tiff.aszarr(series=0, level=0), mode="r")
        first = list(meter.take().extents)
        array[64 if array.shape[0] > 64 else 0]
        return path.stat().st_size, first, list(meter.take().extents)


def hdf5_reads(path: Path) -> tuple[int, Extents, Extents]:
    meter = FileMeter(path)
    with meter.open() as opened, h5py.File(opened) as file:
        cells = file["t00000/s00/0/cells"]
        first = list(meter.take().extents)
        _ = cells[64]
        return path.stat().st_size, first, list(meter.take().extents)


@pytest.fixture(scope="module")
def reads(folder: Path) -> dict[str, tuple[int, Extents, Extents]]:
    return {
        "OME-TIFF": tiff_reads(folder / "tiled.ome.tif"),
        "BDV-HDF5": hdf5_reads(folder / "bdv.h5"),
        "other": tiff_reads(folder / "other.ome.tif"),
    }


# The caches of fsspec, as its documentation describes them.

Fetch = Callable[[int, int], None]


def no_cache(size: int, fetch: Fetch) -> Fetch:
    return fetch


def readahead(size: int, fetch: Fetch) -> Fetch:
    """Keep one run of bytes; fetch what it lacks, and 5 MiB more."""
    begin = end = 0

    def read(start: int, stop: int) -> None:
        nonlocal begin, end
        if begin <= start and stop <= end:
            return
        start = end if begin <= start < end else start
        begin, end = start, min(size, stop + 5 * MIB)
        fetch(begin, end)

    return read


def blocks(size: int, fetch: Fetch) -> Fetch:
    """Fetch each block of 1 MiB once."""
    held: set[int] = set()

    def read(start: int, stop: int) -> None:
        for block in range(start // MIB, -(-stop // MIB)):
            if block not in held:
                held.add(block)
                fetch(block * MIB, min(size, (block + 1) * MIB))

    return read


CACHES = {"no cache": no_cache, "readahead": readahead, "block cache": blocks}


def expected(reads: tuple[int, Extents, Extents], how: str) -> list[tuple[int, int]]:
    """Requests and bytes to open, and for the plane; the first asks how long the file is."""
    size, *steps = reads
    fetched: list[int] = []
    read = CACHES[how](size, lambda start, stop: fetched.append(stop - start))
    found = []
    for extents in steps:
        fetched.clear()
        for offset, length in extents:
            read(offset, offset + length)
        found.append((len(fetched), sum(fetched)))
    (requests, nbytes), plane = found
    return [(requests + 1, nbytes), plane]


def in_bytes(text: str) -> float:
    value, unit = text.split()
    return float(value) * {"bytes": 1, "KiB": 2**10, "MiB": MIB, "GiB": 2**30}[unit]


@pytest.mark.parametrize("how", CACHES)
@pytest.mark.parametrize("name", ["OME-TIFF", "BDV-HDF5"])
def test_what_a_file_costs_from_far_away_follows_from_its_reads_on_a_disk(
    name: str, how: str, reads: dict[str, tuple[int, Extents, Extents]]
) -> None:
    printed = row(name, how)
    worked_out = expected(reads[name], how)
    assert [requests for requests, _ in printed] == [requests for requests, _ in worked_out]
    for (_, text), (_, nbytes) in zip(printed, worked_out, strict=True):
        assert in_bytes(text) == pytest.approx(nbytes, rel=0.005)


def test_what_another_writer_costs_follows_from_the_reads_too(
    reads: dict[str, tuple[int, Extents, Extents]], folder: Path
) -> None:
    size, _, _ = reads["other"]
    (requests, nbytes), _ = expected(reads["other"], "readahead")
    found = re.match(
        r"a file of (\S+ MiB), to open: ([\d,]+) requests, (\S+ \w+)\n", PRINTED["scattered"]
    )
    assert found is not None
    assert number(found[2]) == requests
    assert in_bytes(found[1]) == pytest.approx(size, rel=0.005)
    assert in_bytes(found[3]) == pytest.approx(nbytes, rel=0.005)
    assert f"To open a file of {found[1]}, {found[3]} travel" in SOURCES["scattered-explained"]


def test_what_is_asked_by_name_or_by_reference_is_its_pieces() -> None:
    plane = (1, 512, 512)
    tiles, chunks = pieces(plane, (1, 128, 128)), pieces(plane, CUBES)
    shards = pieces(plane, (128, 128, 128))
    index = 8 * 16 + 4  # of eight chunks, and a checksum
    for name, how, requests, nbytes in [
        ("OME-TIFF", "references", tiles, tiles * 128**2),
        ("BDV-HDF5", "references", chunks, chunks * 64**3),
        ("OME-Zarr 0.5", "zarr", chunks, chunks * 64**3),
        ("0.5, shards", "chunk by chunk", chunks + shards, chunks * 64**3 + shards * index),
    ]:
        opening, read = row(name, how)
        assert opening[0] == (0 if how == "references" else 1)
        assert read[0] == requests
        assert in_bytes(read[1]) == pytest.approx(nbytes, rel=0.005)
    assert PRINTED["predicted"].startswith("exactly as predicted: 5 of 5")


def test_tensorstore_merges_the_chunks_of_our_shards_as_the_lesson_says(
    folder: Path, volume: np.ndarray
) -> None:
    (printed,) = re.findall(r"side by side +XY (\d+) requests.* YZ (\d+)", PRINTED["predicted"])
    with FolderServer(folder) as server:
        spec = {"driver": "zarr3", "kvstore": f"{server.url}/shards.ome.zarr/0/"}
        for count, place in zip(printed, [np.s_[64], np.s_[:, :, 256]], strict=True):
            array = tensorstore.open(spec, open=True, read=True).result()
            server.take()
            np.testing.assert_array_equal(array[place].read().result(), volume[place])
            assert len([r for r in server.take() if r.method == "GET"]) == int(count)


def test_who_is_not_told_the_version_asks_for_more(folder: Path) -> None:
    with FolderServer(folder) as server:
        zarr.open_array(f"{server.url}/shards.ome.zarr/0", mode="r")
        asked = server.take()
    assert [request.status for request in asked if request.path.endswith("/zarr.json")] == [200]
    others = [request for request in asked if not request.path.endswith("/zarr.json")]
    assert others
    assert {request.status for request in others} == {404}


# What the page says


def test_predictions_are_right_and_stand_before_what_measures_them() -> None:
    measured = {
        "predict-tiff-requests": re.findall(r"to the XY plane: ([\d,]+)", PRINTED["asked"]),
        "predict-asked-again": re.findall(r"seen: ([\d,]+)", PRINTED["faults"]),
    }
    predictions = {q.id: q.answer for q in load_bank(BANK).questions if q.kind == "predict"}
    assert predictions == {name: number(found) for name, (found,) in measured.items()}
    order = list(SOURCES)
    for name in predictions:
        (asked,) = (c for c in order if f'questions=["{name}"]' in SOURCES[c])
        (found,) = (c for c in order if f'measure("{name}"' in SOURCES[c])
        assert order.index(asked) < order.index(found)


def test_requests_that_were_seen_are_those_needed_and_those_that_failed() -> None:
    needed, seen = map(int, re.findall(r"(?:needed|seen): (\d+)", PRINTED["faults"]))
    failed = map(int, re.findall(r"^    .+: (\d+)$", PRINTED["faults"], re.M))
    assert needed == pieces(SHAPE, CUBES) + 1
    assert seen == needed + sum(failed)
    assert f"{needed} / 0.8 ≈ {round(needed / 0.8)}" in SOURCES["faults-explained"]


def test_seconds_of_the_text_are_those_of_the_model() -> None:
    """Of 30 ms for each wait, and 30 MB/s."""

    def seconds(name: str, how: str, at_once: int) -> float:
        (opening, first), (plane, second) = row(name, how)
        travel = (in_bytes(first) + in_bytes(second)) / 30e6
        return (opening + ceil(plane / at_once)) * 0.03 + travel

    assert "latency=0.03, bandwidth=30e6" in SOURCES["slow"]
    text = SOURCES["slow-explained"]
    assert f"would take {seconds('OME-TIFF', 'no cache', 1):.0f} seconds" in text
    assert 0.05 < seconds("OME-TIFF", "references", 10) < 0.15
    assert "in a tenth of a second" in text
    ratio = in_bytes(row("BDV-HDF5", "readahead")[1][1]) / in_bytes(
        row("BDV-HDF5", "no cache")[1][1]
    )
    assert round(ratio) == 6
    assert "six times the bytes" in SOURCES["asked-explained"]


def test_one_chunk_of_a_plane_is_what_an_object_that_is_gone_leaves_black() -> None:
    (share,) = re.findall(r"no error, ([\d.]+)% of the plane is black", PRINTED["bucket"])
    assert float(share) == pytest.approx(100 * 64**2 / 512**2, abs=0.05)


def test_the_files_are_those_of_lesson_5() -> None:
    theirs = sources("05_compare_file_formats")
    for cell in ("sample", "crop", "write"):
        assert SOURCES[cell] == theirs[cell], (
            f"make {cell!r} alike in both, or files are made twice"
        )


def test_it_is_no_longer_than_it_may_be() -> None:
    prose = " ".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    words = re.findall(r"\S*\w\S*", re.sub(r"\(\S+?\)", "", prose))
    assert len(words) <= 1600


# Servers


def test_every_server_of_the_lesson_ends_with_a_with_block() -> None:
    started = 0
    for cell in CELLS:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        inside = [
            item.context_expr for n in ast.walk(tree) if isinstance(n, ast.With) for item in n.items
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Server"):
                assert node in inside, cell.id
                started += 1
    assert started == 7


def stores() -> list[psutil.Process]:
    """Processes of object stores that this one has started and that have not ended."""
    return [child for child in psutil.Process().children() if is_store(child)]


def is_store(process: psutil.Process) -> bool:
    """Tell whether a process is an object store; one that has ended, waited for or not, is none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return any("object_server_process" in part for part in process.cmdline())
    return False


def keys() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """What the cells of the bucket take from others."""
    pixels = np.random.default_rng(0).integers(1, 255, (128, 512, 512), "uint8")
    taken = {
        "build_pyramid": build_pyramid,
        "cubes": {"chunk_shape": CUBES},
        "key": "v05.ome.zarr/0/c/1/4/3",
        "known": {"axes": "ZYX", "voxel_size": (0.1, 0.04, 0.04), "unit": "µm", "codec": None},
        "middle": {"XY": (64, slice(None), slice(None))},
        "received": bytes(64**3),
        "level_0": "v05.ome.zarr/0",
        "volume": pixels,
        "fetch": build_opener(ProxyHandler({})).open,
        "np": np,
        "obstore": obstore,
        "os": os,
        "patch": patch,
        "S3Store": S3Store,
        "zarr": zarr,
        "ObjectServer": ObjectServer,
        "ObjectStore": ObjectStore,
        "timedelta": timedelta,
        "PermissionDeniedError": PermissionDeniedError,
    }
    before = keys()
    yield taken
    assert keys() == before, "the keys of a server stay in the environment"


def test_the_store_and_its_keys_are_gone_after_the_cells_and_they_print_what_is_stated(
    names: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    for cell in ("bucket", "wrong-key"):
        exec(SOURCES[cell], names)  # noqa: S102 (our own cells)
        assert capsys.readouterr().out == PRINTED[cell]
        assert stores() == []
        server = names["server"]
        assert isinstance(server, ObjectServer)
        place = urlsplit(server.url)
        assert place.hostname == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((place.hostname, place.port or 0), timeout=5)


def test_the_store_and_its_keys_are_gone_after_a_cell_that_fails(names: dict[str, object]) -> None:
    seen = SimpleNamespace(stores=[])

    def fail(*_: object, **__: object) -> None:
        seen.stores = stores()
        raise OSError("as if the disk were full")

    with pytest.raises(OSError, match="as if the disk were full"):
        exec(SOURCES["bucket"], {**names, "build_pyramid": fail})  # noqa: S102 (our own cell)
    assert len(seen.stores) == 1
    assert stores() == []
