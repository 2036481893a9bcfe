# /// script
# requires-python = ">=3.12"
# dependencies = ["ngff-zarr"]
# ///
"""ngff-zarr: `from_ngff_zarr` with its checks, as its documentation shows."""

from facts import level, tell
from ngff_zarr import from_ngff_zarr


def read(path, file_format):
    multiscales = from_ngff_zarr(path)
    levels = []
    for image in multiscales.images:
        spatial = [dim for dim in image.dims if dim in "zyx"]
        levels.append(
            level(
                image.data.shape,
                voxel_size=[image.scale[dim] for dim in spatial],
                translation=[image.translation[dim] for dim in spatial],
            )
        )
    first = multiscales.images[0]
    omero = getattr(multiscales.metadata, "omero", None)
    return {
        "levels": levels,
        "channels": [channel.label for channel in omero.channels] if omero else None,
        "unit": (first.axes_units or {}).get("x"),
        "voxels": first.data,
    }


tell(read, "ngff-zarr")
