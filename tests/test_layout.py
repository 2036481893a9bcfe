"""The house keeps its shape: who imports whom, and what may be committed."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bigimg_lessons"

# Imports flow one way. What a module may know of the package; a name covers its submodules.
MAY_IMPORT = {
    "build": {"text", "formats", "pyramids"},
    "checks": set(),
    "colours": set(),
    "costs": {"checks", "costs", "pyramids"},
    "formats": {"text", "checks", "formats", "measure", "pyramids", "saving", "units"},
    "measure": {"text", "costs", "measure"},
    "plots": {"text", "colours", "costs", "measure"},
    "pyramids": {"text", "checks", "measure", "pyramids", "saving", "units"},
    "questions": {"questions", "saving"},
    "samples": {"samples", "saving"},
    "saving": {"text", "measure", "saving"},
    "text": set(),
    "units": set(),
    "versions": {"text", "costs", "measure"},
    "widgets": {"checks", "colours", "costs", "questions", "widgets"},
}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path):
    """Top-level names of the package that a file imports, such as ``counting``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            pytest.fail(f"{path}: write imports in full, not relative")
        for name in names:
            parts = name.split(".")
            if parts[0] == "bigimg_lessons" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_flow_one_way(path):
    noun = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert noun in MAY_IMPORT, f"say in MAY_IMPORT what {noun} may import"
    assert set(imported(path)) <= MAY_IMPORT[noun]


def test_the_rule_sees_an_import_that_breaks_it(tmp_path):
    path = tmp_path / "counting.py"
    path.write_text("from bigimg_lessons import plots\nimport bigimg_lessons.measure.memory\n")
    assert set(imported(path)) == {"plots", "measure"}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of committed files to look at")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def test_no_large_file_is_committed():
    large = {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > 500_000}
    assert large == {}


def test_no_lock_file_and_no_package_host_is_committed():
    hosts = ["pythonhosted" + ".org", "pypi" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
    for path in tracked():
        assert path.name not in ("uv.lock", "package-lock.json")
        text = path.read_bytes()
        for host in hosts:
            assert host.encode() not in text, f"{path} names {host}"
