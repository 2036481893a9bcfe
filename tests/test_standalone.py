"""Widgets to take away: a module and a JSON for each, as the page about them says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import anywidget
import pytest
import standalone_widgets
from shortening import short_script

from bigimg_lessons import widgets
from bigimg_lessons.questions.bank import bank_names
from bigimg_lessons.widgets import standalone
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "embed.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files() -> Any:
    return standalone.standalone_files(site="https://example.org/book/")


def test_every_widget_has_a_module_and_what_it_shows(files: Any) -> None:
    names = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in widgets.__all__}
    assert {name.removesuffix(".mjs") for name in files if name.endswith(".mjs")} == names
    shown = {name.removesuffix(".json") for name in files if name.endswith(".json")}
    assert shown == names - {"quiz"} | {f"quiz-{name}" for name in bank_names()}
    for name in names:
        assert f"widgets/{name}.mjs" in PAGE, name
    for linked in re.findall(r'href="\.\./widgets/([^"]+)"', PAGE):
        assert linked in files or linked == "plain.html"


def test_a_module_exports_one_thing_and_asks_for_nothing(files: Any) -> None:
    for name, text in files.items():
        if name.endswith(".mjs"):
            assert re.findall(r"^export .*", text, re.M) == [text.splitlines()[-1]], name
            assert not re.search(r"^import\b|await import\(", text, re.M), name
            assert "openKernel(model) {" not in text, name  # of no use without a kernel
            assert "--bigimg-ink:" in text, name


def test_the_json_is_what_a_page_of_the_book_has(files: Any) -> None:
    """All traits but those of Jupyter, on one line, so that no directive ends in the middle."""
    jupyter = {"layout", "tabbable", "tooltip"}
    for name, widget in (
        ("planner", widgets.Planner()),
        ("design_task", widgets.DesignTask()),
        ("chunk_explorer", widgets.ChunkExplorer()),
        ("quiz-02_store_in_pieces", widgets.Quiz("02_store_in_pieces")),
    ):
        text = files[f"{name}.json"]
        assert text.count("\n") == 1
        traits = {
            key: value
            for key, value in widget.get_state().items()
            if not key.startswith("_") and key not in jupyter
        }
        assert json.loads(text) == json.loads(json.dumps(traits)), name


def test_images_have_the_address_of_the_site(files: Any) -> None:
    image = "https://example.org/book/images/tissue_section.ome.zarr"
    viewer = json.loads(files["zoom_viewer.json"])
    assert (viewer["url"], viewer["picture"]) == (image, f"{image}/thumbnail.jpg")
    assert json.loads(files["fetch_experiment.json"])["url"] == "https://example.org/book/"
    beside = json.loads(standalone.standalone_files()["zoom_viewer.json"])
    assert beside["url"] == "../images/tissue_section.ome.zarr"


def test_the_command_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "page"
    standalone.main([str(folder)])
    assert {path.name for path in folder.iterdir()} == set(standalone.standalone_files())
    assert f"files are in {folder}." in capsys.readouterr().out


def test_an_address_without_its_slash_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        standalone.main([str(tmp_path / "page"), "--site", "https://example.org/book"])
    assert "site is 'https://example.org/book': give the address" in capsys.readouterr().err
    assert not (tmp_path / "page").exists()


def test_the_code_for_jupyter_makes_a_widget_of_the_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    standalone.main([str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the code of the page
    explorer = names["Explorer"]()
    assert isinstance(explorer, anywidget.AnyWidget)
    assert explorer.get_state()["_esm"] == Path("chunk_explorer.mjs").read_text(encoding="utf-8")
    wanted = json.loads(json.dumps(standalone.state(widgets.ChunkExplorer())))
    assert {name: explorer.get_state()[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("base", "url"),
    [("", "../images/"), ("https://example.org/b", "https://example.org/b/images/")],
)
def test_the_site_has_them_shortened(tmp_path: Path, base: str, url: str) -> None:
    (tmp_path / "conf.py").write_text(
        "extensions = ['shared_links', 'standalone_widgets']\nhtml_theme = 'basic'\n"
        f"html_baseurl = {base!r}\n",
        encoding="utf-8",
    )
    (tmp_path / "index.rst").write_text("Home\n====\n\nText.\n", encoding="utf-8")
    build_project(tmp_path, tmp_path / "out")
    folder = tmp_path / "out" / "html" / standalone_widgets.FOLDER
    plain = standalone.standalone_files()
    assert {path.name for path in folder.iterdir()} == {*plain, "plain.html"}
    short = (folder / "quiz.mjs").read_text(encoding="utf-8")
    assert short == short_script(plain["quiz.mjs"])
    assert json.loads((folder / "zoom_viewer.json").read_bytes())["url"].startswith(url)
