"""Presigned links of the object store on this computer: what they open, and what they do not."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import obstore
import pytest
from obstore.store import S3Store

from bigimg_lessons.measure.object_server import ObjectServer

KEY = "image é/0/c/1 2+3"


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as running:
        obstore.put(bucket(running), KEY, b"some voxels")
        running.take()
        yield running


def bucket(server: ObjectServer, **other: str) -> S3Store:
    with patch.dict(os.environ, {**server.environment, **other}):
        return S3Store(
            server.bucket,
            endpoint=server.url,
            region=server.region,
            client_options={"allow_http": True},
        )


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def link(store: S3Store, lasts: timedelta = timedelta(minutes=5)) -> str:
    return obstore.sign(store, "GET", KEY, lasts)


def test_a_link_opens_its_object_without_a_key(server: ObjectServer) -> None:
    url = link(bucket(server))
    assert fetch(url) == (200, b"some voxels")
    assert fetch(url, Range="bytes=5-") == (206, b"voxels")
    assert [request.status for request in server.take()] == [200, 206]


def test_it_opens_no_other_object_and_lasts_no_longer_than_it_says(server: ObjectServer) -> None:
    url = link(bucket(server))
    assert fetch(url.replace("/0/c/", "/1/c/"))[0] == 403
    assert fetch(url.replace("X-Amz-Expires=300", "X-Amz-Expires=999999"))[0] == 403
    assert fetch(url[:-1] + ("0" if url[-1] != "0" else "1"))[0] == 403
    assert fetch(url.replace("X-Amz-Date=2", "X-Amz-Date=x"))[0] == 403
    assert fetch(url.split("?")[0])[0] == 403
    assert fetch(link(bucket(server), timedelta(seconds=0)))[0] == 403


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_link_signed_with_another_key_opens_nothing(server: ObjectServer, name: str) -> None:
    assert fetch(link(bucket(server, **{name: "another"})))[0] == 403
