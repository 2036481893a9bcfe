"""HDF5 as the page reads it: as Python does, reading little; a sentence for what is damaged.

The animals of the zoo are compared in ``test_inspection_in_browser.py``.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from bigimg_lessons.formats.imaris.attributes import write_text
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from tests import bdv_files
from tests.hdf5_in_node import described
from tests.inspection_zoo import STACK, ZOO, built
from tests.test_inspection_damage import damaged

MIB = 2**20


def as_python_says(path):
    return json.loads(json.dumps(report_on(path).as_json()))


OTHERS = {}  # makers of files of kinds that the zoo has not


def other(make):
    """Enter a maker of a further file."""
    OTHERS[make.__name__] = make
    return make


def hdf5_file(folder, **options):
    return h5py.File(folder / "a.h5", "w", **options)


@other
def of_the_other_byte_order(folder):
    with hdf5_file(folder) as file:
        file.create_dataset("raw", data=STACK.astype(">u2"), chunks=(4, 16, 16), fletcher32=True)


@other
def of_truth_values(folder):
    with hdf5_file(folder) as file:
        file["mask"] = STACK > 500


@other
def of_complex_numbers(folder):
    with hdf5_file(folder) as file:
        file["waves"] = STACK.astype("complex64")
        file["more/waves"] = STACK[:2].astype("complex128")


@other
def of_half_numbers(folder):
    with hdf5_file(folder) as file:
        file["half"] = STACK.astype("float16")
        file["names"] = np.array([["a", "b"], ["c", "d"]], "S3")
        file["pairs"] = np.zeros((90, 90, 90), [("one", "f4"), ("other", "f4")])


@other
def with_scales(folder):
    with hdf5_file(folder) as file:
        file["raw"] = STACK
        file["raw"].attrs["element_size_um"] = np.array([2, 0.5, 0.25], "f4")
        for axis, name in enumerate(("z", "y", "phony_dim_2")):
            file[name] = np.arange(STACK.shape[axis])
            file[name].make_scale()
            file["raw"].dims[axis].attach_scale(file[name])
        file["raw"].dims[1].label = "time"


@other
def written_in_part(folder):
    with hdf5_file(folder) as file:
        raw = file.create_dataset("raw", (40, 80, 96), "u2", chunks=(5, 16, 17), compression=9)
        raw[:10, :20] = STACK[:10, :20]


@other
def written_never(folder):
    with hdf5_file(folder) as file:
        file.create_dataset("raw", (40, 80, 96), "u2", chunks=(4, 16, 16))


@other
def of_many_chunks(folder):
    with hdf5_file(folder) as file:
        raw = file.create_dataset("raw", (20, 300, 30), "u1", chunks=(1, 30, 1), shuffle=True)
        raw[...] = 3


@other
def of_too_many_chunks(folder):
    with hdf5_file(folder) as file:
        file.create_dataset("raw", (3000, 30, 30), "u1", chunks=(1, 3, 10))


@other
def with_links(folder):
    with h5py.File(folder / "b.h5", "w") as file:
        file["large"] = np.zeros((50, 80, 96), "u1")
    with hdf5_file(folder, track_order=True) as file:
        file["z"] = STACK[:3]
        file["a"] = STACK[:2]
        file["soft"] = h5py.SoftLink("/z")
        file["nowhere"] = h5py.SoftLink("/not/there")
        file["far"] = h5py.ExternalLink("b.h5", "/large")


@other
def of_the_newest_format_in_one_chunk(folder):
    with hdf5_file(folder, libver="latest") as file:
        file.create_dataset("raw", data=STACK, chunks=STACK.shape, compression="gzip")
        for number in range(20):
            file["raw"].attrs[f"note {number}"] = "as many as are kept apart"


@other
def still_being_written(folder):
    with h5py.File(folder / "b.h5", "w", libver="latest") as file:
        file["raw"] = STACK
        file.swmr_mode = True
        file.flush()
        shutil.copyfile(folder / "b.h5", folder / "a.h5")


@other
def bdv_with_a_declared_type(folder):
    bdv_files.write_h5(folder / "a.h5", {(0, 0): [STACK.view("i2")]}, data_type="uint16")


@other
def bdv_with_a_type_in_bytes(folder):
    path = bdv_files.write_h5(folder / "a.h5", {(0, 0): [STACK.astype("u4")]})
    with h5py.File(path, "r+") as file:
        file["s00"].attrs["dataType"] = np.array([b"unsigned int"])


@other
def bdv_of_several_views(folder):
    views = {(time, setup): [STACK, STACK[:, ::2, ::2]] for time in (0, 3) for setup in (1, 4)}
    bdv_files.write_h5(folder / "a.h5", views)


@other
def bdv_with_fewer_levels_than_listed(folder):
    rows = {0: [[1, 1, 1], [2, 2, 2], [4, 4, 4]]}
    bdv_files.write_h5(folder / "a.h5", {(0, 0): [STACK]}, resolutions=rows)


@other
def bdv_of_two_files(folder):
    bdv_files.write_h5(folder / "a.h5", {(0, 0): [STACK], (1, 0): [STACK]})
    with h5py.File(folder / "a.h5", "r+") as file:
        del file["t00000"]
        file["t00000"] = h5py.ExternalLink("b.h5", "/t00000")


@other
def bdv_beside_an_xml_of_another_dataset(folder):
    bdv_files.write_h5(folder / "a.h5", {(0, 0): [STACK]})
    setups = [{"id": 0, "size": (96, 80, 12)}]
    (folder / "a.xml").write_text(bdv_files.xml(setups, loader="bdv.n5"), encoding="utf-8")


@other
def imaris_of_channels_and_times(folder):
    stack = STACK.reshape(2, 2, 3, 80, 96)
    path = built(folder / "a.ims", stack, axes="TCZYX", channel_names=["Fürth", "µ"], factors=None)
    with h5py.File(path, "r+") as file:
        del file["DataSetInfo/Image"].attrs["X"]
        write_text(file["DataSetInfo/Image"], "X", "97")


@other
def imaris_that_states_too_much(folder):
    with h5py.File(built(folder / "a.ims"), "r+") as file:
        group = file["DataSet/ResolutionLevel 1/TimePoint 0/Channel 0"]
        del group.attrs["ImageSizeZ"]
        write_text(group, "ImageSizeZ", "4000")


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    paths = []
    for name, make in OTHERS.items():
        folder = tmp_path_factory.mktemp(name)
        make(folder)
        paths.append(next(path for path in folder.iterdir() if path.name in ("a.h5", "a.ims")))
    return dict(zip(OTHERS, zip(paths, described(paths), strict=True), strict=True))


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_files_are_described_alike(others, name):
    path, answer = others[name]
    assert answer.get("report") == as_python_says(path), answer


def test_a_ratio_that_only_other_indexes_tell_is_not_known(tmp_path):
    """HDF5's newest format may list chunks in three further kinds of index, read by no module."""
    with hdf5_file(tmp_path, libver="latest") as file:
        file.create_dataset("raw", data=STACK, chunks=(4, 16, 16), compression="gzip")
    (answer,) = described([tmp_path / "a.h5"])
    right = as_python_says(tmp_path / "a.h5")
    assert right["levels"][0].pop("ratio") > 1
    assert answer["report"]["levels"][0].pop("ratio") is None
    assert answer["report"] == right


