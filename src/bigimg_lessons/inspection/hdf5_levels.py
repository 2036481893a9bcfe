"""A dataset of an HDF5 file as a level: its chunks, its filters, and what it takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bigimg_lessons.inspection.report import Level

if TYPE_CHECKING:
    import h5py

_FILTERS = {
    1: "gzip",
    2: "shuffle",
    3: "fletcher32",
    4: "szip",
    5: "nbit",
    6: "scale-offset",
    307: "bzip2",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32013: "zfp",
    32015: "zstd",
    32022: "jpeg",
    32026: "blosc2",
}
"""Names of filters by their numbers: HDF5's own, and registered ones of other makers."""

_FEW_CHUNKS = 20_000  # HDF5 goes through its index to say how many bytes they take


def dataset_level(
    dataset: h5py.Dataset,
    path: str,
    *,
    shape: tuple[int, ...] | None = None,
    dtype: np.dtype[Any] | None = None,
    voxel_size: tuple[float | None, ...] | None = None,
) -> Level:
    """Describe a dataset.

    Parameters
    ----------
    dataset
        Of numbers.
    path
        Its name in the file.
    shape
        Voxels of the image, where the dataset is longer; by default all of it.
    dtype
        Type of the voxels, where that of the dataset is another.
    voxel_size
        What the file says of their size along each axis.
    """
    stored, chunks = tuple(map(int, dataset.shape)), dataset.chunks
    # A dataset that was never written to is stored nowhere, and asked for nothing.
    row = (*(1,) * (len(stored) - 1), stored[-1])
    return Level(
        path=path,
        shape=stored if shape is None else shape,
        dtype=str((dtype or dataset.dtype).name),
        layout="contiguous" if chunks is None else "chunks",
        chunk_shape=row if chunks is None else tuple(map(int, chunks)),
        codec=_codec(dataset),
        voxel_size=voxel_size,
        ratio=_ratio(dataset),
        edges="cut" if chunks is None else "padded",
    )


def _codec(dataset: h5py.Dataset) -> tuple[str, ...]:
    plan = dataset.id.get_create_plist()
    numbers = [plan.get_filter(n)[0] for n in range(min(plan.get_nfilters(), 32))]
    return tuple(_FILTERS.get(number, f"filter {number}") for number in numbers if number != 3)


def _ratio(dataset: h5py.Dataset) -> float | None:
    if dataset.chunks is None:
        return None
    grid = [-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)]
    if math.prod(grid) > _FEW_CHUNKS:
        return None
    stored = dataset.id.get_num_chunks()
    nbytes = dataset.id.get_storage_size()
    if not stored or not nbytes:
        return None
    # Where all are there, what sticks out of the image is not counted.
    is_all = stored == math.prod(grid)
    voxels: int = math.prod(dataset.shape) if is_all else stored * math.prod(dataset.chunks)
    return float(voxels * dataset.dtype.itemsize / nbytes)
