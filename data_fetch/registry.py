"""The real datasets: which files, in which Zenodo record, and which lessons use them.

File names, record numbers and sizes are those that the "Big image data formats" module of the
NEUBIAS training resources states; the sizes are rounded there, and some are not stated at all.

No file has a pin yet: nothing that could be looked up when these entries were written states the
exact size or the checksum of any. So they are read from the record at the first download, and a
sidecar in the data folder keeps them from then on. To pin a file, take both from the record's page,
or from ``python -m data_fetch --verify`` after a download, and name beside the pin where they
are from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """The size and checksum that a file must have, whatever its record states in the future.

    Parameters
    ----------
    size
        Bytes, exactly.
    checksum
        Algorithm and hexadecimal digest, such as ``"md5:0123…"``, as the record states it.

    Raises
    ------
    ValueError
        If the checksum is not one, or the size is below 1.
    """

    size: int
    checksum: str

    def __post_init__(self) -> None:
        algorithm, _, digest = self.checksum.partition(":")
        known = algorithm in hashlib.algorithms_guaranteed and not algorithm.startswith("shake")
        digits = 2 * hashlib.new(algorithm).digest_size if known else 0
        if not known or len(digest) != digits or set(digest) - set("0123456789abcdef"):
            raise ValueError(
                f"The checksum of a pin is {self.checksum!r}: give an algorithm and all of its "
                "digits, in small letters, such as 'md5:900150983cd24fb0d6963f7d28e17f72'."
            )
        if self.size < 1:
            raise ValueError(f"The size of a pin is {self.size}: give the bytes of the file.")


@dataclass(frozen=True)
class RemoteFile:
    """One file of a Zenodo record.

    Parameters
    ----------
    name
        The file's name in the record and in the data folder.
    stated_bytes
        Its size as NEUBIAS states it, rounded; ``None`` where no size is stated.
    pin
        Its size and checksum; ``None`` where they are not known.
    """

    name: str
    stated_bytes: int | None
    pin: Pin | None = None


@dataclass(frozen=True)
class Dataset:
    """Files that are downloaded and used together.

    Parameters
    ----------
    name
        Name to give to ``--real``.
    title
        What it is, in a few words.
    lessons
        Numbers of the lessons that can use it.
    record
        Number of the Zenodo record that holds the files.
    files
        In the order of download. The file that a reader opens comes last, so that it is there
        only when the files that it refers to are there too.
    use
        What to do so that a lesson uses it.
    """

    name: str
    title: str
    lessons: tuple[int, ...]
    record: int
    files: tuple[RemoteFile, ...]
    use: str


REAL_DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="platy",
            title="EM of Platynereis, TIFF stack",
            lessons=(1, 2, 3, 4),
            record=14857764,
            files=(RemoteFile("xyz_uint8__em_platy.tif", None),),
            use="set BIGIMG_DATASET=platy before the notebook starts",
        ),
        Dataset(
            name="platy-3d-chunk",
            title="EM of Platynereis, BDV-HDF5, one level",
            lessons=(3,),
            record=14857764,
            files=(
                RemoteFile("xyz_uint8__em_platy__3d_chunk.h5", 1_200_000_000),
                RemoteFile("xyz_uint8__em_platy__3d_chunk.xml", 1_100),
            ),
            use="open xyz_uint8__em_platy__3d_chunk.xml",
        ),
        Dataset(
            name="platy-3d-chunk-multires",
            title="EM of Platynereis, BDV-HDF5, pyramid",
            lessons=(3,),
            record=14857764,
            files=(
                RemoteFile("xyz_uint8__em_platy__3d_chunk_multires.h5", 1_200_000_000),
                RemoteFile("xyz_uint8__em_platy__3d_chunk_multires.xml", 1_100),
            ),
            use="open xyz_uint8__em_platy__3d_chunk_multires.xml",
        ),
        Dataset(
            name="platy-raw",
            title="EM of Platynereis, raw, TIFF stack",
            lessons=(1, 2, 3, 4),
            record=14591118,
            files=(RemoteFile("xyz_uint8__em_platy_raw_s4.tif", 4_000_000_000),),
            use="set BIGIMG_DATASET=platy-raw before the notebook starts",
        ),
    )
}
