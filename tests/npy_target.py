"""A format of its own, to show what one costs: a folder of .npy files, one for each level."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.pyramids.targets import Plan, Pyramid


@dataclass(frozen=True)
class NpyTarget:
    """A folder with 0.npy, 1.npy, … and the names of the axes in axes.txt."""

    path: Path

    axes = ""
    stepped_axes = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.path,)

    def foreign(self, path: Path) -> str | None:
        return None if (path / "0.npy").is_file() else "is no pyramid of .npy files"

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        if dtype.kind not in "iuf":
            raise TypeError(f"The image's voxels are of type {dtype}: convert them to numbers.")

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return (64,) * len(spatial_axes)

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        return None

    def plan(self, pyramid: Pyramid) -> Plan:
        return Plan(
            unit=pyramid.chunk_shape,
            create=partial(self._create, pyramid),
            stored_bytes=pyramid.voxels * pyramid.source.dtype.itemsize,
            is_threaded=True,
            unknown_steps="They are not stored",
        )

    def _create(self, pyramid: Pyramid, new: Callable[[Path], Path], spare: int) -> NpyLevels:
        folder, dtype = new(self.path), pyramid.source.dtype
        folder.mkdir()
        for number, level in enumerate(pyramid.levels):
            with (folder / f"{number}.npy").open("wb") as file:
                header = {"descr": dtype.str, "fortran_order": False, "shape": level.shape}
                np.lib.format.write_array_header_1_0(file, header)
                file.truncate(file.tell() + math.prod(level.shape) * dtype.itemsize)
        return NpyLevels(folder, pyramid.source.axes)


@dataclass(frozen=True)
class NpyLevels:
    """The files, open to be written."""

    folder: Path
    axes: str

    def write(self, level: int, start: tuple[int, ...], block: np.ndarray[Any, Any]) -> None:
        place = tuple(slice(s, s + n) for s, n in zip(start, block.shape, strict=True))
        np.load(self.folder / f"{level}.npy", mmap_mode="r+")[place] = block

    def finish(self) -> None:
        (self.folder / "axes.txt").write_text(self.axes)

    def close(self) -> None:
        pass
