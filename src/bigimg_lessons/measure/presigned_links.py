"""Presigned links for the object store on this computer, which moto alone does not check.

A presigned link is the address of an object with a signature in its query: whoever has the link
may do one thing with one object for some time. The rules are those of Amazon's Signature Version 4
(https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).

moto 5.2, once it checks keys, looks for them in the headers only. So a link that is right is handed
on with the headers that the owner of the key would have sent, and any other is refused here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALGORITHM = "AWS4-HMAC-SHA256"
_PAYLOAD = "UNSIGNED-PAYLOAD"
_TIME = "%Y%m%dT%H%M%SZ"
_REFUSAL = b"<Error><Code>AccessDenied</Code></Error>"


class PresignedLinks:
    """A WSGI application that lets presigned links through to another one.

    Parameters
    ----------
    application
        Answers the requests, and checks the signatures in their headers.
    public, secret
        The pair of access keys that links are signed with.
    """

    def __init__(self, application: Application, *, public: str, secret: str) -> None:
        self._application = application
        self._public, self._secret = public, secret

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request; a link that is wrong or too old with status 403."""
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        if "X-Amz-Signature" not in query:
            return self._application(environ, start_response)
        if not self._admits(environ, query):
            length = str(len(_REFUSAL))
            start_response("403 Forbidden", [("Content-Length", length)])
            return [_REFUSAL]
        return self._application({**environ, **self._headers(environ, query)}, start_response)

    def _admits(self, environ: Mapping[str, Any], query: Mapping[str, str]) -> bool:
        """Tell whether a link is signed with the secret key, and not yet too old."""
        stated = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
        try:
            public, scope = query["X-Amz-Credential"].split("/", 1)
            signed_at = datetime.strptime(query["X-Amz-Date"], _TIME).replace(tzinfo=UTC)
            ends = signed_at + timedelta(seconds=int(query["X-Amz-Expires"]))
            region = scope.split("/")[1]
        except (KeyError, ValueError, IndexError):
            return False
        host = {"host": environ["HTTP_HOST"]}
        expected = self._signature(environ, stated, host, query["X-Amz-Date"], region)
        right = hmac.compare_digest(expected.encode(), query["X-Amz-Signature"].encode())
        return right and public == self._public and datetime.now(UTC) < ends

    def _headers(self, environ: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, str]:
        """Return what makes of a link the request that the owner of the key would have sent."""
        time, scope = query["X-Amz-Date"], query["X-Amz-Credential"].split("/", 1)[1]
        rest = {name: value for name, value in query.items() if not name.startswith("X-Amz-")}
        headers = {
            "host": environ["HTTP_HOST"],
            "x-amz-content-sha256": _PAYLOAD,
            "x-amz-date": time,
        }
        signature = self._signature(environ, rest, headers, time, scope.split("/")[1])
        return {
            "QUERY_STRING": _canonical(rest),
            "HTTP_X_AMZ_CONTENT_SHA256": _PAYLOAD,
            "HTTP_X_AMZ_DATE": time,
            "HTTP_AUTHORIZATION": f"{_ALGORITHM} Credential={self._public}/{scope}, "
            f"SignedHeaders={';'.join(headers)}, Signature={signature}",
        }

    def _signature(
        self,
        environ: Mapping[str, Any],
        query: Mapping[str, str],
        headers: Mapping[str, str],
        time: str,
        region: str,
    ) -> str:
        """Sign a request; names of headers are in lower case and in alphabetical order."""
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/-_.~")
        lines = [f"{name}:{value}" for name, value in headers.items()]
        request = "\n".join(
            [
                environ["REQUEST_METHOD"],
                path,
                _canonical(query),
                *lines,
                "",
                ";".join(headers),
                _PAYLOAD,
            ]
        )
        scope = f"{time[:8]}/{region}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{self._secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join([_ALGORITHM, time, scope, digest])
        return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical(query: Mapping[str, str]) -> str:
    """Write a query as it is signed: sorted, and with all but a few characters escaped."""
    escaped = ((quote(name, safe="-_.~"), quote(query[name], safe="-_.~")) for name in query)
    return "&".join(f"{name}={value}" for name, value in sorted(escaped))