def large_bdv(folder):
    """A BDV-HDF5 whose tables and chunks lie behind 4 GiB of nothing."""
    path = folder / "data.h5"
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((4096 * MIB,))
        h5py.h5d.create(file.id, b"hole", h5py.h5t.NATIVE_UINT8, space, plan)
    levels = [STACK, STACK[:, ::2, ::2]]
    bdv_files.write_h5(path, {(0, 0): levels}, resolutions={0: [[1, 1, 1], [2, 2, 1]]})
    setup = {"id": 0, "size": (96, 80, 12), "voxel": (1, 1, 1), "unit": "µm"}
    (folder / "a.xml").write_text(bdv_files.xml([setup]), encoding="utf-8")
    return path


def test_of_a_large_file_little_is_read(tmp_path):
    path = large_bdv(tmp_path)
    assert path.stat().st_size > 4096 * MIB
    paths = [tmp_path / "a.xml", path]
    for given, answer in zip(paths, described(paths), strict=True):
        assert answer.get("report") == as_python_says(given), answer
        assert answer["report"]["levels"][0]["ratio"] == 1
        assert 0 < answer["taken"] < MIB


def test_damaged_files_give_a_sentence_or_a_report(tmp_path):
    chance = random.Random(19)  # noqa: S311 (no secret)
    paths = []
    for name in ("hdf5_in_chunks", "bdv_of_old_cells", "imaris_of_ours"):
        folder = tmp_path / name
        folder.mkdir()
        ZOO[name].make(folder)
        (whole,) = (path for path in folder.iterdir() if path.suffix in (".h5", ".ims"))
        content = whole.read_bytes()
        for number in range(40):
            paths.append(tmp_path / f"{name}-{number}{whole.suffix}")
            paths[-1].write_bytes(damaged(content, chance))
    answers = described(paths)
    assert len(answers) == len(paths)
    for path, answer in zip(paths, answers, strict=True):
        assert "report" in answer or len(answer["error"]) < 700, path
    assert sum("error" in answer for answer in answers) > len(answers) / 4


