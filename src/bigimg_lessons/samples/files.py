"""The image stacks that the lessons open: the sample, which is generated, or another file."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bigimg_lessons.checks import whole_number
from bigimg_lessons.samples.folder import data_folder
from bigimg_lessons.samples.stack import bytes_needed, whole_stack, write_stack
from bigimg_lessons.samples.tissue import GENERATOR
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.saving.kept_files import room_for, sha256, sole_maker
from bigimg_lessons.saving.staging import Staging, recover

REAL_TIFFS: Mapping[str, str] = MappingProxyType(
    {"platy": "xyz_uint8__em_platy.tif", "platy-raw": "xyz_uint8__em_platy_raw_s4.tif"}
)
"""File names of the real image stacks that a lesson can open instead, by dataset name."""


def lesson_tiff(dataset: str | None = None) -> Path:
    """Find the image stack that a lesson opens.

    Parameters
    ----------
    dataset
        "sample" for the synthetic volume, which is created if it is not there; a name in
        `REAL_TIFFS` for a real one; or the path of a TIFF file. By default ``$BIGIMG_DATASET``, or
        "sample".

    Returns
    -------
    Path
        An existing TIFF file.

    Raises
    ------
    FileNotFoundError
        If that file does not exist.
    ValueError
        If the name is unknown, or the file is not a TIFF or is incomplete.
    OSError
        As for `sample_tiff`.
    """
    name = dataset or os.environ.get("BIGIMG_DATASET") or "sample"
    if name == "sample":
        return sample_tiff()
    if name in REAL_TIFFS:
        path = data_folder() / REAL_TIFFS[name]
        if not path.is_file():
            raise FileNotFoundError(
                f"The dataset {name!r} is not in {path.parent}: fetch it with "
                f"'uv run python -m data_fetch --real {name}', or use the dataset 'sample'."
            )
        return whole_stack(path)
    path = Path(name).expanduser().absolute()
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise ValueError(
            f"The dataset is {name!r}: choose {', '.join(map(repr, ('sample', *REAL_TIFFS)))}, or "
            "give the path of a .tif file."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: give the path of an existing TIFF file.")
    return whole_stack(path)


def identity(path: Path) -> tuple[str, str]:
    """Tell which image a file holds, without reading its pixels.

    Files that are derived from the image keep this, so that they are never taken for those of
    another.

    Parameters
    ----------
    path
        As `lesson_tiff` returns it.

    Returns
    -------
    tuple of str
        For the sample: its name, and the SHA-256 in its sidecar. For any other file: its path, and
        its size with the time of its last change, since reading a large file would take too long.
    """
    try:
        sidecar = json.loads(_sidecar_path(path).read_text(encoding="utf-8"))
        if sidecar["generator"] == GENERATOR:
            return path.name, str(sidecar["sha256"])
    except (OSError, ValueError, TypeError, KeyError):
        pass  # no sidecar of ours: it is another image
    known = path.stat()
    return str(path.resolve()), f"{known.st_size} bytes, changed at {known.st_mtime_ns} ns"


def sample_tiff(
    volume: SampleVolume | None = None,
    *,
    folder: Path | None = None,
    progress: bool = True,
    rows_per_strip: int = 64,
) -> Path:
    """Write the TIFF stack of a sample volume, unless it is there already.

    The file is an uncompressed TIFF with one page per plane, whose ImageJ metadata hold the voxel
    size; beyond 4 GiB it is a BigTIFF with the same metadata. A sidecar, whose name ends in
    ``.json``, holds its size and SHA-256, by which it is recognised and checked on reuse.

    Memory stays below 250 MiB whatever the size of the volume, that of the processes which paint a
    large one included: as many as there are cores, but at most four.

    Parameters
    ----------
    volume
        Volume to write, by default ``SampleVolume()``.
    folder
        Folder to write to, by default `data_folder`. It is created if it does not exist.
    progress
        Whether to show a bar on standard error while the file is written.
    rows_per_strip
        Rows of pixels in each strip of the TIFF.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `rows_per_strip` is not a positive whole number.
    OSError
        If the folder cannot be written, or its disk has too little free space.

    Warns
    -----
    UserWarning
        If the file is there but is created again, because it differs from its sidecar.
    """
    volume = SampleVolume() if volume is None else volume
    rows_per_strip = whole_number("rows_per_strip", rows_per_strip, least=1)
    folder = data_folder() if folder is None else Path(folder).expanduser().absolute()
    path = folder / volume.file_name
    if rows_per_strip != 64:
        path = path.with_name(f"{path.stem}_strips{rows_per_strip}.tif")
    if path.is_file() and _fault(path) is None:
        return path
    recover(folder)  # first: what a killed process left takes space
    room = room_for("The sample", folder, bytes_needed(volume))
    with room as look_for_room, sole_maker(path):
        if path.is_file():
            fault = _fault(path)
            if fault is None:  # another process has created it meanwhile
                return path
            warnings.warn(f"{path} is created again, because {fault}.", stacklevel=2)
        look_for_room()
        _write(volume, path, progress=progress, rows_per_strip=rows_per_strip)
    return path


def _sidecar_path(path: Path) -> Path:
    """Path of the sidecar of a file."""
    return path.with_name(f"{path.name}.json")


def _fault(path: Path) -> str | None:
    """Say how a file differs from what its sidecar states, if it does."""
    try:
        sidecar = json.loads(_sidecar_path(path).read_text(encoding="utf-8"))
        generator, size, digest = sidecar["generator"], sidecar["bytes"], sidecar["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return "its sidecar is missing or damaged"
    if generator != GENERATOR:
        return "another version of the generator wrote it"
    if size != path.stat().st_size:
        return f"its size is not the {size} bytes that were written"
    if digest != sha256(path):
        return "its content is not what was written"
    return None


def _write(volume: SampleVolume, path: Path, *, progress: bool, rows_per_strip: int) -> None:
    """Write a volume and its sidecar to a staging directory, and move both when complete."""
    with Staging(_sidecar_path(path), path) as staging:
        staged = staging.new(path)
        write_stack(volume, staged, progress=progress, rows_per_strip=rows_per_strip)
        sidecar = {
            "generator": GENERATOR,
            "bytes": staged.stat().st_size,
            "sha256": sha256(staged),
            "shape": volume.shape,
            "dtype": volume.dtype,
            "voxel_size": volume.voxel_size,
            "seed": volume.seed,
        }
        text = json.dumps(sidecar, indent=1) + "\n"
        staging.new(_sidecar_path(path)).write_text(text, encoding="utf-8")
        staging.swap()
