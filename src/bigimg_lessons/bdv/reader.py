"""The bioio plugin that reads BigDataViewer's XML/HDF5.

``bioio.BioImage("dataset.xml")`` uses it by itself once the package is installed.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import bioio_base.reader
import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from bioio_base import constants, dimensions, exceptions, io, types
from fsspec import AbstractFileSystem

from bigimg_lessons.bdv import spimdata
from bigimg_lessons.bdv.hdf5 import (
    CHUNK_BYTES,
    Hdf5Source,
    Level,
    LevelArray,
    OpenSource,
    SetupLayout,
    holds_bdv,
    pixel_type,
)
from bigimg_lessons.bdv.paths import resolve
from bigimg_lessons.bdv.spimdata import PathReference, SpimData, ViewSetup, VoxelSize

_HEAD_BYTES = 2**16  # enough to see past any comment to the first element
_UNGROUPED = {"channel", "displaysettings"}  # kinds of attribute that make no new scene

MICROMETRES = {
    "pm": 1e-6,
    "picometer": 1e-6,
    "picometre": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    "ångström": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "µm": 1.0,
    r"\u00b5m": 1.0,  # as ImageJ stores µm in text that only holds ASCII
    "um": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "inch": 25_400.0,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
}
"""Micrometres in each unit of length; upper case, and a plural s after a word, are understood."""

# Case-folding unites the micro sign (U+00B5) with the Greek letter mu (U+03BC).
_FACTORS = {name.casefold(): factor for name, factor in MICROMETRES.items()}


def micrometres(unit: str) -> float | None:
    """Micrometres in a unit of length.

    Parameters
    ----------
    unit
        The unit's name, as BigDataViewer's XML gives it.

    Returns
    -------
    float | None
        ``None`` if it is no length: ``"pixel"``, empty, or unknown.
    """
    name = unit.strip().casefold()
    if len(name) > 4:  # not "ms"
        name = name.removesuffix("s")
    return _FACTORS.get(name)


def _tidy(number: float) -> float:
    """Drop the digits that only passing through float32 or binary fractions has added.

    ``0.10000000149`` is 0.1 written as float32; ``0.30000000000000004`` is three times 0.1.
    """
    for digits, error in ((7, 6e-8), (12, 1e-15)):
        short = float(f"{number:.{digits}g}")
        if abs(short - number) <= error * abs(number):
            return short
    return number


@dataclass(frozen=True)
class Scene:
    """Setups that fit into one array: one per channel, all stored alike.

    Parameters
    ----------
    name
        Its name, unique in the dataset.
    setups
        One per channel, by channel id.
    channels
        Names of the channels.
    layout
        How each of the setups is stored.
    voxel_size
        Size of a full-resolution voxel, or ``None`` if unknown.
    """

    name: str
    setups: tuple[ViewSetup, ...]
    channels: tuple[str, ...]
    layout: SetupLayout
    voxel_size: VoxelSize | None


class Reader(bioio_base.reader.Reader):
    """Read BigDataViewer's XML/HDF5 lazily, with all its resolution levels.

    An image has the axes T, C, Z, Y, X. Setups that differ in their channel only, and are
    stored alike, are the channels of one scene; angles, illuminations, tiles and anything else
    are scenes, and so are setups whose size, type, levels or voxel size differ. T holds the
    time points in the order of their ids. Views that the XML lists as missing read as zeros.
    ``metadata`` is the whole XML, as a `SpimData`.

    ``physical_pixel_sizes`` are those of the current level, in micrometres if the XML gives a
    unit of length (see `MICROMETRES`), else in the XML's own unit; ``dimension_properties``
    tells which.

    Parameters
    ----------
    image
        Path or fsspec address of the XML, or of the HDF5 file with its XML in the same folder.
    chunk_bytes
        Size in bytes up to which HDF5 chunks are merged into one dask chunk; ``None`` makes
        each HDF5 chunk a dask chunk.
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
        If the XML or HDF5 file is damaged, or makes no sense.
    """

    def __init__(
        self,
        image: types.PathLike,
        *,
        chunk_bytes: int | None = CHUNK_BYTES,
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
        self._path = path if _is_xml(path) else _find_xml(self._fs, path)
        self._xml = _read_xml(self._fs, self._path)
        try:
            self._data = spimdata.from_xml(self._xml, source=self._path)
        except spimdata.LoaderError as error:
            raise exceptions.UnsupportedFileFormatError(
                "bigimg-lessons", self._path, str(error)
            ) from error
        file = _locate(self._fs, self._path, self._data, allow_outside)
        self._source = Hdf5Source(self._fs, file, _folder(self._path), allow_outside)
        with self._source.open() as source:
            layouts = _layouts(self._data, source)
        self._all_scenes = tuple(_scenes(self._data, layouts, self._path))

    @staticmethod
    def _is_supported_image(fs: AbstractFileSystem, path: str, **_: Any) -> bool:
        """Whether the content is BigDataViewer's, readable here or not.

        What is recognised and cannot be read is refused on opening, with its reason; bioio
        would replace a reason given here by its own sentence.
        """
        if not _is_xml(path):
            return holds_bdv(fs, path)
        return _is_spimdata(fs, path)

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
            *(_tidy(s * f * unit) for s, f in zip(voxel.size, self.level_factors, strict=True))
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
        return LevelArray(
            source=self._source,
            timepoints=self._data.timepoints,
            setups=tuple(setup.id for setup in self._scene.setups),
            level=level,
            layout=self._scene.layout,
            missing=self._data.missing,
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


def _is_xml(path: str) -> bool:
    return path.lower().endswith(".xml")


def _is_spimdata(fs: AbstractFileSystem, path: str) -> bool:
    with fs.open(path) as file:
        return spimdata.is_spimdata(file.read(_HEAD_BYTES))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _read_xml(fs: AbstractFileSystem, path: str) -> bytes:
    with fs.open(path) as file:
        content: bytes = file.read(spimdata.MAX_XML_BYTES + 1)
    return content


def _targets(xml: str, data: SpimData, reference: PathReference, allow_outside: bool) -> list[str]:
    """Paths that a reference in the XML can mean, the likeliest first.

    Since 2024 BigDataViewer writes paths as URIs, with ``%20`` for a space; before, it wrote
    them as they are, so a name may hold a percent sign of its own.
    """
    folder = _folder(xml)

    def follow(text: str, start: str) -> str:
        return resolve(text, start=start, root=folder, source=xml, allow_outside=allow_outside)

    base = follow(data.base_path.text, folder)
    return [follow(text, base) for text in dict.fromkeys([reference.text, unquote(reference.text)])]


def _locate(fs: AbstractFileSystem, xml: str, data: SpimData, allow_outside: bool) -> str:
    """Path of the HDF5 file that the XML names."""
    targets = _targets(xml, data, data.hdf5, allow_outside)
    for target in targets:
        if fs.isfile(target):
            return target
    raise FileNotFoundError(
        f"{xml} keeps its pixels in {data.hdf5.text!r}, and there is no file {targets[0]}: put it "
        "there, or correct the path in the XML."
    )


def _find_xml(fs: AbstractFileSystem, file: str) -> str:
    """Path of the XML that names an HDF5 file, or one of its partitions, in the same folder.

    The one of the same name comes first, and is taken even if it is damaged: then opening it
    tells what is wrong.
    """
    twin = file.rpartition(".")[0] + ".xml"
    if fs.isfile(twin) and _is_spimdata(fs, twin):
        try:
            if _names(fs, twin, file):
                return twin
        except ValueError:
            return twin
    found = []
    for xml in filter(_is_xml, _list(fs, _folder(file))):
        with contextlib.suppress(ValueError):
            if _is_spimdata(fs, xml) and _names(fs, xml, file):
                found.append(xml)
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{file} belongs to several XML files: open one of {', '.join(found)}.")
    raise FileNotFoundError(
        f"{file} holds the pixels of a BigDataViewer dataset, and no XML in its folder names it: "
        "put the XML beside it (it holds voxel sizes, channels and time points), and open that."
    )


def _names(fs: AbstractFileSystem, xml: str, file: str) -> bool:
    """Whether an XML names an HDF5 file, as the dataset's or as a partition."""
    data = spimdata.from_xml(_read_xml(fs, xml), source=xml)
    paths = [data.hdf5, *(partition.path for partition in data.partitions)]
    return any(file in _targets(xml, data, path, True) for path in paths)


