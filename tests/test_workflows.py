"""The workflows: what they run is there, and what they may do is said."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def loaded(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key "on" as true.
    text = re.sub(r"^on:", "'on':", path.read_text(encoding="utf-8"), flags=re.M)
    workflow: dict[str, Any] = yaml.safe_load(text)
    return workflow


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for job in loaded(path)["jobs"].values():
            for step in job["steps"]:
                yield path.name, step


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_says_what_it_may_do_and_for_how_long(path: Path) -> None:
    workflow = loaded(path)
    assert "permissions" in workflow
    for name, job in workflow["jobs"].items():
        assert "timeout-minutes" in job, name


def test_actions_are_of_a_version() -> None:
    for name, step in steps():
        if "uses" in step:
            assert re.search(r"@(v\d+|release/v\d+)$", step["uses"]), f"{name}: {step['uses']}"


def test_the_files_that_are_run_are_there() -> None:
    commands = "\n".join(step["run"] for _, step in steps() if "run" in step)
    for script in re.findall(r"python (\S+\.py)", commands):
        assert (ROOT / script).is_file(), script
    for module in re.findall(r"python -m ([\w.]+)", commands):
        path = ROOT / "/".join(module.split("."))
        inside = ROOT / "src" / "/".join(module.split("."))
        assert any(
            one.is_file()
            for one in (
                path.with_suffix(".py"),
                path / "__main__.py",
                inside.with_suffix(".py"),
                inside / "__main__.py",
            )
        ), module


def test_every_system_runs_the_lessons_with_the_oldest_and_the_newest_python() -> None:
    for name in ("test.yml", "newest.yml"):
        (job,) = loaded(ROOT / ".github" / "workflows" / name)["jobs"].values()
        matrix = job["strategy"]["matrix"]
        assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
        assert matrix["python"] == ["3.11", "3.14"]
        runs = [step.get("run", "") for step in job["steps"]]
        # Without a folder, pytest takes those of pyproject.toml, the notebooks among them.
        assert any(re.match(r'uv run pytest( -m "not browser")?$', run) for run in runs)


def test_a_release_is_built_checked_published_and_told() -> None:
    workflow = loaded(ROOT / ".github" / "workflows" / "release.yml")
    jobs = workflow["jobs"]
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
    assert (jobs["publish"]["needs"], jobs["notes"]["needs"]) == ("build", "publish")
    # No password anywhere: PyPI trusts this workflow in this environment.
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    built = " ".join(step.get("run", "") for step in jobs["build"]["steps"])
    for command in ("uv build", "twine check --strict", "release_notes.py", "uv version --short"):
        assert command in built


def test_the_linter_of_workflows_finds_nothing() -> None:
    """Where it is installed; the workflow *test* runs it."""
    linter = shutil.which("actionlint")
    if linter is None:
        pytest.skip("actionlint is not installed")
    done = subprocess.run([linter, *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
