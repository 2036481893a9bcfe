"""The sample's file, what a lesson opens instead, and the folder where data lies."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections import namedtuple

import numpy as np
import pytest
import tifffile

from bigimg_lessons.samples import files, stack
from bigimg_lessons.samples.files import REAL_TIFFS, lesson_tiff, sample_tiff
from bigimg_lessons.samples.folder import data_folder
from bigimg_lessons.samples.tissue import GENERATOR
from bigimg_lessons.samples.volume import DEFAULT_SHAPE, SampleVolume

ALL = slice(None)
SMALL = SampleVolume((5, 40, 50))


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    """Keep the user's own data and settings out of the tests."""
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("BIGIMG_DATASET", raising=False)


def whole(volume):
    return volume.block(ALL, ALL, ALL)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_file_holds_the_volume(tmp_path, dtype):
    volume = SampleVolume((35, 70, 90), dtype)
    path = sample_tiff(volume, folder=tmp_path, progress=False)
    assert path == tmp_path / f"synthetic_tissue_{dtype}_35x70x90_seed1.tif"
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 35
        assert tiff.series[0].axes == "ZYX"
        assert not tiff.is_bigtiff
        np.testing.assert_array_equal(tiff.asarray(), whole(volume))
        for page in (tiff.pages[0], tiff.pages[34]):
            assert page.compression == 1
            assert page.rowsperstrip == 64
            assert len(page.dataoffsets) == 2


def test_pieces_narrower_than_the_volume_fit_together(tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "PIECE", (4, 24, 32))
    path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    np.testing.assert_array_equal(tifffile.imread(path), whole(SMALL))


@pytest.mark.parametrize(("rows", "strips"), [(1, 40), (7, 6), (40, 1), (1000, 1)])
def test_rows_per_strip(tmp_path, rows, strips):
    path = sample_tiff(SMALL, folder=tmp_path, progress=False, rows_per_strip=rows)
    assert path.name == f"synthetic_tissue_uint8_5x40x50_seed1_strips{rows}.tif"
    with tifffile.TiffFile(path) as tiff:
        assert {len(page.dataoffsets) for page in tiff.pages} == {strips}
        np.testing.assert_array_equal(tiff.asarray(), whole(SMALL))


@pytest.mark.parametrize("rows", [0, -1, 1.5, True, None])
def test_bad_rows_per_strip_are_refused_before_anything_is_written(tmp_path, rows):
    with pytest.raises(ValueError, match=r"rows_per_strip is .*: give a whole number of 1 or more"):
        sample_tiff(SMALL, folder=tmp_path / "new", rows_per_strip=rows)
    assert names(tmp_path) == []


def test_file_names_tell_volumes_apart():
    volumes = [
        SMALL,
        SampleVolume((5, 40, 50), "uint16"),
        SampleVolume((5, 50, 40)),
        SampleVolume((5, 40, 50), voxel_size=(0.1, 0.05, 0.05)),
        SampleVolume((5, 40, 50), seed=2),
    ]
    assert len({volume.file_name for volume in volumes}) == len(volumes)
    assert volumes[3].file_name == "synthetic_tissue_uint8_5x40x50_0.1x0.05x0.05um_seed1.tif"


def physical_pixel_sizes(path):
    from bioio import BioImage

    image = BioImage(path, chunk_dims=["Y", "X"])
    assert image.dims.order == "TCZYX"
    return tuple(image.physical_pixel_sizes), image.shape


@pytest.mark.parametrize(
    "volume",
    [
        SMALL,
        SampleVolume((1, 40, 50)),
        SampleVolume((5, 40, 50), "uint16", voxel_size=(0.05, 0.03, 0.02)),
    ],
)
def test_readers_find_the_voxel_size(tmp_path, volume):
    path = sample_tiff(volume, folder=tmp_path, progress=False)
    sizes, shape = physical_pixel_sizes(path)
    assert sizes == pytest.approx(volume.voxel_size, rel=1e-6)
    assert shape == (1, 1, *volume.shape)


