"""What nbval cannot see: what the notebooks carry in git, and that stated numbers are checked."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHECKED = {"keep_output", "nbval-check-output"}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def markdown(path):
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def test_there_are_notebooks():
    assert NOTEBOOKS


@every_notebook
def test_only_checked_cells_keep_outputs_and_those_are_text(path):
    assert "widgets" not in read(path).metadata
    for cell in code_cells(path):
        tags = set(cell.metadata.get("tags", []))
        assert tags & CHECKED in (set(), CHECKED), (
            f"{cell.id}: keep and check an output, or neither"
        )
        assert bool(cell.outputs) == (tags >= CHECKED), f"{cell.id}: outputs and tags differ"
        assert (cell.execution_count is None) == (not cell.outputs), (
            f"{cell.id}: nbval needs a count"
        )
        for output in cell.outputs:
            kinds = {"text/plain"} if output.output_type == "stream" else set(output.data)
            assert kinds == {"text/plain"}, f"{cell.id} carries {kinds}"


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """Notebooks that were run, as pre-commit leaves them; each hook takes all at once."""
    folder = tmp_path_factory.mktemp("committed")
    for path in NOTEBOOKS:
        notebook = read(path)
        notebook.metadata["widgets"] = {"state": {}}
        for count, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                cell.execution_count = count
                if not cell.outputs:
                    cell.outputs = [nbformat.v4.new_output("stream", text="noise")]
        nbformat.write(notebook, folder / path.name)

    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    runs = [str(folder / path.name) for path in NOTEBOOKS]
    for hook in hooks["repos"][0]["hooks"]:
        if hook.get("files") == r"\.ipynb$":
            program, *arguments = shlex.split(hook["entry"].removeprefix("uv run "))
            start = [] if program == "python" else ["-m", program]
            subprocess.run([sys.executable, *start, *arguments, *runs], cwd=ROOT, check=True)
    return folder


@every_notebook
def test_committing_changes_nothing(path, committed):
    """What pre-commit does to a notebook that was run leaves it as it is in git."""
    assert (committed / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@every_notebook
def test_every_figure_has_a_text_for_those_who_cannot_see_it(path):
    for cell in code_cells(path):
        if "plt.show()" in cell.source:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 40, f"{cell.id} draws a figure and has no alt text"
    for text in markdown(path):
        for alt in re.findall(r"!\[([^\]]*)\]", text):
            assert len(alt) > 40


@every_notebook
def test_every_plotted_axis_states_its_unit_or_is_drawn_by_plots(path):
    for cell in code_cells(path):
        if "plt.show()" in cell.source:
            labels = re.findall(r'set_[xy]label\("([^"]+)"', cell.source)
            assert "plots." in cell.source
            assert all(re.search(r"\(.+\)$|bytes|requests", label) for label in labels)


# A number with a unit that a run determines. Years, versions and so on have none.
STATED = re.compile(
    r"(?<![\w.])(\d[\d,.]*)\s*(?=(?:bytes?|KiB|MiB|GiB|requests|strips|planes|single bytes)\b)"
)


def numbers_in_outputs(path):
    text = " ".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in code_cells(path)
        for output in cell.outputs
    )
    return {float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


# Not from a cell, but from a benchmark: test_lesson_store_in_pieces.py holds them to its record.
RECORDED = {"02_store_in_pieces.ipynb": {6.1, 393, 7.8}}


@every_notebook
def test_numbers_in_the_prose_come_from_a_checked_output(path):
    known = numbers_in_outputs(path) | RECORDED.get(path.name, set())
    for text in markdown(path):
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for number in STATED.findall(prose):
            value = float(number.rstrip(".,").replace(",", ""))
            assert value in known, f"{path.name} states {number!r}, which no checked cell prints"


@every_notebook
def test_pages_have_the_same_anatomy(path):
    text = "\n".join(markdown(path))
    assert re.match(r"# .+", markdown(path)[0])
    for needed in ("You will learn", "You need", "It takes", "Predict", "Key points", "**Next:**"):
        assert needed in text, f"{path.name} lacks {needed!r}"
    assert any("Quiz(" in cell.source for cell in code_cells(path))


@every_notebook
def test_cells_run_on_every_system_and_use_public_names_only(path):
    for cell in code_cells(path):
        assert not re.search(r"^\s*[!%]", cell.source, flags=re.MULTILINE), f"{cell.id}: shell"
        assert not cell.source.rstrip().endswith(";"), f"{cell.id}: nbval fails on a closing ;"
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Attribute):
                assert not re.match(r"_[^_]", node.attr), f"{cell.id} uses the private {node.attr}"
            if isinstance(node, ast.ImportFrom):
                assert node.module != "sys"


def test_the_number_check_sees_a_number_that_nobody_checks():
    assert STATED.findall("It read 1,049,381 bytes in 16 requests; see 2024 and 1024 × 1024.") == [
        "1,049,381",
        "16",
    ]
