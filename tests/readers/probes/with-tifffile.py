# /// script
# requires-python = ">=3.12"
# dependencies = ["tifffile", "imagecodecs"]
# ///
"""tifffile: the first series and its levels; voxel sizes as the file's own XML or tags tell."""

import xml.etree.ElementTree as ET

import numpy as np
import tifffile
from facts import level, tell


def read(path, file_format):
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        order = [series.axes.index(axis) for axis in "CZYX"]
        levels = [level([item.shape[axis] for axis in order]) for item in series.levels]
        facts = _ome(file) if file.ome_metadata else _imagej(file)
        levels[0]["voxel_size"] = facts.pop("voxel_size")
        return {**facts, "levels": levels, "voxels": np.transpose(series.asarray(), order)}


def _ome(file):
    root = ET.fromstring(file.ome_metadata)
    name = root.tag.partition("}")[0] + "}"
    pixels = root.find(f".//{name}Pixels")
    return {
        "voxel_size": [float(pixels.get(f"PhysicalSize{axis}")) for axis in "ZYX"],
        "unit": pixels.get("PhysicalSizeXUnit", "µm"),
        "channels": [channel.get("Name") for channel in pixels.iter(f"{name}Channel")],
    }


def _imagej(file):
    told, tags = file.imagej_metadata, file.pages[0].tags
    y, x = (tags[f"{axis}Resolution"].value for axis in "YX")
    return {
        "voxel_size": [told["spacing"], y[1] / y[0], x[1] / x[0]],
        "unit": told.get("unit"),
        "channels": told["Labels"][: told["channels"]],
    }


tell(read, "tifffile")