def test_volumes_beyond_4_gib_are_bigtiff_with_the_same_metadata(tmp_path, monkeypatch):
    assert not stack._is_big(SampleVolume())
    assert not stack._is_big(SampleVolume((1024, 2048, 2000)))
    assert stack._is_big(SampleVolume((1024, 2048, 2048)))
    assert stack._is_big(SampleVolume((512, 2048, 2048), "uint16"))
    monkeypatch.setattr(stack, "LARGEST_CLASSIC_TIFF", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert tiff.series[0].axes == "ZYX"
        np.testing.assert_array_equal(tiff.asarray(), whole(SMALL))
    assert physical_pixel_sizes(path) == (pytest.approx((0.1, 0.04, 0.04)), (1, 1, 5, 40, 50))


def test_the_sidecar_states_what_was_written(tmp_path):
    path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert names(tmp_path) == [path.name, f"{path.name}.json"]
    sidecar = json.loads((tmp_path / f"{path.name}.json").read_text(encoding="utf-8"))
    content = path.read_bytes()
    assert sidecar["bytes"] == len(content)
    assert sidecar["sha256"] == hashlib.sha256(content).hexdigest()
    assert sidecar["generator"] == GENERATOR
    assert sidecar["shape"] == [5, 40, 50]


def test_a_file_that_is_there_is_used_again(tmp_path, monkeypatch, capfd):
    path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    before = path.stat()
    monkeypatch.setattr(SampleVolume, "block", lambda *_: pytest.fail("it is computed again"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sample_tiff(SMALL, folder=tmp_path) == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    assert capfd.readouterr() == ("", "")


def flip_a_bit(path):
    with path.open("r+b") as file:
        file.seek(5000)
        value = file.read(1)[0]
        file.seek(5000)
        file.write(bytes([value ^ 1]))


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def sidecar_of(path):
    return path.with_name(f"{path.name}.json")


def change_generator(path):
    sidecar = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    sidecar_of(path).write_text(json.dumps(sidecar | {"generator": -1}), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (flip_a_bit, "its content is not what was written"),
        (truncate, r"its size is not the \d+ bytes that were written"),
        (lambda path: sidecar_of(path).unlink(), "its sidecar is missing or damaged"),
        (lambda path: sidecar_of(path).write_text("{"), "its sidecar is missing or damaged"),
        (lambda path: sidecar_of(path).write_text("[1]"), "its sidecar is missing or damaged"),
        (lambda path: sidecar_of(path).write_text("{}"), "its sidecar is missing or damaged"),
        (lambda path: sidecar_of(path).write_bytes(b"\xff"), "its sidecar is missing or damaged"),
        (change_generator, "another version of the generator wrote it"),
    ],
)
def test_a_file_that_differs_from_its_sidecar_is_created_again(tmp_path, harm, reason):
    path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    content = path.read_bytes()
    harm(path)
    with pytest.warns(
        UserWarning, match=rf"synthetic_tissue_.*\.tif is created again, because {reason}\."
    ) as seen:
        sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert len(seen) == 1
    assert path.read_bytes() == content
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_tiff(SMALL, folder=tmp_path, progress=False)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_writing_leaves_nothing(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(stack, "PIECE", (1, 8, 50))
    block, calls = SampleVolume.block, []

    def stop(self, *place):
        calls.append(place)
        if len(calls) == 3:
            raise kind("stopped")
        return block(self, *place)

    monkeypatch.setattr(SampleVolume, "block", stop)
    with pytest.raises(kind, match="stopped"):
        sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert names(tmp_path) == []
    assert len(calls) < 25  # the other pieces are not computed for nothing


def test_an_interrupted_remaking_keeps_what_was_there(tmp_path, monkeypatch):
    path = sample_tiff(SMALL, folder=tmp_path, progress=False)
    flip_a_bit(path)
    content = path.read_bytes()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(SampleVolume, "block", stop)
    with pytest.warns(UserWarning, match="created again"), pytest.raises(KeyboardInterrupt):
        sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert path.read_bytes() == content
    assert names(tmp_path) == [path.name, f"{path.name}.json"]


Usage = namedtuple("Usage", "total used free")

PROGRAM = """
import signal, sys
from pathlib import Path
from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.samples.volume import SampleVolume
signal.signal(signal.SIGINT, signal.default_int_handler)
sample_tiff(SampleVolume({shape}), folder=Path(sys.argv[1]), progress=False)
print("done")
"""


def start(folder, shape):
    program = PROGRAM.format(shape=shape)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_leaves_nothing(tmp_path):
    with start(tmp_path, DEFAULT_SHAPE) as process:
        try:
            deadline = time.monotonic() + 120
            while not list(tmp_path.glob("*.part")) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert list(tmp_path.glob("*.part"))
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert output == ""
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0
    assert names(tmp_path) == []


def left_behind(folder):
    """Bytes of unfinished stacks."""
    return sum(path.stat().st_size for path in folder.glob(".*.part/new/*.tif"))


def test_what_killed_processes_left_is_removed_by_the_next(tmp_path, monkeypatch):
    for _ in range(3):
        with start(tmp_path, DEFAULT_SHAPE) as process:
            deadline = time.monotonic() + 120
            while not left_behind(tmp_path) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(list(tmp_path.glob(".*.part"))) == 1
            process.kill()
    left = left_behind(tmp_path)
    room = Usage(2**40, 2**40, 2**27)
    # It is removed before the space is looked at, which it may be that takes it.
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _: room if not list(tmp_path.glob(".*.part")) else Usage(0, 0, 0),
    )
    sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert names(tmp_path) == [SMALL.file_name, f"{SMALL.file_name}.json"]
    assert left > 0


def test_two_processes_may_make_the_same_file_at_once(tmp_path):
    shape = (32, 192, 256)
    processes = [start(tmp_path, shape) for _ in range(2)]
    results = [process.communicate(timeout=300) for process in processes]
    assert [output for output, _ in results] == ["done\n"] * 2
    # Who has waited for two seconds says so.
    waited = r"(Another process is making \S+: waiting for it\.\n)?"
    assert re.fullmatch(waited, "".join(errors for _, errors in results))
    name = SampleVolume(shape).file_name
    assert names(tmp_path) == [name, f"{name}.json"]
    assert files._fault(tmp_path / name) is None


def test_the_bar_is_one_line_on_standard_error(tmp_path, capfd):
    sample_tiff(SMALL, folder=tmp_path)
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("\rMaking the sample volume:")
    assert "100%" in errors
    assert errors.count("\n") == 1


# --- refusals -----------------------------------------------------------------------------------


def test_too_little_free_space_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - 2**20, 2**20))
    with pytest.raises(
        OSError, match=r"^The sample needs 2\d\d MiB and .* has 1 MiB free: make room.*BIGIMG_DATA"
    ):
        sample_tiff(folder=tmp_path, progress=False)
    assert names(tmp_path) == []


