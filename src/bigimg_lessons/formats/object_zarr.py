"""Write an image of any size as OME-Zarr with its pyramid into an object store.

Object stores rename nothing, so nothing can be written aside. The image is made an image last: the
metadata of the levels' arrays, and then those of the group, are written when all chunks and shards
are there as they were written. Until then nothing opens, and a journal
(:mod:`bigimg_lessons.saving.object_journal`) tells another run what is there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zarr.storage import MemoryStore

from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.object_blocks import AT_ONCE, ObjectBlocks, voxels_of
from bigimg_lessons.formats.object_members import (
    ROOT_METADATA,
    foreign_objects,
    level_paths,
    placed,
)
from bigimg_lessons.formats.object_sending import ObjectReport, SentObjectLevels
from bigimg_lessons.formats.object_sources import is_read_from
from bigimg_lessons.formats.ome_zarr import OmeZarr
from bigimg_lessons.formats.ome_zarr_levels import Description
from bigimg_lessons.formats.ome_zarr_metadata import Version
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.downsampling import Array, Region
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid_in_store
from bigimg_lessons.saving.object_journal import (
    Journal,
    check_writing,
    checksum,
    differences,
    is_empty,
    memory,
    requested,
)
from bigimg_lessons.saving.object_store import ObjectPlace

if TYPE_CHECKING:
    from zarr.abc.codec import BytesBytesCodec

_COPIES = 2
"""How often an object is held while it is sent: as it was put together, and on its way."""


_REMOVED_AT_ONCE = 10_000


def write_object_zarr(
    url: str,
    image: Any,
    *,
    version: Version,
    shard_shape: Sequence[int] | None,
    codec: BytesBytesCodec | Literal["default"] | None,
    storage_options: Mapping[str, Any] | None,
    resume: bool,
    **options: Any,
) -> str:
    """Write an image with its resolution pyramid as OME-Zarr into an object store.

    Parameters, errors and what an early end leaves are those of
    :func:`bigimg_lessons.build.build_pyramid`.

    Parameters
    ----------
    url
        Such as ``s3://bucket/name.ome.zarr``.
    image
        As ``source`` there.
    version
        As for :func:`bigimg_lessons.formats.ome_zarr.write_ome_zarr`.
    shard_shape, codec, storage_options, resume
        As there.
    **options
        The others there.

    Returns
    -------
    str
        The URL.
    """
    place = ObjectPlace.of(url, storage_options)
    target = _ObjectZarr(Path(place.name), version, shard_shape, codec, place, resume)
    write_pyramid_in_store(target, Request(image=image, **options))
    return place.url


@dataclass(frozen=True)
class _ObjectZarr(OmeZarr):
    """An OME-Zarr image in an object store.

    Parameters
    ----------
    path
        Its name.
    version, shard_shape, codec
        As for :class:`bigimg_lessons.formats.ome_zarr.OmeZarr`.
    place
        Where its objects go.
    resume
        Whether to go on with what an earlier run has left.
    """

    place: ObjectPlace
    resume: bool

    def check(self, *, overwrite: bool) -> None:
        """Refuse a place to which the image may not be written, or that cannot be reached."""
        url = self.place.url
        if is_empty(self.place):
            return
        is_image = level_paths(self.place) is not None
        is_begun = requested(self.place) is not None
        if overwrite:
            if reason := foreign_objects(self.place):
                raise FileExistsError(
                    f"{url!r} exists and {reason}: choose another name, or move it away."
                )
        elif is_begun and not self.resume:
            raise FileExistsError(
                f"{url!r} holds an image that was not completed: pass resume=True to go on with "
                "it, overwrite=True to begin anew, or choose another name."
            )
        elif self.resume and is_image and not is_begun:
            raise FileExistsError(
                f"{url!r} is complete: there is nothing to resume. Open it, choose another name, "
                "or pass overwrite=True to replace it."
            )
        elif self.resume and not is_begun:
            raise FileExistsError(
                f"{url!r} holds objects, but no image that this project has begun: there is "
                "nothing to resume. Choose another name."
            )
        elif not self.resume:
            raise FileExistsError(
                f"{url!r} exists already: choose another name, or pass overwrite=True to replace "
                "it."
            )

    def plan(self, pyramid: Pyramid) -> Plan:
        layout, shape = self.layout(pyramid), pyramid.source.shape
        plan = super().plan(pyramid)

        def encoding_bytes(block: Sequence[int]) -> int:
            return layout.encoding_bytes(shape, block, AT_ONCE) + self._sent_bytes(
                layout, shape, block
            )

        return replace(
            plan,
            once_bytes=plan.once_bytes + memory(_counts(layout, pyramid)),
            encoding_bytes=encoding_bytes,
            stored_bytes=None,
        )

    @staticmethod
    def _sent_bytes(layout: ArrayLayout, shape: tuple[int, ...], block: Sequence[int]) -> int:
        """Return how many bytes of objects are held at most while a block is sent."""
        unit = layout.unit_shape(shape)
        units = math.prod(-(-n // u) for n, u in zip(block, unit, strict=True))
        size = math.prod(unit) * layout.dtype.itemsize
        at_once = 1 if layout.shard_shape or not layout.is_plain else min(units, AT_ONCE)
        # What zarr-python encodes it holds once more.
        return at_once * size * _COPIES + (0 if layout.is_plain else size)

    def begin(self, pyramid: Pyramid) -> _ObjectLevels:
        layout, description = self.layout(pyramid), self.described(pyramid)
        request = self._requested(pyramid, layout)
        counts = _counts(layout, pyramid)
        ranges = description.ranges
        journal = Journal(
            self.place,
            counts,
            lambda name: placed(name, counts),
            lambda: None if ranges is None else ranges.state,
        )
        arrays = []
        documents: dict[str, bytes] = {}
        for number, level in enumerate(pyramid.levels):
            store: dict[str, Any] = {}
            arrays.append(layout.create(store, level.shape))
            documents |= {f"{number}/{name}": text.to_bytes() for name, text in store.items()}
        if pyramid.request.overwrite:
            if is_read_from(pyramid.source.array, self.place):
                raise ValueError(
                    f"The image is read from {self.place.url!r}, which overwrite=True removes "
                    "before the new one is written: choose another name, and remove the old one "
                    "when the new one is complete."
                )
            check_writing(self.place)
            self._empty()
        noted = requested(self.place)
        if noted is None:
            journal.begin(request)
        else:
            self._go_on(noted, request, journal, layout, pyramid, description)
        encoders = ChunkEncoders(AT_ONCE)
        blocks = ObjectBlocks(self.place, layout, arrays, journal.there, encoders)
        return _ObjectLevels(blocks, documents, description, journal, request)

    def _requested(self, pyramid: Pyramid, layout: ArrayLayout) -> dict[str, Any]:
        """Return what must be alike in two runs that write one image."""
        return {
            "file_format": f"ome-zarr-{self.version}",
            "shape": list(pyramid.source.shape),
            "axes": pyramid.source.axes,
            "dtype": str(layout.dtype),
            "chunk_shape": list(layout.chunk_shape),
            "shard_shape": layout.shard_shape and list(layout.shard_shape),
            "codec": layout.codec and layout.codec.to_dict(),
            "levels": [list(level.factors) for level in pyramid.levels],
            "downsampling": pyramid.request.downsampling,
        }

    def _empty(self) -> None:
        """Remove all that is there: first what makes it an image, so that no half of one opens."""
        self.place.delete(ROOT_METADATA)
        while names := [found.name for found in islice(self.place.list(), _REMOVED_AT_ONCE)]:
            self.place.delete(names)

    def _go_on(
        self,
        noted: Mapping[str, Any],
        request: Mapping[str, Any],
        journal: Journal,
        layout: ArrayLayout,
        pyramid: Pyramid,
        description: Description,
    ) -> None:
        """Take in what an earlier run has done, unless it wrote another image."""
        if different := differences(noted, request):
            raise ValueError(
                f"{self.place.url!r} was begun with another request: {'; '.join(different)}. Give "
                "the same, or pass overwrite=True without resume to begin anew."
            )
        check_writing(self.place)  # an image that is begun anew is noted before it is read
        dtype = pyramid.source.dtype
        for ranges in journal.load():
            if description.ranges is not None:
                description.ranges.see_again(ranges, dtype)
        unit = layout.unit_shape(pyramid.source.shape)
        for done in journal.largest():
            where = voxels_of(done.place, unit, pyramid.source.shape)
            if checksum(pyramid.source.read(where)) != done.checksum:
                raise ValueError(
                    f"{self.place.url!r} was begun with another image: at "
                    f"{[(part.start, part.stop) for part in where]} the voxels are others. Give "
                    "the same image, or pass overwrite=True without resume to begin anew."
                )


@dataclass(frozen=True)
class _ObjectLevels:
    """The levels in a store, :class:`bigimg_lessons.pyramids.targets.StoreLevels`.

    Parameters
    ----------
    blocks
        What sends them, where this process writes.
    documents
        The metadata of the arrays, by name.
    description
        What the group says of them.
    journal
        What is complete.
    request
        What the journal says that the image is to be.
    """

    blocks: ObjectBlocks
    documents: Mapping[str, bytes]
    description: Description
    journal: Journal
    request: Mapping[str, Any]

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether all chunks or shards of a block were complete before this run."""
        return self.blocks.is_there(level, where)

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        units = self.blocks.send(level, start, block)
        self.description.see(level, start, block)
        self.journal.note(level, units)

    def sent(self) -> SentObjectLevels:
        blocks = self.blocks
        return SentObjectLevels(
            blocks.place,
            self.request,
            blocks.layout,
            tuple(array.shape for array in blocks.arrays),
            blocks.there,
            self.description.channels_to_see,
        )

    def take(self, report: ObjectReport) -> None:
        """Note what a task has sent: grey values first, as the journal keeps both."""
        if self.description.ranges is not None:
            self.description.ranges.add(report.ends)
        for level, units in enumerate(report.units):
            self.journal.note(level, units)

    def finish(self) -> None:
        """Compare all objects with what was sent, and make them an image: metadata go last."""
        self.journal.flush()
        self.journal.verify()
        place = self.blocks.place
        for name, text in self.documents.items():
            place.put(name, text)
        group: dict[str, Any] = {}
        self.description.create_group(MemoryStore(group))
        # Of Zarr v2 the attributes say what the image is.
        for name in sorted(group, key=ROOT_METADATA.index, reverse=True):
            place.put(name, group[name].to_bytes())
        with suppress(OSError):  # it opens now, and a run with resume=True would remove the rest
            self.journal.remove()

    def close(self) -> None:
        self.blocks.encoders.close()

    def keep(self) -> None:
        """Note what is complete, after an error; if that fails too, less of it is known."""
        self.journal.place = self.blocks.place.hasty
        with suppress(OSError):
            self.journal.flush()


def _counts(layout: ArrayLayout, pyramid: Pyramid) -> list[tuple[int, ...]]:
    """Return for each level how many chunks, or shards, it has along each axis."""
    return [layout.grid(level.shape) for level in pyramid.levels]
