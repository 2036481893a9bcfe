"""Print the section of CHANGELOG.md on one version: ``python .ci/release_notes.py 0.1.0``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def release_notes(version: str, text: str) -> str:
    """Return what stands under the heading of a version, without the heading.

    Raises
    ------
    ValueError
        If the version has no section, or is still in preparation.
    """
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    heading = next((line for line in headings if line.split(",")[0] == version), None)
    if heading is None or "in preparation" in heading:
        raise ValueError(
            f"CHANGELOG.md has no released version {version!r}, only: {'; '.join(headings)}. "
            "Give the section a heading of version and date."
        )
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0].strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(release_notes(sys.argv[1], CHANGELOG.read_text(encoding="utf-8")))
