"""Scripts and style sheets in a shorter form do what the long ones did."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import shortening
from shortening import short_script, short_style

from bigimg_lessons.widgets import ChunkExplorer, DesignTask, FetchExperiment, Quiz, ZoomViewer
from bigimg_lessons.widgets.base import Widget, page_module, whole_module
from tests.node import Node, find_node

SCRIPTS = sorted((Path(shortening.__file__).parent).glob("*_assets/*.js"))
SCRIPT = """
// A comment.
const outermost = (() => {
  /* Names that need not be said. */
  function multiplied(first, second = undefined) {
    const text = `of ${first} // no comment`;
    return [first * (second ?? 2), text, /[/*]/.test("*"), "</script>"];
  }
  return { multiplied };
})();
"""


@pytest.fixture(params=["names too", "spaces alone"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "spaces alone":
        monkeypatch.setattr(shortening, "minify", None)
    elif shortening.minify is None:
        pytest.skip("there is no wheel of tdewolff-minify for this machine")
    return str(request.param)


def test_a_short_script_does_the_same(form: str, node: Node) -> None:
    sent = short_script(SCRIPT)
    assert "A comment" not in sent
    assert ("first" in sent) == (form == "spaces alone")
    script = f"{sent}\nexport const call = () => outermost.multiplied(4);"
    assert node.source(form, script)("call()") == [8, "of 4 // no comment", True, "</script>"]


def test_a_short_module_does_what_the_long_one_does(form: str, node: Node) -> None:
    whole = whole_module("quiz/grading/grade.js")
    sent = short_script(whole)
    assert len(sent) < 0.85 * len(whole)
    question = {"kind": "number", "answer": 2621440, "unit": "B", "tolerance": 0, "feedback": []}
    long = node.source(f"{form}, long", whole)
    short = node.source(f"{form}, short", sent)
    for answer in ("2.5 MiB", "2560 KiB", "2.5 MB", "", "two"):
        script = f"grade({json.dumps(question)}, [{json.dumps(answer)}])"
        assert short(script) == long(script)
        assert long(script)["points"] == ("i" in answer)


def test_a_short_style_sheet_says_the_same(form: str) -> None:
    sent = short_style(
        "/* Why. */\n.a > b { color: var(--ink); }\n@media print { .a { top: 0 } }\n"
    )
    assert sent.replace(";}", "}") == ".a>b{color:var(--ink)}@media print{.a{top:0}}"


def test_no_script_is_an_error() -> None:
    if shortening.minify is None:
        pytest.skip("rjsmin does not look whether a script is one")
    with pytest.raises(ValueError, match="unexpected"):
        short_script("const a = ;")


@pytest.mark.parametrize(
    "front",
    [ChunkExplorer, DesignTask, FetchExperiment, Quiz, ZoomViewer],
    ids=lambda widget: widget.__name__,
)
def test_what_pages_are_sent_is_javascript(form: str, front: type[Widget], tmp_path: Path) -> None:
    """Of tdewolff-minify 2.24.12, ``{ Infinity: Infinity }`` comes back as ``{1/0}``."""
    module = tmp_path / "module.mjs"
    module.write_text(short_script(page_module([front.front])), encoding="utf-8")
    done = subprocess.run([find_node(), "--check", module], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_of_the_site_stay_javascript(form: str, script: Path, tmp_path: Path) -> None:
    short = tmp_path / script.name
    short.write_text(short_script(script.read_text(encoding="utf-8")), encoding="utf-8")
    done = subprocess.run([find_node(), "--check", short], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
