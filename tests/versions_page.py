"""Run all lessons with the oldest and the newest supported versions, and compare what they print.

``uv run python -m tests.versions_page`` makes two environments in a temporary folder and runs
every lesson in each. It needs a package index, and many minutes. It writes
``tests/versions_runs.json``, and from that ``book/tables/versions.md``, which the page *Which
numbers depend on versions* shows. With ``--only`` and names of lessons it runs these, and the
others stay; with ``--only`` alone it runs nothing, and writes the page for the notebooks of now.
"""

from __future__ import annotations

import argparse
import datetime
import html
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from bigimg_lessons.text import format_bytes
from tests.lesson_cells import LESSONS, NOTEBOOKS, cells_of
from tests.newest_python import allowed, candidates
from tests.newest_python import newest as newest_of

ROOT = Path(__file__).parents[1]
PROBE = Path(__file__).with_name("versions_probe.py")
RECORD = Path(__file__).with_name("versions_runs.json")
TABLE = ROOT / "book" / "tables" / "versions.md"
COMMAND = "uv run python -m tests.versions_page"

RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
"""How uv chooses versions for each of the two runs."""

SHOWN = (
    "Python",
    "numpy",
    "dask",
    "distributed",
    "zarr",
    "zarrs",
    "numcodecs",
    "h5py",
    "tifffile",
    "imagecodecs",
    "bioio",
    "bioio-tifffile",
    "bioio-ome-zarr",
    "fsspec",
    "obstore",
    "kerchunk",
)
"""What reads, writes or counts, and so could change a number."""

Outputs = Mapping[str, Mapping[str, str]]
"""What cells print, by lesson and by name of the cell."""


@dataclass(frozen=True)
class Difference:
    """A line of a checked cell that two runs print differently.

    Parameters
    ----------
    lesson
        Name of its notebook.
    cell
        Name of the cell.
    oldest, newest
        The line as each run prints it; ``None`` where a run has no such line.
    """

    lesson: str
    cell: str
    oldest: str | None
    newest: str | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=LESSONS, help="lessons; others stay")
    options = parser.parse_args()
    lessons = LESSONS if options.only is None else options.only
    if lessons:
        before = json.loads(RECORD.read_text(encoding="utf-8"))["runs"] if options.only else {}
        record = {
            "command": COMMAND,
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "newest of": _pinned_day(),
            "runs": {name: measured(name, lessons, before.get(name, {})) for name in RESOLUTIONS},
        }
        text = json.dumps(record, indent=1, ensure_ascii=False)
        RECORD.write_text(f"{text}\n", encoding="utf-8")
    TABLE.write_text(table(json.loads(RECORD.read_text(encoding="utf-8"))), encoding="utf-8")


# ---- Runs


