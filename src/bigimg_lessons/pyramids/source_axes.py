"""The names that an array of any library gives its own axes, and what they mean for an image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from bigimg_lessons.pyramids.libraries import is_of_library

if TYPE_CHECKING:
    import zarr

AXES = "TCZYX"

_WORDS = {"TIME": "T", "CHANNEL": "C", "CHANNELS": "C", "SAMPLE": "S", "SAMPLES": "S"}

# What libraries call an axis that nobody named: xarray and netCDF4 "dim_0", h5netcdf
# "phony_dim_0", tifffile "I" and "Q".
_UNNAMED = re.compile(r"|(phony_)?dim_\d+|[IQ]")


def named_axes(image: Any) -> tuple[str, ...] | None:
    """Return what an image calls its axes; an empty name where it names none.

    Known are BioImage (``dims.order``), xarray (``dims``), TensorStore (``domain.labels``), Zarr
    (``dimension_names`` of v3, ``_ARRAY_DIMENSIONS`` of v2, ``axes`` of the OME-Zarr image to
    which the array belongs) and HDF5 (labels, else dimension scales).

    Parameters
    ----------
    image
        Whatever may be an image.

    Returns
    -------
    tuple of str, or None
        One for each axis; None if it names none at all.
    """
    names: Sequence[Any] = ()
    dims: Any = getattr(image, "dims", None)
    if is_of_library(image, "zarr", "Array"):
        names = _zarr_names(image)
    elif hasattr(dims, "order"):
        names = tuple(dims.order)
    elif isinstance(dims, tuple):
        names = dims
    elif is_of_library(image, "h5py", "Dataset"):
        names = _hdf5_names(image)
    elif hasattr(image, "domain"):
        names = getattr(image.domain, "labels", ())
    texts = tuple("" if name is None else str(name) for name in names)
    named = ["" if _UNNAMED.fullmatch(text) else text for text in texts]
    return tuple(named) if any(named) else None


def letters_of_axes(
    axes: Sequence[str] | None, names: Sequence[str] | None, shape: Sequence[int]
) -> str:
    """Return a letter of TCZYX, or S for samples, for each axis of an array, in its order.

    Parameters
    ----------
    axes
        As given by the user; None if not.
    names
        From :func:`named_axes`.
    shape
        Of the array.

    Raises
    ------
    ValueError
        If `axes` do not fit the shape or contradict the names, if an axis has a name that means
        nothing here, or a letter stands twice.
    """
    given = None if axes is None else "".join(axes).upper()
    known = [_letter(name) for name in names or ("",) * len(shape)]
    if given is not None:
        contradicted = len(given) == len(known) and any(
            letter and letter != mine for letter, mine in zip(known, given, strict=True)
        )
        if contradicted:
            raise ValueError(
                f"axes are {axes!r}, but the image calls its own axes {tuple(names or ())}: leave "
                "axes out, or rename those of the image."
            )
        letters = given
    else:
        for name, letter in zip(names or (), known, strict=False):
            if name and letter is None:
                raise ValueError(
                    f"The image calls its axes {tuple(names or ())}, and it is not known what "
                    f"{name!r} is: pass axes=, a letter of TCZYX for each in this order, or take "
                    "out that axis."
                )
        # Axes without a name are the last of TCZYX, with samples behind them if there are any.
        count = len(shape) - ("S" in known)
        usual = AXES[-count:].rjust(count, "?") + "S"
        letters = "".join(letter or usual[place] for place, letter in enumerate(known))
    fits = (
        len(letters) == len(shape)
        and set(letters) <= {*AXES, "S"}
        and len(set(letters)) == len(letters)
        and {"Y", "X"} <= set(letters)
    )
    if not fits:
        said = f"axes are {axes!r}" if names is None else f"The image's axes are {tuple(names)}"
        raise ValueError(
            f"{said}, but the image has the shape {tuple(shape)}: give {len(shape)} letters of "
            "TCZYX as axes=, in the order of the array's axes, Y and X among them, none twice."
        )
    if "S" in letters and "C" in letters and shape[letters.index("C")] > 1:
        raise ValueError(
            f"The image has {shape[letters.index('C')]} channels of {shape[letters.index('S')]} "
            f"samples each (colours of a picture; its shape is {tuple(shape)}, its axes "
            f"{letters}): take one sample, or make channels of them, before you write it."
        )
    return letters


def _letter(name: str) -> str | None:
    """Return the letter that a name means: "" for no name, None for one that is not known."""
    word = name.strip().upper()
    return _WORDS.get(word, word if len(word) < 2 and word in f"{AXES}S" else None)


def _zarr_names(array: zarr.Array[Any]) -> Sequence[Any]:
    names: Any = getattr(array.metadata, "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS")
    return names or _ome_zarr_names(array)


def _ome_zarr_names(array: zarr.Array[Any]) -> Sequence[Any]:
    """Return the axes of the OME-Zarr image of which an array is a level."""
    import zarr

    store: Any = array.store
    parent, _, level = array.path.rpartition("/")
    if not level:
        store, level = _folder_above(store)
        if not level:
            return ()
    try:
        group = zarr.open_group(
            store, path=parent, mode="r", zarr_format=array.metadata.zarr_format
        )
    except Exception:  # servers that allow no look at it have errors of their own for this
        return ()
    return _names_of_level(group, level)


def _folder_above(store: Any) -> tuple[Any, str]:
    """Return the store of the folder above that of an array opened by its own path, and its name.

    An empty name stands for a store that lies in no folder, such as one in memory.
    """
    from zarr.storage import FsspecStore, LocalStore

    while (inner := getattr(store, "_store", None)) is not None:
        store = inner  # zarr's `WrapperStore`, which documents that name, or a `StoreMeter`
    if isinstance(store, FsspecStore):
        above, _, name = store.path.rstrip("/").rpartition("/")
        return FsspecStore(store.fs, read_only=True, path=above), name
    if isinstance(store, LocalStore):
        root = store.root.absolute()
        return root.parent, root.name
    return store, ""


def _names_of_level(group: zarr.Group, level: str) -> Sequence[Any]:
    attributes: Any = group.attrs.get("ome", group.attrs)
    for multiscale in attributes.get("multiscales", ()):
        if any(dataset.get("path") == level for dataset in multiscale.get("datasets", ())):
            # Version 0.3 has letters, later ones tables.
            axes = multiscale.get("axes", ())
            return [axis if isinstance(axis, str) else axis.get("name") for axis in axes]
    return ()


def _hdf5_names(dataset: Any) -> list[str]:
    """Return the label of each dimension, else the name of its scale, else an empty text.

    Labels are read as the attribute that they are, so that whoever wrote them is understood.
    """
    found = np.atleast_1d(dataset.attrs.get("DIMENSION_LABELS", ())).tolist()
    texts = [each.decode(errors="replace") if isinstance(each, bytes) else each for each in found]
    return [
        label if isinstance(label, str) and label else _name_of_scale(dimension)
        for label, dimension in zip_longest(texts[: dataset.ndim], dataset.dims)
    ]


def _name_of_scale(dimension: Any) -> str:
    return str(dimension[0].name).rpartition("/")[2] if len(dimension) else ""
