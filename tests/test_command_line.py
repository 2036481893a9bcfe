"""The command line: what it prints, as text and as JSON, its exit codes, and what it converts."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numcodecs
import numpy as np
import pytest
import tifffile
import zarr
from click.testing import CliRunner

from bigimg_lessons.command_line import converting, verifying
from bigimg_lessons.command_line.forecast import forecast
from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.costs.appraisal import cost_of
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.scenarios import Scenario, Use
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import RULES, target_name
from tests import inspection_zoo as zoo
from tests.inspection_zoo import STACK, ZOO, built

ROOT = Path(__file__).parents[1]
ENDINGS = {
    "ome-zarr-0.4": "b.ome.zarr",
    "ome-zarr-0.5": "b.ome.zarr",
    "ome-zarr-0.6": "b.ome.zarr",
    "ome-tiff": "b.ome.tif",
    "imaris": "b.ims",
    "bdv-hdf5": "b.xml",
    "bdv-n5": "b.n5",
}


def run(*arguments, code=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = CliRunner().invoke(bigimg, [str(each) for each in arguments], env={"COLUMNS": "120"})
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def stack(tmp_path):
    """A TIFF that says all that is to be known."""
    return zoo.tiff_of_imagej(tmp_path)


# ---- inspect ----


def test_inspect_tells_all_on_one_screen(tmp_path):
    path = zoo.ome_zarr_without_translation(tmp_path)
    said = run("inspect", path).output
    for words in (
        "OME-Zarr 0.5: 12 × 80 × 96 (Z Y X), uint16",
        "voxel size (µm)",
        "2 × 0.5 × 0.5",
        "chunks 12 × 80 × 96",
        "blosc (zstd)",
        "NVMe SSD",
        "object store",
        "1 of the coarser levels begin where level 0 begins",
        f"bigimg convert {path} a-new.ome.zarr",
        "Read on: lesson 4, “Half a voxel aside”",
    ):
        assert words in said, words
    assert len(said.splitlines()) < 40


def test_lengths_in_several_units_stand_with_them(tmp_path):
    said = run("inspect", zoo.ome_tiff_of_tifffile(tmp_path)).output
    assert "2 µm × 0.5 µm × 500 nm" in said


def test_the_time_step_is_told(tmp_path):
    said = run("inspect", zoo.tiff_of_imagej_with_five_axes(tmp_path)).output
    assert "From one time point to the next: 5 s." in said


def test_one_plane_has_no_views_from_the_side(tmp_path):
    document = json.loads(run("inspect", zoo.tiff_of_one_plane(tmp_path), "--json").output)
    assert [view["view"] for view in document["costs"]] == ["XY", "square", "zoomed out"]


def test_inspect_as_json_has_the_same_and_more(tmp_path):
    document = json.loads(run("inspect", zoo.bdv_of_two_sizes(tmp_path), "--json").output)
    assert document["document"] == 1
    assert document["report"]["kind"] == "BDV-HDF5"
    assert document["report"]["levels"][1]["voxel_size"] == [2.0, 1.0, 1.0]
    assert [view["view"] for view in document["costs"]] == ["XY", "XZ", "YZ", "cube", "zoomed out"]
    (verdict,) = document["verdicts"]
    assert verdict["name"] == "contradictions"
    assert verdict["link"] == (
        "notebooks/03_look_inside_bdv_hdf5.html#the-xml-what-is-it-an-image-of"
    )


@pytest.mark.parametrize("name", ["tiff_in_colour", "hdf5_in_one_run", "imaris_of_ours", "zarr_v2"])
def test_inspect_prints_whatever_is_known(name, tmp_path):
    said = run("inspect", ZOO[name].make(tmp_path)).output
    assert ("Nothing to mend was found." in said) == (not ZOO[name].verdicts)


def test_strict_is_3_where_there_is_something_to_mend(tmp_path, stack):
    run("inspect", stack, "--strict")
    run("inspect", zoo.ome_zarr_without_units(tmp_path), "--strict", code=3)


def test_labels_are_not_sampled_if_no_voxel_may_be_read(tmp_path):
    path = zoo.labels_averaged(tmp_path)
    assert "they were averaged" in run("inspect", path).output
    assert "they were averaged" not in run("inspect", path, "--no-sample").output


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing.tif", None, "There is no file or folder"),
        ("empty.tif", b"", "is empty: its copy or its writing ended early."),
        ("text.tif", b"not an image", "begins neither as TIFF nor as HDF5, zip or XML"),
        ("other.xml", b"<html></html>", "is no XML of BigDataViewer"),
        ("short.tif", b"II*\0\x08\0\0\0", "a directory should begin at 8"),
        ("other.zip", b"PK\x05\x06" + bytes(18), "has no metadata of Zarr at its top"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_1(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = run("inspect", path, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_xml_whose_file_is_another_is_told(tmp_path):
    path = zoo.bdv_by_hand(tmp_path)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["raw"] = STACK
    assert "holds no setup of BigDataViewer" in run("inspect", path, code=1).stderr


def test_a_folder_of_something_else_says_what_is_in_it(tmp_path, stack):
    said = run("inspect", tmp_path, code=1).stderr
    assert "a folder without the metadata of Zarr or N5; it holds a.tif" in said


@pytest.mark.parametrize("chunks", [None, (4, 16, 16)])
@pytest.mark.parametrize("dtype", ["<u2", ">u2", ">i2", ">u4", ">i8", ">f4", ">f8"])
def test_hdf5_of_either_byte_order_gives_its_own_voxels(tmp_path, dtype, chunks):
    path = tmp_path / "a.h5"
    voxels = (STACK.astype(dtype) * 300).astype(dtype)
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("raw", data=voxels, chunks=chunks)
        assert stored.dtype == np.dtype(dtype)
    options = ["--axes", "ZYX", "--voxel-size", "1,1,1", "--unit", "µm", "--verify"]
    run("convert", path, tmp_path / "new.ome.zarr", *options)
    written = zarr.open_array(tmp_path / "new.ome.zarr" / "0", mode="r")[:]
    assert written.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(written, voxels)


def with_damaged_pixels(folder: Path, kind: str) -> Path:
    """An image whose metadata are right, and whose pixels cannot be decoded."""
    name, _, codec = kind.partition(" ")
    path = folder / f"a.{name}"
    if name == "tif":
        tifffile.imwrite(path, STACK, metadata={"axes": "ZYX"}, imagej=False, compression=codec)
        with tifffile.TiffFile(path) as tiff:
            spans = [(page.dataoffsets[0], page.databytecounts[0]) for page in tiff.pages]
    elif name == "h5":
        with h5py.File(path, "w") as file:
            pixels = file.create_dataset("raw", data=STACK, chunks=STACK.shape, compression=codec)
            spans = [pixels.id.get_chunk_info(0)[-2:]]
    else:
        compressor = numcodecs.get_codec({"id": codec})
        chunks = {"chunks": STACK.shape, "compressors": compressor}
        zarr.create_array(path, data=STACK, zarr_format=2, **chunks)
        path = path.joinpath("0.0.0")
        spans = [(0, path.stat().st_size)]
    content = bytearray(path.read_bytes())
    for start, size in spans:
        content[start : start + size] = b"\x55" * size
    path.write_bytes(content)
    return path if path.parent == folder else path.parent


CODECS = ("zlib", "gzip", "bz2", "lzma", "zstd", "lz4", "blosc")


@pytest.mark.parametrize(
    "kind",
    ["tif zlib", "tif lzw", "tif zstd", "tif lzma", "tif jpegxl", "h5 gzip", "h5 lzf"]
    + [f"zarr {codec}" for codec in CODECS],
)
def test_pixels_that_cannot_be_decoded_are_one_line_that_says_where(tmp_path, kind):
    """Each codec has errors of its own types, which are no OSError or ValueError in most."""
    path = with_damaged_pixels(tmp_path, kind)
    options = ["--axes", "ZYX", "--voxel-size", "1,1,1", "--unit", "µm"]
    done = run("convert", path, tmp_path / "new.ome.zarr", *options, code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    z, y, x = STACK.shape
    assert f". This happened while the image was read at [0:{z}, 0:{y}, 0:{x}]. Nothing" in line
    assert line.endswith("Nothing is left of 'new.ome.zarr'.")
    assert not (tmp_path / "new.ome.zarr").exists()


def test_an_error_of_the_program_itself_keeps_its_traceback(tmp_path, stack, monkeypatch):
    monkeypatch.setattr(converting, "compared", lambda *_, **__: 1 / 0)
    arguments = ["convert", str(stack), str(tmp_path / "new.ome.zarr"), "--verify"]
    assert isinstance(CliRunner().invoke(bigimg, arguments).exception, ZeroDivisionError)


def test_voxels_of_less_than_a_byte_are_refused_with_what_to_do(tmp_path):
    tifffile.imwrite(tmp_path / "mask.tif", STACK > 7, photometric="minisblack")
    said = run("convert", tmp_path / "mask.tif", tmp_path / "new.ome.zarr", "--axes", "ZYX", code=1)
    assert "has voxels of uint1, which are not read: save it with voxels of whole" in said.stderr


def test_what_is_not_understood_is_2(tmp_path):
    assert "No such option" in run("inspect", "a.tif", "--jsn", code=2).stderr
    assert "numbers with commas" in run("convert", "a", "b", "--voxel-size", "1;2", code=2).stderr


def test_ctrl_c_is_130(monkeypatch):
    def interrupted(source):
        raise KeyboardInterrupt

    monkeypatch.setattr("bigimg_lessons.inspection.opening.report_on", interrupted)
    said = run("inspect", "a.tif", code=130).stderr
    assert said == "Stopped: nothing that was not complete is left.\n"


def test_an_address_of_another_kind_is_refused():
    assert "begins neither with http://" in run("inspect", "s3://bucket/a.zarr", code=1).stderr


# ---- a web server ----


@pytest.mark.parametrize(
    "name", ["ome_zarr_05", "ome_zarr_04", "tiff_in_tiles", "ome_tiff_of_ours", "hdf5_in_chunks"]
)
def test_an_address_tells_the_same_as_the_file(name, tmp_path):
    from bigimg_lessons import FolderServer

    path = ZOO[name].make(tmp_path)
    with FolderServer(tmp_path) as server:
        far = report_on(f"{server.url.rstrip('/')}/{path.name}")
    near = report_on(path)
    assert [(level.shape, level.voxel_size, level.codec) for level in far.levels] == [
        (level.shape, level.voxel_size, level.codec) for level in near.levels
    ]
    assert (far.kind, far.axes, far.units) == (near.kind, near.axes, near.units)


def test_an_address_where_there_is_nothing_is_told(tmp_path):
    from bigimg_lessons import FolderServer

    with FolderServer(tmp_path) as server:
        url = f"{server.url.rstrip('/')}/a.zarr"
        assert "There is neither zarr.json nor" in run("inspect", url, code=1).stderr
        url = f"{server.url.rstrip('/')}/a.tif"
        assert "There is nothing at" in run("inspect", url, code=1).stderr
    assert "cannot be reached" in run("inspect", url, code=1).stderr


# ---- convert ----


@pytest.mark.parametrize("file_format", ENDINGS)
def test_convert_writes_what_its_dry_run_says_and_verifies_it(tmp_path, stack, file_format):
    target = tmp_path / "to" / ENDINGS[file_format]
    target.parent.mkdir()
    common = ["convert", stack, target, "--format", file_format, "--json"]
    plan = json.loads(run(*common, "--dry-run").output)
    assert not plan["is_written"]
    assert list(target.parent.iterdir()) == []
    done = json.loads(run(*common, "--verify").output)
    assert [each["different"] for each in done["compared"]] == [0] * len(plan["levels"])
    report = report_on(target)
    assert [list(level.shape[-3:]) for level in report.levels] == plan["levels"]
    assert list(report.levels[0].chunk_shape[-3:]) == plan["chunk_shape"]
    assert sum(each["voxels"] for each in done["compared"]) * 2 == plan["voxel_bytes"]
    files = [each for each in target.parent.rglob("*") if each.is_file()]
    assert len(files) == plan["files_at_most"]
    assert report.levels[0].voxel_size[-3:] == pytest.approx((2, 0.5, 0.5))


@pytest.mark.parametrize(
    "name",
    ["tiff_of_imagej_with_five_axes", "ome_tiff_of_tifffile", "bdv_of_npy2bdv", "imaris_of_ours",
     "zarr_v3_in_shards", "ome_zarr_04", "ome_zarr_in_one_file", "hdf5_with_several_datasets",
     "tiff_in_colour", "n5_of_ours", "labels_by_the_mode", "bdv_of_old_cells"],
)  # fmt: skip
def test_convert_takes_all_kinds(name, tmp_path):
    source = ZOO[name].make(tmp_path)
    target = tmp_path / "new.ome.zarr"
    said = run("convert", source, target, "--verify").output
    assert "Level 0: all" in said
    assert "not what they should be" not in said
    before, after = report_on(source), report_on(target)
    assert after.levels[0].shape[-2:] == before.levels[0].shape[before.axis("Y") :][:2]
    assert after.is_labels == before.is_labels


def ome_zarr(folder, voxels, **about):
    """An OME-Zarr 0.4 of one level and chunks of 8 cubed."""
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    group.create_array("0", data=voxels, chunks=(8, 8, 8))
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [1, 1, 1]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    group.attrs.update(about)
    return folder


def test_coarse_labels_are_those_of_the_next_finer_level(tmp_path):
    """The mode of modes, which is not always that of level 0."""
    labels = np.random.default_rng(4).integers(0, 4, (64, 64, 64), "int32")
    source = ome_zarr(tmp_path / "labels.zarr", labels, **{"image-label": {"version": "0.4"}})
    target, cut = tmp_path / "new.ome.zarr", ("--chunk-shape", "8,8,8", "--verify", "--json")
    done = json.loads(run("convert", source, target, *cut).output)
    assert [each["different"] for each in done["compared"]] == [0] * 4
    first, second = (zarr.open_array(target, path=str(number))[...] for number in (1, 2))
    boxes = first.reshape(16, 2, 16, 2, 16, 2).transpose(0, 2, 4, 1, 3, 5).reshape(-1, 8)
    of_boxes = [np.bincount(box) for box in boxes]
    counts = [counted[label] for counted, label in zip(of_boxes, second.ravel(), strict=True)]
    assert counts == [counted.max() for counted in of_boxes]


@pytest.mark.parametrize(("factor", "code"), [(1, 0), (1 + 1e-12, 4)])
def test_means_may_differ_by_the_order_of_summation_and_not_by_more(
    tmp_path, monkeypatch, factor, code
):
    random = np.random.default_rng(2)
    voxels = random.normal(size=(64, 64, 64)) * 10.0 ** random.integers(-8, 9, (64, 64, 64))
    source, target = ome_zarr(tmp_path / "a.zarr", voxels), tmp_path / "new.ome.zarr"
    real = verifying.report_on

    def spoilt(path):
        array = zarr.open_array(path, path="1", mode="r+")
        array[3, 5, 7] = array[3, 5, 7] * factor
        return real(path)

    monkeypatch.setattr(verifying, "report_on", spoilt)
    cut = ("--chunk-shape", "8,8,8", "--verify", "--json")
    done = json.loads(run("convert", source, target, *cut, code=code).output)
    assert [each["different"] for each in done["compared"]] == [0, int(code == 4), 0, 0]
    exact = [math.fsum(box) / 64 for box in boxes_of_four(voxels)]
    written = zarr.open_array(target, path="2")[...].ravel()
    np.testing.assert_allclose(written, exact, rtol=1e-9)
    assert not np.array_equal(written, exact)


def boxes_of_four(voxels):
    return voxels.reshape(16, 4, 16, 4, 16, 4).transpose(0, 2, 4, 1, 3, 5).reshape(-1, 64)


def test_what_was_written_otherwise_is_found_and_is_4(tmp_path, stack, monkeypatch):
    target = tmp_path / "b.ome.zarr"
    real = verifying.report_on

    def spoilt(path):
        import zarr

        array = zarr.open_array(Path(path), path="0", mode="r+")
        array[3, 5, 7] += 1
        return real(path)

    monkeypatch.setattr(verifying, "report_on", spoilt)
    said = run("convert", stack, target, "--verify", code=4).output
    assert "Level 0: 1 of 92,160 voxels are not what they should be." in said


def test_lengths_in_several_units_become_one(tmp_path):
    source, target = zoo.ome_tiff_of_tifffile(tmp_path), tmp_path / "b.ome.zarr"
    run("convert", source, target)
    report = report_on(target)
    assert report.units[-3:] == ("nanometer",) * 3
    assert report.levels[0].voxel_size[-3:] == (2000.0, 500.0, 500.0)
    assert report.channel_names == ("red", "green")


def test_nothing_is_guessed(tmp_path):
    source = zoo.tiff_of_planes(tmp_path)
    target = tmp_path / "b.ome.zarr"
    said = run("convert", source, target, code=1).stderr
    assert "does not say what all of its axes are (? Y X): give --axes" in said
    said = run("convert", source, target, "--axes", "YX", code=1).stderr
    assert "--axes is YX, and the image has 3 axes" in said
    said = run("convert", source, target, "--axes", "TYX", "--voxel-size", "1,2,3", code=1).stderr
    assert "--voxel-size has 3 numbers, and the image has the axes Y, X" in said
    said = run("convert", source, tmp_path / "b.raw", "--axes", "ZYX", code=1).stderr
    assert "ends in none of .zarr" in said
    assert not target.exists()
    said = run("convert", source, target, "--axes", "ZYX", "--voxel-size", "?,1,1").output
    assert "Mind:" in said
    assert "Written:" in said
    assert "exists" in run("convert", source, target, "--axes", "ZYX", code=1).stderr


def test_several_images_are_not_made_one(tmp_path):
    path = zoo.ome_zarr_series(tmp_path)
    said = run("convert", path, tmp_path / "b.ome.zarr", code=1).stderr
    assert "holds several images (this is series 0, the first of 2)" in said


def test_a_version_that_is_not_read_is_not_converted(tmp_path):
    path = zoo.ome_zarr_of_the_future(tmp_path)
    said = run("convert", path, tmp_path / "b.ome.zarr", code=1).stderr
    assert "is OME-Zarr 0.9, which is not read here" in said


def test_a_dry_run_says_what_it_takes(tmp_path, stack):
    said = run("convert", stack, tmp_path / "b.ome.zarr", "--dry-run").output
    assert "voxels of all levels: 180 KiB" in said
    assert "the process grows by at most 256 MiB" in said
    assert "Nothing was written." in said


@pytest.mark.parametrize(
    ("shard", "files"), [(None, 8 * 8 * 8 + 4 * 4 * 4 + 8 + 1 + 5), ((256, 256, 256), 8 + 4 + 5)]
)
def test_files_are_forecast_by_hand(shard, files):
    plan = forecast(
        "ome-zarr-0.5",
        shape=(512, 512, 512),
        images=1,
        item_size=1,
        voxel_size=None,
        chunk_shape=(64, 64, 64),
        shard_shape=shard,
    )
    # Levels of 512, 256, 128 and 64 cubed; a document for each and one for the group.
    assert plan.levels == tuple((n, n, n) for n in (512, 256, 128, 64))
    assert plan.files == files - (1 if shard else 0)


# ---- data, sheets, completion, and the program ----


def test_data_lists_what_is_there_and_creates_the_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("bigimg_lessons.command_line.lesson_data.sample_tiff", _small_sample)
    rows = json.loads(run("data", "--folder", tmp_path, "--json").output)
    assert [row["name"] for row in rows] == ["sample", "platy", "platy-raw"]
    assert not any(row["is_there"] for row in rows)
    said = run("data", "--create", "--folder", tmp_path).output
    assert "there, 5 bytes" in said
    assert "bigimg data --create" not in said


def _small_sample(*, folder, progress):
    from bigimg_lessons.samples.volume import SampleVolume

    path = folder / SampleVolume().file_name
    path.write_text("image")
    return path


def test_sheets_are_written_and_not_replaced(tmp_path):
    folder = tmp_path / "sheets"
    said = run("sheets", folder, "--lesson", "00_slice_a_volume").output
    assert len(said.splitlines()) == len(list(folder.iterdir())) == 2
    assert "already" in run("sheets", folder, "--lesson", "00_slice_a_volume", code=1).stderr
    again = run("sheets", folder, "--lesson", "00_slice_a_volume", "--overwrite", "--json").output
    assert json.loads(again) == said.splitlines()
    assert "no_such" in run("sheets", folder, "--lesson", "no_such", code=1).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(shell):
    script = run("completion", shell).output
    assert "_BIGIMG_COMPLETE" in script
    assert "bigimg" in script


def test_how_each_shell_completes_stands_on_a_line_of_its_own():
    said = run("completion", "--help").output
    lines = [line.strip() for line in said.splitlines()]
    assert "\\b" not in said
    for shell in ("bash", "zsh", "fish"):
        (line,) = [each for each in lines if each.startswith(f"{shell}:")]
        assert f"bigimg completion {shell} >" in line


def test_commands_are_completed():
    done = CliRunner().invoke(
        bigimg,
        [],
        prog_name="bigimg",
        env={
            "_BIGIMG_COMPLETE": "bash_complete",
            "COMP_WORDS": "bigimg ins",
            "COMP_CWORD": "1",
        },
    )
    assert "inspect" in done.output


def test_help_states_the_exit_codes():
    said = run("--help").output
    for code in (0, 1, 2, 3, 4, 130):
        assert f"\n    {code} " in said or f"\n  {code} " in said


def test_the_module_runs_and_says_what_to_install(tmp_path):
    program = [sys.executable, "-m", "bigimg_lessons"]
    done = subprocess.run([*program, "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("bigimg, version ")
    without = (
        "import sys; sys.modules['rich'] = None\nfrom bigimg_lessons.__main__ import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "The command line needs 'rich', which is not installed: install bigimg-lessons with its "
        'extra "cli", in a copy of the repository for example with pip install ".[cli]".\n'
    )


# ---- what stands behind ----


def test_costs_are_those_of_the_capstone(tmp_path):
    """One image through both ways to work out what a plane from the side costs."""
    path = zoo.zarr_by_hand(tmp_path, [256, 1024, 1024], [64, 64, 64])
    side = next(view for view in costs_of(report_on(path)).views if view.view == "YZ")
    use = Use("from the side", (256, 1024, 1), 1)
    grid = ChunkGrid((256, 1024, 1024), (64, 64, 64))
    for storage, found in side.seconds.items():
        scenario = Scenario("", "", (256, 1024, 1024), "uint8", (1, 1, 1), storage, 10**6, (use,))
        right = cost_of(use, 0, grid, "ome-zarr", scenario)
        assert (side.requests, side.read) == (right.requests, right.read) == (64, 2**24)
        assert found == pytest.approx(right.seconds)


def test_a_zoomed_out_view_takes_the_coarsest_level_that_fits(tmp_path):
    image = np.zeros((1, 4096, 4096), "uint8")
    path = built(tmp_path / "a.ome.zarr", image, factors=[(1, 2**n, 2**n) for n in range(5)])
    views = {view.view: view for view in costs_of(report_on(path)).views}
    assert views["zoomed out"].level == 2
    assert views["zoomed out"].wanted == 1024 * 1024
    assert "XZ" not in views


def test_every_verdict_leads_to_a_section_of_a_lesson():
    for rule in RULES:
        notebook = json.loads((ROOT / "notebooks" / f"{rule.page}.ipynb").read_text("utf-8"))
        headings = [
            line.lstrip("# ").strip()
            for cell in notebook["cells"]
            if cell["cell_type"] == "markdown"
            for line in "".join(cell["source"]).splitlines()
            if line.startswith("#")
        ]
        assert rule.section in [heading.replace("`", "") for heading in headings], rule.name
        assert rule.weight in ("wrong", "slow", "mind")
        assert rule.command == "" or rule.command.startswith(
            "bigimg convert {source} {target}{axes}"
        )


def test_names_of_new_images():
    assert target_name("/data/a.b.tif") == "a.b.ome.zarr"
    assert target_name("https://x.org/a.zarr/") == "a-new.ome.zarr"
    assert target_name("C:\\data\\a.xml") == "a.ome.zarr"


def test_a_dataset_in_a_file_is_not_taken_for_labels_by_its_size(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = STACK
    assert report_on(tmp_path / "a.h5").sampled is None


def test_tifffile_finds_the_same_levels(tmp_path):
    path = zoo.ome_tiff_of_ours(tmp_path)
    with tifffile.TiffFile(path) as tiff:
        shapes = [level.shape for level in tiff.series[0].levels]
    assert [level.shape for level in report_on(path).levels] == shapes
