"""Independent programs read what is written here: Bio-Formats, and BigDataViewer's own library.

Both are Java, in the jar that ``python tests/fetch_bioformats.py`` fetches. Bio-Formats 7.3.1
opens the XML, but cannot read float32; JHDF5, with which BigDataViewer reads, opens the HDF5.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from bioio import BioImage

from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.pyramids.downsampling import downsample_mean
from bigimg_lessons.pyramids.levels import plan_levels
from tests.bdv_files import pixels
from tests.fetch_bioformats import JAR

# Of most arrays here nobody says how large voxels are; tests/test_calibration.py looks at that.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

CASES = {
    "uint8": {"image": ((1, 3, 33, 70, 51), "uint8"), "voxel_size": (30, 8, 8), "unit": "nm"},
    "uint16": {
        "image": ((2, 2, 21, 66, 47), "uint16"),
        "voxel_size": (1.5, 0.5, 0.25),
    },  # in no unit
    "uint16 native": {"image": ((1, 1, 40, 30, 20), "uint16"), "legacy_uint16": False},
    "uint16 plane": {"image": ((1, 1, 1, 130, 75), "uint16"), "gzip_level": None},
    "float32": {"image": ((1, 1, 17, 40, 50), "float32")},
}


def java(program, files):
    """Run one of the programs in ``tests/java``, or skip if there is no Java or no jar."""
    missing = None
    if not shutil.which("java"):
        missing = "there is no java on the PATH"
    elif not JAR.is_file():
        missing = f"there is no {JAR}: run `python tests/fetch_bioformats.py`"
    if missing:
        if os.environ.get("BIGIMG_REQUIRE_JAVA") == "1":
            pytest.fail(f"BIGIMG_REQUIRE_JAVA is set, but {missing}")
        pytest.skip(missing)
    source = Path(__file__).parent / "java" / f"{program}.java"
    done = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-cp", JAR, source, *files],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def sha256(voxels):
    little = voxels.astype(voxels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The XML, the image as TCZYX, and its levels as arrays, of each case."""
    folder = tmp_path_factory.mktemp("written")
    cases = {}
    for name, options in CASES.items():
        image = pixels(*options["image"])
        size = options.get("voxel_size", (1, 1, 1))
        path = write_bdv(
            folder / f"{name}.xml",
            image,
            chunk_shape=(16, 32, 32),
            progress=False,
            **{key: value for key, value in options.items() if key != "image"},
        )
        plan = plan_levels(image.shape[2:], chunk_shape=(16, 32, 32), voxel_size=size)
        cases[name] = path, plan, [downsample_mean(image, level.factors) for level in plan]
    return cases


@pytest.fixture(scope="module")
def seen_by_bioformats(written):
    names = [name for name in CASES if name != "float32"]
    seen = java("Describe", [written[name][0] for name in names])
    return dict(zip(names, seen, strict=True))


@pytest.fixture(scope="module")
def seen_by_jhdf5(written):
    seen = java("Cells", [path.with_suffix(".h5") for path, _, _ in written.values()])
    return dict(zip(CASES, seen, strict=True))


@pytest.mark.parametrize("name", [name for name in CASES if name != "float32"])
def test_bioformats_sees_what_was_written(written, seen_by_bioformats, name):
    path, plan, levels = written[name]
    seen = seen_by_bioformats[name]
    assert path.is_file()
    assert seen["format"] == "BDV"
    assert len(seen["series"]) == 1  # one: channels and time points are dimensions of it
    unit = CASES[name].get("unit", "pixel")  # an empty one would be µm to Bio-Formats
    assert seen["series"][0]["voxel_size"] == [[size, unit] for size in plan[0].voxel_size]
    resolutions = seen["series"][0]["resolutions"]
    assert [r["shape"] for r in resolutions] == [list(level.shape) for level in levels]
    assert {r["dtype"] for r in resolutions} == {levels[0].dtype.name}
    for resolution, level in zip(resolutions, levels, strict=True):
        stacks = level.reshape(-1, *level.shape[2:])
        assert resolution["sha256"] == [sha256(stack) for stack in stacks]


@pytest.mark.parametrize("name", CASES)
def test_the_library_of_bigdataviewer_reads_what_was_written(written, seen_by_jhdf5, name):
    _, plan, levels = written[name]
    seen = seen_by_jhdf5[name]
    dtype = levels[0].dtype
    legacy = dtype == np.uint16 and CASES[name].get("legacy_uint16", True)
    assert seen["dataType"] == (None if legacy else dtype.name)
    assert seen["resolutions"] == [list(level.factors[::-1]) for level in plan]
    assert seen["subdivisions"] == [
        [min(n, c) for n, c in zip(level.shape[::-1], (32, 32, 16), strict=True)] for level in plan
    ]
    assert [level["shape"] for level in seen["levels"]] == [list(level.shape) for level in plan]
    # Read as int16 where there is no dataType: the same bits, so the same checksum.
    assert [level["sha256"] for level in seen["levels"]] == [
        sha256(level[0, 0]) for level in levels
    ]


def test_bioformats_gives_every_level_the_voxel_size_of_level_0(tmp_path):
    """The Fiji tab of lesson 3 warns of this; our reader and the file itself know better."""
    path = write_bdv(
        tmp_path / "levels.xml",
        np.zeros((16, 128, 128), "uint8"),
        voxel_size=(0.1, 0.04, 0.04),
        unit="µm",
        chunk_shape=(8, 8, 8),
        progress=False,
    )
    (seen,) = java("FlatLevels", [path])
    image = BioImage(path)
    true = []
    for level in image.resolution_levels:
        image.set_resolution_level(level)
        true.append({"shape": list(image.shape[-3:]), "voxel_size": image.physical_pixel_sizes})
    assert [level["shape"] for level in seen] == [level["shape"] for level in true]
    assert true[4]["voxel_size"].X == 0.64
    assert [level["voxel_size"] for level in seen] == [[0.1, 0.04, 0.04]] * len(true)
