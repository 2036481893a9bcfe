"""Ask all readers about all samples: ``uv run python -m tests.readers`` renews the reader matrix.

Each reader has an environment of its own, with the newest versions of the day that
``pyproject.toml`` names, or with ``--newest`` of today. So it needs a package index, Node.js for
zarrita, and Java and ``tests/fetch_bioformats.py`` for Bio-Formats. It writes
``tests/readers/matrix.json``, and from that ``book/tables/readers.md`` and
``book/tables/open_ome_zarr.md``, which the pages *Who reads what* and *Open an OME-Zarr in ten
tools* show, and what lesson 5 shows, which comes with the package.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bigimg_lessons.measure import reader_answers
from tests.newest_python import allowed, candidates
from tests.newest_python import newest as newest_of
from tests.readers.matrix import READERS, Reader, judged
from tests.readers.samples import SAMPLES
from tests.readers.table import answers_for_lessons, tables
from tests.readers.tools_table import TABLE, table, tools

ROOT = Path(__file__).parents[2]
PROBES = Path(__file__).with_name("probes")
MATRIX = Path(__file__).with_name("matrix.json")
TABLES = ROOT / "book" / "tables" / "readers.md"
FOR_LESSONS = Path(reader_answers.__file__).with_name(reader_answers.RECORD)
PATIENCE = 300
"""Seconds after which all ends with an error."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newest", action="store_true", help="versions of today")
    parser.add_argument("--only", nargs="+", default=(), help="titles of readers; others stay")
    options = parser.parse_args()
    before = json.loads(MATRIX.read_text(encoding="utf-8"))["answers"] if options.only else []
    answers = [answer for answer in before if answer["reader"] not in options.only]
    with TemporaryDirectory() as folder:
        paths = {name: sample.write(Path(folder)) for name, sample in SAMPLES.items()}
        for reader in READERS:
            if options.only and reader.title not in options.only:
                continue
            for name in reader.formats:
                told = ask(reader, paths[name], name, newest=options.newest)
                verdicts = judged(told, SAMPLES[name])
                print(reader.title, name, told.get("error") or verdicts, flush=True)
                answers.append(
                    {"reader": reader.title, "format": name, **told} | {"verdicts": verdicts}
                )
    order = [(reader.title, name) for reader in READERS for name in reader.formats]
    answers.sort(key=lambda answer: order.index((answer["reader"], answer["format"])))
    record = {
        "command": "uv run python -m tests.readers",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "newest of": "today" if options.newest else _pinned_day(),
        "answers": answers,
    }
    MATRIX.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    TABLES.write_text(tables(record), encoding="utf-8")
    TABLE.write_text(table(record, tools()), encoding="utf-8")
    FOR_LESSONS.write_text(answers_for_lessons(record), encoding="utf-8")


def ask(reader: Reader, path: Path, name: str, *, newest: bool) -> dict[str, Any]:
    """Run a probe and return what it prints.

    Raises
    ------
    RuntimeError
        If it prints nothing: then its environment, or the probe itself, is at fault.
    """
    if reader.is_ours:
        command, environment = [sys.executable], {**os.environ, "PYTHONPATH": str(ROOT)}
    else:
        command = ["uv", "run", "--quiet", "--no-project", "--python", _python(), "--script"]
        environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
        if not newest:
            environment["UV_EXCLUDE_NEWER"] = _pinned_day()
    done = subprocess.run(
        [*command, str(PROBES / reader.probe), str(path), name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise RuntimeError(f"{reader.probe} said nothing of {name}: {done.stderr.strip()[-1000:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    if "error" in answer:  # where the sample lay is of no interest
        answer["error"] = answer["error"].replace(f"{path.parent}{os.sep}", "")
    return answer


@cache
def _python() -> str:
    """Return the newest Python of this machine, whose packages are the newest."""
    return str(newest_of(candidates(), above=(3, 11), within=allowed()) or sys.executable)


def _pinned_day() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["tool"]["uv"]["exclude-newer"])


if __name__ == "__main__":
    main()
