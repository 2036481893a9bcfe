# /// script
# requires-python = ">=3.12"
# dependencies = ["yaozarrs[io]", "tensorstore"]
# ///
"""yaozarrs: its models of the metadata, and tensorstore for the arrays that they name."""

import yaozarrs
from facts import level, tell


def read(path, file_format):
    group = yaozarrs.open_group(path)
    metadata = group.ome_metadata()
    multiscale = metadata.multiscales[0]
    arrays = [group[dataset.path].to_tensorstore() for dataset in multiscale.datasets]
    levels = []
    for dataset, array in zip(multiscale.datasets, arrays, strict=True):
        told = {step.type: step for step in dataset.coordinateTransformations}
        scale, shift = told["scale"].scale, told.get("translation")
        origin = None if shift is None else shift.translation[-3:]
        levels.append(level(array.shape, voxel_size=scale[-3:], translation=origin))
    return {
        "levels": levels,
        "channels": [channel.label for channel in metadata.omero.channels],
        "unit": multiscale.axes[-1].unit,
        "voxels": arrays[0].read().result(),
    }


tell(read, "yaozarrs", "tensorstore")
