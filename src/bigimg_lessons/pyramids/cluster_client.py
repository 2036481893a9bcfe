"""A client of dask.distributed, asked whether its workers can build a pyramid."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from bigimg_lessons.pyramids.cluster_tasks import NotReached, look_around, look_at_store
from bigimg_lessons.pyramids.travelling import SentImage
from bigimg_lessons.saving.object_store import ObjectPlace

Answer = TypeVar("Answer")

_SECONDS_TO_ANSWER = 9
_SECONDS_TO_LOOK = 180  # a worker may have to import its libraries first


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """Ask a scheduler something, and wait no longer than so many seconds for an answer.

    Parameters
    ----------
    seconds
        After which TimeoutError is raised, and the answer, should it still come, is not heard.
    ask
        Asks, and returns the answer.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def listen() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=listen, name="ask the scheduler", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"There was no answer within {seconds} seconds.")
    return answers[0]


def threads_of_workers(client: Any) -> Mapping[str, int]:
    """Return how many threads each worker of a client has, by its address.

    Parameters
    ----------
    client
        What the user gave.

    Raises
    ------
    TypeError
        If it is no client of dask.distributed, or one to be awaited.
    ValueError
        If it is closed, or has no worker.
    ConnectionError
        If its scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise TypeError(
            f"client is a {type(client).__name__}, but the package distributed, whose Client is "
            "expected, is not installed: pip install 'bigimg-lessons[cluster]'."
        ) from error
    if not isinstance(client, Client):
        raise TypeError(
            f"client is a {type(client).__name__}: give a distributed.Client, such as "
            "Client(LocalCluster()), or leave client out."
        )
    if client.asynchronous:
        raise TypeError(
            "client is asynchronous, and build_pyramid waits for its results: give a Client that "
            "was made without asynchronous=True."
        )
    if client.status in ("closed", "closing", "newly-created"):
        raise ValueError("The client is closed: connect a new one, and give that.")
    try:
        threads: Mapping[str, int] = within(_SECONDS_TO_ANSWER, client.nthreads)
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise unreachable(client) from error
    if not threads:
        raise ValueError(
            "The client's cluster has no workers: start some, and wait for them with "
            "client.wait_for_workers(1)."
        )
    return threads


def unreachable(client: Any) -> ConnectionError:
    """Say that a scheduler is not there any more, or that its client was closed."""
    address = getattr(client.scheduler, "address", None)
    where = f" at {address}" if address else ""
    if client.status in ("closing", "closed"):
        return ConnectionError(
            f"The client was closed, by somebody else or because its scheduler{where} is gone: "
            "connect a new Client, and build again."
        )
    return ConnectionError(
        f"The scheduler{where} does not answer: make sure that it runs, connect a new Client, and "
        "build again."
    )


def check_workers(client: Any, folder: Path, image: SentImage) -> None:
    """Refuse workers that do not see the folder to write, or cannot open the image.

    Parameters
    ----------
    client
        Whose workers are asked, all at once.
    folder
        In which the pyramid is to be written. A file is written there, and one by each worker.
    image
        What they are to read.

    Raises
    ------
    OSError
        If a worker does not see the folder.
    ValueError
        If it cannot open the image there.
    """
    from distributed.comm.core import CommClosedError

    text = secrets.token_hex(16)
    place = folder / f"seen-{text[:8]}"
    place.write_text(text, encoding="utf-8")
    try:
        answers: Mapping[str, Any] = within(
            _SECONDS_TO_LOOK,
            lambda: client.run(look_around, place, text, image, on_error="return"),
        )
        for worker, answer in answers.items():
            if isinstance(answer, CommClosedError):
                continue  # it has died in this moment, and others take its tasks
            if isinstance(answer, BaseException):
                is_blind = _is_blind(answer, place)
                raise _blind(worker, folder) if is_blind else _refusal(worker, answer)
            if not (folder / answer).is_file():
                raise _blind(worker, folder)
    except (TimeoutError, CommClosedError) as error:
        raise unreachable(client) from error
    finally:
        for path in folder.glob(f"{place.name}*"):
            path.unlink(missing_ok=True)


def check_workers_reach(client: Any, place: ObjectPlace, image: SentImage) -> None:
    """Refuse workers that do not reach an object store, or cannot open the image.

    Parameters
    ----------
    client
        Whose workers are asked, all at once.
    place
        In which the pyramid is to be written. Each worker tries to write there, with its own
        keys.
    image
        What they are to read.

    Raises
    ------
    PermissionError, ConnectionError, OSError
        If a worker has no key, its key is not accepted, or it cannot reach the store.
    ValueError
        If it cannot open the image there.
    """
    from distributed.comm.core import CommClosedError

    try:
        answers: Mapping[str, Any] = within(
            _SECONDS_TO_LOOK, lambda: client.run(look_at_store, place, image, on_error="return")
        )
    except (TimeoutError, CommClosedError) as error:
        raise unreachable(client) from error
    for worker, answer in answers.items():
        if isinstance(answer, NotReached):
            kind = type(answer.error)
            raise kind(f"The worker {worker} cannot write there: {answer.error}") from answer.error
        if isinstance(answer, BaseException) and not isinstance(answer, CommClosedError):
            raise _refusal(worker, answer)


def _is_blind(error: BaseException, place: Path) -> bool:
    return str(place) in str(error) or str(place) == str(getattr(error, "filename", ""))


def _refusal(worker: str, error: BaseException) -> Exception:
    if isinstance(error, ModuleNotFoundError):
        return ValueError(
            f"The worker {worker} lacks a package ({error}): install there what is installed here, "
            "bigimg-lessons with it."
        )
    return ValueError(
        f"The worker {worker} cannot open the image: {type(error).__name__}: {error}. Give "
        "one that lies where all workers find it under the same path, or leave client out."
    )


def _blind(worker: str, folder: Path) -> OSError:
    home = folder.parent.parent
    return OSError(
        f"The worker {worker} does not see the folder {str(home)!r}, or cannot write there: choose "
        "a folder on a disk that all workers share under the same path, or leave client out."
    )
