"""Attributes as Imaris writes them: arrays of one-character strings."""

from __future__ import annotations

import h5py
import numpy as np

MAX_BYTES = 1024
"""Longer ones ImarisWriter makes datasets, for which its readers must look elsewhere."""


def write_text(group: h5py.Group, name: str, text: str) -> None:
    """Write an attribute, in UTF-8.

    Its type is that of ImarisWriter, ``H5T_C_S1``. What h5py would choose for the same characters
    is padded by zeros rather than ended by one; HDF5 converts each such character to an empty
    string if a program asks for ``H5T_C_S1``.

    Parameters
    ----------
    group
        Group of the attribute.
    name
        Name of the attribute.
    text
        Its text; an empty one is stored as one zero, as there is no array without elements.
    """
    characters = np.frombuffer(text.encode() or b"\0", "S1")
    kind = h5py.h5t.C_S1.copy()
    space = h5py.h5s.create_simple(characters.shape)
    h5py.h5a.create(group.id, name.encode(), kind, space).write(characters, mtype=kind)


def read_text(group: h5py.Group, name: str) -> str | None:
    """Return the text of an attribute, or None if there is none of that form.

    Parameters
    ----------
    group
        Group of the attribute.
    name
        Name of the attribute.
    """
    value = group.attrs.get(name)
    if not isinstance(value, np.ndarray) or value.dtype.kind != "S":
        return None
    return b"".join(value.ravel().tolist()).decode("utf-8", "replace")
