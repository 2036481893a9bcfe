"""Whether a file may be replaced as an Imaris file."""

from __future__ import annotations

from pathlib import Path

import h5py

from bigimg_lessons.formats.imaris.attributes import read_text

_OWN = {"DataSet", "DataSetInfo", "DataSetTimes", "Thumbnail"}


def foreign_ims(path: Path) -> str | None:
    """Say what keeps a file from being replaced as an Imaris file.

    Surfaces, spots and other results of Imaris, in the groups ``Scene`` and ``Scene8``, keep it: an
    image can be written again, those cannot.

    Parameters
    ----------
    path
        File that may be one.

    Returns
    -------
    str or None
        The rest of a sentence that begins with its name; None if it is one, and that alone.
    """
    if not path.is_file():
        return "is no file"
    if not h5py.is_hdf5(path):
        return "is no Imaris file"
    try:
        with h5py.File(path, "r", locking="best-effort") as file:
            if read_text(file, "ImarisDataSet") is None or "DataSet" not in file:
                return "is no Imaris file"
            strangers = sorted(set(file) - _OWN)
    except OSError as error:
        return f"could not be looked into as an Imaris file ({str(error).rstrip('.')})"
    shown = ", ".join(map(repr, strangers[:5])) + (", …" if strangers[5:] else "")
    return f"holds, besides its pyramid, {shown}" if strangers else None
