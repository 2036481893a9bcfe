"""The house keeps its shape: who imports whom, and what may be committed."""

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bigimg_lessons"

# Longer functions, each with its reason.
MAY_BE_LONGER = {"build_pyramid": "more than twenty of its lines are its options"}


def python_files():
    places = (ROOT / "src", ROOT / "data_fetch", ROOT / "book" / "_ext")
    return sorted(path for place in places for path in place.rglob("*.py"))


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(text):
    """Names of functions and how many lines each has without its docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            said = ast.get_docstring(node) is not None
            docstring = first.end_lineno - first.lineno + 1 if said else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def test_imports_lead_down():
    """The contracts of ``[tool.importlinter]``; each room has its floor there."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_modules_are_small():
    front_ends = PACKAGE.rglob("*.js")
    sizes = {path: lines(path) for path in [*python_files(), *front_ends]}
    assert {path.name: size for path, size in sizes.items() if size > 500} == {}
    assert statistics.median(lines(path) for path in PACKAGE.rglob("*.py")) <= 200


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    found = {name: size for name, size in functions(text) if size > 60}
    assert found.keys() <= MAY_BE_LONGER.keys(), found


def test_the_rule_counts_a_function_without_its_docstring():
    text = 'def long(\n    a,\n):\n    """Say.\n\n    More.\n    """\n    return a\n'
    assert list(functions(text)) == [("long", 4)]


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of committed files to look at")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def test_no_large_file_is_committed():
    large = {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > 500_000}
    assert large == {}


def test_no_lock_file_and_no_package_host_is_committed():
    hosts = ["pythonhosted" + ".org", "pypi" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
    for path in tracked():
        assert path.name not in ("uv.lock", "package-lock.json")
        text = path.read_bytes()
        for host in hosts:
            assert host.encode() not in text, f"{path} names {host}"


def test_every_public_name_is_on_the_api_page():
    import bigimg_lessons

    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. auto\w+:: bigimg_lessons\.(\w+)$", page, re.MULTILINE))
    assert named == set(bigimg_lessons.__all__) - {"__version__"}
