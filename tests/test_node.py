"""The tests of front-end modules that Node runs itself, and what the other tests use of Node."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest

from tests.node import Node, NodeError, find_node

ROOT = Path(__file__).parents[1]


def test_the_tests_in_javascript_pass() -> None:
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
    assert files
    done = subprocess.run(
        [find_node(), "--test", *files], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_script_has_the_exports_of_its_module_in_reach(node: Node) -> None:
    text = node.module("kit/text.js")
    assert text("(counts) => counts.map((count) => formatBytes(count))", [1, 1536]) == [
        "1 byte",
        "1.50 KiB",
    ]
    assert text("plural(2000, 'µm')") == "2,000 µms"
    assert text("async () => formatSeconds(0.0125)") == "12.5 ms"
    assert text("() => undefined") is None
    other = node.source("other", "export const formatNumber = () => 'another one';")
    assert other("formatNumber(1)") == "another one"
    assert text("formatNumber(1)") == "1"


def test_what_javascript_throws_is_raised(node: Node) -> None:
    module = node.source("throws", 'export function fail() { throw new RangeError("too long"); }')
    with pytest.raises(NodeError, match=r"(?s)^RangeError: too long.* fail "):
        module("() => fail()")
    with pytest.raises(NodeError, match="absent is not defined"):
        module("() => absent")
    assert module("(value) => value", [math.pi, None, "µ\n"]) == [math.pi, None, "µ\n"]


@pytest.mark.parametrize("value", ["NaN", "[1 / 0]"])
def test_numbers_that_json_cannot_carry_are_refused(node: Node, value: str) -> None:
    with pytest.raises(NodeError, match="which JSON cannot carry"):
        node.source("numbers", "")(value)


def test_without_node_the_test_is_skipped_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BIGIMG_REQUIRE_NODE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Node was found"):
        find_node()
    monkeypatch.setenv("BIGIMG_REQUIRE_NODE", "1")
    with pytest.raises(pytest.fail.Exception, match="no Node was found"):
        find_node()
