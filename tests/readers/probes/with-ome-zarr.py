# /// script
# requires-python = ">=3.12"
# dependencies = ["ome-zarr"]
# ///
"""ome-zarr-py: the node of the image, as `ome_zarr info` and napari-ome-zarr use it."""

from facts import level, tell
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader


def read(path, file_format):
    (node, *_) = Reader(parse_url(path))()
    transformations = node.metadata.get("coordinateTransformations")
    levels = []
    for number, data in enumerate(node.data):
        scale = translation = None
        for step in transformations[number] if transformations else []:
            scale = step.get("scale", scale)
            translation = step.get("translation", translation)
        levels.append(
            level(
                data.shape,
                voxel_size=scale and scale[-3:],
                translation=translation and translation[-3:],
            )
        )
    axes = node.metadata.get("axes") or []
    return {
        "levels": levels,
        "channels": node.metadata.get("channel_names"),
        "unit": next((axis.get("unit") for axis in axes if axis["name"] == "x"), None),
        "voxels": node.data[0],
    }


tell(read, "ome-zarr", "zarr")
