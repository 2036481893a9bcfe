"""``bigimg plan``: the planner in the terminal, and where each part of its project is from."""

from __future__ import annotations

import json
import math
import warnings

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from click.testing import CliRunner

from bigimg_lessons.command_line import program
from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.costs.conversion import DTYPES
from bigimg_lessons.costs.plan import plan
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.projects import COPY, DECODE, PRESETS
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.text import format_seconds
from tests import inspection_zoo as zoo


def run(*arguments, code=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = CliRunner().invoke(bigimg, list(map(str, arguments)), env={"COLUMNS": "120"})
    assert done.exit_code == code, (done.output, done.exception)
    return done


def document(*arguments):
    return json.loads(run("plan", *arguments, "--json").output)


def parts(found):
    return {part["name"]: (part["value"], part["origin"]) for part in found["parts"]}


def test_the_names_are_those_of_the_planner():
    assert tuple(PRESETS) == program._PRESETS
    assert tuple(STORAGES) == program._STORAGES
    assert tuple(PRICE_LISTS) == program._PRICES
    assert DTYPES == program._DTYPES


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_planned_as_on_the_page(preset):
    right = plan(PRESETS[preset].project)
    found = document("--preset", preset)
    assert found["plan"]["convert"]["at_least"] == right.convert.at_least
    assert found["plan"]["verify"]["at_most"] == right.verify.at_most
    assert found["plan"]["objects"] == right.objects
    assert found["plan"]["bill"]["once"] == right.bill.once
    for value, origin in parts(found).values():
        assert value
        assert origin.startswith(f"preset {preset}") or origin in (
            "as bigimg convert",
            "voxels taken for cubes",
        )


def test_the_lesson_s_terabyte_says_what_binds_and_what_more_memory_would_do():
    said = " ".join(run("plan", "--preset", "lesson").output.split())
    right = plan(PRESETS["lesson"].project)
    assert f"{format_seconds(right.convert.at_least)} to" in said
    assert "The disk or line that both share binds." in said
    assert "each strip of the original is read 2 times on average. With " in said
    assert "Nothing is charged for bytes and requests here." in said
    assert "The truth lies between the two, if the rates are right." in said
    assert "measured on a core of an AMD EPYC in November 2026" in said
    memory = -(-right.rechunking.needed // 2**20)
    found = document("--preset", "lesson", "--memory-limit", memory)
    assert found["plan"]["rechunking"]["reads"] == 1
    assert parts(found)["memory of each"][1] == "given"


def test_a_bill_is_that_of_the_price_list():
    found = document("--preset", "cluster")
    said = run("plan", "--preset", "cluster").output
    assert f"{found['plan']['bill']['once']:,.0f} USD" in said
    assert "read on 2026-09-20" in " ".join(said.split())


def test_what_is_given_stands_there_as_given():
    found = document(
        "--preset", "server", "--shape", "1,2,100,3000,4000", "--dtype", "uint8",
        "--chunk-shape", "32,256,256", "--no-shards", "--ratio", "2", "--workers", "3",
        "--threads", "5", "--memory-limit", "2048", "--rates", "100,200,300", "--original-on",
        "hdd", "--result-on", "s3", "--prices", "r2", "--outside", "--read-monthly", "7.5",
    )  # fmt: skip
    project = found["project"]
    conversion = project["conversion"]
    assert conversion["shape"] == [1, 2, 100, 3000, 4000]
    assert conversion["source_chunk"] == [1, 3000, 4000]  # whole planes, as in the preset
    assert (conversion["chunk"], conversion["shard"]) == ([32, 256, 256], None)
    assert project["workforce"]["memory"] == 2**31
    assert [project["workforce"][n] for n in ("decode", "shrink", "encode")] == [1e8, 2e8, 3e8]
    assert project["target"]["bandwidth"] == 3 * STORAGES["s3"].bandwidth
    assert project["source"]["bandwidth"] == STORAGES["hdd"].bandwidth
    assert not project["one_disk"]
    assert project["read_monthly"] == 7.5e9
    given = {name for name, (_, origin) in parts(found).items() if origin == "given"}
    assert given == {
        "image, T C Z Y X", "voxel", "chunks", "shards", "compression then", "workers",
        "threads of each", "memory of each", "a core decodes", "a core averages",
        "a core encodes", "original on", "result on", "prices", "workers outside of it",
        "people read a month",
    }  # fmt: skip
    assert parts(found)["both on the same"] == ("no", "they differ")


# ---- of a file ----


def test_a_file_is_planned_as_it_is_stored(tmp_path):
    found = document(zoo.tiff_of_imagej(tmp_path))
    conversion = found["project"]["conversion"]
    assert conversion["shape"] == [1, 1, 12, 80, 96]
    assert conversion["dtype"] == "uint16"
    assert conversion["source_kind"] == "strips"
    assert conversion["source_chunk"] == [1, 80, 96]
    assert conversion["chunk"] == [12, 80, 96]
    assert found["project"]["workforce"]["decode"] == COPY
    said = parts(found)
    assert said["cut into"] == ("strips 1 × 80 × 96", "the file")
    assert said["compression now"] == ("none, 1 times smaller", "the file")
    assert said["compression then"][1] == "assumed: how well it packs is not known"
    assert said["workers"] == ("1", "preset laptop")
    # 12 strips of 15,360 bytes, each once.
    assert found["plan"]["gets"] == 12
    assert found["plan"]["read"] == 12 * 80 * 96 * 2


def test_levels_follow_the_voxel_size_as_in_convert(tmp_path):
    image = np.zeros((64, 600, 600), "uint8")
    path = zoo.built(tmp_path / "a.ome.zarr", image, factors=[(1, 1, 1)], voxel_size=(4, 1, 1))
    found = document(path)
    target = tmp_path / "b.ome.zarr"
    planned = json.loads(run("convert", path, target, "--dry-run", "--json").output)
    assert [each[2:] for each in _shapes(found)] == planned["levels"]
    assert found["plan"]["objects"] == planned["files_at_most"]
    assert parts(found)["levels"] == (
        "1 × 1 × 1; 1 × 2 × 2; 1 × 4 × 4; 2 × 8 × 8",
        "from the voxel size",
    )


def _shapes(found):
    full = found["project"]["conversion"]["shape"]
    factors = found["project"]["conversion"]["factors"]
    return [[*full[:2], *(-(-n // f) for n, f in zip(full[2:], each, strict=True))]
            for each in factors]  # fmt: skip


def test_a_codec_that_was_not_measured_is_told(tmp_path):
    path = tmp_path / "a.tif"
    image = np.arange(12 * 80 * 96, dtype="uint16").reshape(12, 80, 96)
    tifffile.imwrite(path, image, compression="zlib", photometric="minisblack", metadata=None)
    found = document(path, "--axes", "ZYX")
    said = parts(found)
    assert found["project"]["workforce"]["decode"] == DECODE
    assert said["a core decodes"][1].startswith("assumed: that of Blosc with zstd")
    assert said["compression now"][0].startswith("deflate, ")
    assert said["compression then"][1] == "assumed: as it packs now"
    ratio = found["project"]["conversion"]["source_ratio"]
    assert ratio == pytest.approx(image.nbytes / path.stat().st_size, rel=0.05)
    assert said["levels"][1] == "voxel size not known: taken for cubes"
    assert said["image, T C Z Y X"][1] == "given"


def test_hdf5_is_asked_for_one_chunk_at_a_time(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("raw", data=zoo.STACK, chunks=(4, 40, 48))
    found = document(tmp_path / "a.h5", "--axes", "ZYX")
    assert found["project"]["source"]["concurrency"] == 1
    assert found["project"]["target"]["concurrency"] == STORAGES["sata-ssd"].concurrency
    assert "one chunk at a time" in parts(found)["original on"][1]
    assert found["project"]["one_disk"]
    assert found["plan"]["gets"] == 3 * 2 * 2


def test_shards_are_stored_no_larger_than_the_image(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, shape=(100, 300, 300), dtype="uint8", chunks=(50, 100, 100))
    shard = ("--chunk-shape", "64,64,64", "--shard-shape", "256,256,256")
    found = document(path, "--axes", "ZYX", *shard)
    assert found["project"]["conversion"]["shard"] == [128, 256, 256]
    planned = json.loads(
        run("convert", path, tmp_path / "b.ome.zarr", "--axes", "ZYX", *shard, "--dry-run",
            "--json").output
    )  # fmt: skip
    assert found["plan"]["objects"] == planned["files_at_most"]


def test_time_points_and_channels_stay_apart(tmp_path):
    found = document(zoo.tiff_of_imagej_with_five_axes(tmp_path))
    assert found["project"]["conversion"]["shape"] == [2, 2, 3, 80, 96]


def test_a_plane_is_one_voxel_deep(tmp_path):
    found = document(zoo.tiff_of_one_plane(tmp_path))
    assert found["project"]["conversion"]["shape"] == [1, 1, 1, 80, 96]
    assert found["project"]["conversion"]["chunk"] == [1, 80, 96]


@pytest.mark.parametrize(
    ("make", "arguments", "words"),
    [
        (zoo.tiff_of_planes, (), "does not say what all of its axes are"),
        (zoo.tiff_of_imagej, ("--shape", "1,1,1,1,1"), "--shape is given, and"),
        (zoo.tiff_in_colour, (), "keeps 3 voxels along S together in one chunk"),
        (zoo.ome_zarr_of_the_future, (), "is OME-Zarr 0.9, which is not read here"),
        (None, ("--axes", "ZYX"), "--axes is given, but no image"),
        (None, ("--shape", "1,2,3"), "--shape has 3 numbers: give 5"),
        (None, ("--rates", "1,2"), "--rates has 2 numbers: give 3"),
        (None, ("--preset", "server", "--shard-shape", "64,64,64", "--no-shards"),
         "leave one of them out"),
        (None, ("--ratio", "0"), "ratio is 0.0: give a number from"),
        (None, ("--memory-limit", "1"), "memory"),
    ],
)  # fmt: skip
def test_nothing_is_guessed(tmp_path, make, arguments, words):
    source = () if make is None else (make(tmp_path),)
    done = run("plan", *source, *arguments, code=1)
    assert words in done.stderr
    assert done.stdout == ""


def test_how_far_away_an_address_is_must_be_given(tmp_path):
    from bigimg_lessons import FolderServer

    path = zoo.ome_zarr_05(tmp_path)
    with FolderServer(tmp_path) as server:
        url = f"{server.url.rstrip('/')}/{path.name}"
        assert "give --original-on" in run("plan", url, code=1).stderr
        found = document(url, "--original-on", "s3")
    assert not found["project"]["one_disk"]
    assert found["project"]["source"]["name"] == "object store"
    # What a server does not tell stays unknown, and is said to be.
    assert parts(found)["compression now"][1] == "assumed: the ratio is not known"


# ---- the two times of a dry run ----


def test_a_dry_run_has_the_two_times_of_the_planner(tmp_path):
    path, target = zoo.tiff_of_imagej(tmp_path), tmp_path / "b.ome.zarr"
    found = json.loads(run("convert", path, target, "--dry-run", "--json").output)["seconds"]
    assert list(found) == ["hdd", "sata-ssd", "nvme", "lan"]
    # By hand: 12 strips and a file for the only chunk, with two documents, one after the other.
    disk, nbytes = STORAGES["hdd"], 12 * 80 * 96 * 2
    reading = 12 * disk.latency + nbytes / disk.bandwidth
    writing = 3 * disk.latency + nbytes / disk.bandwidth
    assert found["hdd"]["read"] == pytest.approx(reading)
    assert found["hdd"]["write"] == pytest.approx(writing)
    assert found["hdd"]["at_least"] == pytest.approx(reading + writing)
    assert found["hdd"]["binding"] == "disk"
    assert math.isfinite(found["hdd"]["at_most"])
    said = " ".join(run("convert", path, target, "--dry-run").output.split())
    assert "both images on one time at least at most" in said
    assert "The truth lies between the two, if the rates are right." in said
    assert "Nothing was written." in said
    assert not target.exists()


@pytest.mark.parametrize(
    ("make", "target", "reason"),
    [
        (zoo.tiff_of_imagej, "b.ims", "the planner counts OME-Zarr, not imaris"),
        (zoo.tiff_in_colour, "b.ome.zarr", "keeps 3 voxels along S together"),
    ],
)
def test_no_time_is_said_where_the_planner_does_not_count(tmp_path, make, target, reason):
    common = ("convert", make(tmp_path), tmp_path / target, "--dry-run")
    assert "No time is said" in run(*common).output
    found = json.loads(run(*common, "--json").output)
    assert found["seconds"] == {}
    assert reason in found["seconds_unknown"]
