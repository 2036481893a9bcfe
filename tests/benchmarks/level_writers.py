"""Benchmark: what do writers of OME-Zarr make of their levels, as they come? Run by hand.

    uv run --with iohub==0.3.11 --with acquire-zarr==0.10.0 python \
        tests/benchmarks/level_writers.py --save tests/benchmarks/results/level_writers.json

Each writer gets the same three images and writes two coarser levels of each with its defaults:

labels
    Two balls, 10 and 20, in a background of 0: how many values has each level?
noise
    ``uint8`` from 100 to 131, equally often: by how much is a level brighter than the image?
ramp
    Each voxel holds its own place along x: how far beside its true place does a level's metadata
    put a voxel, in voxels of the image?

Lesson 4 shows the result. Packages that are not installed are left out.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import platform
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import zarr

from bigimg_lessons.build import build_pyramid

SHAPE = (8, 512, 512)
LEVELS = (1, 2)
# What the values of the ramp are multiplied by, so that rounding them moves no voxel visibly.
STEP = 100


def make_images():
    """Return the three images, (Z, Y, X)."""
    z, y, x = (np.arange(n) for n in SHAPE)
    labels = np.zeros(SHAPE, "uint16")
    for value, middle, radius in ((10, 180, 100), (20, 340, 90)):
        from_middle = (10 * (z[:, None, None] - 4)) ** 2 + (y[:, None] - middle) ** 2
        labels[from_middle + (x - middle) ** 2 < radius**2] = value
    noise = np.random.default_rng(0).integers(100, 132, SHAPE, dtype="uint8")
    ramp = np.broadcast_to((STEP * x).astype("uint16"), SHAPE).copy()
    return {"labels": labels, "noise": noise, "ramp": ramp}


def bigimg_lessons(image, path, kind):
    downsampling = "mode" if kind == "labels" else "mean"
    build_pyramid(
        image,
        path,
        voxel_size=(1, 1, 1),
        factors=[(1, 1, 1), (2, 2, 2), (4, 4, 4)],
        downsampling=downsampling,
        progress=False,
    )
    return path


def ome_zarr(image, path, kind):
    from ome_zarr.writer import write_image, write_labels

    group = zarr.open_group(path, mode="w", zarr_format=3)
    if kind == "labels":
        write_labels(image, group, name="cells", axes="zyx")
        return path / "labels" / "cells"
    write_image(image, group, axes="zyx")
    return path


def ngff_zarr(image, path, kind):
    from ngff_zarr import to_multiscales, to_ngff_image, to_ngff_zarr

    to_ngff_zarr(str(path), to_multiscales(to_ngff_image(image, dims=["z", "y", "x"])))
    return path


def bioio_ome_zarr(image, path, kind):
    from bioio_ome_zarr.writers import OMEZarrWriter

    OMEZarrWriter(
        str(path),
        [tuple(n // factor for n in SHAPE) for factor in (1, 2, 4)],
        image.dtype,
        axes_names=["z", "y", "x"],
        axes_types=["space"] * 3,
        axes_units=["micrometer"] * 3,
        physical_pixel_size=[1.0] * 3,
    ).write_full_volume(image)
    return path


def iohub(image, path, kind):
    from iohub import open_ome_zarr

    options = {"layout": "fov", "mode": "w-", "channel_names": ["c"], "version": "0.5"}
    with open_ome_zarr(path, **options) as position:
        position["0"] = image[None, None]
        position.compute_pyramid(levels=3)
    return path


def acquire_zarr(image, path, kind):
    import acquire_zarr as aqz

    array = aqz.ArraySettings(
        dimensions=[
            aqz.Dimension(
                name=name,
                kind=aqz.DimensionType.SPACE,
                array_size_px=size,
                chunk_size_px=chunk,
                shard_size_chunks=1,
            )
            for name, size, chunk in zip("zyx", SHAPE, (2, 64, 64), strict=True)
        ],
        data_type=image.dtype,
        # Without a method it writes no levels.
        downsampling_method=aqz.DownsamplingMethod.MEAN,
    )
    settings = aqz.StreamSettings(
        arrays=[array], store_path=str(path), version=aqz.ZarrVersion.V3, overwrite=True
    )
    stream = aqz.ZarrStream(settings)
    stream.append(image)
    stream.close()
    return path


WRITERS = {
    "bigimg-lessons": bigimg_lessons,
    "ome-zarr": ome_zarr,
    "ngff-zarr": ngff_zarr,
    "iohub": iohub,
    "bioio-ome-zarr": bioio_ome_zarr,
    "acquire-zarr": acquire_zarr,
}


def read_levels(path):
    """Yield the voxels of each level, its scale and its translation along x (0 if unstated)."""
    group = zarr.open_group(path, mode="r")
    attributes = dict(group.attrs)
    (multiscale,) = attributes.get("ome", attributes)["multiscales"]
    for dataset in multiscale["datasets"]:
        stated = {t["type"]: t[t["type"]][-1] for t in dataset["coordinateTransformations"]}
        yield group[dataset["path"]][...], stated["scale"], stated.get("translation", 0.0)


def beside(values, scale, translation):
    """Return how far the metadata put the voxels of a ramp beside their true places."""
    line = values.reshape(-1, values.shape[-1])[0] / STEP
    stated = scale * np.arange(len(line)) + translation
    # What happens at the borders, where some filters reach out of the image, is left out.
    return float((stated - line)[8:-8].mean())


def measure(name):
    """Let a writer write the images, and return what its levels are like."""
    images = make_images()
    found = {"version": version(name), "label values": [], "brightness": [], "place": []}
    with tempfile.TemporaryDirectory() as folder:
        for kind, image in images.items():
            written = list(read_levels(WRITERS[name](image, Path(folder, f"{kind}.zarr"), kind)))
            for k in LEVELS:
                values, scale, translation = written[k]
                if kind == "labels":
                    found["label values"].append(len(np.unique(values)))
                elif kind == "noise":
                    difference = float(values.mean() - image.mean())
                    found["brightness"].append(round(difference, 2) + 0.0)  # never -0.0
                else:
                    found["place"].append(round(beside(values, scale, translation), 1) + 0.0)
    return found


def installed(name):
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", type=Path, help="write the results there, as JSON")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    results = {}
    for name in filter(installed, WRITERS):
        results[name] = measure(name)
        print(name, results[name])
    if options.save:
        made = {"python": platform.python_version(), "zarr": version("zarr"), "writers": results}
        options.save.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
