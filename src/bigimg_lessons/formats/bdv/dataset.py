"""A dataset as a whole: its XML, its HDF5 file, and the scenes that both give.

`open_dataset` needs neither bioio nor dask; `reader` is the reader for bioio.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv.array import LevelArray
from bigimg_lessons.formats.bdv.layout import SetupLayout
from bigimg_lessons.formats.bdv.layout_reading import read_layout
from bigimg_lessons.formats.bdv.opening import opened
from bigimg_lessons.formats.bdv.pairing import find_xml, folder_of, is_xml, locate, read_xml
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.scenes import Scene, scenes_of
from bigimg_lessons.formats.bdv.source import Hdf5Source, OpenSource
from bigimg_lessons.formats.bdv.spimdata import SetupPart, SpimData
from bigimg_lessons.formats.bdv.xml_reading import from_xml


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset once it has been opened; no pixel is in memory.

    Parameters
    ----------
    path
        Path of the XML.
    xml
        Content of the XML.
    data
        What the XML says, with the sizes that the HDF5 file has.
    source
        The HDF5 file.
    scenes
        The setups, grouped into images.
    """

    path: str
    xml: bytes
    data: SpimData
    source: Hdf5Source
    scenes: tuple[Scene, ...]

    def array(self, scene: int, level: int = 0) -> LevelArray:
        """Return one level of a scene, to be indexed.

        Parameters
        ----------
        scene
            Index in `scenes`.
        level
            Resolution level.

        Returns
        -------
        LevelArray
            Axes T, C, Z, Y, X. A part of another setup is read from that one.
        """
        image = self.scenes[scene]
        ids = tuple(setup.id for setup in image.setups)
        missing = self.data.missing
        if self.data.parts:
            stored = {part.id: part.stored for part in self.data.parts}
            missing = frozenset((t, stored[number]) for t, number in missing if number in ids)
            ids = tuple(stored[number] for number in ids)
        return LevelArray(
            source=self.source,
            timepoints=self.data.timepoints,
            setups=ids,
            level=level,
            layout=image.layout,
            missing=missing,
        )


def open_dataset(
    fs: AbstractFileSystem,
    path: str,
    *,
    timepoints: Iterable[int] | None = None,
    allow_outside: bool = False,
    remarks: Remarks | None = None,
) -> Dataset:
    """Read the XML of a dataset, find its HDF5 file, and read how the pixels are stored.

    Parameters
    ----------
    fs
        File system that holds the files.
    path
        Path of the XML in `fs`, or of the HDF5 file with its XML in the same folder.
    timepoints
        Ids of the time points to open; all that the XML lists if ``None``.
    allow_outside
        Whether paths in the files may leave the folder of the XML.
    remarks
        Where to note what makes no sense and what no pixel needs. If ``None``, warnings are given.

    Returns
    -------
    Dataset
        No file stays open.

    Raises
    ------
    LoaderError
        If the XML keeps its pixels in another way than HDF5.
    FileNotFoundError
        If the HDF5 file that the XML names is not there, or an HDF5 file has no XML.
    ValueError, LookupError, OSError
        If the XML or HDF5 file is damaged, or makes no sense, in something that pixels need; or if
        the HDF5 file is in use.

    Examples
    --------
    One plane, without bioio and dask::

        dataset = open_dataset(LocalFileSystem(), "/data/embryo.xml")
        plane = dataset.array(0, level=1)[0, 0, 17]
    """
    noted = Remarks() if remarks is None else remarks
    xml_path, file = path, None
    if not is_xml(path):
        with opened(fs, path):  # a file in use says so, whatever else is wrong
            pass
        xml_path, file = find_xml(fs, path)
    xml = read_xml(fs, xml_path)
    data = from_xml(xml, source=xml_path, remarks=noted)
    if timepoints is not None:
        data = replace(data, timepoints=_checked_timepoints(timepoints))
    if file is None:
        file = locate(fs, xml_path, data, allow_outside)
    else:
        noted.add(
            "path",
            f"{xml_path} names {data.hdf5.text!r}, which does not lead to {file}: pixels are "
            "read from that, since it lies beside the XML and was opened.",
        )
    source = Hdf5Source(fs, file, folder_of(xml_path), allow_outside)
    with source.open() as opened_source:
        if opened_source.being_written:
            noted.add(
                "being written",
                f"{file} is still being written (SWMR): what is there now is read. Open it "
                "again to see more.",
            )
        layouts = _layouts(data, opened_source, noted)
    data = _with_stored_sizes(data, layouts)
    scenes = tuple(scenes_of(data, layouts, xml_path))
    if remarks is None:
        noted.warn()
    return Dataset(xml_path, xml, data, source, scenes)


