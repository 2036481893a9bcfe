"""The page describes and judges a file as Python does: the same document, to the last bit."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from bigimg_lessons.command_line.inspecting import as_document
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import rules_as_json, verdicts_of
from tests.inspection_zoo import ZOO, sparse_tiff
from tests.node import find_node
from tests.test_inspection_damage import CUT, cut_tiffs, damaged
from tests.test_inspection_limits import tiff_by_hand, uneven_tiff

HARNESS = Path(__file__).with_name("js") / "inspected.mjs"


def in_browser(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Inspect files with the modules of the page, all in one process of Node."""
    done = subprocess.run(
        [find_node(), str(HARNESS)],
        input=json.dumps({"rules": rules_as_json(), "paths": list(map(str, paths))}),
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def in_python(path: Path) -> dict[str, Any]:
    """Inspect a file as the command does: its document, or a sentence."""
    try:
        report = with_sample(report_on(path))
    except InspectionError as error:
        return {"sentence": str(error)}
    costs = costs_of(report)
    return {"document": as_document(report, costs, verdicts_of(report, costs))}


def canonical(document: Any) -> str:
    """Return JSON in which equal documents are equal texts: JavaScript writes 2.0 as 2."""
    plain = json.loads(json.dumps(document), parse_int=float)
    return json.dumps(plain, sort_keys=True, indent=1)


def without_place(sentence: str) -> str:
    """Leave out where an XML is damaged: parsers give the beginning or the end of what is."""
    return re.sub(r": line \d+, column \d+", "", sentence)


HDF5 = [name for name in ZOO if name.startswith(("hdf5_", "bdv_", "imaris_"))]
HDF5 += ["labels_averaged_in_hdf5"]


def needs_hdf5() -> None:
    """Skip a test of an HDF5 file where nothing reads it, or fail where that is required."""
    if not (HARNESS.parents[2] / "node_modules" / "h5wasm").is_dir():
        reason = "h5wasm is not installed (npm install --no-package-lock): HDF5 is not compared"
        if os.environ.get("BIGIMG_REQUIRE_NODE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """What Python and the page say of each animal."""
    home = tmp_path_factory.mktemp("zoo")
    paths = []
    for name in ZOO:
        (home / name).mkdir()
        paths.append(ZOO[name].make(home / name))
    right = map(in_python, paths)
    return dict(zip(ZOO, zip(right, in_browser(paths), strict=True), strict=True))


@pytest.mark.parametrize("name", list(ZOO))
def test_the_document_is_that_of_python(name: str, both: dict[str, tuple[Any, Any]]) -> None:
    if name in HDF5:
        needs_hdf5()
    right, found = both[name]
    assert "document" in found, found
    assert canonical(found["document"]) == canonical(right["document"])


DAMAGED = (
    "tiff_in_tiles",
    "tiff_of_imagej",
    "tiff_big_in_strips",
    "tiff_with_levels_in_subifds",
    "ome_tiff_of_ours",
    "ome_tiff_of_tifffile",
)
CASES = 50  # of each


def test_damaged_files_get_a_sentence_or_the_report_of_python(tmp_path: Path) -> None:
    paths = []
    for name in DAMAGED:
        (tmp_path / name).mkdir()
        intact = ZOO[name].make(tmp_path / name).read_bytes()
        for number in range(CASES):
            chance = random.Random(f"browser {name} {number}")  # noqa: S311
            paths.append(tmp_path / f"{name}-{number}.tif")
            paths[-1].write_bytes(damaged(intact, chance))
    answers = in_browser(paths)
    assert len(answers) == len(paths) == 300
    for path, answer in zip(paths, answers, strict=True):
        assert "fault" not in answer, (path.name, answer)
        assert answer["reads"] < 500, (path.name, answer["reads"])
        right = in_python(path)
        assert answer.keys() - {"reads", "bytes"} == right.keys(), (path.name, answer, right)
        if "document" in right:
            assert canonical(answer["document"]) == canonical(right["document"]), path.name
        else:
            assert without_place(answer["sentence"]) == without_place(right["sentence"])
            assert path.name in answer["sentence"]
    kinds = ["sentence" in answer for answer in answers]
    # The damage is such that both happen often.
    assert 50 < sum(kinds) < 250


def test_a_tiff_whose_voxels_are_cut_short_is_damaged(tmp_path: Path) -> None:
    paths, wanted = [], []
    for number, (whole, kept) in enumerate(cut_tiffs(tmp_path)):
        paths.append(tmp_path / f"{number}-{whole.name}")
        paths[-1].write_bytes(whole.read_bytes()[:kept])
        wanted.append(CUT.format(paths[-1].name) + f"{kept:,} bytes that it has.")
    for answer, said in zip(in_browser(paths), wanted, strict=True):
        assert answer["sentence"].endswith(said)


def test_of_a_tiff_of_4_gib_little_is_read(tmp_path: Path) -> None:
    paths = [tmp_path / "planes.tif", tmp_path / "written.tif"]
    tiff_by_hand(paths[0], 4097, 1024, 1024, 1024)
    sparse_tiff(paths[1], (1025, 2048, 2048))
    for path, answer in zip(paths, in_browser(paths), strict=True):
        assert path.stat().st_size > 2**32
        assert answer["bytes"] <= 20e6
        found, right = (each["document"]["report"] for each in (answer, in_python(path)))
        # A slow computer counts in part, and says so.
        is_partial = found["is_partial"] or right["is_partial"]
        assert found["levels"][0]["shape"] == list(right["levels"][0]["shape"]) or is_partial


def test_directories_at_unequal_distances_are_read_together(tmp_path: Path) -> None:
    """Of 600 no two lie equally far apart; read one by one, a page takes a millisecond for each."""
    paths = [uneven_tiff(tmp_path / "near.tif", 600, 9000)]
    paths.append(uneven_tiff(tmp_path / "far.tif", 30, 600_000))
    near, far = in_browser(paths)
    assert near["document"]["report"]["levels"][0]["shape"] == [600, 16, 16]
    assert near["reads"] < 20
    # What lies between distant ones is not worth reading.
    assert far["document"]["report"]["levels"][0]["shape"] == [30, 16, 16]
    assert far["bytes"] < 2**20


def test_where_not_all_planes_are_counted_both_say_so(tmp_path: Path) -> None:
    tiff_by_hand(tmp_path / "a.tif", 100_001, 1, 1, 1)
    (answer,) = in_browser([tmp_path / "a.tif"])
    for found in (answer["document"], in_python(tmp_path / "a.tif")["document"]):
        report = found["report"]
        count = report["levels"][0]["shape"][0]
        assert 0 < count <= 100_000
        assert report["is_partial"] is True
        said = f"Its directories were counted up to {count:,}, and there are more"
        assert list(report["notes"]) == [f"{said}: how many planes it has is not known."]
        assert found["costs"] == []
        assert "not all of its planes were counted" in found["costs_unknown"]


V2_TYPES = (
    "|b1", "|u1", "<i2", ">u2", "<u4", "<u8", "<f2", ">f4", "<f8", "<c8", "<c16", "<M8[ns]",
    "<M8[D]", "<m8[s]", "|S10", "<U5", "|V4", "|O", "u2, f4", [["r", "<u2"], ["g", "<u2"]],
)  # fmt: skip
V3_TYPES = (
    "bool", "uint16", "float16", "complex64", "r16", "bfloat16", "int4", "<u2", "string",
    {"name": "numpy.datetime64", "configuration": {"unit": "ns", "scale_factor": 1}},
    {"name": "fixed_length_utf32", "configuration": {"length_bytes": 20}},
)  # fmt: skip


def test_types_of_zarr_are_described_alike(tmp_path: Path) -> None:
    """By hand, as few writers have them all: 64 chunks, of which one is stored."""
    paths = []
    for number, kind in enumerate([*V2_TYPES, *V3_TYPES]):
        path = tmp_path / f"{number}.zarr"
        (path / "c").mkdir(parents=True)
        if number < len(V2_TYPES):
            name, told = ".zarray", {"zarr_format": 2, "dtype": kind, "chunks": [16] * 3}
            told |= {"compressor": None, "filters": None, "order": "C", "fill_value": 0}
        else:
            grid = {"name": "regular", "configuration": {"chunk_shape": [16] * 3}}
            name, told = "zarr.json", {"zarr_format": 3, "node_type": "array", "data_type": kind}
            told |= {"chunk_grid": grid, "codecs": ["bytes"], "attributes": {}}
        (path / name).write_text(json.dumps(told | {"shape": [64] * 3}), encoding="utf-8")
        (path / "c" / "0").write_bytes(bytes(1000))
        paths.append(path)
    known = 0
    for path, found in zip(paths, in_browser(paths), strict=True):
        right = in_python(path)["document"]
        assert canonical(found["document"]) == canonical(right)
        known += bool(right["costs"])
    assert known == 11 + 4  # the numbers


def test_types_of_hdf5_are_described_alike(tmp_path: Path) -> None:
    needs_hdf5()
    types = [np.dtype(code) for code in ("?", *"bBhHiIqQefdFD", ">u2", "<f4", "g", "G")]
    types.append(h5py.enum_dtype({"bone": 1, "skin": 2}, "u1"))
    paths = []
    for number, dtype in enumerate(types):
        paths.append(tmp_path / f"{number}.h5")
        with h5py.File(paths[-1], "w") as file:
            file.create_dataset("raw", (8, 80, 96), dtype, chunks=(4, 40, 48))[0] = 1
    for path, dtype, found in zip(paths, types, in_browser(paths), strict=True):
        assert canonical(found["document"]) == canonical(in_python(path)["document"])
        assert found["document"]["report"]["levels"][0]["dtype"] == dtype.name
