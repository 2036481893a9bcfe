"""The questions to discuss, one for each section of a lesson: ``prompts.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("prompts.toml")


@cache
def prompts() -> Mapping[str, Mapping[str, str]]:
    """Read the questions: by lesson, and by the heading of the section, in the lesson's order."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def prompt(lesson: str, section: str) -> str | None:
    """Return the question of a section.

    Parameters
    ----------
    lesson
        Name of the notebook, without its suffix.
    section
        Heading, without backticks.

    Returns
    -------
    str or None
        None where there is none: at the quiz of a lesson, for instance.
    """
    return prompts().get(lesson, {}).get(section)
