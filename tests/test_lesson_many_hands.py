"""Lesson 6b: what its workers lose, join and print, worked out again without them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import dask
import nbformat
import numpy as np
import psutil
import pytest
import tifffile
import zarr
from scipy.ndimage import label
from zarr.storage import LocalStore

from bigimg_lessons import lesson_tiff
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import NumberQuestion

BANK = "06b_many_hands"
ROOT = Path(__file__).parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / f"{BANK}.ipynb", as_version=4).cells
SOURCES = {cell.id: cell.source for cell in CELLS}
PRINTED = {
    cell.id: "".join(output.get("text", "") for output in cell.outputs)
    for cell in CELLS
    if cell.cell_type == "code"
}
PREDICTIONS = {q.id: q for q in load_bank(BANK).questions if q.kind == "predict"}
SHAPE = (128, 512, 512)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef)


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    """The middle of the sample, cut out of a memory map."""
    stack = tifffile.memmap(lesson_tiff(), mode="r")
    middle = (slice((n - m) // 2, (n + m) // 2) for n, m in zip(stack.shape, SHAPE, strict=True))
    return np.array(stack[tuple(middle)])


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    """What the cells import, and the functions that they define."""
    known: dict[str, object] = {}
    for cell, source in SOURCES.items():
        if cell in PRINTED:
            kinds = (ast.stmt,) if cell == "workers" else DEFINITIONS
            body = [node for node in ast.parse(source).body if isinstance(node, kinds)]
            exec(compile(ast.Module(body, []), cell, "exec"), known)  # noqa: S102 (our own cells)
    return known


@pytest.mark.parametrize("folder", ["notebooks", "src", "book"])
def test_workers_are_asked_for_where_none_is_left_out(folder: str) -> None:
    """In distributed 2026.8, ``scheduler_info`` now and then tells of no worker at all."""
    files = [
        path for ending in ("py", "ipynb", "md") for path in (ROOT / folder).rglob(f"*.{ending}")
    ]
    asking = [path.name for path in files if "scheduler_info" in path.read_text(encoding="utf-8")]
    assert files
    assert not asking, "ask Client.nthreads(), whose answer no other look of the client replaces"


# The wrong way


def test_the_shard_is_read_and_written_as_a_whole_for_one_chunk(tmp_path: Path) -> None:
    """What the lesson says zarr does, seen at the store."""
    asked: list[tuple[str, int]] = []

    class Watched(LocalStore):
        async def get(self, key, prototype, byte_range=None):
            found = await super().get(key, prototype, byte_range)
            if found is not None and not key.endswith("zarr.json"):
                asked.append(("get", len(found)))
            return found

        async def set(self, key, value):
            if not key.endswith("zarr.json"):
                asked.append(("set", len(value)))
            await super().set(key, value)

    cut = {"chunks": (8, 8, 8), "shards": (16, 16, 16), "compressors": None}
    pixels = np.arange(16**3, dtype="uint16").reshape(16, 16, 16)
    array = zarr.create_array(Watched(tmp_path / "one.zarr"), data=pixels, **cut)
    asked.clear()
    array[:8, :8, :8] = 7
    whole = (tmp_path / "one.zarr" / "c" / "0" / "0" / "0").stat().st_size
    assert whole >= pixels.nbytes
    assert asked[-1] == ("set", whole)
    assert sum(size for way, size in asked if way == "get") >= 7 / 8 * pixels.nbytes


def test_in_step_half_of_the_chunks_are_lost(volume: np.ndarray) -> None:
    """The three steps of both workers, played with arrays, without workers and files."""
    expected = volume[:, :128, :128]
    chunks = list(product([slice(0, 64), slice(64, 128)], repeat=3))
    stored = np.zeros_like(expected)
    for mine, others in zip(chunks[:4], chunks[4:], strict=True):
        first, second = stored.copy(), stored.copy()
        first[mine], second[others] = expected[mine], expected[others]
        stored = first
        stored = second
    wrong = np.count_nonzero(stored != expected)
    assert wrong == 4 * 64**3  # as no voxel of the sample is 0
    assert PRINTED["in-step"] == (
        "chunks of worker 0 that are right: 0 of 4\n"
        "chunks of worker 1 that are right: 4 of 4\n"
        f"wrong: {wrong:,} of {expected.size:,} voxels, errors: 0\n"
    )
    question = PREDICTIONS["predict-right-chunks"]
    assert isinstance(question, NumberQuestion)
    assert question.answer == 4


def test_predictions_stand_before_what_measures_them() -> None:
    assert set(PREDICTIONS) == {"predict-right-chunks"}
    order = list(SOURCES)
    (asked,) = (c for c in order if 'questions=["predict-right-chunks"]' in SOURCES[c])
    (measured,) = (c for c in order if 'measure("predict-right-chunks"' in SOURCES[c])
    assert order.index(asked) < order.index(measured)


def test_blocks_that_are_whole_shards_lose_nothing() -> None:
    assert PRINTED["aligned"] == "whole shards, wrong: 0 voxels\n"


@pytest.mark.parametrize(("shape", "edge"), [((128, 512, 512), 64), ((70, 64, 130), 64)])
def test_blocks_hold_each_voxel_once(names, shape: tuple[int, ...], edge: int) -> None:
    seen = np.zeros(shape, int)
    for box in names["boxes"](shape, edge):
        seen[box] += 1
        assert all(side.start % edge == 0 for side in box)
    assert (seen == 1).all()


# Objects across borders


def sizes_of(mask: np.ndarray) -> list[int]:
    return sorted(np.bincount(label(mask)[0].ravel())[1:].tolist())


def joined(names, path: Path) -> tuple[int, list[int]]:
    """Run the lesson's functions on each block, one after the other."""
    blocks = names["boxes"](zarr.open_array(path, mode="r").shape, 64)
    parts = [names["find"](path, box) for box in blocks]
    places = [tuple(side.start // 64 for side in box) for box in blocks]
    naive = sum(len(sizes) for sizes, _ in parts)
    return naive, sorted(names["join"](places, parts).tolist())


def averaged(volume: np.ndarray) -> np.ndarray:
    """Means of whole boxes of 2 × 4 × 4, rounded to even, by NumPy alone."""
    z, y, x = volume.shape
    boxes = volume.reshape(z // 2, 2, y // 4, 4, x // 4, 4)
    return np.rint(boxes.mean(axis=(1, 3, 5), dtype=float))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_joined_objects_are_those_of_the_whole(names, tmp_path: Path, share: float) -> None:
    """Random boxes: from lone ones to one object that goes through all blocks."""
    random = np.random.default_rng(0).random((64, 32, 48)) < share
    pixels = np.where(random, 0, 200).astype("uint8").repeat(2, 0).repeat(4, 1).repeat(4, 2)
    path = tmp_path / "random.zarr"
    zarr.create_array(path, data=pixels, chunks=(64, 64, 64))
    naive, sizes = joined(names, path)
    assert sizes == sizes_of(random)
    assert naive > len(sizes)


@pytest.mark.parametrize("shape", [(64, 64, 64), (70, 66, 130)])
def test_one_block_and_cut_blocks_are_joined_too(names, tmp_path, shape) -> None:
    pixels = np.full(shape, 200, "uint8")
    pixels[10:12, 20:24] = 0  # a bar along x
    zarr.create_array(tmp_path / "bar.zarr", data=pixels, chunks=(64, 64, 64))
    naive, sizes = joined(names, tmp_path / "bar.zarr")
    assert naive == -(-shape[2] // 64)
    assert sizes == [-(-shape[2] // 4)]


def test_the_counts_that_are_printed_are_those_of_scipy(volume: np.ndarray) -> None:
    dark = averaged(volume) < 90
    corners = product(range(0, 64, 32), range(0, 128, 16), range(0, 128, 16))
    naive = sum(label(dark[z : z + 32, y : y + 16, x : x + 16])[1] for z, y, x in corners)
    count = label(dark)[1]
    assert PRINTED["objects"] == (
        "brightness, as NumPy counts it: True\n"
        f"each block by itself: {naive} objects\n"
        f"joined across borders: {count} objects\n"
        f"scipy, all at once: {count} objects, the same sizes: True\n"
    )
    assert naive > count


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_brightness_is_counted_over_all_values_of_the_type(names, tmp_path, dtype) -> None:
    pixels = np.array([[[0, 3, 3]]], dtype)
    zarr.create_array(tmp_path / "few.zarr", data=pixels)
    counts = names["histogram"](tmp_path / "few.zarr", (slice(0, 1),) * 2 + (slice(0, 3),))
    assert counts.tolist() == [1, 0, 0, 2] + [0] * (np.iinfo(dtype).max - 3)


def test_the_pyramid_that_lost_a_worker_is_that_of_one_process() -> None:
    blocks = 128 // 128 * (512 // 128) ** 2
    printed = f"levels: 4, equal: True\nblocks: {blocks}, killed: 1 of 2 workers\n"
    assert PRINTED["pyramid"] == printed


# Clusters


def test_workers_listen_on_this_machine_alone_and_end_when_a_cell_fails(names) -> None:
    running, listening = [], []

    def cell():
        with names["workers"](2) as client:
            running.extend(client.run(os.getpid).values())
            for process in (psutil.Process(), *map(psutil.Process, running)):
                found = process.net_connections("inet")
                listening.extend(one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN)
            client.submit(lambda: 1 / 0).result()

    with pytest.raises(ZeroDivisionError):
        cell()
    assert len(running) == 2
    assert len(listening) >= 3  # scheduler and workers
    assert set(listening) == {"127.0.0.1"}
    assert not any(map(psutil.pid_exists, running))
    assert names["started"][-2:] == running


def test_nothing_is_left_running_at_the_end() -> None:
    assert PRINTED["closed"] == "workers that are still running: 0\n"
    assert list(SOURCES)[-2] == "closed"


def test_the_job_script_is_what_dask_jobqueue_makes() -> None:
    """The example as it stands in the tab; no scheduler of jobs is asked."""
    (python, script) = re.findall(
        r":sync: slurm\n.*?```python\n(.*?)```.*?```bash\n(.*?)```", SOURCES["elsewhere"], re.S
    )[0]
    made = re.search(r"SLURMCluster\(\n.*?\n\)", python, re.S)[0]
    program = (
        "from dask_jobqueue import SLURMCluster\n"
        "if __name__ == '__main__':\n"
        f"    with {made.replace(chr(10), ' ')} as cluster:\n"
        "        print(cluster.scheduler_address)\n"
        "        print(cluster.job_script())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
    )
    address, printed = done.stdout.split("\n", 1)
    assert printed.replace(address, "tcp://SCHEDULER:PORT").strip() == script.strip()


# What binds


def test_dask_sets_the_variable_that_the_lesson_names() -> None:
    environment = dask.config.get("distributed.nanny.pre-spawn-environ")
    assert environment["MALLOC_TRIM_THRESHOLD_"] == 65536


@pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", ()),
    reason="the variable is one of glibc",
)
def test_with_that_variable_memory_is_asked_for_anew_page_by_page() -> None:
    source = SOURCES["malloc"].partition("\nwhere")[0]
    faults = {}
    for name, more in {"dask": {"MALLOC_TRIM_THRESHOLD_": "65536"}, "not set": {}}.items():
        left = {key: v for key, v in os.environ.items() if not key.startswith("MALLOC_")}
        program = f"import numpy as np\n{source}\npage_faults(16)\nprint(page_faults(64)[0])"
        done = subprocess.run(
            [sys.executable, "-c", program], env=left | more, capture_output=True, check=True
        )
        faults[name] = int(done.stdout)
    pages = 64 * 2**20 / os.sysconf("SC_PAGE_SIZE")
    assert faults["dask"] >= 0.9 * pages
    assert faults["not set"] < 0.1 * pages


# The text


def test_it_is_no_longer_than_it_may_be() -> None:
    prose = " ".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    without_code = re.sub(r"```.*?```|\(\S+?\)", "", prose, flags=re.S)
    assert len(re.findall(r"\S*\w\S*", without_code)) <= 1600
