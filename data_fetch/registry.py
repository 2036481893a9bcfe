"""The real datasets: which files, in which Zenodo record, and which lessons use them.

File names, record numbers and sizes are those that the "Big image data formats" module of the
NEUBIAS training resources states; the sizes are rounded there, and some are not stated at all.
The exact size and the checksum of a file are asked from its record when it is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file of a Zenodo record.

    Parameters
    ----------
    name
        The file's name in the record and in the data folder.
    stated_bytes
        Its size as NEUBIAS states it, rounded; ``None`` where no size is stated.
    """

    name: str
    stated_bytes: int | None


@dataclass(frozen=True)
class Dataset:
    """Files that are downloaded and used together.

    Parameters
    ----------
    name
        What ``--real`` is given.
    title
        What it is, in a few words.
    lessons
        Numbers of the lessons that can use it.
    record
        Number of the Zenodo record that holds the files.
    files
        In the order of download. The file that a reader opens comes last, so that it is there
        only when what it refers to is there too.
    use
        How a lesson is told to use it.
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
