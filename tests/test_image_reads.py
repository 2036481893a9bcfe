"""Opening and reading images of every format, counted and compared with the predictions."""

import itertools
import json
from contextlib import contextmanager
from functools import partial

import dask.array as da
import fsspec
import h5py
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage
from bioio_ome_zarr import Reader as OmeZarrReader
from zarr.storage import FsspecStore, LocalStore, MemoryStore
from zarr_n5 import N5WrapperStore

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.measure.files import PROTOCOL, FileMeter
from bigimg_lessons.measure.image_reads import Counted, count_reads
from bigimg_lessons.measure.serving import FolderServer
from bigimg_lessons.measure.stores import StoreMeter

SHAPE = (70, 131, 201)
CHUNK = (32, 32, 32)
SHARD = (64, 64, 64)
WHOLE = slice(None)
REGIONS = {
    "XY": (35, WHOLE, WHOLE),
    "XZ": (WHOLE, 65, WHOLE),
    "YZ": (WHOLE, WHOLE, 100),
    "cube": tuple(slice(n // 5, min(n // 5 + 128, n)) for n in SHAPE),
}
# By hand, for chunks of 32³: 3 × 5 × 7 of them; the cube is 14:70, 26:131 (to 154, which is
# beyond the image) and 40:168, chunks 0 to 2, 0 to 4 and 1 to 5.
CHUNKS_READ = {"XY": 5 * 7, "XZ": 3 * 7, "YZ": 3 * 5, "cube": 3 * 5 * 5}
# Shards of 64³ hold 2 × 2 × 2 chunks each, and there are 2 × 3 × 4. A shard of which all chunks are
# wanted is one request, else there is one for its index and one for each chunk. Of the cube's 18
# shards 1 × 2 × 2 are wanted whole: chunks 0, 1 along z; 0 to 3 along y; 2 to 5 along x.
SHARDS_READ = {"XY": 12 + 35, "XZ": 8 + 21, "YZ": 6 + 15, "cube": 18 + 75 - 4 * 8}
TILES_READ = {"XY": 9 * 13, "XZ": 70 * 13, "YZ": 70 * 9, "cube": 56 * 8 * 9}
FORMATS = {
    "ome-tiff": ("image.ome.tif", {"chunk_shape": (1, 16, 16)}),
    "bdv-hdf5": ("image.xml", {"chunk_shape": CHUNK}),
    "imaris": ("image.ims", {"chunk_shape": CHUNK}),
    "bdv-n5": ("volume.n5", {"chunk_shape": CHUNK}),
    "ome-zarr-0.4": ("image04.ome.zarr", {"chunk_shape": CHUNK}),
    "ome-zarr-0.5": ("image05.ome.zarr", {"chunk_shape": CHUNK}),
    "ome-zarr-0.5-shards": ("sharded.ome.zarr", {"chunk_shape": CHUNK, "shard_shape": SHARD}),
    "ome-zarr-0.6": ("image06.ome.zarr", {"chunk_shape": CHUNK}),
}
ZARRS = [name for name in FORMATS if name.startswith("ome-zarr")]
IMARIS_VOXELS = "DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"


@pytest.fixture(scope="module", params=["uint8", "uint16"])
def images(request, tmp_path_factory):
    """Noise that has no zero, and a folder with it in every format."""
    folder = tmp_path_factory.mktemp(request.param)
    most = np.iinfo(request.param).max
    voxels = np.random.default_rng(3).integers(1, most, SHAPE, request.param, endpoint=True)
    for name, (file, options) in FORMATS.items():
        build_pyramid(
            voxels,
            folder / file,
            file_format=name.removesuffix("-shards"),
            axes="ZYX",
            voxel_size=(1, 1, 1),
            unit="µm",
            progress=False,
            **options,
        )
    tifffile.imwrite(folder / "plain.tif", voxels, rowsperstrip=50, photometric="minisblack")
    return voxels, folder


@contextmanager
def tiff(meter):
    with meter.open() as opened, tifffile.TiffFile(opened) as file:
        yield zarr.open_array(file.aszarr(series=0, level=0), mode="r")


@contextmanager
def hdf5(meter, dataset):
    with meter.open() as opened, h5py.File(opened) as file:
        # Imaris pads its voxels to whole chunks, and BDV keeps 16-bit ones as if they had a sign.
        z, y, x = SHAPE
        cells = da.from_array(file[dataset], chunks=file[dataset].chunks)[:z, :y, :x]
        yield cells.view("uint16") if cells.dtype == "int16" else cells


@contextmanager
def n5(meter):
    array = zarr.open_array(N5WrapperStore(meter), path="setup0/timepoint0/s0", mode="r")
    yield da.from_zarr(array).T


@contextmanager
def ome_zarr(meter):
    yield zarr.open_array(meter, path="0", mode="r")


@contextmanager
def bioio(url, **options):
    yield BioImage(url, **options).get_image_dask_data("ZYX")


def requests(counted):
    return {name: each.requests for name, each in counted.items() if name != "open"}


def predicted(grid):
    return {name: grid.reading(region).requests for name, region in REGIONS.items()}


def test_strips_of_tiff(images):
    voxels, folder = images
    meter = FileMeter(folder / "plain.tif")
    counted = count_reads(partial(tiff, meter), [meter], REGIONS, expected=voxels)
    # Strips of 50 rows, three a plane: rows 26:131 lie in all three.
    assert requests(counted) == {"XY": 3, "XZ": 70, "YZ": 210, "cube": 56 * 3}
    grid = ChunkGrid(SHAPE, (1, 50, 201), voxels.dtype, edges="cut")
    for name, region in REGIONS.items():
        reading = grid.reading(region)
        assert counted[name] == Counted(reading.requests, reading.read)


def test_tiles_of_ome_tiff(images):
    voxels, folder = images
    meter = FileMeter(folder / "image.ome.tif")
    counted = count_reads(partial(tiff, meter), [meter], REGIONS, expected=voxels)
    assert requests(counted) == TILES_READ == predicted(ChunkGrid(SHAPE, (1, 16, 16)))
    # Each plane has a directory, which is asked for one by one.
    assert counted["open"].requests > SHAPE[0]


@pytest.mark.parametrize(
    ("file", "dataset"),
    [("image.h5", "t00000/s00/0/cells"), ("image.ims", IMARIS_VOXELS)],
)
def test_hdf5_within_40_requests(images, file, dataset):
    voxels, folder = images
    meter = FileMeter(folder / file)
    counted = count_reads(partial(hdf5, meter, dataset), [meter], REGIONS, expected=voxels)
    assert predicted(ChunkGrid(SHAPE, CHUNK)) == CHUNKS_READ
    for name, chunks in CHUNKS_READ.items():
        assert chunks <= counted[name].requests <= chunks + 40
    assert counted["open"].requests <= 40


def test_bdv_hdf5_by_bioio(images):
    voxels, folder = images
    meters = FileMeter(folder / "image.xml"), FileMeter(folder / "image.h5")
    # Chunk by chunk, as they lie in the file.
    opener = partial(bioio, meters[0].url, chunk_bytes=None)
    counted = count_reads(opener, meters, REGIONS, expected=voxels)
    for name, chunks in CHUNKS_READ.items():
        assert chunks <= counted[name].requests


def test_n5(images):
    voxels, folder = images
    meter = StoreMeter(LocalStore(folder / "volume.n5"))
    counted = count_reads(partial(n5, meter), [meter], REGIONS, expected=voxels)
    assert requests(counted) == CHUNKS_READ == predicted(ChunkGrid(SHAPE, CHUNK, edges="cut"))


@pytest.mark.parametrize("name", ZARRS)
def test_ome_zarr_by_zarr_and_bioio(images, name):
    voxels, folder = images
    file, _ = FORMATS[name]
    is_sharded = name.endswith("shards")
    meter = StoreMeter(LocalStore(folder / file))
    with zarr.config.set({"array.sharding_coalesce_max_gap_bytes": -1}):
        counted = count_reads(partial(ome_zarr, meter), [meter], REGIONS, expected=voxels)
    grid = ChunkGrid(SHAPE, CHUNK, shard_shape=SHARD if is_sharded else None)
    assert requests(counted) == (SHARDS_READ if is_sharded else CHUNKS_READ) == predicted(grid)
    with FolderServer(folder) as server:
        opener = partial(bioio, f"{server.url}/{file}", reader=OmeZarrReader)
        counted = count_reads(opener, [server], REGIONS, expected=voxels)
    # dask takes each chunk of a shard by itself, so the shard's index once more for each.
    assert requests(counted) == {
        region: chunks * (2 if is_sharded else 1) for region, chunks in CHUNKS_READ.items()
    }


HOLES = {(0, 0, 0), (1, 2, 3), (1, 4, 6), (2, 4, 3)}


@pytest.fixture
def holed(tmp_path):
    """An HDF5 file without the chunks of `HOLES`, its voxels, and references to what it has."""
    voxels = np.random.default_rng(4).integers(1, 2**16, SHAPE, dtype="u2")
    path = tmp_path / "holed.h5"
    with h5py.File(path, "w") as file:
        cells = file.create_dataset("cells", SHAPE, "u2", chunks=CHUNK)
        for numbers in itertools.product(range(3), range(5), range(7)):
            box = tuple(slice(n * 32, (n + 1) * 32) for n in numbers)
            if numbers in HOLES:
                voxels[box] = 0
            else:
                cells[box] = voxels[box]
        infos = [cells.id.get_chunk_info(place) for place in range(cells.id.get_num_chunks())]
    metadata = {"zarr_format": 2, "shape": SHAPE, "chunks": CHUNK, "dtype": "<u2", "order": "C"}
    metadata |= {"fill_value": 0, "compressor": None, "filters": None}
    references = {".zarray": json.dumps(metadata)}
    for info in infos:
        key = ".".join(str(first // 32) for first in info.chunk_offset)
        references[key] = [path.as_posix(), info.byte_offset, info.size]
    return voxels, path, references


def test_references_ask_nothing_for_chunks_that_are_missing(holed):
    voxels, path, references = holed
    meter = FileMeter(path)
    targets = {
        key: value if isinstance(value, str) else [meter.url, *value[1:]]
        for key, value in references.items()
    }

    @contextmanager
    def opened():
        files = fsspec.filesystem(
            "reference", fo=targets, remote_protocol=PROTOCOL, asynchronous=True
        )
        yield zarr.open_array(FsspecStore(files, read_only=True, path=""), mode="r", zarr_format=2)

    counted = count_reads(opened, [meter], REGIONS, expected=voxels)
    assert counted["open"] == Counted(0, 0)
    # XY at plane 35 lies in chunks 1 along z, and XZ at row 65 in chunks 2 along y, and so on.
    assert requests(counted) == {"XY": 35 - 2, "XZ": 21 - 1, "YZ": 15 - 2, "cube": 75 - 2}
    grid = ChunkGrid(SHAPE, CHUNK, "uint16")
    for name, region in REGIONS.items():
        reading = grid.reading(region, missing=HOLES)
        assert counted[name] == Counted(reading.requests, reading.read)
        assert reading.chunks == CHUNKS_READ[name]


def test_hdf5_asks_nothing_for_chunks_that_are_missing(holed):
    voxels, path, references = holed
    spans = {tuple(value[1:]) for key, value in references.items() if key != ".zarray"}
    meter = FileMeter(path)
    with meter.open() as opened, h5py.File(opened) as file:
        for region in REGIONS.values():
            meter.take()
            np.testing.assert_array_equal(file["cells"][region], voxels[region])
            reads = [extent for extent in meter.take().extents if extent in spans]
            reading = ChunkGrid(SHAPE, CHUNK, "uint16").reading(region, missing=HOLES)
            assert (len(reads), sum(size for _, size in reads)) == (reading.requests, reading.read)


def test_what_cannot_be_missing():
    whole = (WHOLE,) * 3
    for chunk in ((3, 0, 0), (0, 0), (-1, 0, 0)):
        with pytest.raises(ValueError, match=r"missing has the chunk .* a grid of \(3, 5, 7\)"):
            ChunkGrid(SHAPE, CHUNK).reading(whole, missing={chunk})
    with pytest.raises(ValueError, match="these lie in shards"):
        ChunkGrid(SHAPE, CHUNK, shard_shape=SHARD).reading(whole, missing={(0, 0, 0)})


def test_a_missing_chunk_that_would_be_cut():
    # 70, 131 and 201 voxels leave 6, 3 and 9 for the last chunk of 32³.
    whole = (WHOLE,) * 3
    grid = ChunkGrid(SHAPE, CHUNK, "uint16", edges="cut")
    full, less = grid.reading(whole), grid.reading(whole, missing=[(2, 4, 6)])
    assert full.read - less.read == 6 * 3 * 9 * 2
    assert (full.requests, less.requests, less.chunks) == (105, 104, 105)


@pytest.fixture
def small():
    """Voxels, the meter of an array that holds them, and its opener."""
    voxels = np.arange(1, 65, dtype="u1").reshape(4, 4, 4)
    store = MemoryStore()
    zarr.create_array(store, data=voxels, chunks=(2, 2, 2), compressors=None)
    meter = StoreMeter(store)

    @contextmanager
    def opened():
        yield zarr.open_array(meter, mode="r", zarr_format=3)

    return voxels, meter, opened


def test_two_meters_are_counted_together(small, tmp_path):
    _, meter, opened = small
    path = tmp_path / "ten.bin"
    path.write_bytes(bytes(10))
    other = FileMeter(path)

    @contextmanager
    def both():
        with other.open() as file:
            file.read(3)
        with opened() as array:
            yield array
        array[0, 0, 0]  # on closing, which does not count

    counted = count_reads(both, [meter, other], {"first": (0, 0, 0), "XY": (1, WHOLE, WHOLE)})
    alone = count_reads(opened, [meter], {"first": (0, 0, 0)})
    assert list(counted) == ["open", "first", "XY"]
    assert counted["open"] == Counted(2, alone["open"].bytes_read + 3)
    assert (counted["first"], counted["XY"]) == (Counted(1, 8), Counted(4, 32))
    assert str(counted["XY"]) == "4 requests, 32 bytes"


def test_wrong_voxels_are_told(small):
    voxels, meter, opened = small
    voxels = voxels.copy()
    voxels[1, 2, 3] += 1
    with pytest.raises(ValueError, match=r"Region 'XY': 1 of 16 voxels are not those"):
        count_reads(opened, [meter], {"XY": (1, WHOLE, WHOLE)}, expected=voxels)
    with pytest.raises(ValueError, match=r"'XY' has shape \(4, 4\) .* and \(4, 3\) in the image"):
        count_reads(opened, [meter], {"XY": (1, WHOLE, WHOLE)}, expected=voxels[:, :, :3])


def test_voxels_that_are_no_numbers_are_right_where_they_are_expected():
    voxels = np.array([[1, np.nan], [np.nan, 4]], "float32")
    store = MemoryStore()
    zarr.create_array(store, data=voxels, chunks=(2, 2))
    meter = StoreMeter(store)

    @contextmanager
    def opened():
        yield zarr.open_array(meter, mode="r", zarr_format=3)

    count_reads(opened, [meter], {"all": (WHOLE, WHOLE)}, expected=voxels)
    with pytest.raises(ValueError, match=r"Region 'all': 2 of 4 voxels are not those"):
        count_reads(opened, [meter], {"all": (WHOLE, WHOLE)}, expected=np.nan_to_num(voxels))


def test_a_region_is_not_called_open(small):
    _, meter, opened = small
    with pytest.raises(ValueError, match="A region is named 'open'"):
        count_reads(opened, [meter], {"open": (0, 0, 0)})


def test_a_reader_that_keeps_something_is_told(small):
    _, meter, opened = small
    kept = []

    @contextmanager
    def cached():
        if not kept:
            with opened() as array:
                kept.append(array)
        yield kept[0]

    regions = {"first": (0, 0, 0), "last": (3, 3, 3)}
    with pytest.raises(ValueError, match=r"Opening took 1 requests.* and 0 requests.*'last'"):
        count_reads(cached, [meter], regions)
