# /// script
# requires-python = ">=3.12"
# dependencies = ["imaris-ims-zarr"]
# ///
"""imaris-ims-zarr: `ims`, with sizes told to all decimals."""

from facts import level, tell
from imaris_ims_zarr import ims


def read(path, file_format):
    image = ims(path, squeeze_output=False, resolution_decimal_places=9)
    levels = [
        level(
            image.metaData[number, 0, 0, "shape"],
            voxel_size=image.metaData[number, 0, 0, "resolution"],
        )
        for number in range(image.ResolutionLevels)
    ]
    voxels = image[0:1, 0 : image.Channels, 0 : image.shape[2], :, :]
    return {"levels": levels, "channels": None, "unit": None, "voxels": voxels}


tell(read, "imaris-ims-zarr", "h5py")
