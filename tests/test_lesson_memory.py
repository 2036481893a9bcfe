"""Peak memory of each way to read the sample stack, each in a fresh process.

The baseline is taken after one small read of the same kind, so that imports and the plugin
scan do not count.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from bioio import BioImage

from bigimg_lessons.measure.memory import MemoryWatch
from bigimg_lessons.samples.files import sample_tiff
from tests.fresh_processes import fresh_processes

MEBI = 2**20

# What bioio looks for readers in takes seconds to import.
IMPORTS = (
    __name__,
    "bigimg_lessons.formats.bdv.plugin",
    "bigimg_lessons.formats.bdv.reader",
    "bioio_ome_zarr",
    "bioio_tifffile",
    "distributed",
)


def added(path: Path, small: Path, statement: str) -> int:
    """Read two stacks, and return the bytes that the second adds at its peak."""

    def read(path: Path) -> dict[str, object]:
        scope: dict[str, object] = {"BioImage": BioImage, "path": path}
        exec(statement, scope)  # noqa: S102 (our own statements)
        return scope

    read(small)
    with MemoryWatch(interval=0.002) as watch:
        kept = read(path)
    del kept
    return watch.trace.peak_added


PLANES = 'image = BioImage(path, chunk_dims=["Y", "X"]); '


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    import numpy as np
    import tifffile

    small = tmp_path_factory.mktemp("small") / "small.tif"
    tifffile.imwrite(small, np.zeros((4, 32, 32), np.uint8), imagej=True, metadata={"axes": "ZYX"})
    return sample_tiff(progress=False), small


def peak(stacks, statement):
    with ProcessPoolExecutor(1, mp_context=fresh_processes(IMPORTS)) as executor:
        return executor.submit(added, *stacks, statement).result()


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
