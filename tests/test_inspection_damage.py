"""Damaged files: a sentence, or a report that can be printed; never a crash, a trace or a hang.

They are inspected in processes of their own, since a fault in the HDF5 library itself would end
the process; these run this file as a script.
"""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.test_inspection_limits import tiff_by_hand

CASES = 30  # of each animal
ANIMALS = (
    "tiff_in_tiles",
    "tiff_of_imagej",
    "tiff_with_levels_in_subifds",
    "ome_tiff_of_ours",
    "hdf5_in_chunks",
    "bdv_of_old_cells",
    "imaris_of_ours",
    "n5_of_ours",
    "ome_zarr_04",
    "ome_zarr_06",
    "ome_zarr_in_one_file",
)
TIMEOUT = 240


def documents(path):
    """Files that say what the image is, largest ones of voxels left out."""
    folder = path.parent
    found = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    told = [file for file in found if file.suffix in (".json", ".xml") or file.name[:2] == ".z"]
    return told + [file for file in found if file.suffix in (".tif", ".h5", ".ims", ".ozx")]


def damaged(content, chance):
    """Cut bytes off, or change some, more often where metadata lies: at the beginning and end."""
    kind = chance.randrange(4)
    if kind == 0 or not content:
        return content[: chance.randrange(len(content) + 1)]
    changed = bytearray(content)
    size = len(changed)
    reach = size if kind == 1 else min(size, 2048)
    for _ in range(chance.choice((1, 1, 3, 12))):
        at = chance.randrange(reach)
        changed[at if kind < 3 else size - 1 - at] = chance.randrange(256)
    return bytes(changed)


def outcome(path):
    """Return what becomes of a file: its report as JSON, or a sentence."""
    from bigimg_lessons.command_line.inspecting import as_document
    from bigimg_lessons.inspection.costs_of import costs_of
    from bigimg_lessons.inspection.errors import InspectionError
    from bigimg_lessons.inspection.labels import with_sample
    from bigimg_lessons.inspection.opening import report_on
    from bigimg_lessons.inspection.verdicts import verdicts_of

    try:
        report = with_sample(report_on(path))
    except InspectionError as error:
        return "sentence", str(error)
    costs = costs_of(report)
    found = as_document(report, costs, verdicts_of(report, costs))
    return "report", json.dumps(found, allow_nan=False)


def say(*line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def run(folder, names):
    """Damage files and inspect them; write a line of JSON for each."""
    from tests.inspection_zoo import ZOO

    for name in names:
        home = folder / name
        home.mkdir()
        path = ZOO[name].make(home)
        files = documents(path)
        for number in range(CASES):
            chance = random.Random(f"{name} {number}")  # noqa: S311
            file = chance.choice(files)
            intact = file.read_bytes()
            file.write_bytes(damaged(intact, chance))
            # Before the inspection: if that ends the process, this line says where.
            say(name, number, "begun", "")
            say(name, number, *outcome(path))
            file.write_bytes(intact)
        assert outcome(path)[0] == "report"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage")
    command = [sys.executable, "-W", "ignore", __file__, str(folder), *ANIMALS]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])
    return [line for line in lines if line[2] != "begun"]


def test_each_damaged_file_has_an_outcome(outcomes):
    assert len(outcomes) == CASES * len(ANIMALS) >= 300
    kinds = [kind for _, _, kind, _ in outcomes]
    # The damage is such that both happen often.
    assert kinds.count("sentence") > 50
    assert kinds.count("report") > 50


def test_each_sentence_is_one_line_that_names_the_file(outcomes):
    for name, number, kind, said in outcomes:
        if kind == "sentence":
            assert "\n" not in said, (name, number, said)
            assert said.endswith("."), (name, number, said)
            assert name in said, (name, number, said)
            assert len(said) < 800, (name, number, said)


CUT = (
    "{} is a damaged TIFF file, or cut short: strips or tiles of its voxels should end behind the "
)


def cut_tiffs(folder):
    """TIFFs whose directories lie before the voxels, and how many bytes of each are kept."""
    chance = np.random.default_rng(3)
    plane = chance.integers(0, 2**16, (80, 96), "uint16")
    alone, tiles = {"metadata": None}, {"metadata": None, "tile": (16, 16)}
    tifffile.imwrite(folder / "plane.tif", plane, **alone)
    tifffile.imwrite(folder / "strips.tif", plane, rowsperstrip=8, **alone)
    tifffile.imwrite(folder / "tiles.tif", plane, compression="zlib", **tiles)
    tifffile.imwrite(folder / "index.tif", np.zeros((1024, 1024), "uint8"), **tiles)
    with tifffile.TiffFile(folder / "index.tif") as tiff:
        index = tiff.pages[0].tags["TileByteCounts"].valueoffset
    sizes = {path: path.stat().st_size for path in sorted(folder.iterdir())}
    found = [(path, sizes[path] - 1) for path in sizes]
    found += [(folder / "plane.tif", 3000), (folder / "index.tif", index + 100)]
    for count, strips in ((1, 1), (5, 1), (1, 4)):  # all directories first
        path = folder / f"by-hand-{count}-{strips}.tif"
        tiff_by_hand(path, count, 64, 64, 64 // strips)
        found.append((path, path.stat().st_size - 1))
    return found


def test_a_tiff_whose_voxels_are_cut_short_is_damaged(tmp_path):
    for path, kept in cut_tiffs(tmp_path):
        whole = path.read_bytes()
        assert outcome(path)[0] == "report", path.name
        path.write_bytes(whole[:kept])
        said = CUT.format(path) + f"{kept:,} bytes that it has."
        assert outcome(path) == ("sentence", said)
        path.write_bytes(whole)


def test_tiles_that_were_never_written_are_no_damage(tmp_path):
    """They have no bytes, wherever they should lie."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((64, 64), "uint8"), tile=(16, 16), metadata=None)
    with tifffile.TiffFile(path) as tiff:
        places, sizes = (tiff.pages[0].tags[name] for name in ("TileOffsets", "TileByteCounts"))
        form = {3: "<H", 4: "<I"}[sizes.dtype]
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, places.valueoffset + 4 * 15, 10**9)
    struct.pack_into(form, content, sizes.valueoffset + 15 * struct.calcsize(form), 0)
    path.write_bytes(content)
    assert outcome(path)[0] == "report"


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
