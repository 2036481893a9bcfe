"""The reader matrix: how answers are judged, and that what is committed is whole."""

import copy
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from bigimg_lessons.measure import reader_answers
from bigimg_lessons.measure.reader_answers import ReaderAnswer
from tests.readers.matrix import FACTS, READERS, judged
from tests.readers.samples import CHANNELS, SAMPLES, digests, image
from tests.readers.table import answers_for_lessons, tables

ROOT = Path(__file__).parents[1]
RECORD = json.loads((ROOT / "tests" / "readers" / "matrix.json").read_text(encoding="utf-8"))

# Worked out by hand: the image has 40, 132, 200 voxels of 0.5, 0.25, 0.125 µm.
LEVELS = [
    {"shape": [2, 40, 132, 200], "voxel_size": [0.5, 0.25, 0.125], "translation": [0, 0, 0]},
    {"shape": [2, 40, 66, 100], "voxel_size": [0.5, 0.5, 0.25], "translation": [0, 0.125, 0.0625]},
    {
        "shape": [2, 20, 33, 50],
        "voxel_size": [1, 1, 0.5],
        "translation": [0.25, 0.375, 0.1875],
    },
]


@pytest.fixture
def told():
    """What a reader that is right in all tells of the OME-Zarr."""
    return {
        "levels": copy.deepcopy(LEVELS),
        "channels": list(CHANNELS),
        "unit": "micrometer",
        "voxels": digests(),
    }


def test_what_is_right_is_judged_right(told):
    assert judged(told, SAMPLES["ome-zarr-0.5"]) == dict.fromkeys(FACTS, "right")


@pytest.mark.parametrize(
    ("fact", "change"),
    [
        ("voxels", lambda told: told["voxels"].reverse()),
        ("levels", lambda told: told["levels"].pop()),
        ("levels", lambda told: told["levels"][2].update(shape=[2, 20, 33, 49])),
        ("voxel size", lambda told: told["levels"][0].update(voxel_size=[0.125, 0.25, 0.5])),
        ("sizes of levels", lambda told: told["levels"][2].update(voxel_size=[1, 1, 0.501])),
        ("sizes of levels", lambda told: told["levels"][1].update(voxel_size=None)),
        ("translations", lambda told: told["levels"][1].update(translation=[0, 0, 0])),
        ("channel names", lambda told: told.update(channels=["Channel:0", "Channel:1"])),
    ],
)
def test_what_is_not_is_judged_wrong(told, fact, change):
    change(told)
    assert judged(told, SAMPLES["ome-zarr-0.5"])[fact] == "wrong"


def test_a_size_in_another_unit_is_wrong(told):
    told["unit"] = "nm"
    assert judged(told, SAMPLES["ome-zarr-0.5"])["voxel size"] == "wrong"


def test_what_is_not_told_is_said_to_be_so(told):
    for level in told["levels"]:
        level.update(voxel_size=None, translation=None)
    told["channels"] = None
    verdicts = judged(told, SAMPLES["ome-zarr-0.5"])
    assert [fact for fact in FACTS if verdicts[fact] == "not told"] == list(FACTS[2:])
    told["levels"] = None
    verdicts = judged(told, SAMPLES["ome-zarr-0.5"])
    assert [fact for fact in FACTS if verdicts[fact] == "not told"] == list(FACTS[1:])


def test_a_file_without_coarse_levels_has_nothing_to_tell_of_them(told):
    told["levels"] = told["levels"][:1]
    verdicts = judged(told, SAMPLES["imagej-tiff"])
    assert verdicts == dict.fromkeys(("voxels", "levels", "voxel size", "channel names"), "right")


def test_a_file_that_does_not_open_has_no_verdicts():
    assert judged({"error": "ValueError: no"}, SAMPLES["imagej-tiff"]) == {}


def test_each_reader_was_asked_about_each_file_that_it_is_made_for():
    asked = [(answer["reader"], answer["format"]) for answer in RECORD["answers"]]
    assert asked == [(reader.title, name) for reader in READERS for name in reader.formats]
    assert all(answer["versions"] for answer in RECORD["answers"])
    used = {reader.probe for reader in READERS}
    assert used == {path.name for path in (ROOT / "tests/readers/probes").glob("with-*.py")}
    assert {name for reader in READERS for name in reader.formats} == set(SAMPLES)


def test_committed_verdicts_follow_from_the_answers():
    for answer in RECORD["answers"]:
        assert answer["verdicts"] == judged(answer, SAMPLES[answer["format"]])


def test_the_page_shows_what_was_answered():
    page = (ROOT / "book" / "tables" / "readers.md").read_text(encoding="utf-8")
    assert page == tables(RECORD)
    rows = re.findall(r"^\| (?!reader|---)", page, re.MULTILINE)
    assert len(rows) == len(RECORD["answers"])


def test_lessons_have_the_same_answers():
    path = Path(reader_answers.__file__).with_name(reader_answers.RECORD)
    assert path.read_text(encoding="utf-8") == answers_for_lessons(RECORD)
    told = {(each.stored_as, each.reader): each for each in reader_answers.reader_answers()}
    assert len(told) == len(RECORD["answers"])
    assert told["OME-TIFF", "bioio-ome-tiff"].version == "1.4.0"  # not that of bioio


@pytest.mark.parametrize(
    ("voxels", "levels", "size", "faults"),
    [
        ("right", "right", "right", ""),
        ("wrong", "right", "right", "wrong voxels"),
        ("right", "not told", "not told", "single arrays"),
        ("right", "wrong", "right", "wrong levels"),
        ("right", "wrong", "not told", "wrong levels, no voxel size"),
        ("right", "right", "wrong", "wrong voxel size"),
    ],
)
def test_what_is_not_right_is_said_in_words(voxels, levels, size, faults):
    verdicts = {"voxels": voxels, "levels": levels, "voxel size": size}
    assert ReaderAnswer("N5", "one", "1.0", verdicts).faults == faults
    assert ReaderAnswer("N5", "one", "1.0", {}).faults == "does not open"


def test_samples_hold_the_image(tmp_path):
    """As the raw libraries see them."""
    stack = tifffile.imread(SAMPLES["imagej-tiff"].write(tmp_path))
    assert np.array_equal(np.moveaxis(stack, 1, 0), image())
    group = zarr.open_group(SAMPLES["ome-zarr-0.5-shards"].write(tmp_path), mode="r")
    assert [group[str(number)].shape for number in range(3)] == [
        tuple(level["shape"]) for level in LEVELS
    ]
    assert group["0"].shards == (1, 64, 64, 64)
    assert digests() == [
        hashlib.sha256(group["0"][number].tobytes()).hexdigest() for number in range(2)
    ]
