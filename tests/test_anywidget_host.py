"""The book's extension for widgets, in builds of small projects whose outputs are stored."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from shortening import short_script, short_style

from bigimg_lessons.widgets import ChunkExplorer, DesignTask, Quiz, ZoomViewer
from bigimg_lessons.widgets.base import own_style, page_module, whole_module
from tests.sphinx_project import build_project

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
ESM = """// Not for the page.
export default { render({ el }) { el.textContent = '</script><!-- &amp;'; } };"""


def widget(**traits: Any) -> dict[str, Any]:
    """Return the saved state of an anywidget of some other package."""
    defaults = {
        "_anywidget_id": "elsewhere.Widget",
        "_esm": ESM,
        "_css": ".w::after { content: '</style>'; }",
        "_model_module": "anywidget",
        "_dom_classes": [],
        "layout": "IPY_MODEL_layout",
    }
    return {
        "model_module": "anywidget",
        "model_module_version": "~0.11.*",
        "model_name": "AnyModel",
        "state": {**defaults, **traits},
    }


LAYOUT = {
    "model_module": "@jupyter-widgets/base",
    "model_module_version": "2.0.0",
    "model_name": "LayoutModel",
    "state": {},
}


def notebook(models: dict[str, Any], *outputs: dict[str, Any]) -> str:
    """Return a notebook that has run: each output is a MIME bundle, in a cell of its own."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": "# Title"}]
    cells += [
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "source": "widget",
            "outputs": [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/plain": "text", **data},
                }
            ],
        }
        for data in outputs
    ]
    saved = {STATE: {"version_major": 2, "version_minor": 0, "state": models}}
    metadata = {"language_info": {"name": "python", "pygments_lexer": "python"}, "widgets": saved}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 2})


def view(key: str, **others: str) -> dict[str, Any]:
    return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": key}, **others}


