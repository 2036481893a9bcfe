"""What the group ``DataSetInfo`` of an Imaris file says of the image, as sections of text.

Sections and attributes are those of *Imaris5.5 File Format Description* and of ``bpWriterHDF5`` in
github.com/imaris/ImarisWriter; ``NumberOfChannels`` is what other readers look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from importlib.metadata import version

import numpy as np

Section = Mapping[str, str]

# There is no place for the time between time points, only for the time of each; that of the first
# is not known.
_FIRST = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Information:
    """All that there is to say of an image but its grey values.

    Parameters
    ----------
    size
        Voxels of level 0 along z, y and x.
    start, voxel_size
        Where the outer corner of the first voxel lies, and how large a voxel is, along z, y and x.
    unit
        Of both: "um"; None if not known.
    timepoints
        How many there are.
    interval
        Seconds from each to the next.
    names
        One for each channel.
    """

    size: tuple[int, ...]
    start: tuple[float, ...]
    voxel_size: tuple[float, ...]
    unit: str | None
    timepoints: int
    interval: Fraction
    names: Sequence[str]

    def sections(
        self,
        windows: Sequence[tuple[float, float]],
        colours: Sequence[tuple[float, float, float]],
    ) -> dict[str, Section]:
        """Return the attributes of each group within ``DataSetInfo``, by its name.

        Parameters
        ----------
        windows, colours
            For each channel the grey values that are black and brightest, and red, green and blue
            from 0 to 1.
        """
        channels = {
            f"Channel {number}": {
                "Name": name,
                "Color": " ".join(f"{part:.3f}" for part in colour),
                "ColorMode": "BaseColor",
                "ColorOpacity": "1.000",
                "ColorRange": f"{decimal(window[0], 3)} {decimal(window[1], 3)}",
                "GammaCorrection": "1.000",
            }
            for number, (name, window, colour) in enumerate(
                zip(self.names, windows, colours, strict=True)
            )
        }
        return {
            "ImarisDataSet": {
                "Creator": "bigimg-lessons",
                "Version": version("bigimg-lessons"),
                "NumberOfImages": "1",
            },
            "Image": self._image(),
            "TimeInfo": self._times(),
            "Log": {"Entries": "0"},
            **channels,
        }

    def _image(self) -> Section:
        image = {"Noc": str(len(self.names)), "NumberOfChannels": str(len(self.names))}
        if self.unit is not None:
            image["Unit"] = self.unit
        along = list(zip(self.size, self.start, self.voxel_size, strict=True))
        for number, (voxels, start, step) in enumerate(reversed(along)):
            # The end, of the decimal numbers that these are written as: 3 * 0.1 is 0.3.
            end = Fraction(repr(start)) + voxels * Fraction(repr(step))
            image["XYZ"[number]] = str(voxels)
            image[f"ExtMin{number}"] = decimal(start, 9)
            image[f"ExtMax{number}"] = decimal(float(end), 9)
            image[f"ResampleDimension{'XYZ'[number]}"] = "true"
        return image

    def _times(self) -> Section:
        count = str(self.timepoints)
        times = {"DatasetTimePoints": count, "FileTimePoints": count}
        for number in range(self.timepoints):
            times[f"TimePoint{number + 1}"] = self.time(number)
        return times

    def time(self, number: int) -> str:
        """Return the time of a time point, to the millisecond.

        Raises
        ------
        OverflowError
            If it is beyond the year 9999.
        """
        since = timedelta(milliseconds=round(1000 * number * self.interval))
        return (_FIRST + since).isoformat(sep=" ", timespec="milliseconds")


def decimal(value: float, digits: int) -> str:
    """Write a number in as many digits as tell it apart, without an exponent.

    ImarisWriter writes three digits behind the point, or nine for lengths, which leaves nothing of
    small numbers.

    Parameters
    ----------
    value
        The number.
    digits
        Minimum number of digits behind the point.

    Examples
    --------
    >>> decimal(40.96, 3), decimal(255, 3), decimal(1e-11, 9)
    ('40.960', '255.000', '0.00000000001')
    """
    return np.format_float_positional(float(value), unique=True, trim="k", min_digits=digits)
