"""What codecs save on tissue, noise, a mask and labels: the numbers of lesson 5, by numcodecs.

Chunks are encoded one by one, by the raw libraries, so no store and no metadata count.
"""

from __future__ import annotations

import zlib
from itertools import product

import numpy as np
import pytest
from numcodecs import Blosc, Zstd

from bigimg_lessons.samples.volume import SampleVolume

SHAPE = (64, 128, 256)
CODECS = {
    "zstd 3": Zstd(3).encode,
    "blosc lz4": Blosc("lz4", 5, Blosc.NOSHUFFLE).encode,
    "blosc lz4 + shuffle": Blosc("lz4", 5, Blosc.SHUFFLE).encode,
    "blosc lz4 + bitshuffle": Blosc("lz4", 5, Blosc.BITSHUFFLE).encode,
    "blosc zstd": Blosc("zstd", 3, Blosc.NOSHUFFLE).encode,
    "blosc zstd + shuffle": Blosc("zstd", 3, Blosc.SHUFFLE).encode,
    "blosc zstd + bitshuffle": Blosc("zstd", 3, Blosc.BITSHUFFLE).encode,
    "gzip 5": lambda chunk: zlib.compress(chunk, 5),
}
# How many times smaller: tissue (uint8), noise (uint16), mask (uint8), labels (uint32). They were
# the same with numcodecs 0.16.6 on Python 3.11 and 3.13.
STATED = {
    "gzip 5": (1.2, 1.3, 10, 43),
    "zstd 3": (1.2, 1.3, 8.8, 66),
    "blosc lz4": (1.0, 1.0, 3.7, 15),
    "blosc lz4 + shuffle": (1.0, 1.2, 3.7, 20),
    "blosc lz4 + bitshuffle": (1.0, 1.3, 9.0, 25),
    "blosc zstd": (1.2, 1.3, 9.5, 60),
    "blosc zstd + shuffle": (1.2, 1.4, 9.5, 96),
    "blosc zstd + bitshuffle": (1.1, 1.3, 14, 64),
}


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """The middle of the sample, noise of a camera, a mask, and cells around 50 random points."""
    sample = SampleVolume((256, 1024, 1024), voxel_size=(0.1, 0.04, 0.04))
    tissue = sample.block(slice(96, 160), slice(448, 576), slice(384, 640))
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, SHAPE, (50, 3))
    noise = rng.normal(2000, 300, SHAPE).astype("uint16")
    labels = np.empty(SHAPE, "uint32")
    y, x = np.ogrid[: SHAPE[1], : SHAPE[2]]
    for z in range(SHAPE[0]):  # of all centres at once, which no plane's memory exceeds
        cz, cy, cx = centres.T[:, :, None, None]
        labels[z] = 1 + np.argmin((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2, axis=0)
    return [tissue, noise, (tissue > 128).astype("uint8"), labels]


@pytest.mark.parametrize("codec", STATED)
def test_a_codec_saves_what_lesson_5_states(images: list[np.ndarray], codec: str) -> None:
    for image, stated in zip(images, STATED[codec], strict=True):
        corners = product(*(range(0, size, 64) for size in SHAPE))
        chunks = (image[tuple(slice(at, at + 64) for at in corner)] for corner in corners)
        size = sum(len(CODECS[codec](np.ascontiguousarray(chunk))) for chunk in chunks)
        # Two digits are stated, and the lesson's copies have a kilobyte of metadata each. Python's
        # own gzip is zlib or zlib-ng, which differ.
        tolerance = 0.2 if codec.startswith("gzip") else 0.06
        assert image.nbytes / size == pytest.approx(stated, rel=tolerance)
