"""Voxels and requests through references to a TIFF or an HDF5 file."""

import gc
import json
import struct
import threading

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from kerchunk.hdf import SingleHdf5ToZarr

from bigimg_lessons import ChunkGrid, FolderServer, StoreMeter, build_pyramid
from bigimg_lessons.formats.references import hdf5_references, reference_store, tiff_references

SHAPES = [(64, 256, 256), (70, 131, 201)]
DTYPES = ["uint8", "uint16"]
CALIBRATION = {"axes": "ZYX", "voxel_size": (1, 1, 1), "unit": "µm"}


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture(params=DTYPES)
def image(request, shape):
    """Noise over the whole range of its type, that of int16 and more, with an empty corner."""
    largest = np.iinfo(request.param).max
    voxels = np.random.default_rng(7).integers(0, largest, shape, request.param, endpoint=True)
    voxels[:40, :70, :70] = 0
    return voxels


def regions(shape):
    z, y, x = (size // 2 for size in shape)
    everything = slice(None)
    yield z, everything, everything
    yield everything, y, everything
    yield everything, everything, x
    yield tuple(slice(size // 5, min(size // 5 + 40, size)) for size in shape)
    yield everything, everything, everything


def opened(references, place, path=""):
    """Array through references, and the meter of what is asked for it."""
    meter = StoreMeter(reference_store(references, place))
    return zarr.open_array(meter, path=path, mode="r", zarr_format=2), meter


def check(array, meter, expected, *, compressed=False):
    """Compare voxels, and requests with what is predicted, region by region."""
    grid = ChunkGrid(array.shape, array.chunks, array.dtype)
    for region in regions(expected.shape):
        meter.take()
        voxels = array[region]
        asked, reading = meter.take().chunks, grid.reading(region)
        np.testing.assert_array_equal(voxels, expected[region], strict=True)
        assert asked.count == reading.requests
        assert compressed or asked.bytes_read == reading.read


def test_strips_of_a_plain_stack_are_the_chunks(tmp_path):
    image = np.random.default_rng(1).integers(0, 2**16, (64, 256, 256), "uint16")
    path = tmp_path / "a stack.tif"
    tifffile.imwrite(path, image, rowsperstrip=64)
    array, meter = opened(tiff_references(path), path)
    assert array.chunks == (1, 64, 256)
    check(array, meter, image)


def test_a_stack_whose_last_strips_are_cut_has_planes_for_chunks(tmp_path):
    image = np.random.default_rng(1).integers(0, 256, (70, 131, 201), "uint8")
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, image, rowsperstrip=64)
    array, meter = opened(tiff_references(path), path)
    assert array.chunks == (1, 131, 201)
    check(array, meter, image)


def test_each_level_of_an_ome_tiff(tmp_path, image):
    path = tmp_path / "image.ome.tif"
    build_pyramid(image, path, chunk_shape=(1, 64, 64), progress=False, **CALIBRATION)
    references = tiff_references(path)
    with tifffile.TiffFile(path) as tiff:
        levels = [level.asarray() for level in tiff.series[0].levels]
    np.testing.assert_array_equal(levels[0], image, strict=True)
    assert len(levels) > 1
    for number, expected in enumerate(levels):
        array, meter = opened(references, path, str(number))
        assert array.chunks == (1, 64, 64)
        check(array, meter, expected, compressed=True)


def test_each_level_of_a_bdv_hdf5(tmp_path, image):
    path = tmp_path / "image.xml"
    build_pyramid(image, path, chunk_shape=(16, 32, 64), progress=False, **CALIBRATION)
    path = path.with_suffix(".h5")
    references = hdf5_references(path)
    with h5py.File(path) as file:
        levels = [
            np.frombuffer(cells[:].tobytes(), image.dtype).reshape(cells.shape)
            for cells in (file[f"t00000/s00/{k}/cells"] for k in file["t00000/s00"])
        ]
    np.testing.assert_array_equal(levels[0], image, strict=True)
    assert len(levels) > 1
    for number, expected in enumerate(levels):
        array, meter = opened(references, path, f"t00000/s00/{number}/cells")
        check(array, meter, expected, compressed=True)


@pytest.mark.parametrize("fill", [0, 7])
def test_missing_and_padded_chunks_of_hdf5(tmp_path, fill):
    path = tmp_path / "holes.h5"
    part = np.random.default_rng(1).integers(0, 256, (6, 31, 41), "uint8")
    with h5py.File(path, "w") as file:
        cells = file.create_dataset("a", (70, 131, 201), "uint8", chunks=(16, 32, 64))
        holes = file.create_dataset(
            "b", (70, 131, 201), "uint8", chunks=(16, 32, 64), fillvalue=fill
        )
        cells[:] = 1
        holes[64:, 100:, 160:] = part  # chunks 4, 3 and 4, 2 and 3: the last of each axis
    references = hdf5_references(path)
    stored = [key for key in references["refs"] if key.startswith("b/") and "/." not in key]
    assert sorted(stored) == ["b/4.3.2", "b/4.3.3", "b/4.4.2", "b/4.4.3"]
    expected = np.full((70, 131, 201), fill, "uint8")
    expected[64:, 100:, 160:] = part
    array, meter = opened(references, path, "b")
    check(array, meter, expected, compressed=True)  # a missing chunk is asked for, and is no bytes
    meter.take()
    array[:]
    assert meter.take().chunks.bytes_read == 4 * 16 * 32 * 64
    check(*opened(references, path, "a"), np.ones((70, 131, 201), "uint8"))


@pytest.mark.parametrize(("declared", "dtype"), [(None, "uint16"), ("int16", "int16")])
def test_int16_cells_are_what_bigdataviewer_means(tmp_path, declared, dtype):
    path = tmp_path / "legacy.h5"
    voxels = np.array([[[0, 32767, 40000, 65535]]], "uint16")
    with h5py.File(path, "w") as file:
        file["t00000/s00/0/cells"] = voxels.view("int16")
        if declared:
            file.create_group("s00").attrs["dataType"] = declared
        else:
            file.create_group("s00")
    array, _ = opened(hdf5_references(path), path, "t00000/s00/0/cells")
    np.testing.assert_array_equal(array[:], voxels.view(dtype), strict=True)


def test_a_type_that_cells_cannot_have_is_told_with_setup_and_file(tmp_path):
    path = tmp_path / "damaged.h5"
    with h5py.File(path, "w") as file:
        file["t00000/s07/0/cells"] = np.ones((2, 3, 4), "uint16")
        file.create_group("s07").attrs["dataType"] = "float32"
    with pytest.raises(ValueError, match=r"^s07 of .*damaged.h5 has the dataType 'float32' but"):
        hdf5_references(path)


def test_one_request_to_a_server_for_each_chunk_and_none_to_open(tmp_path):
    image = np.random.default_rng(1).integers(0, 256, (64, 256, 256), "uint8")
    tiff, hdf5 = tmp_path / "stack.tif", tmp_path / "image.h5"
    tifffile.imwrite(tiff, image, rowsperstrip=64)
    build_pyramid(image, hdf5.with_suffix(".xml"), progress=False, **CALIBRATION)
    for file, references, path in (
        (tiff, tiff_references(tiff), ""),
        (hdf5, hdf5_references(hdf5), "t00000/s00/0/cells"),
    ):
        # By way of text, as a file beside the image would hold them.
        references = json.loads(json.dumps(references))
        with FolderServer(tmp_path) as server:
            array, meter = opened(references, f"{server.url}/{file.name}", path)
            assert server.take() == ()
            grid = ChunkGrid(array.shape, array.chunks, array.dtype)
            for region in regions(image.shape):
                meter.take()
                np.testing.assert_array_equal(array[region], image[region], strict=True)
                asked = server.take()
                assert len(asked) == grid.reading(region).requests
                assert {(request.method, request.status) for request in asked} == {("GET", 206)}
                assert sum(one.bytes_sent for one in asked) == meter.take().chunks.bytes_read


def test_a_file_that_is_gone_is_no_empty_image(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.ones((5, 32, 32), "uint8"))
    array, _ = opened(tiff_references(path), path)
    path.unlink()
    with pytest.raises(Exception, match="failed to fetch"):
        array[:]


def test_a_file_that_was_written_anew_shows_what_lies_there_now(tmp_path):
    path = tmp_path / "stack.tif"
    image = np.random.default_rng(1).integers(0, 256, (5, 64, 64), "uint8")
    tifffile.imwrite(path, image)
    references = tiff_references(path)
    tifffile.imwrite(path, image, description="a longer description " * 10)
    array, _ = opened(references, path)
    assert not np.array_equal(array[:], image)


def test_references_are_not_written_through(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.ones((5, 32, 32), "uint8"))
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(reference_store(tiff_references(path), path), mode="r+")


def test_what_cannot_be_referred_to_is_refused(tmp_path):
    text, empty, packed = (tmp_path / name for name in ("no.tif", "empty.h5", "lzf.h5"))
    strips = tmp_path / "strips.tif"
    text.write_text("no image")
    tifffile.imwrite(strips, np.ones((2, 131, 64), "uint8"), rowsperstrip=64, compression="deflate")
    with h5py.File(empty, "w"):
        pass
    with h5py.File(packed, "w") as file:
        file.create_dataset("a", (64, 64), "uint8", chunks=(32, 32), compression="lzf")[:] = 1
    for make, path, message in (
        (tiff_references, tmp_path / "none.tif", "There is no file .*none.tif: give the path"),
        (hdf5_references, tmp_path / "none.h5", "There is no file .*none.h5: give the path"),
        (tiff_references, text, "no.tif is no TIFF file .*: give one, or use hdf5_references"),
        (hdf5_references, text, "no.tif is no HDF5 file: give one, or use tiff_references"),
        (tiff_references, strips, "the last strip of a plane is shorter .*: convert it"),
        (hdf5_references, packed, "lzf.h5 chunk by chunk .*: convert it"),
        (hdf5_references, empty, "empty.h5 holds no voxels of its own: .* give that one"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            make(path)


@pytest.mark.parametrize("dtype", ["<u2", ">f8"])
def test_numbers_among_the_tables_of_hdf5(tmp_path, dtype):
    """Compact datasets, as Imaris files have them; a reader would take them for zeros."""
    path = tmp_path / "compact.h5"
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_layout(h5py.h5d.COMPACT)
    numbers = np.arange(1, 61, dtype=dtype).reshape(3, 4, 5)
    with h5py.File(path, "w") as file:
        file.create_dataset("a/few", data=numbers, dcpl=layout)
        file.create_dataset("one", data=numbers[0, 0, 1], dtype=dtype, dcpl=layout)
        file["many"] = np.ones((64, 64), "uint8")
    references = json.loads(json.dumps(hdf5_references(path)))
    array, _ = opened(references, path, "a/few")
    np.testing.assert_array_equal(array[:], numbers, strict=True)
    assert array.chunks == numbers.shape
    array, _ = opened(references, path, "one")
    assert array[()] == 2


@pytest.mark.parametrize("kind", ["virtual", "external"])
def test_numbers_in_other_files_are_no_zeros(tmp_path, kind):
    path = tmp_path / "outside.h5"
    voxels = np.ones((4, 5, 6), "uint16")
    with h5py.File(path, "w") as file:
        if kind == "virtual":
            file["inside"] = voxels
            layout = h5py.VirtualLayout(voxels.shape, "uint16")
            layout[...] = h5py.VirtualSource(file["inside"])
            file.create_virtual_dataset("a", layout)
        else:
            outside = [(tmp_path / "voxels.raw", 0, voxels.nbytes)]
            file.create_dataset("a", voxels.shape, "uint16", external=outside)[:] = voxels
    with pytest.raises(ValueError, match=r"numbers of 'a' lie in other files than .*outside.h5"):
        hdf5_references(path)


def signed_of_12_bits():
    kind = h5py.h5t.STD_I16LE.copy()
    kind.set_precision(12)
    return kind


def shifted():
    kind = h5py.h5t.STD_U16LE.copy()
    kind.set_precision(12)
    kind.set_offset(2)
    return kind


def of_short_fractions():
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(31, 20, 11, 0, 20)
    kind.set_ebias(1023)
    return kind


@pytest.mark.parametrize("kind", [signed_of_12_bits, shifted, of_short_fractions])
def test_numbers_that_fill_their_bytes_otherwise_are_refused(tmp_path, kind):
    """HDF5 reads them; their bytes, read as NumPy's, are other numbers."""
    path, numbers = tmp_path / "unlike.h5", np.arange(32) - 16 * (kind is not shifted)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((4, 8))
        dataset = h5py.Dataset(h5py.h5d.create(file.id, b"a", kind(), space))
        dataset[...] = numbers.reshape(4, 8)
        file["b"] = np.ones((3, 3), ">u2")
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["a"][...].ravel(), numbers)
        start, dtype = file["a"].id.get_offset(), file["a"].dtype
    assert not np.array_equal(np.fromfile(path, dtype, 32, offset=start), numbers)
    with pytest.raises(ValueError, match=r"numbers of 'a' in .*unlike.h5 fill their bytes other"):
        hdf5_references(path)


def test_other_threads_may_use_hdf5_meanwhile(tmp_path, monkeypatch):
    """The thread of zarr's event loop, for which kerchunk waits, may need HDF5's lock."""
    path, seen = tmp_path / "two.h5", []
    with h5py.File(path, "w") as file:
        file["a/one"], file["b"] = np.ones((3, 4), "uint8"), np.ones((3, 4), "uint8")
    real = SingleHdf5ToZarr._translator

    def translator(self, name, found):
        def use():
            h5py.h5f.get_obj_count()
            seen.append(name)

        other = threading.Thread(target=use, daemon=True)
        other.start()
        other.join(60)
        assert name in seen
        return real(self, name, found)

    monkeypatch.setattr(SingleHdf5ToZarr, "_translator", translator)
    assert {"a/one/0.0", "b/0.0"} <= hdf5_references(path)["refs"].keys()
    assert seen == ["a", "a/one", "b"]


def test_texts_and_tables_do_not_hinder(tmp_path):
    """Imaris keeps its times in a table, and texts of any length."""
    path = tmp_path / "image.ims"
    voxels = np.random.default_rng(1).integers(0, 256, (9, 30, 40), "uint8")
    with h5py.File(path, "w") as file:
        file.create_dataset("voxels", data=voxels, chunks=(4, 16, 16), compression="gzip")
        file["times"] = np.array([(1, 2.0), (2, 3.0)], [("ID", "i8"), ("Birth", "f8")])
        file["text"], file["texts"] = "a", ["b", "c"]
        file["nothing"] = h5py.Empty("f4")
    references = hdf5_references(path)
    arrays = [key for key in references["refs"] if key.endswith(".zarray")]
    assert arrays == ["voxels/.zarray"]
    np.testing.assert_array_equal(opened(references, path, "voxels")[0][:], voxels)


def test_a_bdv_hdf5_that_only_links_to_its_voxels_is_refused(tmp_path):
    """The first file of a partitioned dataset holds the factors of its levels, and links."""
    part, path = tmp_path / "image-00-00.h5", tmp_path / "image.h5"
    voxels = np.random.default_rng(1).integers(0, 256, (9, 30, 40), "uint8")
    for name in (part, path):
        with h5py.File(name, "w") as file:
            file["s00/resolutions"] = np.ones((1, 3))
            file["s00/subdivisions"] = np.full((1, 3), 16, "int32")
    with h5py.File(part, "r+") as file:
        file["t00000/s00/0/cells"] = voxels
    with h5py.File(path, "r+") as file:
        name = "t00000/s00/0/cells"
        file[name] = h5py.ExternalLink(part.name, name)
        np.testing.assert_array_equal(file[name][:], voxels)
    with pytest.raises(ValueError, match=r"image.h5 holds no voxels of its own: .* give that one"):
        hdf5_references(path)
    np.testing.assert_array_equal(opened(hdf5_references(part), part, name)[0][:], voxels)


def test_a_file_that_is_refused_is_closed(tmp_path):
    """Also as long as the error is kept, whose frames hold what kerchunk opened."""
    path = tmp_path / "lzf.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (64, 64), "uint8", chunks=(32, 32), compression="lzf")[:] = 1
    gc.collect()  # what other tests have left
    before = h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE)
    with pytest.raises(ValueError, match=r"lzf\.h5 chunk by chunk") as told:
        hdf5_references(path)
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE) == before
    assert told.value.__cause__ is not None


def ome_xml(files):
    """OME-XML of one plane in each file, along z."""
    planes = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{file}">urn:uuid:{z}</UUID></TiffData>'
        for z, file in enumerate(files)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="48" SizeY="64" '
        f'SizeZ="{len(files)}" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )


def test_an_ome_tiff_of_several_files_is_refused_also_where_one_is_missing(tmp_path):
    files = ["first.ome.tif", "second.ome.tif"]
    for file in files:
        tifffile.imwrite(
            tmp_path / file, np.ones((64, 48), "uint8"), description=ome_xml(files), metadata=None
        )
    with pytest.raises(ValueError, match=r"first.ome.tif lies in several files"):
        tiff_references(tmp_path / files[0])
    (tmp_path / files[1]).unlink()
    with pytest.raises(ValueError, match=r"first.ome.tif lacks planes, which may lie in files"):
        tiff_references(tmp_path / files[0])


def test_cut_strips_that_lie_apart_are_no_planes(tmp_path):
    """tifffile asks the first plane only, whose strips lie one after another."""
    path = tmp_path / "stack.tif"
    image = np.random.default_rng(1).integers(0, 256, (3, 70, 48), "uint8")
    tifffile.imwrite(path, image, photometric="minisblack", rowsperstrip=32, metadata=None)
    with tifffile.TiffFile(path) as file:
        page = file.pages[1]
        (first, second, _), (size, *_) = page.dataoffsets, page.databytecounts
        table = page.tags["StripOffsets"].valueoffset
    # The first two strips of the second plane change places, and their offsets too.
    data = bytearray(path.read_bytes())
    strips = data[first : first + size], data[second : second + size]
    data[second : second + size], data[first : first + size] = strips
    data[table : table + 8] = struct.pack("<2I", second, first)
    path.write_bytes(data)
    np.testing.assert_array_equal(tifffile.imread(path), image)
    with pytest.raises(ValueError, match=r"shorter than the others, and strips lie apart"):
        tiff_references(path)


def test_references_have_to_fit_their_file(tmp_path):
    path, other = tmp_path / "stack.tif", tmp_path / "other.tif"
    tifffile.imwrite(path, np.ones((5, 32, 32), "uint8"))
    other.write_bytes(path.read_bytes()[:1000])
    references = tiff_references(path)
    with pytest.raises(ValueError, match="has 1,000 bytes, and its references lead to byte"):
        reference_store(references, other)
    with pytest.raises(FileNotFoundError, match=r"There is no file .*gone.tif: give the path"):
        reference_store(references, tmp_path / "gone.tif")
    with pytest.raises(ValueError, match="no document with the one template 'u'"):
        reference_store({"0.0": ["x", 0, 1]}, path)
