"""Bio-Formats, an independent program, reads the OME-TIFF that is written here.

It is Java, in the jar that ``python tests/fetch_bioformats.py`` fetches.
"""

from pathlib import Path

import numpy as np
import pytest

from bigimg_lessons.formats import ome_tiff
from bigimg_lessons.formats.ome_tiff import write_ome_tiff
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.test_bdv_bioformats import java, sha256

pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

NANOMETRES = {"voxel_size": (30, 8, 4), "unit": "nm", "factors": [(1,) * 3, (1, 2, 2), (1, 4, 4)]}
CASES = {
    "uint8": (((64, 256, 256), "uint8"), {"voxel_size": (3, 1, 1), "unit": "µm"}),
    "uint8 odd": (((70, 131, 201), "uint8"), {"codec": "deflate"}),
    "uint16": (((64, 256, 256), "uint16"), {"codec": None, "voxel_size": (3, 1, 1)}),
    "uint16 odd": (((70, 131, 201), "uint16"), NANOMETRES),
    "movie": (
        ((2, 3, 4, 70, 90), "uint16"),
        {
            "channel_names": ["DAPI", "GFP & <b>", "µ"],
            "time_interval": 250,
            "time_unit": "ms",
            "codec": "deflate",
        },
    ),
    "big": (((2, 2, 3, 70, 90), "int16"), {"unit": "pixel"}),
    "int8": (((3, 70, 90), "int8"), {}),
    "int32": (((3, 70, 90), "int32"), {}),
    "uint32": (((3, 70, 90), "uint32"), {"codec": "deflate"}),
    "float32": (((1, 64, 200), "float32"), {}),
    "float64": (((70, 90), "float64"), {}),
}
NAMES = {"float32": "float", "float64": "double"}
SIZES = {
    "uint8": [[3, "µm"], [1, "µm"], [1, "µm"]],
    "uint16": [[3, "reference frame"], [1, "reference frame"], [1, "reference frame"]],
    "uint16 odd": [[30, "nm"], [8, "nm"], [4, "nm"]],
    "big": [[1, "pixel"]] * 3,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The path and the image of each case."""
    folder: Path = tmp_path_factory.mktemp("written")
    cases = {}
    for name, ((shape, dtype), options) in CASES.items():
        image = pixels(shape, dtype)
        if dtype[0] == "f":
            image = np.round(image * 1000)  # of whole numbers means are exact
        with pytest.MonkeyPatch.context() as patch:
            if name == "big":
                patch.setattr(ome_tiff, "CLASSIC_BYTES", 0)
            path = write_ome_tiff(
                folder / f"{name}.ome.tif",
                image,
                chunk_shape=(1, 32, 64)[-min(3, len(shape)) :],
                progress=False,
                **options,
            )
        cases[name] = path, image
    return cases


@pytest.fixture(scope="module")
def seen(written):
    described = java("Describe", [path for path, _ in written.values()])
    return dict(zip(CASES, described, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_bioformats_sees_what_was_written(written, seen, name):
    _, image = written[name]
    assert seen[name]["format"] == "OME-TIFF"
    (series,) = seen[name]["series"]
    assert series["voxel_size"] == SIZES.get(name, [None] * 3)
    whole = image.reshape((1,) * (5 - image.ndim) + image.shape)
    steps = [2**level for level in range(len(series["resolutions"]))]
    assert len(steps) >= 3
    for step, resolution in zip(steps, series["resolutions"], strict=True):
        level = exact_mean(whole, (step, step)) if step > 1 else whole
        assert resolution["shape"] == list(level.shape)
        assert resolution["dtype"] == NAMES.get(image.dtype.name, image.dtype.name)
        stacks = level.reshape(-1, *level.shape[2:])
        assert resolution["sha256"] == [sha256(stack) for stack in stacks]


def test_bioformats_sees_channels_and_time(seen):
    (series,) = seen["movie"]["series"]
    assert series["channels"] == ["DAPI", "GFP & <b>", "µ"]
    assert series["time_interval"] == [250, "ms"]
    assert seen["big"]["series"][0]["channels"] == ["channel 0", "channel 1"]
    assert seen["big"]["series"][0]["time_interval"] is None
