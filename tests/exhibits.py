"""The files behind the questions *diagnose this file*, and what programs print of them.

An exhibit is what a reader sees: commands after ``$``, statements of Python after ``>>>``, and what
they print, where a line of … stands for lines left out. Each file is made here, as large as the
exhibit says; no voxel is stored where the format can leave it out.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import obstore
import pytest
import tifffile
import zarr
from imagecodecs import zstd_encode
from obstore.store import MemoryStore
from zarr.storage import ObjectStore

from bigimg_lessons import build_pyramid

Names = dict[str, Any]
"""What the statements of an exhibit may name."""

LEFT_OUT = "…"


def beads(folder: Path) -> Names:
    """Make the stack of `diagnose-spacing`: 40 planes, said to lie 1 micron apart."""
    tifffile.imwrite(
        folder / "beads.tif",
        shape=(40, 512, 512),
        dtype="uint8",
        imagej=True,
        resolution=(10, 10),
        metadata={"axes": "ZYX", "spacing": 1.0, "unit": "micron"},
    )
    return {}


def one_strip(folder: Path) -> Names:
    """Make the TIFF of `diagnose-one-strip`: 500 planes, each a single strip of zeros."""
    strip = bytes(zstd_encode(bytes(2 * 8192 * 8192)))
    with tifffile.TiffWriter(folder / "stack.tif") as tiff:
        for _ in range(500):
            tiff.write(
                iter([strip]),
                shape=(8192, 8192),
                dtype="uint16",
                photometric="minisblack",
                compression="zstd",
                rowsperstrip=8192,
                metadata=None,
            )
    return {}


def tiny_chunks(folder: Path) -> Names:
    """Make the array of `diagnose-tiny-chunks`, of which no chunk is stored."""
    zarr.create_array(
        folder / "image.zarr/0", shape=(200, 4096, 4096), chunks=(1, 16, 16), dtype="uint16"
    )
    return {"zarr": zarr}


def flat_hdf5(folder: Path) -> Names:
    """Make the HDF5 file of `diagnose-flat-hdf5`, of which no chunk is stored."""
    with h5py.File(folder / "image.h5", "w") as file:
        file["s00/resolutions"] = np.ones((1, 3))
        file["s00/subdivisions"] = np.array([[2048, 2048, 1]], "int32")
        file.create_dataset(
            "t00000/s00/0/cells",
            shape=(1500, 2048, 2048),
            chunks=(1, 2048, 2048),
            dtype="uint16",
        )
    return {}


def without_translation(folder: Path) -> Names:
    """Make the pyramid of `diagnose-translation`, and set the last translation to 0."""
    path = build_pyramid(
        np.zeros((16, 128, 128), "uint8"),
        folder / "image.ome.zarr",
        voxel_size=(0.1, 0.04, 0.04),
        unit="µm",
        chunk_shape=(8, 32, 32),
        progress=False,
    )
    document = json.loads((Path(path) / "zarr.json").read_text("utf-8"))
    (image,) = document["attributes"]["ome"]["multiscales"]
    image["datasets"][2]["coordinateTransformations"][1]["translation"] = [0.0, 0.0, 0.0]
    (Path(path) / "zarr.json").write_text(json.dumps(document), "utf-8")
    return {"zarr": zarr}


def bare_ome_zarr(folder: Path) -> Names:
    """Make the image of `diagnose-ome-zarr`: one level, no unit, and no voxel stored."""
    group = zarr.create_group(folder / "image.ome.zarr")
    group.create_array(
        "0",
        shape=(800, 4096, 4096),
        chunks=(64, 64, 64),
        dtype="uint8",
        dimension_names=["z", "y", "x"],
    )
    scale = {"type": "scale", "scale": [1.0, 1.0, 1.0]}
    image: dict[str, Any] = {
        "axes": [{"name": name, "type": "space"} for name in "zyx"],
        "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
    }
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    return {"zarr": zarr}


def bucket(folder: Path) -> Names:
    """Make the level of `diagnose-bucket`, not compressed, and lose one of its objects."""
    bucket = MemoryStore()
    level = zarr.create_array(
        ObjectStore(bucket),
        name="image.ome.zarr/3",
        shape=(16, 512, 512),
        chunks=(16, 256, 256),
        dtype="uint16",
        compressors=None,
        dimension_names=["z", "y", "x"],
    )
    level[:] = 1
    obstore.delete(bucket, "image.ome.zarr/3/c/0/1/0")
    return {"bucket": bucket}


def shards(folder: Path) -> Names:
    """Make the array of `diagnose-shards`, of which no shard is stored."""
    zarr.create_array(
        folder / "target.zarr/0",
        shape=(512, 2048, 2048),
        chunks=(64, 64, 64),
        shards=(256, 256, 256),
        dtype="uint16",
    )
    return {"zarr": zarr}


MAKERS: dict[tuple[str, str], Callable[[Path], Names]] = {
    ("00_slice_a_volume", "diagnose-spacing"): beads,
    ("01_open_without_loading", "diagnose-one-strip"): one_strip,
    ("02_store_in_pieces", "diagnose-tiny-chunks"): tiny_chunks,
    ("03_look_inside_bdv_hdf5", "diagnose-flat-hdf5"): flat_hdf5,
    ("04_build_a_resolution_pyramid", "diagnose-translation"): without_translation,
    ("05_compare_file_formats", "diagnose-ome-zarr"): bare_ome_zarr,
    ("06a_far_away", "diagnose-bucket"): bucket,
    ("06b_many_hands", "diagnose-shards"): shards,
}
"""Bank and question: what makes its file in a folder."""


def entries(exhibit: str) -> Iterator[tuple[str, str]]:
    """Yield each command or statement of an exhibit, with the lines that stand below it."""
    entry = re.compile(r"^((?:\$|>>>) .+\n(?:\.\.\. .+\n)*)((?:(?!\$ |>>> ).*\n)*)", re.M)
    text = f"{exhibit}\n"
    found = list(entry.finditer(text))
    assert "".join(match[0] for match in found) == text, "the exhibit begins with no command"
    for match in found:
        yield match[1], match[2]


def printed_by(command: str, names: Names) -> str:
    """Run a command of a shell, or a statement of Python, here and now."""
    if command.startswith("$ "):
        return printed_by_program(*command[2:].split())
    lines = [line[4:] for line in command.splitlines()]
    with redirect_stdout(io.StringIO()) as out:
        # A statement, as at the prompt: what it gives is printed. The text is our own.
        exec(compile("\n".join([*lines, ""]), "exhibit", "single"), names)  # noqa: S102
    return out.getvalue()


def printed_by_program(*command: str, ends_with: int = 0) -> str:
    """Run a program; the test is skipped where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == ends_with, done.stdout + done.stderr
    return done.stdout


def imagej_info(path: Path) -> str:
    """Return what ImageJ says of an image under Image, Show Info; it asks for a display.

    The script by which Debian starts ImageJ ends with 1 in any case.
    """
    if shutil.which("imagej") is None:
        pytest.skip("imagej is not installed")
    macro = path.with_suffix(".ijm")
    macro.write_text(f'open("{path.as_posix()}");\nprint(getImageInfo());\nrun("Quit");\n', "utf-8")
    said = printed_by_program(
        "xvfb-run", "--auto-servernum", "imagej", "-b", str(macro), ends_with=1
    )
    return said[said.index("Title:") :]


def agrees(shown: str, printed: str) -> bool:
    """Tell whether the lines shown are those printed, but for what … leaves out.

    Blanks at the end of a line do not count, nor empty lines at the end.
    """
    lines = [
        "(?:.*\n)+?" if line == LEFT_OUT else f"{re.escape(line.rstrip())}\n"
        for line in shown.rstrip().splitlines()
    ]
    whole = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch("".join(lines), whole) is not None