def _list(fs: AbstractFileSystem, folder: str) -> list[str]:
    """Files of a folder, sorted; none if the file system, such as a web server, lists none."""
    try:
        return sorted(fs.ls(f"{folder}/", detail=False))
    except Exception:  # each file system has errors of its own for this
        return []


def _layouts(data: SpimData, source: OpenSource) -> dict[int, SetupLayout]:
    """How each setup is stored.

    A setup of which nothing is there, because all its views are missing or their partition is,
    takes the layout of another setup of its size. Its missing views are zeros then, and
    reading any other says which file is not there.
    """
    layouts: dict[int, SetupLayout] = {}
    failures: dict[int, OSError | LookupError] = {}
    for setup in data.setups:
        present = [t for t in data.timepoints if (t, setup.id) not in data.missing]
        try:
            layout = source.layout(setup.id, present)
        except (LookupError, FileNotFoundError) as error:
            failures[setup.id] = error
            continue
        shape = layout.levels[0].shape
        if setup.size not in (None, shape):
            raise ValueError(
                f"{source.path} holds {shape} voxels (z, y, x) for setup {setup.id}, but its "
                f"<size> in the XML says {setup.size}: one of them is damaged or belongs to "
                "another dataset."
            )
        layouts[setup.id] = layout
    if not layouts:
        raise next(iter(failures.values()))
    stored = list(layouts.values())
    for setup in data.setups:
        if setup.id in failures:
            if setup.size is None:
                raise failures[setup.id]
            alike = [layout for layout in stored if layout.levels[0].shape == setup.size]
            layouts[setup.id] = alike[0] if alike else _bare_layout(setup.size)
    return layouts


