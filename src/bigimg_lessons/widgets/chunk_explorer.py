"""The chunk explorer: choose chunks and a region, see what reading it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import traitlets

from bigimg_lessons.costs.conversion import DTYPES
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import READERS
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.widgets.base import Checked, Widget
from bigimg_lessons.widgets.explorer_setting import NAMES, checked_setting, region
from bigimg_lessons.widgets.presets import PRESETS, presets_html

OFFERED: Mapping[str, Any] = MappingProxyType(
    {
        "setting_names": [*NAMES],
        "item_sizes": {name: np.dtype(name).itemsize for name in DTYPES},
        "storages": {key: asdict(entry) for key, entry in STORAGES.items()},
        "readers": {key: asdict(entry) for key, entry in READERS.items()},
        "presets": [*map(asdict, PRESETS)],
    }
)
"""What the page is told beside a setting: what can be chosen, and the figures of storages."""


def _as_list(value: Sequence[int] | None, _: object) -> list[int] | None:
    # Sent as the page sends it back: a tuple would count as a change of the page's own list.
    return None if value is None else list(value)


class ChunkExplorer(Widget, front="explorer/chunk_explorer.js"):
    """A volume cut into chunks, and what it costs to read a slice or a cube of it.

    It works in Jupyter, in step with Python both ways, and on a page with no kernel. Axes come
    slowest first (zyx), sizes are in voxels.

    Parameters
    ----------
    shape, chunk_shape, dtype, shard_shape, edges
        As for `ChunkGrid`, with three axes; by default a volume of 256 × 1024 × 1024 in chunks
        of 64³.
    orientation
        What is read: ``"XY"``, ``"XZ"``, ``"YZ"`` or ``"cube"``.
    position
        A voxel (z, y, x). A slice goes through it; a cube starts at it. By default the middle,
        or where a cube is in the middle.
    cube_edge
        Voxels along each edge of the cube.
    storage
        A key of `STORAGES`: for which `seconds` is the time, and which is marked.
    reader
        A key of `READERS`: how chunks of a shard are asked for; of no matter without shards.

    Attributes
    ----------
    chunks, requests, bytes_wanted, bytes_read
        What reading the region costs; see `Reading`. Read-only, and can be observed.
    seconds
        Estimated time on `storage`, without decoding. Read-only.

    Raises
    ------
    traitlets.TraitError
        If the setting makes no sense; the old one stays. To change several parts at once, such
        as a smaller volume and smaller chunks, set them in ``with
        explorer.hold_trait_notifications():``.

    Examples
    --------
    >>> explorer = ChunkExplorer(chunk_shape=(1, 1024, 1024), edges="cut", orientation="YZ")
    >>> explorer.requests, explorer.bytes_read // explorer.bytes_wanted
    (256, 1024)
    """

    shape = Checked().tag(sync=True, to_json=_as_list)
    dtype = Checked().tag(sync=True)
    chunk_shape = Checked().tag(sync=True, to_json=_as_list)
    shard_shape = Checked().tag(sync=True, to_json=_as_list)
    edges = Checked().tag(sync=True)
    reader = Checked("one-by-one").tag(sync=True)
    orientation = Checked().tag(sync=True)
    position = Checked(()).tag(sync=True, to_json=_as_list)
    cube_edge = Checked().tag(sync=True)
    storage = Checked().tag(sync=True)

    setting_names = traitlets.List(OFFERED["setting_names"], read_only=True).tag(sync=True)
    item_sizes = traitlets.Dict(OFFERED["item_sizes"], read_only=True).tag(sync=True)
    storages = traitlets.Dict(OFFERED["storages"], read_only=True).tag(sync=True)
    readers = traitlets.Dict(OFFERED["readers"], read_only=True).tag(sync=True)
    presets = traitlets.List(OFFERED["presets"], read_only=True).tag(sync=True)

    chunks = traitlets.Int(read_only=True)
    requests = traitlets.Int(read_only=True)
    bytes_wanted = traitlets.Int(read_only=True)
    bytes_read = traitlets.Int(read_only=True)
    seconds = traitlets.Float(read_only=True)

    def __init__(
        self,
        *,
        shape: Sequence[int] = (256, 1024, 1024),
        chunk_shape: Sequence[int] = (64, 64, 64),
        dtype: str = "uint8",
        shard_shape: Sequence[int] | None = None,
        edges: Literal["padded", "cut"] = "padded",
        orientation: Literal["XY", "XZ", "YZ", "cube"] = "YZ",
        position: Sequence[int] | None = None,
        cube_edge: int = 128,
        storage: str = "s3",
        reader: Literal["one-by-one", "merging"] = "one-by-one",
    ) -> None:
        super().__init__(
            shape=shape,
            chunk_shape=chunk_shape,
            dtype=dtype,
            shard_shape=shard_shape,
            edges=edges,
            orientation=orientation,
            position=position,
            cube_edge=cube_edge,
            storage=storage,
            reader=reader,
        )

    @property
    def grid(self) -> ChunkGrid:
        """The volume with its chunks."""
        return ChunkGrid(self.shape, self.chunk_shape, self.dtype, self.shard_shape, self.edges)

    @property
    def region(self) -> tuple[slice, slice, slice]:
        """What is read, as one slice for each axis."""
        return region(self.shape, self.orientation, self.position, self.cube_edge)

    @traitlets.validate(*NAMES)
    def _check(self, proposal: dict[str, Any]) -> object:
        name = proposal["trait"].name
        setting = {key: getattr(self, key) for key in NAMES} | {name: proposal["value"]}
        try:
            return checked_setting(**setting)[name]
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    @traitlets.observe(*NAMES)
    def _count(self, _: object) -> None:
        reading = self.grid.reading(self.region, reader=READERS[self.reader])
        self.set_trait("chunks", reading.chunks)
        self.set_trait("requests", reading.requests)
        self.set_trait("bytes_wanted", reading.wanted)
        self.set_trait("bytes_read", reading.read)
        self.set_trait("seconds", STORAGES[self.storage].seconds(reading.requests, reading.read))

    def __repr__(self) -> str:
        sizes = " × ".join(map(str, self.shape))
        chunk = " × ".join(map(str, self.chunk_shape))
        return (
            f"A chunk explorer: a volume of {sizes} ({self.dtype}) in chunks of {chunk}. "
            "Run this cell in Jupyter to explore it."
        )

    def _plain_html(self) -> str:
        """Return the presets' numbers."""
        return presets_html(self.shape, self.dtype)
