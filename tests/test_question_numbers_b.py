"""The numbers that lessons 4 to 6 ask for, each worked out again apart from its question."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tifffile
import zarr
from scipy.ndimage import label

from bigimg_lessons import FileMeter, build_pyramid, lesson_tiff
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.pyramids.levels import plan_levels
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import ChoiceQuestion, NumberQuestion

BANKS = (
    "04_build_a_resolution_pyramid",
    "05_compare_file_formats",
    "06a_far_away",
    "06b_many_hands",
)
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WHOLE = slice(None)
CUBES = (64, 64, 64)


def zoomed_out_chunks():
    grid = ChunkGrid((256, 1024, 1024), CUBES)
    return grid.reading((128, slice(None, None, 8), slice(None, None, 8))).chunks


def price_of_our_volume():
    levels = plan_levels((256, 1024, 1024), chunk_shape=CUBES, voxel_size=(0.1, 0.04, 0.04))
    voxels = [math.prod(level.shape) for level in levels]
    return 100 * sum(voxels[1:]) / voxels[0]


def planes_left():
    levels = plan_levels((256, 1024, 1024), chunk_shape=CUBES, voxel_size=(0.1, 0.04, 0.04))
    return levels[2].shape[0]


def chunks_of_view(width, chunk_voxels):
    middle = (
        128,
        slice(512 - width // 2, 512 + width // 2),
        slice(512 - width // 2, 512 + width // 2),
    )
    return ChunkGrid((256, 1024, 1024), (64, chunk_voxels, chunk_voxels)).reading(middle).chunks


def mean_labels():
    seeds = 256 * (np.arange(1, 41)[:, None] * (0.7549, 0.5698) % 1)
    row, column = np.indices((256, 256))
    nearest = np.argmin([(row - y) ** 2 + (column - x) ** 2 for y, x in seeds], axis=0)
    labels = (100 * (1 + nearest)).astype("uint16")
    assert len(np.unique(labels)) == 40
    return len(np.unique(np.rint(labels.reshape(32, 8, 32, 8).mean(axis=(1, 3)))))


def dark_at_level_4():
    """Boxes of 8 × 16 × 16 voxels of one layer, averaged plane by plane by numpy alone."""
    layer = tifffile.imread(lesson_tiff(), key=range(128, 192))
    dark = np.percentile(layer[::4, ::4, ::4], 5)
    sums = [plane.reshape(64, 16, 64, 16).sum(axis=(1, 3), dtype="uint32") for plane in layer]
    boxes = np.reshape(sums, (8, 8, 64, 64)).sum(axis=1)
    return round(100 * float((np.rint(boxes / 2048) < dark).mean()), 2)


def level_bytes():
    levels = plan_levels((400, 4000, 4000), chunk_shape=CUBES, voxel_size=(1.0, 0.25, 0.25))
    return math.prod(levels[3].shape) * np.dtype("uint16").itemsize


def price_deep():
    # Of 8 GiB as 512 × 4096 × 4096 voxels of one byte.
    levels = plan_levels((512, 4096, 4096), chunk_shape=CUBES, voxel_size=(4, 1, 1))
    assert math.prod(levels[0].shape) == 8 * 2**30
    return sum(math.prod(level.shape) for level in levels[1:4])


def view_bytes():
    grid = ChunkGrid((128, 4096, 4096), (64, 256, 256), "uint16")
    return grid.reading((70, slice(1024), slice(512, 2560))).read


def voxels_shown():
    # The coarsest level that still has a voxel for each pixel.
    return min(w for k in range(7) if (w := 60_000 / 2**k) >= 2560)


def shift():
    # The middle of the eight pixels that the first one stands for.
    return float(np.arange(8).mean()) * 65e-9


def spots_left():
    """Vote three times: in a box of four, of one spot and background, a spot needs three pixels."""
    number = np.arange(256)
    diameter = np.take([2, 4, 8, 16], number % 4)
    offset = [8.25 + np.rint(16 * (number * step % 1)) for step in (0.7549, 0.5698)]
    y, x = (axis[:, None, None] for axis in offset)
    row, column = np.indices((32, 32))
    squares = (row - y) ** 2 + (column - x) ** 2 < (diameter[:, None, None] / 2) ** 2
    for _ in range(3):
        pairs = squares[:, ::2].astype(int) + squares[:, 1::2]
        squares = pairs[:, :, ::2] + pairs[:, :, 1::2] >= 3
    return int(squares.any(axis=(1, 2)).sum())


def planes_in_classic_tiff():
    return 2**32 // np.zeros((2048, 2048), "uint16").nbytes


def tiled_yz():
    grid = ChunkGrid((500, 2048, 2048), (1, 256, 256))
    return grid.reading((WHOLE, WHOLE, 1000)).read


def files(shard_shape=None):
    return ChunkGrid(
        (500, 5000, 7000), (64, 256, 256), "uint16", shard_shape=shard_shape
    ).file_count


def conversion():
    return Storage("file server", latency=0, bandwidth=125e6).seconds(1, 900_000_000_000)


def objects():
    return ChunkGrid((10, 3, 200, 2048, 2048), (1, 1, 64, 256, 256)).file_count


def many_small():
    store = Storage("store", latency=0.08, bandwidth=100e6, concurrency=10)
    return store.seconds(250, 250 * 80_000)


def dependent_reads():
    # Requests that wait for each other: none of the ten places is of use.
    return Storage("one by one", latency=0.1, bandwidth=1e12).seconds(4 + 1, 0)


def requests_of_tifffile():
    """What it reads on a disk, and the request that asks for the length of the file."""
    options = {"axes": "ZYX", "voxel_size": (0.1, 0.04, 0.04), "unit": "µm", "codec": None}
    options |= {"file_format": "ome-tiff", "chunk_shape": (1, 128, 128), "progress": False}
    with TemporaryDirectory() as folder:
        path = Path(folder, "tiled.ome.tif")
        build_pyramid(np.ones((128, 512, 512), "uint8"), path, **options)
        meter = FileMeter(path)
        with meter.open() as opened, tifffile.TiffFile(opened) as tiff:
            zarr.open_array(tiff.aszarr(series=0, level=0), mode="r")[64]
        return 1 + meter.take().count


def asked_until_answered(needed, share_that_fails):
    return needed / (1 - share_that_fails)


def worker_memory():
    block = (256, 512, 512)
    one = sum(math.prod(block) * np.dtype(dtype).itemsize for dtype in ("uint16", "float32"))
    return 8 * 4 * one


def scheduling():
    return ChunkGrid((512, 2000, 2000), (16, 16, 16)).chunk_count * 0.5e-3


def border_count():
    """Label a row of five blocks of ten, a rod through them, a ball and a speck, block by block."""
    volume = np.zeros((3, 3, 50), int)
    volume[0, 0] = volume[2, 0, 9:11] = volume[2, 2, 25] = 1
    blocks = np.split(volume, 5, axis=2)
    assert label(volume)[1] == 3
    return sum(label(block)[1] for block in blocks)


def full_line():
    return 1.2e12 / min(20 * 40e6, 500e6)


def serial_part():
    return 60 * (10 + (100 - 10) / 9)


NUMBERS: dict[tuple[str, str], Callable[[], float]] = {
    ("04", "predict-zoomed-out"): zoomed_out_chunks,
    ("04", "predict-overflow"): lambda: 400 - 2**8,
    ("04", "predict-planes-left"): planes_left,
    ("04", "predict-price"): price_of_our_volume,
    ("04", "predict-view-without"): lambda: chunks_of_view(512, 64),
    ("04", "predict-view-with"): lambda: chunks_of_view(1024, 8 * 64),
    ("04", "predict-mean-labels"): mean_labels,
    ("04", "predict-dark"): dark_at_level_4,
    ("04", "predict-spots"): spots_left,
    ("04", "level-bytes"): level_bytes,
    ("04", "price-deep"): price_deep,
    ("04", "view-bytes"): view_bytes,
    ("04", "voxels-shown"): voxels_shown,
    ("04", "shift-nm"): shift,
    ("05", "classic-tiff"): planes_in_classic_tiff,
    ("05", "tiled-yz"): tiled_yz,
    ("05", "count-files"): files,
    ("05", "count-shards"): lambda: files((64, 2048, 2048)),
    ("05", "conversion-time"): conversion,
    ("05", "predict-files"): lambda: math.prod(-(-n // 64) for n in (128, 512, 512)),
    ("05", "predict-tiled-yz"): lambda: 128 * -(-512 // 128),
    ("06a", "count-objects"): objects,
    ("06a", "many-small"): many_small,
    ("06a", "dependent-reads"): dependent_reads,
    ("06a", "asked-again"): lambda: asked_until_answered(900, 0.1),
    ("06a", "predict-asked-again"): lambda: round(asked_until_answered(128 + 1, 0.2)),
    ("06a", "predict-tiff-requests"): requests_of_tifffile,
    ("06b", "border-count"): border_count,
    ("06b", "predict-right-chunks"): lambda: 8 - 4,
    ("06b", "worker-memory"): worker_memory,
    ("06b", "scheduling"): scheduling,
    ("06b", "full-line"): full_line,
    ("06b", "serial-part"): serial_part,
}


def questions():
    return {(name.partition("_")[0], q.id): q for name in BANKS for q in load_bank(name).questions}


def asked_for():
    return {key: q for key, q in questions().items() if isinstance(q, NumberQuestion)}


@pytest.mark.parametrize("key", sorted(asked_for()), ids="-".join)
def test_number(key):
    assert key in NUMBERS, f"No calculation for question {key}: add it to NUMBERS."
    assert NUMBERS[key]() == pytest.approx(asked_for()[key].answer, rel=1e-12)


def test_no_calculation_is_left_over():
    assert NUMBERS.keys() <= asked_for().keys()


# A prediction, the cell that measures it, and what the cell prints of it.
PRINTED = {
    "predict-zoomed-out": ("flat-view", r"read: +(\d+) requests"),
    "predict-overflow": ("by-hand", r"in uint8: (\d+)"),
    "predict-planes-left": ("plan", r"level 2: .*\n +\((\d+), "),
    "predict-view-without": ("views", r" 512 voxels wide: +(\d+) chunks without"),
    "predict-view-with": ("views", r"1024 voxels wide: .* (\d+) chunks from level 3"),
    "predict-mean-labels": ("labels", r"mean: +(\d+) labels"),
    "predict-dark": ("measure", r"level 4: .* dark ([\d.]+)%"),
    "predict-price": ("on-disk", r"levels 1 and up add ([\d.]+)%"),
    "predict-spots": ("spots", r"level 3, mode +(\d+) spots"),
}


def test_each_prediction_is_what_the_lesson_measures():
    predictions = {
        identifier: question.answer
        for (bank, identifier), question in asked_for().items()
        if question.kind == "predict" and bank == "04"  # lesson 5's have a test of their own
    }
    path = NOTEBOOKS / f"{BANKS[0]}.ipynb"
    cells = {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    for identifier, (cell, pattern) in PRINTED.items():
        printed = "".join("".join(output["text"]) for output in cells[cell]["outputs"])
        number = float(re.search(pattern, printed)[1])
        assert predictions.pop(identifier) == pytest.approx(number, rel=2e-4)
        assert f'prediction.measure("{identifier}", ' in "".join(cells[cell]["source"])
    assert not predictions


# Numbers that stand in options and orders.


def right_option(bank, identifier):
    question = questions()[bank, identifier]
    assert isinstance(question, ChoiceQuestion)
    return next(option.text for option in question.options if option.right)


def test_factors_of_level_two():
    levels = plan_levels((500, 5000, 5000), chunk_shape=CUBES, voxel_size=(0.5, 0.1, 0.1))
    assert right_option("04", "level-two") == ", ".join(map(str, levels[2].factors))


def test_sum_that_overflows():
    pair = np.array([180, 120], "uint8")
    assert right_option("04", "overflow") == str((pair[:1] + pair[1:])[0] // 2)


def test_fewer_requests_help_most():
    def seconds(requests, nbytes, bandwidth=100e6):
        store = Storage("store", latency=0.08, bandwidth=bandwidth, concurrency=10)
        return store.seconds(requests, nbytes)

    times = {
        "The same bytes in 10 chunks of 2\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000 bytes": seconds(
            10, 20e6
        ),
        "A line of twice the bandwidth": seconds(250, 20e6, bandwidth=200e6),
        "Compression to half the bytes": seconds(250, 10e6),
    }
    assert right_option("06a", "what-helps") == min(times, key=times.get)
    assert {option.text for option in questions()["06a", "what-helps"].options} > times.keys()


def test_files_from_few_to_many():
    shape = (4096, 16_384, 16_384)
    counts = {
        "BigTIFF stack": 1,
        "BDV-HDF5 in chunks of 32³": 2,
        "OME-Zarr in chunks of 64³, in shards of 1024³": ChunkGrid(
            shape, CUBES, shard_shape=(1024, 1024, 1024)
        ).file_count,
        "OME-Zarr 0.4 in chunks of 256³": ChunkGrid(shape, (256, 256, 256)).file_count,
        "N5 in blocks of 64³": ChunkGrid(shape, CUBES).file_count,
    }
    assert list(counts.values()) == [1, 2, 1024, 65_536, 4_194_304]
    assert questions()["05", "few-to-many"].solutions == tuple(counts)
