"""The command line of ``python -m data_fetch``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.samples.folder import data_folder
from data_fetch.connection import ZENODO, Connection
from data_fetch.download import fetch_dataset
from data_fetch.errors import FetchError
from data_fetch.listing import real_row, sample_row, table
from data_fetch.registry import REAL_DATASETS
from data_fetch.stored import State, look

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(
    arguments: Sequence[str] | None = None,
    *,
    base_url: str = ZENODO,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """List, create, download or verify data.

    Parameters
    ----------
    arguments
        Command-line arguments; ``None`` takes those of the process.
    base_url
        Address of Zenodo.
    sleep
        Called with the seconds to wait before a new try.

    Returns
    -------
    int
        Exit code: 0 if all went well, 1 if not, 130 if interrupted. Arguments that cannot be
        understood end the process with 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    folder: Path = (options.folder or data_folder()).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        parser.error(f"{folder} is a file, not a folder: name another with --folder")
    try:
        if options.sample:
            path = sample_tiff(folder=folder, progress=sys.stderr.isatty())
            print(f"The sample is there: {path}")
        elif options.real:
            with Connection(base_url, sleep=sleep) as connection:
                for name in options.real:
                    fetch_dataset(REAL_DATASETS[name], folder, connection)
                    print(f"To use it, {REAL_DATASETS[name].use}.")
        elif options.verify:
            return 0 if _verify(folder) else 1
        else:
            rows = [real_row(dataset, folder) for dataset in REAL_DATASETS.values()]
            print(table([sample_row(folder), *rows], folder))
    except FetchError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        # An OSError without an error code is a sentence of our own.
        cause = error.strerror and f"{folder} cannot be used ({error.strerror})."
        print(f"Error: {cause or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        after = "the next run resumes there" if options.real else "no partial file is left"
        print(f"Stopped: {after}.", file=sys.stderr)
        return INTERRUPTED
    if (options.sample or options.real) and folder != data_folder():
        print(f"Lessons look for it there if BIGIMG_DATA={folder} is set.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data_fetch",
        description="Without an option: list the data that the lessons use, and what is there.",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--sample", action="store_true", help="create the synthetic sample volume (no network)"
    )
    action.add_argument(
        "--real",
        nargs="+",
        metavar="NAME",
        choices=tuple(REAL_DATASETS),
        help=f"download real images from Zenodo: {', '.join(REAL_DATASETS)}",
    )
    action.add_argument(
        "--verify",
        action="store_true",
        help="read the downloaded files again and compare their checksums (no network)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="PATH",
        help="data folder, instead of the one that the lessons use ($BIGIMG_DATA or a cache)",
    )
    return parser


def _verify(folder: Path) -> bool:
    """Compare every downloaded file with its pin, or else with its sidecar.

    Returns whether all that could be compared is right.
    """
    verdicts = []
    for dataset in REAL_DATASETS.values():
        for file in dataset.files:
            stored = look(folder / file.name)
            if stored.state in (State.NOT_THERE, State.PARTLY):
                continue
            known = file.pin or stored.note
            if known is None:
                print(f"{file.name}: not checked yet; --real {dataset.name} compares it.")
                continue
            verdicts.append(stored.matches(known.size, known.checksum))
            if verdicts[-1]:
                kind = "as pinned" if file.pin else "as first downloaded, not pinned"
                print(f"{file.name}: intact ({known.size} bytes, {known.checksum}: {kind}).")
            else:
                remedy = f"delete it, then --real {dataset.name} downloads it anew"
                print(f"{file.name}: damaged: {remedy}.")
    print(f"Files compared with their checksum: {len(verdicts)}, in {folder}.")
    return all(verdicts)
