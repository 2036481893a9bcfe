"""Lazy arrays over HDF5 files that tests have written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.formats.bdv.array import LevelArray
from bigimg_lessons.formats.bdv.layout import SetupLayout
from bigimg_lessons.formats.bdv.layout_reading import read_layout
from bigimg_lessons.formats.bdv.source import Hdf5Source
from bigimg_lessons.measure.files import FileMeter


def source_of(path: Path, **options: Any) -> Hdf5Source:
    return Hdf5Source(LocalFileSystem(), path.as_posix(), path.parent.as_posix(), **options)


def layout_of(
    path: Path, setup: int = 0, timepoints: Sequence[int] = (0,), **options: Any
) -> SetupLayout:
    with source_of(path, **options).open() as file:
        return read_layout(file, setup, timepoints)


def array_of(
    path: Path,
    level: int = 0,
    timepoints: tuple[int, ...] = (0,),
    setups: tuple[int, ...] = (0,),
    missing: Iterable[tuple[int, int]] = (),
    **options: Any,
) -> LevelArray:
    layout = layout_of(path, setups[0], timepoints, **options)
    source = source_of(path, **options)
    return LevelArray(source, timepoints, setups, level, layout, frozenset(missing))


def metered(path: Path) -> tuple[FileMeter, LevelArray]:
    meter = FileMeter(path)
    fs, inside = fsspec.url_to_fs(meter.url)
    layout = layout_of(path)
    array = LevelArray(Hdf5Source(fs, inside, inside.rpartition("/")[0]), (0,), (0,), 0, layout)
    return meter, array
