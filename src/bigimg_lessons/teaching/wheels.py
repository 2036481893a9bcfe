"""The wheels of a pack: which ones a platform needs, and where they come from.

Versions are those of the current environment. uv works out what the other platform needs besides,
and pip downloads it, both from whichever registry they are configured for.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from bigimg_lessons.saving.kept_files import sha256

PROJECT = "bigimg-lessons"
_PYTHON = re.compile(r"3\.\d+")
_LINUX = re.compile(r"manylinux_2_(\d+)_(x86_64|aarch64)")
_MACOS = re.compile(r"macosx_\d+_\d+_(x86_64|arm64)")
_WINDOWS = {"win_amd64": "x86_64-pc-windows-msvc", "win_arm64": "aarch64-pc-windows-msvc"}
# The versions of glibc that uv knows for Linux; it takes the next one below.
_GLIBC = (17, 28, *range(31, 41))
# A release of Python so late that all packages take it; `least_python` tells what they ask for.
_ANY_PATCH = 99
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


class PackError(ValueError):
    """A pack that cannot be made; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which computers a pack is for.

    Parameters
    ----------
    platform
        As wheels name it: "win_amd64", "macosx_11_0_arm64", "manylinux_2_28_x86_64".
    python
        "3.11", for example.

    Raises
    ------
    PackError
        It is not one of these.
    """

    platform: str
    python: str

    def __post_init__(self) -> None:
        if not _PYTHON.fullmatch(self.python):
            raise PackError(f"--python is {self.python!r}: expected a version such as 3.11.")
        if self.platform in _WINDOWS or _MACOS.fullmatch(self.platform):
            return
        linux = _LINUX.fullmatch(self.platform)
        if not linux or int(linux[1]) < _GLIBC[0]:
            raise PackError(
                f"--platform is {self.platform!r}: expected this, win_amd64, win_arm64, "
                "macosx_…_arm64 or macosx_…_x86_64 with the oldest macOS (as macosx_13_0_arm64), "
                "or manylinux_2_…_x86_64 or _aarch64 with the oldest glibc, 17 or newer (as "
                "manylinux_2_28_x86_64)."
            )

    @property
    def system(self) -> str:
        """Return "windows", "macos" or "linux"."""
        if self.platform in _WINDOWS:
            return "windows"
        return "macos" if _MACOS.fullmatch(self.platform) else "linux"

    @property
    def uv_platform(self) -> str:
        """Return the platform as uv names it."""
        if self.platform in _WINDOWS:
            return _WINDOWS[self.platform]
        if macos := _MACOS.fullmatch(self.platform):
            return f"{macos[1].replace('arm64', 'aarch64')}-apple-darwin"
        newest, machine = self._linux()
        return f"{machine}-manylinux_2_{max(known for known in _GLIBC if known <= newest)}"

    @property
    def tags(self) -> list[str]:
        """Return the platforms whose wheels run there; pip adds older ones for macOS by itself."""
        if self.system != "linux":
            return [self.platform]
        newest, machine = self._linux()
        tags = []
        for glibc in range(newest, min(_OLD_NAMES) - 1, -1):
            tags.append(f"manylinux_2_{glibc}_{machine}")
            if glibc in _OLD_NAMES:
                tags.append(f"{_OLD_NAMES[glibc]}_{machine}")
        return [*tags, f"linux_{machine}"]

    def _linux(self) -> tuple[int, str]:
        found = _LINUX.fullmatch(self.platform)
        assert found is not None  # noqa: S101 (it was looked at before)
        return int(found[1]), found[2]


def this_target() -> Target:
    """Tell which target this computer is, with the Python that runs.

    Raises
    ------
    PackError
        It is none for which packs are made.
    """
    name = re.sub(r"[-.]", "_", sysconfig.get_platform())
    if sys.platform == "darwin":
        major, minor, *_ = (*platform.mac_ver()[0].split("."), "0")
        # Since macOS 11 wheels name the major version alone.
        name = f"macosx_{major}_{0 if int(major) > 10 else minor}_{platform.machine()}"
    elif name.startswith("linux_"):
        library, version_of_it = platform.libc_ver()
        if library != "glibc":
            raise PackError("This computer's Linux has no glibc: name a --platform.")
        name = f"manylinux_{version_of_it.replace('.', '_')}_{platform.machine()}"
    return Target(platform=name, python=f"{sys.version_info.major}.{sys.version_info.minor}")


def normal(name: str) -> str:
    """Return a distribution's name in its one normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_and_version(wheel: Path) -> tuple[str, str]:
    """Read name and version off the name of a wheel."""
    name, version, *_ = wheel.name.split("-")
    return normal(name), version


def requirements(pyproject: Path) -> list[str]:
    """List what running the lessons needs, as the project declares it."""
    table = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project, groups = table["project"], table["dependency-groups"]
    return [
        *project["dependencies"],
        *project["optional-dependencies"]["lessons"],
        *(entry for entry in groups["class"] if isinstance(entry, str)),
    ]


