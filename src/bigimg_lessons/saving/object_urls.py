"""URLs of places in object stores, and what else it takes to reach them; but no keys.

A key that stood in a URL or in an option would soon stand in a notebook, a log and a history of
shells. So keys are taken from the environment only, and are refused anywhere else, with a sentence
that does not repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import Any, Self
from urllib.parse import urlsplit

SCHEMES: Mapping[str, str] = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one)",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, the path of the file with the key",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""How URLs of object stores begin, and the environment variables in which their keys stand."""

# At least two letters: C:\ is a drive.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_FLATTENED = re.compile(rf"({'|'.join(SCHEMES)}):[\\/]")
_SECRET = re.compile(r"key|secret|token|passw|credential|signature|sas", re.IGNORECASE)
_OF_S3 = ("endpoint", "region", "path_style")


def is_url(target: object) -> bool:
    r"""Tell whether a target is a URL, such as ``s3://bucket/name``, and no path on this computer.

    Parameters
    ----------
    target
        What the user gave. ``C:\name`` and ``C://name`` are paths.

    Raises
    ------
    TypeError
        If a URL was made a ``Path``, which makes one slash of two.

    Examples
    --------
    >>> is_url("s3://bucket/name.ome.zarr"), is_url("C://name.ome.zarr"), is_url("s3/name")
    (True, False, False)
    """
    if isinstance(target, PurePath):
        if _FLATTENED.match(str(target)):
            raise TypeError(
                f"The target is the path {str(target)!r}, which was a URL: give a URL as text, as "
                "a Path makes one slash of two."
            )
        return False
    return isinstance(target, str) and _URL.match(target) is not None


def parsed(url: str) -> tuple[str, str, str]:
    """Take the URL of a place in a bucket apart.

    Parameters
    ----------
    url
        Such as ``s3://bucket/folder/name.ome.zarr``; a slash at its end is left out.

    Returns
    -------
    scheme, bucket, prefix : str
        The last with the keys of all its objects begin, before a slash.

    Raises
    ------
    ValueError
        If it is none, is of another kind, holds a key, or has no name within the bucket.

    Examples
    --------
    >>> parsed("s3://bucket/folder/name.ome.zarr/")
    ('s3', 'bucket', 'folder/name.ome.zarr')
    """
    match = _URL.fullmatch(url)
    scheme, rest = (match[1].lower(), match[2]) if match else ("", "")
    if scheme not in SCHEMES:
        raise ValueError(_of_another_kind(scheme, url))
    bucket, _, prefix = rest.partition("/")
    if "@" in bucket or ":" in bucket or "?" in rest:
        raise ValueError(
            f"The URL that begins with {scheme}:// holds a user, a key, a port or a question mark, "
            f"which it must not: give '{scheme}://bucket/name'. Keys belong into the environment, "
            f"in {SCHEMES[scheme]}; a server's address into storage_options, as 'endpoint'."
        )
    prefix = prefix.rstrip("/")
    names = prefix.split("/")
    if not bucket or not prefix or any(name in ("", ".", "..") for name in names):
        raise ValueError(
            f"The URL is {url!r}: give a bucket and a name in it, with single slashes and without "
            f"'.' or '..', such as '{scheme}://bucket/folder/name.ome.zarr'."
        )
    return scheme, bucket, prefix


def _of_another_kind(scheme: str, url: str) -> str:
    known = ", ".join(f"'{known}://'" for known in SCHEMES)
    if scheme == "file":
        path = _URL.sub(r"\2", url)
        return f"The target is a URL of a file: give the path itself, such as {path!r}."
    if scheme in ("http", "https"):
        return (
            f"The target is an address of the web, {scheme}://…, to which nothing can be written: "
            f"give the URL of a place in an object store, which begins with {known}. A server of "
            "your own that speaks S3 is given as 'endpoint' in storage_options."
        )
    return f"The target begins with {scheme + '://'!r}: give a path, or a URL that begins {known}."


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """How an object store is reached.

    Parameters
    ----------
    endpoint
        Address of a server that speaks S3, such as ``https://s3.example.org``; by default that of
        the cloud.
    region
        Region of the bucket.
    path_style
        Whether the bucket stands in the path of the address, rather than in its host name; by
        default it does.
    allow_http
        Whether the endpoint may begin with ``http://``: all travels openly then.
    timeout, connect_timeout
        Seconds for one request, and for reaching the server.
    max_retries, retry_timeout
        How often one request is repeated if the server or the network fails, and for how many
        seconds.
    """

    endpoint: str | None = None
    region: str | None = None
    path_style: bool = True
    allow_http: bool = False
    timeout: float = 60.0
    connect_timeout: float = 3.0
    max_retries: int = 10
    retry_timeout: float = 60.0

    @classmethod
    def checked(cls, options: Mapping[str, Any] | None, *, scheme: str) -> Self:
        """Check what the user gave as ``storage_options``.

        Parameters
        ----------
        options
            By name; None for none.
        scheme
            How the URL begins.

        Raises
        ------
        ValueError
            If one is not known, does not fit, or is named like a key.
        """
        known = [field.name for field in fields(cls)]
        for name, value in (options or {}).items():
            if name not in known and _SECRET.search(str(name)):
                raise ValueError(
                    f"storage_options hold {name!r}, but keys are taken from the environment only, "
                    "so that they stand in no notebook and no log: take it out, and set the "
                    f"environment variables {SCHEMES[scheme]}."
                )
            if name not in known:
                raise ValueError(
                    f"storage_options hold {name!r}, which is not known: give "
                    f"{', '.join(map(repr, known))}, or none."
                )
            if name in _OF_S3 and scheme != "s3":
                raise ValueError(
                    f"storage_options hold {name!r}, but the target begins with '{scheme}://': "
                    "leave it out, as it is of 's3://'."
                )
            _check(name, value)
        chosen = cls(**(options or {}))
        if (chosen.endpoint or "").startswith("http://") and not chosen.allow_http:
            raise ValueError(
                f"The endpoint is {chosen.endpoint!r}, over which all travels openly: give one "
                "that begins with 'https://', or add allow_http=True if the line is safe."
            )
        return chosen


def _check(name: str, value: Any) -> None:
    """Refuse a value of an option that does not fit."""
    kind = {"endpoint": str, "region": str, "path_style": bool, "allow_http": bool}.get(name)
    if kind is not None:
        fits = isinstance(value, kind)
        wanted = "True or False" if kind is bool else "a text"
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
        wanted = "a number above zero"
        if name == "max_retries":
            fits, wanted = type(value) is int and value >= 0, "a whole number, 0 or more"
    if not fits:
        raise ValueError(f"storage_options say that {name} is {value!r}: give {wanted}.")
    if name == "endpoint":
        parts = urlsplit(value)
        if "@" in parts.netloc or parts.query:
            raise ValueError(
                "The endpoint in storage_options holds a user or a key: give the address alone, "
                "such as 'https://s3.example.org', and keys in the environment."
            )
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(
                f"The endpoint in storage_options is {value!r}: give an address, such as "
                "'https://s3.example.org'."
            )
