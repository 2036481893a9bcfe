"""What the XML of a new dataset says: of any image, or of a BigDataViewer image that is copied."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from bigimg_lessons.formats.bdv.registration import Size, at_level, calibration, offset_of
from bigimg_lessons.formats.bdv.spimdata import (
    Attribute,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
)
from bigimg_lessons.pyramids.callers import warn_caller
from bigimg_lessons.units import micrometres

if TYPE_CHECKING:  # the reader itself asks where its image lies
    from bigimg_lessons.formats.bdv.reader import Reader

View = tuple[int, int]
"""Ids of a time point and a setup."""

Transforms = tuple[ViewTransform, ...]

_ONES: Size = (1.0, 1.0, 1.0)

# Sizes that have passed through float32 are still the same.
_TOLERANCE = 1e-6


def describe(
    h5: str, shape: Sequence[int], voxel_size: VoxelSize, channel_names: Sequence[str]
) -> SpimData:
    """Describe an image when no more is known of it than this.

    Parameters
    ----------
    h5
        Name of the HDF5 file, which lies beside the XML.
    shape
        Extents along T, C, Z, Y and X.
    voxel_size
        Size of a voxel, the same in all views.
    channel_names
        One for each channel.

    Returns
    -------
    SpimData
        A setup for each channel, and each view registered by its calibration alone.
    """
    return SpimData(
        hdf5=PathReference(h5),
        setups=tuple(
            ViewSetup(
                id=number,
                name=name,
                size=(shape[2], shape[3], shape[4]),
                voxel_size=voxel_size,
                attributes=(("channel", number),),
            )
            for number, name in enumerate(channel_names)
        ),
        timepoints=tuple(range(shape[0])),
        attributes=tuple(
            Attribute("channel", number, name) for number, name in enumerate(channel_names)
        ),
        registrations=tuple(
            ViewRegistration(timepoint, setup, (calibration(_complete(voxel_size) or _ONES),))
            for timepoint, setup in np.ndindex(shape[0], shape[1])
        ),
    )


def describe_copy(
    h5: str,
    reader: Reader,
    *,
    voxel_size: VoxelSize | None = None,
    is_new_unit: bool = False,
    channel_names: Sequence[str] | None = None,
) -> SpimData:
    """Describe a copy of a BigDataViewer image: its current scene at its current level.

    Views keep their numbers, names, attributes and registrations, and missing views stay
    missing. Of a coarser level the voxel size and the registrations become those of that level.

    Parameters
    ----------
    h5
        Name of the HDF5 file, which lies beside the XML.
    reader
        The reader of the image.
    voxel_size
        To replace that of the current level. Registrations that say more than the old one do
        not hold for another, and are left out.
    is_new_unit
        Whether `voxel_size` is only the old one in another unit. Then registrations stay, and
        space is scaled with them.
    channel_names
        One for each channel, to replace those of the image.

    Returns
    -------
    SpimData
        With the setups of the scene. Those of ``reader.setups`` are the channels in order.

    Warns
    -----
    UserWarning
        If registrations are left out, or a view has none.
    """
    factors = reader.level_factors
    names = channel_names or (None,) * len(reader.setups)
    registered = registrations(reader)
    _warn_of_unregistered(reader, registered)
    known = known_voxel_size(reader)
    if is_new_unit and known is None:
        voxel_size = None
    told = None if voxel_size is None else _complete(_scaled(voxel_size, factors, -1))
    if voxel_size is None or told is None or (known and np.allclose(told, known, _TOLERANCE, 0)):
        pass  # as in the source
    elif known is not None and (is_new_unit or tells_known_size(reader, voxel_size)):
        registered = _rescaled(registered, known, told, voxel_size.unit)
    else:
        registered = _recalibrated(registered, known or _ONES, told)
    setups = [
        ViewSetup(
            id=setup.id,
            name=name or _one_line(setup.name),
            size=(reader.shape[2], reader.shape[3], reader.shape[4]),
            voxel_size=voxel_size or (setup.voxel_size and _scaled(setup.voxel_size, factors)),
            attributes=setup.attributes,
        )
        for setup, name in zip(reader.setups, names, strict=True)
    ]
    return SpimData(
        hdf5=PathReference(h5),
        setups=tuple(sorted(setups, key=lambda setup: setup.id)),
        timepoints=reader.timepoints,
        attributes=_attributes(reader, names),
        missing=missing_views(reader),
        registrations=tuple(
            ViewRegistration(*view, at_level(registered[view], factors))
            for view in sorted(registered)
        ),
    )


def missing_views(reader: Reader) -> frozenset[View]:
    """Return the views of the current scene that the XML calls missing.

    Parameters
    ----------
    reader
        The reader of the image.
    """
    setups = {setup.id for setup in reader.setups}
    return frozenset(
        (timepoint, setup)
        for timepoint, setup in reader.metadata.missing
        if timepoint in reader.timepoints and setup in setups
    )


def known_voxel_size(reader: Reader) -> Size | None:
    """Return the size of a full-resolution voxel of the current scene, in the XML's numbers.

    Parameters
    ----------
    reader
        The reader of the image.

    Returns
    -------
    tuple of float or None
        In z, y, x order; None unless it is known along all axes.
    """
    voxel_size = reader.metadata.voxel_size(reader.setups[0])
    return None if voxel_size is None else _complete(voxel_size)


def tells_known_size(reader: Reader, voxel_size: VoxelSize) -> bool:
    """Return whether a voxel size is that of the current level.

    Parameters
    ----------
    reader
        The reader of the image.
    voxel_size
        In any unit. Without a unit of length, or if the image has none, numbers are compared with
        those that bioio gives.
    """
    has_unit = reader.dimension_properties.X.unit is not None
    unit = (micrometres(voxel_size.unit) if has_unit else None) or 1.0
    pairs = zip(voxel_size.size, reader.physical_pixel_sizes, strict=True)
    return all(a and b and math.isclose(a * unit, b, rel_tol=_TOLERANCE) for a, b in pairs)


def _complete(voxel_size: VoxelSize) -> Size | None:
    """Return the three numbers, None unless all of them are known."""
    z, y, x = voxel_size.size
    return (z, y, x) if z and y and x else None


def registrations(reader: Reader) -> dict[View, Transforms]:
    """Return how the views of the current scene are registered, at full resolution.

    Parameters
    ----------
    reader
        The reader of the image.

    Returns
    -------
    dict
        The transforms of each view. A view without transforms in the XML has its calibration, or
        nothing if its voxel size is unknown; if it is missing too, it is left out.
    """
    stated = {(v.timepoint, v.setup): v.transforms for v in reader.metadata.registrations}
    known, missing = known_voxel_size(reader), missing_views(reader)
    own = () if known is None else (calibration(known),)
    return {
        view: stated.get(view, own)
        for view in product(reader.timepoints, [setup.id for setup in reader.setups])
        if view in stated or view not in missing
    }


def _warn_of_unregistered(reader: Reader, registered: Iterable[View]) -> None:
    stated = {(v.timepoint, v.setup) for v in reader.metadata.registrations}
    if without := sorted(set(registered) - stated):
        warn_caller(
            f"No place in space is told for {_views(without)}: it is written with the voxel size "
            "as the only transform."
        )


def _views(views: Sequence[View]) -> str:
    timepoint, setup = views[0]
    others = f" and for {len(views) - 1} views more" if len(views) > 1 else ""
    return f"setup {setup} at time point {timepoint}{others}"


def _scaled(voxel_size: VoxelSize, factors: Sequence[float], power: int = 1) -> VoxelSize:
    """Return the voxel size of a level, or with the power -1 that of full resolution."""
    z, y, x = (s and s * f**power for s, f in zip(voxel_size.size, factors, strict=True))
    return VoxelSize((z, y, x), voxel_size.unit)


def _rescaled(
    registered: dict[View, Transforms], known: Size, told: Size, unit: str
) -> dict[View, Transforms]:
    """Return the registrations into the space of another unit, in which voxels are as given."""
    z, y, x = (new / old for new, old in zip(told, known, strict=True))
    step = replace(calibration((z, y, x)), name=f"to {unit}")
    return {view: (step, *transforms) for view, transforms in registered.items()}


def _recalibrated(
    registered: dict[View, Transforms], known: Size, told: Size
) -> dict[View, Transforms]:
    """Return the registrations of voxels whose size is given anew; warn of what gets lost."""
    lost = [
        view
        for view in sorted(registered)
        if offset_of(ViewRegistration(*view, registered[view]).model, known) != (0, 0, 0)
    ]
    if lost:
        was, now = (", ".join(f"{length:.6g}" for length in size) for size in (known, told))
        warn_caller(
            f"The registrations are not kept for {_views(lost)}: they hold for voxels of {was} "
            f"(z, y, x, at full resolution), and the given voxel size means {now}. To keep them, "
            "leave out voxel_size."
        )
    return dict.fromkeys(registered, (calibration(told),))


def _attributes(reader: Reader, names: Sequence[str | None]) -> tuple[Attribute, ...]:
    """Return what the scene's setups refer to, with the new names of channels, if any."""
    used = dict.fromkeys(pair for setup in reader.setups for pair in setup.attributes)
    kept = {
        (attribute.kind, attribute.id): attribute
        for attribute in reader.metadata.attributes
        if (attribute.kind, attribute.id) in used
    }
    for setup, name in zip(reader.setups, names, strict=True):
        for kind, number in setup.attributes:
            if kind == "channel" and name is not None:
                old = kept.get((kind, number), Attribute(kind, number))
                kept[kind, number] = replace(old, name=name)
    return tuple(replace(attribute, name=_one_line(attribute.name)) for attribute in kept.values())


def _one_line(name: str | None) -> str | None:
    """Return a name without line breaks, which XML may change, and which are not written."""
    return None if name is None else re.sub(r"\s*[\t\r\n]\s*", " ", name)
