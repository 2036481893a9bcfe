"""What the XML of a new dataset says: of any image, or of one that is a BigDataViewer image."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bigimg_lessons.bdv.reader import Reader
from bigimg_lessons.bdv.registration import at_level, calibration, offset_of
from bigimg_lessons.bdv.spimdata import (
    Attribute,
    PathReference,
    SpimData,
    ViewRegistration,
    ViewSetup,
    ViewTransform,
    VoxelSize,
)

View = tuple[int, int]
"""Ids of a time point and a setup."""

Transforms = tuple[ViewTransform, ...]


def describe(
    h5: str, shape: Sequence[int], voxel_size: VoxelSize, channel_names: Sequence[str]
) -> SpimData:
    """Describe an image of which no more is known than this.

    Parameters
    ----------
    h5
        Name of the HDF5 file, which lies beside the XML.
    shape
        Extents along T, C, Z, Y and X.
    voxel_size
        Of all views.
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
            ViewRegistration(timepoint, setup, (calibration(voxel_size.size),))
            for timepoint, setup in np.ndindex(shape[0], shape[1])
        ),
    )


def describe_copy(
    h5: str,
    reader: Reader,
    *,
    voxel_size: VoxelSize | None = None,
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
        Of the image.
    voxel_size
        To replace that of the image. Registrations that tell more than the old one do not hold
        for another, and are left out.
    channel_names
        One for each channel, to replace those of the image.

    Returns
    -------
    SpimData
        With the setups of the scene. Those of ``reader.setups`` are the channels in order.

    Warns
    -----
    UserWarning
        If registrations are left out.
    """
    data, factors = reader.metadata, reader.level_factors
    names = channel_names or (None,) * len(reader.setups)
    views = {(t, setup.id): setup for t in reader.timepoints for setup in reader.setups}
    missing = frozenset(views.keys() & data.missing)
    registered = {
        (view.timepoint, view.setup): view.transforms
        for view in data.registrations
        if (view.timepoint, view.setup) in views
    }
    for view in views.keys() - registered.keys() - missing:
        known = data.voxel_size(views[view])
        registered[view] = (calibration(known.size),) if known else ()
    if voxel_size is not None:
        registered = _recalibrated(registered, _scaled(voxel_size, factors, -1), reader)
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
        missing=missing,
        registrations=tuple(
            ViewRegistration(*view, at_level(registered[view], factors))
            for view in sorted(registered)
        ),
    )


def _scaled(voxel_size: VoxelSize, factors: Sequence[float], power: int = 1) -> VoxelSize:
    """Return the voxel size of a level, or with the power -1 that of full resolution."""
    z, y, x = (s * f**power for s, f in zip(voxel_size.size, factors, strict=True))
    return VoxelSize((z, y, x), voxel_size.unit)


def _recalibrated(
    registered: dict[View, Transforms], voxel_size: VoxelSize, reader: Reader
) -> dict[View, Transforms]:
    """Return the registrations of voxels whose size is told anew; warn of what gets lost."""
    known = reader.metadata.voxel_size(reader.setups[0])
    if known is not None and np.allclose(voxel_size.size, known.size, rtol=1e-6, atol=0):
        return registered  # told again, or only the unit is new
    lost = [
        view
        for view in sorted(registered)
        if known is None
        or offset_of(ViewRegistration(*view, registered[view]).model, known.size) != (0, 0, 0)
    ]
    if lost:
        old = f"{_numbers(known.size)} {known.unit}".strip() if known else "unknown size"
        timepoint, setup = lost[0]
        warnings.warn(
            f"The image is registered for voxels of {old} (z, y, x), and they are now to be of "
            f"{_numbers(voxel_size.size)} {voxel_size.unit}: the registrations of {len(lost)} of "
            f"its {len(registered)} views, such as that of setup {setup} at time point "
            f"{timepoint}, are not kept. To keep them, leave out voxel_size and unit.",
            stacklevel=5,
        )
    return dict.fromkeys(registered, (calibration(voxel_size.size),))


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
    """Return a name as it can be written: some programs break it into indented lines."""
    return None if name is None else " ".join(name.split())


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
