"""The book with and without what reads HDF5 in a browser."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import hdf5_in_browser
import pytest
from bs4 import BeautifulSoup

from tests.sphinx_project import build_project

CONTENT = b"var h5wasm = {};\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def told(folder: Path) -> Any:
    """Build a small book, and return what its page says of HDF5."""
    (folder / "conf.py").write_text(
        "extensions = ['myst_nb', 'hdf5_in_browser']\nhtml_theme = 'basic'\n"
        "exclude_patterns = ['out']\nnb_execution_mode = 'off'\n",
        encoding="utf-8",
    )
    (folder / "book").mkdir()
    (folder / "index.md").write_text(
        "# A page\n\n```{toctree}\nbook/inspect\n```\n", encoding="utf-8"
    )
    (folder / "book" / "inspect.md").write_text("# Another\n", encoding="utf-8")
    build_project(folder, folder / "out")
    html = folder / "out" / "html"
    assert "hdf5-in-browser" not in (html / "index.html").read_text("utf-8")
    page = BeautifulSoup((html / "book" / "inspect.html").read_text("utf-8"), "html.parser")
    (script,) = page.find_all("script", id="hdf5-in-browser")
    assert script["type"] == "application/json"
    return json.loads(script.string)


def test_the_page_has_the_addresses_of_what_is_on_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in hdf5_in_browser.FILES:
        (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / name).write_bytes(CONTENT)
    monkeypatch.setattr(hdf5_in_browser, "_library", lambda: tmp_path / "package")
    found = told(tmp_path)
    folder = tmp_path / "out" / "html" / "book"
    assert (folder / found["library"]).read_bytes() == CONTENT
    assert (folder / found["library"]).with_name("LICENSE.txt").is_file()
    worker = folder / found["worker"].partition("?")[0]
    assert worker.read_text("utf-8") == hdf5_in_browser.worker_script()


def test_without_the_library_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5_in_browser, "_library", lambda: None)
    found = told(tmp_path)
    assert list(found) == ["reason"]
    assert "built without h5wasm" in found["reason"]
    assert not (tmp_path / "out" / "html" / "_static" / hdf5_in_browser.WORKER).exists()


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """An npm that packs `CONTENT`; the value is its calls."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        calls.append(command)
        aside = Path(command[command.index("--pack-destination") + 1])
        member = aside / "member"
        member.write_bytes(CONTENT)
        with tarfile.open(aside / f"h5wasm-{hdf5_in_browser.VERSION}.tgz", "w:gz") as archive:
            for name in hdf5_in_browser.FILES:
                archive.add(member, f"package/{name}")

    monkeypatch.setattr(hdf5_in_browser, "_INSTALLED", tmp_path / "not there")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_it_is_fetched_once_and_kept(
    npm: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5_in_browser, "FILES", dict.fromkeys(hdf5_in_browser.FILES, DIGEST))
    for _ in range(2):
        found = hdf5_in_browser.fetched(tmp_path / "cache")
        assert found is not None
    assert [call[1:3] for call in npm] == [["pack", f"h5wasm@{hdf5_in_browser.VERSION}"]]
    library = found / hdf5_in_browser.LIBRARY
    library.write_bytes(b"cut short")
    assert hdf5_in_browser.fetched(tmp_path / "cache") == found
    assert library.read_bytes() == CONTENT


def test_another_file_than_expected_is_refused(npm: list[list[str]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another SHA-256 than is expected"):
        hdf5_in_browser.fetched(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_npm_or_a_registry_there_is_none(
    npm: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str], **_: Any) -> None:
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", fail)
    assert hdf5_in_browser.fetched(tmp_path / "cache") is None
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert hdf5_in_browser.fetched(tmp_path / "cache") is None
