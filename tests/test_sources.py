"""Sources of every kind: what is written has their voxels and axes, or they are refused."""

import math
import time

import cloudpickle
import dask
import dask.array as da
import h5py
import numpy as np
import pytest
import tensorstore
import tifffile
import xarray
import zarr
from bioio import BioImage
from distributed import Client
from zarr.storage import FsspecStore, LocalStore, LoggingStore

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.pyramids.blocks import build_levels
from bigimg_lessons.pyramids.levels import plan_levels
from tests import n5_files
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.least_memory import least_memory

ENDINGS = {
    "ome-zarr-0.4": ".ome.zarr",
    "ome-zarr-0.5": ".ome.zarr",
    "bdv-hdf5": ".xml",
    "imaris": ".ims",
    "ome-tiff": ".ome.tif",
    "bdv-n5": ".n5",
}


@pytest.fixture(params=ENDINGS)
def file_format(request):
    return request.param


@pytest.fixture
def build(tmp_path, file_format):
    """Write a pyramid; return level 0, with all of TCZYX, and the names of the axes written."""

    def build(source, **options):
        ending = ENDINGS[file_format]
        options = {"chunk_shape": None, "progress": False, **options}
        path = build_pyramid(source, tmp_path / f"it{ending}", file_format=file_format, **options)
        if ending == ".xml":
            return bdv_voxels(path.with_suffix(".h5"))
        if ending == ".ome.tif":
            return tifffile.imread(path, squeeze=False)[..., 0]  # of one sample
        if ending == ".ims":
            return imaris_voxels(path)
        if ending == ".n5":
            return n5_voxels(path)
        group = zarr.open_group(path, mode="r")
        axes = group.attrs.get("ome", group.attrs)["multiscales"][0]["axes"]
        letters = "".join(axis["name"] for axis in axes).upper()
        voxels = group["0"][...]
        missing = tuple("TCZYX".index(axis) for axis in "TCZYX" if axis not in letters)
        return np.expand_dims(voxels, missing)

    return build


def imaris_voxels(path):
    with h5py.File(path) as file:
        level = file["DataSet/ResolutionLevel 0"]
        count = len(level), len(level["TimePoint 0"])
        stacks = [level[f"TimePoint {t}/Channel {c}"] for t, c in np.ndindex(count)]
        size = [int(stacks[0].attrs[f"ImageSize{axis}"].tobytes()) for axis in "ZYX"]
        whole = [stack["Data"][tuple(map(slice, size))] for stack in stacks]
        return np.array(whole).reshape(*count, *size)


def n5_voxels(path):
    def numbered(kind, folder):
        names = [each.name for each in folder.iterdir() if each.name.startswith(kind)]
        return sorted(names, key=lambda name: int(name.removeprefix(kind)))

    setups = numbered("setup", path)
    times = numbered("timepoint", path / setups[0])
    return np.array([[n5_files.dataset(path / s / t / "s0") for s in setups] for t in times])


def bdv_voxels(path, level=0):
    with h5py.File(path) as file:
        times, setups = (
            sorted((name for name in file if name[0] == kind), key=lambda name: int(name[1:]))
            for kind in "ts"
        )
        # int16 without a data type is uint16.
        return np.stack(
            [np.stack([cells(file, time, setup, level) for setup in setups]) for time in times]
        )


def cells(file, time, setup, level):
    voxels = file[f"{time}/{setup}/{level}/cells"][...]
    return voxels if "dataType" in file[setup].attrs else voxels.view(np.uint16)


# Dask, whoever computes


def elsewhere(graph, keys, **options):
    """Compute as another process does: nothing that tasks change is seen here."""
    values = dask.local.get_sync(cloudpickle.loads(cloudpickle.dumps(graph)), keys)
    return cloudpickle.loads(cloudpickle.dumps(values))


@pytest.mark.parametrize("scheduler", ["threads", "synchronous", elsewhere])
def test_any_scheduler_gives_the_voxels(build, tmp_path, scheduler):
    image = pixels((20, 50, 40), "uint16")
    zarr.create_array(tmp_path / "source.zarr", data=image, chunks=(8, 16, 16))
    with dask.config.set(scheduler=scheduler):
        written = build(da.from_zarr(tmp_path / "source.zarr"))
    np.testing.assert_array_equal(written, image[None, None])


