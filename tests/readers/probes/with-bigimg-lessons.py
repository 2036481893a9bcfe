"""BioImage with the reader of this project, in whose environment this probe runs."""

from bioio import BioImage
from facts import level, tell

from bigimg_lessons.formats.bdv import Reader


def read(path, file_format):
    image = BioImage(path, reader=Reader)
    levels = []
    for number in image.resolution_levels:
        image.set_resolution_level(number)
        size = image.physical_pixel_sizes
        levels.append(level(image.shape, voxel_size=[size.Z, size.Y, size.X]))
    image.set_resolution_level(0)
    return {
        "levels": levels,
        "channels": image.channel_names,
        "unit": str(image.dimension_properties.X.unit),
        "voxels": image.data,
    }


tell(read, "bioio", "bigimg-lessons")
