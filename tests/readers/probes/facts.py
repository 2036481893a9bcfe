"""What a probe prints: what one reader tells of one file, as JSON in the last line.

Probes are scripts that run in an environment of their own and know nothing of this project. Each
calls `tell` with a function that opens a file as the reader's documentation shows it.
"""

import hashlib
import importlib.metadata
import json
import sys
import traceback


def digest(voxels):
    """Return the SHA-256 of each channel's voxels, little-endian, of an image c, z, y, x."""
    import numpy as np

    voxels = np.asarray(voxels)
    if voxels.ndim == 5 and len(voxels) == 1:  # one time point
        voxels = voxels[0]
    little = voxels.dtype.newbyteorder("<")
    return [
        hashlib.sha256(np.ascontiguousarray(channel, dtype=little).tobytes()).hexdigest()
        for channel in voxels
    ]


def level(shape, *, voxel_size=None, translation=None):
    """Return what is told of a level: its shape, and lengths in z, y, x order, or None."""
    return {
        "shape": [int(size) for size in shape],
        "voxel_size": None if voxel_size is None else [float(size) for size in voxel_size],
        "translation": None if translation is None else [float(size) for size in translation],
    }


def tell(read, *distributions, versions=None):
    """Run a probe, whose first argument is a path and whose second is the sample's format.

    Parameters
    ----------
    read
        Takes both; returns a dict with ``levels``, a list of what `level` returns, or None where
        the reader knows of one array only; ``channels``, their names or None; ``unit``, or None;
        and ``voxels``, level 0 as c, z, y, x.
    distributions
        Packages whose versions the matrix states.
    versions
        Versions by name of what is no Python package.
    """
    path, file_format = sys.argv[1:]
    told = {"versions": {name: importlib.metadata.version(name) for name in distributions}}
    told["versions"] |= versions or {}
    try:
        facts = read(path, file_format)
        told.update(facts, voxels=digest(facts["voxels"]))
    except Exception as error:
        last = traceback.format_exception_only(error)[-1].strip().splitlines()
        told["error"] = last[0][:300] if last else type(error).__name__
    print(json.dumps(told, default=str))