def _bare_layout(shape: tuple[int, int, int]) -> SetupLayout:
    """Full resolution only, of BigDataViewer's first pixel type."""
    level = Level((1.0, 1.0, 1.0), shape, (1, 1, shape[2]))
    return SetupLayout(pixel_type(np.int16, None), np.dtype(np.int16), (level,))


def _scenes(data: SpimData, layouts: Mapping[int, SetupLayout], xml: str) -> Iterator[Scene]:
    """Group setups into scenes, in the order of their ids."""
    groups: dict[tuple[Any, ...], dict[int | None, ViewSetup]] = {}
    for setup in data.setups:
        layout = layouts[setup.id]
        channel = dict(setup.attributes).get("channel")
        key: tuple[Any, ...] = (
            tuple(sorted(pair for pair in setup.attributes if pair[0] not in _UNGROUPED)),
            layout.dtype,
            layout.stored,
            tuple((level.shape, level.factors) for level in layout.levels),
            data.voxel_size(setup),
        )
        if channel is None or channel in groups.get(key, {}):
            key = (*key, setup.id)  # nothing tells it from another image: a scene of its own
        groups.setdefault(key, {})[channel] = setup
    members = [
        tuple(group[channel] for channel in sorted(group, key=lambda c: -1 if c is None else c))
        for group in groups.values()
    ]
    stem = xml.rpartition("/")[2].rpartition(".")[0]
    names = _unique(_scene_names(data, members, stem), members)
    for name, setups in zip(names, members, strict=True):
        channels = [_channel_name(data, setup) for setup in setups]
        yield Scene(
            name=name,
            setups=setups,
            channels=tuple(_unique(channels, [(setup,) for setup in setups])),
            layout=layouts[setups[0].id],
            voxel_size=data.voxel_size(setups[0]),
        )


def _scene_names(
    data: SpimData, members: Sequence[tuple[ViewSetup, ...]], stem: str
) -> Iterator[str]:
    """Name scenes by the attributes in which they differ, else by setup or file."""
    attributes = [dict(setups[0].attributes) for setups in members]
    kinds = dict.fromkeys(kind for own in attributes for kind in own if kind not in _UNGROUPED)
    differing = [kind for kind in kinds if len({own.get(kind) for own in attributes}) > 1]
    for setups, own in zip(members, attributes, strict=True):
        parts = [
            f"{kind} {data.attribute_name(kind, own[kind]) or own[kind]}"
            for kind in differing
            if kind in own
        ]
        yield ", ".join(parts) or (setups[0].name if len(setups) == 1 else None) or stem


def _channel_name(data: SpimData, setup: ViewSetup) -> str:
    channel = dict(setup.attributes).get("channel")
    if channel is None:
        return setup.name or f"setup {setup.id}"
    return data.attribute_name("channel", channel) or f"channel {channel}"


def _unique(names: Iterable[str], members: Sequence[tuple[ViewSetup, ...]]) -> list[str]:
    """Append the setups' ids to names, all of them, if two are the same."""
    names = list(names)
    if len(set(names)) == len(names):
        return names
    return [
        f"{name} (setup {', '.join(str(setup.id) for setup in setups)})"
        for name, setups in zip(names, members, strict=True)
    ]
