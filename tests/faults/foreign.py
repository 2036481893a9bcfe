"""What may stand at the place of an image, and is not to be overwritten.

Each function finds version 0 in a folder, makes it something else or puts something beside it,
and returns what a refusal must name.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import tifffile
import zarr


def _no_zarr(folder: Path, name: str) -> str:
    shutil.rmtree(folder / name)
    (folder / name).mkdir()
    (folder / name / "thesis.txt").write_text("precious")
    return name


def _a_file(folder: Path, name: str) -> str:
    shutil.rmtree(folder / name)
    (folder / name).write_text("precious")
    return name


def _a_plain_array(folder: Path, name: str, zarr_format: Literal[2, 3]) -> str:
    shutil.rmtree(folder / name)
    array = zarr.create_array(folder / name, shape=(4, 4), dtype="uint8", zarr_format=zarr_format)
    array[...] = 7
    return name


def _a_plain_group(folder: Path, name: str, zarr_format: Literal[2, 3]) -> str:
    shutil.rmtree(folder / name)
    group = zarr.create_group(folder / name, zarr_format=zarr_format, attributes={"mine": True})
    group.create_array("0", shape=(4, 4), dtype="uint8")[...] = 7
    return name


def _with_member(folder: Path, name: str, member: str) -> str:
    path = folder / name / member
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    return member.split("/")[0]


AT_OME_ZARR: Mapping[str, Callable[..., str]] = {
    "a folder that is no Zarr": _no_zarr,
    "a file": _a_file,
    "a plain array, v3": partial(_a_plain_array, zarr_format=3),
    "a plain array, v2": partial(_a_plain_array, zarr_format=2),
    "a group without an image, v3": partial(_a_plain_group, zarr_format=3),
    "a group without an image, v2": partial(_a_plain_group, zarr_format=2),
    "labels": partial(_with_member, member="labels/zarr.json"),
    "tables": partial(_with_member, member="tables/.zgroup"),
    "a note": partial(_with_member, member="notes.txt"),
    "a note in a level": partial(_with_member, member="0/notes.txt"),
}


def _another_xml(folder: Path) -> str:
    (folder / "image.xml").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return "image.xml"


def _an_xml_alone(folder: Path, pixels: str) -> str:
    if (folder / pixels).is_dir():
        shutil.rmtree(folder / pixels)
    else:
        (folder / pixels).unlink()
    return _another_xml(folder)


def _the_xml_of_another(folder: Path, pixels: str) -> str:
    xml, other = folder / "image.xml", f"other{Path(pixels).suffix}"
    xml.write_text(xml.read_text().replace(f">{pixels}<", f">{other}<"))
    (folder / pixels).rename(folder / other)
    return other


def _another_hdf5(folder: Path, name: str = "image.h5") -> str:
    with h5py.File(folder / name, "w") as file:
        file["precious"] = [1, 2, 3]
    return name


def _an_hdf5_alone(folder: Path) -> str:
    (folder / "image.xml").unlink()
    return _another_hdf5(folder)


def _no_hdf5(folder: Path, name: str = "image.h5") -> str:
    (folder / name).write_text("precious")
    return name


def _a_folder(folder: Path, name: str) -> str:
    (folder / name).unlink()
    (folder / name).mkdir()
    (folder / name / "thesis.txt").write_text("precious")
    return name


AT_BDV_HDF5: Mapping[str, Callable[[Path], str]] = {
    "another XML beside the HDF5": _another_xml,
    "another XML alone": partial(_an_xml_alone, pixels="image.h5"),
    "the XML of another HDF5": partial(_the_xml_of_another, pixels="image.h5"),
    "another HDF5 beside the XML": _another_hdf5,
    "another HDF5 alone": _an_hdf5_alone,
    "text that is called .h5": _no_hdf5,
    "a folder that is called .xml": partial(_a_folder, name="image.xml"),
    "a folder that is called .h5": partial(_a_folder, name="image.h5"),
}


def _the_xml_of_hdf5(folder: Path) -> str:
    xml = folder / "image.xml"
    xml.write_text(xml.read_text().replace("bdv.n5", "bdv.hdf5"))
    return "image.xml"


def _n5_of_another_program(folder: Path) -> str:
    (folder / "image.n5" / "setup0" / "attributes.json").write_text('{"mine": true}')
    return "image.n5"


AT_BDV_N5: Mapping[str, Callable[[Path], str]] = {
    "another XML beside the N5": _another_xml,
    "another XML alone": partial(_an_xml_alone, pixels="image.n5"),
    "the XML of another N5": partial(_the_xml_of_another, pixels="image.n5"),
    "the XML of HDF5": _the_xml_of_hdf5,
    "the N5 of another program": _n5_of_another_program,
    "a folder that is called .n5": partial(_no_zarr, name="image.n5"),
    "a file that is called .n5": partial(_a_file, name="image.n5"),
    "a folder that is called .xml": partial(_a_folder, name="image.xml"),
    "a note": partial(_with_member, name="image.n5", member="notes.txt"),
    "another N5 dataset": partial(_with_member, name="image.n5", member="masks/attributes.json"),
    "a note among chunks": partial(
        _with_member, name="image.n5", member="setup0/timepoint0/s0/notes.txt"
    ),
}


def _no_tiff(folder: Path, name: str) -> str:
    (folder / name).write_text("precious")
    return name


def _a_plain_tiff(folder: Path, name: str) -> str:
    tifffile.imwrite(folder / name, np.ones((4, 4), "uint8"), ome=False)
    return name


def _two_images(folder: Path, name: str) -> str:
    with tifffile.TiffWriter(folder / name, ome=True) as tiff:
        tiff.write(np.ones((4, 4), "uint8"))
        tiff.write(np.ones((4, 4), "uint8"))
    return name


AT_OME_TIFF: Mapping[str, Callable[..., str]] = {
    "text that is called .ome.tif": _no_tiff,
    "a folder that is called .ome.tif": _a_folder,
    "a TIFF without OME-XML": _a_plain_tiff,
    "an OME-TIFF of two images": _two_images,
}


def _surfaces(folder: Path) -> str:
    with h5py.File(folder / "image.ims", "r+") as file:
        file["Scene8/Content/Surfaces0/Info"] = [1, 2, 3]
    return "Scene8"


AT_IMARIS: Mapping[str, Callable[[Path], str]] = {
    "surfaces": _surfaces,
    "another HDF5": partial(_another_hdf5, name="image.ims"),
    "text that is called .ims": partial(_no_hdf5, name="image.ims"),
    "a folder that is called .ims": partial(_a_folder, name="image.ims"),
}
