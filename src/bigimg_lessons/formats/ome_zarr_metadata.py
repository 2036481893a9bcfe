"""What the group of an OME-Zarr image says of it, as ngff.openmicroscopy.org lays down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from typing import Any, Literal

from bigimg_lessons.formats.channel_colours import channel_colours
from bigimg_lessons.pyramids.calibration import Calibration, Step
from bigimg_lessons.pyramids.targets import Pyramid
from bigimg_lessons.units import METRE, SECOND

Version = Literal["0.4", "0.5", "0.6"]

ZARR_FORMATS: Mapping[Version, Literal[2, 3]] = {"0.4": 2, "0.5": 3, "0.6": 3}
"""The format of Zarr that each version of OME-Zarr is stored in."""

# Name of the coordinate system in which the levels lie: that of the specification's own examples.
_SYSTEM = "physical"


def multiscales(
    name: str, pyramid: Pyramid, offset: Sequence[float], version: Version
) -> dict[str, Any]:
    """Describe the levels in the field ``multiscales``.

    Parameters
    ----------
    name
        Name of the image's folder.
    pyramid
        The image.
    offset
        Where the centre of voxel 0 lies along the spatial axes, in voxels.
    version
        Version of OME-Zarr.
    """
    axes, downsampling = pyramid.source.axes, pyramid.request.downsampling
    steps = [_ngff_step(pyramid.calibration, axis) for axis in axes]
    origin = [0.0] * (len(axes) - len(offset))
    for voxels, step in zip(offset, steps[len(origin) :], strict=True):
        # Twelve digits: what is left of dividing and multiplying by the voxel size goes.
        origin.append(float(f"{voxels * step.number:.12g}"))
    datasets = []
    for number, level in enumerate(pyramid.levels):
        each = list(zip(origin, level.factors, steps, strict=True))
        # Strides keep voxels where they are; averages and modes lie amid those they stand for.
        shift = 0.0 if downsampling == "stride" else 0.5
        transforms: list[dict[str, Any]] = [
            {"type": "scale", "scale": [f * step.number for _, f, step in each]},
            {
                "type": "translation",
                "translation": [begin + shift * (f - 1) * step.number for begin, f, step in each],
            },
        ]
        path = str(number)
        if version == "0.6":  # one transformation, and between which systems
            transforms = [
                {
                    "type": "sequence",
                    "input": {"path": path},
                    "output": {"name": _SYSTEM},
                    "transformations": transforms,
                }
            ]
        datasets.append({"path": path, "coordinateTransformations": transforms})
    multiscale: dict[str, Any] = {
        "name": re.sub(r"(\.ome)?\.zarr$", "", name, flags=re.IGNORECASE) or name,
        "datasets": datasets,
        "type": downsampling,
        "metadata": {
            "method": "bigimg_lessons.build.build_pyramid",
            "version": version_of("bigimg-lessons"),
        },
    }
    described = [_described(axis, step) for axis, step in zip(axes, steps, strict=True)]
    if version == "0.6":
        multiscale["coordinateSystems"] = [{"name": _SYSTEM, "axes": described}]
    else:
        multiscale["axes"] = described
    if version == "0.4":
        multiscale["version"] = "0.4"
    return {"multiscales": [multiscale]}


def _ngff_step(calibration: Calibration, axis: str) -> Step:
    """Return the step along an axis in a unit that OME-Zarr knows."""
    step = calibration.step(axis)
    if step.unit is None or step.unit.is_ngff:
        return step
    return step.to(SECOND if axis == "T" else METRE)


def _described(axis: str, step: Step) -> dict[str, str]:
    entry = {"name": axis.lower(), "type": {"T": "time", "C": "channel"}.get(axis, "space")}
    if step.unit is not None:
        entry["unit"] = step.unit.name
    return entry


def omero(
    names: Sequence[str], windows: Sequence[tuple[float, float]], *, planes: int
) -> dict[str, Any]:
    """Name the channels, and tell viewers which grey values to show, in the field ``omero``.

    ``start`` and ``end`` are what napari and vizarr show as black and white, ``min`` and ``max``
    the ends of vizarr's slider: there is nothing to see outside the values that the image has.
    ``defaultT`` and ``defaultZ`` are where a viewer begins, here the middle plane of the first time
    point, as in OMERO. The specification asks for neither, but iohub 0.3 opens no image without.

    Parameters
    ----------
    names, windows
        One for each channel.
    planes
        Voxels along Z of level 0, 1 for an image without Z.
    """
    channels = []
    colours = channel_colours(len(names))
    for name, (low, high), colour in zip(names, windows, colours, strict=True):
        channels.append(
            {
                "label": name,
                "color": colour,
                "active": True,
                "window": {"min": low, "max": high, "start": low, "end": high},
            }
        )
    model = "greyscale" if len(names) == 1 else "color"
    defaults = {"defaultT": 0, "defaultZ": planes // 2, "model": model}
    return {"omero": {"channels": channels, "rdefs": defaults}}
