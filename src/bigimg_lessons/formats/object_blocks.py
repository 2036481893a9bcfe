"""Blocks of an OME-Zarr's levels as objects of a store: encoded, sent, and told as they were taken.

Whoever writes a pyramid into a store does it by this: the process that builds it, and each worker
of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import product
from typing import Any

import zarr

from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.object_members import placed
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.downsampling import Array, Region
from bigimg_lessons.saving.object_journal import There, Unit, checksum
from bigimg_lessons.saving.object_store import ObjectPlace, Stored, StoreObjects

AT_ONCE = 8
"""Chunks that are encoded and sent at a time: most of the time they wait for the network."""


@dataclass(frozen=True)
class ObjectBlocks:
    """What sends the blocks of an image's levels to a store.

    Parameters
    ----------
    place
        Where all objects go.
    layout
        How the arrays are stored.
    arrays
        One for each level; they hold metadata only.
    there
        What was complete before, and is not sent again.
    encoders
        Threads.
    """

    place: ObjectPlace
    layout: ArrayLayout
    arrays: Sequence[zarr.Array[Any]]
    there: There
    encoders: ChunkEncoders

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether all chunks or shards of a block were complete before this run."""
        pairs = zip(where, self._unit(level), strict=True)
        return self.there.is_there(
            level, [slice(part.start // u, -(-part.stop // u)) for part, u in pairs]
        )

    def send(self, level: int, start: tuple[int, ...], block: Array) -> list[Unit]:
        """Encode a block and send what is missing of it.

        Parameters
        ----------
        level, start, block
            As of :class:`bigimg_lessons.pyramids.targets.Levels`.

        Returns
        -------
        list of Unit
            What the store has taken, and what was left out as it is all zeros.
        """
        array = self.arrays[level]
        sent: dict[str, Stored] = {}
        to_store = StoreObjects(
            self.place, str(level), lambda stored: sent.update({stored.name: stored})
        )
        objects = _Missing(to_store, partial(self._is_at, level))
        self.layout.writer(array, objects, self.encoders)(start, block)
        units = []
        for place in self._places(level, start, block.shape):
            key = array.metadata.encode_chunk_key(place)
            if self._is_at(level, key):
                continue
            where = voxels_of(place, self._unit(level), array.shape)
            inside = tuple(
                slice(part.start - s, part.stop - s) for part, s in zip(where, start, strict=True)
            )
            stored = sent.get(key, Stored(key, 0, ""))
            seen = 0 if level else checksum(block[inside])
            units.append(Unit(place, stored.size, stored.tag, seen))
        return units

    def _is_at(self, level: int, key: str) -> bool:
        at = placed(f"{level}/{key}", self.there.counts)
        return at is not None and self.there.is_there(level, [slice(n, n + 1) for n in at[1]])

    def _unit(self, level: int) -> tuple[int, ...]:
        array = self.arrays[level]
        return array.shards or array.chunks

    def _places(
        self, level: int, start: Sequence[int], shape: Sequence[int]
    ) -> Iterator[tuple[int, ...]]:
        """Yield the places of the chunks or shards in a block."""
        each = zip(start, shape, self._unit(level), strict=True)
        yield from product(*(range(s // u, -(-(s + n) // u)) for s, n, u in each))


@dataclass(frozen=True)
class _Missing:
    """Objects of which those are sent that are not there yet.

    Parameters
    ----------
    objects
        Where they go.
    is_there
        Takes a key; tells whether there is such an object.
    """

    objects: StoreObjects
    is_there: Callable[[str], bool]

    @contextmanager
    def create(self, key: str) -> Iterator[BytesIO]:
        """Create an object; see :class:`bigimg_lessons.saving.objects.Objects`."""
        if self.is_there(key):
            yield BytesIO()
            return
        with self.objects.create(key) as writer:
            yield writer


def voxels_of(place: Sequence[int], unit: Sequence[int], shape: Sequence[int]) -> Region:
    """Return where in a level a chunk or shard lies.

    Parameters
    ----------
    place
        Counted in chunks or shards along each axis.
    unit
        Voxels of one.
    shape
        Voxels of the level.
    """
    each = zip(place, unit, shape, strict=True)
    return tuple(slice(at * u, min((at + 1) * u, n)) for at, u, n in each)
