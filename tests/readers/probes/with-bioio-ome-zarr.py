# /// script
# requires-python = ">=3.12"
# dependencies = ["bioio", "bioio-ome-zarr"]
# ///
"""BioImage with bioio-ome-zarr, given by name, since bioio's own choice may be another reader."""

from bioio import BioImage
from bioio_ome_zarr.reader import Reader
from facts import level, tell


def read(path, file_format):
    image = BioImage(path, reader=Reader)
    levels = []
    for number in image.resolution_levels:
        image.set_resolution_level(number)
        size = image.physical_pixel_sizes
        told = None if size is None else [size.Z, size.Y, size.X]
        levels.append(level(image.shape, voxel_size=None if not told or None in told else told))
    image.set_resolution_level(0)
    told = levels[0]["voxel_size"]
    unit = None if told is None else image.dimension_properties.X.unit
    return {
        "levels": levels,
        "channels": image.channel_names,
        "unit": None if unit is None else str(unit),
        "voxels": image.data,
    }


tell(read, "bioio", "bioio-ome-zarr")
