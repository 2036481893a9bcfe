"""Ways to the lessons without the README's commands: conda, Binder, a development container."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# What conda-forge has under another name than PyPI.
ON_PYPI = {"matplotlib-base": "matplotlib"}
ONLY_CONDA = {"pip", "hdf5", "python"}


def conda(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return loaded


def allowed() -> SpecifierSet:
    return SpecifierSet(PROJECT["project"]["requires-python"])


def bounds() -> dict[str, str]:
    """What pyproject.toml asks of each package, also for a class."""
    project = PROJECT["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["lessons"]]
    texts += [text for text in PROJECT["dependency-groups"]["class"] if isinstance(text, str)]
    found = map(Requirement, texts)
    return {canonicalize_name(one.name): str(one.specifier) for one in found}


@pytest.fixture
def environment() -> tuple[list[Requirement], list[str]]:
    """Packages from conda-forge, and lines for pip."""
    dependencies = conda("environment.yml")["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return [Requirement(entry) for entry in dependencies if isinstance(entry, str)], pip


def test_conda_asks_for_what_the_project_asks_for(environment: Any) -> None:
    packages, pip = environment
    wanted = bounds()
    found = {}
    for requirement in [*packages, *(Requirement(line) for line in pip if line[:2] != "--")]:
        name = ON_PYPI.get(requirement.name, requirement.name)
        if name not in ONLY_CONDA:
            found[name] = str(requirement.specifier)
            assert found[name] == wanted[canonicalize_name(name)], name
    # What a class needs beside the extra is named one by one, as pip reads no groups here.
    class_room = [one for one in PROJECT["dependency-groups"]["class"] if isinstance(one, str)]
    assert {Requirement(one).name for one in class_room} <= set(found)


def test_conda_has_the_python_of_the_project_and_the_lessons_from_this_folder(
    environment: Any,
) -> None:
    packages, pip = environment
    (python,) = (one for one in packages if one.name == "python")
    assert python.specifier == allowed()
    assert pip[0] == "--editable .[lessons]"
    assert conda("environment.yml")["channels"] == ["conda-forge", "nodefaults"]


def test_binder_installs_the_class_room_of_the_project() -> None:
    (python,) = (
        entry for entry in conda(".binder/environment.yml")["dependencies"] if "python" in entry
    )
    version = python.partition("=")[2]
    assert version in allowed()
    script = ROOT / ".binder" / "postBuild"
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    (command,) = (line for line in text.splitlines() if "pip install" in line)
    arguments = shlex.split(command)
    assert arguments[-1] in PROJECT["dependency-groups"]
    assert ".[lessons]" in arguments
    if sys.platform != "win32":
        assert os.access(script, os.X_OK)


def test_the_container_makes_the_environment_that_its_editor_uses() -> None:
    settings = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    (version,) = re.findall(r":1-(3\.\d+)-", settings["image"])
    assert version in allowed()
    assert settings["postCreateCommand"].endswith("pip install uv && uv sync")
    editor = settings["customizations"]["vscode"]["settings"]
    assert editor["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert settings["forwardPorts"] == [8888]
