"""The bioio plugin that reads BigDataViewer's XML/HDF5.

``bioio.BioImage("dataset.xml")`` uses it by itself once the package is installed.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bioio_base.reader
import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from bioio_base import constants, dimensions, exceptions, io, types
from fsspec import AbstractFileSystem

from bigimg_lessons.formats.bdv.array import LevelArray
from bigimg_lessons.formats.bdv.chunking import CHUNK_BYTES
from bigimg_lessons.formats.bdv.dataset import open_dataset
from bigimg_lessons.formats.bdv.loaders import LoaderError
from bigimg_lessons.formats.bdv.pairing import holds_spimdata, is_xml
from bigimg_lessons.formats.bdv.position import position_of
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.scenes import Scene
from bigimg_lessons.formats.bdv.source import holds_bdv
from bigimg_lessons.formats.bdv.spimdata import SpimData, ViewSetup
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

    An image has the axes T, C, Z, Y, X. Setups that are stored alike, lie at the same position and
    are different channels are the channels of one scene. Where a channel occurs twice, angles,
    illuminations and tiles are scenes; other attributes of setups separate scenes too, and so do
    sizes, types, levels or voxel sizes that differ. T holds the time points in the order of their
    ids, which are ``metadata.timepoints``. Views that the XML lists as missing read as zeros.
    ``metadata`` is the whole XML, as a `SpimData`.

    The HDF5 file says how each setup is stored: its own type, levels and extents. A setup
    without these is left out, with a warning. Where the XML states another size, the size in the
    HDF5 file counts, also in ``metadata``.

    ``physical_pixel_sizes`` are those of the current level, in micrometres if the XML gives a
    unit of length (see :func:`bigimg_lessons.units.length`), else in the XML's own unit;
    ``dimension_properties`` says which.

    Whenever ``BioImage`` is told no reader, it reads the entry points of every installed package,
    one file for each, to find those that there are. Who opens many images, and installs nothing
    meanwhile, tells it ``reader=Reader``, or ``use_plugin_cache=True`` from the second on.

    Parameters
    ----------
    image
        Path or fsspec address of the XML, or of the HDF5 file with its XML in the same folder.
    chunk_bytes
        Size in bytes up to which HDF5 chunks are merged into one dask chunk; with ``None``
        each HDF5 chunk is a dask chunk. Planes stored in tiles or rows are merged whole, see
        :func:`bigimg_lessons.formats.bdv.chunking.merge_chunks`.
    timepoints
        Ids of the time points to open, such as ``[1]``; all that the XML lists if ``None``. This
        also opens time points that have another extent, one by one, and time points that the XML
        does not list.
    allow_outside
        Whether paths in the files may leave the folder of the XML. Only pass ``True`` if you
        trust the files: such a path can name any file that you can read.
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
        Once for each kind of error in what no pixel needs, and for setups and levels that are
        left out.
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
        remarks = Remarks()
        try:
            self._dataset = open_dataset(
                self._fs,
                path,
                timepoints=timepoints,
                allow_outside=allow_outside,
                remarks=remarks,
            )
        except LoaderError as error:
            raise exceptions.UnsupportedFileFormatError(
                "bigimg-lessons", error.source, str(error)
            ) from error
        self._path = self._dataset.path
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
        return self._dataset.scenes[self._current_scene_index]

    @property
    def scenes(self) -> tuple[str, ...]:
        """Names of the scenes."""
        return tuple(scene.name for scene in self._dataset.scenes)

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

    # What follows is known without a dask array, which bioio's own properties would create.

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (T, C, Z, Y, X) of the current level."""
        return self._array().shape

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
        return self._dataset.data

    @property
    def setups(self) -> tuple[ViewSetup, ...]:
        """The view setups of the current scene, one for each channel."""
        return self._scene.setups

    @property
    def timepoints(self) -> tuple[int, ...]:
        """Ids of the time points along T."""
        return self._dataset.data.timepoints

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
            Axes of the result, such as ``"ZYX"``; all if ``None``.
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
            Axes of the result, such as ``"ZYX"``; all if ``None``.
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

    def _array(self, level: int | None = None) -> LevelArray:
        """Return a level of the current scene; the current level if none is given."""
        if level is None:
            level = self._current_resolution_level
        return self._dataset.array(self._current_scene_index, level)

    def _label(self, pixels: da.Array | npt.NDArray[Any]) -> xr.DataArray:
        return xr.DataArray(
            pixels,
            dims=list(dimensions.DEFAULT_DIMENSION_ORDER),
            coords={dimensions.DimensionNames.Channel: list(self._scene.channels)},
            attrs={
                constants.METADATA_UNPROCESSED: self._dataset.xml,
                constants.METADATA_PROCESSED: self._dataset.data,
            },
        )

    def _read_delayed(self) -> xr.DataArray:
        return self._label(self._array().to_dask(self._chunk_bytes))

    def _read_immediate(self) -> xr.DataArray:
        return self._label(self._array()[...])

    def _read_indexed(self, given_dims: str, dim_specs: list[types.DimSpec]) -> npt.NDArray[Any]:
        return self._array()[tuple(dim_specs)]
