"""What a BigDataViewer dataset consists of: setups, time points, and where views lie in space.

A *view* is one setup at one time point. `xml_reading` makes a `SpimData` of an XML, and
`xml_writing` an XML of a `SpimData`.

The XML orders axes x, y, z. Here sizes are in **z, y, x**, as numpy has them; only affine
matrices keep x, y, z, since that is what they act on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Affine = tuple[float, ...]
"""Twelve numbers, row by row, of the 3-by-4 matrix that acts on (x, y, z, 1)."""


@dataclass(frozen=True)
class PathReference:
    """A path as written in the XML.

    Parameters
    ----------
    text
        The path.
    relative
        Whether it is relative to the base path, which itself is relative to the XML's folder: the
        XML says so, or says nothing and the path does not begin as an absolute one.
    """

    text: str
    relative: bool = True


@dataclass(frozen=True)
class Partition:
    """One of the files over which a dataset is split.

    Parameters
    ----------
    path
        The partition's HDF5 file.
    timepoints, setups
        Pairs of (id in the dataset, id inside the partition's file).
    """

    path: PathReference
    timepoints: tuple[tuple[int, int], ...]
    setups: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class VoxelSize:
    """Size of one full-resolution voxel.

    Parameters
    ----------
    size
        Three positive numbers, in z, y, x order; ``None`` for each that is unknown.
    unit
        The unit's name as written; may be empty.
    """

    size: tuple[float | None, float | None, float | None]
    unit: str


@dataclass(frozen=True)
class ViewSetup:
    """One image source: a channel, angle, illumination and tile, over all time points.

    Parameters
    ----------
    id
        Number of the setup, as in the HDF5 group ``s00``.
    name
        Its name, or ``None``.
    size
        Pixels at full resolution in z, y, x order, or ``None`` if the XML does not say.
    voxel_size
        Size of a voxel, or ``None`` if the XML does not say.
    attributes
        Pairs of (kind, id), such as ``("channel", 0)``, in the order of the XML.
    """

    id: int
    name: str | None = None
    size: tuple[int, int, int] | None = None
    voxel_size: VoxelSize | None = None
    attributes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Attribute:
    """One channel, angle, illumination, tile or other thing that setups refer to.

    Parameters
    ----------
    kind
        What it is, in lower case as BigDataViewer writes it: ``"channel"``, ``"angle"``, …
    id
        Its number among its kind.
    name
        Its name, or ``None``.
    details
        Everything else about it, as pairs of (element, text) in the order of the XML: a tile's
        ``location``, an angle's ``axis`` and ``degrees``, a colour.
    """

    kind: str
    id: int
    name: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ViewTransform:
    """One step of a registration.

    Parameters
    ----------
    affine
        Twelve numbers, row by row, of the matrix that acts on (x, y, z, 1).
    name
        Its name, such as ``"calibration"``, or ``None``.
    """

    affine: Affine
    name: str | None = None

    @property
    def model(self) -> npt.NDArray[np.float64]:
        """The matrix with a fourth row, so that steps can be multiplied."""
        model = np.eye(4)
        model[:3] = np.reshape(self.affine, (3, 4))
        return model


@dataclass(frozen=True)
class ViewRegistration:
    """Where one view lies in space.

    Parameters
    ----------
    timepoint, setup
        Ids of the view.
    transforms
        In the order of the XML: the last one listed is applied to the pixels first.
    """

    timepoint: int
    setup: int
    transforms: tuple[ViewTransform, ...]

    @property
    def model(self) -> npt.NDArray[np.float64]:
        """All transforms as one 4-by-4 matrix from pixels (x, y, z, 1) to space (x, y, z, 1)."""
        model = np.eye(4)
        for transform in self.transforms:
            model = model @ transform.model
        return model


@dataclass(frozen=True)
class SetupPart:
    """One setup that is cut out of another.

    Parameters
    ----------
    id
        The setup.
    stored
        Id, in the HDF5 file, of the setup that it is cut out of.
    start, stop
        First voxel of the part, and first voxel after it, at full resolution, in z, y, x order.
    """

    id: int
    stored: int
    start: tuple[int, int, int]
    stop: tuple[int, int, int]


@dataclass(frozen=True)
class SpimData:
    """What the XML of a BigDataViewer dataset with HDF5 or N5 says.

    Parameters
    ----------
    hdf5
        The HDF5 file, or the N5 folder that holds the pixels in its place.
    setups
        The view setups, by id.
    timepoints
        Ids of the time points, ascending.
    attributes
        Everything that the setups' attributes refer to.
    missing
        (time point, setup) of the views that do not exist.
    registrations
        Where the views lie in space.
    partitions
        The other HDF5 files, if the dataset is split over several.
    base_path
        The folder that relative paths begin at, itself relative to the XML's folder.
    parts
        The setup that each setup is cut out of, if BigStitcher has split the images; else empty.
    """

    hdf5: PathReference
    setups: tuple[ViewSetup, ...]
    timepoints: tuple[int, ...]
    attributes: tuple[Attribute, ...] = ()
    missing: frozenset[tuple[int, int]] = frozenset()
    registrations: tuple[ViewRegistration, ...] = ()
    partitions: tuple[Partition, ...] = ()
    base_path: PathReference = field(default_factory=lambda: PathReference("."))
    parts: tuple[SetupPart, ...] = ()

    def voxel_size(self, setup: ViewSetup) -> VoxelSize | None:
        """Size of a voxel of `setup`.

        Parameters
        ----------
        setup
            One of `setups`.

        Returns
        -------
        VoxelSize | None
            What the setup states. If it states nothing, the scale of the transform that is applied
            first to one of its views, if that transform only scales: older exports of
            BigDataViewer hold the calibration only there, and the unit is then empty. Else
            ``None``.
        """
        if setup.voxel_size is not None:
            return setup.voxel_size
        first = self.placed.get(setup.id)
        if first is not None:
            matrix = np.reshape(first.transforms[-1].affine, (3, 4))[:, :3]
            scale = np.diagonal(matrix)
            if np.all(scale > 0) and np.array_equal(matrix, np.diag(scale)):
                x, y, z = (float(value) for value in scale)
                return VoxelSize((z, y, x), "")
        return None

    @cached_property
    def placed(self) -> dict[int, ViewRegistration]:
        """The first registration of each setup that has a transform, by the setup's id."""
        found: dict[int, ViewRegistration] = {}
        for registration in self.registrations:
            if registration.transforms:
                found.setdefault(registration.setup, registration)
        return found

    def attribute_name(self, kind: str, number: int) -> str | None:
        """Name of an attribute, or ``None`` if it has none.

        Parameters
        ----------
        kind
            Its kind, such as ``"channel"``.
        number
            Its id.
        """
        return self._names.get((kind, number)) or None

    @cached_property
    def _names(self) -> dict[tuple[str, int], str | None]:
        """Names of all attributes; of two with the same kind and id, the first counts."""
        return {(each.kind, each.id): each.name for each in reversed(self.attributes)}