NEVER_CLOSED = """
import os, sys
import h5py
file = h5py.File(sys.argv[1], "w", libver="latest")
file["raw"] = [[1, 2], [3, 4]]
file.flush()
os._exit(0)
"""


def test_what_is_wrong_is_said_in_a_sentence(tmp_path):
    (tmp_path / "short.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["names"] = ["a", "b"]
    setup = {"id": 0, "size": (96, 80, 12)}
    (tmp_path / "lonely.xml").write_text(bdv_files.xml([setup]), encoding="utf-8")
    far = bdv_files.xml([setup], h5='<hdf5 type="relative">../x.h5</hdf5>')
    (tmp_path / "far.xml").write_text(far, encoding="utf-8")
    (tmp_path / "other.xml").write_text("<a/>", encoding="utf-8")
    subprocess.run([sys.executable, "-c", NEVER_CLOSED, str(tmp_path / "open.h5")], check=True)
    names = ("short.h5", "empty.h5", "open.h5", "lonely.xml", "far.xml", "other.xml")
    short, empty, marked, lonely, outside, alien = described([tmp_path / name for name in names])
    assert "short.h5 cannot be read (as HDF5: " in short["error"]
    assert "no dataset of numbers with two axes or more was found" in empty["error"]
    assert "open.h5 is marked as open for writing: it is still being written" in marked["error"]
    assert "damaged" not in marked["error"]
    assert "keeps its pixels in 'data.h5', and no such file was given with it" in lonely["error"]
    assert "points to '../x.h5', which leaves its folder" in outside["error"]
    assert "is no XML of BigDataViewer: inspect the image itself." in alien["error"]
    for path, answer in zip(names[:3], (short, empty, marked), strict=True):
        with pytest.raises(InspectionError) as python:
            report_on(tmp_path / path)
        said = str(python.value).replace(f"{tmp_path / path}", path)
        assert answer["error"].replace(f"{tmp_path / path}", path) == said


def test_what_cannot_be_read_is_said_not_passed_over(tmp_path):
    """A library that is older than a file does not know some of its messages."""
    for name, others in (("one.h5", False), ("two.h5", True)):
        with h5py.File(tmp_path / name, "w") as file:
            file["raw"] = STACK
            address = h5py.h5o.get_info(file["raw"].id).addr
            if others:
                file["small"] = STACK[:2]
        content = bytearray((tmp_path / name).read_bytes())
        assert content[address] == 1
        content[address] = 99  # the version of the header of this object
        (tmp_path / name).write_bytes(content)
    alone, beside = described([tmp_path / "one.h5", tmp_path / "two.h5"])
    note = "What lies at raw could not be read: it is damaged, or newer than what reads HDF5"
    assert "no dataset of numbers" in alone["error"]
    assert note in alone["error"]
    assert beside["report"]["levels"][0]["path"] == "small"
    assert beside["report"]["notes"] == [f"{note} on this page."]
