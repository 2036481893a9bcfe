# /// script
# requires-python = ">=3.12"
# dependencies = ["iohub"]
# ///
"""iohub: `open_ome_zarr`, which yields a Position."""

from facts import level, tell
from iohub.ngff import open_ome_zarr


def read(path, file_format):
    with open_ome_zarr(path, mode="r") as image:
        dataset = image.metadata.multiscales[0].datasets
        levels = []
        for entry in dataset:
            scale = translation = None
            for step in entry.coordinate_transformations:
                scale = getattr(step, "scale", None) or scale
                translation = getattr(step, "translation", None) or translation
            levels.append(
                level(
                    image[entry.path].shape,
                    voxel_size=scale and scale[-3:],
                    translation=translation and translation[-3:],
                )
            )
        axes = image.metadata.multiscales[0].axes
        return {
            "levels": levels,
            "channels": image.channel_names,
            "unit": getattr(axes[-1], "unit", None),
            "voxels": image[dataset[0].path][:],
        }


tell(read, "iohub", "zarr")