def _checked_timepoints(timepoints: Iterable[int]) -> tuple[int, ...]:
    ids = sorted({operator.index(number) for number in timepoints})
    if not ids or ids[0] < 0:
        raise ValueError(f"timepoints are {ids}: give at least one id, from 0, such as [0].")
    return tuple(ids)


def _with_stored_sizes(data: SpimData, layouts: Mapping[int, SetupLayout]) -> SpimData:
    """Replace the sizes that the XML states by those in the HDF5 file."""
    sizes = {number: layout.levels[0].shape for number, layout in layouts.items()}
    return replace(
        data,
        setups=tuple(
            setup if setup.size is None else replace(setup, size=sizes.get(setup.id, setup.size))
            for setup in data.setups
        ),
    )


def _layouts(data: SpimData, source: OpenSource, remarks: Remarks) -> dict[int, SetupLayout]:
    """Read how each setup is stored; what is not known of one is never taken from another."""
    parts = {part.id: part for part in data.parts}
    layouts: dict[int, SetupLayout] = {}
    failures: dict[int, Exception] = {}
    for setup in data.setups:
        present = (t for t in data.timepoints if (t, setup.id) not in data.missing)
        try:
            if data.parts:
                layouts[setup.id] = _part_layout(setup.id, parts, present, source, remarks)
            else:
                layouts[setup.id] = read_layout(
                    source, setup.id, present, remarks=remarks, size=setup.size
                )
        except (LookupError, OSError, ValueError) as error:
            failures[setup.id] = error
            continue
        shape = layouts[setup.id].levels[0].shape
        if setup.size not in (None, shape):
            remarks.add(
                "size in the XML",
                f"{source.path} holds {shape} voxels (z, y, x) for setup {setup.id}, and its "
                f"<size> in the XML says {setup.size}: the voxels that are there are read.",
                of=f"setup {setup.id} with {shape}",
            )
    if not layouts:
        raise next(iter(failures.values()))
    for number, failure in failures.items():
        remarks.add(
            "setups",
            f"Setup {number} is left out, and the others are read. {failure}",
            of=f"setup {number}",
        )
    return layouts


def _part_layout(
    number: int,
    parts: Mapping[int, SetupPart],
    timepoints: Iterable[int],
    source: OpenSource,
    remarks: Remarks,
) -> SetupLayout:
    """Read how a setup is stored that is cut out of another."""
    part = parts.get(number)
    if part is None:
        raise ValueError(f"The XML does not say what setup {number} is cut out of, in <SetupIds>.")
    whole = read_layout(source, part.stored, timepoints, remarks=remarks)
    try:
        layout = whole.part(part.start, part.stop)
    except ValueError as error:
        raise ValueError(f"Setup {number} of the XML {error}: one of them is damaged.") from None
    if len(layout.levels) < len(whole.levels):
        remarks.add(
            "levels of parts",
            f"{source.path}: of setup {number}, a part of setup {part.stored}, only the first "
            f"{len(layout.levels)} of {len(whole.levels)} levels are offered: voxels of the others "
            "lie across its border.",
            of=f"setup {number}",
        )
    return layout
