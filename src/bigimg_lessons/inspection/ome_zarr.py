"""OME-Zarr 0.1 to 0.6, plain Zarr, and what groups hold: plates, series, labels.

The fields are those of ngff.openmicroscopy.org: ``multiscales`` with ``axes`` since 0.3,
``coordinateTransformations`` since 0.4, all below ``ome`` since 0.5, and ``coordinateSystems``
since 0.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.inspection.errors import InspectionError, NoImageError
from bigimg_lessons.inspection.json_values import items, mapping, number, text
from bigimg_lessons.inspection.places import Place
from bigimg_lessons.inspection.report import UNKNOWN_AXIS, Report
from bigimg_lessons.inspection.transformations import Placed, Placing, is_index
from bigimg_lessons.inspection.zarr_arrays import (
    ArrayMetadata,
    Node,
    described,
    files_of,
    inside,
    read_node,
)

KNOWN_VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
"""Versions that this package reads."""

_MAX_LEVELS = 64
_MAX_DEPTH = 3
_MAX_ARRAYS = 20
_AXES_BEFORE_03 = ("T", "C", "Z", "Y", "X")
_AXIS = re.compile(r"[a-z]", re.IGNORECASE)


def inspect_zarr(place: Place, source: str) -> Report:
    """Describe a Zarr folder, of OME or of anybody.

    Parameters
    ----------
    place
        The folder.
    source
        How the user calls it.

    Raises
    ------
    InspectionError
        If it is no Zarr, is damaged, or holds no image.
    """
    path, node, image = _image_in(place)
    if node.array is not None:
        return _plain(place, source, [(path, node.array)], image)
    ome = _ome(node)
    if items(ome.get("multiscales")):
        return _Image(place, source, path, node, ome, image).report()
    arrays = _arrays_below(place, path)
    if not arrays:
        raise InspectionError(
            f"{source} is a Zarr group, and holds neither an OME-Zarr image nor an array that can "
            "be found: give the path of the image in it."
        )
    return _plain(place, source, arrays, image)


def _ome(node: Node) -> Mapping[str, Any]:
    inner = node.attributes.get("ome")
    return mapping(inner) if isinstance(inner, dict) else node.attributes


_IN_OME = {"multiscales", "plate", "well", "labels", "bioformats2raw.layout"}


def _image_in(place: Place) -> tuple[str, Node, str]:
    """Find the image of a group: itself, or the first of a plate, of series or of labels."""
    root = read_node(place)
    if root is None:
        raise InspectionError(
            f"{place.name} has neither zarr.json nor .zgroup nor .zarray, so it is no Zarr: give "
            "the folder that has them."
        )
    path, node, said = "", root, ""
    for _ in range(4):
        ome = _ome(node)
        if node.array is not None or items(ome.get("multiscales")):
            break
        step, words = _first_inside(place, path, ome)
        if step is None or (found := read_node(place, inside(path, step))) is None:
            break
        path, node = inside(path, step), found
        said = f"{said}, {words}" if said else words
    return path, node, said


def _first_inside(place: Place, path: str, ome: Mapping[str, Any]) -> tuple[str | None, str]:
    wells = items(mapping(ome.get("plate")).get("wells"))
    if wells and (well := text(mapping(wells[0]).get("path"))):
        return well, f"well {well}, the first of {len(wells)}"
    fields = items(mapping(ome.get("well")).get("images"))
    if fields and (field := text(mapping(fields[0]).get("path"))):
        return field, f"field {field}, the first of {len(fields)}"
    labels = items(ome.get("labels"))
    if labels and (label := text(labels[0])):
        return label, f"labels {label}, the first of {len(labels)}"
    if "bioformats2raw.layout" in ome:
        listed = read_node(place, inside(path, "OME"))
        stated = items(_ome(listed).get("series")) if listed else ()
        if stated and (first := text(stated[0])):
            return first, f"series {first}, the first of {len(stated)}"
        names = place.names(path)
        series = [name for name in names or () if name.isdigit()]
        return "0", f"series 0, the first of {len(series)}" if series else "series 0"
    return _first_image(place, path)


def _first_image(place: Place, path: str) -> tuple[str | None, str]:
    """Find an image in a group that does not say what is in it."""
    images = []
    for name in (place.names(path) or ())[:200]:
        node = None if name.startswith(".") else _member(place, inside(path, name))
        if node is not None and node.array is None and _IN_OME & _ome(node).keys():
            images.append(name)
    return (images[0], f"{images[0]}, the first of {len(images)}") if images else (None, "")


def _member(place: Place, path: str) -> Node | None:
    """Read what a folder in a group is; None if it is nothing in which an image may be."""
    try:
        return read_node(place, path)
    except NoImageError:  # such as the scalar coordinates of xarray
        return None


def _arrays_below(place: Place, path: str) -> list[tuple[str, ArrayMetadata]]:
    """Find the arrays of a group, the largest first."""
    found: list[tuple[str, ArrayMetadata]] = []
    left = [(path, 0)]
    while left and len(found) < _MAX_ARRAYS:
        folder, depth = left.pop(0)
        for name in (place.names(folder) or ())[:200]:
            if name.startswith(".") or name == "zarr.json":
                continue
            node = _member(place, inside(folder, name))
            if node is None:
                continue
            if node.array is not None:
                found.append((inside(folder, name), node.array))
            elif depth < _MAX_DEPTH:
                left.append((inside(folder, name), depth + 1))
    return sorted(found, key=lambda each: [-(each[1].file_bytes or 0), -len(each[1].shape)])


def _plain(
    place: Place, source: str, arrays: Sequence[tuple[str, ArrayMetadata]], image: str
) -> Report:
    path, array = max(arrays, key=lambda each: _voxels(each[1]))
    names = tuple(
        name.upper() if _AXIS.fullmatch(name) else name or UNKNOWN_AXIS for name in array.names
    )
    if len(arrays) > 1:
        image = f"array {path}, the largest of {len(arrays)}"
    return Report(
        source=source,
        kind="Zarr",
        version=f"v{array.zarr_format}",
        axes=names,
        units=(None,) * len(names),
        levels=(described(place, path, array),),
        files=files_of(place, [each for _, each in arrays]),
        image=image,
    )


def _voxels(array: ArrayMetadata) -> int:
    count = 1
    for n in array.shape:
        count *= n
    return count


@dataclass(frozen=True)
class _Image:
    """An image of OME-Zarr, being described.

    Parameters
    ----------
    place, source, path
        Where it lies, how the user calls it, and its group.
    node, ome
        The group, and what OME-Zarr says in it.
    image
        Which image of several it is.
    """

    place: Place
    source: str
    path: str
    node: Node
    ome: Mapping[str, Any]
    image: str

    def report(self) -> Report:
        several = items(self.ome.get("multiscales"))
        multiscale = mapping(several[0])
        version = text(self.ome.get("version")) or text(multiscale.get("version"))
        arrays = self._arrays(multiscale)
        placing = Placing(multiscale)
        axes, units = self._axes(placing, len(arrays[0][2].shape))
        placed = [placing.placed(dataset, len(axes)) for _, dataset, _ in arrays]
        levels = [
            described(self.place, path, array, voxel_size=each.voxel_size, offset=each.offset)
            for (path, _, array), each in zip(arrays, placed, strict=True)
        ]
        image = self.image
        if len(several) > 1:
            image = f"{image}, " if image else ""
            image += f"the first of {len(several)} entries of multiscales"
        is_labels = "image-label" in self.ome or "labels" in self.path.split("/")
        # Before 0.4 levels had no place for a size; from 0.2 on the version was often left out.
        unread = version if version is not None and not _is_known(version) else None
        return Report(
            source=self.source,
            kind="OME-Zarr",
            version=version,
            axes=axes,
            units=units,
            levels=tuple(levels),
            files=files_of(self.place, [array for *_, array in arrays]),
            image=image,
            channel_names=tuple(_channel_names(self.ome)),
            windows=tuple(_windows(self.ome)),
            is_labels=is_labels,
            method=text(multiscale.get("type")),
            contradictions=tuple(self._contradictions(placing, axes, arrays, version)),
            unread_version=unread,
            notes=(*placing.notes, *_not_followed(placed)),
        )

    def _arrays(
        self, multiscale: Mapping[str, Any]
    ) -> list[tuple[str, Mapping[str, Any], ArrayMetadata]]:
        found = []
        for dataset in map(mapping, items(multiscale.get("datasets"))[:_MAX_LEVELS]):
            name = text(dataset.get("path"))
            if name is None or ".." in name.split("/"):
                continue
            node = read_node(self.place, inside(self.path, name))
            if node is None or node.array is None:
                raise InspectionError(
                    f"{self.source} names a level {name!r}, and there is no array of that name: "
                    "the copy is not complete, or the metadata is damaged."
                )
            found.append((inside(self.path, name), dataset, node.array))
        if not found:
            raise InspectionError(f"{self.source} is OME-Zarr, and names no level that is there.")
        return found

    def _axes(self, placing: Placing, count: int) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
        stated = placing.axes
        if not stated:
            is_old = count == 5 and not placing.systems
            axes = _AXES_BEFORE_03 if is_old else (UNKNOWN_AXIS,) * count
            return axes, (None,) * count
        names, units = [], []
        for entry in stated:
            name = text(entry) or text(mapping(entry).get("name"))
            name = UNKNOWN_AXIS if name is None or is_index(entry) else name
            names.append(name.upper() if len(name) == 1 else name)
            units.append(text(mapping(entry).get("unit")))
        if len(names) != count:
            raise InspectionError(
                f"{self.source} names {len(names)} axes, and its level 0 has {count}: its metadata "
                "is damaged."
            )
        return tuple(names), tuple(units)

    def _contradictions(
        self,
        placing: Placing,
        axes: tuple[str, ...],
        arrays: Sequence[tuple[str, Mapping[str, Any], ArrayMetadata]],
        version: str | None,
    ) -> list[str]:
        first = arrays[0][2]
        found = []
        for path, dataset, array in arrays[1:]:
            if placing.strays(dataset):
                found.append(f"Level {path} leads to another coordinate system than level 0.")
            if array.dtype != first.dtype:
                found.append(
                    f"Level {path} has voxels of {array.dtype}, and level 0 of {first.dtype}."
                )
            if len(array.shape) != len(first.shape):
                found.append(f"Level {path} has {len(array.shape)} axes, not {len(first.shape)}.")
        told, channels = list(_channel_names(self.ome)), first.shape
        if told and "C" in axes and len(told) != channels[axes.index("C")]:
            found.append(
                f"The metadata names {len(told)} channels, and the array has "
                f"{channels[axes.index('C')]}."
            )
        needed = {"0.5": 3, "0.6": 3}.get((version or "")[:3], 2)
        if version and _is_known(version) and first.zarr_format != needed:
            found.append(
                f"It says that it is OME-Zarr {version}, which is kept in Zarr v{needed}, and is "
                f"kept in Zarr v{first.zarr_format}."
            )
        return found


def _not_followed(placed: Sequence[Placed]) -> list[str]:
    levels = [str(number) for number, each in enumerate(placed) if each.foreign is not None]
    if not levels:
        return []
    kinds = dict.fromkeys(each.foreign for each in placed if each.foreign is not None)
    return [
        f"Of level {', '.join(levels)} the voxel size is not known: its transformation "
        f"({', '.join(kinds)}) is not followed here, or does not fit its axes."
    ]


def _is_known(version: str) -> bool:
    return any(re.fullmatch(rf"{re.escape(known)}(\W.*)?", version) for known in KNOWN_VERSIONS)


def _channel_names(ome: Mapping[str, Any]) -> list[str]:
    channels = items(mapping(ome.get("omero")).get("channels"))[:1000]
    return [text(mapping(each).get("label")) or "" for each in channels]


def _windows(ome: Mapping[str, Any]) -> list[tuple[float, float] | None]:
    found: list[tuple[float, float] | None] = []
    for each in items(mapping(ome.get("omero")).get("channels"))[:1000]:
        window = mapping(mapping(each).get("window"))
        low, high = number(window.get("start")), number(window.get("end"))
        found.append(None if low is None or high is None else (low, high))
    return found if any(found) else []
