import nbformat
import pytest
from fresh_runs import fingerprint

from tests.sphinx_project import build_project

CONFIG = """
extensions = ["myst_nb", "fresh_runs"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
html_theme = "basic"
"""


@pytest.fixture
def book(tmp_path):
    """A book of one notebook which tells, in a file, how often it ran."""
    source = tmp_path / "source"
    package = source / "src" / "bigimg_lessons"
    package.mkdir(parents=True)
    (package / "module.py").write_text("VALUE = 1\n")
    (package / "bank.toml").write_text("a = 1\n")
    (source / "conf.py").write_text(CONFIG)
    runs = tmp_path / "runs.txt"
    code = f"with open({str(runs)!r}, 'a') as file:\n    file.write('x')\nprint('ran')"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Index"), nbformat.v4.new_code_cell(code)]
    )
    nbformat.write(notebook, source / "index.ipynb")
    return source, tmp_path / "_build", runs


def build(book):
    source, output, _ = book
    build_project(source, output)
    assert "ran" in (output / "html" / "index.html").read_text(encoding="utf-8")


def runs(book):
    return len(book[2].read_text())


def test_notebooks_run_again_when_the_package_changes_and_only_then(book):
    build(book)
    assert runs(book) == 1
    build(book)
    assert runs(book) == 1
    package = book[0] / "src" / "bigimg_lessons"
    (package / "bank.toml").write_text("a = 2\n")
    build(book)
    assert runs(book) == 2
    # The look of a widget comes from the package when the page is read: no cell prints it.
    for name in ("widget.css", "widget.js"):
        (package / name).write_text("/* new */")
        build(book)
    assert runs(book) == 2


def test_fingerprint_follows_what_outputs_depend_on_and_nothing_else(tmp_path):
    for name in ("module.py", "record.json", "bank.toml"):
        (tmp_path / name).write_text("before")
        before = fingerprint(tmp_path)
        assert fingerprint(tmp_path) == before
        (tmp_path / name).write_text("after")
        assert fingerprint(tmp_path) != before
        (tmp_path / name).rename(tmp_path / f"other_{name}")
        assert fingerprint(tmp_path) != before

    before = fingerprint(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"compiled")
    for name in ("widget.js", "widget.css"):
        (tmp_path / name).write_text("before")
    assert fingerprint(tmp_path) == before
