"""Write an image of any size as N5 with BigDataViewer's XML, streamed, with its pyramid.

The folder is laid out as BigDataViewer has it (``BDV N5 format.md`` and
``bdv.export.n5.WriteSequenceToN5`` in github.com/bigdataviewer/bigdataviewer-core): a dataset for
each view and level, such as ``setup0/timepoint0/s0``, all with axes in **x, y, z** order. The XML
is that of BDV-HDF5 with another loader.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from bigimg_lessons.formats.bdv.description import View
from bigimg_lessons.formats.bdv.loaders import N5
from bigimg_lessons.formats.bdv.pyramid_views import PyramidViews, check_pixel_type
from bigimg_lessons.formats.bdv.replacing import foreign_xml
from bigimg_lessons.formats.bdv.xml_writing import to_xml
from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.deflate import ENCODER_BYTES, GZIP_LEVEL, check_gzip_level
from bigimg_lessons.formats.n5_chunks import MAX_CHUNK_BYTES, ChunkFolder
from bigimg_lessons.formats.n5_members import ATTRIBUTES, foreign
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Array, Downsampling
from bigimg_lessons.pyramids.source import AXES
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid
from bigimg_lessons.text import format_bytes

CHUNK_SHAPE = (128, 128, 128)
"""Voxels per chunk unless others are given, as in OME-Zarr: each is a file, so few are better."""

VERSION = "1.0.0"
"""Version of N5 in the root's attributes.

Until 2023 the specification called itself that, later 4.0.0. Chunks and attributes as they are
written here are the same in all, and N5's Java library refuses versions newer than its own.
"""

# What stays of threads, whatever the blocks.
_ONCE_BYTES = 4 * 2**20


def write_bdv_n5(
    path: str | Path,
    image: Any,
    *,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    gzip_level: int | None = GZIP_LEVEL,
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write an image with its resolution pyramid to an N5 folder, and an XML beside it.

    The image is read once, block by block. What an early end leaves is said in
    :func:`bigimg_lessons.build.build_pyramid`; where the killed process had all but finished, of
    BDV-N5 perhaps the folder is there without its XML.

    Parameters
    ----------
    path
        Folder to create, ending in ``.n5``, or the XML, ending in ``.xml``. Both are written, with
        the same name, as BigDataViewer and BigStitcher do: BigDataViewer opens the XML, which alone
        says where views lie, and everything else that knows N5 the folder.
    image
        As for :func:`bigimg_lessons.formats.bdv.writer.write_bdv`, which also says what becomes of
        a BigDataViewer image, of its time points, view setups and registrations.
    axes, voxel_size, unit, channel_names
        As there.
    chunk_shape
        Voxels per chunk in z, y, x order, at all levels, 128 cubed unless given; each is a file.
        Those at the end of a level are as long as there are voxels.
    factors, max_levels, downsampling
        As there.
    gzip_level
        From 0 to 9, or None to store chunks as they are. Level 1, by ISA-L, takes at most a fifth
        of the time that higher levels take, which are libdeflate's. Of synthetic tissue and of
        noise it makes no more bytes than those, of labels two fifths more than level 4
        (``tests/benchmarks/n5_gzip.py``).
    memory_limit, overwrite, progress
        As for :func:`bigimg_lessons.build.build_pyramid`.

    Returns
    -------
    Path
        `path`, absolute.

    Raises
    ------
    FileExistsError
        If the folder or the XML exists, and `overwrite` is not set, or they are not BigDataViewer's
        and that alone, or do not belong together; or if one is a link.
    ValueError
        If `path` ends otherwise, a chunk takes 2 GiB or more, or an option does not fit the image.
    FileNotFoundError, TypeError, OSError
        As for :func:`bigimg_lessons.formats.bdv.writer.write_bdv`.

    Warns
    -----
    UserWarning
        As there.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> stack = np.zeros((20, 80, 100), "uint8")
    >>> folder = Path(mkdtemp())
    >>> path = write_bdv_n5(
    ...     folder / "stack.n5", stack, voxel_size=(2, 1, 1), unit="µm", progress=False
    ... )
    >>> sorted(entry.name for entry in folder.iterdir())
    ['stack.n5', 'stack.xml']
    >>> json.loads((path / "setup0/timepoint0/s0/attributes.json").read_text())["dimensions"]
    [100, 80, 20]
    """
    given = Path(path).expanduser().absolute()
    if given.suffix.lower() not in (".n5", ".xml"):
        raise ValueError(
            f"The path {str(path)!r} ends neither in '.n5' nor in '.xml': give that of the folder, "
            "or that of the XML."
        )
    check_gzip_level(gzip_level)
    request = Request(
        image=image,
        axes=axes,
        voxel_size=voxel_size,
        unit=unit,
        channel_names=channel_names,
        chunk_shape=chunk_shape,
        factors=factors,
        max_levels=max_levels,
        downsampling=downsampling,
        memory_limit=memory_limit,
        overwrite=overwrite,
        progress=progress,
    )
    write_pyramid(_BdvN5(given, gzip_level), request)
    return given


