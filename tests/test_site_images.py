"""The images that the book's site carries: plain files, read here by other means."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.widgets import fetch_experiment
from book._ext.site_images import IMAGES, SiteImage, written

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"
SHAPES = [(16, 16, 16), (32, 32, 32), (64, 64, 64), (64, 192, 192), (1, 192, 192)]


@pytest.fixture(scope="module")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tissue, as it comes to the site."""
    (image,) = (image for image in IMAGES if image.name == "tissue")
    return written(image, tmp_path_factory.mktemp("cache")) / "images" / "tissue"


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    """That part of the sample volume, zyx."""
    return SampleVolume().block(slice(96, 160), slice(512, 704), slice(512, 704))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("chunk_shape", SHAPES)
def test_each_copy_holds_the_tissue_in_all_its_chunks(
    tissue: Path, voxels: np.ndarray, chunk_shape: tuple[int, int, int]
) -> None:
    folder = tissue / ("x".join(map(str, chunk_shape)) + ".zarr")
    array = zarr.open_array(folder, mode="r")
    assert (array.shape, array.chunks, array.dtype) == ((64, 192, 192), chunk_shape, np.uint8)
    assert array.metadata.zarr_format == 3
    np.testing.assert_array_equal(array[:], voxels)
    grid = ChunkGrid((64, 192, 192), chunk_shape)
    expected = {f"c/{z}/{y}/{x}" for z, y, x in np.ndindex(*grid.grid_shape)} | {"zarr.json"}
    assert set(files(folder)) == expected


@pytest.mark.parametrize("chunk_shape", SHAPES)
def test_a_chunk_is_a_gzip_file_and_nothing_else(
    tissue: Path, voxels: np.ndarray, chunk_shape: tuple[int, int, int]
) -> None:
    folder = tissue / ("x".join(map(str, chunk_shape)) + ".zarr")
    last = [n // c - 1 for n, c in zip((64, 192, 192), chunk_shape, strict=True)]
    packed = folder.joinpath("c", *map(str, last)).read_bytes()
    chunk = np.frombuffer(gzip.decompress(packed), np.uint8).reshape(chunk_shape)
    z, y, x = chunk_shape
    np.testing.assert_array_equal(chunk, voxels[-z:, -y:, -x:])


def test_it_is_small_enough_for_a_site(tissue: Path) -> None:
    found = files(tissue)
    assert len(found) == 576 + 72 + 9 + 1 + 64 + 5
    assert sum(map(len, found.values())) < 15_000_000
    # Names that any file system and any static host takes: no dot first, nothing special.
    for name in found:
        assert all(
            part.replace(".zarr", "").replace(".json", "").isalnum() for part in name.split("/")
        )


def test_the_widget_estimates_what_travels_within_five_percent(tissue: Path) -> None:
    for folder in tissue.iterdir():
        stored = sum(len(data) for name, data in files(folder).items() if name != "zarr.json")
        assert stored / (64 * 192 * 192) == pytest.approx(fetch_experiment.COMPRESSED, rel=0.05)


def write_one(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "one").write_bytes(b"1")


def never(folder: Path) -> None:
    raise AssertionError(f"{folder} is written again")


def test_what_is_written_is_not_written_again(tmp_path: Path) -> None:
    first = written(SiteImage("a", "recipe 1", write_one), tmp_path)
    assert files(first) == {"images/a/one": b"1"}
    assert written(SiteImage("a", "recipe 1", never), tmp_path) == first
    assert files(first) == {"images/a/one": b"1"}


def test_another_recipe_takes_the_place_of_the_first_and_of_no_other_image(tmp_path: Path) -> None:
    first = written(SiteImage("a", "recipe 1", write_one), tmp_path)
    other = written(SiteImage("b", "recipe 1", write_one), tmp_path)
    second = written(SiteImage("a", "recipe 2", write_one), tmp_path)
    assert not first.exists()
    assert list((tmp_path / "a").iterdir()) == [second]
    assert files(other) == {"images/b/one": b"1"}


def test_an_interrupted_write_never_looks_finished(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        write_one(folder)
        (folder / "half").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(SiteImage("a", "recipe", interrupted), tmp_path)
    done = written(SiteImage("a", "recipe", write_one), tmp_path)
    assert files(done) == {"images/a/one": b"1"}
    assert list((tmp_path / "a").iterdir()) == [done]


def build(source: Path, output: Path) -> str:
    """Build a small project in two processes, where a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-W", "-j", "2", "-b", "html"]
    done = subprocess.run(
        [*command, str(source), str(output / "html")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_sphinx_puts_the_images_beside_the_pages(tissue: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "source", tmp_path / "_build"
    source.mkdir()
    # A book may have extra files of its own, and exclude folders by name as ours does.
    (source / "robots.txt").write_text("User-agent: *\n", encoding="utf-8")
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(EXTENSIONS)!r})\n"
        # One of the images, and not the one that takes longest.
        "import site_images\n"
        "site_images.IMAGES = [i for i in site_images.IMAGES if i.name == 'tissue']\n"
        "extensions = ['site_images']\nhtml_extra_path = ['robots.txt']\n"
        "exclude_patterns = ['_build', 'tests', 'src']\nhtml_theme = 'basic'\n",
        encoding="utf-8",
    )
    for name in ("index", "a", "b", "c", "d", "e", "f"):  # enough for Sphinx to share them out
        tree = "\n.. toctree::\n\n   a\n   b\n   c\n   d\n   e\n   f\n" if name == "index" else ""
        (source / f"{name}.rst").write_text(f"{name}\n=====\n{tree}", encoding="utf-8")
    assert "tissue is written" in build(source, output)
    # Byte by byte as another process wrote them before: nothing in them depends on the time.
    assert files(output / "html" / "images" / "tissue") == files(tissue)
    assert (output / "html" / "robots.txt").is_file()

    said = build(source, output)
    assert "is written" not in said
    assert "0 added, 0 changed, 0 removed" in said
    assert "no targets are out of date" in said
