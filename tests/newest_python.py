"""Find the newest CPython on this machine, among those that the project allows.

``python tests/newest_python.py`` prints its path; if none is newer than the Python that runs this,
it prints nothing and exits with 1. It looks at what is on the search path, and where pyenv and
GitHub's machines keep others. Only released versions count; virtual environments are passed over,
as they belong to somebody.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet

_TELL = """
import platform, sys
own = sys.prefix == sys.base_prefix
print(platform.python_implementation(), sys.version_info.releaselevel, own)
print(*sys.version_info[:3])
"""

# Not "python3.13-config", nor "python3.14t", which has no global lock and few packages.
_NAME = re.compile(r"python3\.\d+|python\.exe")

Version = tuple[int, ...]


def candidates() -> Iterator[Path]:
    """Yield the files that may be a Python, each once."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    tools = Path(os.environ.get("RUNNER_TOOL_CACHE") or "/opt/hostedtoolcache", "Python")
    places = [
        *(path for path in map(Path, os.get_exec_path()) if path.name != "shims"),
        *pyenv.glob("3.*/bin"),
        *tools.glob("3.*/*/bin"),
        *tools.glob("3.*/*"),  # Windows has no folder "bin"
    ]
    seen = set()
    for place in places:
        for path in sorted(place.glob("python*")):
            if _NAME.fullmatch(path.name) and (real := path.resolve()) not in seen:
                seen.add(real)
                yield path


def version(python: Path) -> Version | None:
    """Tell the version of a released CPython; ``None`` if it is none, or does not run."""
    try:
        # -I, since what this process was told of its own modules is not for that one.
        told = subprocess.run(
            [python, "-I", "-c", _TELL], capture_output=True, text=True, timeout=120, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    about, _, numbers = told.stdout.partition("\n")
    if about != "CPython final True":
        return None
    return tuple(map(int, numbers.split()))


def allowed() -> SpecifierSet:
    """Return the Pythons that the project allows."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    return SpecifierSet(tomllib.loads(project.read_text("utf-8"))["project"]["requires-python"])


def newest(pythons: Iterable[Path], *, above: Version, within: SpecifierSet) -> Path | None:
    """Return the newest of `pythons` allowed whose minor version is above that of `above`."""
    known = [(found, path) for path in pythons if (found := version(path)) is not None]
    newer = [
        (found, path)
        for found, path in known
        if found[:2] > above[:2] and within.contains(".".join(map(str, found)))
    ]
    return max(newer)[1] if newer else None


if __name__ == "__main__":
    found = newest(candidates(), above=sys.version_info[:3], within=allowed())
    if found is None:
        sys.exit(1)
    sys.stdout.write(f"{found}\n")
