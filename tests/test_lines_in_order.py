"""Lines to put in order: of all their orders, only the one that is accepted does what is asked.

Every order is run, on small files and with doubles for what takes long. An order that does it at a
higher cost is excluded by the text of the question, which asks for the least.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import dask.array as da
import h5py
import numpy as np
import pytest
import tifffile
import zarr
from obstore.store import MemoryStore
from zarr.storage import LocalStore, ObjectStore

from bigimg_lessons.exercises.counting import synthetic
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.pyramids.downsampling import downsample_mean
from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.kinds import OrderQuestion

QUESTIONS = {
    question.id: question
    for name in bank_names()
    for question in load_bank(name).questions
    if isinstance(question, OrderQuestion) and all(item[0] == "`" for item in question.items)
}


TALL = synthetic(1, 1, 51, 300, 300)
TALL.setflags(write=False)
PLANES = np.broadcast_to(np.arange(51, dtype="uint8")[:, None, None], TALL.shape)
"""Number of the plane of each voxel of it."""


class Lazy:
    """A double of a lazy array, which notes of how many planes it is computed, and to how much."""

    def __init__(
        self, voxels: np.ndarray, planes: np.ndarray, taken: list[tuple[int, int]]
    ) -> None:
        self._voxels, self._planes, self._taken = voxels, planes, taken

    def __getitem__(self, region: Any) -> Lazy:
        return Lazy(self._voxels[region], self._planes[region], self._taken)

    def compute(self) -> np.ndarray:
        self._taken.append((int(np.ptp(self._planes)) + 1, self._voxels.nbytes))
        return self._voxels.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.compute()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the lines of one order are run with.

    Parameters
    ----------
    names
        What the lines may name.
    done
        Tells afterwards whether they did what is asked.
    cost
        What it took, where the question asks for the least.
    """

    names: dict[str, Any]
    done: Callable[[], bool]
    cost: Callable[[], tuple[int, ...]] = tuple


def drawing() -> tuple[SimpleNamespace, list[np.ndarray]]:
    """Return a double of `plt`, and the list of what is drawn with it."""
    drawn: list[np.ndarray] = []
    return SimpleNamespace(imshow=lambda image: drawn.append(np.array(image))), drawn


def is_drawn(drawn: list[np.ndarray], right: np.ndarray) -> bool:
    return len(drawn) == 1 and np.array_equal(drawn[0], right)


def slice_of_a_channel(folder: Path) -> Trial:
    voxels = synthetic(1, 2, 3, 160, 4)
    plt, drawn = drawing()
    held = []

    def repeat(data: np.ndarray, times: int, axis: int) -> np.ndarray:
        repeated = np.repeat(data, times, axis)
        held.append(repeated.nbytes)
        return repeated

    return Trial(
        names={
            "BioImage": lambda path: SimpleNamespace(data=voxels),
            "path": "tissue.tif",
            "np": SimpleNamespace(repeat=repeat),
            "plt": plt,
        },
        done=lambda: is_drawn(drawn, np.repeat(voxels[0, 1, :, 150], 5, axis=0)),
        cost=lambda: tuple(held),
    )


def corner_of_a_plane(folder: Path) -> Trial:
    voxels = TALL
    taken: list[tuple[int, int]] = []
    image = SimpleNamespace(dask_data=Lazy(voxels, PLANES, taken))

    def done() -> bool:
        path = folder / "corner.tif"
        right = voxels[0, 0, 50, :256, :256]
        return path.exists() and np.array_equal(tifffile.imread(path), right)

    return Trial(
        names={
            "BioImage": lambda path, chunk_dims: image,
            "path": "stack.tif",
            "tifffile": tifffile,
        },
        done=done,
        cost=lambda: (sum(planes for planes, _ in taken), max(held for _, held in taken)),
    )


def counting_at_a_store(folder: Path) -> Trial:
    zarr.create_array(folder / "a.zarr", data=synthetic(32, 32, 32), chunks=(16, 16, 16))
    regions = {"plane": (0,), "line": (0, 0), "all": (slice(None),)}
    counted: dict[str, Any] = {}

    def done() -> bool:
        requests = {name: (asked.count, asked.chunks.count) for name, asked in counted.items()}
        return requests == {"plane": (4, 4), "line": (2, 2), "all": (8, 8)}

    return Trial(
        names={
            "StoreMeter": StoreMeter,
            "LocalStore": LocalStore,
            "path": folder / "a.zarr",
            "zarr": zarr,
            "regions": regions,
            "counted": counted,
        },
        done=done,
    )


