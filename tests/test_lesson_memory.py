"""Peak memory of each way to read the sample stack, each in a fresh process.

The baseline is taken after one small read of the same kind, so that imports and the plugin
scan do not count.
"""

import json
import subprocess
import sys

import pytest

from bigimg_lessons.samples.files import sample_tiff

MEBI = 2**20

PROGRAM = """
import json, sys
from bioio import BioImage
from bigimg_lessons.measure.memory import MemoryWatch

path, small, statement = sys.argv[1:]


def read(path):
    scope = {"BioImage": BioImage, "path": path}
    exec(statement, scope)
    return scope


read(small)
with MemoryWatch(interval=0.002) as watch:
    kept = read(path)
print(json.dumps(watch.trace.peak_added))
"""

PLANES = 'image = BioImage(path, chunk_dims=["Y", "X"]); '


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    import numpy as np
    import tifffile

    small = tmp_path_factory.mktemp("small") / "small.tif"
    tifffile.imwrite(small, np.zeros((4, 32, 32), np.uint8), imagej=True, metadata={"axes": "ZYX"})
    return sample_tiff(progress=False), small


def peak(stacks, statement):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, stacks), statement],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("statement", "limit"),
    [
        ("image = BioImage(path); lazy = image.dask_data", 16),
        (PLANES + "lazy = image.dask_data", 16),
        (PLANES + 'image.get_image_dask_data("YX", Z=image.dims.Z // 2).compute()', 64),
        (PLANES + 'image.get_image_dask_data("ZX", Y=image.dims.Y // 2).compute()', 64),
        (PLANES + 'image.get_image_dask_data("ZY", X=image.dims.X // 2).compute()', 64),
    ],
    ids=["open", "open by planes", "XY plane", "XZ slice", "YZ slice"],
)
def test_lazy_reads_stay_small(stacks, statement, limit):
    assert peak(stacks, statement) <= limit * MEBI


def test_the_whole_stack_takes_at_least_its_own_size(stacks):
    # The measurement sees what it is to see: otherwise the limits above would mean nothing.
    assert peak(stacks, "image = BioImage(path); pixels = image.data") >= 256 * MEBI
