"""The page on versions: how runs are compared, and that what is committed is whole."""

import json
import re
import tomllib

import nbformat.v4 as nb
import pytest
from packaging.requirements import Requirement

from tests import versions_page
from tests.lesson_cells import LESSONS
from tests.versions_page import (
    COMMAND,
    RECORD,
    RESOLUTIONS,
    ROOT,
    TABLE,
    Difference,
    compare,
    measured,
    not_measured,
    stated,
    table,
)

LESSON, CELL, OTHER = "00_slice_a_volume", "dims", "crop"
"""Two checked cells of it."""


@pytest.fixture(scope="module")
def committed():
    return json.loads(RECORD.read_text(encoding="utf-8"))


def run_of(outputs, **versions):
    plane = {"requests": 68, "bytes": 2_101_264}
    return {"versions": {"Python": "3.11.7", **versions}, "plane": plane, "outputs": outputs}


def record_of(oldest, newest):
    runs = {"oldest": run_of(oldest, zarr="3.1.5"), "newest": run_of(newest, numpy="2.5.4")}
    return {"command": COMMAND, "date": "2026-11-29", "newest of": "today", "runs": runs}


# ---- Comparing


@pytest.mark.parametrize(
    ("old", "new", "equal", "pairs"),
    [
        ("a\nb\n", "a\nb\n", 2, []),
        ("a\nb\nc\n", "a\nB\nc\n", 2, [("b", "B")]),
        ("a\nc\n", "a\nb\nc\n", 2, [(None, "b")]),
        ("a\nb\nc\n", "a\nc\n", 2, [("b", None)]),
        ("a\nb\n", "", 0, [("a", None), ("b", None)]),
        ("a\nb\nc\n", "x\nc\n", 1, [("a", "x"), ("b", None)]),
        ("5 MiB \n", "5 MiB\n", 0, [("5 MiB ", "5 MiB")]),
    ],
    ids=["equal", "changed", "added", "missing", "nothing", "changed and missing", "a space"],
)
def test_lines_that_differ_are_found(old, new, equal, pairs):
    expected = [Difference("1", "cell", *pair) for pair in pairs]
    assert compare({"1": {"cell": old}}, {"1": {"cell": new}}) == (equal, expected)


def test_cells_and_lessons_of_one_run_alone_are_found():
    oldest = {"1": {"both": "a\n", "gone": "b\n"}, "2": {"cell": "c\n"}}
    newest = {"1": {"both": "a\n", "new": "d\n"}, "3": {"cell": "e\n"}}
    equal, different = compare(oldest, newest)
    assert equal == 1
    assert set(different) == {
        Difference("1", "gone", "b", None),
        Difference("1", "new", None, "d"),
        Difference("2", "cell", "c", None),
        Difference("3", "cell", None, "e"),
    }
    assert len(different) == 4


def test_a_cell_is_not_measured_unless_a_run_printed_what_it_states():
    record = record_of({"1": {"old": "1\n", "other": "3\n"}}, {"1": {"old": "2\n", "other": "3\n"}})
    notebooks = {"1": {"old": "1\n", "other": "4\n", "added": "5\n"}, "2": {"cell": "6\n"}}
    assert not_measured(record, notebooks) == [("1", "other"), ("1", "added"), ("2", "cell")]
    assert not_measured(record, {"1": {"old": "2\n"}}) == []
    del record["runs"]["oldest"]["outputs"]["1"]["old"]
    assert not_measured(record, {"1": {"old": "2\n"}}) == [("1", "old")]


# ---- The page


def test_the_table_is_what_the_record_says():
    record = record_of(
        {LESSON: {CELL: "a\nb | <b>\n", OTHER: "c\n", "removed": "x\n"}},
        {LESSON: {CELL: "a\nB\nnew\n", OTHER: "c\n", "removed": "y\n"}},
    )
    page = table(record, {LESSON: {CELL: "a\nB\nnew\n", OTHER: "c\n"}})
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rows[:3] == ["| package | oldest | newest |", "| --- | --- | --- |",
                        "| Python | 3.11.7 | 3.11.7 |"]  # fmt: skip
    assert "| zarr | 3.1.5 | none |" in rows
    assert "| numpy | none | 2.5.4 |" in rows
    # By hand: a and c are equal; b has become B, and a line is new.
    assert "2 checked cells, which print 4 lines. **2 of these lines are equal** with" in page
    assert "versions, and 2 are not." in page
    assert "Run on 2026-11-29, with these versions:" in page
    assert rows[-3].startswith(f"| [0](../notebooks/{LESSON}.ipynb), ")
    assert rows[-3].endswith("| <code>b &#124; &lt;b&gt;</code> | <code>B</code> |")
    assert rows[-2].endswith("| no such line | <code>new</code> |")
    assert rows[-1].endswith("| 68 requests, 2.00 MiB | 68 requests, 2.00 MiB |")
    assert "Not compared" not in page