def test_processes_and_a_cluster_give_the_voxels(tmp_path):
    image = pixels((8, 30, 20), "uint16")
    zarr.create_array(tmp_path / "source.zarr", data=image, chunks=(8, 16, 16))
    source = da.from_zarr(tmp_path / "source.zarr")
    options = {"chunk_shape": (8, 32, 32), "progress": False}
    with dask.config.set(scheduler="processes", num_workers=1):
        path = build_pyramid(source, tmp_path / "processes.ome.zarr", **options)
        np.testing.assert_array_equal(zarr.open_array(path / "0")[...], image)
    with Client(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ):
        path = build_pyramid(source, tmp_path / "cluster.xml", **options)
        np.testing.assert_array_equal(bdv_voxels(path.with_suffix(".h5"))[0, 0], image)
        # These chunks exist on the cluster only.
        path = build_pyramid(source.persist(), tmp_path / "cluster.ome.zarr", **options)
        np.testing.assert_array_equal(zarr.open_array(path / "0")[...], image)


# Axes by name


@pytest.mark.parametrize(
    "dims",
    ["tyx", "cyx", "zyx", "yxc", "XYZ", "yxs", "tczyx", ("time", "channel", "y", "x"), "xytczs"],
)
def test_the_dims_of_xarray_are_kept(build, dims):
    extents = dict(zip("TCZYXS", (4, 3, 5, 20, 30, 2), strict=True))
    letters = "".join(name[0].upper() for name in dims)
    if "S" in letters:
        extents["C"] = 1
    image = pixels(tuple(extents[letter] for letter in letters), "uint16")
    written = build(xarray.DataArray(image, dims=tuple(dims)), chunk_shape=None)
    # By numpy alone: all six axes, in order; then samples are channels.
    full = np.expand_dims(image, tuple(range(6 - image.ndim)))
    names = "".join(n for n in "TCZYXS" if n not in letters) + letters
    expected = np.transpose(full, [names.index(n) for n in "TCZYXS"])
    expected = np.moveaxis(expected, 5, 2).reshape(written.shape)
    np.testing.assert_array_equal(written, expected)


def test_time_is_not_averaged(tmp_path):
    image = pixels((16, 40, 40), "uint16")
    named = {
        "xarray": xarray.DataArray(image, dims=("t", "y", "x")),
        "dask in xarray": xarray.DataArray(da.from_array(image, chunks=10), dims=tuple("tyx")),
        "zarr3": zarr.create_array({}, data=image, dimension_names=("t", "y", "x")),
        "zarr2": zarr.create_array({}, data=image, zarr_format=2),
        "tensorstore": tensorstore.array(image)[tensorstore.d[:].label["t", "y", "x"]],
    }
    named["zarr2"].attrs["_ARRAY_DIMENSIONS"] = ["t", "y", "x"]
    for version in ("0.4", "0.5"):
        path = build_pyramid(
            image,
            tmp_path / f"{version}.ome.zarr",
            file_format=f"ome-zarr-{version}",
            axes="TYX",
            progress=False,
        )
        named[f"level of {version}"] = zarr.open_group(path, mode="r")["0"]
        named[f"array of {version}"] = zarr.open_array(path / "0", mode="r")
        local = LocalStore(path / "0", read_only=True)
        address = (path / "0").as_uri()
        for kind, store in {
            "metered": StoreMeter(local),
            "logged": LoggingStore(local),
            "remote": FsspecStore.from_url(address, read_only=True),
        }.items():
            named[f"{kind} array of {version}"] = zarr.open_array(store, mode="r")
    for name, source in named.items():
        path = build_pyramid(
            source,
            tmp_path / f"{name}.ome.zarr",
            chunk_shape=(16, 16),
            progress=False,
        )
        level = zarr.open_array(path / "1")
        assert level.shape == (16, 20, 20), name
        np.testing.assert_array_equal(level[...], exact_mean(image, (1, 2, 2)))


def test_labels_and_scales_of_hdf5_are_kept(build, tmp_path):
    image = pixels((4, 20, 30), "uint16")
    with h5py.File(tmp_path / "source.h5", "w") as file:
        file["labels"], file["scales"], file["time"] = image, image, np.arange(4)
        file["labels"].dims[0].label = "t"
        file["short"] = image
        file["short"].attrs["DIMENSION_LABELS"] = np.array([b"t", b"y"])  # of one length, one less
        file["time"].make_scale()
        file["scales"].dims[0].attach_scale(file["time"])
        np.testing.assert_array_equal(build(file["labels"])[:, 0, 0], image)
        np.testing.assert_array_equal(build(file["short"], overwrite=True)[:, 0, 0], image)
        np.testing.assert_array_equal(build(file["scales"], overwrite=True)[:, 0, 0], image)


