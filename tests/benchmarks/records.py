"""Raw results: all that a benchmark measured, run by run, and what it takes to judge and repeat it.

A record is a JSON file with the keys of ``HEAD``, then what was set, then ``runs``, a list with one
object for every single run. Whoever reads it works out medians and ratios anew.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from bigimg_lessons.saving.files import replace_text

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results")
HEAD = {
    "command": str,
    "date": str,
    "commit": str,
    "machine": dict,
    "python": str,
    "versions": dict,
    "runs": list,
}
MACHINE = {"cpu": str, "cores": int, "memory_gib": float, "system": str}
OF_THIS_COMPUTER = (
    "--out",
    "--folder",
    "--before",
)  # options whose values are paths of no use elsewhere

Record = dict[str, Any]


def save(
    path: Path,
    runs: list[dict[str, Any]],
    *,
    module: str,
    packages: Iterable[str],
    **settings: Any,
) -> None:
    """Write a record; the old one stays until the new one is whole.

    Parameters
    ----------
    path
        JSON file to create or to replace.
    runs
        What was measured, one object for each run.
    module
        Name of the benchmark in ``tests.benchmarks``; with the arguments of this process it makes
        the command that is stated.
    packages
        Distributions whose versions are stated, those that are not installed left out.
    settings
        What else the runs have in common, such as a shape.
    """
    record = {
        "command": command(module, sys.argv[1:]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": versions(packages),
        **settings,
        "runs": runs,
    }
    write(path, record)


def write(path: Path, record: Record) -> None:
    """Write a record with one line for each run, after a look whether anything is wrong with it.

    Raises
    ------
    ValueError
        If anything is; nothing is written then.
    """
    if wrong := faults(record):
        raise ValueError(f"This is no record of a benchmark: {'; '.join(wrong)}.")
    head = json.dumps({k: v for k, v in record.items() if k != "runs"}, indent=1)
    lines = ",\n  ".join(json.dumps(run, ensure_ascii=False) for run in record["runs"])
    replace_text(path, f'{head[:-2]},\n "runs": [\n  {lines}\n ]\n}}\n')


def load(path: Path) -> Record:
    """Read a record.

    Raises
    ------
    ValueError
        If the file is none.
    """
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    if wrong := faults(record):
        raise ValueError(f"{path.name} is no record of a benchmark: {'; '.join(wrong)}.")
    return record


def faults(record: Any) -> list[str]:
    """Say in what an object differs from a record."""
    if not isinstance(record, dict):
        return [f"it is of the type {type(record).__name__}, not an object"]
    wrong = _wrong_types(record, HEAD, "")
    if wrong:
        return wrong
    wrong = _wrong_types(record["machine"], MACHINE, "machine.")
    if not record["runs"] or not all(isinstance(run, dict) for run in record["runs"]):
        wrong.append("runs must be objects, at least one")
    try:
        datetime.fromisoformat(record["date"])
    except ValueError:
        wrong.append(f"date is {record['date']!r}, not as in 2026-11-29T03:00:00+00:00")
    if not record["versions"]:
        wrong.append("versions names no package")
    return wrong


def _wrong_types(found: dict[str, Any], wanted: Mapping[str, type], where: str) -> list[str]:
    return [
        f"{where}{key} is {found.get(key)!r}, not of the type {kind.__name__}"
        for key, kind in wanted.items()
        if not isinstance(found.get(key), kind)
    ]


def command(module: str, arguments: list[str]) -> str:
    """Return the command that produces a record again, without paths of this computer."""
    kept = list(arguments)
    for option in OF_THIS_COMPUTER:
        while option in kept:
            place = kept.index(option)
            del kept[place : place + 2]
    return shlex.join(["python", "-m", f"tests.benchmarks.{module}", *kept])


def commit(checkout: Path = ROOT) -> str:
    """Return the commit of a checkout, and whether code differs from it; or "unknown"."""
    number = _git(checkout, "rev-parse", "HEAD")
    if number is None:
        return "unknown"
    changed = _git(checkout, "status", "--porcelain", "--", "src", "tests/benchmarks/*.py")
    return f"{number} with changes" if changed else number


def _git(checkout: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def machine() -> Record:
    """Return what is known of this computer: processor, cores, memory, system."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}",
    }


def _processor() -> str:
    """Return the model of the processor, by the name that its maker gave it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def memory_folder() -> str | None:
    """Return a folder that lies in memory, so that no disk is measured; None if there is none."""
    folder = Path("/dev/shm")  # noqa: S108 - one's own folders are made in it
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None
