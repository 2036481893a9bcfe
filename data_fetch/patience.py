"""How often, and after which pauses, a server is asked again that is busy or out of reach.

What is counted, which answers are worth another try, and what ``Retry-After`` says is
:class:`urllib3.Retry`'s to know. This adds that the user reads what happens, that pauses are never
as long as an hour, and that the last failure ends in a sentence.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from urllib3 import BaseHTTPResponse, Retry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import InvalidHeader, MaxRetryError

from data_fetch.errors import FetchError

LONGEST_PAUSE = 60.0
LONGEST_ASKED_PAUSE = 900.0
BUSY = frozenset({429, 500, 502, 503, 504})
RESUMES = "what is downloaded is kept, and the next run resumes there"


@dataclass(frozen=True)
class Manners:
    """What stays the same from one try to the next.

    Parameters
    ----------
    host
        Name of the server, for messages.
    tries
        Maximum number of failures in a row.
    sleep
        Called with the seconds to wait between two tries.
    tell
        Called with each message to the user.
    """

    host: str
    tries: int
    sleep: Callable[[float], None]
    tell: Callable[[str], None]


class Patience(Retry):
    """What is left of the tries, after the failures so far.

    Like every :class:`urllib3.Retry` it is not changed: each failure gives a new one.

    Parameters
    ----------
    manners
        What stays the same from one try to the next.
    options
        As for :class:`urllib3.Retry`.
    """

    def __init__(self, manners: Manners, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "total": manners.tries - 1,
            "status_forcelist": BUSY,
            "allowed_methods": {"GET"},
            "backoff_factor": 1,
            "backoff_max": LONGEST_PAUSE,
        }
        super().__init__(**defaults | options)
        self.manners = manners
        self.reason = ""

    def new(self, **options: Any) -> Self:
        """Return another with some options changed, as urllib3 asks for it."""
        return super().new(manners=self.manners, **options)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Return what is left after a failure.

        Raises
        ------
        FetchError
            If nothing is left.
        """
        if response is not None:
            reason = f"{self.manners.host} answers {status_name(response.status)}"
        elif isinstance(error, FetchError):
            reason = str(error)
        else:
            reason = f"{self.manners.host} cannot be reached ({type(error).__name__})"
        try:
            left = super().increment(method, url, response, error, _pool, _stacktrace)
        except MaxRetryError:
            if response is not None:
                response.close()
            failures = len(self.history) + 1
            raise FetchError(
                f"{reason}, {failures} times in a row: run it again later; {RESUMES}."
            ) from error
        left.reason = reason
        return left

    def after(self, reason: str) -> Self:
        """Tell the user what failed, wait, and return what is left.

        Parameters
        ----------
        reason
            What failed, as the beginning of a sentence.

        Raises
        ------
        FetchError
            If nothing is left.
        """
        left = self.increment("GET", error=FetchError(reason))
        left.sleep()
        return left

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds that an answer asks to wait; None if it does not say so clearly."""
        try:
            return super().get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError):
            return None

    def get_backoff_time(self) -> float:
        """Return the seconds to wait where the server does not say how many.

        The pause doubles at each failure, up to a minute, less a random part so that a class does
        not come back all at once. urllib3's own rule has no pause after the first failure.
        """
        longest = min(self.backoff_max, self.backoff_factor * 2.0 ** len(self.history))
        return longest * (0.5 + 0.5 * random.random())  # noqa: S311 (nothing secret about a pause)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Tell the user what failed, and wait before the next try.

        Raises
        ------
        FetchError
            Instead of waiting, if the server asks for too long a pause.
        """
        asked = None if response is None else self.get_retry_after(response)
        if asked is not None and asked > LONGEST_ASKED_PAUSE:
            raise FetchError(
                f"{self.reason} and asks to wait {asked / 60:.0f} minutes: run it again then; "
                f"{RESUMES}."
            )
        seconds = self.get_backoff_time() if asked is None else asked
        self.manners.tell(
            f"{self.reason}: waiting {seconds:.0f} s, then trying again "
            f"({len(self.history)} of {self.manners.tries})."
        )
        self.manners.sleep(seconds)


def status_name(status: int) -> str:
    """Return an HTTP status code with its phrase, such as ``404 (Not Found)``."""
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
