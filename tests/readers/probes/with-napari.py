# /// script
# requires-python = ">=3.12"
# dependencies = ["napari", "napari-ome-zarr"]
# ///
"""napari with the plugin napari-ome-zarr: its viewer without a window, which needs OpenGL."""

import numpy as np
from facts import level, tell
from napari.components import ViewerModel
from npe2 import PluginManager


def read(path, file_format):
    PluginManager.instance().discover()  # as napari does when it starts
    layers = ViewerModel().open(path, plugin="napari-ome-zarr")
    first = layers[0]
    data = first.data if first.multiscale else [first.data]
    # A layer for each channel; its scale and translation are those of level 0.
    shapes = [(len(layers), *each.shape[-3:]) for each in data]
    levels = [level(shape) for shape in shapes]
    levels[0] = level(shapes[0], voxel_size=first.scale[-3:], translation=first.translate[-3:])
    return {
        "levels": levels,
        # Before a channel's name stands the image's.
        "channels": [layer.name.rpartition(": ")[2] for layer in layers],
        "unit": str(first.units[-1]),
        "voxels": np.stack(
            [np.asarray(layer.data[0] if layer.multiscale else layer.data) for layer in layers]
        ),
    }


tell(read, "napari-ome-zarr", "napari")
