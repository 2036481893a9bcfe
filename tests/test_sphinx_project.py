"""Projects of Sphinx that are built one after another in one process."""

import copy

import pytest
from sphinx.config import Config

from tests.sphinx_project import build_project

EXTENSIONS = {"myst_nb": "myst-nb", "myst_parser": "markdown"}


def pages(folder, extension):
    source = folder / extension
    source.mkdir()
    (source / "conf.py").write_text(f"extensions = [{extension!r}]")
    (source / "index.md").write_text("# Home\n\nSome **bold** words.\n")
    return source


@pytest.mark.parametrize("order", [list(EXTENSIONS), list(EXTENSIONS)[::-1]])
def test_a_project_is_read_by_its_own_parser(tmp_path, order):
    before = copy.deepcopy({name: option.default for name, option in Config.config_values.items()})
    for extension in order:
        build_project(pages(tmp_path, extension), tmp_path / f"built with {extension}")
        page = tmp_path / f"built with {extension}" / "html" / "index.html"
        assert "<strong>bold</strong>" in page.read_text(encoding="utf-8")
    after = {name: option.default for name, option in Config.config_values.items()}
    assert {name: after[name] for name in before} == before
