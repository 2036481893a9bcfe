"""What OME-Zarr's coordinate transformations say of the voxels of each level.

Up to 0.5 those of a level and, after them, those of all levels lead to the one system of ``axes``
(ngff.openmicroscopy.org/0.4, "multiscales" metadata). Since 0.6 each leads from one named system to
another: that of a level to the intrinsic one, in which the image is viewed and measured, and those
of all levels from there to others, of which nothing is told here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.inspection.json_values import items, mapping, number, text

Json = Mapping[str, Any]
Vector = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where the voxels of a level lie.

    Parameters
    ----------
    voxel_size, offset
        Size of a voxel and position of the first one along each axis; None if they are not told,
        or not known.
    foreign
        Type of a transformation that is not followed, for which they are not known.
    """

    voxel_size: Vector | None = None
    offset: Vector | None = None
    foreign: str | None = None


@dataclass(frozen=True)
class Placing:
    """How an entry of ``multiscales`` places its levels.

    Parameters
    ----------
    multiscale
        The entry.
    """

    multiscale: Json

    @property
    def systems(self) -> Sequence[Any]:
        """Coordinate systems with a name, as there are since 0.6."""
        return () if self._plain_axes else items(self.multiscale.get("coordinateSystems"))

    @property
    def axes(self) -> Sequence[Any]:
        """The axes along which sizes are told, as they are stated; empty if none are."""
        if not self.systems:
            return self._plain_axes
        return items(mapping(self._intrinsic).get("axes"))

    @property
    def notes(self) -> list[str]:
        """What of the coordinate systems is not known, as sentences."""
        if self.systems and self._intrinsic is None:
            return [
                "Its levels do not lead to a coordinate system that it describes, so its axes and "
                "units are not known."
            ]
        if self._is_of_indices:
            return [
                "Its levels lead to a coordinate system of array indices, and what leads from "
                "there to others is not followed here, so its voxel size is not known."
            ]
        return []

    def placed(self, dataset: Json, count: int) -> Placed:
        """Return where the voxels of a level lie.

        Parameters
        ----------
        dataset
            The level, as it is stated.
        count
            Number of its axes.
        """
        transforms = items(dataset.get("coordinateTransformations"))
        if self._is_of_indices or self.strays(dataset):
            return Placed()
        if not self.systems:
            transforms = [*transforms, *items(self.multiscale.get("coordinateTransformations"))]
        elif _output(dataset) is not None:
            transforms = transforms[:1]  # which is all that leads there
        return _composed(transforms, count)

    def strays(self, dataset: Json) -> bool:
        """Whether a level leads to another coordinate system than the first level."""
        return bool(self.systems) and _output(dataset) != self._target

    @property
    def _plain_axes(self) -> Sequence[Any]:
        return items(self.multiscale.get("axes"))

    @property
    def _target(self) -> str | None:
        datasets = items(self.multiscale.get("datasets"))
        return _output(mapping(datasets[0])) if datasets else None

    @property
    def _intrinsic(self) -> Json | None:
        systems = [mapping(each) for each in self.systems]
        if self._target is None and len(systems) == 1:
            return systems[0]
        named = (each for each in systems if text(each.get("name")) == self._target)
        return None if self._target is None else next(named, None)

    @property
    def _is_of_indices(self) -> bool:
        return bool(self.systems) and any(map(is_index, self.axes))


def is_index(axis: object) -> bool:
    """Whether an axis counts the voxels of an array, so that it has neither name nor unit.

    Parameters
    ----------
    axis
        As it is stated.
    """
    return mapping(axis).get("type") == "array"


def _output(dataset: Json) -> str | None:
    """Return the coordinate system that a level leads to, None if it does not say which."""
    (first, *_) = (*items(dataset.get("coordinateTransformations")), None)
    output = mapping(first).get("output")
    return text(output) or text(mapping(output).get("name"))  # a text before the release of 0.6


def _composed(transforms: Sequence[Any], count: int) -> Placed:
    size: list[float] | None = None
    offset: list[float] | None = None
    for kind, numbers in _steps(transforms, count):
        if numbers is None:
            return Placed(foreign=kind)
        if kind == "scale":
            size = [a * b for a, b in zip(size or [1.0] * count, numbers, strict=True)]
            if offset is not None:
                offset = [a * b for a, b in zip(offset, numbers, strict=True)]
        else:
            offset = [a + b for a, b in zip(offset or [0.0] * count, numbers, strict=True)]
    return Placed(
        voxel_size=None if size is None else tuple(size),
        offset=None if offset is None else tuple(offset),
    )


def _steps(transforms: Sequence[Any], count: int) -> list[tuple[str, list[float] | None]]:
    """Return scales and translations in their order, None for the numbers of what is neither."""
    found: list[tuple[str, list[float] | None]] = []
    for each in map(mapping, transforms):
        kind = text(each.get("type")) or "?"
        if kind == "sequence":
            found += _steps(items(each.get("transformations")), count)
        elif kind == "identity":
            found.append(("scale", [1.0] * count))
        else:
            stated = items(each.get(kind)) if kind in ("scale", "translation") else ()
            numbers = [value for item in stated if (value := number(item)) is not None]
            fits = len(numbers) == len(stated) == count
            found.append((kind[:40], numbers if fits else None))
    return found