def measured(name: str, lessons: Sequence[str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Run lessons in a new environment.

    Parameters
    ----------
    name
        Which of `RESOLUTIONS`.
    lessons
        Names of their notebooks.
    before
        What an earlier run gave; its other lessons stay.

    Returns
    -------
    dict
        ``versions`` of packages, the ``plane`` that is counted, and ``outputs`` of all lessons.

    Raises
    ------
    RuntimeError
        If the environment cannot be made or if a lesson fails in it; the message has the error.
        If earlier lessons, which are to stay, ran with other versions.
    """
    staying = {key: value for key, value in before.get("outputs", {}).items() if key not in lessons}
    outputs, answer = {}, {}
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        python = _environment(Path(folder) / "environment", name)
        variables = {key: value for key, value in _variables().items() if key != "BIGIMG_DATASET"}
        variables["BIGIMG_DATA"] = str(Path(folder) / "data")
        for lesson in lessons:
            sys.stdout.write(f"{name} {lesson}\n")
            sys.stdout.flush()
            told = _run([str(python), str(PROBE), str(NOTEBOOKS / f"{lesson}.ipynb")], variables)
            answer = json.loads(told)
            if staying and answer["versions"] != before["versions"]:
                raise RuntimeError(f"The {name} versions have changed: run all, without --only.")
            outputs[lesson] = answer["outputs"]
    known = staying | outputs
    return {**answer, "outputs": {lesson: known[lesson] for lesson in LESSONS if lesson in known}}


def _environment(folder: Path, name: str) -> Path:
    """Install the lessons and what runs notebooks; return the environment's Python."""
    variables = _variables() | {"UV_EXCLUDE_NEWER": _pinned_day()}
    _run(["uv", "venv", "--quiet", "--python", _python(name), str(folder)], variables)
    install = ["uv", "pip", "install", "--quiet", "--python", str(folder)]
    project = ["--resolution", RESOLUTIONS[name], "--editable", ".[lessons]"]
    _run([*install, *project], variables)
    # No versions of these are asked for, so not the oldest that there ever were.
    _run([*install, "nbclient", "ipykernel"], variables)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def _python(name: str) -> str:
    """Return what uv takes for the oldest Python allowed, or for the newest of this machine."""
    if name == "oldest":
        return next(each.version for each in allowed() if each.operator == ">=")
    return str(newest_of(candidates(), above=(3, 11), within=allowed()) or sys.executable)


def _variables() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}


def _run(command: list[str], variables: Mapping[str, str]) -> str:
    """Run a command in the project's folder, and return what it prints."""
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        said = done.stderr.strip()[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done.stdout


def _pinned_day() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["tool"]["uv"]["exclude-newer"])


# ---- Comparing


def compare(oldest: Outputs, newest: Outputs) -> tuple[int, list[Difference]]:
    """Compare what two runs print, line by line.

    Parameters
    ----------
    oldest, newest
        What cells print in each of them.

    Returns
    -------
    int
        Number of lines that are equal.
    list of Difference
        The others, in the order of lessons and cells.
    """
    equal, different = 0, []
    for lesson in {**newest, **oldest}:
        then, now = oldest.get(lesson, {}), newest.get(lesson, {})
        for cell in {**now, **then}:
            old, new = then.get(cell, "").splitlines(), now.get(cell, "").splitlines()
            matcher = SequenceMatcher(None, old, new, autojunk=False)
            for kind, begin, end, new_begin, new_end in matcher.get_opcodes():
                if kind == "equal":
                    equal += end - begin
                    continue
                pairs = zip_longest(old[begin:end], new[new_begin:new_end])
                different += [Difference(lesson, cell, *pair) for pair in pairs]
    return equal, different


def stated() -> dict[str, dict[str, str]]:
    """Return what the notebooks of now state that their checked cells print."""
    return {
        lesson: {cell.id: cell.states for cell in cells_of(lesson).values() if cell.states}
        for lesson in LESSONS
    }


def not_measured(record: Mapping[str, Any], notebooks: Outputs) -> list[tuple[str, str]]:
    """Find the cells that were added or changed since the runs.

    Parameters
    ----------
    record
        What ``tests/versions_runs.json`` holds.
    notebooks
        What their cells state.

    Returns
    -------
    list of tuple
        Lesson and name of each cell that is not in both runs, or that printed in neither of them
        what it states.
    """
    runs = [run["outputs"] for run in record["runs"].values()]
    found = []
    for lesson, cells in notebooks.items():
        for cell, text in cells.items():
            printed = [run.get(lesson, {}).get(cell) for run in runs]
            if None in printed or text not in printed:
                found.append((lesson, cell))
    return found


# ---- The page


def table(record: Mapping[str, Any], notebooks: Outputs | None = None) -> str:
    """Return what the page shows of the runs, as Markdown.

    Parameters
    ----------
    record
        What ``tests/versions_runs.json`` holds.
    notebooks
        What their cells state; by default the notebooks of this checkout are read. Cells that
        they have no more are left out, and those that the runs did not see are named.
    """
    notebooks = stated() if notebooks is None else notebooks
    unseen = not_measured(record, notebooks)
    runs = {
        name: {
            lesson: {
                cell: text
                for cell, text in run["outputs"].get(lesson, {}).items()
                if cell in cells and (lesson, cell) not in unseen
            }
            for lesson, cells in notebooks.items()
        }
        for name, run in record["runs"].items()
    }
    equal, different = compare(**runs)
    cells = sum(map(len, runs["newest"].values()))
    lines = [f"<!-- Written by {record['command']} from tests/versions_runs.json. -->", ""]
    lines += [f"Run on {record['date']}, with these versions:", ""]
    lines += [*_versions(record["runs"]), ""]
    lines += [
        f"The lessons have {cells} checked cells, which print {equal + len(different):,} lines. "
        f"**{equal:,} of these lines are equal** with the oldest and the newest versions, and "
        f"{len(different):,} are not.",
        "",
        *_numbers(record["runs"], different),
    ]
    if unseen:
        lines += [
            "",
            f"Not compared, as not run or changed since: {_named(unseen)}.",
        ]
    return "\n".join(lines) + "\n"


def _versions(runs: Mapping[str, Any]) -> Iterator[str]:
    yield "| package | oldest | newest |"
    yield "| --- | --- | --- |"
    for name in SHOWN:
        found = (run["versions"].get(name, "none") for run in runs.values())
        yield f"| {name} | {' | '.join(found)} |"


def _numbers(runs: Mapping[str, Any], different: list[Difference]) -> Iterator[str]:
    yield "| lesson, section | oldest | newest |"  # one column, as phones are narrow
    yield "| --- | --- | --- |"
    for each in different:
        place = f"{_link(each.lesson)}, {_section(each.lesson, each.cell)}"
        yield f"| {place} | {_code(each.oldest)} | {_code(each.newest)} |"
    counted = (run["plane"] for run in runs.values())
    planes = (f"{each['requests']} requests, {format_bytes(each['bytes'])}" for each in counted)
    lesson = "02_store_in_pieces"
    yield (
        f"| {_link(lesson)}, an XY plane of the copy in shards, as zarr-python reads it (so not "
        f"checked there) | {' | '.join(planes)} |"
    )


def _named(cells: list[tuple[str, str]]) -> str:
    by_lesson: dict[str, list[str]] = {}
    for lesson, cell in cells:
        by_lesson.setdefault(lesson, []).append(f"`{cell}`")
    return "; ".join(f"lesson {_number(each)}, {', '.join(by_lesson[each])}" for each in by_lesson)


def _section(lesson: str, cell: str) -> str:
    """Return the heading below which a cell stands."""
    heading = ""
    for each in nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells:
        if each.id == cell:
            break
        if each.cell_type == "markdown":
            heading = [heading, *re.findall(r"^#+ (.+)$", each.source, re.MULTILINE)][-1]
    return heading


def _number(lesson: str) -> str:
    return lesson.partition("_")[0].removeprefix("0")


def _link(lesson: str) -> str:
    return f"[{_number(lesson)}](../notebooks/{lesson}.ipynb)"


def _code(line: str | None) -> str:
    if line is None:
        return "no such line"
    return f"<code>{html.escape(line, quote=False).replace('|', '&#124;')}</code>"


if __name__ == "__main__":
    main()