@dataclass(frozen=True)
class _BdvN5:
    """A BigDataViewer dataset in N5, a :class:`bigimg_lessons.pyramids.targets.Target`.

    Parameters
    ----------
    given
        Absolute path of the folder or the XML; the other has the same name.
    gzip_level
        As for :func:`write_bdv_n5`.
    """

    given: Path
    gzip_level: int | None

    axes = AXES
    stepped_axes = "ZYX"

    @cached_property
    def paths(self) -> tuple[Path, Path]:
        if self.given.suffix.lower() == ".xml":
            return self.given.with_suffix(".n5"), self.given
        return self.given, self.given.with_suffix(".xml")

    def foreign(self, path: Path) -> str | None:
        folder, _ = self.paths
        return foreign(path) if path == folder else foreign_xml(path, folder, loader=N5)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        check_pixel_type(dtype)

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return CHUNK_SHAPE

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        return None

    def plan(self, pyramid: Pyramid) -> Plan:
        folder, _ = self.paths
        # Since May 2024 BigDataViewer takes the path of N5, not that of HDF5, for a URI, and fails
        # at a space that is not written as %20.
        dataset = PyramidViews.of(pyramid, quote(folder.name))
        itemsize = pyramid.source.dtype.itemsize
        full = dataset.levels[0].shape
        largest = math.prod(map(min, pyramid.chunk_shape, full)) * itemsize
        if largest > MAX_CHUNK_BYTES:
            raise ValueError(
                f"A chunk of {pyramid.chunk_shape} voxels takes {format_bytes(largest)}, but N5 "
                "allows no 2 GiB: give a smaller chunk_shape."
            )
        voxels = len(dataset.views) * sum(math.prod(level.shape) for level in dataset.levels)
        return Plan(
            unit=pyramid.chunk_shape,
            create=partial(self._create, pyramid, dataset, to_xml(dataset.description, loader=N5)),
            once_bytes=_ONCE_BYTES,
            encoding_bytes=partial(_encoding_bytes, pyramid.chunk_shape, largest),
            stored_bytes=voxels * itemsize if self.gzip_level is None else None,
            is_threaded=True,
            unknown_steps=dataset.unknown_steps,
        )

    def _create(
        self,
        pyramid: Pyramid,
        dataset: PyramidViews,
        document: str,
        new: Callable[[Path], Path],
        spare_bytes: int,
    ) -> _N5Levels:
        folder, xml = map(new, self.paths)
        dtype = pyramid.source.dtype
        for setup in dataset.setups:
            _setup_folder(folder, setup).mkdir(parents=True)
        encoders = ChunkEncoders()
        chunks = {}
        for (time, channel), view in dataset.views.items():
            for number, level in enumerate(dataset.levels):
                path = _view_folder(folder, view) / f"s{number}"
                path.mkdir(parents=True)
                chunk_shape = tuple(map(min, pyramid.chunk_shape, level.shape))
                chunks[time, channel, number] = ChunkFolder(
                    path, level.shape, chunk_shape, dtype, self.gzip_level, encoders
                )
        return _N5Levels(folder, xml, dataset, document, dtype, chunks, encoders)


def _encoding_bytes(chunk_shape: Sequence[int], largest: int, block_shape: Sequence[int]) -> int:
    """Return how many bytes it takes at most, beside a block, to encode that.

    Parameters
    ----------
    chunk_shape
        Voxels of a chunk along z, y and x.
    largest
        Bytes of the largest chunk.
    block_shape
        Voxels of the block along all axes, the last of which are z, y and x.
    """
    chunks = math.prod(-(-n // c) for n, c in zip(block_shape[-3:], chunk_shape, strict=True))
    # Of a chunk a copy, and the bytes for its file, which are then copied behind their header.
    return min(chunks, os.cpu_count() or 1) * (3 * largest + ENCODER_BYTES)


def _setup_folder(folder: Path, setup: int) -> Path:
    return folder / f"setup{setup}"


def _view_folder(folder: Path, view: View) -> Path:
    timepoint, setup = view
    return _setup_folder(folder, setup) / f"timepoint{timepoint}"


@dataclass(frozen=True)
class _N5Levels:
    """The datasets of all views, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    folder, xml
        In the staging directory.
    dataset
        What is stored.
    document
        What the XML says.
    dtype
        Type of the voxels.
    chunks
        The folder of each level of each view, by index along time and channels, and level.
    encoders
        Their threads.
    """

    folder: Path
    xml: Path
    dataset: PyramidViews
    document: str
    dtype: np.dtype[Any]
    chunks: Mapping[tuple[int, int, int], ChunkFolder]
    encoders: ChunkEncoders

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        time, channel, *corner = start
        for t, c in np.ndindex(block.shape[:2]):
            chunks = self.chunks.get((time + t, channel + c, level))
            if chunks is not None:
                chunks.write(corner, block[t, c])

    def finish(self) -> None:
        """Say what each folder is, and write the XML last: until then nothing is an image.

        The folders were created at first, so one that somebody has removed meanwhile is missed now.
        """
        for folder, attributes in self._attributes():
            (folder / ATTRIBUTES).write_text(json.dumps(attributes), encoding="utf-8")
        self.xml.write_text(self.document, encoding="utf-8", newline="\n")

    def _attributes(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield each folder with what is said of it, those inside others first."""
        factors = [level.factors[::-1] for level in self.dataset.levels]
        for (_, _, level), chunks in self.chunks.items():
            yield chunks.path, chunks.attributes | {"downsamplingFactors": factors[level]}
        sizes = {setup.id: setup.voxel_size for setup in self.dataset.description.setups}
        for view in self.dataset.views.values():
            # As BigDataViewer writes them, for other programs.
            attributes: dict[str, Any] = {"multiScale": True}
            voxels = sizes[view[1]]
            if voxels is not None and None not in voxels.size:
                attributes["resolution"] = voxels.size[::-1]
            yield _view_folder(self.folder, view), attributes
        for setup in self.dataset.setups:
            attributes = {"downsamplingFactors": factors, "dataType": self.dtype.name}
            yield _setup_folder(self.folder, setup), attributes
        yield self.folder, {"n5": VERSION}

    def close(self) -> None:
        """End the threads; no file stays open."""
        self.encoders.close()
