"""What is imported is declared: the base by whoever reads BDV and builds pyramids, the rest extra.

The files are read, not run, so that this holds whatever happens to be installed.
"""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "bigimg_lessons"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Needed, though no line imports them, with the reason.
UNSEEN = {
    "zarrs": "zarr finds it by the name of a pipeline",
    "bioio-tifffile": "a plugin, which bioio finds by its entry point",
    "ipywidgets": "shows anywidget's widgets in Jupyter",
    "flask": "moto answers with it as a server",
    "flask-cors": "moto answers with it as a server",
}


def names(requirements):
    return {re.match(r"[\w.-]+", text)[0].lower() for text in requirements}


BASE = names(PROJECT["project"]["dependencies"])
LESSONS = names(PROJECT["project"]["optional-dependencies"]["lessons"])
CLUSTER = names(PROJECT["project"]["optional-dependencies"]["cluster"])
REMOTE = names(PROJECT["project"]["optional-dependencies"]["remote"])
CLI = names(PROJECT["project"]["optional-dependencies"]["cli"])


def imported(source):
    """Modules that a program imports, wherever it does, but for the types' sake."""
    tree = ast.parse(source)
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def distributions(modules):
    """Names on package registries of modules that are not Python's or this project's own."""
    first = {module.partition(".")[0] for module in modules}
    foreign = first - sys.stdlib_module_names - {"bigimg_lessons", "data_fetch"}
    return {name.replace("_", "-") for name in foreign}


def path_of(module):
    """Where a module of the package lies; of a name in a module, where that module lies."""
    path = SOURCE.joinpath(*module.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.is_file():
            return found
    return path_of(module.rpartition(".")[0])


def reached(*modules):
    """Files of the package that are imported with modules, and with what these import."""
    left, found = [path_of(module) for module in modules], set()
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += [
                path_of(module)
                for module in imported(path.read_text(encoding="utf-8"))
                if module.partition(".")[0] == "bigimg_lessons"
            ]
    return found


def used_by(paths):
    return distributions(
        module for path in paths for module in imported(path.read_text(encoding="utf-8"))
    )


def cells():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "\n".join(
                    line for line in "".join(cell["source"]).splitlines() if line[:1] not in "%!"
                )


def test_the_base_is_what_reading_bdv_and_building_pyramids_imports():
    files = reached(
        "bigimg_lessons.build", "bigimg_lessons.formats.bdv.plugin",
        "bigimg_lessons.formats.bdv.reader",
    )  # fmt: skip
    assert PACKAGE / "formats" / "ome_zarr.py" in files or len(files) > 30
    assert used_by(files) - REMOTE == (BASE | CLUSTER) - {"zarrs"}


def test_what_writing_into_object_stores_imports_is_an_extra_and_one_of_the_lessons():
    used = used_by(reached("bigimg_lessons.formats.object_zarr"))
    assert used - BASE - CLUSTER == REMOTE
    assert REMOTE <= LESSONS


def test_the_extra_is_what_else_the_lessons_import():
    paths = [*PACKAGE.rglob("*.py"), *(ROOT / "data_fetch").rglob("*.py")]
    optional = {"tensorstore"}  # one of the readers that are compared where they are installed
    in_cells = distributions(module for cell in cells() for module in imported(cell))
    wanted = (used_by(paths) | in_cells) - optional - BASE
    assert wanted == LESSONS - set(UNSEEN)


def test_the_command_line_runs_with_its_own_extra():
    inside = [*(PACKAGE / "command_line").glob("*.py"), *(PACKAGE / "inspection").glob("*.py")]
    # The sample is of the lessons, and so is bioio, by which one format is converted.
    assert used_by(inside) - BASE == CLI | {"bioio"}
    assert CLI <= LESSONS


def test_nothing_is_declared_twice():
    assert not BASE & LESSONS
    assert LESSONS >= CLUSTER  # a lesson builds on a cluster
    assert set(UNSEEN) <= BASE | LESSONS


@pytest.mark.parametrize("group", ["book", "class", "test"])
def test_the_commands_of_the_readme_bring_the_extra_along(group):
    assert {"include-group": "lessons"} in PROJECT["dependency-groups"][group]
    assert {"include-group": group} in PROJECT["dependency-groups"]["dev"]
    assert PROJECT["dependency-groups"]["lessons"] == ["bigimg-lessons[lessons]"]


def test_imports_are_found_wherever_they_stand():
    program = (
        "import a.b\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import c\n"
        "def f():\n    from d_e.f import g\n"
    )
    assert distributions(imported(program)) == {"a", "d-e"}
