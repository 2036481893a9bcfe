"""Images on the book's site: plain files that a reader's browser can fetch piece by piece.

Each entry of `IMAGES` becomes the folder ``images/<name>/`` of the site. It is written once into a
cache beside the site, with the libraries that the lessons teach, and written again only when its
recipe changes. Sphinx copies it through ``html_extra_path``, which keeps the folders as they are.

The cache holds ``<name>/<digest of the recipe>/images/<name>/…``. An image is written to a staging
directory and moved there when it is complete, so an interrupted build leaves nothing that looks
finished.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zoom_image
from gzip_times import forget_times
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from bigimg_lessons.samples.tissue import GENERATOR
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.saving.files import replaced
from bigimg_lessons.widgets.fetch_experiment import CHUNK_SHAPES, FOLDER, SHAPE, store_name

_LOGGER = logging.getLogger(__name__)

CACHE = ".site_images"
ORIGIN = (96, 512, 512)  # zyx, in the sample volume: cells, two nuclei and some resin
GZIP_LEVEL = 6


@dataclass(frozen=True)
class SiteImage:
    """An image of the site.

    Parameters
    ----------
    name
        Name of its folder in ``images/``.
    recipe
        Everything that decides what is written; with another text the image is written again.
    write
        Writes the image's files into a folder, which it creates.
    """

    name: str
    recipe: str
    write: Callable[[Path], None]


def write_tissue(folder: Path) -> None:
    """Write a piece of the synthetic tissue as Zarr v3, once for each chunk shape.

    Parameters
    ----------
    folder
        Folder in which the ``.zarr`` folders are created.
    """
    # Only here, as a build that finds the image written need not wait for it.
    import zarr
    from zarr.codecs import GzipCodec

    z, y, x = (slice(start, start + size) for start, size in zip(ORIGIN, SHAPE, strict=True))
    voxels = SampleVolume().block(z, y, x)
    for chunk_shape in CHUNK_SHAPES.values():
        zarr.create_array(
            folder / store_name(chunk_shape),
            data=voxels,
            chunks=chunk_shape,
            # The codec that browsers decode by themselves: DecompressionStream("gzip").
            compressors=GzipCodec(level=GZIP_LEVEL),
            dimension_names=("z", "y", "x"),
            attributes={"description": "Synthetic tissue, computed from a seed."},
            zarr_format=3,
        )
    forget_times(folder)


IMAGES = (
    SiteImage(
        Path(FOLDER).name,
        f"{GENERATOR}, {SampleVolume()}, {ORIGIN}, {SHAPE}, {dict(CHUNK_SHAPES)}, {GZIP_LEVEL}",
        write_tissue,
    ),
    SiteImage("tissue_section.ome.zarr", zoom_image.RECIPE, zoom_image.write_zoom_image),
)


def written(image: SiteImage, cache: Path) -> Path:
    """Return the folder to copy to the site; it is written if it is not there yet.

    Parameters
    ----------
    image
        The image.
    cache
        Folder of all images; it need not exist.

    Returns
    -------
    Path
        Folder that holds ``images/<name>/`` with the complete image.
    """
    home = cache / image.name
    done = home / hashlib.sha256(image.recipe.encode()).hexdigest()[:16]
    if not done.is_dir():
        shutil.rmtree(home, ignore_errors=True)  # earlier recipes
        home.mkdir(parents=True, exist_ok=True)
        with replaced(done) as new:
            image.write(new / "images" / image.name)
        _LOGGER.info("site images: %s is written", image.name)
    return done


def _add_images(app: Sphinx, config: Config) -> None:
    cache = Path(app.outdir).parent / CACHE
    # Not from _config.yml: there the paths would have to exist before the build.
    config.html_extra_path.extend(str(written(image, cache)) for image in IMAGES)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _add_images)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
