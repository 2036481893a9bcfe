"""What building pyramids imports, and when: each test in a process of its own."""

import numpy as np
import pytest

from tests.loaded_modules import BIOIO, LESSONS, loaded_by, printed_by

FORMATS = {"h5py", "imagecodecs", "numcodecs", "tifffile", "zarr", "zarrs"}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import bigimg_lessons", BIOIO | LESSONS | FORMATS | {"numpy"}),
        ("from bigimg_lessons import build_pyramid", BIOIO | LESSONS | FORMATS),
        ("from bigimg_lessons import plan_levels", BIOIO | LESSONS | FORMATS),
        ("import bigimg_lessons.formats.ome_zarr", BIOIO | LESSONS | {"h5py"}),
        ("import bigimg_lessons.formats.bdv.writer", BIOIO | LESSONS | {"zarr", "numcodecs"}),
        ("import bigimg_lessons.formats.n5", BIOIO | LESSONS | (FORMATS - {"imagecodecs"})),
        (
            "import bigimg_lessons.formats.ome_tiff",
            BIOIO | LESSONS | {"h5py", "numcodecs", "tifffile", "zarr"},
        ),
        ("import bigimg_lessons.formats.imaris.writer", BIOIO | LESSONS | {"zarr", "numcodecs"}),
        ("import bigimg_lessons.pyramids.writing", BIOIO | LESSONS | FORMATS),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code, forbidden):
    loaded = loaded_by(code)
    assert loaded & forbidden == set()
    assert "bigimg_lessons" in loaded


SOURCES = {
    "numpy": "source = np.arange(24 * 24, dtype='uint8').reshape(1, 24, 24)",
    "memmap": "source = np.memmap(folder / 'voxels', 'uint8', 'w+', shape=(4, 24, 24))",
    "zarr": "import zarr\nsource = zarr.ones((4, 24, 24), chunks=(2, 8, 8), dtype='uint8')",
    "HDF5": (
        "import h5py\n"
        "source = h5py.File(folder / 'a.h5', 'w').create_dataset('a', (4, 24, 24), 'uint8')"
    ),
}


@pytest.mark.parametrize("name", ["it.ome.zarr", "it.xml", "it.n5", "it.ome.tif"])
@pytest.mark.parametrize("kind", SOURCES)
def test_a_pyramid_is_built_without_bioio_and_dask(tmp_path, kind, name):
    """The source's library and the target's are loaded, and no other."""
    code = (
        "import sys, warnings\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from bigimg_lessons import build_pyramid\n"
        "warnings.simplefilter('ignore')\n"
        "folder = Path(sys.argv[1])\n"
        f"{SOURCES[kind]}\n"
        f"build_pyramid(source, folder / {name!r}, progress=False)"
    )
    loaded = loaded_by(code, tmp_path)
    assert loaded & (BIOIO | LESSONS) == set()
    assert ("zarr" in loaded) == (kind == "zarr" or name.endswith(".zarr"))
    assert ("h5py" in loaded) == (kind == "HDF5" or name.endswith(".xml"))
    assert "tifffile" not in loaded


@pytest.mark.parametrize(
    "making",
    [
        "import dask.array as da\nsource = da.from_array(voxels, chunks=(2, 8, 8))",
        "import xarray\nsource = xarray.DataArray(voxels, dims=['z', 'y', 'x']).chunk({'z': 2})",
        (
            "import bioio\nfrom bioio_base.types import PhysicalPixelSizes\n"
            "sizes = PhysicalPixelSizes(1, 1, 1)\n"
            "source = bioio.BioImage(voxels[None, None], physical_pixel_sizes=sizes)"
        ),
    ],
    ids=["dask", "xarray", "BioImage"],
)
def test_libraries_that_are_loaded_after_the_package_are_known(tmp_path, making):
    code = (
        "import json, sys, warnings\n"
        "from pathlib import Path\n"
        "from bigimg_lessons import build_pyramid\n"
        "import bigimg_lessons.formats.ome_zarr\n"
        "assert 'dask' not in sys.modules\n"
        "warnings.simplefilter('ignore')\n"
        "import numpy as np\n"
        "voxels = np.arange(4 * 24 * 24).reshape(4, 24, 24).astype('uint16')\n"
        f"{making}\n"
        "path = build_pyramid(source, Path(sys.argv[1], 'it.ome.zarr'), progress=False)\n"
        "import zarr\n"
        "print(json.dumps(zarr.open_array(path / '0')[...].tolist()))"
    )
    expected = np.arange(4 * 24 * 24).reshape(4, 24, 24)
    np.testing.assert_array_equal(np.squeeze(printed_by(code, tmp_path)), expected)
