"""The bioio plugin that reads BigDataViewer's XML/HDF5.

``bioio.BioImage("dataset.xml")`` uses it by itself once the package is installed.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import bioio_base.reader
import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from bioio_base import constants, dimensions, exceptions, io, types
from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv import spimdata
from bigimg_lessons.formats.bdv.hdf5 import (
    CHUNK_BYTES,
    Hdf5Source,
    LevelArray,
    OpenSource,
    SetupLayout,
    holds_bdv,
)
from bigimg_lessons.formats.bdv.opening import opened
from bigimg_lessons.formats.bdv.pairing import (
    find_xml,
    folder_of,
    holds_spimdata,
    is_xml,
    locate,
    read_xml,
)
from bigimg_lessons.formats.bdv.position import position_of
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.scenes import Scene, scenes_of
from bigimg_lessons.formats.bdv.spimdata import SpimData, ViewSetup
from bigimg_lessons.formats.bdv.split import SetupPart
from bigimg_lessons.pyramids.position import Position
from bigimg_lessons.units import micrometres


def _tidy(number: float) -> float:
    """Drop the digits that only passing through float32 or binary fractions has added.

    ``0.10000000149`` is 0.1 written as float32; ``0.30000000000000004`` is three times 0.1.
    """
    for digits, error in ((7, 6e-8), (12, 1e-15)):
        short = float(f"{number:.{digits}g}")
        if abs(short - number) <= error * abs(number):
            return short
    return number


class Reader(bioio_base.reader.Reader):
    """Read BigDataViewer's XML/HDF5 lazily, with all its resolution levels.

    An image has the axes T, C, Z, Y, X. Setups that are stored alike, lie at one place and are
    different channels are the channels of one scene. Where a channel occurs twice, angles,
    illuminations and tiles are scenes; anything else that setups refer to makes scenes too, and
    so do sizes, types, levels or voxel sizes that differ. T holds the time points in the order of
    their ids, which are ``metadata.timepoints``. Views that the XML lists as missing read as
    zeros. ``metadata`` is the whole XML, as a `SpimData`.

    The HDF5 file says how each setup is stored: its own type, levels and extents. A setup of which
    it does not say so is left out, with a warning. Where the XML states another size, the HDF5
    file is right, also in ``metadata``.

    ``physical_pixel_sizes`` are those of the current level, in micrometres if the XML gives a
    unit of length (see :func:`bigimg_lessons.units.length`), else in the XML's own unit;
    ``dimension_properties`` tells which.

    Parameters
    ----------
    image
        Path or fsspec address of the XML, or of the HDF5 file with its XML in the same folder.
    chunk_bytes
        Size in bytes up to which HDF5 chunks are merged into one dask chunk; ``None`` makes
        each HDF5 chunk a dask chunk. Planes stored in tiles or rows are merged whole, see
        :func:`bigimg_lessons.formats.bdv.hdf5.merge_chunks`.
    timepoints
        Ids of the time points to open, such as ``[1]``; all that the XML lists if ``None``. So
        time points of another extent are read, each by itself, and time points that the XML does
        not list.
    allow_outside
        Whether paths in the files may leave the folder of the XML. Only say so if you trust
        the files: such a path can name any file that you can read.
    fs_kwargs
        Options of the fsspec file system.

    Raises
    ------
    FileNotFoundError
        If `image`, or the HDF5 file that it names, is not there, or an HDF5 file has no XML.
    bioio_base.exceptions.UnsupportedFileFormatError
        If the XML is BigDataViewer's but keeps its pixels in another way than HDF5.
    ValueError, LookupError, OSError
        If the XML or HDF5 file is damaged, or makes no sense, in something that pixels need; or if
        the HDF5 file is in use.

    Warns
    -----
    UserWarning
        Once for each kind of thing that makes no sense and that no pixel needs, and for setups
        and levels that are left out.
    """

    def __init__(
        self,
        image: types.PathLike,
        *,
        chunk_bytes: int | None = CHUNK_BYTES,
        timepoints: Iterable[int] | None = None,
        allow_outside: bool = False,
        fs_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if chunk_bytes is not None and chunk_bytes < 1:
            raise ValueError(
                f"chunk_bytes is {chunk_bytes}: give the bytes of a dask chunk, or None to keep "
                "the chunks of the file."
            )
        self._fs, path = io.pathlike_to_fs(
            image, enforce_exists=True, fs_kwargs=dict(fs_kwargs or {})
        )
        self._chunk_bytes = chunk_bytes
        self._path, file = path, None
        if not is_xml(path):
            with opened(self._fs, path):  # a file in use says so, whatever else is wrong
                pass
            self._path, file = find_xml(self._fs, path)
        self._xml = read_xml(self._fs, self._path)
        remarks = Remarks()
        try:
            data = spimdata.from_xml(self._xml, source=self._path, remarks=remarks)
        except spimdata.LoaderError as error:
            raise exceptions.UnsupportedFileFormatError(
                "bigimg-lessons", self._path, str(error)
            ) from error
        if timepoints is not None:
            data = replace(data, timepoints=_checked_timepoints(timepoints))
        if file is None:
            file = locate(self._fs, self._path, data, allow_outside)
        else:
            remarks.add(
                "path",
                f"{self._path} names {data.hdf5.text!r}, which does not lead to {file}: pixels are "
                "read from that, since it lies beside the XML and was opened.",
            )
        self._source = Hdf5Source(self._fs, file, folder_of(self._path), allow_outside)
        with self._source.open() as source:
            if source.being_written:
                remarks.add(
                    "being written",
                    f"{file} is still being written (SWMR): what is there now is read. Open it "
                    "again to see more.",
                )
            layouts = _layouts(data, source, remarks)
        sizes = {number: layout.levels[0].shape for number, layout in layouts.items()}
        self._data = replace(
            data,
            setups=tuple(
                replace(setup, size=sizes[setup.id])
                if setup.size is not None and setup.id in sizes
                else setup
                for setup in data.setups
            ),
        )
        self._all_scenes = tuple(scenes_of(self._data, layouts, self._path))
        remarks.warn()

    @staticmethod
    def _is_supported_image(fs: AbstractFileSystem, path: str, **_: Any) -> bool:
        """Whether the content is BigDataViewer's, readable here or not.

        What is recognised and cannot be read is refused on opening, with its reason; bioio
        would replace a reason given here by its own sentence.
        """
        return holds_spimdata(fs, path) if is_xml(path) else holds_bdv(fs, path)

    @property
    def _scene(self) -> Scene:
        return self._all_scenes[self._current_scene_index]

    @property
    def scenes(self) -> tuple[str, ...]:
        """Names of the scenes."""
        return tuple(scene.name for scene in self._all_scenes)

    def set_scene(self, scene_id: str | int) -> None:
        """Change to another scene.

        The resolution level stays if the new scene has it, else it becomes 0.

        Parameters
        ----------
        scene_id
            Name, or index (negative ones count from the end).

        Raises
        ------
        IndexError
            If there is no such scene.
        TypeError
            If it is neither text nor a whole number.
        """
        if isinstance(scene_id, int) and -len(self.scenes) <= scene_id < 0:
            scene_id += len(self.scenes)
        if isinstance(scene_id, int) and scene_id < 0:
            raise IndexError(f"Scene {scene_id} of {len(self.scenes)} does not exist.")
        super().set_scene(scene_id)
        if self._current_resolution_level not in self.resolution_levels:
            self.set_resolution_level(0)

    @property
    def resolution_levels(self) -> tuple[int, ...]:
        """Levels of the current scene, 0 being full resolution."""
        return tuple(range(len(self._scene.layout.levels)))

    # What follows is known without a dask array, which bioio's own properties would make.

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (T, C, Z, Y, X) of the current level."""
        return self._array(self._current_resolution_level).shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels of the current scene."""
        return self._scene.layout.dtype

    @property
    def dims(self) -> dimensions.Dimensions:
        """Names and sizes of the axes of the current level."""
        return dimensions.Dimensions(dimensions.DEFAULT_DIMENSION_ORDER, self.shape)

    @property
    def metadata(self) -> SpimData:
        """What the XML says."""
        return self._data

    @property
    def setups(self) -> tuple[ViewSetup, ...]:
        """The view setups of the current scene, one for each channel."""
        return self._scene.setups

    @property
    def timepoints(self) -> tuple[int, ...]:
        """Ids of the time points along T."""
        return self._data.timepoints

    @property
    def level_factors(self) -> tuple[float, float, float]:
        """Full-resolution voxels per voxel of the current level, in z, y, x order."""
        return self._scene.layout.levels[self._current_resolution_level].factors

    @property
    def channel_names(self) -> list[str]:
        """Names of the channels of the current scene."""
        return list(self._scene.channels)

    @property
    def resolution_level_dims(self) -> dict[int, tuple[int, ...]]:
        """Shape (T, C, Z, Y, X) of each level of the current scene."""
        return {level: self._array(level).shape for level in self.resolution_levels}

    @property
    def physical_pixel_sizes(self) -> types.PhysicalPixelSizes:
        """Size of a voxel of the current level along Z, Y and X; ``None`` each if unknown."""
        voxel = self._scene.voxel_size
        if voxel is None:
            return types.PhysicalPixelSizes(None, None, None)
        unit = micrometres(voxel.unit) or 1.0
        return types.PhysicalPixelSizes(
            *(
                None if s is None else _tidy(s * f * unit)
                for s, f in zip(voxel.size, self.level_factors, strict=True)
            )
        )

    @property
    def dimension_properties(self) -> types.DimensionProperties:
        """Meaning and unit of each axis: micrometre if the XML gives a unit of length."""
        properties = super().dimension_properties
        voxel = self._scene.voxel_size
        if voxel is None or micrometres(voxel.unit) is None:
            return properties
        space = types.DimensionProperty(type="space", unit=types.ureg.Unit("micrometer"))
        return properties._replace(Z=space, Y=space, X=space)

    def shared_position(
        self, voxel_size: Sequence[float | None] | None, unit: str | None
    ) -> Position:
        """Find the position that all views of the current scene share, at its current level.

        Parameters
        ----------
        voxel_size, unit
            In z, y, x order, if another than `physical_pixel_sizes` is to hold.

        Returns
        -------
        Position
            With no offset if the views do not share one, or their registrations do more than
            calibrate and translate.
        """
        return position_of(self, voxel_size, unit)

    def get_image_data(
        self, dimension_order_out: str | None = None, **kwargs: Any
    ) -> npt.NDArray[Any]:
        """Read a part of the image, as bioio's reader does, with negative indices as in numpy.

        Parameters
        ----------
        dimension_order_out
            Axes wanted, such as ``"ZYX"``; all if ``None``.
        **kwargs
            Selection per axis, such as ``T=0``, ``Z=[0, -1]`` or ``X=slice(0, 9)``.

        Returns
        -------
        np.ndarray
            The pixels. Only the HDF5 chunks that hold them are read.
        """
        return super().get_image_data(dimension_order_out, **self._from_start(kwargs))

    def get_image_dask_data(
        self, dimension_order_out: str | None = None, **kwargs: Any
    ) -> da.Array:
        """Select a part of the image lazily, with negative indices as in numpy.

        Parameters
        ----------
        dimension_order_out
            Axes wanted, such as ``"ZYX"``; all if ``None``.
        **kwargs
            Selection per axis, such as ``T=0``, ``Z=[0, -1]`` or ``X=slice(0, 9)``.

        Returns
        -------
        dask.array.Array
            Nothing is read.
        """
        return super().get_image_dask_data(dimension_order_out, **self._from_start(kwargs))

    def _from_start(self, selection: Mapping[str, Any]) -> dict[str, Any]:
        """Count negative indices from the start.

        bioio-base turns a kept axis' ``-1`` and ``[-2, -1]`` into slices that end at 0, which
        select nothing.
        """
        sizes = dict(zip(dimensions.DEFAULT_DIMENSION_ORDER, self.shape, strict=True))

        def count(index: Any, axis: str) -> int:
            position = operator.index(index)
            if not -sizes[axis] <= position < sizes[axis]:
                raise IndexError(
                    f"{axis}={position} does not exist: the image has {sizes[axis]} along {axis}."
                )
            return position % sizes[axis]

        counted: dict[str, Any] = {}
        for axis, wanted in selection.items():
            if axis not in sizes or isinstance(wanted, slice):
                counted[axis] = wanted
            elif isinstance(wanted, Sequence | np.ndarray):
                counted[axis] = [count(index, axis) for index in wanted]
            else:
                counted[axis] = count(wanted, axis)
        return counted

    def _array(self, level: int) -> LevelArray:
        """Return a level of the scene; a part of another setup is read from that one."""
        ids = tuple(setup.id for setup in self._scene.setups)
        missing = self._data.missing
        if self._data.parts:
            stored = {part.id: part.stored for part in self._data.parts}
            missing = frozenset((t, stored[number]) for t, number in missing if number in ids)
            ids = tuple(stored[number] for number in ids)
        return LevelArray(
            source=self._source,
            timepoints=self._data.timepoints,
            setups=ids,
            level=level,
            layout=self._scene.layout,
            missing=missing,
        )

    def _label(self, pixels: da.Array | npt.NDArray[Any]) -> xr.DataArray:
        return xr.DataArray(
            pixels,
            dims=list(dimensions.DEFAULT_DIMENSION_ORDER),
            coords={dimensions.DimensionNames.Channel: list(self._scene.channels)},
            attrs={
                constants.METADATA_UNPROCESSED: self._xml,
                constants.METADATA_PROCESSED: self._data,
            },
        )

    def _read_delayed(self) -> xr.DataArray:
        return self._label(self._array(self._current_resolution_level).to_dask(self._chunk_bytes))

    def _read_immediate(self) -> xr.DataArray:
        return self._label(self._array(self._current_resolution_level)[...])

    def _read_indexed(self, given_dims: str, dim_specs: list[types.DimSpec]) -> npt.NDArray[Any]:
        return self._array(self._current_resolution_level)[tuple(dim_specs)]


def _checked_timepoints(timepoints: Iterable[int]) -> tuple[int, ...]:
    ids = sorted({operator.index(number) for number in timepoints})
    if not ids or ids[0] < 0:
        raise ValueError(f"timepoints are {ids}: give at least one id, from 0, such as [0].")
    return tuple(ids)


def _layouts(data: SpimData, source: OpenSource, remarks: Remarks) -> dict[int, SetupLayout]:
    """Look at how each setup is stored; what cannot be told of one is never taken from another."""
    parts = {part.id: part for part in data.parts}
    layouts: dict[int, SetupLayout] = {}
    failures: dict[int, Exception] = {}
    for setup in data.setups:
        present = (t for t in data.timepoints if (t, setup.id) not in data.missing)
        try:
            if data.parts:
                layouts[setup.id] = _part_layout(setup.id, parts, present, source, remarks)
            else:
                layouts[setup.id] = source.layout(
                    setup.id, present, remarks=remarks, size=setup.size
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
    """Look at how a setup is stored that is cut out of another."""
    part = parts.get(number)
    if part is None:
        raise ValueError(f"The XML does not say what setup {number} is cut out of, in <SetupIds>.")
    whole = source.layout(part.stored, timepoints, remarks=remarks)
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
