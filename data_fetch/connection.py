"""A polite connection to the server that holds the data.

It says who is asking, waits as long as the server asks for, and gives up in the end.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from data_fetch.errors import FetchError

ZENODO = "https://zenodo.org"

# Zenodo slows down clients that do not say who they are, as those that send the name of their
# HTTP library only: https://github.com/fatiando/pooch/issues/502
USER_AGENT = f"bigimg-lessons/{version('bigimg-lessons')} (teaching material; a few files a day)"

CONNECT_AND_READ_SECONDS = (10, 60)
LONGEST_PAUSE = 60.0
LONGEST_ASKED_PAUSE = 900.0
BUSY = frozenset({429, 500, 502, 503, 504})
REMEDY = {
    401: "it is not public",
    403: "access is refused, by the server or by a proxy on the way",
    404: "it was moved or removed",
    410: "it was removed",
}


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Read an HTTP ``Retry-After`` header.

    Parameters
    ----------
    header
        Its value: a number of seconds or an HTTP date (RFC 9110, section 10.2.3); ``None`` if the
        answer has none.
    now
        The time from which a date is counted, with its time zone.

    Returns
    -------
    float or None
        Seconds to wait, 0 or more; ``None`` if the header is missing or says neither.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:  # "-0000", which the email format has for "UTC, place unknown"
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


class Connection:
    """Asks one server for pages and files, again if it is busy or out of reach.

    Parameters
    ----------
    base_url
        Scheme and host of the server, without a slash at its end.
    tries
        After how many failures in a row to give up.
    sleep
        Called with the seconds to wait between two tries.
    tell
        Called with each message to the user.
    """

    def __init__(
        self,
        base_url: str = ZENODO,
        *,
        tries: int = 6,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = tqdm.write,  # print, but above a progress bar
    ) -> None:
        self.base_url = base_url
        self.host = urlsplit(base_url).netloc
        self.tries = tries
        self.tell = tell
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(
        self,
        path: str,
        what: str,
        *,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (200,),
        stream: bool = False,
    ) -> requests.Response:
        """Ask for one address until the server answers.

        Parameters
        ----------
        path
            The part of the address after the base URL, with a leading slash.
        what
            What it is, for messages.
        headers
            Further request headers.
        accept
            HTTP status codes of the answers to return.
        stream
            If true the body is left to be read, and the caller closes the answer.

        Returns
        -------
        requests.Response
            An answer with one of the accepted status codes.

        Raises
        ------
        FetchError
            If the server answers with another status code, asks for too long a pause, or is busy
            or out of reach each time.
        """
        failure = 0
        while True:
            failure += 1
            asked = None
            try:
                response = self._session.get(
                    self.base_url + path,
                    headers=headers,
                    stream=stream,
                    timeout=CONNECT_AND_READ_SECONDS,
                )
            except requests.RequestException as error:
                reason = f"{self.host} cannot be reached ({type(error).__name__})"
            else:
                if response.status_code in accept:
                    return response
                response.close()
                status = response.status_code
                if status not in BUSY:
                    raise FetchError(
                        f"{self.host} answers {_name(status)} when asked for {what}: "
                        f"{REMEDY.get(status, 'try again later')}."
                    )
                reason = f"{self.host} answers {_name(status)}"
                asked = retry_after_seconds(
                    response.headers.get("Retry-After"), datetime.now(tz=UTC)
                )
            self.pause(failure, reason, asked)

    def pause(self, failure: int, reason: str, asked: float | None = None) -> None:
        """Tell the user what failed and wait before the next try.

        Parameters
        ----------
        failure
            How many tries have failed in a row, from 1.
        reason
            What failed.
        asked
            Seconds that the server asks to wait. Without it the pause doubles at each failure,
            up to a minute, less a random part so that a class does not come back all at once.

        Raises
        ------
        FetchError
            Instead of waiting, if this failure is the last that is allowed or the pause asked for
            is too long.
        """
        resumes = "what is downloaded is kept, and the next run resumes there"
        if failure >= self.tries:
            raise FetchError(f"{reason}, {failure} times in a row: run it again later; {resumes}.")
        if asked is not None and asked > LONGEST_ASKED_PAUSE:
            raise FetchError(
                f"{reason} and asks to wait {asked / 60:.0f} minutes: run it again then; {resumes}."
            )
        if asked is None:
            spread = 0.5 + 0.5 * random.random()  # noqa: S311 (nothing secret about a pause)
            asked = min(LONGEST_PAUSE, 2.0**failure) * spread
        self.tell(
            f"{reason}: waiting {asked:.0f} s, then trying again ({failure} of {self.tries})."
        )
        self._sleep(asked)


def _name(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
