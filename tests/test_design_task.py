"""The design task as Python sees it: its traits, what it refuses, its plain form."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from shortening import short_script, short_style
from traitlets import TraitError

from bigimg_lessons.costs.appraisal import appraise
from bigimg_lessons.costs.design import Design
from bigimg_lessons.costs.remarks import MODEL_ERROR
from bigimg_lessons.costs.scenarios import SCENARIOS
from bigimg_lessons.costs.search import BEST
from bigimg_lessons.widgets import DesignTask
from bigimg_lessons.widgets.base import own_style


def test_it_opens_with_the_first_guess() -> None:
    task = DesignTask()
    assert task.scenario == "brain"
    assert task.design == Design("tiff", (1, 16384, 10240))
    assert task.appraisal == appraise(task.design, SCENARIOS["brain"])


def test_the_appraisal_follows_scenario_and_design() -> None:
    task = DesignTask("em", design=Design("bdv-hdf5", (64, 64, 64), levels=4))
    assert task.appraisal.files == 2
    task.design = {"format": "ome-zarr", "chunk_shape": [64, 64, 64], "levels": 1}
    assert task.design == Design("ome-zarr", (64, 64, 64), None, 1)
    assert task.appraisal.files == 64 * 128 * 128
    # Cubes of 64³ fit the film as well; planes of 8192 voxels do not, and give way.
    task.scenario = "movie"
    assert task.design.format == "ome-zarr"
    task.scenario = "em"
    task.design = SCENARIOS["em"].first_guess
    task.scenario = "small"
    assert task.design == Design("tiff", (1, 1024, 1024))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"scenario": "moon"}, r"scenario is 'moon': give one of brain, em, movie, small"),
    ({"design": Design("tiff", (1, 16384, 10240), levels=2)}, "holds the full image alone"),
    ({"design": {"format": "tiff"}}, r"give a Design, or a dict of format, chunk_shape"),
    ({"design": {"format": "tiff", "chunk_shape": [1, 1, 1], "size": 3}}, "give a Design"),
    ({"design": None}, r"design is None: give a Design"),
    ({"design": {"format": "ome-zarr", "chunk_shape": 64}}, "chunk_shape is 64"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    changes: dict[str, Any], message: str
) -> None:
    task = DesignTask()
    before = (task.scenario, task.design)
    ((name, value),) = changes.items()
    with pytest.raises(TraitError, match=message):
        setattr(task, name, value)
    with pytest.raises(TraitError, match=message):
        task.set_state(changes)
    assert (task.scenario, task.design) == before
    if value is not None:
        with pytest.raises(TraitError, match=message):
            DesignTask(**changes)


def test_what_the_page_sends_counts_as_if_set_in_python() -> None:
    task = DesignTask()
    sent = {"format": "ome-zarr", "chunk_shape": [1, 512, 512], "shard_shape": None, "levels": 4}
    task.set_state({"scenario": "movie", "design": sent})
    assert (task.scenario, task.design) == ("movie", Design("ome-zarr", (1, 512, 512), None, 4))
    assert task.get_state(["design"]) == {"design": sent}  # as it came: no change there
    sharded = sent | {"shard_shape": [1, 2048, 2048]}
    task.set_state({"design": sharded})
    assert task.design.shard_shape == (1, 2048, 2048)
    assert task.get_state(["design"]) == {"design": sharded}


def test_the_page_gets_what_it_needs_as_json() -> None:
    state = DesignTask().get_state(["scenarios", "rules"])
    assert json.loads(json.dumps(state)) == state
    brain = state["scenarios"]["brain"]
    assert brain["storage"]["latency"] == 0.15
    assert brain["first_guess"]["chunk_shape"] == [1, 16384, 10240]
    assert brain["best"]["tried"] == BEST["brain"].tried
    assert any("An exercise, not a measured dataset" in fact for fact in brain["facts"])
    assert any("150 ms a request, 850 MB/s" in fact for fact in brain["facts"])
    movie = state["scenarios"]["movie"]
    assert "2,000 × 2,048 × 2,048 voxels (TYX) of uint16, each 0.1 s × 0.65 × 0.65 µm." in movie[
        "facts"
    ]  # fmt: skip


def test_plain_html_holds_the_briefs_and_one_good_design_each() -> None:
    html = DesignTask()._repr_mimebundle_()[0]["text/html"]
    page = BeautifulSoup(html, "html.parser")
    texts = [part.get_text(" ") for part in page.select(".bd > details")]
    assert len(texts) == len(SCENARIOS)
    for text, scenario in zip(texts, SCENARIOS.values(), strict=True):
        assert scenario.brief in text
        assert all(f"{use.weekly:,} × {use.name}" in text for use in scenario.uses)
        assert "Which format, chunk shape, shards and number of levels do you choose?" in text
        assert "One good design" in text
    assert MODEL_ERROR in page.get_text()


def test_plain_text_is_a_sentence() -> None:
    assert repr(DesignTask("movie")) == (
        "A design task: A film on a laptop. Run this cell in Jupyter to work on it."
    )


def test_the_module_is_whole_and_lean_and_asks_no_other_host() -> None:
    assert re.findall(r"^\s*import\b", DesignTask._esm, flags=re.MULTILINE) == []
    assert DesignTask._esm.count("export default") == 1
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", DesignTask._esm)
    style = short_style(own_style(DesignTask.front))
    sent = (short_script(DesignTask._esm) + style).encode()  # as the page has it
    assert len(gzip.compress(sent)) <= 8_100
    assert not re.search(rb"https?://", sent)