def test_the_space_that_is_asked_for_is_enough(tmp_path):
    for rows in (1, 64):
        path = sample_tiff(SMALL, folder=tmp_path, progress=False, rows_per_strip=rows)
        assert path.stat().st_size < stack.bytes_needed(SMALL)


def test_a_disk_that_fills_up_while_writing_is_told_and_cleaned(tmp_path, monkeypatch):
    def fill(volume, path, *_, **__):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stack, "_write_pixels", fill)
    with pytest.raises(
        OSError, match=r"^The sample needs \d+ MiB and .* MiB free: make room there"
    ):
        sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    for folder in (file, file / "below"):
        with pytest.raises(
            OSError, match=r"^The sample cannot be written to .*file.* \(.+\): set .*BIGIMG_DATA"
        ):
            sample_tiff(SMALL, folder=folder, progress=False)


def test_a_folder_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tifffile, "imwrite", refuse)
    with pytest.raises(OSError, match=r"cannot be written to .* \(Permission denied\): set"):
        sample_tiff(SMALL, folder=tmp_path, progress=False)
    assert names(tmp_path) == []


# --- where data lies ----------------------------------------------------------------------------


def test_data_folder_is_chosen_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"
    assert not data_folder().exists()
    monkeypatch.setenv("BIGIMG_DATA", "~/lessons")
    assert data_folder() == data_folder().home() / "lessons"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIGIMG_DATA", "near")
    assert data_folder() == tmp_path / "near"


