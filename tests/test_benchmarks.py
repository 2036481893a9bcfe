"""The benchmarks' raw results, what is worked out from them, and the command that renews them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmark_cells import PAGE, rows, shown
from tests.benchmarks import __main__ as command
from tests.benchmarks import page, plan_model, records, scale
from tests.benchmarks.page import Results
from tests.benchmarks.pyramid_tables import STAGES
from tests.benchmarks.records import ROOT
from tests.benchmarks.summaries import Ratio, ended, grouped, median, ratio
from tests.benchmarks.workers import Worker

RECORD = {
    "command": "python -m tests.benchmarks.scale",
    "date": "2026-11-29T03:00:00+00:00",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "machine": {"cpu": "Fast", "cores": 2, "memory_gib": 8.0, "system": "Linux 6, x86_64"},
    "python": "3.13.0",
    "versions": {"zarr": "3.4.2"},
    "runs": [{"turn": 0, "wall": 1.0}],
}


def timed(engine, walls, *, of=None, cpus=None, **others):
    """Runs of one engine in a group, with seconds turn by turn."""
    group = {"case": "64 cubed", "kind": "noise", "dtype": "uint8", "source": "zarr"} | (of or {})
    return [
        {**group, "shape": [64, 128, 128], "engine": engine, "turn": turn, "wall": wall,
         "cpu": cpu, "peak": 10.0, "size": 3.0, "error": 0, **others}
        for turn, (wall, cpu) in enumerate(zip(walls, cpus or walls, strict=True))
    ]  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    """A folder of results, and what puts one into it."""

    def put(name, runs, **others):
        records.write(tmp_path / f"{name}.json", RECORD | {"runs": runs} | others)
        return Results(tmp_path)

    return put


# ---- Arithmetic ----


def test_a_ratio_is_taken_from_turn_to_turn():
    ours = timed("a", [1.0, 3.0, 2.0, 1.0, 6.0])
    theirs = timed("b", [2.0, 2.0, 2.0, 4.0, 4.0])[::-1]
    assert ratio(ours, theirs, "wall") == Ratio(1.0, 0.25, 1.5)
    assert str(ratio(ours, theirs, "wall")) == "1.00 (0.25–1.50)"


def test_a_turn_that_failed_for_one_is_left_out_for_both():
    ours, theirs = timed("a", [1.0, 9.0]), timed("b", [2.0, 1.0])
    theirs[1] = {"turn": 1, "failed": "no room"}
    assert ratio(ours, ended(theirs), "wall") == Ratio(0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="No turn has both, so their 'wall' cannot be compared"):
        ratio(ours, [], "wall")


def test_runs_are_grouped_by_what_they_have_in_common():
    runs = timed("a", [1.0, 2.0]) + timed("a", [5.0], of={"dtype": "uint16"}) + timed("b", [4.0])
    groups = grouped([*runs, {"failed": "x"}], ["dtype"], "engine")
    assert {(g, e): len(made) for g, each in groups.items() for e, made in each.items()} == {
        (("uint8",), "a"): 2,
        (("uint8",), "b"): 1,
        (("uint16",), "a"): 1,
    }
    assert median(groups[("uint8",)]["a"], "wall") == 1.5


# ---- Records ----


def test_a_record_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "some.json"
    records.write(path, RECORD)
    assert records.load(path) == RECORD
    assert path.read_text(encoding="utf-8").count("\n  {") == 1  # one line for each run


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"commit": None}, "commit is None, not of the type str"),
        ({"machine": {"cpu": "Fast"}}, "machine.cores is None, not of the type int"),
        ({"machine": "2 cores"}, "machine is '2 cores', not of the type dict"),
        ({"runs": []}, "runs must be objects, at least one"),
        ({"runs": [3]}, "runs must be objects, at least one"),
        ({"date": "yesterday"}, "date is 'yesterday', not as in 2026-11-29"),
        ({"versions": {}}, "versions names no package"),
    ],
)
def test_what_is_no_record_is_refused_and_the_old_one_stays(tmp_path, change, message):
    path = tmp_path / "some.json"
    records.write(path, RECORD)
    with pytest.raises(ValueError, match=re.escape(message)):
        records.write(path, RECORD | change)
    assert records.load(path) == RECORD
    assert [file.name for file in tmp_path.iterdir()] == ["some.json"]
    path.write_text(json.dumps(RECORD | change), encoding="utf-8")
    with pytest.raises(ValueError, match=f"some.json is no record.*{re.escape(message)}"):
        records.load(path)


def test_a_list_is_no_record():
    assert records.faults([]) == ["it is of the type list, not an object"]


def test_a_record_states_this_computer_and_a_command_without_its_paths(tmp_path, monkeypatch):
    out = str(tmp_path / "made.json")
    monkeypatch.setattr("sys.argv", ["x", "--gib", "1", "4", "--out", out, "--folder", "/mine"])
    records.save(Path(out), [{"turn": 0}], module="scale", packages=["numpy", "nothing"], mib=3)
    record = records.load(Path(out))
    assert record["command"] == "python -m tests.benchmarks.scale --gib 1 4"
    assert record["versions"] == {"numpy": np.__version__}
    assert record["mib"] == 3
    assert record["machine"]["cores"] >= 1
    assert record["machine"]["cpu"]
    assert str(tmp_path) not in json.dumps(record)


# ---- Committed results ----


def test_committed_results_are_records():
    found = [path for path in records.RESULTS.glob("*.json") if path.stem in page.SHOWN]
    assert found
    for path in found:
        record = records.load(path)
        assert re.fullmatch(r"[0-9a-f]{40}( with changes)?", record["commit"]), path.name
        assert record["command"].startswith("python -m tests.benchmarks."), path.name
        assert "/" not in record["command"], path.name


def test_no_committed_result_is_of_a_trial():
    trials = Results().trials
    remedy = "run: uv run --group bench python -m tests.benchmarks --only"
    assert not trials, f"{remedy} {' '.join(trials)}"


def test_every_result_of_the_page_is_renewed_by_the_command():
    assert [part.name for part in command.PARTS] == list(page.SHOWN)
    for part in command.PARTS:
        assert (records.ROOT / "tests" / "benchmarks" / f"{part.script}.py").is_file()
    assert sum(part.minutes for part in command.PARTS) <= 78  # about 75 minutes, the page says


# ---- What the page says ----


def test_the_table_of_own_engines_holds_the_ratios(stored):
    runs = timed("build_pyramid", [1.0, 1.0, 1.2], cpus=[2.0, 2.0, 2.0])
    runs += timed("bare loop", [1.0, 0.5, 1.0], cpus=[4.0, 4.0, 4.0])
    runs += timed("blocks by tensorstore", [2.0, 2.0, 2.0], cpus=[1.0, 2.0, 4.0])
    results = stored("pyramid_own", runs)
    assert page.own_table(results).splitlines()[-1] == (
        "| uint8 noise from Zarr, chunks of 64³ | 1.00 | 0.50 (0.50–0.60) | 1.00 (0.50–2.00) "
        "| 1.20 (1.00–2.00) | 0.50 (0.50–0.50) |"
    )


def test_the_fastest_peer_is_named_for_each_quantity(stored):
    runs = timed("build_pyramid", [1.0] * 3) + timed("build_pyramid 0.4", [0.1] * 3)
    runs += timed("bare loop", [0.5] * 3) + timed("blocks by tensorstore", [0.5] * 3)
    runs += timed("quick", [2.0, 3.0, 4.0], cpus=[9.0] * 3) + timed("thrifty", [8.0] * 3)
    assert page.peers_table(stored("pyramid_peers", runs), "pyramid_peers").splitlines()[-1] == (
        "| uint8 noise from Zarr, chunks of 64³ | 3.00 (2.00–4.00), quick "
        "| 8.00 (8.00–8.00), thrifty |"
    )


def test_aims_count_the_cases_and_name_the_furthest(stored):
    runs = []
    for dtype, floor in (("uint8", 1.0), ("uint16", 0.5)):
        of = {"dtype": dtype}
        runs += timed("build_pyramid", [1.0], of=of) + timed("bare loop", [floor], of=of)
        runs += timed("blocks by tensorstore", [1.0], of=of)
    rows = [row for aim in page.aims(stored("pyramid_own", runs)) for row in aim.rows]
    assert [row[:2] for row in rows] == [
        ["no more seconds than blocks by tensorstore", "yes: 2 of 2"],
        ["no more CPU seconds than blocks by tensorstore", "yes: 2 of 2"],
        ["at most 1.05 times the seconds of the floor", "**no**: 1 of 2"],
        ["at most 1.05 times the CPU seconds of the floor", "**no**: 1 of 2"],
    ]
    assert rows[2][2] == "2.00 (2.00–2.00): uint16 noise from Zarr, chunks of 64³"


def test_of_peers_the_nearest_is_the_furthest_from_the_aim(stored):
    runs = []
    for dtype, peer in (("uint8", 1.5), ("uint16", 3.0)):
        of = {"dtype": dtype}
        runs += timed("build_pyramid", [1.0], of=of) + timed("peer", [peer], of=of)
    aims = {aim.text: aim for aim in page.aims(stored("pyramid_peers", runs))}
    aim = aims["the fastest peer at its best settings takes at least 2 times the {}"]
    assert [row[1:] for row in aim.rows] == [
        ["**no**: 1 of 2", "1.50 (1.50–1.50): uint8 noise from Zarr, chunks of 64³"]
    ] * 2


def test_scale_is_told_for_each_byte(stored):
    runs = [
        {"gib": gib, "turn": turn, "wall": wall, "cpu": 2 * wall, "peak": peak}
        for turn, sizes in enumerate([[(1, 4.0, 100.0), (4, 20.0, 110.0)]] * 2)
        for gib, wall, peak in sizes
    ]
    results = stored("scale", [*runs, {"gib": 16, "turn": 0, "failed": "no room for 11.2 GiB"}])
    assert page.scale_table(results).splitlines()[2:] == [
        "| 1 GiB | 2 | 4.0 | 256 | 8.0 | 100 (100–100) |",
        "| 4 GiB | 2 | 20.0 | 205 | 40.0 | 110 (110–110) |",
    ]
    rows = [row for aim in page.aims(results) for row in aim.rows]
    assert [row[1:] for row in rows] == [
        ["**no**: 0 of 1", "1.25 (1.25–1.25): 4 GiB beside 1 GiB"],
        ["**no**: 0 of 1", "1.25 (1.25–1.25): 4 GiB beside 1 GiB"],
        ["yes: 1 of 1", "1.10 (1.10–1.10): 4 GiB beside 1 GiB"],
    ]


def test_clusters_are_compared_with_one_process(stored):
    made = {"local": (10.0, 10.0, 0), "one worker": (12.0, 11.5, 0), "two workers": (6.0, 12.0, 0)}
    made["dask, two workers"] = (24.0, 40.0, 1)
    runs = [
        {"gib": 1, "engine": engine, "turn": turn, "wall": wall, "cpu": cpu, "peak": 200.0,
         "error": error}
        for turn in range(2)
        for engine, (wall, cpu, error) in made.items()
    ]  # fmt: skip
    results = stored("cluster_building", runs)
    assert page.cluster_table(results).splitlines()[2:] == [
        "| 1 GiB, `build_pyramid` in one process | 10.0 | 10.0 | 200 | 0 |",
        "| 1 GiB, on one worker | 12.0 | 11.5 | 200 | 0 |",
        "| 1 GiB, on two workers | 6.0 | 12.0 | 200 | 0 |",
        "| 1 GiB, `dask.array`, level by level, on two workers | 24.0 | 40.0 | 200 | 1 |",
    ]
    rows = [row for aim in page.aims(results) for row in aim.rows]
    assert rows == [
        ["one worker takes at most 1.2 times the CPU seconds of one process",
         "yes: 1 of 1", "1.15 (1.15–1.15): 1 GiB"],
        ["one worker takes at least 1.6 times the seconds of two",
         "yes: 1 of 1", "2.00 (2.00–2.00): 1 GiB"],
        ["dask.array takes at least 3 times the seconds on two workers",
         "yes: 1 of 1", "4.00 (4.00–4.00): 1 GiB"],
    ]  # fmt: skip


def test_stages_are_shares_of_the_median_build(stored):
    runs = [
        {"case": "64 cubed", "dtype": "uint8", "source": "tiff", "turn": turn, "cpu": cpu,
         "read": 0.5, "sum": 0.25, "divide": 0.05, "encode": 0.8, "write": 0.2, "other": cpu - 1.8}
        for turn, cpu in enumerate([2.0, 2.2, 1.9])
    ]  # fmt: skip
    assert page.stages_table(stored("pyramid_stages", runs)).splitlines()[2:] == [
        "| uint8 from TIFF, chunks of 64³ | 2.00 | 25 % | 12 % | 2 % | 40 % | 10 % | 10 % |"
    ]


def test_the_stages_of_a_build_are_timed_apart(tmp_path):
    out = tmp_path / "pyramid_stages.json"
    command_line = "--mib 8 --repeats 1 --cases shards --dtypes uint8 --sources zarr --out"
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.pyramid_stages", *command_line.split(), str(out)],
        check=True, cwd=ROOT, capture_output=True,
    )  # fmt: skip
    (run,) = records.load(out)["runs"]
    stages = [run[stage] for stage in STAGES]
    assert min(stages[:5]) > 0
    assert sum(stages) == pytest.approx(run["cpu"], abs=0.001)


def test_reading_is_compared_with_raw_h5py(stored):
    runs = [
        {"task": task, "way": way, "turn": turn, "wall": wall}
        for task, factor in (("plane", 1), ("cube", 3))
        for way, wall in (("raw h5py", 0.01), ("Reader", 0.02), ("BioImage", 0.02 * factor))
        for turn in range(3)
    ]
    results = stored("bdv_reading", runs)
    assert page.reading_table(results).splitlines()[2:] == [
        "| one YZ plane, raw h5py | 10.0 | 1.00 (1.00–1.00) |",
        "| one YZ plane, Reader | 20.0 | 2.00 (2.00–2.00) |",
        "| one YZ plane, BioImage | 20.0 | 2.00 (2.00–2.00) |",
        "| a cube of 128³, raw h5py | 10.0 | 1.00 (1.00–1.00) |",
        "| a cube of 128³, Reader | 20.0 | 2.00 (2.00–2.00) |",
        "| a cube of 128³, BioImage | 60.0 | 6.00 (6.00–6.00) |",
    ]
    (aim,) = (aim for aim in page.aims(results) if aim.cases)
    assert [row[1:] for row in aim.rows] == [["**no**: 0 of 1", "2.00 (2.00–2.00): one YZ plane"]]


def test_cold_starts_are_compared_with_the_earlier_commit(stored):
    runs = [
        {"program": program, "checkout": checkout, "turn": turn, "wall": wall, "cpu": 2 * wall}
        for program, walls in (("build_pyramid", (2.0, 0.5)), ("bdv reader", (3.0, 2.4)))
        for checkout, wall in zip(("before", "now"), walls, strict=True)
        for turn in range(3)
    ]
    runs += [
        {"way": way, "checkout": checkout, "turn": 0, "cpu": cpu}
        for checkout in ("before", "now")
        for way, cpu in (("raw h5py", 0.002), ("BioImage", 0.003))
    ]
    results = stored("cold_start", runs)
    assert page.cold_table(results).splitlines()[2:] == [
        "| `from bigimg_lessons import build_pyramid` | 2.00 | 0.50 | 0.25 (0.25–0.25) "
        "| 0.25 (0.25–0.25) |",
        "| `from bigimg_lessons.formats.bdv.reader import Reader` | 3.00 | 2.40 "
        "| 0.80 (0.80–0.80) | 0.80 (0.80–0.80) |",
    ]
    assert page.opening_table(results).splitlines()[-1] == "| BioImage | 3.0 | 1.50 (1.50–1.50) |"
    rows = [row for aim in page.aims(results) for row in aim.rows]
    assert [row[1] for row in rows] == ["yes: 1 of 1", *["**no**: 0 of 1"] * 2, "yes: 1 of 1"]


def test_writing_is_compared_with_before_and_copying_with_the_converter(stored):
    runs = [
        {"task": task, "kind": "noise", "dtype": "uint16", "engine": engine, "turn": turn,
         "wall": wall, "cpu": 2 * wall, "peak": 50.0, "size": size}
        for task, engine, wall, size in (
            ("build", "now", 1.0, 104.0), ("build", "before", 2.0, 100.0),
            ("copy", "now", 2.0, 104.0), ("copy", "pybdv convert", 4.0, 90.0),
        )
        for turn in range(2)
    ]  # fmt: skip
    results = stored("bdv_writing", runs)
    assert page.writing_table(results).splitlines()[2:4] == [
        "| uint16 noise written, now | 1.00 | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 50 | 104 |",
        "| uint16 noise written, before | 2.00 | 2.00 (2.00–2.00) | 2.00 (2.00–2.00) | 50 | 100 |",
    ]
    rows = [row[:2] for aim in page.aims(results) for row in aim.rows]
    assert rows == [
        ["writing BDV-HDF5 takes at most half of the seconds of before", "yes: 1 of 1"],
        ["writing BDV-HDF5 takes at most half of the CPU seconds of before", "yes: 1 of 1"],
        ["BDV-HDF5 has at most 1.04 times the size of before", "yes: 1 of 1"],
        [
            "to copy BDV-HDF5 the converter of pybdv takes at least 2.5 times the seconds",
            "**no**: 0 of 1",
        ],
        [
            "to copy BDV-HDF5 the converter of pybdv takes at least 2.5 times the CPU seconds",
            "**no**: 0 of 1",
        ],
    ]


def test_n5_is_compared_with_ome_zarr(stored):
    runs = [
        {"kind": "noise", "dtype": dtype, "engine": engine, "turn": turn, "wall": wall,
         "cpu": 2 * wall, "peak": 40.0, "size": size, "shape": [128, 512, 512], "error": 0}
        for dtype, factor in (("uint8", 1.5), ("uint16", 1.0))
        for engine, wall, size in (("N5", factor, 110.0), ("OME-Zarr 0.4", 1.0, 100.0))
        for turn in range(2)
    ]  # fmt: skip
    results = stored("n5_writing", runs)
    assert page.n5_table(results).splitlines()[2:] == [
        "| uint8 noise | 1.50 | 1.50 (1.50–1.50) | 1.50 (1.50–1.50) | 40, 40 | 110, 100 |",
        "| uint16 noise | 1.00 | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 40, 40 | 110, 100 |",
    ]
    assert [row[1:] for aim in page.aims(results) for row in aim.rows] == [
        ["**no**: 1 of 2", "1.50 (1.50–1.50): uint8 noise"]
    ] * 2


def test_ome_tiff_is_compared_with_the_recipe_of_tifffile(stored):
    runs = [
        {"gib": 0.25, "engine": engine, "turn": turn, "wall": wall, "cpu": cpu, "peak": peak,
         "size": 250.0}
        for engine, wall, cpu, peak in (
            ("ours", 1.0, 2.0, 90.0), ("tifffile", 2.0, 3.0, 600.0), ("ours, deflate", 9, 9, 90.0)
        )
        for turn in range(2)
    ]  # fmt: skip
    results = stored("ome_tiff_writing", runs)
    assert page.tiff_table(results).splitlines()[2:] == [
        "| 0.25 GiB, `build_pyramid` | 1.00 | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 90 | 250 |",
        "| 0.25 GiB, tifffile, every second voxel | 2.00 | 2.00 (2.00–2.00) | 1.50 (1.50–1.50) "
        "| 600 | 250 |",
    ]
    assert [row[1:] for aim in page.aims(results) for row in aim.rows] == [
        ["yes: 1 of 1", "2.00 (2.00–2.00): 0.25 GiB"],
        ["**no**: 0 of 1", "1.50 (1.50–1.50): 0.25 GiB"],
    ]


def test_what_sets_a_lesson_up_is_one_wait(stored):
    runs = [
        {"checkout": checkout, "turn": 0, "lesson": lesson, "run": run, "cell": cell,
         "wall": wall * factor, "cpu": wall * factor}
        for checkout, factor in (("before", 4.0), ("now", 1.0))
        for run in ("first", "second")
        for lesson, cell, wall in (
            ("01_open", "sample", 2.0), ("01_open", "setup", 1.0), ("01_open", "read", 3.5),
            ("01_open", "plot", 0.5), ("02_store_in_pieces", "setup", 1.0),
            ("02_store_in_pieces", "slow", 5.0), ("02_store_in_pieces", "look", 1.0),
        )
    ]  # fmt: skip
    results = stored("lesson_waits", runs)
    assert page.lesson_table(results).splitlines()[2:] == [
        "| 1 open | 3.0 | 3.5, `read` | 4.0 |",
        "| 2 store in pieces | 1.0 | 5.0, `slow` | 6.0 |",
    ]
    assert [row[1:] for aim in page.aims(results) for row in aim.rows] == [
        ["yes: 1 of 1", "0.25 (0.25–0.25): 1 open"],
        ["yes: 1 of 1", "0.25 (0.25–0.25): 1 open"],
        ["yes: 1 of 1", "5.00 (5.00–5.00): 2 store in pieces"],
        ["**no**: 2 of 3", "3.50 (3.50–3.50): 1 open, `read`"],
    ]


def test_missing_results_and_trials_are_named(stored, tmp_path):
    (tmp_path / "pyramid_own.json").write_text('{"runs": []}', encoding="utf-8")
    results = stored("scale", RECORD["runs"], trial=True)
    assert "scale" not in results.missing
    assert "pyramid_own" in results.missing
    text = page.state(results)
    assert "`pyramid_own.json`" in text.split("\n\n")[0]
    assert "**Of a trial** of the command, with tiny images" in text
    assert "2 cores of Fast with 8 GiB of memory, Linux 6, x86_64, Python 3.13.0" in text
    assert "commit 0123456789;" not in text.replace("of commit 0123456789.", "")


def test_the_cells_of_the_page_show_what_is_there(stored, tmp_path):
    """With no result at all, and with one."""
    texts = shown(Results(tmp_path))
    assert len(texts) == PAGE.read_text(encoding="utf-8").count("{code-cell}") >= 6
    assert all("ot measured yet" in text for text in texts)
    assert rows(texts) == []
    runs = timed("build_pyramid", [1.0]) + timed("bare loop", [2.0])
    after = shown(stored("pyramid_own", runs + timed("blocks by tensorstore", [1.0])))
    assert sum(one != other for one, other in zip(texts, after, strict=True)) == 4
    assert ["floor", "2.00", "2.00", "10", "3", "0"] in rows(after)


def test_the_page_types_no_measured_number():
    prose = re.sub(
        r"^---.*?^---|```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.S | re.M
    )
    example = "0.98 (0.95–1.04)"
    assert example in prose
    prose = prose.replace(example, "")
    assert re.findall(r"\d[\d.,]*\s*(?:×(?! \d)|s\b|seconds|MiB|GiB|%|times)|\d\.\d", prose) == []


# ---- The command ----


def test_a_trial_of_the_command_makes_a_record(tmp_path, capfd):
    assert command.main(["--quick", "--only", "scale", "--results", str(tmp_path)]) == 0
    record = Results(tmp_path).get("scale")
    assert record["trial"] is True
    assert [run["gib"] for run in record["runs"]] == [0.03125, 0.0625]
    assert [run["error"] for run in record["runs"]] == [0, 0]
    assert min(run["wall"] for run in record["runs"]) > 0
    told = capfd.readouterr().out
    assert "[1 of 1] scale: time and memory" in told
    assert "scale done, after" in told


@pytest.mark.parametrize(
    ("made", "status", "message"),
    [
        (RECORD, 1, "it ended with status 1"),
        ({"runs": []}, 0, "scale.json is no record of a benchmark"),
        (None, 0, "No such file"),
        (RECORD | {"runs": [{"failed": "no room"}]}, 0, "every run failed"),
    ],
)
def test_what_goes_wrong_leaves_the_old_result(
    tmp_path, monkeypatch, capsys, made, status, message
):
    def script(arguments, **_):
        if made:
            Path(arguments[arguments.index("--out") + 1]).write_text(json.dumps(made))
        return subprocess.CompletedProcess(arguments, status)

    monkeypatch.setattr(command.subprocess, "run", script)
    records.write(tmp_path / "scale.json", RECORD)
    assert command.main(["--only", "scale", "--results", str(tmp_path)]) == 1
    assert records.load(tmp_path / "scale.json") == RECORD
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("scale was not renewed, and keeps its old result if it had one: ")
    assert message in last


def test_after_an_error_the_others_are_run(tmp_path, monkeypatch):
    def script(arguments, **_):
        out = Path(arguments[arguments.index("--out") + 1])
        if out.stem == "pyramid_own":
            return subprocess.CompletedProcess(arguments, 2)
        out.write_text(json.dumps(RECORD))
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(command.subprocess, "run", script)
    wanted = ["pyramid_own", "scale", "pyramid_building"]
    assert command.main(["--only", *wanted, "--results", str(tmp_path)]) == 1
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["pyramid_building", "scale"]


def test_a_process_that_ends_is_told_of():
    with Worker("records", []) as worker:
        assert worker.measure() == {"failed": "ended with status 0"}
        assert worker.measure() == {"failed": "ended with status 0"}
    with Worker("nothing", []) as worker:
        assert "No module named tests.benchmarks.nothing" in worker.measure()["failed"]


def test_the_source_of_the_scale_is_noise_from_a_few_files(tmp_path):
    import zarr

    scale.make_source(tmp_path / "source.zarr", (130, 512, 1024))
    array = zarr.open_array(tmp_path / "source.zarr", mode="r")
    files = [path for path in (tmp_path / "source.zarr" / "c").rglob("*") if path.is_file()]
    assert len(files) == 2 * 4 * 8
    assert len({path.stat().st_ino for path in files}) == scale.POOL
    assert array[129, 511].std() == pytest.approx(2, abs=0.3)
    assert array[...].mean() == pytest.approx(120, abs=0.01)


# ---- The planner's times ----


def test_the_planner_is_told_beside_what_was_measured(stored):
    runs = [
        {"mib": mib, "chunk": 64, "shard": None, "threads": threads, "link": None, "turn": turn,
         "at_least": 1.0, "at_most": 2.0, "wall": wall, "cpu": 1.0}
        for mib, threads, walls in ((64, 1, (1.0, 1.6)), (128, 1, (2.0, 4.0)), (64, 2, (0.5, 2.0)))
        for turn, wall in enumerate(walls)
    ]  # fmt: skip
    results = stored("plan_model", runs)
    assert page.plan_table(results).splitlines()[2:] == [
        "| TIFF in memory, 1 thread | 4 | 0.56 (0.25–1.00) | 1.12 (0.50–2.00) |",
        "| TIFF in memory, 2 threads | 2 | 1.25 (0.50–2.00) | 2.50 (1.00–4.00) |",
    ]
    # 4 s is twice the longest time, and 0.5 s half of the shortest; the others lie between.
    assert page.plan_sentence(results) == (
        "The planner was within a factor of 2.0: of 6 conversions of 64 to 128 MiB, 4 took a time "
        "between its two, and the others up to 2.0 times more, or less (2 cores of Fast, Python "
        "3.13.0, 2026-11-29)."
    )


def test_the_times_in_the_committed_result_are_those_of_the_planner_today():
    record = Results().get("plan_model")
    remedy = "run: uv run --group bench python -m tests.benchmarks --only plan_model"
    for run in record["runs"]:
        case = plan_model.Case(*(run[key] for key in plan_model.Case.__annotations__))
        times = plan_model.predicted(case, record["rates"]).convert
        assert run["at_least"] == pytest.approx(times.at_least), remedy
        assert run["at_most"] == pytest.approx(times.at_most), remedy
