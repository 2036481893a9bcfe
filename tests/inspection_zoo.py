"""Files of all formats and writers, well and ill, each with what is to be said of it by hand.

None of the writers of ill files is to blame: they are made ill here, by changing what they wrote.
"""

from __future__ import annotations

import json
import shutil
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile
import zarr

from bigimg_lessons import build_pyramid
from tests import bdv_files

RNG = np.random.default_rng(18)
STACK = RNG.integers(0, 1000, (12, 80, 96), "uint16")
LABELS = np.kron(RNG.integers(0, 5, (3, 8, 8), "uint16") * 40, np.ones((8, 8, 8), "uint16"))
LABELS = np.ascontiguousarray(np.roll(LABELS, 3, (0, 1, 2)))

MICRO = (None, None, "µm", "µm", "µm")
ZYX = ("Z", "Y", "X")
UNKNOWN = {"voxel-size-unknown", "axes-unknown"}


@dataclass(frozen=True)
class Animal:
    """A file, and what an inspection has to say of it.

    Parameters
    ----------
    make
        Writes it into a folder, and returns its path.
    said
        Parts of the report: names of its fields to their values; ``level0`` and ``level1`` to
        those of these levels.
    verdicts
        Names of all verdicts.
    """

    make: Callable[[Path], Path]
    said: dict[str, Any]
    verdicts: set[str]


ZOO: dict[str, Animal] = {}