def test_samples_of_a_picture_become_channels(build, tmp_path):
    image = pixels((40, 30, 3), "uint8")
    tifffile.imwrite(tmp_path / "rgb.tif", image, photometric="rgb")
    written = build(BioImage(tmp_path / "rgb.tif"))
    np.testing.assert_array_equal(written[0, :, 0], np.moveaxis(image, 2, 0))
    np.testing.assert_array_equal(build(image, axes="YXS", overwrite=True), written)
    with tifffile.imread(tmp_path / "rgb.tif", aszarr=True) as store:
        source = zarr.open_array(store, mode="r")
        np.testing.assert_array_equal(build(source, overwrite=True), written)


@pytest.mark.parametrize(
    ("dims", "axes", "message"),
    [
        ("pyx", None, "calls its axes .'p', 'y', 'x'.*what 'p' is: pass axes="),
        ("tyx", "ZYX", "axes are 'ZYX', but the image calls its own axes .'t', 'y', 'x'"),
        ("tzy", None, "Y and X among them"),
        ("csyx", None, "2 channels of 3 samples each"),
        (("t", "y", "x", "x2"), None, "what 'x2' is"),
    ],
)
def test_axes_that_mean_nothing_are_refused(build, tmp_path, dims, axes, message):
    image = np.zeros((2, 3, 8, 8)[: len(dims)], "uint8")
    with pytest.raises(ValueError, match=message):
        build(xarray.DataArray(image, dims=tuple(dims)), axes=axes)
    assert list(tmp_path.iterdir()) == []


def test_axes_given_name_what_has_no_known_name(build):
    image = pixels((4, 20, 30), "uint8")
    source = xarray.DataArray(image, dims=("plane", "row", "column"))
    np.testing.assert_array_equal(build(source, axes="TYX")[:, 0, 0], image)


# Sources that give something else than they declare


class Liar:
    """Declares one thing and gives another."""

    shape, dtype = (20, 30, 40), np.dtype("uint16")

    def __init__(self, give):
        self.give = give
        self.image = pixels(self.shape, "uint16")

    def __getitem__(self, region):
        return self.give(self.image[region])


def lying_dask(give):
    return da.from_array(pixels((20, 30, 40), "uint16"), chunks=(20, 16, 40)).map_blocks(
        give, dtype="uint16", meta=np.empty((0, 0, 0), "uint16")
    )


WRONG = {
    "a row less": (lambda part: part[:, 1:], ValueError, "declares .* voxels at .0:20, .*gave"),
    "one plane": (lambda part: part[:1], ValueError, "but gave .1, "),
    "one voxel": (lambda part: part[:1, :1, :1], ValueError, "but gave .1, 1, 1.: give an image"),
    "an axis less": (lambda part: part[0], ValueError, "but gave"),
    "floats": (lambda part: part / 2, TypeError, "type uint16, but gave float64 at .0:20"),
    "signed": (lambda part: part.astype("int16"), TypeError, "but gave int16"),
    "wider": (lambda part: part.astype("uint32"), TypeError, "but gave uint32"),
    "masked": (lambda part: np.ma.masked_less(part, 99), ValueError, "are masked"),
    "objects": (lambda part: part.astype(object), TypeError, "but gave object"),
}


@pytest.mark.parametrize("kind", [Liar, lying_dask])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_as_declared_is_refused(build, tmp_path, kind, wrong):
    give, error, message = WRONG[wrong]
    with pytest.raises(error, match=message):
        build(kind(give))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [Liar, lying_dask])
@pytest.mark.parametrize(
    "give", [lambda part: part.astype(">u2"), lambda part: np.ma.array(part)], ids=["bytes", "mask"]
)
def test_another_byte_order_and_an_empty_mask_are_right(build, kind, give):
    np.testing.assert_array_equal(build(kind(give))[0, 0], pixels((20, 30, 40), "uint16"))


@pytest.mark.parametrize("kind", [Liar, lying_dask])
def test_narrower_voxels_are_right(build, kind):
    written = build(kind(lambda part: (part % 256).astype("uint8")))
    np.testing.assert_array_equal(written[0, 0], pixels((20, 30, 40), "uint16") % 256)


