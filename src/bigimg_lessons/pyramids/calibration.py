"""How large voxels are, and how far apart in time, as far as it is known.

What is not known stays unknown: no unit is assumed, and no number stands for a size that nobody
gave. Formats that must have a number get 1 without a unit, and a warning says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from bigimg_lessons import units
from bigimg_lessons.pyramids.callers import warn_caller
from bigimg_lessons.units import Unit


@dataclass(frozen=True)
class Step:
    """The distance of neighbours along an axis.

    Parameters
    ----------
    size
        In `unit`; None if not known.
    unit
        None if not known, or if there is none.
    is_pixel
        Whether the user said that sizes are in pixels, so that no unit is missing.
    """

    size: float | None = None
    unit: Unit | None = None
    is_pixel: bool = False

    @property
    def number(self) -> float:
        """What to write where there must be a number: 1 if the size is not known."""
        return 1.0 if self.size is None else self.size

    def to(self, unit: Unit) -> Step:
        """Return the same in another unit; a size that has none gets it."""
        if self.size is None or self.unit is None:
            return Step(self.size, None if self.size is None else unit)
        return Step(self.unit.convert(self.size, unit), unit)


UNKNOWN = Step()


@dataclass(frozen=True)
class Calibration:
    """What is known of the steps along the axes of an image.

    Parameters
    ----------
    steps
        By axis, of T, Z, Y and X; what is missing is not known.
    remarks
        Sentences on what the image's file says and what of it was not taken, for the warning.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def step(self, axis: str) -> Step:
        """Return the step along an axis."""
        return self.steps.get(axis, UNKNOWN)

    def unit(self, axis: str) -> Unit | None:
        """Return the unit along an axis, None if not known."""
        return self.step(axis).unit

    def overridden(
        self,
        axes: str,
        *,
        voxel_size: Sequence[float | None] | None = None,
        unit: str | None = None,
        time_interval: float | None = None,
        time_unit: str | None = None,
    ) -> Calibration:
        """Take what is given, else what is known here; the rest stays unknown.

        Parameters
        ----------
        axes
            Those of Z, Y and X of which there is a voxel size.
        voxel_size
            A number for each of `axes`, or None where it is not known.
        unit
            Of `voxel_size`. Without that, the unit in which the sizes known here are expressed,
            or if none of them has a unit, that of all; ``pixel`` then makes them all ones.
        time_interval, time_unit
            The same for time points.

        Returns
        -------
        Calibration
            With all lengths in one unit, as far as they have any.

        Raises
        ------
        ValueError
            If the numbers are not positive, or too few or many, or a unit is none that is known.
        """
        steps, remarks = dict(self.steps), self.remarks
        length, is_pixel = _given_length(unit)
        duration = _given_time(time_unit)
        if voxel_size is None and is_pixel:
            voxel_size = (1.0,) * len(axes)
        if voxel_size is not None:
            remarks = ()
            for axis, size in zip(axes, _checked(voxel_size, axes), strict=True):
                steps[axis] = Step(size, None if size is None else length, is_pixel)
        elif length is not None:
            # Beside sizes that have a unit it says how to express these, not what others are in.
            converts = any(self.unit(axis) for axis in axes)
            steps |= {
                axis: self.step(axis).to(length) for axis in axes if self.unit(axis) or not converts
            }
        if time_interval is not None:
            steps["T"] = Step(_checked_interval(time_interval), duration)
        elif duration is not None:
            steps["T"] = self.step("T").to(duration)
        return Calibration(steps, remarks).in_one_unit()

    def in_one_unit(self) -> Self:
        """Return the same with all lengths in the unit of X, or of the last axis that has one."""
        lengths = [unit for axis in "XYZ" if (unit := self.unit(axis))]
        if not lengths:
            return self
        steps = {
            axis: step.to(lengths[0]) if axis in "ZYX" and step.unit else step
            for axis, step in self.steps.items()
        }
        return type(self)(steps, self.remarks)

    def comparable(self, axes: str) -> tuple[float | None, ...]:
        """Return sizes that may be compared with each other, for planning levels.

        Parameters
        ----------
        axes
            Of Z, Y and X.

        Returns
        -------
        tuple of float or None
            One for each axis, in one unit. None where the size is not known, or its unit is not
            while that of another axis is.
        """
        same = self.in_one_unit()
        have_unit = any(same.unit(axis) for axis in axes)
        return tuple(
            None if have_unit and same.unit(axis) is None else same.step(axis).size for axis in axes
        )

    def voxel(self, shape: Sequence[int]) -> tuple[tuple[float, float, float], Unit | None] | None:
        """Return the size of a voxel, for a format with one unit and no place for what is unknown.

        A single plane of unknown thickness is as thick as its pixels are wide.

        Parameters
        ----------
        shape
            Voxels along z, y and x.

        Returns
        -------
        tuple or None
            Three numbers in z, y, x order, and their unit if there is one; None if one of the three
            is not known, or they are not in the same unit.
        """
        steps = [self.step(axis) for axis in "ZYX"]
        steps = [
            steps[2] if n == 1 and step.size is None else step
            for n, step in zip(shape, steps, strict=True)
        ]
        (unit, *others) = {step.unit for step in steps}
        if others or any(step.size is None for step in steps):
            return None
        z, y, x = (step.number for step in steps)
        return (z, y, x), unit

    def warn_of_unknown(self, target: str, axes: str, *, consequence: str) -> None:
        """Warn of what is not known, and is therefore not written.

        Parameters
        ----------
        target
            Name of the file that is written.
        axes
            Those whose steps matter: not one along which the image has a single voxel.
        consequence
            What is written instead, as a sentence without its stop.
        """
        facts, remedies = [], []
        for what, own, remedy in (
            ("voxel size", "ZYX", "voxel_size and unit (unit='pixel' if there is none)"),
            ("time interval", "T", "time_interval and time_unit"),
        ):
            steps = {axis.lower(): self.step(axis) for axis in axes if axis in own}
            sizeless = [axis for axis, step in steps.items() if step.size is None]
            unitless = [
                axis
                for axis, step in steps.items()
                if step.size is not None and step.unit is None and not step.is_pixel
            ]
            if sizeless:
                facts.append(f"the {what} along {_listed(sizeless)} is not known")
            if unitless:
                facts.append(f"the unit of the {what} along {_listed(unitless)} is not known")
            if sizeless or unitless:
                remedies.append(remedy)
        if facts:
            sentences = (
                f"{target!r} is written without what is not known: {'; '.join(facts)}.",
                *self.remarks,
                f"{consequence}.",
                f"Give {' and '.join(remedies)}.",
            )
            warn_caller(" ".join(sentences))


