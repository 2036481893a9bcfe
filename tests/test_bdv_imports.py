"""What the reader of BigDataViewer's files imports, and when: each test in a process of its own."""

import numpy as np
import pytest

from tests import loaded_modules
from tests.bdv_files import pixels, write_dataset
from tests.loaded_modules import BIOIO, loaded_by, printed_by

LESSONS = loaded_modules.LESSONS | {"tqdm"}
OTHER_FORMATS = {"bioio_ome_zarr", "bioio_tifffile", "imagecodecs", "tifffile", "zarr"}


@pytest.fixture
def dataset(tmp_path):
    full = pixels((5, 17, 13))
    return write_dataset(tmp_path, {(0, 0): [full]}), full


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import bigimg_lessons.formats.bdv", BIOIO | LESSONS | OTHER_FORMATS | {"h5py", "numpy"}),
        (
            "from bigimg_lessons.formats.bdv import Reader",
            BIOIO | LESSONS | OTHER_FORMATS | {"h5py", "numpy"},
        ),
        (
            "from bigimg_lessons.formats.bdv.dataset import open_dataset",
            BIOIO | LESSONS | OTHER_FORMATS,
        ),
        # bioio imports these for every reader, whatever its format.
        ("from bigimg_lessons.formats.bdv.reader import Reader", LESSONS | OTHER_FORMATS),
        (
            "from bigimg_lessons.formats.bdv.plugin import ReaderMetadata",
            LESSONS | OTHER_FORMATS | {"h5py"},
        ),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code, forbidden):
    assert loaded_by(code) & forbidden == set()


def test_a_heavy_import_would_be_seen():
    assert {"numpy", "h5py"} <= loaded_by("import h5py")


def test_pixels_are_read_without_bioio_and_dask(dataset):
    path, full = dataset
    code = (
        "import sys\n"
        "from fsspec.implementations.local import LocalFileSystem\n"
        "from bigimg_lessons.formats.bdv.dataset import open_dataset\n"
        "plane = open_dataset(LocalFileSystem(), sys.argv[1]).array(0)[0, 0, 3]\n"
        "assert plane.sum() == int(sys.argv[2])"
    )
    loaded = loaded_by(code, path.as_posix(), full[3].sum(dtype=np.uint64))
    assert loaded & (BIOIO | LESSONS | OTHER_FORMATS) == set()


def test_reading_needs_nothing_that_only_the_lessons_need(dataset):
    path, full = dataset
    code = (
        "import json, sys\n"
        "for name in sys.argv[2:]:\n"
        "    sys.modules[name] = None\n"
        "from bigimg_lessons.formats.bdv import Reader\n"
        "reader = Reader(sys.argv[1])\n"
        "pixels = reader.get_image_data('ZYX')\n"
        "assert (reader.dask_data[0, 0].compute() == pixels).all()\n"
        "assert (reader.xarray_data.values[0, 0] == pixels).all()\n"
        "print(json.dumps(pixels.tolist()))"
    )
    np.testing.assert_array_equal(printed_by(code, path, *(LESSONS | OTHER_FORMATS)), full)


def test_the_deferred_reader_serves_wherever_the_class_does(dataset):
    """It is imported first, so the class is not there yet, nor is bioio."""
    path, full = dataset
    code = (
        "import json, pickle, sys\n"
        "from bigimg_lessons.formats.bdv import Reader\n"
        "assert 'Reader' in repr(Reader) and 'h5py' not in sys.modules\n"
        "def annotated(reader: Reader | None) -> None | Reader: ...\n"
        "assert 'h5py' in sys.modules\n"
        "from bioio import BioImage\n"
        "import bioio_base.reader\n"
        "from bigimg_lessons.formats.bdv import reader as module, Reader as later\n"
        "assert later is module.Reader\n"
        "image = BioImage(sys.argv[1], reader=Reader)\n"
        "assert type(image.reader) is type(Reader(sys.argv[1])) is module.Reader\n"
        "assert isinstance(image.reader, Reader) and not isinstance(image, Reader)\n"
        "assert issubclass(module.Reader, Reader) and not issubclass(int, Reader)\n"
        "assert Reader.is_supported_image(sys.argv[1])\n"
        "assert Reader.__name__ == 'Reader' and not hasattr(Reader, 'nothing')\n"
        "assert pickle.loads(pickle.dumps(Reader))(sys.argv[1]).shape == image.shape\n"
        "class Mine(Reader):\n"
        "    pass\n"
        "assert Mine.__bases__ == (module.Reader,)\n"
        "print(json.dumps(image.get_image_data('ZYX').tolist()))"
    )
    np.testing.assert_array_equal(printed_by(code, path), full)


def test_the_package_offers_the_reader_and_nothing_else():
    code = (
        "import json\n"
        "import bigimg_lessons.formats.bdv as bdv\n"
        "try:\n"
        "    bdv.reeder\n"
        "except AttributeError as error:\n"
        "    print(json.dumps([bdv.__all__, str(error)]))"
    )
    message = "module 'bigimg_lessons.formats.bdv' has no attribute 'reeder'"
    assert printed_by(code) == [["Reader"], message]
