"""Front-end modules are joined into one that imports nothing."""

import json
import shutil
import subprocess

import pytest

from bigimg_lessons.widgets.base import JS, whole_module


@pytest.fixture
def folder(tmp_path):
    """Two rooms: view/main.js needs kit/text.js twice, once through view/part.js."""
    files = {
        "kit/text.js": "const step = 2;\nexport const twice = (n) => n * step;\n"
        "export function thrice(n) {\n  return n * 3;\n}\n",
        "view/part.js": 'import { twice as double } from "../kit/text.js";\n\nconst step = 5;\n'
        "export class Part {\n  size = double(step);\n}\n"
        "export async function later() {\n  return step;\n}\n",
        "view/main.js": 'import {\n  thrice,\n  twice,\n} from "../kit/text.js";\n'
        'import { Part, later } from "./part.js";\n\nconst step = 7;\n'
        "export default { sum: [twice(step), thrice(step), new Part().size], later };\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_module_is_placed_once_and_before_it_is_needed(folder):
    text = whole_module("view/main.js", folder=folder)
    assert text.count("const in_kit_text = ") == text.count("const in_view_part = ") == 1
    assert "import " not in text
    assert text.index("in_kit_text") < text.index("in_view_part") < text.index("export default")


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node.js to run it with")
def test_the_whole_does_what_the_modules_do_and_keeps_their_names_apart(folder):
    (folder / "whole.mjs").write_text(whole_module("view/main.js", folder=folder), encoding="utf-8")
    script = "import whole from './whole.mjs';"
    script += "console.log(JSON.stringify([whole.sum, await whole.later()]))"
    run = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[14, 21, 10], 5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('import { gone } from "../kit/text.js";', "view/main.js imports gone from kit/text.js"),
        ('import { thrice } from "./none.js";', "view/main.js imports './none.js', and there is"),
        ("import { thrice } from '../kit/text.js';", "write import"),
        ('import text from "../kit/text.js";', "write import"),
        ('import "../kit/text.js";', "write import"),
    ],
)
def test_what_is_not_resolved_is_an_error(folder, line, message):
    (folder / "view/main.js").write_text(line + "\nexport default {};\n", encoding="utf-8")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        whole_module("view/main.js", folder=folder)


@pytest.mark.parametrize("line", ["export { twice };", "export default 1;", "export let a = 1;"])
def test_an_export_of_another_form_is_an_error(folder, line):
    (folder / "kit/text.js").write_text(f"const twice = 1;\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"kit/text\.js has 'export .*': write"):
        whole_module("view/main.js", folder=folder)


def test_modules_that_import_each_other_are_an_error(folder):
    path = folder / "kit/text.js"
    path.write_text('import { Part } from "../view/part.js";\n' + path.read_text(), "utf-8")
    with pytest.raises(ValueError, match=r"kit/text\.js -> view/part\.js -> kit/text\.js"):
        whole_module("view/main.js", folder=folder)


WIDGETS = sorted(
    path.relative_to(JS).as_posix()
    for path in JS.glob("*/*.js")
    if "\nexport default" in path.read_text(encoding="utf-8")
)


def test_there_are_widgets():
    assert len(WIDGETS) >= 5


@pytest.mark.parametrize("name", WIDGETS)
def test_every_widget_is_joined_whole(name):
    text = whole_module(name)
    assert text.count("\nexport default") == 1
    assert "\nimport " not in text
