"""What lesson 4 claims outside its checked outputs: other writers, OME-Zarr 0.6, pyramidal TIFF."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.pyramids.levels import plan_levels
from tests.benchmarks import level_writers
from tests.test_bdv_bioformats import java

ROOT = Path(__file__).parents[1]
CELLS = {
    cell.id: cell
    for cell in nbformat.read(
        ROOT / "notebooks" / "04_build_a_resolution_pyramid.ipynb", as_version=4
    ).cells
}
RECORDED = json.loads(
    (ROOT / "tests" / "benchmarks" / "results" / "level_writers.json").read_text(encoding="utf-8")
)
# As the table calls them; the version is part of the claim, but for our own.
NAMES = {
    "bigimg-lessons": "ours",
    "ome-zarr": "ome-zarr-py",
    "ngff-zarr": "ngff-zarr",
    "iohub": "iohub",
    "bioio-ome-zarr": "bioio-ome-zarr",
    "acquire-zarr": "acquire-zarr",
}


def test_the_table_of_writers_is_what_was_recorded():
    text = CELLS["newer-explained"].source.replace("\N{MINUS SIGN}", "-")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(RECORDED["writers"])
    for row, (name, found) in zip(rows[2:], RECORDED["writers"].items(), strict=True):
        stated = NAMES[name] + ("" if name == "bigimg-lessons" else f" {found['version']}")
        assert row[0].startswith(stated)
        label_values, brightness, place = row[1:]
        assert label_values == ", ".join(str(n) for n in found["label values"])
        assert brightness == ", ".join(f"{n:+.2f}" for n in found["brightness"])
        assert place == ", ".join(f"{n:.1f}" for n in found["place"])
    assert f"zarr {RECORDED['zarr']}" in text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", level_writers.WRITERS)
def test_writers_still_make_their_levels_so(name):
    if not level_writers.installed(name):
        pytest.skip(f"{name} is not installed: it is only in the recorded table")
    found = level_writers.measure(name)
    for what in ("label values", "brightness", "place"):
        assert found[what] == pytest.approx(RECORDED["writers"][name][what], abs=0.011), (
            f"{name} {found['version']} differs from {RECORDED['writers'][name]['version']}"
        )


def test_offsets_are_those_of_the_specification():
    """The example of OME-Zarr 0.6, section "multiscales": voxels of 0.5, 1 and 2 micrometres."""
    plan = plan_levels((256, 256, 256), chunk_shape=(64, 64, 64), voxel_size=(0.5, 0.5, 0.5))
    assert [level.voxel_size[0] for level in plan] == [0.5, 1.0, 2.0]
    assert [level.offset[0] for level in plan] == [0.0, 0.25, 0.75]


@pytest.fixture
def newer(tmp_path):
    """The image that the lesson writes with metadata of OME-Zarr 0.6, from a small pyramid."""
    path = build_pyramid(
        np.zeros((40, 90, 80), "uint8"),
        tmp_path / "small.ome.zarr",
        voxel_size=(0.1, 0.04, 0.04),
        unit="µm",
        chunk_shape=(32, 32, 32),
        progress=False,
    )
    (multiscale,) = zarr.open_group(path, mode="r").attrs["ome"]["multiscales"]
    names = {"folder": tmp_path, "pyramid_path": path, "multiscale": multiscale}
    names["BioImage"] = BioImage  # an earlier cell imports it
    for cell in ("setup", "newer"):
        source = CELLS[cell].source.replace("path = sample.result()", "")
        source = re.sub(r"^folder.*$", "", source, flags=re.MULTILINE)
        exec(compile(source, cell, "exec"), names)  # noqa: S102 (our own cells)
    return names["newer"]


def test_the_newer_image_is_valid(newer):
    models = pytest.importorskip("ome_zarr_models")
    if tuple(map(int, version("ome-zarr-models").split(".")[:2])) < (1, 8):
        pytest.skip("this ome-zarr-models knows OME-Zarr up to 0.5")
    image = models.open_ome_zarr(zarr.open_group(newer, mode="r"))
    assert image.ome_zarr_version == "0.6"
    assert type(image).__module__ == "ome_zarr_models.v06.image"


def test_a_bare_scale_keeps_its_size_in_a_reader_of_0_5(newer):
    path = newer / "zarr.json"
    group = json.loads(path.read_text(encoding="utf-8"))
    for dataset in group["attributes"]["ome"]["multiscales"][0]["datasets"]:
        (sequence,) = dataset["coordinateTransformations"]
        scale, _ = sequence["transformations"]
        dataset["coordinateTransformations"] = [{**sequence, **scale}]
        del dataset["coordinateTransformations"][0]["transformations"]
    path.write_text(json.dumps(group), encoding="utf-8")
    assert BioImage(newer).physical_pixel_sizes == (0.1, 0.08, 0.08)


@pytest.fixture
def pyramidal_tiffs(tmp_path):
    """A plain TIFF and an OME-TIFF, each with two coarser levels as SubIFDs."""
    image = np.arange(256 * 256, dtype="uint16").reshape(256, 256)
    options = {"tile": (64, 64), "photometric": "minisblack"}
    for path in (tmp_path / "plain.tif", tmp_path / "pyramid.ome.tif"):
        with tifffile.TiffWriter(path) as tiff:
            tiff.write(image, subifds=2, **options)
            for factor in (2, 4):
                tiff.write(image[::factor, ::factor], subfiletype=1, metadata=None, **options)
    return tmp_path / "plain.tif", tmp_path / "pyramid.ome.tif"


@pytest.mark.filterwarnings("ignore")
def test_which_python_readers_find_levels_in_a_tiff(pyramidal_tiffs):
    from bioio_tifffile import Reader

    for path in pyramidal_tiffs:
        with tifffile.TiffFile(path) as tiff:
            assert [level.shape[0] for level in tiff.series[0].levels] == [256, 128, 64]
        assert BioImage(path, reader=Reader).resolution_levels == (0,)


def test_bio_formats_finds_levels_in_an_ome_tiff_only(pyramidal_tiffs):
    found = [
        [len(series["resolutions"]) for series in image["series"]]
        for image in java("Describe", map(str, pyramidal_tiffs))
    ]
    assert found == [[1], [3]]
