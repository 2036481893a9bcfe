"""Lazy arrays over HDF5 files that tests have written."""

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.formats.bdv.array import LevelArray
from bigimg_lessons.formats.bdv.layout_reading import read_layout
from bigimg_lessons.formats.bdv.source import Hdf5Source
from bigimg_lessons.measure.counting import FileMeter


def source_of(path, **options):
    return Hdf5Source(LocalFileSystem(), path.as_posix(), path.parent.as_posix(), **options)


def layout_of(path, setup=0, timepoints=(0,), **options):
    with source_of(path, **options).open() as file:
        return read_layout(file, setup, timepoints)


def array_of(path, level=0, timepoints=(0,), setups=(0,), missing=(), **options):
    layout = layout_of(path, setups[0], timepoints, **options)
    source = source_of(path, **options)
    return LevelArray(source, timepoints, setups, level, layout, frozenset(missing))


def metered(path):
    meter = FileMeter(path)
    fs, inside = fsspec.url_to_fs(meter.url)
    layout = layout_of(path)
    array = LevelArray(Hdf5Source(fs, inside, inside.rpartition("/")[0]), (0,), (0,), 0, layout)
    return meter, array
