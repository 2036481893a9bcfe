"""Benchmark: how many minutes a lesson takes who reads it alone. Run by hand.

    uv run python tests/benchmarks/lesson_minutes.py          # counts, from the notebooks
    uv run python tests/benchmarks/lesson_minutes.py --run    # runs the cells too, and times them

Three things take time: reading, questions, and waiting for cells.

- Words of prose are read at 180 a minute. For silent reading of English non-fiction Brysbaert
  (2019, Journal of Memory and Language 109, 104047) finds 238 words a minute on average; here
  three quarters of that, since the text is to be understood, often in a second language.
- A line of code that is not folded away, or of what it prints, is looked at for 4 seconds; a
  figure, or a plot, for 20 seconds. A question of the quiz takes 45 seconds, a prediction 30.
  These are assumptions, and stand here to be changed.
- Cells are timed with --run, in a kernel whose sample image is there already; the results are in
  ``tests/benchmarks/results/lesson_minutes.json``, with the machine. From them the table in
  ``book/teach.md`` states how long the slowest cell of each lesson takes; --run renews that, too.

The sum is rounded up to five minutes. Of the tabs under "The same in your own tool" one is read.
"""

# ruff: noqa: T201 - prints its results
import argparse
import json
import math
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

from bigimg_lessons.questions.bank import load_bank

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "tests" / "benchmarks" / "results" / "lesson_minutes.json"
WORDS_PER_MINUTE = 180
SECONDS = {"line": 4, "figure": 20, "question": 45, "prediction": 30}
TEACH = ROOT / "book" / "teach.md"
STEP = 5  # minutes
FOLDED = {"hide-input", "hide-cell", "remove-input"}
ALL_QUESTIONS = "07_check_yourself"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What there is to read and to answer in a lesson, and how long its cells run."""

    name: str
    title: str
    words: int
    lines: int
    figures: int
    questions: int
    predictions: int
    running: float

    @property
    def minutes(self):
        """Minutes for one reader, not rounded."""
        seconds = 60 * self.words / WORDS_PER_MINUTE + self.running
        for kind, each in SECONDS.items():
            seconds += each * getattr(self, f"{kind}s")
        return seconds / 60

    @property
    def rounded(self):
        return STEP * math.ceil(self.minutes / STEP)


def count(path, running=0.0):
    """Count what is in a notebook."""
    questions = load_bank(path.stem).questions if path.stem != ALL_QUESTIONS else ()
    return count_cells(path.stem, nbformat.read(path, as_version=4).cells, questions, running)


def sittings(path, running=0.0):
    """Count a lesson before and after its half-way mark; the quiz is in the second half."""
    cells = nbformat.read(path, as_version=4).cells
    mark = next(n for n, cell in enumerate(cells) if ":class: half-way" in cell.source) + 1
    share = sum(c.cell_type == "code" for c in cells[:mark]) / sum(
        c.cell_type == "code" for c in cells
    )
    return (
        count_cells(path.stem, cells[:mark], (), running * share),
        count_cells(path.stem, cells[mark:], load_bank(path.stem).questions, running * (1 - share)),
    )


def count_cells(name, cells, questions, running):
    """Count what is in some cells, with the questions of their quiz."""
    prose = "\n".join(one_tab(cell.source) for cell in cells if cell.cell_type == "markdown")
    shown = [
        cell
        for cell in cells
        if cell.cell_type == "code" and not FOLDED & set(cell.metadata.get("tags", []))
    ]
    printed = "".join(
        output.get("text", "") for cell in shown for output in cell.outputs if "text" in output
    )
    code = "\n".join([*(cell.source for cell in shown), *fences(prose), printed])
    plots = sum("plt.show()" in cell.source for cell in cells if cell.cell_type == "code")
    title = re.search(r"^# (.+)$", prose, re.M)
    return Lesson(
        name=name,
        title=title[1] if title else "",
        words=len(re.findall(r"\S*\w\S*", without_code(prose))),
        lines=sum(bool(line.strip()) for line in code.splitlines()),
        figures=prose.count("../book/figures/") + plots,
        questions=sum(question.kind != "predict" for question in questions),
        predictions=prose.count(":class: predict"),
        running=running,
    )


def one_tab(text):
    """Keep the first tab of each set: a reader follows one tool."""
    return re.sub(
        r"(:::\{tab-item\}.*?\n:::\n)(?:\s*:::\{tab-item\}.*?\n:::\n)+", r"\1", text, flags=re.S
    )


def without_code(text):
    """Leave out fenced code, and the addresses of links."""
    return re.sub(r"```.*?```|\(\S+?\)", "", text, flags=re.S)


def fences(text):
    """List the code that stands in the prose."""
    return re.findall(r"```\w*\n(.*?)```", text, re.S)


def run(path):
    """Run a notebook; return the seconds of each code cell, by its name."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}})
    taken = {}
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                start = time.perf_counter()
                client.execute_cell(cell, index)
                taken[cell.id] = round(time.perf_counter() - start, 2)
    return taken


def with_waits(text, cells):
    """State the slowest cell in the table for teachers: whole seconds, rounded up.

    Parameters
    ----------
    text
        The page. The last column of a lesson's row begins "some seconds:" or "up to 4 s:".
    cells
        For each lesson, by the name of its notebook, the seconds of its cells; others stay as they
        are.
    """
    for lesson, seconds in cells.items():
        row = rf"^(\| {number_of(lesson)} .*\| )(?:some seconds|up to \d+ s):"
        stated = rf"\g<1>up to {math.ceil(max(seconds.values()))} s:"
        text, count = re.subn(row, stated, text, flags=re.M)
        if count != 1:
            raise ValueError(
                f"The page has {count} rows for lesson {number_of(lesson)} that state its slowest "
                "cell: give one, whose last column begins 'some seconds:'."
            )
    return text


def number_of(lesson):
    """Return the number of a lesson without its zero, from the name of its notebook."""
    return re.sub("^0(?=.)", "", lesson.partition("_")[0])


def lessons():
    """List the lessons that have notebooks, as counted now and as timed last."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["seconds"]
    return [count(path, kept.get(path.stem, 0.0)) for path in notebooks()]


def notebooks():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", action="store_true", help="run and time the cells, too")
    if parser.parse_args().run:
        cells = {path.stem: run(path) for path in notebooks()}
        record = {
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            "python": platform.python_version(),
            "seconds": {name: round(sum(taken.values()), 1) for name, taken in cells.items()},
            "cells": cells,
        }
        page = with_waits(TEACH.read_text(encoding="utf-8"), cells)
        RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        TEACH.write_text(page, encoding="utf-8")
    print("| Lesson | Minutes | Words | Lines | Figures | Questions | Cells run (s) |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for one in lessons():
        print(
            f"| {number_of(one.name)} {one.title} | {one.rounded} | {one.words:,} | {one.lines} "
            f"| {one.figures} | {one.questions + one.predictions} | {one.running:.0f} |"
        )


if __name__ == "__main__":
    main()
