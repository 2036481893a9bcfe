"""BigDataViewer's HDF5 files that another program has open, or never closed."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from bioio import BioImage

from bigimg_lessons.formats.bdv.opening import InUseError
from tests.bdv_files import xml

# --- files in use


WRITE = """
import os, sys
import h5py, numpy as np
mode, path = sys.argv[1:]
file = h5py.File(path, "w", libver=None if mode == "plain" else "latest")
file["s00/resolutions"] = np.ones((1, 3))
voxels = np.arange(8 * 32 * 48, dtype="u2").reshape(8, 32, 48)
cells = file.create_dataset(
    "t00000/s00/0/cells", data=voxels, chunks=(4, 16, 16), maxshape=(None, 32, 48)
)
if "swmr" in mode:
    file.swmr_mode = True
file.flush()
print("ready", flush=True)
sys.stdin.readline()
if "died" in mode:
    os._exit(9)
file.close()
"""


VOXELS = np.arange(8 * 32 * 48, dtype=np.uint16).reshape(8, 32, 48)


@pytest.fixture
def writer(tmp_path):
    """Start a program that writes data.h5 and keeps it open; it ends with the test."""
    (tmp_path / "data.xml").write_text(xml([{"id": 0, "size": (48, 32, 8)}]))
    started = []

    def start(mode):
        program = subprocess.Popen(
            [sys.executable, "-c", WRITE, mode, str(tmp_path / "data.h5")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(program)
        assert program.stdout.readline() == "ready\n"
        if "died" in mode:
            program.communicate("\n")
        return program

    yield start
    for program in started:
        if program.poll() is None:
            program.communicate("\n")


@pytest.mark.parametrize("mode", ["plain", "latest"])
@pytest.mark.parametrize("ending", [".xml", ".h5"])
def test_a_file_that_is_being_written_says_so(tmp_path, writer, mode, ending):
    program = writer(mode)
    with pytest.raises(
        InUseError, match=r"data\.h5 is locked: .*still being written.* Close it there"
    ):
        BioImage(tmp_path / f"data{ending}")
    program.communicate("\n")
    np.testing.assert_array_equal(BioImage(tmp_path / f"data{ending}").data[0, 0], VOXELS)


def test_what_the_message_about_locks_says_works(tmp_path, writer):
    writer("plain")
    read = (
        "from fsspec.implementations.local import LocalFileSystem as Local\n"
        "from bigimg_lessons.formats.bdv.opening import opened\n"
        f"with opened(Local(), {(tmp_path / 'data.h5').as_posix()!r}) as file:\n"
        "    print(file['t00000/s00/0/cells'][...].sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", read],
        env={**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == VOXELS.sum()


@pytest.mark.parametrize("mode", ["swmr", "swmr died"])
@pytest.mark.parametrize("ending", [".xml", ".h5"])
def test_a_file_for_one_writer_and_many_readers_is_read(tmp_path, writer, mode, ending):
    writer(mode)
    with pytest.warns(UserWarning, match=r"data\.h5 is still being written \(SWMR\)"):
        image = BioImage(tmp_path / f"data{ending}")
    np.testing.assert_array_equal(image.data[0, 0], VOXELS)
    np.testing.assert_array_equal(image.dask_data[0, 0, 3].compute(), VOXELS[3])


@pytest.mark.parametrize("ending", [".xml", ".h5"])
def test_a_file_that_was_never_closed_says_what_to_do(tmp_path, writer, ending):
    writer("latest died")
    with pytest.raises(InUseError, match=r"data\.h5 is marked as open .* with h5clear -s, one"):
        BioImage(tmp_path / f"data{ending}")
    if shutil.which("h5clear"):
        subprocess.run(["h5clear", "-s", str(tmp_path / "data.h5")], check=True)
        np.testing.assert_array_equal(BioImage(tmp_path / "data.xml").data[0, 0], VOXELS)


def test_a_file_in_use_of_which_nothing_is_known_says_so_too(tmp_path, writer):
    writer("plain")
    (tmp_path / "data.xml").unlink()
    with pytest.raises(InUseError, match="is locked"):
        BioImage(tmp_path / "data.h5")
