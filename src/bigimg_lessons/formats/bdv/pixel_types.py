"""Types of pixels: what the cells in HDF5 are, what their setup declares, and what both mean."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

DATA_TYPE_ATTRIBUTE = "dataType"
"""Attribute of a setup's group that names its pixel type; absent from older files."""

PIXEL_TYPES = (
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
)
"""Values of `DATA_TYPE_ATTRIBUTE`, which are numpy's names too."""

_UNSIGNED = re.compile("unsigned|u(?=byte|char|short|int$|integer|long)")
_WORDS = {
    "bool": "bool",
    "boolean": "bool",
    "byte": "int8 uint8",
    "char": "int8 uint8",
    "short": "int16",
    "int": "int32 int64",
    "integer": "int32 int64",
    "long": "int32 int64",
    "half": "float16",
    "single": "float32",
    "float": "float32 float64",
    "real": "float32 float64",
    "double": "float64",
}
"""Names that C, Java, numpy and ImgLib2 give to types; some mean another in each."""


def declared_types(declared: Any) -> frozenset[str] | None:
    """Types that the text of a `DATA_TYPE_ATTRIBUTE` can mean, however it is spelled or stored.

    Parameters
    ----------
    declared
        The attribute's value as h5py gives it: text, bytes, or an array of one of these.

    Returns
    -------
    frozenset of str or None
        Names as numpy has them: of `PIXEL_TYPES`, or of types that BigDataViewer does not have.
        ``None`` if the value names no type.
    """
    declared = _unwrapped(declared)
    if not isinstance(declared, str):
        return None
    name = declared.strip("\0 \t\r\n\"'").lower()
    if re.fullmatch("[<>=|]?[biuf][1248]", name):  # numpy's short forms, such as <u2
        return frozenset({np.dtype(name).name})
    name = re.sub("[ _-]|_t$|type$", "", name)
    if re.fullmatch("u?int(8|16|32|64|128)|float(16|32|64|128)|complex(64|128)", name):
        return frozenset({name})
    word, unsigned = _UNSIGNED.subn("", name, count=1)
    if word not in _WORDS or (unsigned and "int" not in _WORDS[word]):
        return None
    names = _WORDS[word].split()
    if unsigned:
        names = ["u" + one for one in names if not one.startswith("u")]
    return frozenset(names)


def pixel_type(stored: npt.DTypeLike, declared: Any) -> np.dtype[Any]:
    """Type of a setup's pixels.

    Parameters
    ----------
    stored
        Type of the ``cells`` in HDF5.
    declared
        Value of the setup's `DATA_TYPE_ATTRIBUTE` as h5py gives it, or ``None`` if it has none.

    Returns
    -------
    np.dtype
        Type, in the machine's byte order, in which the stored bytes are to be read.
        Without `DATA_TYPE_ATTRIBUTE`, int16 cells hold uint16 pixels, the only type that
        BigDataViewer wrote before 2023; other programs also write cells of other types, and their
        pixels have the type of the cells. With the attribute, its type counts; if it names no
        type, that of the cells counts, unless they are int16. The only type that may differ from
        that of the cells is again uint16 in int16 cells. Truth values, which h5py stores as an
        enumeration of one byte, are read as 0 and 1 of type uint8.

    Raises
    ------
    ValueError
        If either is no type of pixels, or they contradict each other, or int16 cells are
        declared as something that names no type. The message has to follow the setup's name.
    """
    cells = np.dtype(stored).newbyteorder("=")
    pixels = np.dtype(np.uint8) if cells == np.bool_ else cells
    if pixels.name not in PIXEL_TYPES:
        raise ValueError(
            f"has cells of type {cells.name}; known are {', '.join(PIXEL_TYPES)}. Read them with "
            "h5py, convert them to one of these (float16 to float32), and write them with write_bdv"
        )
    types = declared_types(declared)
    if declared is None:
        return np.dtype(np.uint16) if cells == np.int16 else pixels
    if types is None:
        if cells == np.int16:
            raise ValueError(
                f"has the dataType {_shown(declared)}, which names no type, and cells of type "
                "int16, which may hold uint16: set the attribute to 'int16' or 'uint16'"
            )
        return pixels
    if cells.name in types or pixels.name in types:
        return pixels
    if cells == np.int16 and "uint16" in types:
        return np.dtype(np.uint16)
    raise ValueError(
        f"has the dataType {_shown(declared)} but cells of type {cells.name}: one of them is "
        "damaged; if the cells are right, correct the attribute"
    )


def _unwrapped(declared: Any) -> Any:
    """Take text out of an array of one, and out of bytes."""
    if isinstance(declared, np.ndarray) and declared.size == 1:
        declared = declared.ravel()[0]
    return declared.decode("utf-8", "replace") if isinstance(declared, bytes) else declared


def _shown(declared: Any) -> str:
    import h5py  # here, as what is written to N5 asks this module for its types, and needs no HDF5

    return "(empty)" if isinstance(declared, h5py.Empty) else repr(_unwrapped(declared))
