"""What cannot be written is told of the target, with what to do."""

import errno
import os
from pathlib import Path

import pytest

from bigimg_lessons.saving.write_errors import explained, write_error

TARGET = Path("/data/image.ome.zarr")
ASIDE = Path("/data/.image.ome.zarr-0123abcd.part/new")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: make room"),
        (PermissionError(errno.EACCES, "Permission denied"), "writing there is not allowed"),
        (OSError(errno.EROFS, "Read-only file system"), "choose another folder"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), "the name is too long"),
        # As h5py and zarrs tell them.
        (RuntimeError(f"write failed (errno = {errno.ENOSPC}, error message"), "the disk is full"),
        (RuntimeError("something that nobody knows"), "make sure that the disk is not full"),
    ],
)
def test_says_what_to_do(error, remedy):
    said = str(write_error(TARGET, error, aside=ASIDE))
    assert said.startswith(f"{str(TARGET)!r} could not be written; ")
    assert remedy in said
    assert str(error) in said


@pytest.mark.skipif(os.name == "nt", reason="on Windows these numbers are those of Windows")
def test_the_numbers_of_encoders_outside_python_are_those_of_the_system():
    error = RuntimeError(f"filesystem error: (os error {errno.ENOSPC})")
    assert "the disk is full" in str(write_error(TARGET, error))
    assert write_error(TARGET, error).errno == errno.ENOSPC


def test_names_the_target_and_not_where_it_is_made():
    inside = ASIDE / TARGET.name / "0" / "zarr.json"
    for error in (
        RuntimeError(f"cannot write {inside}"),
        OSError(errno.ENOSPC, "No space left on device", str(inside)),
    ):
        said = str(write_error(TARGET, error, aside=ASIDE))
        assert ".part" not in said
    assert "cannot write /data/image.ome.zarr/0/zarr.json" in str(
        write_error(TARGET, RuntimeError(f"cannot write {TARGET / '0' / 'zarr.json'}"))
    )


def test_other_errors_pass():
    with pytest.raises(ValueError, match="of the image"), explained(TARGET, aside=ASIDE):
        raise ValueError("of the image")
