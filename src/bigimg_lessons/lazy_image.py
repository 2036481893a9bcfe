"""An image that is read in pieces, whatever it is: an array of any library, or a BioImage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import dask.array as da
import numpy as np
import numpy.typing as npt

from bigimg_lessons.counting import format_bytes

AXES = "TCZYX"


@dataclass(frozen=True)
class LazyImage:
    """An image with named axes, of which any region can be read.

    Parameters
    ----------
    array
        Anything that has ``shape``, ``dtype`` and reads when it is sliced.
    axes
        A letter for each axis, in the order of "TCZYX"; the last two are Y and X.
    shape
        Extents along these axes.
    dtype
        Of the voxels, in the machine's byte order.
    chunk_shape
        The array's own chunks along these axes, or None if it can be read voxel by voxel.
    voxel_size
        One for each of Z, Y and X that the image has, as far as it knows them; else None.
    unit
        Of the voxel size, as a symbol such as "µm"; None if not known.
    channel_names
        One for each channel; None if not known.
    """

    array: Any
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_shape: tuple[int, ...] | None
    voxel_size: tuple[float, ...] | None
    unit: str | None
    channel_names: tuple[str, ...] | None

    @classmethod
    def of(cls, image: Any, *, axes: str | None = None) -> Self:
        """Look at an image without reading its voxels.

        Parameters
        ----------
        image
            Dask array, zarr array, HDF5 dataset, ``numpy.memmap``, numpy array, or anything else
            that has ``shape``, ``dtype`` and can be sliced; or a ``bioio.BioImage``, which brings
            its voxel size, unit and channel names.
        axes
            Which axes it has; by default the last of TCZYX. A BioImage knows.

        Raises
        ------
        TypeError
            If the image is no array.
        ValueError
            If it has not two to five axes, one of them is empty, or `axes` do not fit.
        """
        is_bioimage = hasattr(image, "dask_data")
        array = image.dask_data if is_bioimage else image
        if not (hasattr(array, "shape") and hasattr(array, "dtype")):
            raise TypeError(
                f"The image is a {type(image).__name__}, which has no shape and dtype: give an "
                "array (dask, zarr, HDF5, numpy) or a BioImage."
            )
        shape = tuple(map(int, array.shape))
        if not 2 <= len(shape) <= 5 or 0 in shape:
            raise ValueError(
                f"The image has the shape {shape}: give two to five axes, the last "
                "ones of TCZYX, none of them empty."
            )
        # Along each axis dask tells the length of every chunk, the others the one of all.
        chunks = [int(np.max(lengths)) for lengths in getattr(array, "chunks", None) or ()]
        known_size = known_unit = names = None
        names_of_axes = _checked_axes(axes, shape)
        if is_bioimage:
            size = image.physical_pixel_sizes
            if any(size):
                spatial = [axis for axis in names_of_axes if axis in "ZYX"]
                known_size = tuple(getattr(size, axis) or 1.0 for axis in spatial)
                unit = image.dimension_properties.X.unit
                known_unit = f"{unit:~P}" if unit else None
            names = tuple(map(str, image.channel_names or ())) or None
        return cls(
            array=array,
            axes=names_of_axes,
            shape=shape,
            dtype=np.dtype(array.dtype).newbyteorder("="),
            chunk_shape=tuple(chunks) or None,
            voxel_size=known_size,
            unit=known_unit,
            channel_names=names,
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Extent by axis, such as ``{"Z": 256, "Y": 1024, "X": 1024}``."""
        return dict(zip(self.axes, self.shape, strict=True))

    @property
    def spatial_axes(self) -> str:
        """The image's axes among Z, Y and X."""
        return "".join(axis for axis in self.axes if axis in "ZYX")

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return the voxels of a region, which has a slice for each axis."""
        part = self.array[region]
        if isinstance(part, da.Array):
            # Straight into place: compute() would hold all chunks, and then join them.
            voxels = np.empty(part.shape, self.dtype)
            da.store(part, voxels, lock=False)
            return voxels
        # In one piece: a view of a mapped file would be gathered from it several times.
        return np.ascontiguousarray(part, self.dtype)

    def calibration(
        self, voxel_size: Sequence[float] | None, unit: str | None, *, spatial_axes: str
    ) -> tuple[tuple[float, ...], str | None]:
        """Take what is given, else what the image knows, else ones.

        Parameters
        ----------
        voxel_size, unit
            As given by the user.
        spatial_axes
            Axes of the result: the image's own, or "ZYX".

        Returns
        -------
        tuple of float
            A size for each of these axes.
        str or None
            The unit; "µm" for a size without, None if there is no size.

        Raises
        ------
        ValueError
            If the numbers are not positive, or too few or many.
        """
        if voxel_size is None and self.voxel_size is not None:
            known = dict(zip(self.spatial_axes, self.voxel_size, strict=True))
            voxel_size = [known.get(axis, 1.0) for axis in spatial_axes]
            unit = unit or self.unit
        if voxel_size is None:
            return (1.0,) * len(spatial_axes), unit
        lengths = tuple(map(float, voxel_size))
        if len(lengths) != len(spatial_axes) or not all(0 < n < math.inf for n in lengths):
            count = {2: "two", 3: "three"}[len(spatial_axes)]
            order = ", ".join(spatial_axes.lower())
            raise ValueError(
                f"The voxel size is {voxel_size!r}: give {count} positive numbers, in {order} "
                "order."
            )
        return lengths, unit or "µm"

    def checked_channel_names(self, names: Sequence[str] | None) -> list[str]:
        """Take what is given, else what the image knows, else numbers.

        Raises
        ------
        ValueError
            If there is not one for each channel.
        """
        count = self.sizes.get("C", 1)
        if names is None:
            names = self.channel_names or [f"channel {i}" for i in range(count)]
        if isinstance(names, str) or len(names) != count:
            raise ValueError(f"channel_names are {names!r}: give {count}, one for each channel.")
        return [str(name) for name in names]

    def check_chunks_fit(self, memory_limit: int) -> None:
        """Refuse a source of which no part can be read within the memory allowed.

        Raises
        ------
        ValueError
            If one chunk of the source is larger than `memory_limit`: it would be read whole again
            for each block that needs a part of it.
        """
        # As a reader holds it: whole, also where it is longer than the image.
        chunk = math.prod(self.chunk_shape or ()) * self.dtype.itemsize
        if self.chunk_shape is not None and chunk > memory_limit:
            raise ValueError(
                f"The image can only be read in chunks of {self.chunk_shape}, each of "
                f"{format_bytes(chunk)}, but memory_limit is {format_bytes(memory_limit)}: open it "
                "in smaller chunks, as BioImage(path, chunk_dims=['Y', 'X']) does with a TIFF "
                "stack, or raise memory_limit."
            )


def _checked_axes(axes: str | None, shape: tuple[int, ...]) -> str:
    """Return the letters of the axes; complain unless they fit the shape."""
    letters = AXES[-len(shape) :] if axes is None else axes.upper()
    places = [AXES.find(letter) for letter in letters]
    if (
        len(letters) != len(shape)
        or -1 in places
        or places != sorted(set(places))
        or not letters.endswith("YX")
    ):
        raise ValueError(
            f"axes are {axes!r}, but the image has the shape {shape}: give {len(shape)} letters "
            "of TCZYX in that order, YX the last."
        )
    return letters