def test_a_row_names_the_section_of_its_cell(tmp_path, monkeypatch):
    cells = [
        nb.new_markdown_cell("# Title\n\ntext"),
        nb.new_code_cell("1", id="first"),
        nb.new_markdown_cell("text\n\n## A section\n\n### Within\n\n    # no heading"),
        nb.new_code_cell("2", id="second"),
        nb.new_markdown_cell("## Later"),
    ]
    notebook = nb.writes(nb.new_notebook(cells=cells))
    (tmp_path / "06a_x.ipynb").write_text(notebook, encoding="utf-8")
    monkeypatch.setattr(versions_page, "NOTEBOOKS", tmp_path)
    record = record_of(
        {"06a_x": {"first": "1\n", "second": "1\n"}}, {"06a_x": {"first": "2\n", "second": "2\n"}}
    )
    page = table(record, record["runs"]["newest"]["outputs"])
    links = "| [6a](../notebooks/06a_x.ipynb)"
    assert f"{links}, Title | <code>1</code> | <code>2</code> |" in page
    assert f"{links}, Within | <code>1</code> | <code>2</code> |" in page


def test_cells_that_were_changed_since_are_named_and_not_counted():
    kept = {"five": "a\n", "letters": "b\n"}
    record = record_of({LESSON: {CELL: "c\n", **kept}}, {LESSON: {CELL: "d\n", **kept}})
    page = table(record, {LESSON: {CELL: "e\n", **kept, OTHER: "f\n"}})
    assert "2 checked cells, which print 2 lines. **2 of" in page
    assert page.endswith(
        f"\nNot compared, as not run or changed since: lesson 0, `{CELL}`, `{OTHER}`.\n"
    )


