# /// script
# requires-python = ">=3.12"
# dependencies = ["tensorstore"]
# ///
"""tensorstore: an array at a time. In N5 that is a channel, with axes x first on the disk."""

import numpy as np
import tensorstore
from facts import tell

DRIVERS = {
    "ome-zarr-0.4": "zarr",
    "ome-zarr-0.5": "zarr3",
    "ome-zarr-0.5-shards": "zarr3",
    "ome-zarr-0.6": "zarr3",
    "ozx": "zarr3",
}


def read(path, file_format):
    if file_format == "bdv-n5":
        setups = [array("n5", f"{path}/setup{number}/timepoint0/s0/") for number in range(2)]
        voxels = np.stack([setup.T for setup in setups])
    else:
        base = {"driver": "file", "path": path}
        where = {"driver": "zip", "base": base, "path": "0/"} if file_format == "ozx" else None
        voxels = array(DRIVERS[file_format], f"{path}/0/", where)
    return {"levels": None, "channels": None, "unit": None, "voxels": voxels}


def array(driver, path, where=None):
    """Return all voxels of an array, in a folder or where else is said."""
    kvstore = where or {"driver": "file", "path": path}
    return tensorstore.open({"driver": driver, "kvstore": kvstore}).result().read().result()


tell(read, "tensorstore")