def _given_length(unit: str | None) -> tuple[Unit | None, bool]:
    """Return the unit that the user gives, and whether it is that there is none: pixels."""
    if unit is None or units.is_pixel(unit):
        return None, unit is not None
    length = units.length(unit)
    if length is None:
        raise ValueError(
            f"The unit is {unit!r}, which is no length that is known here: give one of "
            f"{', '.join(units.NGFF_LENGTHS)}, a symbol such as 'µm', or 'pixel'."
        )
    return length, False


def _given_time(unit: str | None) -> Unit | None:
    duration = None if unit is None else units.duration(unit)
    if unit is not None and duration is None:
        raise ValueError(
            f"time_unit is {unit!r}, which is no time that is known here: give one of "
            f"{', '.join(units.NGFF_TIMES)}, or a symbol such as 'ms'."
        )
    return duration


def _checked(voxel_size: Sequence[float | None], axes: str) -> tuple[float | None, ...]:
    """Return the numbers; complain unless there is one for each axis, positive or None."""
    try:
        sizes = tuple(None if n is None else _number(n) for n in voxel_size)
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) != len(axes) or not all(n is None or 0 < n < math.inf for n in sizes):
        count = {2: "two", 3: "three"}[len(axes)]
        raise ValueError(
            f"The voxel size is {voxel_size!r}: give {count} positive numbers, in "
            f"{', '.join(axes.lower())} order, and None for one that is not known."
        )
    return sizes


def _number(value: float) -> float:
    """Return a float; text and truth values are no numbers, though Python would convert them."""
    if isinstance(value, str | bytes | bool | np.bool_):
        raise TypeError(f"{value!r} is no number.")
    return float(value)


def _checked_interval(time_interval: float) -> float:
    try:
        interval = _number(time_interval)
    except (TypeError, ValueError):
        interval = math.nan
    if not 0 < interval < math.inf:
        raise ValueError(f"time_interval is {time_interval!r}: give a positive number.")
    return interval


def _listed(names: Sequence[str]) -> str:
    """Join names as a sentence does."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def stated(
    name: str, sizes: Mapping[str, float | None], unit_names: Mapping[str, str | None]
) -> Calibration:
    """Sort out what a file says of its calibration.

    Parameters
    ----------
    name
        What says it, to begin a sentence: "The OME-XML".
    sizes
        By axis, of T, Z, Y and X; None if not stated.
    unit_names
        As written in the file, by axis; None or empty if not stated.

    Returns
    -------
    Calibration
        Without sizes that are not positive numbers, and without units that are none; a remark
        says what was not taken. Where all sizes along Z, Y and X that have no unit are 1, these
        count as not stated, as does a time interval of 1 without: formats that must have a number,
        have that.
    """
    steps: dict[str, Step] = {}
    remarks: dict[str, None] = {}  # each once, in order
    for axis, size in sizes.items():
        if size is None:
            continue
        if not 0 < size < math.inf:
            remarks[f"{name} gives the size {size:g} along {axis.lower()}."] = None
            continue
        written = unit_names.get(axis) or ""
        unit = (units.duration if axis == "T" else units.length)(written)
        if unit is None and written.strip():
            kind = "time" if axis == "T" else "length"
            remarks[f"{name} gives the unit {written!r}, which is no {kind}."] = None
        steps[axis] = Step(float(size), unit)
    for axes in ("ZYX", "T"):
        unitless = {axis: steps[axis] for axis in axes if axis in steps and not steps[axis].unit}
        if all(step == Step(1.0) for step in unitless.values()):
            for axis in unitless:
                del steps[axis]
    return Calibration(steps, tuple(remarks))
