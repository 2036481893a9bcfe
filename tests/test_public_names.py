"""`import bigimg_lessons` is light, and what it offers is there, typed and said once."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bigimg_lessons

ROOT = Path(__file__).parents[1]
INIT = ROOT / "src" / "bigimg_lessons" / "__init__.py"


def in_a_fresh_process(program):
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_importing_the_package_imports_nothing_but_python_itself():
    program = (
        "import sys; before = set(sys.modules); import bigimg_lessons; dir(bigimg_lessons)\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - sys.stdlib_module_names), 'bigimg_lessons.' in ' '.join(sys.modules))"
    )
    assert in_a_fresh_process(program).split() == ["bigimg_lessons", "False"]


def test_every_public_name_is_what_its_module_defines():
    for name in bigimg_lessons.__all__:
        value = getattr(bigimg_lessons, name)
        if name != "__version__":
            assert value.__name__ == name
            assert value.__module__ == f"bigimg_lessons.{bigimg_lessons._MODULES[name]}"
            assert inspect.getdoc(value)
    assert set(bigimg_lessons.__all__) <= set(dir(bigimg_lessons))


def test_type_checkers_see_the_same_names():
    tree = ast.parse(INIT.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module.removeprefix("bigimg_lessons.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == bigimg_lessons._MODULES
    assert {*seen, "__version__"} == set(bigimg_lessons.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'bigimg_lessons' has no attribute 'Pyramid'"):
        bigimg_lessons.Pyramid  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Pyramid'"):
        from bigimg_lessons import Pyramid  # noqa: F401


@pytest.mark.parametrize(
    ("name", "package"),
    [("MemoryWatch", "psutil"), ("ZoomViewer", "anywidget"), ("FolderServer", "aiohttp")],
)
def test_without_the_extra_the_message_says_what_to_install(name, package):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import bigimg_lessons\n"
        f"try: bigimg_lessons.{name}\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    assert in_a_fresh_process(program) == (
        f"{name} needs {package!r}, which is not installed: install bigimg-lessons with its extra "
        '"lessons", in a copy of the repository for example with pip install ".[lessons]".\n'
    )


def test_the_version_is_said_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert bigimg_lessons.__version__ == project["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (\S+)$", citation, re.MULTILINE)[1] == project["version"]
    assert not re.search(r"__version__ *= *[\"']", INIT.read_text(encoding="utf-8"))