@dataclass
class Project:
    """A Sphinx project in a folder; pages are read back from its output."""

    folder: Path

    def write(self, **notebooks: str) -> None:
        (self.folder / "conf.py").write_text(
            "extensions = ['myst_nb', 'anywidget_host']\nexclude_patterns = ['out']\n"
            "nb_execution_mode = 'off'\nnb_ipywidgets_js = {}\nhtml_theme = 'basic'\n",
            encoding="utf-8",
        )
        pages = "".join(f"deep/{name}\n" for name in notebooks)
        (self.folder / "index.md").write_text(
            f"# Index\n```{{toctree}}\n{pages}```\n", encoding="utf-8"
        )
        for name, text in notebooks.items():
            path = self.folder / "deep" / f"{name}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, builder: str = "html", *, fresh: bool = False) -> str:
        """Build, warnings being no errors, and return what Sphinx says.

        In a fresh process modules are imported anew.
        """
        if not fresh:
            return build_project(self.folder, self.folder / "out", builder=builder, strict=False)
        command = [sys.executable, "-m", "sphinx", "-b", builder, "-c", str(self.folder)]
        command += ["-d", str(self.folder / "out" / "doctrees")]
        command += [str(self.folder), str(self.folder / "out" / builder)]
        paths = [str(EXTENSIONS), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def page(self, name: str) -> BeautifulSoup:
        html = (self.folder / "out" / "html" / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(html, "html.parser")


def data_of(page: BeautifulSoup) -> dict[str, Any]:
    return json.loads(page.find(id="anywidget-data").string)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    ours = Quiz("01_open_without_loading", questions=["chunking"])
    stale = widget(**{**ours.get_state(), "_esm": "stale", "_css": "stale"})
    binary = widget(child="IPY_MODEL_c", rest=["anywidget:d"])
    binary["buffers"] = [{"path": ["raw"], "encoding": "base64", "data": "AQI="}]
    project.write(
        twins=notebook(
            {"a": widget(n=1), "b": widget(n=2), "unseen": widget(), "layout": LAYOUT},
            view("a", **{"text/html": "<b>plain a</b>"}),
            view("b"),
            view("a"),
        ),
        ours=notebook({"q": stale}, ours._repr_mimebundle_()[0] | view("q")),
        several=notebook(
            {
                key: widget(_anywidget_id=f"{kind.__module__}.{kind.__name__}")
                for key, kind in (("q", Quiz), ("c", ChunkExplorer), ("d", DesignTask))
            },
            *map(view, "qcd"),
        ),
        binary=notebook({"p": binary, "c": widget(deep="IPY_MODEL_d"), "d": widget()}, view("p")),
        core=notebook(
            {"slider": {**LAYOUT, "model_name": "IntSliderModel"}, "a": widget()},
            view("slider", **{"text/html": "<i>a slider</i>"}),
            view("closed"),
        ),
        zoom=notebook(
            {"z": widget(_anywidget_id=f"{ZoomViewer.__module__}.ZoomViewer")}, view("z")
        ),
        none=notebook({"a": widget(), "layout": LAYOUT}, {"text/html": "<b>no widget</b>"}),
    )
    said = project.build()
    (project.folder / "said.txt").write_text(said, encoding="utf-8")
    return project


def test_each_distinct_module_and_style_is_in_the_page_once(project: Project) -> None:
    page = project.page("deep/twins")
    data = data_of(page)
    assert list(data["modules"].values()) == [short_script(ESM)]
    assert "Not for the page" not in short_script(ESM)
    (name,) = data["modules"]
    assert data["models"] == {
        key: {"module": name, "traits": {"n": n}, "buffers": []} for key, n in (("a", 1), ("b", 2))
    }
    (style,) = page.find_all("style")
    assert style.string.replace('"', "'") == r".w::after{content:'<\/style>'}"


def test_places_hold_the_plain_form_of_their_output(project: Project) -> None:
    places = project.page("deep/twins").select(".anywidget-mount")
    assert [place["data-model"] for place in places] == ["a", "b", "a"]
    assert [place.decode_contents() for place in places] == [
        "<b>plain a</b>",
        "<pre>text</pre>",
        "<pre>text</pre>",
    ]


def test_the_loader_is_on_pages_with_widgets_only_and_found_from_any_folder(
    project: Project,
) -> None:
    for name in ("twins", "ours", "binary"):
        (loader,) = project.page(f"deep/{name}").select("script[src*=anywidget]")
        assert re.fullmatch(r"\.\./_static/anywidget_host\.js\?v=\w+", loader["src"])
        assert loader.has_attr("defer")
    assert (project.folder / "out/html/_static/anywidget_host.js").is_file()
    for name in ("index", "deep/core", "deep/none"):
        assert "anywidget" not in project.page(name).decode()


def test_what_jupyter_embeds_is_gone(project: Project) -> None:
    for name in ("twins", "ours", "several", "binary", "core", "none"):
        html = project.page(f"deep/{name}").decode()
        assert STATE not in html
        assert VIEW not in html


def test_a_module_of_our_own_is_taken_from_the_package(project: Project) -> None:
    page = project.page("deep/ours")
    data = data_of(page)
    assert data["modules"] == {"fronts": short_script(page_module([Quiz.front]))}
    assert [model["front"] for model in data["models"].values()] == [Quiz.front]
    # Without the colours: the site has them, before all other style sheets.
    assert page.find("style").string == short_style(own_style(Quiz.front)).replace("</", r"<\/")
    sheets = [link["href"] for link in page.select("link[rel=stylesheet]")]
    assert len([href for href in sheets if "_static/colours.css" in href]) == 1
    assert (project.folder / "out/html/_static/colours.css").is_file()


def test_what_several_widgets_import_is_in_the_page_once(project: Project) -> None:
    data = data_of(project.page("deep/several"))
    fronts = [data["models"][key]["front"] for key in data["models"]]
    assert set(fronts) == {Quiz.front, ChunkExplorer.front, DesignTask.front}
    assert data["modules"] == {"fronts": short_script(page_module(fronts))}
    alone = sum(len(short_script(page_module([front]))) for front in fronts)
    assert len(data["modules"]["fronts"]) < 0.9 * alone


def test_what_only_a_kernel_serves_is_not_in_the_book(project: Project) -> None:
    (module,) = data_of(project.page("deep/zoom"))["modules"].values()
    assert "the kernel has not answered" in whole_module(ZoomViewer.front)
    assert "the kernel has not answered" not in module
    assert "is an OME-Zarr image" in module


def test_a_quiz_is_readable_where_no_script_runs(project: Project) -> None:
    place = project.page("deep/ours").select_one(".anywidget-mount")
    assert place.details.summary.string == "Solution"
    assert "chunking" in place.details.get_text()


def test_models_that_a_widget_refers_to_come_along_with_their_bytes(project: Project) -> None:
    models = data_of(project.page("deep/binary"))["models"]
    assert set(models) == {"p", "c", "d"}
    assert models["p"]["buffers"] == [{"path": ["raw"], "encoding": "base64", "data": "AQI="}]
    assert models["p"]["traits"] == {"child": "IPY_MODEL_c", "rest": ["anywidget:d"]}


def test_what_is_no_anywidget_is_named_and_shown_plainly(project: Project) -> None:
    said = (project.folder / "said.txt").read_text(encoding="utf-8")
    warnings = re.findall(r"deep/core\.ipynb:\d+: WARNING: (.*)", said)
    assert len(warnings) == 2
    assert all("is no anywidget, or its state was not saved" in line for line in warnings)
    assert len(re.findall("WARNING", said)) == 2
    outputs = project.page("deep/core").select(".cell_output")
    assert outputs[0].i.string == "a slider"
    assert outputs[1].get_text().strip() == "text"


def test_other_builders_choose_the_plain_text(project: Project) -> None:
    project.build("latex")
    (file,) = (project.folder / "out" / "latex").glob("*.tex")
    tex = file.read_text(encoding="utf-8")
    assert "anywidget" not in tex
    assert len(re.findall(r"\\begin\{sphinxVerbatim\}.*\ntext\n", tex)) == 11


def test_a_page_is_made_again_when_the_module_of_its_widget_changed(tmp_path: Path) -> None:
    """And only then: the notebook itself is the same."""
    package = tmp_path / "bigimg_lessons"
    package.mkdir()
    script = package / "stand_in.js"
    (package / "stand_in.py").write_text(
        "from pathlib import Path\n\n"
        "class Widget:\n    _esm = Path(__file__).with_suffix('.js').read_text()\n",
        encoding="utf-8",
    )
    script.write_text("export default 'one'", encoding="utf-8")
    project = Project(tmp_path / "project")
    project.folder.mkdir()
    saved = widget(_anywidget_id="bigimg_lessons.stand_in.Widget", _esm="stale")
    project.write(page=notebook({"a": saved}, view("a")))
    with (project.folder / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(f"import bigimg_lessons; bigimg_lessons.__path__.append({str(package)!r})\n")
    project.build(fresh=True)
    assert list(data_of(project.page("deep/page"))["modules"].values()) == [
        short_script("export default 'one'")
    ]
    script.write_text("export default 'two'", encoding="utf-8")
    later = script.stat().st_mtime + 10
    os.utime(script, (later, later))
    assert "0 added, 1 changed" in project.build(fresh=True)
    assert list(data_of(project.page("deep/page"))["modules"].values()) == [
        short_script("export default 'two'")
    ]
