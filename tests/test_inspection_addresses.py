"""Files on a server, which are described as those of this computer are."""

import dataclasses
import io
import zipfile

import h5py
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from bigimg_lessons import build_pyramid
from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.inspection import places
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import verdicts_of
from bigimg_lessons.measure.serving import FolderServer
from tests.inspection_zoo import ZOO

SERVER_NOTE = "The commands are for a copy of the image on your computer: download it first"
FILES = (".h5", ".hdf5", ".mat", ".ims", ".tif", ".tiff", ".btf", ".ozx")


@pytest.fixture
def served(tmp_path):
    with FolderServer(tmp_path) as server:
        yield server.url


def same(report, other):
    """Whether two reports differ in what was described alone."""
    return dataclasses.replace(report, source="") == dataclasses.replace(other, source="")


def run(*arguments):
    return CliRunner().invoke(bigimg, arguments)


@pytest.mark.parametrize("block", [700, 2**18])
def test_a_file_on_a_server_is_told_as_one_of_the_disk(tmp_path, served, monkeypatch, block):
    """Wherever its metadata is cut by the blocks that are fetched."""
    monkeypatch.setattr(places, "_BLOCK", block)
    told = 0
    for name, animal in ZOO.items():
        folder = tmp_path / name
        folder.mkdir()
        animal.make(folder)
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix.lower() in FILES:
                report = report_on(f"{served}/{name}/{path.name}")
                assert same(report, report_on(path)), path
                told += 1
    assert told > 40


@pytest.mark.parametrize("name", ["scan", "scan.svs", "scan.nxs", "scan.zip"])
def test_a_file_is_known_by_its_beginning_where_its_name_says_nothing(tmp_path, served, name):
    path = tmp_path / name
    voxels = np.arange(3 * 40 * 50, dtype="uint16").reshape(3, 40, 50)
    if name.endswith("nxs"):
        with h5py.File(path, "w") as file:
            file["entry/data"] = voxels
        kind = "HDF5"
    elif name.endswith("zip"):
        build_pyramid(voxels, tmp_path / "a.ome.zarr", progress=False)
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "a.ome.zarr").rglob("*"):
                archive.write(file, file.relative_to(tmp_path / "a.ome.zarr"))
        kind = "OME-Zarr"
    else:
        tifffile.imwrite(path, voxels, photometric="minisblack", metadata=None)
        kind = "TIFF"
    report = report_on(f"{served}/{name}")
    assert report.kind == kind
    assert report.levels[0].shape == (3, 40, 50)
    assert same(report, report_on(path))


@pytest.mark.parametrize("content", [b"", b"Dear editor", b"<html><title>Sign in</title></html>"])
def test_what_is_nothing_known_is_neither_folder_nor_file(tmp_path, served, content):
    (tmp_path / "letter").write_bytes(content)
    with pytest.raises(InspectionError, match=r"^There is neither zarr\.json .*below http.*letter"):
        report_on(f"{served}/letter")


def test_what_begins_otherwise_than_its_name_says(tmp_path, served):
    (tmp_path / "letter.h5").write_bytes(b"Dear editor")
    with pytest.raises(
        InspectionError, match=r"letter\.h5 begins neither as TIFF nor as HDF5 or zip: its copy may"
    ):
        report_on(f"{served}/letter.h5")


def test_an_archive_that_is_cut_short(tmp_path, served):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("zarr.json", "{}")
    (tmp_path / "a.ozx").write_bytes(held.getvalue()[:-30])
    with pytest.raises(
        InspectionError, match=r"http.*a\.ozx is no zip archive, or it is cut short"
    ):
        report_on(f"{served}/a.ozx")


def test_commands_are_for_a_copy_of_what_lies_on_a_server(tmp_path, served):
    """A conversion of what lies there is refused in one line, whatever the format."""
    path = tmp_path / "my stack.h5"
    with h5py.File(path, "w") as file:
        file["raw"] = np.zeros((20, 2000, 40), "uint8")
    address = f"{served}/my%20stack.h5"
    verdicts = verdicts_of(report_on(address), costs_of(report_on(address)), platform="linux")
    commands = [verdict.command for verdict in verdicts if verdict.command]
    assert commands
    for command in commands:
        assert command.startswith('bigimg convert "my stack.h5" "my stack.ome.zarr"')
    told = run("inspect", address)
    assert SERVER_NOTE in " ".join(told.output.split())
    assert SERVER_NOTE not in " ".join(run("inspect", str(path)).output.split())


@pytest.mark.parametrize("name", ["a.h5", "a.ims", "a.n5", "a.ome.zarr", "a.tif"])
def test_nothing_is_converted_from_a_server(tmp_path, served, name):
    voxels = np.zeros((4, 32, 32), "uint8")
    if name.endswith("tif"):
        tifffile.imwrite(
            tmp_path / name, voxels, photometric="minisblack", metadata={"axes": "ZYX"}
        )
    else:
        source = tmp_path / ("a.xml" if name.endswith("h5") else name)
        build_pyramid(voxels, source, voxel_size=(1, 1, 1), unit="µm", progress=False)
    target = tmp_path / "new.ome.zarr"
    told = run("convert", f"{served}/{name}", str(target))
    assert told.exit_code == 1
    said = " ".join(told.output.split())
    assert f"{served}/{name} lies on a server: download it first." in said
    assert not target.exists()


def test_a_file_that_becomes_shorter_meanwhile_is_no_other_image(tmp_path, served, monkeypatch):
    """h5py itself would take what the memory held for the rest."""
    ZOO["hdf5_in_chunks"].make(tmp_path)
    monkeypatch.setattr(places, "_BLOCK", 700)
    whole = places.WebFile._block
    monkeypatch.setattr(
        places.WebFile,
        "_block",
        lambda file, number: whole(file, number)[: 700 if not number else 3],
    )
    with pytest.raises(InspectionError, match=r"ends \d+ bytes before what was to be read"):
        report_on(f"{served}/a.h5")