def test_building_checks_what_is_read():
    levels = plan_levels((8, 8), chunk_shape=(4, 4))
    written = []
    for read, error in (
        (lambda region: np.ones((1, 1), "uint8"), ValueError),
        (lambda region: np.ones((4, 4), "float32"), TypeError),
    ):
        with pytest.raises(error, match="The image declares"):
            build_levels(
                read,
                lambda *block: written.append(block),
                levels,
                block_shapes=[(4, 4)] * len(levels),
                dtype="u1",
            )
    assert not written


class Tape:
    """Moves to a place and then reads there, as one handle on a file does."""

    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def __getitem__(self, region):
        self.place = region
        time.sleep(0.02)
        return self.image[self.place]


def test_a_source_of_unknown_kind_is_read_by_one_thread_at_a_time(tmp_path):
    image = np.repeat(np.arange(4, dtype="uint8"), 2**23).reshape(4, 2048, 4096)
    path = build_pyramid(
        Tape(image), tmp_path / "it.ome.zarr", chunk_shape=(1, 2048, 4096), progress=False
    )
    np.testing.assert_array_equal(zarr.open_array(path / "0", mode="r")[...], image)


# Odd arrays


def odd_arrays():
    image = pixels((6, 20, 30), "uint16")
    read_only = image.copy()
    read_only.setflags(write=False)
    return {
        "Fortran order": np.asfortranarray(image),
        "big-endian": image.astype(">u2"),
        "read-only": read_only,
        "negative strides": image[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        "broadcast": np.broadcast_to(image[:1], image.shape),
        "tensorstore": tensorstore.array(image),
        "masked array without masks": np.ma.array(image),
        "dask of uneven chunks": da.from_array(image, chunks=((1, 5), (7, 13), (30,))),
    }


@pytest.mark.parametrize("name", odd_arrays())
def test_odd_arrays_are_right(build, name):
    source = odd_arrays()[name]
    np.testing.assert_array_equal(build(source)[0, 0], np.asarray(source))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([[1, 2], [3, 4]], TypeError, "is a list, which has no shape and dtype"),
        ((n for n in range(3)), TypeError, "is a generator"),
        (np.array(3), ValueError, "give two to five axes"),
        (np.zeros((4, 4), complex), TypeError, "convert"),
        (np.zeros((4, 4), bool), TypeError, "convert"),
        (np.zeros((4, 4), object), TypeError, "convert"),
        (np.zeros((4, 4), "longdouble"), TypeError, "convert"),
        (np.zeros((4, 4), [("a", "u1")]), TypeError, "convert"),
        (np.zeros((4, 0), "u1"), ValueError, "none of them empty"),
        (np.zeros((2,) * 6, "u1"), ValueError, "give two to five axes"),
    ],
)
def test_what_cannot_be_written_is_refused(build, tmp_path, source, error, message):
    with pytest.raises(error, match=message):
        build(source)
    assert list(tmp_path.iterdir()) == []


def test_unknown_lengths_are_refused_with_the_remedy(build):
    image = da.ones((8, 8), chunks=4)
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\)"):
        build(image[image[:, 0] > 0])


# Labels of 64 bits


# Neither OME-TIFF nor Imaris has integers of 64 bits.
@pytest.mark.parametrize(
    "file_format", [name for name in ENDINGS if name not in ("ome-tiff", "imaris")]
)
@pytest.mark.parametrize("downsampling", ["mode", "stride"])
@pytest.mark.parametrize("code", ["q", "Q", "l", "L", ">q", ">Q", "p", "P"])
def test_labels_of_any_64_bit_type_keep_their_numbers(build, code, downsampling):
    labels = np.zeros((8, 20, 20), code)
    labels[:, 8:, 8:] = 2**53 + 1
    written = build(labels, downsampling=downsampling, chunk_shape=(4, 8, 8))
    assert written.dtype == labels.dtype.newbyteorder("=")
    np.testing.assert_array_equal(written[0, 0], labels)


# Small frames


class Counted:
    """Counts how often it is sliced."""

    def __init__(self, image):
        self.image, self.shape, self.dtype, self.reads = image, image.shape, image.dtype, 0

    def __getitem__(self, region):
        self.reads += 1
        return self.image[region]


@pytest.mark.parametrize("axes", ["TYX", "CYX", "TCYX", "ZYX"])
def test_small_frames_are_read_many_at_once(build, axes):
    shape = {"TCYX": (50, 4, 16, 16)}.get(axes, (200, 16, 16))
    source = Counted(pixels(shape, "uint16"))
    written = build(source, axes=axes)
    assert source.reads == 1
    np.testing.assert_array_equal(written.reshape(shape), source.image)


