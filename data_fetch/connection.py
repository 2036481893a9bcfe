"""A polite connection to the server that holds the data.

It says who is asking, waits as long as the server asks for, and gives up in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm

from data_fetch.errors import FetchError
from data_fetch.patience import Manners, Patience, status_name

ZENODO = "https://zenodo.org"

# Zenodo slows down clients that do not say who they are, as those that send the name of their
# HTTP library only: https://github.com/fatiando/pooch/issues/502
USER_AGENT = f"bigimg-lessons/{version('bigimg-lessons')} (teaching material; a few files a day)"

CONNECT_AND_READ_SECONDS = (10, 60)
REMEDY = {
    401: "it is not public",
    403: "access is refused, by the server or by a proxy on the way",
    404: "it was moved or removed",
    410: "it was removed",
}


class Connection:
    """Asks one server for pages and files, again if it is busy or out of reach.

    Parameters
    ----------
    base_url
        Scheme and host of the server, without a slash at its end.
    tries
        Maximum number of failures in a row.
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
        self.tell = tell
        self._manners = Manners(self.host, tries, sleep, tell)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=self.patience()))

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
        patience = self.patience()
        while True:
            try:
                response = self._session.get(
                    self.base_url + path,
                    headers=headers,
                    stream=stream,
                    timeout=CONNECT_AND_READ_SECONDS,
                )
            except requests.RequestException as error:  # such as a body that breaks off
                patience = patience.after(f"{self.host} cannot be reached ({type(error).__name__})")
                continue
            if response.status_code in accept:
                return response
            response.close()
            status = response.status_code
            raise FetchError(
                f"{self.host} answers {status_name(status)} when asked for {what}: "
                f"{REMEDY.get(status, 'try again later')}."
            )

    def patience(self) -> Patience:
        """Return the full number of tries, for what may break off after an answer has begun."""
        return Patience(self._manners)
