# /// script
# requires-python = ">=3.12"
# dependencies = ["z5py"]
# ///
"""z5py: arrays of an N5 folder."""

import numpy as np
import z5py
from facts import tell


def read(path, file_format):
    file = z5py.File(path, "r")
    setups = [file[f"setup{number}/timepoint0/s0"][:] for number in range(2)]
    return {"levels": None, "channels": None, "unit": None, "voxels": np.stack(setups)}


tell(read, "z5py")
