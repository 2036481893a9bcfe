"""The numbers of the banks of lessons 1 to 3, worked out again: no answer is only typed in."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import NumberQuestion

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ALL = slice(None)
OPEN, STORE, INSIDE = "01_open_without_loading", "02_store_in_pieces", "03_look_inside_bdv_hdf5"
QUESTIONS = {
    (name, question.id): question
    for name in (OPEN, STORE, INSIDE)
    for question in load_bank(name).questions
    if isinstance(question, NumberQuestion)
}


def nbytes(shape, dtype):
    """Bytes of an array that numpy would make, without making it."""
    return np.broadcast_to(np.zeros((), dtype), shape).nbytes


def level_shape(shape, resolution):
    """Shape (Z, Y, X) of a level whose row of `resolutions` is in the order X, Y, Z."""
    return tuple(size // factor for size, factor in zip(shape, resolution[::-1], strict=True))


# The volumes and chunks that the questions of more than one line ask about, and what is read.
PLANES = ChunkGrid((300, 2000, 1500), (1, 2000, 1500), edges="cut")
STRIPS = ChunkGrid((120, 1500, 1000), (1, 100, 1000), edges="cut")
UNEVEN = ChunkGrid((200, 500, 500), (64, 64, 64))
SHARDS = ChunkGrid((512, 512, 512), (32, 32, 32), shard_shape=(256, 256, 256))
SMALL_SHARDS = ChunkGrid((512, 512, 512), (32, 32, 32), shard_shape=(128, 128, 128))
COPY = ChunkGrid((256, 256, 256), (32, 32, 32), shard_shape=(128, 128, 128))
FAR_AWAY = Storage("far away", latency=0.05, bandwidth=40e6, concurrency=10)
LESSON_1 = ChunkGrid((256, 1024, 1024), (1, 64, 1024), edges="cut")
REMOTE_PLANE = (4 + 5 * 2**20) + (268_510_922 - 268_435_952) + (1024 * 1024 + 5 * 2**20)
LESSON_2_CUBE = (slice(51, 179),) * 3
LESSON_2_GRID = ChunkGrid((256, 256, 256), (32, 32, 32))
LESSON_2_SLICE = ChunkGrid((256, 256, 256), (64, 64, 64)).reading((ALL, ALL, 128))

EXPECTED = {
    (OPEN, "plane-bytes"): nbytes((1536, 2048), "uint16"),
    (OPEN, "amplification"): PLANES.reading((ALL, ALL, 700)).amplification,
    (OPEN, "yz-strips"): STRIPS.reading((ALL, ALL, 700)).requests,
    # All pixels, and the 805 bytes of directory that the read of a single plane needs as well.
    (OPEN, "predict-xy-bytes"): LESSON_1.nbytes + 1_049_381 - 1024 * 1024,
    (OPEN, "predict-xz-bytes"): LESSON_1.reading((ALL, 512, ALL)).read,
    # A block of 5 MiB is fetched ahead of the four bytes that say where the first directory lies,
    # and of the plane; from the directory on, behind all pixels, there is only the file's end.
    (OPEN, "predict-remote-bytes"): REMOTE_PLANE,
    (OPEN, "predict-remote-xz"): 32 * REMOTE_PLANE,
    (STORE, "touched"): UNEVEN.reading((ALL, 250, ALL)).chunks,
    (STORE, "unaligned"): ChunkGrid((500,), (50,)).reading((slice(30, 130),)).read,
    (STORE, "bytes"): nbytes((32, 256, 256), "uint16"),
    (STORE, "rounds"): math.ceil(64 / 10) * 0.1,
    (STORE, "yz-requests"): ChunkGrid((600, 2000, 3000), (50, 100, 100))
    .reading((ALL, ALL, 1234))
    .requests,
    (STORE, "flat-amplification"): ChunkGrid((320, 1280, 1280), (32, 128, 128))
    .reading((ALL, ALL, 700))
    .amplification,
    (STORE, "shard-requests"): SHARDS.reading((300, ALL, ALL), reader=ONE_BY_ONE).requests,
    (STORE, "merged-requests"): SMALL_SHARDS.reading((300, ALL, ALL), reader=MERGING).requests,
    (STORE, "predict-merged-xy"): COPY.reading((128, ALL, ALL), reader=MERGING).requests,
    (STORE, "model-seconds"): FAR_AWAY.seconds(35, 35 * 800_000),
    (STORE, "predict-strips-yz"): ChunkGrid((256, 256, 256), (1, 64, 256))
    .reading((ALL, ALL, 128))
    .requests,
    (STORE, "predict-planes-cube"): ChunkGrid((256, 256, 256), (1, 256, 256))
    .reading(LESSON_2_CUBE)
    .read,
    (STORE, "predict-hand-plane"): LESSON_2_GRID.reading((128, ALL, ALL)).chunks,
    (STORE, "predict-hand-cube"): LESSON_2_GRID.reading(LESSON_2_CUBE).chunks,
    (STORE, "predict-model-seconds"): Storage(
        "slow", latency=0.03, bandwidth=30e6, concurrency=10
    ).seconds(LESSON_2_SLICE.requests, LESSON_2_SLICE.read),
    (INSIDE, "chunk-bytes"): nbytes((64, 64, 64), "uint16"),
    (INSIDE, "chunks-of-a-slice"): ChunkGrid((300, 900, 1200), (64, 64, 64))
    .reading((ALL, ALL, 600))
    .chunks,
    (INSIDE, "level-bytes"): nbytes(level_shape((128, 2048, 2048), (8, 8, 2)), "uint16"),
    (INSIDE, "subdivisions-amplification"): ChunkGrid((160, 640, 1280), (128, 64, 16)[::-1])
    .reading((80, ALL, ALL))
    .amplification,
    (INSIDE, "flat-chunks"): ChunkGrid((300, 2048, 1024), (1, 512, 512))
    .reading((ALL, ALL, 600))
    .chunks,
    (INSIDE, "predict-coarsest"): nbytes(level_shape((256, 1024, 1024), (16, 16, 8)), "uint8"),
    (INSIDE, "predict-yz-chunks"): ChunkGrid((256, 1024, 1024), (64, 64, 64))
    .reading((ALL, ALL, 512))
    .chunks,
    (INSIDE, "predict-written"): nbytes((32, 64, 64), "uint8") / nbytes((1, 64, 64), "uint8"),
}

# What the checked output of the lesson prints where the value is measured.
PRINTED = {
    (OPEN, "predict-xy-bytes"): ("lazy-default", r"read: .* ([\d,]+) bytes"),
    (OPEN, "predict-xz-bytes"): ("strips-read", r"XZ: .* ([\d,]+) bytes"),
    (OPEN, "predict-remote-bytes"): ("remote-read", r"5\.00 MiB: .* ([\d,]+) bytes sent"),
    (OPEN, "predict-remote-xz"): ("remote-xz", r"requests, ([\d,]+) bytes sent"),
    (STORE, "predict-hand-plane"): ("hand", r"XY plane: .* = (\d+) chunks"),
    (STORE, "predict-hand-cube"): ("hand", r"cube: .* = (\d+) chunks"),
    (STORE, "predict-model-seconds"): ("slow-model", r"64³ .* ([\d.]+ s)\n"),
    (STORE, "predict-strips-yz"): ("count", r"strips +\S+ +\S+ +([\d,]+)"),
    (STORE, "predict-planes-cube"): ("count-bytes", r"planes .* ([\d.]+ MiB)\n"),
    (STORE, "predict-merged-xy"): ("readers-grid", r"across gaps +(\d+) "),
    (INSIDE, "predict-coarsest"): ("levels", r"level 4: .* ([\d.]+ KiB)\n"),
    (INSIDE, "predict-yz-chunks"): ("count", r"YZ .* BDV-HDF5 (\d+) chunks"),
    (INSIDE, "predict-written"): ("written", r"Zarr +(\d+) ×"),
}


def asked(expected):
    return [pytest.param(key, id="/".join(key)) for key in sorted(expected)]


@pytest.mark.parametrize("key", asked(QUESTIONS | EXPECTED))
def test_the_answer_is_what_arithmetic_gives(key):
    assert key in EXPECTED, "this question's number is worked out nowhere in this file"
    assert key in QUESTIONS, "no such question any more"
    assert QUESTIONS[key].answer == pytest.approx(EXPECTED[key], rel=1e-12)


@pytest.mark.parametrize(
    "key", asked({key for key in QUESTIONS if QUESTIONS[key].kind == "predict"} | PRINTED.keys())
)
def test_a_prediction_is_answered_by_what_the_lesson_prints(key):
    name, question = key
    cell, pattern = PRINTED[key]
    path = NOTEBOOKS / f"{name}.ipynb"
    cells = {entry["id"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    printed = "".join("".join(output["text"]) for output in cells[cell]["outputs"])
    number, _, unit = re.search(pattern, printed)[1].replace(",", "").partition(" ")
    scale = {"": 1, "s": 1, "KiB": 2**10, "MiB": 2**20}[unit]
    decimals = len(number.partition(".")[2])
    assert round(QUESTIONS[key].answer / scale, decimals) == float(number)
    handed_in = f'.measure("{question}", '
    assert any(handed_in in "".join(entry["source"]) for entry in cells.values())