@pytest.mark.parametrize("value", ["", None])
def test_data_folder_is_a_cache_by_default(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("BIGIMG_DATA")
    else:
        monkeypatch.setenv("BIGIMG_DATA", value)
    assert data_folder().is_absolute()
    assert "bigimg-lessons" in data_folder().parts


def test_sample_is_made_in_the_data_folder():
    assert sample_tiff(SMALL, progress=False) == data_folder() / SMALL.file_name


@pytest.mark.parametrize("how", ["default", "argument", "environment", "empty"])
def test_a_lesson_opens_the_sample(monkeypatch, how):
    monkeypatch.setattr(files, "sample_tiff", lambda: data_folder() / "made.tif")
    if how == "environment":
        monkeypatch.setenv("BIGIMG_DATASET", "sample")
    elif how == "empty":
        monkeypatch.setenv("BIGIMG_DATASET", "")
    elif how == "argument":
        monkeypatch.setenv("BIGIMG_DATASET", "platy")
    found = lesson_tiff("sample") if how == "argument" else lesson_tiff()
    assert found == data_folder() / "made.tif"


def write_stack(path):
    tifffile.imwrite(path, np.zeros((3, 20, 30), np.uint8), imagej=True, metadata={"axes": "ZYX"})


@pytest.mark.parametrize("name", REAL_TIFFS)
def test_a_lesson_opens_a_real_stack(monkeypatch, name):
    monkeypatch.setenv("BIGIMG_DATASET", name)
    with pytest.raises(FileNotFoundError, match=rf"uv run python -m data_fetch --real {name}'"):
        lesson_tiff()
    data_folder().mkdir()
    write_stack(data_folder() / REAL_TIFFS[name])
    assert lesson_tiff() == data_folder() / REAL_TIFFS[name]
    assert lesson_tiff(name) == lesson_tiff()


@pytest.mark.parametrize("name", ["mine.tif", "mine.TIFF"])
def test_a_lesson_opens_a_file_of_ones_own(monkeypatch, tmp_path, name):
    path = tmp_path / name
    with pytest.raises(FileNotFoundError, match=r"There is no file .*mine.*existing TIFF"):
        lesson_tiff(str(path))
    write_stack(path)
    assert lesson_tiff(str(path)) == path
    monkeypatch.chdir(tmp_path)
    assert lesson_tiff(name) == path


@pytest.mark.parametrize("name", ["platty", "platy.zarr", "Sample"])
def test_a_lesson_refuses_an_unknown_dataset(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=rf"The dataset is '{name}': choose 'sample', 'platy', 'platy-raw', or"
    ):
        lesson_tiff(name)


def test_names_of_real_stacks_cannot_be_changed():
    with pytest.raises(TypeError):
        REAL_TIFFS["other"] = "other.tif"


# --- memory -------------------------------------------------------------------------------------

MEMORY = """
import json, sys
from pathlib import Path
import numpy as np
from bigimg_lessons.samples import painters, tissue
from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.measure.memory import MemoryWatch
from bigimg_lessons.samples.volume import SampleVolume

shape, painted = json.loads(sys.argv[2])
if not painted:
    painters.PAINTERS = 1  # another process would paint
    grey = np.full(tissue.BRICK, 100, np.float32)
    tissue.Tissue.brick = lambda self, index: grey.copy()
with MemoryWatch(interval=0.005) as watch:
    path = sample_tiff(SampleVolume(tuple(shape)), folder=Path(sys.argv[1]), progress=False)
print(watch.trace.peak_added, path.stat().st_size)
"""


@pytest.mark.parametrize(
    ("shape", "painted"),
    [
        ((32, 512, 512), True),
        ((32, 1024, 512), True),
        ((64, 2048, 2048), False),  # 256 MiB written; to paint them would take long
    ],
)
def test_memory_does_not_grow_with_the_volume(tmp_path, shape, painted):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path), json.dumps([shape, painted])],
        capture_output=True,
        text=True,
        check=True,
    )
    peak, size = map(int, done.stdout.split())
    assert size >= np.prod(shape)
    assert peak < 200 * 2**20
