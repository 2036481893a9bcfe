# /// script
# requires-python = ">=3.12"
# dependencies = ["npy2bdv"]
# ///
"""npy2bdv: `BdvEditor`, its one class that reads."""

import npy2bdv
import numpy as np
from facts import level, tell


def read(path, file_format):
    # It reads HDF5 and XML by the name of either, and writes to neither here.
    editor = npy2bdv.BdvEditor(path.removesuffix(".xml") + ".h5", mode="r")
    size = editor.get_view_property("voxel_size")[::-1]
    levels = [level(editor.read_view(ilevel=number).shape) for number in range(editor.nlevels)]
    levels[0]["voxel_size"] = list(size)
    voxels = np.stack([editor.read_view(channel=number) for number in range(2)])
    return {"levels": levels, "channels": None, "unit": None, "voxels": voxels}


tell(read, "npy2bdv", "h5py")