def resolved(target: Target, root: Path) -> dict[str, str]:
    """Work out which version of what a target needs, with the versions of this environment.

    Parameters
    ----------
    target
        For which computers.
    root
        Folder of the project.

    Returns
    -------
    dict
        Names to versions, without the project itself.

    Raises
    ------
    PackError
        These versions do not fit the target, or there are no wheels for it.
    """
    here = {normal(each.metadata["Name"]): each.version for each in distributions()}
    here.pop(PROJECT, None)
    with tempfile.TemporaryDirectory() as folder:
        wanted, fixed = Path(folder, "wanted.txt"), Path(folder, "fixed.txt")
        wanted.write_text("\n".join(requirements(root / "pyproject.toml")), encoding="utf-8")
        fixed.write_text("\n".join(f"{n}=={v}" for n, v in here.items()), encoding="utf-8")
        pins = _run(
            [
                *(_uv(), "pip", "compile", str(wanted), "--constraint", str(fixed)),
                *(
                    "--python-platform",
                    target.uv_platform,
                    "--python-version",
                    f"{target.python}.{_ANY_PATCH}",
                ),
                *("--only-binary", ":all:", "--no-header", "--no-annotate", "--quiet"),
            ],
            root,
            f"The versions of this environment cannot be had for {target.platform} and Python "
            f"{target.python}. Make the pack in an environment of that Python: uv run -p "
            f"{target.python} …",
        )
    lines = (line.split(";")[0].strip() for line in pins.splitlines())
    return {
        normal(name): version for name, _, version in (pin.partition("==") for pin in lines if pin)
    }


def downloaded(target: Target, root: Path, cache: Path) -> list[Path]:
    """Get the wheels for a target; what an earlier run has got is used again.

    Parameters
    ----------
    target
        For which computers.
    root
        Folder of the project, whose own wheel is built.
    cache
        Folder in which wheels are kept.

    Returns
    -------
    list of Path
        One wheel for each distribution.

    Raises
    ------
    PackError
        Something cannot be had.
    """
    pins = resolved(target, root)
    folder = cache / f"{target.platform}-{target.python}"
    folder.mkdir(parents=True, exist_ok=True)
    there = _by_name(folder.glob("*.whl"))
    missing = [
        f"{name}=={version}" for name, version in pins.items() if (name, version) not in there
    ]
    if missing:
        sys.stderr.write(f"Downloading {len(missing)} of {len(pins)} wheels …\n")
        _run(_download_command(target, folder, missing), root, "Not every wheel could be had.")
        there = _by_name(folder.glob("*.whl"))
    own = folder / "own"
    shutil.rmtree(own, ignore_errors=True)
    _run(
        [_uv(), "build", "--wheel", "--quiet", "--out-dir", str(own), str(root)],
        root,
        "The wheel of the project could not be built.",
    )
    return [*(there[pin] for pin in pins.items()), *own.glob("*.whl")]


def given(folder: Path) -> list[Path]:
    """Take all wheels of a folder, where they were put beforehand.

    Raises
    ------
    PackError
        The project's own is not among them, or one distribution is there twice.
    """
    wheels = sorted(folder.glob("*.whl"))
    names = [name_and_version(wheel)[0] for wheel in wheels]
    if PROJECT not in names:
        raise PackError(
            f"{folder} holds {len(wheels)} wheel(s), and none of {PROJECT}: build it with "
            f"'uv build --wheel --out-dir {folder}'."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PackError(f"{folder} holds more than one wheel of {', '.join(twice)}: keep one.")
    return wheels


def pinned(wheels: Iterable[Path]) -> str:
    """Write what pip is to install, each with its checksum."""
    lines = []
    for wheel in sorted(wheels, key=lambda path: path.name.lower()):
        name, version = name_and_version(wheel)
        lines.append(f"{name}=={version} --hash=sha256:{sha256(wheel)}\n")
    return "".join(lines)


def least_python(wheels: Iterable[Path], python: str) -> str:
    """Tell which release of a Python all wheels can do with.

    Parameters
    ----------
    wheels
        Wheels.
    python
        "3.11", for example.

    Returns
    -------
    str
        "3.11.5" if one of them asks for that, or `python` if none asks for a release.
    """
    asked = re.compile(rf"^Requires-Python:.*>= ?{re.escape(python)}\.(\d+)", re.MULTILINE)
    releases = [0]
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"[^/]+\.dist-info/METADATA", name):
                    metadata = archive.read(name).decode("utf-8", errors="replace")
                    releases += map(int, asked.findall(metadata))
    return f"{python}.{max(releases)}" if max(releases) else python


def _by_name(wheels: Iterable[Path]) -> dict[tuple[str, str], Path]:
    return {name_and_version(wheel): wheel for wheel in wheels}


def _download_command(target: Target, folder: Path, missing: Sequence[str]) -> list[str]:
    abi = f"cp{target.python.replace('.', '')}"
    return [
        *(_uv(), "tool", "run", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary", ":all:", "--dest", str(folder), "--disable-pip-version-check"),
        *("--python-version", f"{target.python}.{_ANY_PATCH}", "--implementation", "cp"),
        *(option for each in (abi, "abi3", "none") for option in ("--abi", each)),
        *(option for tag in target.tags for option in ("--platform", tag)),
        *missing,
    ]


def _uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        raise PackError(
            "uv is not installed, and it works out which wheels are needed: pip install uv."
        )
    return found


def _run(command: list[str], folder: Path, failure: str) -> str:
    """Run a program and return what it prints."""
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise PackError(f"{failure}\n{done.stderr.strip()}")
    return done.stdout
