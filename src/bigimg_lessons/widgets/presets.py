"""How file formats usually cut a volume, and what a slice then costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import ONE_BY_ONE, READERS


@dataclass(frozen=True)
class Preset:
    """How a file format usually cuts a volume.

    Parameters
    ----------
    name
        Name for people.
    chunk
        Voxels of a chunk along z, y, x; ``None`` for the whole axis. Cut to the volume.
    shard
        Voxels of a shard along z, y, x, likewise; ``None`` where there are no shards.
    edges
        As for `ChunkGrid`.
    one_file
        Whether the format keeps all chunks in one file.
    about
        One sentence on where these sizes come from.
    """

    name: str
    chunk: tuple[int | None, int | None, int | None]
    shard: tuple[int, int, int] | None = None
    edges: Literal["padded", "cut"] = "padded"
    one_file: bool = False
    about: str = ""

    def grid(self, shape: Sequence[int], dtype: str) -> ChunkGrid:
        """Cut a volume as this format does.

        Parameters
        ----------
        shape
            Voxels of the volume along z, y, x.
        dtype
            Type of a voxel.

        Returns
        -------
        ChunkGrid
            The volume with chunks, and shards, that are no larger than it is.
        """
        chunk = tuple(min(c or n, n) for c, n in zip(self.chunk, shape, strict=True))
        shard = self.shard and tuple(
            c * max(1, min(s // c, -(-n // c)))
            for s, c, n in zip(self.shard, chunk, shape, strict=True)
        )
        return ChunkGrid(tuple(shape), chunk, dtype, shard, self.edges)


PRESETS = (
    Preset(
        "TIFF planes",
        (1, None, None),
        edges="cut",
        one_file=True,
        about="each XY plane one strip, as ImageJ writes it",
    ),
    Preset(
        "TIFF strips",
        (1, 8, None),
        edges="cut",
        one_file=True,
        about="8 rows each: TIFF 6.0 advises strips of about 8 KiB, here with rows of 1,024 bytes",
    ),
    Preset(
        "BDV-HDF5",
        (64, 64, 64),
        one_file=True,
        about="chunks of 64³, as in this book's sample file",
    ),
    Preset("OME-Zarr", (128, 128, 128), about="chunks of 128³, each an object of its own"),
    Preset(
        "Sharded OME-Zarr",
        (64, 64, 64),
        shard=(256, 256, 256),
        about="chunks of 64³, packed into shards of 256³",
    ),
)
"""Formats to start from; sizes are common ones, writers let one choose others."""


def presets_html(shape: tuple[int, ...], dtype: str) -> str:
    """Return an HTML table of what a YZ slice through the middle costs with each preset.

    Parameters
    ----------
    shape
        Voxels of the volume along z, y, x.
    dtype
        Type of a voxel.
    """
    middle = shape[2] // 2
    rows = []
    for preset in PRESETS:
        grid = preset.grid(shape, dtype)
        chunk = " × ".join(f"{n:,}" for n in grid.chunk_shape)
        for reader in READERS.values() if preset.shard else (ONE_BY_ONE,):
            reading = grid.reading((slice(None), slice(None), middle), reader=reader)
            name = f"{preset.name}: a reader that {reader.name}" if preset.shard else preset.name
            rows.append(
                f'<tr><th scope="row">{escape(name)}</th><td>{chunk}</td>'
                f"<td>{reading.chunks:,} of {grid.chunk_count:,}</td><td>{reading.requests:,}</td>"
                f"<td>{reading.read / 2**20:,.1f}</td><td>{reading.amplification:,.1f}</td></tr>"
            )
    size = " × ".join(f"{n:,}" for n in shape)
    heads = ("Stored as", "Chunk", "Chunks touched", "Requests", "MiB read", "Amplification")
    return (
        f'<div class="bx"><p class="bx-title">Chunk explorer</p><table><caption>A YZ slice at '
        f"x = {middle:,} through a volume of {size} voxels ({dtype})</caption><thead><tr>"
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
