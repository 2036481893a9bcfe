"""How chunks are compressed: what comes back, and how large they are, by zlib and by HDF5."""

import zlib

import h5py
import numpy as np
import pytest

from bigimg_lessons.formats import deflate as module
from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.formats.deflate import GZIP_LEVEL, deflate
from bigimg_lessons.samples.volume import SampleVolume

SHAPE = (64, 64, 128)
Z, Y, X = np.ogrid[tuple(map(slice, SHAPE))]


def noise(mean, deviation, dtype):
    values = np.random.default_rng(0).normal(mean, deviation, SHAPE)
    return values.clip(0, np.iinfo(dtype).max).astype(dtype)


def tissue(dtype):
    return SampleVolume((256, 1024, 1024), dtype).block(*(slice(0, n) for n in SHAPE))


IMAGES = {
    "noise": lambda: noise(120, 20, "uint8"),
    "noise, uint16": lambda: noise(2000, 300, "uint16"),
    "a camera's dark": lambda: noise(100, 1.5, "uint16"),
    "tissue": lambda: tissue("uint8"),
    "tissue, uint16": lambda: tissue("uint16"),
}


@pytest.fixture(params=["with isal", "without"])
def libraries(request, monkeypatch):
    if request.param == "without":
        monkeypatch.setattr(module, "_HAS_ISAL", False)
        return
    pytest.importorskip("isal")


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("level", [0, 1, 4, 9])
@pytest.mark.parametrize("size", [1, 15, 16, 4099, 2**18])
def test_zlib_reads_what_is_compressed(level, size):
    for voxels in (
        np.zeros(size, np.uint8),
        np.random.default_rng(0).integers(0, 256, size, np.uint8),
        np.arange(size).astype(np.uint8),
    ):
        assert zlib.decompress(deflate(voxels, level)) == voxels.tobytes()
        assert zlib.decompress(deflate(voxels.reshape(1, -1, 1), level)) == voxels.tobytes()


def stored_bytes(file, voxels, level):
    """What HDF5 itself stores at a level of gzip."""
    cells = file.create_dataset(
        f"{level}", data=voxels, chunks=(64,) * 3, compression=level, shuffle=voxels.itemsize > 1
    )
    return cells.id.get_storage_size()


@pytest.mark.parametrize("name", IMAGES)
def test_the_default_level_takes_at_most_4_percent_more_than_level_4(tmp_path, name):
    """Which was the default before, and is that of HDF5 itself."""
    pytest.importorskip("isal")
    voxels = IMAGES[name]()
    sizes = {}
    for level in (GZIP_LEVEL, 4):
        options = {"gzip_level": level, "max_levels": 1, "progress": False}
        path = write_bdv(
            tmp_path / f"{level}.xml", voxels, voxel_size=(1, 1, 1), unit="pixel", **options
        )
        with h5py.File(path.with_suffix(".h5")) as file:
            cells = file["t00000/s00/0/cells"]
            assert cells.compression_opts == level
            np.testing.assert_array_equal(cells[()].view(voxels.dtype), voxels)
            sizes[level] = cells.id.get_storage_size()
    assert sizes[GZIP_LEVEL] <= 1.04 * sizes[4]
    with h5py.File(tmp_path / "other.h5", "w") as file:
        assert sizes[GZIP_LEVEL] <= 1.04 * stored_bytes(file, voxels, 4)


def test_images_without_noise_are_searched_far_back():
    pytest.importorskip("isal")
    waves = (2000 + 500 * np.sin(X / 9) * np.cos(Y / 7 + Z)).astype(np.uint16)
    for x in (0, 64):
        voxels = np.ascontiguousarray(waves[:, :, x : x + 64]).view(np.uint8).reshape(-1, 2).T
        voxels = np.ascontiguousarray(voxels)
        assert len(deflate(voxels, 1)) <= 1.5 * len(zlib.compress(voxels, 4))


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int32", "float32", "uint64", "float64"])
def test_hdf5_reads_voxels_of_any_size_from_chunks_that_stick_out(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 2**63, (9, 33, 50), dtype=np.int64)
    voxels = (values % 200).astype(dtype) if dtype == "uint8" else values.astype(dtype)
    path = write_bdv(
        tmp_path / "image.xml",
        voxels,
        voxel_size=(1, 1, 1),
        unit="pixel",
        chunk_shape=(8, 16, 16),
        downsampling="stride",
        progress=False,
    )
    with h5py.File(path.with_suffix(".h5")) as file:
        cells = file["t00000/s00/0/cells"]
        assert cells.shuffle == (voxels.itemsize > 1)
        # uint16 is stored as int16 of the same bits.
        found = cells[()].view("<u2") if dtype == ">u2" else cells[()]
        np.testing.assert_array_equal(found, voxels)