def test_each_chunk_of_many_frames_is_computed_once(build):
    image = pixels((60, 16, 16), "uint16")
    seen = []

    def note(part):
        seen.append(part.shape)
        return part

    source = da.from_array(image, chunks=(7, 16, 16)).map_blocks(
        note, dtype="uint16", meta=image[:0]
    )
    seen.clear()
    np.testing.assert_array_equal(build(source, axes="TYX")[:, 0, 0], image)
    assert len(seen) == math.ceil(60 / 7)


def test_reads_of_small_frames_follow_the_memory_allowed(build):
    image = pixels((64, 32, 32), "uint16")
    least = least_memory(build, Counted(image), axes="TYX")
    reads = []
    for spare in (0, 4 * 16 * 32 * 32 * 2, 2**28):
        source = Counted(image)
        written = build(source, axes="TYX", memory_limit=least + spare, overwrite=True)
        np.testing.assert_array_equal(written[:, 0, 0], image)
        reads.append(source.reads)
    assert reads[0] > reads[1] > reads[2] == 1


# Sources that are not what they say


def said(result):
    """A dask array of 4 x 6 voxels that says it is uint16, and of which each chunk is `result`."""
    meta = np.empty((0, 0), "uint16")
    return da.map_blocks(lambda: result, chunks=((4,), (6,)), dtype="uint16", meta=meta)


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (np.uint16(7), ValueError, r"declares \(4, 6\) voxels at .*, but gave \(\)"),
        (7, ValueError, r"declares \(4, 6\) voxels at .*, but gave \(\)"),
        (None, ValueError, r"declares \(4, 6\) voxels at .*, but gave \(\)"),
        (np.ones((4, 5), "uint16"), ValueError, r"\(4, 6\) voxels at .*, but gave \(4, 5\)"),
        (np.ones((4, 6)), TypeError, "voxels of type uint16, but gave float64 at"),
        ([[1.5] * 6] * 4, TypeError, "voxels of type uint16, but gave float64 at"),
        ([[1, 2], [3]], ValueError, "gave something at .* that is no array: "),
        (np.ma.masked_equal(np.zeros((4, 6), "uint16"), 0), ValueError, "24 are masked"),
    ],
    ids=["scalar", "int", "None", "shape", "type", "lists", "ragged", "masked"],
)
def test_a_chunk_that_is_not_what_was_said(build, tmp_path, result, error, message):
    with pytest.raises(error, match=message):
        build(said(result))
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_hides_nothing_is_no_obstacle(build):
    image = pixels((4, 6), "uint16")
    np.testing.assert_array_equal(build(np.ma.array(image))[0, 0, 0], image)
    np.testing.assert_array_equal(
        build(da.from_array(np.ma.array(image)), overwrite=True)[0, 0, 0], image
    )


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::-1, :, ::-1],
        lambda a: a[:, ::2, 1::3],
        lambda a: a.transpose(2, 0, 1),
        lambda a: a.astype(">u2"),
        lambda a: a.astype(">u2")[::-1, ::-2],
        lambda a: np.asfortranarray(a),
        lambda a: np.broadcast_to(a[:1], a.shape),
    ],
)
def test_voxels_in_any_order_of_memory(build, view):
    image = view(pixels((9, 14, 20), "uint16"))
    np.testing.assert_array_equal(build(image)[0, 0], image)


def test_chunks_of_unknown_length(build, tmp_path):
    known = da.ones((40, 30), chunks=(10, 30), dtype="uint8")
    unknown = known[known[:, 0] > 0]
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\)"):
        build(unknown)

    class Known:
        shape, dtype, chunks = (40, 30), np.dtype("uint8"), ((np.nan,) * 4, (30,))

        def __getitem__(self, key):
            return np.ones(self.shape, self.dtype)[key]

    with pytest.raises(ValueError, match=r"chunks are .*nan.*: let dask find them out"):
        build(Known())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["O", "M8[s]", "m8[s]", "U3", "S3", "c8", "c16", "?", "i4,f4"])
def test_types_that_are_no_voxels(build, tmp_path, dtype):
    with pytest.raises(TypeError, match=r"type .*: convert"):
        build(np.zeros((4, 6), dtype))
    assert list(tmp_path.iterdir()) == []
