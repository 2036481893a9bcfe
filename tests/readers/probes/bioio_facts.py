"""What `BioImage` tells of a file, with whichever of its readers."""

from bioio import BioImage
from facts import level, tell


def tell_by_bioio(reader, distribution):
    """Run the probe of a reader, given by class, since bioio's own choice may be another one.

    Parameters
    ----------
    reader
        Its class.
    distribution
        The package that it comes in, whose version the matrix states.
    """

    def read(path, file_format):
        image = BioImage(path, reader=reader)
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

    tell(read, "bioio", distribution)
