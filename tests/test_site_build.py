"""The book that tests look at is built once, whichever of their processes comes first."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from tests import site_build
from tests.site_build import SiteBuild


def test_whoever_comes_first_builds_and_nobody_else(tmp_path: Path) -> None:
    first, second = (SiteBuild(tmp_path / "built") for _ in range(2))
    with patch.object(site_build.subprocess, "Popen") as popen:
        for build in (second, first):
            build.start()
            assert popen.call_count == 1
        for build in (first, second):
            build.end(now=False)
    popen.return_value.wait.assert_called_once_with()
