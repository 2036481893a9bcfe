"""Front-end modules are joined into one that imports nothing."""

import json
import shutil
import subprocess

import pytest

from bigimg_lessons.widgets.base import JS, page_module, whole_module


@pytest.fixture
def folder(tmp_path):
    """Two rooms: view/main.js needs kit/text.js twice, once through view/part.js."""
    files = {
        "kit/text.js": "const step = 2;\nexport const twice = (n) => n * step;\n"
        "export function thrice(n) {\n  return n * 3;\n}\n",
        "view/part.js": 'import { twice } from "../kit/text.js";\n\nconst step = 5;\n'
        "export class Part {\n  size = twice(step);\n}\n"
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
    assert text.count("const [twice, thrice] = ") == text.count("const [Part, later] = ") == 1
    assert "import " not in text
    assert text.index("[twice,") < text.index("[Part,") < text.index("export default")


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
        (
            'import { thrice as other } from "../kit/text.js";',
            "imports thrice as other from kit/text.js, which exports: thrice, tw",
        ),
        ('import text from "../kit/text.js";', "write import"),
        ('import "../kit/text.js";', "write import"),
    ],
)
def test_what_is_not_resolved_is_an_error(folder, line, message):
    (folder / "view/main.js").write_text(line + "\nexport default {};\n", encoding="utf-8")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        whole_module("view/main.js", folder=folder)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        page_module(["view/main.js"], folder=folder)


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


def test_a_name_that_two_modules_export_is_an_error(folder):
    """It would mean the one or the other, as no module keeps its own scope for imports."""
    path = folder / "view/part.js"
    path.write_text(path.read_text() + "export const thrice = 3;\n", "utf-8")
    with pytest.raises(
        ValueError, match=r"kit/text\.js and view/part\.js both export thrice: choo"
    ):
        whole_module("view/main.js", folder=folder)


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node.js to run it with")
def test_the_widgets_of_a_page_share_what_they_import(folder):
    (folder / "view/other.js").write_text(
        'import { thrice } from "../kit/text.js";\n\nconst step = 9;\n'
        "export default { thrice, step };\n",
        encoding="utf-8",
    )
    text = page_module(["view/main.js", "view/other.js"], folder=folder)
    assert text.count("n * 3") == 1
    (folder / "page.mjs").write_text(text, encoding="utf-8")
    script = (
        "import page from './page.mjs'; const [main, other] = ['view/main.js', 'view/other.js'];"
    )
    script += (
        "console.log(JSON.stringify([page[main].sum, page[other].step, page[other].thrice(2)]))"
    )
    run = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[14, 21, 10], 9, 6]


def test_a_page_leaves_out_what_it_has_no_use_for(folder):
    """With what only that module needs; the others import nothing from it."""
    path = folder / "view/part.js"
    path.write_text('import { alone } from "./alone.js";\n' + path.read_text(), "utf-8")
    (folder / "view/alone.js").write_text("export const alone = 8;\n", "utf-8")
    (folder / "view/main.js").write_text(
        'import { twice } from "../kit/text.js";\nimport { Part, later } from "./part.js";\n\n'
        "export default [twice(2), typeof Part, typeof later];\n",
        encoding="utf-8",
    )
    text = page_module(["view/main.js"], without=["view/part.js"], folder=folder)
    assert "class" not in text
    assert "alone" not in text
    assert "const [Part, later] = [];" in text


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


def test_all_widgets_may_be_on_one_page():
    """Each name that is exported is one module's: a lesson may show any of them together."""
    text = page_module(WIDGETS)
    assert text.count("export default") == 1
    assert "\nimport " not in text
    assert all(f'"{name}": (() => {{' in text for name in WIDGETS)