def animal(
    verdicts: set[str] | None = None, **said: Any
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Enter a maker into the zoo."""

    def enter(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        ZOO[make.__name__] = Animal(make, said, verdicts or set())
        return make

    return enter


def built(path: Path, image: Any = STACK, **options: Any) -> Path:
    settings: dict[str, Any] = {"voxel_size": (2, 0.5, 0.5), "unit": "µm", "progress": False}
    settings |= {"factors": [(1, 1, 1), (1, 2, 2)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Path(build_pyramid(image, path, **(settings | options)))


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


def sparse_tiff(path: Path, shape: tuple[int, ...]) -> None:
    """Write directories, and no voxels where the disk can leave them out."""
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for _ in range(shape[0] if len(shape) == 3 else 1):
            tiff.write(shape=shape[-2:], dtype="uint8", photometric="minisblack", metadata=None)


# ---- TIFF ----


@animal(
    UNKNOWN,
    kind="TIFF",
    axes=("?", "Y", "X"),
    level0={
        "shape": (12, 80, 96),
        "dtype": "uint16",
        "layout": "strips",
        "chunk_shape": (1, 80, 96),
        "codec": (),
        "voxel_size": None,
        "edges": "cut",
    },
)
def tiff_of_planes(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", STACK, photometric="minisblack", metadata=None)
    return folder / "a.tif"


@animal(
    {"voxel-size-unknown"},
    axes=("Y", "X"),
    level0={"shape": (80, 96), "dtype": "uint16"},
    notes=("3 of its directories are planes of other sizes or types, not described here.",),
)
def tiff_of_planes_of_several_types(folder: Path) -> Path:
    path = folder / "a.tif"
    for number, kind in enumerate(("uint16", "float32", "uint8")):
        plane = STACK[number].astype(kind)
        tifffile.imwrite(path, plane, photometric="minisblack", metadata=None, append=number > 0)
    colour = np.zeros((80, 96, 3), "uint16")
    tifffile.imwrite(path, colour, photometric="rgb", metadata=None, append=True)
    return path


@animal({"voxel-size-unknown"}, axes=("Y", "X"), level0={"shape": (80, 96), "dtype": "float32"})
def tiff_of_one_plane(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", STACK[0].astype("float32"), metadata=None)
    return folder / "a.tif"


@animal(
    kind="TIFF (ImageJ)",
    axes=ZYX,
    units=("um", "um", "um"),
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
)
def tiff_of_imagej(folder: Path) -> Path:
    metadata = {"axes": "ZYX", "spacing": 2, "unit": "um"}
    tifffile.imwrite(folder / "a.tif", STACK, imagej=True, metadata=metadata, resolution=(2.0, 2.0))
    return folder / "a.tif"


@animal(
    axes=ZYX,
    units=("mm", "nm", "um"),
    level0={"voxel_size": (2.0, 0.5, 0.25)},
)
def tiff_of_imagej_with_three_units(folder: Path) -> Path:
    metadata = {"axes": "ZYX", "unit": "um", "yunit": "nm", "zunit": "mm", "spacing": 2}
    resolution = (4, 2)
    tifffile.imwrite(folder / "a.tif", STACK, imagej=True, resolution=resolution, metadata=metadata)
    return folder / "a.tif"


@animal(
    {"voxel-size-unknown"},
    axes=ZYX,
    level0={"voxel_size": (2.0, None, None)},
    notes=(
        "Level 0 states a voxel size along Y, X that is no number above 0, so it is not known.",
    ),
)
def tiff_of_imagej_beyond_numbers(folder: Path) -> Path:
    path = tiff_of_imagej(folder)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        for name in ("XResolution", "YResolution"):
            tag = tiff.pages.first.tags[name]
            tag.overwrite(1e-310, dtype="d")
    return path


@animal(
    {"voxel-size-unknown"},
    axes=ZYX,
    units=(None, "um", "um"),
    level0={"voxel_size": (None, 0.5, 0.25)},
)
def tiff_of_imagej_with_slices_in_pixels(folder: Path) -> Path:
    metadata = {"axes": "ZYX", "unit": "um", "zunit": "pixel", "spacing": 2}
    resolution = (4, 2)
    tifffile.imwrite(folder / "a.tif", STACK, imagej=True, resolution=resolution, metadata=metadata)
    return folder / "a.tif"


@animal(
    kind="TIFF (ImageJ)",
    axes=("T", "Z", "C", "Y", "X"),
    units=("s", "um", None, "um", "um"),
    level0={"shape": (2, 3, 2, 80, 96), "voxel_size": (5.0, 2.0, None, 0.5, 0.5)},
)
def tiff_of_imagej_with_five_axes(folder: Path) -> Path:
    metadata = {"axes": "TZCYX", "spacing": 2, "unit": "um", "finterval": 5.0}
    tifffile.imwrite(
        folder / "a.tif",
        STACK.reshape(2, 3, 2, 80, 96),
        imagej=True,
        metadata=metadata,
        resolution=(2.0, 2.0),
    )
    return folder / "a.tif"


def imagej_run(path: Path, planes: int) -> Path:
    """Write ImageJ's lines of 12 planes, and planes one behind the other with one directory."""
    lines = "ImageJ=1.53\nimages=12\nslices=12\nunit=um\nspacing=2\n"
    options: dict[str, Any] = {"metadata": None, "resolution": (2.0, 2.0), "resolutionunit": 1}
    tifffile.imwrite(path, STACK[0], description=lines, **options)
    with path.open("ab") as file:
        file.write(STACK[1:planes].tobytes())
    return path


@animal(kind="TIFF (ImageJ)", axes=ZYX, level0={"shape": (12, 80, 96)}, contradictions=())
def tiff_of_imagej_with_one_directory(folder: Path) -> Path:
    return imagej_run(folder / "a.tif", 12)


@animal(
    {"contradictions"},
    level0={"shape": (12, 80, 96)},
    contradictions=("ImageJ's lines tell of 12 planes, and the file has 11.",),
)
def tiff_of_imagej_that_lacks_a_plane(folder: Path) -> Path:
    return imagej_run(folder / "a.tif", 11)


@animal({"voxel-size-unknown"}, kind="TIFF (ImageJ)", contradictions=())
def tiff_of_imagej_that_counts_colours(folder: Path) -> Path:
    lines = "ImageJ=1.53\nimages=3\nchannels=3\n"
    options: dict[str, Any] = {
        "photometric": "rgb",
        "planarconfig": "separate",
        "compression": "zlib",
    }
    plane = np.ones((3, 80, 96), "uint8")
    tifffile.imwrite(folder / "a.tif", plane, description=lines, metadata=None, **options)
    return folder / "a.tif"


@animal(
    {"voxel-size-unknown"},
    axes=("Y", "X", "S"),
    level0={"shape": (80, 96, 3), "chunk_shape": (80, 96, 3), "dtype": "uint8"},
)
def tiff_in_colour(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif", np.ones((80, 96, 3), "uint8"), photometric="rgb", metadata=None
    )
    return folder / "a.tif"


@animal(
    {"voxel-size-unknown"},
    axes=("S", "Y", "X"),
    level0={"shape": (3, 80, 96), "chunk_shape": (1, 80, 96)},
)
def tiff_in_planar_colour(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif",
        np.ones((3, 80, 96), "uint8"),
        photometric="rgb",
        planarconfig="separate",
        metadata=None,
    )
    return folder / "a.tif"


@animal(
    UNKNOWN,
    level0={
        "layout": "tiles",
        "chunk_shape": (1, 32, 64),
        "codec": ("deflate",),
        "edges": "padded",
    },
)
def tiff_in_tiles(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif",
        STACK,
        photometric="minisblack",
        tile=(32, 64),
        compression="zlib",
        metadata=None,
    )
    return folder / "a.tif"


@animal(UNKNOWN, kind="BigTIFF", level0={"shape": (12, 80, 96), "chunk_shape": (1, 16, 96)})
def tiff_big_in_strips(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif",
        STACK,
        photometric="minisblack",
        bigtiff=True,
        rowsperstrip=16,
        metadata=None,
    )
    return folder / "a.tif"


@animal(UNKNOWN, kind="TIFF", level0={"shape": (12, 80, 96), "dtype": "uint16"})
def tiff_of_the_other_byte_order(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif", STACK, photometric="minisblack", byteorder=">", metadata=None
    )
    return folder / "a.tif"


@animal(
    {"axes-unknown"},
    units=(None, "µm", "µm"),
    level0={"voxel_size": (None, 0.5, 0.25)},
)
def tiff_with_centimetres(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif",
        STACK,
        photometric="minisblack",
        resolution=(40_000, 20_000),
        resolutionunit="CENTIMETER",
        metadata=None,
    )
    return folder / "a.tif"


@animal(UNKNOWN, level0={"shape": (12, 80, 96), "voxel_size": None})
def tiff_with_dots_per_inch(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif",
        STACK,
        photometric="minisblack",
        resolution=(72, 72),
        resolutionunit="INCH",
        metadata=None,
    )
    return folder / "a.tif"


@animal(UNKNOWN | {"not-for-the-browser"}, level0={"codec": ("lzma",), "shape": (12, 80, 96)})
def tiff_with_lzma(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "a.tif", STACK, photometric="minisblack", compression="lzma", metadata=None
    )
    return folder / "a.tif"


@animal(UNKNOWN, level0={"shape": (12, 80, 96)}, level1={"shape": (12, 40, 48)})
def tiff_with_levels_in_subifds(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "a.tif") as tiff:
        common: dict[str, Any] = {"photometric": "minisblack", "tile": (32, 32), "metadata": None}
        tiff.write(STACK, subifds=1, **common)
        tiff.write(STACK[:, ::2, ::2], subfiletype=1, **common)
    return folder / "a.tif"


@animal(
    {"voxel-size-unknown"},
    axes=("Y", "X", "S"),
    level0={"shape": (161, 193, 3)},
    level1={"shape": (80, 96, 3)},
    level2={"shape": (41, 49, 3)},
    notes=("4 of its directories are planes of other sizes or types, not described here.",),
)
def tiff_of_a_slide(folder: Path) -> Path:
    """Levels are marked as smaller, and so are the label, the macro image and others."""
    made = (
        (0, (161, 193, 3)), (1, (80, 96, 3)), (1, (41, 49, 3)), (1, (64, 60, 3)),
        (9, (40, 112, 3)), (9, (41, 49, 3)), (1, (80, 96)),
    )  # fmt: skip
    with tifffile.TiffWriter(folder / "a.svs") as tiff:
        for kind, shape in made:
            colours = "rgb" if len(shape) == 3 else "minisblack"
            plane = np.ones(shape, "uint8")
            tiff.write(plane, photometric=colours, subfiletype=kind, tile=(32, 32), metadata=None)
    return folder / "a.svs"


@animal(
    UNKNOWN | {"strips"},
    level0={"shape": (40, 1024, 1024), "layout": "strips", "chunk_shape": (1, 1024, 1024)},
)
def tiff_that_is_looked_at_from_the_side(folder: Path) -> Path:
    sparse_tiff(folder / "a.tif", (40, 1024, 1024))
    return folder / "a.tif"


@animal({"no-pyramid", "voxel-size-unknown"}, level0={"shape": (4096, 4096)}, kind="BigTIFF")
def tiff_that_is_wide(folder: Path) -> Path:
    sparse_tiff(folder / "a.tif", (4096, 4096))
    return folder / "a.tif"


@animal(
    kind="OME-TIFF",
    version="2016-06",
    axes=ZYX,
    units=("µm", "µm", "µm"),
    channel_names=("channel 0",),
    level0={
        "shape": (12, 80, 96),
        "layout": "tiles",
        "chunk_shape": (1, 256, 256),
        "codec": ("zstd",),
        "voxel_size": (2.0, 0.5, 0.5),
    },
    level1={"shape": (12, 40, 48), "voxel_size": None},
)
def ome_tiff_of_ours(folder: Path) -> Path:
    return built(folder / "a.ome.tif")


@animal(
    kind="OME-TIFF",
    axes=("T", "C", "Z", "Y", "X"),
    units=(None, None, "µm", "µm", "nm"),
    channel_names=("red", "green"),
    level0={"shape": (2, 2, 3, 80, 96), "voxel_size": (None, None, 2.0, 0.5, 500.0)},
)
def ome_tiff_of_tifffile(folder: Path) -> Path:
    metadata = {
        "axes": "TCZYX",
        "PhysicalSizeZ": 2.0,
        "PhysicalSizeY": 0.5,
        "PhysicalSizeX": 500.0,
        "PhysicalSizeXUnit": "nm",
        "Channel": {"Name": ["red", "green"]},
    }
    tifffile.imwrite(folder / "a.ome.tif", STACK.reshape(2, 2, 3, 80, 96), metadata=metadata)
    return folder / "a.ome.tif"


def ome_tiff_that_claims(folder: Path, encoding: str) -> Path:
    """Write OME-XML in UTF-8, as TIFF has it, that claims to be in another encoding."""
    xml = f"""<?xml version="1.0" encoding="{encoding}"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="96" SizeY="80" SizeZ="12"
 SizeC="1" SizeT="1" PhysicalSizeZ="2" PhysicalSizeY="0.5" PhysicalSizeX="0.25"
 PhysicalSizeZUnit="µm" PhysicalSizeYUnit="µm" PhysicalSizeXUnit="µm">
<Channel ID="Channel:0:0" Name="Zürich" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>"""
    path = folder / "a.ome.tif"
    options: dict[str, Any] = {"photometric": "minisblack", "metadata": None}
    tifffile.imwrite(path, STACK, description=xml.encode(), **options)
    return path


CLAIMED: dict[str, Any] = {
    "axes": ZYX,
    "units": ("µm", "µm", "µm"),
    "channel_names": ("Zürich",),
    "level0": {"voxel_size": (2.0, 0.5, 0.25)},
}


@animal(**CLAIMED)
def ome_tiff_that_claims_utf_16(folder: Path) -> Path:
    return ome_tiff_that_claims(folder, "utf-16")


@animal(**CLAIMED)
def ome_tiff_that_claims_latin_1(folder: Path) -> Path:
    return ome_tiff_that_claims(folder, "ISO-8859-1")


@animal(
    {"contradictions", "voxel-size-unknown"},
    kind="OME-TIFF",
    contradictions=("The OME-XML tells of 13 planes, and the file has 12.",),
)
def ome_tiff_that_lacks_a_plane(folder: Path) -> Path:
    metadata = {"axes": "ZYX"}
    tifffile.imwrite(folder / "a.ome.tif", STACK, metadata=metadata)
    content = (folder / "a.ome.tif").read_bytes()
    assert content.count(b'SizeZ="12"') == 1
    (folder / "a.ome.tif").write_bytes(content.replace(b'SizeZ="12"', b'SizeZ="13"'))
    return folder / "a.ome.tif"


# ---- HDF5 ----


@animal(
    UNKNOWN,
    kind="HDF5",
    axes=("?", "?", "?"),
    level0={
        "path": "raw",
        "shape": (12, 80, 96),
        "layout": "chunks",
        "chunk_shape": (4, 16, 16),
        "codec": ("shuffle", "gzip"),
    },
)
def hdf5_in_chunks(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("raw", data=STACK, chunks=(4, 16, 16), compression="gzip", shuffle=True)
    return folder / "a.h5"


@animal(
    UNKNOWN,
    level0={"layout": "contiguous", "chunk_shape": (1, 1, 96), "codec": (), "edges": "cut"},
)
def hdf5_in_one_run(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file["raw"] = STACK
    return folder / "a.h5"


@animal(
    UNKNOWN | {"whole-volume-chunk"},
    level0={"chunk_shape": (32, 1024, 1024), "codec": ("gzip",)},
)
def hdf5_in_one_chunk(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        shape = (32, 1024, 1024)
        file.create_dataset("raw", shape, "uint8", chunks=shape, compression="gzip")
    return folder / "a.h5"


@animal(UNKNOWN, level0={"chunk_shape": (4, 16, 16), "codec": ("gzip",)})
def hdf5_behind_a_user_block(folder: Path) -> Path:
    path = folder / "a.mat"  # as MATLAB writes it
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("raw", data=STACK, chunks=(4, 16, 16), compression="gzip")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, by nobody".ljust(128))
    return path


@animal(
    {"axes-unknown"},
    units=("µm", "µm", "µm"),
    level0={"voxel_size": (2.0, 0.5, 0.25)},
)
def hdf5_with_element_size(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file["raw"] = STACK
        file["raw"].attrs["element_size_um"] = [2, 0.5, 0.25]
    return folder / "a.h5"


@animal(
    {"voxel-size-unknown"},
    axes=ZYX,
    image="dataset deep/er, the largest of 2",
    level0={"path": "deep/er"},
)
def hdf5_with_several_datasets(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file["small"] = STACK[:3]
        file["deep/er"] = STACK
        file["texts"] = "not an image"
        file["rows"] = np.arange(5)
        for number, name in enumerate("zyx"):
            file["deep/er"].dims[number].label = name
    return folder / "a.h5"


@animal({"voxel-size-unknown"}, axes=ZYX)
def hdf5_with_labels_of_one_length(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file["raw"] = STACK
        file["raw"].attrs["DIMENSION_LABELS"] = np.array([b"z", b"y", b"x"])
    return folder / "a.h5"


@animal(
    UNKNOWN,
    image="",
    level0={"path": "other", "shape": (12, 80, 96)},
    notes=(),
)
def hdf5_of_one_dataset_with_many_names(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file["a/raw"] = STACK
        file["a/again"] = file["a"]
        file["other"] = file["a/raw"]
    return folder / "a.h5"


@animal(
    UNKNOWN,
    image="dataset d0000, the largest of 500",
    notes=(
        "Only the first 500 objects of the file were looked at: another dataset may be larger.",
    ),
)
def hdf5_of_very_many_datasets(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        for number in range(501):
            file[f"d{number:04}"] = np.zeros((2, 2 if number < 500 else 9), "u1")
    return folder / "a.h5"


@animal(UNKNOWN | {"not-for-the-browser"}, level0={"codec": ("lzf",)})
def hdf5_with_lzf(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("raw", data=STACK, compression="lzf")
    return folder / "a.h5"


# ---- BigDataViewer ----


@animal(
    kind="BDV-HDF5",
    axes=ZYX,
    units=("µm", "µm", "µm"),
    channel_names=("channel 0",),
    image="",
    level0={
        "path": "t00000/s00/0/cells",
        "shape": (12, 80, 96),
        "dtype": "uint16",
        "chunk_shape": (12, 64, 64),
        "codec": ("shuffle", "gzip"),
        "voxel_size": (2.0, 0.5, 0.5),
        "offset": None,
    },
    level1={"shape": (12, 40, 48), "voxel_size": (2.0, 1.0, 1.0)},
)
def bdv_of_ours(folder: Path) -> Path:
    return built(folder / "a.xml")


@animal(kind="BDV-HDF5", level0={"voxel_size": (2.0, 0.5, 0.5)}, units=("µm", "µm", "µm"))
def bdv_by_its_hdf5(folder: Path) -> Path:
    return built(folder / "a.xml").with_suffix(".h5")


@animal(
    {"voxel-size-unknown"},
    kind="BDV-HDF5",
    notes=("No a.xml lies beside it, so its voxel size is unknown.",),
    level0={"voxel_size": None, "shape": (12, 80, 96)},
)
def bdv_without_its_xml(folder: Path) -> Path:
    built(folder / "a.xml").unlink()
    return folder / "a.h5"


@animal(
    kind="BDV-HDF5",
    units=("um", "um", "um"),
    image="setup 0, one view of 2 setups at 1 time point",
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
    level1={"shape": (12, 40, 48), "voxel_size": (2.0, 1.0, 1.0)},
)
def bdv_of_npy2bdv(folder: Path) -> Path:
    import npy2bdv  # type: ignore[import-untyped]

    writer = npy2bdv.BdvWriter(
        str(folder / "a.h5"),
        nchannels=2,
        subsamp=((1, 1, 1), (1, 2, 2)),
        blockdim=((4, 16, 16), (4, 16, 16)),
    )
    for channel in range(2):
        writer.append_view(STACK, channel=channel, voxel_size_xyz=(0.5, 0.5, 2), voxel_units="um")
    writer.write_xml()
    writer.close()
    return folder / "a.xml"


@animal(
    kind="BDV-HDF5",
    units=("micrometer",) * 3,
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
    level1={"shape": (6, 40, 48), "voxel_size": (4.0, 1.0, 1.0)},
)
def bdv_of_pybdv(folder: Path) -> Path:
    import pybdv  # type: ignore[import-untyped]

    pybdv.make_bdv(
        STACK,
        str(folder / "a.h5"),
        downscale_factors=[[2, 2, 2]],
        resolution=[2, 0.5, 0.5],
        unit="micrometer",
    )
    return folder / "a.xml"


def bdv_by_hand(folder: Path, **setup: Any) -> Path:
    levels = [STACK, bdv_files.halved(STACK, (1, 2, 2))]
    resolutions = setup.pop("resolutions", [[1, 1, 1], [2, 2, 1]])
    bdv_files.write_h5(
        folder / "data.h5", {(0, 0): levels}, resolutions={0: resolutions}, legacy=True
    )
    common: dict[str, Any] = {"id": 0, "size": (96, 80, 12), "voxel": (0.5, 0.5, 2), "unit": "µm"}
    (folder / "a.xml").write_text(bdv_files.xml([common | setup]), encoding="utf-8")
    return folder / "a.xml"


@animal(level0={"dtype": "uint16", "shape": (12, 80, 96)}, kind="BDV-HDF5")
def bdv_of_old_cells(folder: Path) -> Path:
    return bdv_by_hand(folder)


@animal(
    {"contradictions"},
    contradictions=(
        "The XML says that level 0 has 12 × 80 × 99 voxels (z, y, x), and the file has "
        "12 × 80 × 96.",
    ),
)
def bdv_of_two_sizes(folder: Path) -> Path:
    return bdv_by_hand(folder, size=(99, 80, 12))


@animal({"units-missing"}, units=(None, None, None), level0={"voxel_size": (1.0, 1.0, 1.0)})
def bdv_of_pixels(folder: Path) -> Path:
    return bdv_by_hand(folder, voxel=(1, 1, 1), unit="pixel")


@animal({"sizes-do-not-scale"}, level1={"voxel_size": (4.0, 2.0, 2.0), "shape": (12, 40, 48)})
def bdv_of_wrong_factors(folder: Path) -> Path:
    return bdv_by_hand(folder, resolutions=[[1, 1, 1], [4, 4, 2]])


# ---- N5 ----


@animal(
    kind="BDV-N5",
    version="1.0.0",
    axes=ZYX,
    units=("µm", "µm", "µm"),
    level0={
        "path": "setup0/timepoint0/s0",
        "shape": (12, 80, 96),
        "chunk_shape": (12, 80, 96),
        "codec": ("gzip",),
        "voxel_size": (2.0, 0.5, 0.5),
        "edges": "cut",
    },
    level1={"shape": (12, 40, 48), "voxel_size": (2.0, 1.0, 1.0)},
)
def n5_of_ours(folder: Path) -> Path:
    return built(folder / "a.n5")


@animal(kind="BDV-N5", level0={"voxel_size": (2.0, 0.5, 0.5)})
def n5_by_its_xml(folder: Path) -> Path:
    return built(folder / "a.n5").with_suffix(".xml")


@animal(
    {"voxel-size-unknown"},
    kind="BDV-N5",
    image="setup 0, the first of 800 views",
    level0={"path": "setup0/timepoint0/s0", "shape": (30, 20, 10), "codec": ("lz4",)},
    notes=("No a.xml lies beside it, so its voxel size is unknown.",),
)
def n5_of_many_views(folder: Path) -> Path:
    level: dict[str, Any] = {
        "dimensions": [10, 20, 30],
        "blockSize": [10, 20, 30],
        "dataType": "uint8",
    }
    level["compression"] = {"type": "lz4"}
    for setup in range(400):
        for timepoint in range(2):
            place = folder / "a.n5" / f"setup{setup}" / f"timepoint{timepoint}"
            (place / "s0").mkdir(parents=True)
    first = folder / "a.n5" / "setup0" / "timepoint0" / "s0"
    (first / "attributes.json").write_text(json.dumps(level))
    (folder / "a.n5" / "attributes.json").write_text('{"n5": "2.5.0"}')
    return folder / "a.n5"


@animal(
    UNKNOWN,
    kind="N5",
    axes=("?", "?", "?"),
    level0={"path": "raw", "shape": (12, 80, 96), "chunk_shape": (4, 16, 32), "codec": ("gzip",)},
)
def n5_of_z5py(folder: Path) -> Path:
    import z5py  # type: ignore[import-untyped]

    with z5py.File(str(folder / "a.n5"), "w") as file:
        file.create_dataset("raw", data=STACK, chunks=(4, 16, 32), compression="gzip")
    return folder / "a.n5"


@animal(UNKNOWN, kind="N5", level0={"shape": (12, 80, 96), "chunk_shape": (4, 16, 32), "codec": ()})
def n5_of_tensorstore(folder: Path) -> Path:
    import tensorstore

    metadata = {
        "dimensions": [96, 80, 12],
        "blockSize": [32, 16, 4],
        "dataType": "uint16",
        "compression": {"type": "raw"},
    }
    store = {"driver": "file", "path": str(folder / "a.n5")}
    spec = {"driver": "n5", "kvstore": store, "metadata": metadata}
    tensorstore.open(spec, create=True).result()[...] = STACK.T
    return folder / "a.n5"


@animal(
    axes=ZYX,
    units=("um", "um", "um"),
    level0={"voxel_size": (2.0, 0.5, 0.25)},
    level1={"voxel_size": (2.0, 1.0, 0.5)},
)
def n5_of_n5_viewer(folder: Path) -> Path:
    for number, factor in enumerate((1, 2)):
        level = {
            "dimensions": [96 // factor, 80 // factor, 12],
            "blockSize": [32, 16, 4],
            "dataType": "uint16",
            "compression": {"type": "raw"},
            "axes": ["x", "y", "z"],
            "pixelResolution": {"unit": "um", "dimensions": [0.25, 0.5, 2]},
            "downsamplingFactors": [factor, factor, 1],
        }
        (folder / "a.n5" / f"s{number}").mkdir(parents=True)
        (folder / "a.n5" / f"s{number}" / "attributes.json").write_text(json.dumps(level))
    (folder / "a.n5" / "attributes.json").write_text('{"n5": "2.5.0"}')
    return folder / "a.n5"


@animal(UNKNOWN | {"unread-version"}, kind="N5", unread_version="9.0.0")
def n5_of_the_future(folder: Path) -> Path:
    path = n5_of_z5py(folder)
    (path / "attributes.json").write_text('{"n5": "9.0.0"}')
    return path


# ---- Imaris ----


@animal(
    kind="Imaris",
    version="5.5.0",
    axes=("T", "C", "Z", "Y", "X"),
    units=(None, None, "um", "um", "um"),
    windows=((0.0, 999.0),),
    channel_names=("channel 0",),
    level0={
        "shape": (1, 1, 12, 80, 96),
        "chunk_shape": (1, 1, 12, 64, 64),
        "voxel_size": (None, None, 2.0, 0.5, 0.5),
    },
    level1={"shape": (1, 1, 12, 40, 48), "voxel_size": (None, None, 2.0, 1.0, 1.0)},
)
def imaris_of_ours(folder: Path) -> Path:
    return built(folder / "a.ims")


@animal({"constant-window"}, windows=((7.0, 7.0),))
def imaris_that_shows_nothing(folder: Path) -> Path:
    path = built(folder / "a.ims")
    with h5py.File(path, "r+") as file:
        from bigimg_lessons.formats.imaris.attributes import write_text

        del file["DataSetInfo/Channel 0"].attrs["ColorRange"]
        write_text(file["DataSetInfo/Channel 0"], "ColorRange", "7.000 7.000")
    return path


@animal({"constant-window"}, windows=(None, (7.0, 7.0)))
def imaris_that_shows_nothing_of_one_channel(folder: Path) -> Path:
    path = built(folder / "a.ims", np.stack([STACK, STACK]), axes="CZYX")
    with h5py.File(path, "r+") as file:
        from bigimg_lessons.formats.imaris.attributes import write_text

        for number in (0, 1):
            del file[f"DataSetInfo/Channel {number}"].attrs["ColorRange"]
        write_text(file["DataSetInfo/Channel 1"], "ColorRange", "7.000 7.000")
    return path


# ---- Zarr ----


@animal(
    UNKNOWN,
    kind="Zarr",
    version="v2",
    axes=("?", "?", "?"),
    level0={"shape": (12, 80, 96), "chunk_shape": (4, 16, 32), "codec": ("zstd",)},
)
def zarr_v2(folder: Path) -> Path:
    from numcodecs import Zstd  # type: ignore[import-untyped]

    array = zarr.create_array(
        folder / "a.zarr", shape=STACK.shape, chunks=(4, 16, 32), dtype="uint16",
        zarr_format=2, compressors=Zstd(),
    )  # fmt: skip
    array[...] = STACK
    return folder / "a.zarr"


@animal(
    {"voxel-size-unknown"},
    version="v3",
    axes=ZYX,
    level0={"chunk_shape": (4, 16, 32), "shard_shape": (8, 32, 64), "layout": "shards"},
)
def zarr_v3_in_shards(folder: Path) -> Path:
    array = zarr.create_array(
        folder / "a.zarr", shape=STACK.shape, chunks=(4, 16, 32), shards=(8, 32, 64),
        dtype="uint16", dimension_names=("z", "y", "x"),
    )  # fmt: skip
    array[...] = STACK
    return folder / "a.zarr"


@animal(UNKNOWN, version="v3", level0={"chunk_shape": (4, 16, 32), "codec": (), "layout": "chunks"})
def zarr_of_tensorstore(folder: Path) -> Path:
    import tensorstore

    grid = {"name": "regular", "configuration": {"chunk_shape": [4, 16, 32]}}
    metadata = {"shape": [12, 80, 96], "chunk_grid": grid, "data_type": "uint16"}
    store = {"driver": "file", "path": str(folder / "a.zarr")}
    spec = {"driver": "zarr3", "kvstore": store, "metadata": metadata}
    tensorstore.open(spec, create=True).result()[...] = STACK
    return folder / "a.zarr"


@animal({"voxel-size-unknown"}, image="", axes=ZYX, level0={"path": "b"})
def zarr_group_of_xarray(folder: Path) -> Path:
    group = zarr.create_group(folder / "a.zarr")
    group.create_array("b", data=STACK, dimension_names=["z", "y", "x"])
    group.create_array("spatial_ref", shape=(), dtype="i8")
    group.create_array("none", shape=(0,), dtype="i8")
    return folder / "a.zarr"


@animal(UNKNOWN, image="array b, the largest of 2", level0={"path": "b"})
def zarr_group(folder: Path) -> Path:
    group = zarr.create_group(folder / "a.zarr")
    group.create_array("a", data=STACK[:3])
    group.create_array("b", data=STACK)
    return folder / "a.zarr"


def zarr_by_hand(folder: Path, shape: list[int], chunk: list[int], codec: str = "zstd") -> Path:
    (folder / "a.zarr").mkdir()
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "codecs": [{"name": "bytes"}, {"name": codec, "configuration": {}}],
        "fill_value": 0,
        "chunk_key_encoding": {"name": "default"},
        "dimension_names": ["z", "y", "x"],
    }
    (folder / "a.zarr" / "zarr.json").write_text(json.dumps(document))
    return folder / "a.zarr"


@animal({"voxel-size-unknown", "too-many-files", "no-pyramid"}, level0={"ratio": None})
def zarr_of_a_million_files(folder: Path) -> Path:
    return zarr_by_hand(folder, [6400, 6400, 6400], [64, 64, 64])


@animal({"voxel-size-unknown", "chunks-too-small"})
def zarr_of_crumbs(folder: Path) -> Path:
    return zarr_by_hand(folder, [512, 512, 512], [16, 16, 16])


@animal({"voxel-size-unknown", "chunks-too-large"})
def zarr_of_lumps(folder: Path) -> Path:
    return zarr_by_hand(folder, [2048, 1024, 1024], [1024, 1024, 128])


@animal({"voxel-size-unknown", "not-for-the-browser"}, level0={"codec": ("numcodecs.lzma",)})
def zarr_of_a_rare_codec(folder: Path) -> Path:
    return zarr_by_hand(folder, [12, 80, 96], [12, 80, 96], "numcodecs.lzma")


# ---- OME-Zarr ----


def ome_said(version: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "OME-Zarr",
        "version": version,
        "axes": ZYX,
        "units": ("micrometer",) * 3,
        "level0": {
            "shape": (12, 80, 96),
            "dtype": "uint16",
            "chunk_shape": (12, 80, 96),
            "codec": ("blosc (zstd)",),
            "voxel_size": (2.0, 0.5, 0.5),
            "offset": (0.0, 0.0, 0.0),
        },
        "level1": {"voxel_size": (2.0, 1.0, 1.0), "offset": (0.0, 0.25, 0.25)},
        **more,
    }


@animal(**ome_said("0.4", method="mean"))
def ome_zarr_04(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", file_format="ome-zarr-0.4")


@animal(**ome_said("0.5", is_labels=False))
def ome_zarr_05(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", file_format="ome-zarr-0.5")


@animal(**ome_said("0.6"))
def ome_zarr_06(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", file_format="ome-zarr-0.6")


@animal(level0={"layout": "shards", "chunk_shape": (4, 16, 16), "shard_shape": (12, 32, 32)})
def ome_zarr_in_shards(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", chunk_shape=(4, 16, 16), shard_shape=(12, 32, 32))


@animal(**ome_said("0.5"))
def ome_zarr_in_one_file(folder: Path) -> Path:
    path = built(folder / "a.ome.zarr")
    with zipfile.ZipFile(folder / "a.ozx", "w") as archive:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(path).as_posix())
    return folder / "a.ozx"


@animal(
    kind="OME-Zarr",
    version="0.4",
    axes=ZYX,
    units=("micrometer",) * 3,
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
    level1={"voxel_size": (2.0, 1.0, 1.0), "shape": (12, 40, 48)},
)
def ome_zarr_of_ome_zarr_py(folder: Path) -> Path:
    from ome_zarr.format import FormatV04  # type: ignore[import-untyped]
    from ome_zarr.writer import write_multiscale  # type: ignore[import-untyped]

    group = zarr.create_group(folder / "a.ome.zarr", zarr_format=2)
    # ome-zarr 0.18 also takes units from the axes; 0.21 leaves these out.
    units = dict.fromkeys("zyx", "micrometer")
    transforms = [
        [
            {"type": "scale", "scale": [2.0, 0.5 * f, 0.5 * f]},
            {"type": "translation", "translation": [0.0, 0.25 * (f - 1), 0.25 * (f - 1)]},
        ]
        for f in (1, 2)
    ]
    levels = [STACK, np.ascontiguousarray(STACK[:, ::2, ::2])]
    write_multiscale(
        levels,
        group,
        fmt=FormatV04(),
        axes="zyx",
        axes_units=units,
        coordinate_transformations=transforms,
    )
    return folder / "a.ome.zarr"


@animal(
    kind="OME-Zarr",
    version="0.4",
    units=("micrometer",) * 3,
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
    level1={"voxel_size": (4.0, 1.0, 1.0), "offset": (1.0, 0.25, 0.25)},
)
def ome_zarr_of_ngff_zarr(folder: Path) -> Path:
    import ngff_zarr

    image = ngff_zarr.to_ngff_image(
        STACK,
        dims=("z", "y", "x"),
        scale={"z": 2.0, "y": 0.5, "x": 0.5},
        axes_units=dict.fromkeys("zyx", "micrometer"),
    )
    levels = ngff_zarr.to_multiscales(image, [{"z": 2, "y": 2, "x": 2}])
    ngff_zarr.to_ngff_zarr(str(folder / "a.ome.zarr"), levels, version="0.4")
    return folder / "a.ome.zarr"


@animal(
    {"level-without-translation"},
    kind="OME-Zarr",
    version="0.5",
    units=("micrometer",) * 3,
    level0={"shape": (12, 80, 96), "voxel_size": (2.0, 0.5, 0.5)},
    level1={"shape": (12, 40, 48), "voxel_size": (2.0, 1.0, 1.0), "offset": None},
)
def ome_zarr_of_bioio(folder: Path) -> Path:
    from bioio_ome_zarr.writers import OMEZarrWriter

    writer = OMEZarrWriter(
        store=str(folder / "a.ome.zarr"),
        level_shapes=[(12, 80, 96), (12, 40, 48)],
        dtype="uint16",
        zarr_format=3,
        axes_names=["z", "y", "x"],
        axes_types=["space"] * 3,
        axes_units=["micrometer"] * 3,
        physical_pixel_size=[2.0, 0.5, 0.5],
    )
    writer.write_full_volume(STACK)
    return folder / "a.ome.zarr"


# What writers made that are not installed with this project: 4 × 16 × 24 voxels of noise, written
# on 29 November 2026 by acquire-zarr 0.10.0, ome-writers 0.3.2 and bioio-ome-tiff 1.4.0, as their
# documentation shows it.
WRITTEN = Path(__file__).with_name("written_by")
SMALL = {"shape": (4, 16, 24), "dtype": "uint16", "voxel_size": (2.0, 0.5, 0.5)}


def kept(folder: Path, name: str) -> Path:
    copy = shutil.copytree if (WRITTEN / name).is_dir() else shutil.copyfile
    return Path(copy(WRITTEN / name, folder / name))


@animal(
    {"level-without-translation"},
    kind="OME-Zarr",
    version="0.5",
    axes=ZYX,
    level0=SMALL | {"layout": "shards", "chunk_shape": (2, 8, 12), "shard_shape": (2, 8, 24)},
    level1={"shape": (2, 8, 12), "voxel_size": (4.0, 1.0, 1.0), "offset": None},
)
def ome_zarr_of_acquire_zarr(folder: Path) -> Path:
    return kept(folder, "acquire_zarr.ome.zarr")


@animal(
    kind="OME-Zarr",
    version="0.5",
    axes=ZYX,
    level0=SMALL | {"layout": "chunks", "chunk_shape": (2, 8, 12), "codec": ()},
)
def ome_zarr_of_ome_writers(folder: Path) -> Path:
    return kept(folder, "ome_writers.ome.zarr")


@animal(
    kind="OME-TIFF",
    axes=ZYX,
    units=("µm",) * 3,
    level0=SMALL | {"layout": "strips", "chunk_shape": (1, 16, 24), "codec": ()},
)
def ome_tiff_of_ome_writers(folder: Path) -> Path:
    return kept(folder, "ome_writers.ome.tiff")


@animal(
    kind="OME-TIFF",
    axes=ZYX,
    units=("µm",) * 3,
    channel_names=("C:0",),
    level0=SMALL | {"layout": "strips", "chunk_shape": (1, 16, 24), "codec": ("deflate",)},
)
def ome_tiff_of_bioio(folder: Path) -> Path:
    return kept(folder, "bioio_ome_tiff.ome.tiff")


def old_ome_zarr(folder: Path, version: str, **multiscale: Any) -> Path:
    """Write OME-Zarr of before 0.4, which no package here writes any more."""
    group = zarr.create_group(folder / "a.zarr", zarr_format=2)
    group.create_array("0", data=STACK[None, None])
    group.create_array("1", data=np.ascontiguousarray(STACK[None, None, :, ::2, ::2]))
    entry = {"version": version, "datasets": [{"path": "0"}, {"path": "1"}], **multiscale}
    group.attrs["multiscales"] = [entry]
    return folder / "a.zarr"


FIVE = ("T", "C", "Z", "Y", "X")


@animal({"voxel-size-unknown"}, version="0.1", axes=FIVE, level0={"shape": (1, 1, 12, 80, 96)})
def ome_zarr_01(folder: Path) -> Path:
    return old_ome_zarr(folder, "0.1")


@animal({"voxel-size-unknown"}, version="0.2", axes=FIVE, level1={"shape": (1, 1, 12, 40, 48)})
def ome_zarr_02(folder: Path) -> Path:
    return old_ome_zarr(folder, "0.2")


@animal({"voxel-size-unknown"}, version="0.3", axes=FIVE)
def ome_zarr_03(folder: Path) -> Path:
    return old_ome_zarr(folder, "0.3", axes=["t", "c", "z", "y", "x"])


def changed(folder: Path, change: Callable[[dict[str, Any]], object], **options: Any) -> Path:
    """Write OME-Zarr 0.5, and change what it says under ``ome``."""
    path = built(folder / "a.ome.zarr", **options)
    edited(path / "zarr.json", lambda document: change(document["attributes"]["ome"]))
    return path


def datasets(ome: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [each["coordinateTransformations"] for each in ome["multiscales"][0]["datasets"]]


@animal(
    {"voxel-size-unknown"},
    level0={"voxel_size": (None, None, 0.5)},
    level1={"voxel_size": (2.0, 1.0, 1.0)},
    notes=(
        "Level 0 states a voxel size along Z, Y that is no number above 0, so it is not known.",
    ),
)
def ome_zarr_of_no_thickness(folder: Path) -> Path:
    return changed(folder, lambda ome: datasets(ome)[0][0].update(scale=[0, -0.5, 0.5]))


@animal(
    {"voxel-size-unknown"},
    level0={"voxel_size": (None, 0.5, 0.5), "offset": None},
    notes=("Level 0 states a voxel size along Z that is no number above 0, so it is not known.",),
)
def ome_zarr_beyond_numbers(folder: Path) -> Path:
    def change(ome: dict[str, Any]) -> None:
        steps = datasets(ome)[0]
        steps[0].update(scale=[1e300, 0.5, 0.5])
        steps[1].update(translation=[1e300, 0, 0])
        scale = {"type": "scale", "scale": [1e300, 1, 1]}
        ome["multiscales"][0]["coordinateTransformations"] = [scale]

    return changed(folder, change, factors=[(1, 1, 1)])


def system(name: str, *, unit: str | None = None, kind: str = "space") -> dict[str, Any]:
    axes = [{"name": axis, "type": kind} | ({"unit": unit} if unit else {}) for axis in "zyx"]
    return {"name": name, "axes": axes}


def changed_06(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    def of_multiscale(ome: dict[str, Any]) -> None:
        change(ome["multiscales"][0])

    return changed(folder, of_multiscale, file_format="ome-zarr-0.6")


@animal(
    axes=ZYX,
    units=("micrometer",) * 3,
    level0={"voxel_size": (2.0, 0.5, 0.5), "offset": (0.0, 0.0, 0.0)},
    level1={"voxel_size": (2.0, 1.0, 1.0), "offset": (0.0, 0.25, 0.25)},
    notes=(),
)
def ome_zarr_06_with_a_stage(folder: Path) -> Path:
    def change(multiscale: dict[str, Any]) -> None:
        multiscale["coordinateSystems"].insert(0, system("stage", unit="millimeter"))
        to_stage = {"input": {"name": "physical"}, "output": {"name": "stage"}}
        shift = {"type": "translation", "translation": [7, 8, 9]}
        scale = {"type": "scale", "scale": [0.001] * 3}
        steps = {"type": "sequence", "transformations": [scale, shift]}
        multiscale["coordinateTransformations"] = [to_stage | steps]

    return changed_06(folder, change)


@animal(
    UNKNOWN,
    axes=("?", "?", "?"),
    units=(None, None, None),
    level0={"voxel_size": None, "offset": None},
    notes=(
        "Its levels lead to a coordinate system of array indices, and what leads from there to "
        "others is not followed here, so its voxel size is not known.",
    ),
)
def ome_zarr_06_of_indices(folder: Path) -> Path:
    def change(multiscale: dict[str, Any]) -> None:
        multiscale["coordinateSystems"].append(system("indices", kind="array"))
        step = {"type": "identity", "input": {"path": "0"}, "output": {"name": "indices"}}
        multiscale["datasets"] = [{"path": "0", "coordinateTransformations": [step]}]
        to_physical = {"input": {"name": "indices"}, "output": {"name": "physical"}}
        scale = {"type": "scale", "scale": [2.0, 0.5, 0.5]}
        multiscale["coordinateTransformations"] = [to_physical | scale]

    return changed_06(folder, change)


@animal(axes=ZYX, units=("micrometer",) * 3, level0={"voxel_size": (1.0, 1.0, 1.0)})
def ome_zarr_06_of_identity(folder: Path) -> Path:
    def change(multiscale: dict[str, Any]) -> None:
        step = {"type": "identity", "input": {"path": "0"}, "output": {"name": "physical"}}
        multiscale["datasets"] = [{"path": "0", "coordinateTransformations": [step]}]

    return changed_06(folder, change)


@animal(
    {"units-missing", "axes-unknown"},
    axes=("?", "?", "?"),
    units=(None, None, None),
    level0={"voxel_size": (2.0, 0.5, 0.5)},
    notes=(
        "Its levels do not lead to a coordinate system that it describes, so its axes and units "
        "are not known.",
    ),
)
def ome_zarr_06_that_leads_nowhere(folder: Path) -> Path:
    return changed_06(folder, lambda multiscale: multiscale["coordinateSystems"][0].update(name=""))


@animal(
    {"contradictions"},
    contradictions=("Level 1 leads to another coordinate system than level 0.",),
    level0={"voxel_size": (2.0, 0.5, 0.5)},
    level1={"voxel_size": None, "offset": None},
)
def ome_zarr_06_whose_levels_part(folder: Path) -> Path:
    def change(multiscale: dict[str, Any]) -> None:
        multiscale["coordinateSystems"].append(system("stage", unit="millimeter"))
        step = multiscale["datasets"][1]["coordinateTransformations"][0]
        step["output"] = {"name": "stage"}

    return changed_06(folder, change)


@animal(
    {"voxel-size-unknown"},
    axes=ZYX,
    units=("micrometer",) * 3,
    level0={"voxel_size": None, "offset": None},
    level1={"voxel_size": (2.0, 1.0, 1.0)},
    notes=(
        "Of level 0 the voxel size is not known: its transformation (rotation) is not followed "
        "here, or does not fit its axes.",
    ),
)
def ome_zarr_06_that_is_turned(folder: Path) -> Path:
    turn = {"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]}

    def change(multiscale: dict[str, Any]) -> None:
        step = multiscale["datasets"][0]["coordinateTransformations"][0]
        step["transformations"].append(turn)

    return changed_06(folder, change)


@animal({"level-without-translation"}, level1={"offset": None, "voxel_size": (2.0, 1.0, 1.0)})
def ome_zarr_without_translation(folder: Path) -> Path:
    return changed(folder, lambda ome: [steps.pop() for steps in datasets(ome)])


@animal(method="stride", level1={"offset": (0.0, 0.0, 0.0)})
def ome_zarr_of_strides(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", downsampling="stride")


@animal({"sizes-do-not-scale"}, level1={"voxel_size": (2.0, 0.5, 0.5)})
def ome_zarr_that_does_not_scale(folder: Path) -> Path:
    return changed(folder, lambda ome: datasets(ome)[1][0].update(scale=[2.0, 0.5, 0.5]))


@animal({"units-missing"}, units=(None, None, None), level0={"voxel_size": (2.0, 0.5, 0.5)})
def ome_zarr_without_units(folder: Path) -> Path:
    return changed(folder, lambda ome: [a.pop("unit") for a in ome["multiscales"][0]["axes"]])


@animal({"constant-window"}, windows=((5.0, 5.0),))
def ome_zarr_that_shows_nothing(folder: Path) -> Path:
    window = {"min": 0, "max": 9, "start": 5, "end": 5}
    return changed(folder, lambda ome: ome["omero"]["channels"][0].update(window=window))


@animal({"constant-window"}, axes=("C", "Z", "Y", "X"), windows=(None, (5.0, 5.0)))
def ome_zarr_that_shows_nothing_of_one_channel(folder: Path) -> Path:
    def change(ome: dict[str, Any]) -> None:
        del ome["omero"]["channels"][0]["window"]
        ome["omero"]["channels"][1]["window"].update(start=5, end=5)

    return changed(folder, change, image=np.stack([STACK, STACK]), axes="CZYX")


@animal({"unread-version"}, version="0.9", unread_version="0.9")
def ome_zarr_of_the_future(folder: Path) -> Path:
    return changed(folder, lambda ome: ome.update(version="0.9"))


@animal(
    {"contradictions"},
    contradictions=("The metadata names 2 channels, and the array has 1.",),
    axes=("C", "Z", "Y", "X"),
)
def ome_zarr_of_other_channels(folder: Path) -> Path:
    def change(ome: dict[str, Any]) -> None:
        ome["omero"]["channels"] *= 2

    return changed(folder, change, image=STACK[None], axes="CZYX")


@animal(is_labels=True, sampled=False, method="mode")
def labels_by_the_mode(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", LABELS, downsampling="mode", factors=_HALVED)


@animal({"labels-averaged"}, is_labels=True, sampled=True)
def labels_averaged(folder: Path) -> Path:
    path = built(folder / "a.ome.zarr", LABELS, downsampling="mean", factors=_HALVED)
    edited(
        path / "zarr.json",
        lambda document: document["attributes"]["ome"].update({"image-label": {}}),
    )
    return path


@animal({"labels-averaged"}, is_labels=False, sampled=True, kind="BDV-HDF5")
def labels_averaged_in_hdf5(folder: Path) -> Path:
    path = built(folder / "a.xml", LABELS.astype("uint32"), factors=_HALVED)
    return path.with_suffix(".h5")


_HALVED = [(1, 1, 1), (2, 2, 2)]


@animal(image="well A/1, the first of 1, field 0, the first of 1", level0={"path": "A/1/0/0"})
def ome_zarr_plate(folder: Path) -> Path:
    plate = zarr.create_group(folder / "a.zarr")
    plate.attrs["ome"] = {"version": "0.5", "plate": {"wells": [{"path": "A/1"}]}}
    well = plate.create_group("A").create_group("1")
    well.attrs["ome"] = {"version": "0.5", "well": {"images": [{"path": "0"}]}}
    image = built(folder / "b.ome.zarr")
    shutil.move(image, folder / "a.zarr" / "A" / "1" / "0")
    return folder / "a.zarr"


@animal(image="series 0, the first of 2", level0={"path": "0/0"}, version="0.4")
def ome_zarr_series(folder: Path) -> Path:
    root = zarr.create_group(folder / "a.zarr", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    for number in range(2):
        image = built(folder / f"{number}.ome.zarr", file_format="ome-zarr-0.4")
        shutil.move(image, folder / "a.zarr" / str(number))
    return folder / "a.zarr"


@animal(image="series second, the first of 2", level0={"path": "second/0"}, axes=ZYX)
def ome_zarr_series_with_names(folder: Path) -> Path:
    root = zarr.create_group(folder / "a.zarr")
    root.attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    root.create_group("OME").attrs["ome"] = {"version": "0.5", "series": ["second", "first"]}
    for name in ("first", "second"):
        shutil.move(built(folder / f"{name}.ome.zarr"), folder / "a.zarr" / name)
    return folder / "a.zarr"


@animal(
    image="labels, the first of 1, labels cells, the first of 1", level0={"path": "labels/cells/0"}
)
def ome_zarr_of_labels_alone(folder: Path) -> Path:
    labels = zarr.create_group(folder / "a.zarr").create_group("labels")
    labels.attrs["ome"] = {"version": "0.5", "labels": ["cells"]}
    shutil.move(built(folder / "cells.ome.zarr"), folder / "a.zarr" / "labels" / "cells")
    return folder / "a.zarr"


@animal(image="a.ome.zarr, the first of 2", level0={"path": "a.ome.zarr/0"}, axes=ZYX)
def ome_zarr_in_a_group_that_says_nothing(folder: Path) -> Path:
    zarr.create_group(folder / "all.zarr").create_array("raw", shape=(4, 4), dtype="uint8")
    for name in ("a", "b"):
        built(folder / "all.zarr" / f"{name}.ome.zarr")
    return folder / "all.zarr"


@animal({"no-pyramid"}, level0={"shape": (1, 4096, 4096)})
def ome_zarr_without_pyramid(folder: Path) -> Path:
    return built(folder / "a.ome.zarr", np.zeros((1, 4096, 4096), "uint8"), factors=[(1, 1, 1)])


@animal({"too-few-levels"}, level1={"shape": (1, 4096, 2048)})
def ome_zarr_of_too_few_levels(folder: Path) -> Path:
    image = np.zeros((1, 8192, 4096), "uint8")
    return built(folder / "a.ome.zarr", image)