# ---- Runs


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What a probe answers next, in place of running it, and what was run."""
    prepared, asked = [], []

    def run(command, variables):
        asked.append((command, variables))
        return json.dumps(prepared.pop(0))

    monkeypatch.setattr(versions_page, "_run", run)
    monkeypatch.setattr(versions_page, "_environment", lambda folder, name: tmp_path / "python")
    return prepared, asked


def answer(text, **versions):
    run = run_of({}, **versions)
    return {**run, "outputs": {"cell": text}}


def test_lessons_share_a_data_folder_and_come_in_their_order(answers, monkeypatch):
    monkeypatch.setenv("BIGIMG_DATASET", "mine.tif")
    prepared, asked = answers
    prepared += [answer("b\n"), answer("a\n")]
    run = measured("oldest", [LESSONS[1], LESSONS[0]], {})
    assert run["outputs"] == {LESSONS[0]: {"cell": "a\n"}, LESSONS[1]: {"cell": "b\n"}}
    assert list(run["outputs"]) == list(LESSONS[:2])
    (command, variables), (_, others) = asked
    assert command[-1].endswith(f"{LESSONS[1]}.ipynb")
    assert variables["BIGIMG_DATA"] == others["BIGIMG_DATA"]
    assert "BIGIMG_DATASET" not in variables


def test_lessons_that_are_not_run_stay(answers):
    answers[0].append(answer("new\n", zarr="3.1.5"))
    before = run_of({LESSONS[0]: {"cell": "a\n"}, LESSONS[1]: {"cell": "b\n"}}, zarr="3.1.5")
    run = measured("oldest", [LESSONS[1]], before)
    assert run["outputs"] == {LESSONS[0]: {"cell": "a\n"}, LESSONS[1]: {"cell": "new\n"}}


def test_runs_with_other_versions_are_not_mixed(answers):
    answers[0].append(answer("new\n", zarr="3.4.2"))
    before = run_of({LESSONS[0]: {"cell": "a\n"}}, zarr="3.1.5")
    with pytest.raises(RuntimeError, match="oldest versions have changed: run all, without --only"):
        measured("oldest", [LESSONS[1]], before)
    answers[0].append(answer("new\n", zarr="3.4.2"))  # nothing of the other versions would stay
    assert measured("oldest", [LESSONS[0]], before)["versions"]["zarr"] == "3.4.2"


def test_a_lesson_that_fails_says_why(tmp_path):
    command = ["python", "-c", "raise SystemExit('no such array')"]
    with pytest.raises(RuntimeError, match="ended with 1: no such array"):
        versions_page._run(command, versions_page._variables())


def notebook_of(folder, *cells):
    path = folder / "small.ipynb"
    path.write_text(nb.writes(nb.new_notebook(cells=list(cells))), encoding="utf-8")
    return path


def test_the_probe_returns_what_checked_cells_print(tmp_path):
    probe = pytest.importorskip("tests.versions_probe", reason="nbclient is not installed")
    checked = {"tags": ["nbval-check-output"]}
    path = notebook_of(
        tmp_path,
        nb.new_code_cell("import sys\nx = 6", id="setup"),
        nb.new_code_cell(
            "print(x * 7, 'µm')\nprint('beware', file=sys.stderr)\nprint('b')",
            id="printing",
            metadata=checked,
        ),
        nb.new_code_cell("print('unchecked')", id="other"),
    )
    before = path.read_bytes()
    assert probe.outputs(path) == {"printing": "42 µm\nb\n"}
    assert path.read_bytes() == before


def test_the_probe_ends_where_a_cell_raises(tmp_path):
    probe = pytest.importorskip("tests.versions_probe", reason="nbclient is not installed")
    from nbclient.exceptions import CellExecutionError

    path = notebook_of(tmp_path, nb.new_code_cell("1 / 0"))
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        probe.outputs(path)


# ---- What is committed


def test_the_page_is_current(committed):
    page = TABLE.read_text(encoding="utf-8")
    assert page == table(committed), f"{COMMAND} --only, without a lesson, writes the page again"


def test_all_checked_cells_were_run_or_the_page_says_which_not(committed):
    page = TABLE.read_text(encoding="utf-8")
    last = page.rstrip().rpartition("\n")[2]
    runs = [committed["runs"][name]["outputs"] for name in RESOLUTIONS]
    for lesson, cells in stated().items():
        assert cells, f"{lesson} checks nothing"
        for cell in cells:
            seen = [cell in run.get(lesson, {}) for run in runs]
            assert all(seen) or f"`{cell}`" in last, f"{lesson}, {cell}"


def test_most_of_the_lessons_is_as_it_was_when_they_were_run(committed):
    since = not_measured(committed, stated())
    assert len(since) < sum(map(len, stated().values())) / 5, f"run {COMMAND}"


def test_the_oldest_versions_are_supported_ones(committed):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["lessons"]]
    for name in RESOLUTIONS:
        versions = committed["runs"][name]["versions"]
        for text in wanted:
            requirement = Requirement(text)
            installed = versions[requirement.name]
            assert installed in requirement.specifier, f"{text} was raised: run {COMMAND}"
    old, new = (committed["runs"][name]["versions"] for name in RESOLUTIONS)
    assert old["Python"].startswith("3.11.")
    assert old["Python"].split(".")[1] < new["Python"].split(".")[1]
    assert old["numpy"] == "2.1.0"
    assert old["h5py"].startswith("3.12.")


def test_versions_give_the_two_counts_that_lesson_2_knows(committed):
    """As tests/test_versions.py has them by hand."""
    planes = {
        tuple(int(part) for part in run["versions"]["zarr"].split(".")[:2]) >= (3, 3): run["plane"]
        for run in committed["runs"].values()
    }
    assert planes == {
        False: {"requests": 68, "bytes": 2_101_264},
        True: {"requests": 8, "bytes": 7_213_072},
    }


def test_what_an_opening_costs_more_is_a_directory_of_14_entries(committed):
    """As the page tells: 12 bytes for each entry, once for a plane, 256 times for a YZ slice."""
    read = [
        [
            int(text.replace(",", ""))
            for text in re.findall(r"([\d,]+) bytes \(", cells["three-read"])
        ]
        for cells in (
            run["outputs"]["01_open_without_loading"] for run in committed["runs"].values()
        )
    ]
    more = [new - old for old, new in zip(*read, strict=True)]
    assert more == [14 * 12, 256 * 14 * 12, 256 * 14 * 12]
    assert f"{more[-1] / read[0][-1]:.2%}" == "0.02%"
