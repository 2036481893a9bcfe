"""Ask every address that the pages name whether it answers: ``python .ci/ask_links.py``.

It reads README.md, CHANGELOG.md, CONTRIBUTING.md, the pages of the book, the notebooks and the
question banks, asks each address once, prints what it heard, and ends with 1 if one is gone. A
server that answers 401, 403, 405 or 429 is there, though it lets no program in.

``book/links.toml`` has all these addresses, each with the day on which it last answered, and what
was found. With ``--renew`` it is written anew: who answers today gets today's date, and of who does
not, all stays as it was. Tests hold the file to the pages, without a network.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import NotRequired, TypedDict
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
FILE = "book/links.toml"
HEAD = """\
# The addresses outside of this book that its pages name, with the day on which each last answered,
# and what was found: the status, and where one is led on to. One without a date was not seen to
# answer yet. `python .ci/ask_links.py --renew` asks them all and writes this file.
"""
PATIENCE = 30
"""Seconds to wait for an answer."""

THERE = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.TOO_MANY_REQUESTS,
)
_ADDRESS = re.compile(r"https?://[^\s\"'<>`|\\\]]+")
_NOBODY = ("localhost", "127.0.0.1", "example.org")  # in examples


def addresses(text: str) -> Iterator[str]:
    """Yield the addresses of a text, without the punctuation around and without fragments."""
    for found in _ADDRESS.findall(text):
        address = found.partition("#")[0].rstrip(".,;:!?*")
        while address.endswith(")") and address.count("(") < address.count(")"):
            address = address[:-1].rstrip(".,;:!?*")
        if urlsplit(address).hostname not in _NOBODY:
            yield address


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page; of a notebook, of its Markdown cells."""
    paths = [root / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    paths += sorted(root.glob("book/**/*.md"))
    paths += sorted(root.glob("src/bigimg_lessons/questions/banks/*.toml"))
    for path in paths:
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted(root.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        yield path.relative_to(root).as_posix(), "\n".join(texts)


def named(root: Path) -> dict[str, list[str]]:
    """Return the pages on which each address stands."""
    found: dict[str, list[str]] = {}
    for name, text in pages(root):
        for address in dict.fromkeys(addresses(text)):
            found.setdefault(address, []).append(name)
    return found


class Seen(TypedDict):
    """What the file has of an address: nothing where it was not seen to answer yet."""

    answered: NotRequired[date]
    found: NotRequired[str]


def listed(root: Path) -> dict[str, Seen]:
    """Return what the file of links has."""
    return tomllib.loads((root / FILE).read_text(encoding="utf-8"))  # type: ignore[return-value]


def written(links: Mapping[str, Seen]) -> str:
    """Return the file of links, sorted by address."""
    parts = [HEAD]
    for address, seen in sorted(links.items()):
        # A string of JSON is one of TOML, too.
        parts.append(f"\n[{json.dumps(address, ensure_ascii=False)}]\n")
        if seen:
            found = json.dumps(seen["found"], ensure_ascii=False)
            parts.append(f"answered = {seen['answered'].isoformat()}\nfound = {found}\n")
    return "".join(parts)


def heard(address: str) -> tuple[bool, str]:
    """Ask an address; return whether it is there, and what was heard."""
    request = Request(address, headers={"User-Agent": "Mozilla/5.0 (links of bigimg-lessons)"})  # noqa: S310 - the pattern admits http and https alone
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            led_on = f", at {answer.url}" if answer.url != address else ""
            return True, f"{answer.status}{led_on}"
    except HTTPError as error:
        return error.code in THERE, str(error.code)
    except (URLError, OSError) as error:
        return False, str(error)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Ask all addresses; return the exit code."""
    parser = argparse.ArgumentParser(description="Ask every address that the pages name.")
    parser.add_argument("--renew", action="store_true", help=f"write {FILE} anew")
    renew = parser.parse_args(arguments).renew
    found = named(root)
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(found, pool.map(heard, found), strict=True))
    for address, (there, said) in sorted(answers.items(), key=lambda entry: entry[1][0]):
        where = "" if there else f" ({', '.join(found[address])})"
        sys.stdout.write(f"{'ok  ' if there else 'GONE'} {address}: {said}{where}\n")
    if renew:
        before, today = listed(root), datetime.now(UTC).date()
        links: dict[str, Seen] = {
            address: {"answered": today, "found": said} if there else before.get(address, {})
            for address, (there, said) in answers.items()
        }
        (root / FILE).write_text(written(links), encoding="utf-8", newline="\n")
    return 0 if all(there for there, _ in answers.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