def plane_of_a_level(folder: Path) -> Trial:
    levels = [synthetic(8 // 2**level, 4, 4) + level for level in range(3)]
    with h5py.File(folder / "tissue.h5", "w") as file:
        file["s00/resolutions"] = np.array([(1, 1, 1), (8, 8, 2), (16, 16, 4)], float)
        for level, cells in enumerate(levels):
            file[f"t00000/s00/{level}/cells"] = cells
    plt, drawn = drawing()
    return Trial(
        names={"h5py": h5py, "np": np, "plt": plt},
        done=lambda: is_drawn(drawn, levels[1][2]),
    )


def all_levels(folder: Path) -> Trial:
    image = synthetic(256, 128)
    names: dict[str, Any] = {"np": np, "image": image}

    def done() -> bool:
        right = [image]
        while max(right[-1].shape) > 64:
            right.append(downsample_mean(right[-1], (2, 2)))
        found = names.get("levels", [])
        return len(found) == len(right) and all(map(np.array_equal, found, right))

    return Trial(names=names, done=done)


def conversion(folder: Path) -> Trial:
    voxels = synthetic(4, 4)
    there = {"stack.tif": voxels}

    def open_image(path: str, chunk_dims: Any = None) -> SimpleNamespace:
        return SimpleNamespace(dask_data=da.from_array(there[path], name=False))

    def build_pyramid(image: Any, path: str) -> None:
        there[path] = image.dask_data.compute()

    return Trial(
        names={
            "BioImage": open_image,
            "build_pyramid": build_pyramid,
            "Path": lambda path: SimpleNamespace(unlink=lambda: there.pop(path)),
        },
        done=lambda: list(there) == ["image.ome.zarr"],
    )


def plane_in_a_bucket(folder: Path) -> Trial:
    bucket = MemoryStore()
    voxels = synthetic(4, 8, 8)
    zarr.create_array(ObjectStore(bucket), name="cell.ome.zarr/2", data=voxels)
    plt, drawn = drawing()
    return Trial(
        names={
            "S3Store": lambda name, skip_signature: bucket,
            "ObjectStore": ObjectStore,
            "zarr": zarr,
            "plt": plt,
        },
        done=lambda: is_drawn(drawn, voxels[2]),
    )


def sum_of_blocks(folder: Path) -> Trial:
    voxels = synthetic(100, 70, 64)
    zarr.create_array(folder / "a.zarr", data=voxels, chunks=(64, 64, 64))
    printed: list[Any] = []
    at_work = []

    def boxes(shape: tuple[int, ...], edge: int) -> list[tuple[slice, ...]]:
        return list(product(*([slice(a, a + edge) for a in range(0, n, edge)] for n in shape)))

    def mapped(function: Callable[..., Any], *given: Any) -> list[Any]:
        assert at_work == ["workers"]
        return list(map(function, *given))

    @contextmanager
    def workers(count: int) -> Any:
        at_work.append("workers")
        yield SimpleNamespace(map=mapped, gather=list)
        at_work.clear()

    return Trial(
        names={
            "boxes": boxes,
            "zarr": zarr,
            "path": folder / "a.zarr",
            "workers": workers,
            "total": lambda path, block: int(zarr.open_array(path)[block].sum()),
            "print": printed.append,
        },
        done=lambda: printed == [voxels.sum()],
    )


TRIALS: dict[str, Callable[[Path], Trial]] = {
    "slice-in-order": slice_of_a_channel,
    "corner-in-order": corner_of_a_plane,
    "count-in-order": counting_at_a_store,
    "level-in-order": plane_of_a_level,
    "levels-in-order": all_levels,
    "convert-in-order": conversion,
    "bucket-in-order": plane_in_a_bucket,
    "sum-in-order": sum_of_blocks,
}


@cache
def costs_of_orders(name: str) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Run every order of the lines of a question; return what those cost that did what is asked."""
    costs = {}
    for order in permutations(QUESTIONS[name].solutions):
        try:
            code = compile("\n".join(line.strip("`") for line in order), name, "exec")
        except SyntaxError:
            continue
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            trial = TRIALS[name](Path(folder))
            try:
                exec(code, trial.names)  # noqa: S102 (the banks' own lines)
            except Exception:  # noqa: S112 (this order does not run)
                continue
            if trial.done():
                costs[order] = trial.cost()
    return costs


def test_every_question_with_lines_is_tried() -> None:
    assert set(TRIALS) == set(QUESTIONS)


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_only_the_accepted_order_does_what_is_asked(name: str) -> None:
    costs = costs_of_orders(name)
    accepted = QUESTIONS[name].solutions
    assert accepted in costs
    dearer = {order for order, cost in costs.items() if order != accepted}
    if dearer:
        assert "as little as possible" in QUESTIONS[name].text
    for order in dearer:
        assert prod(costs[order]) > prod(costs[accepted]), order
        assert all(map(int.__ge__, costs[order], costs[accepted])), order


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_an_order_that_works_at_a_higher_cost_is_told_so(name: str) -> None:
    """And none is told that it works which does not."""
    question = QUESTIONS[name]
    works = costs_of_orders(name)
    letters = dict(zip(question.items, "abcdefgh", strict=False))
    for order in permutations(question.solutions):
        if order == question.solutions:
            continue
        given = [letters[line] for line in order]
        told = next(
            (
                reply.say
                for reply in question.feedback
                if given.index(reply.before) < given.index(reply.after)
            ),
            "",
        )
        if order in works:
            assert told.startswith(("It works, and", "How many planes are read")), order
