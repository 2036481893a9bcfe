"""URLs of object stores, their options, and that no key stands in either: nothing is reached."""

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.saving import object_store
from bigimg_lessons.saving.object_store import ObjectPlace
from bigimg_lessons.saving.object_urls import StoreOptions, is_url, parsed

IMAGE = np.zeros((4, 8, 8), "uint8")
SECRET = "wJalrXUtnFEMI"  # noqa: S105


@pytest.fixture(autouse=True)
def no_store(monkeypatch):
    """Fail if a store is opened: all of this is refused before."""
    for name in object_store._KEYS_OF_S3:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")

    def opened(*_):
        raise AssertionError("a store was opened")

    monkeypatch.setattr(object_store, "_opened", opened)


@pytest.mark.parametrize(
    "url", ["s3://b/n.zarr", "S3://b/n.zarr", "gs://b/n", "ftp://b/n", "az://"]
)
def test_urls(url):
    assert is_url(url)


@pytest.mark.parametrize(
    "path",
    [
        "C:\\data\\n.zarr", "C:/data/n.zarr", "c://data/n.zarr", "/data/n.zarr", "n.zarr", "s3/b",
        "s3:b/n.zarr", "\\\\server\\n.zarr", Path("n.zarr"), PureWindowsPath("C:\\n.zarr"), 3, None,
    ],
)  # fmt: skip
def test_paths(path):
    assert not is_url(path)


@pytest.mark.parametrize(
    "path", [PurePosixPath("s3://bucket/n.zarr"), PureWindowsPath("s3://bucket/n.zarr")]
)
def test_a_path_that_was_a_url_is_told(path):
    with pytest.raises(TypeError, match=r"give a URL as text, as a Path makes one slash of two"):
        is_url(path)


def test_a_url_is_taken_apart():
    assert parsed("s3://bucket/a b/é.zarr") == ("s3", "bucket", "a b/é.zarr")
    assert parsed("GS://bucket/n.zarr///") == ("gs", "bucket", "n.zarr")


def refused(message, url="s3://bucket/n.ome.zarr", kind=ValueError, **options):
    with pytest.raises(kind, match=message) as caught:
        build_pyramid(IMAGE, url, progress=False, voxel_size=(1, 1, 1), unit="µm", **options)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_other_urls_are_refused():
    assert "'/data/n.ome.zarr'" in refused("give the path itself", "file:///data/n.ome.zarr")
    refused("to which nothing can be written.*'endpoint'", "https://server/n.ome.zarr")
    refused("to which nothing can be written", "http://server/n.ome.zarr")
    refused(r"begins with 'memory://': give a path, or a URL", "memory://a/n.ome.zarr")
    refused("ends neither in", "s3://bucket")
    for url in ("s3://bucket/a//n.zarr", "s3://bucket/../n.zarr", "s3:///n.zarr"):
        refused("give a bucket and a name in it, with single slashes", url)
    refused("only OME-Zarr is written into object stores", "s3://bucket/n.ome.tif")
    refused("only OME-Zarr is written into object stores", "s3://bucket/n.xml")


def test_a_key_in_a_url_is_refused_and_not_repeated():
    for url in (
        f"s3://AKIA:{SECRET}@bucket/n.ome.zarr",
        f"s3://bucket/n.ome.zarr?X-Amz-Signature={SECRET}&a=.zarr",
    ):
        text = refused("holds a user, a key", url, file_format="ome-zarr-0.5")
        assert "AWS_SECRET_ACCESS_KEY" in text


@pytest.mark.parametrize(
    "name",
    ["key", "secret", "aws_secret_access_key", "access_key_id", "token", "session_token",
     "password", "credentials", "account_key", "sas_token", "AWS_ACCESS_KEY_ID"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("s3://b/n.zarr", "AWS_SECRET_ACCESS_KEY"),
        ("gs://b/n.zarr", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("az://b/n.zarr", "AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_a_key_in_the_options_is_refused_and_not_repeated(name, url, variable):
    text = refused("keys are taken from the environment only", url, storage_options={name: SECRET})
    assert variable in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anon": True}, "'anon', which is not known: give 'endpoint', 'region'"),
        ({"endpoint": 3}, "endpoint is 3: give a text"),
        ({"endpoint": "server:9000"}, "endpoint in storage_options is 'server:9000': give an add"),
        ({"endpoint": f"https://me:{SECRET}@server"}, "holds a user or a key"),
        ({"endpoint": f"https://server?secret={SECRET}"}, "holds a user or a key"),
        ({"endpoint": "http://server:9000"}, "travels openly.*or add allow_http=True"),
        ({"allow_http": 1}, "allow_http is 1: give True or False"),
        ({"path_style": "yes"}, "path_style is 'yes': give True or False"),
        ({"timeout": 0}, "timeout is 0: give a number above zero"),
        ({"timeout": True}, "timeout is True: give a number above zero"),
        ({"connect_timeout": "3s"}, "connect_timeout is '3s': give a number above zero"),
        ({"retry_timeout": float("nan")}, "retry_timeout is nan: give a number above zero"),
        ({"max_retries": 1.5}, "max_retries is 1.5: give a whole number, 0 or more"),
        ({"max_retries": -1}, "max_retries is -1: give a whole number, 0 or more"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    refused(message, storage_options=options)


def test_options_of_s3_are_refused_elsewhere():
    refused("'region', but the target begins with 'gs://'", "gs://b/n.zarr",
            storage_options={"region": "a"})  # fmt: skip


def test_options_that_fit():
    given = {"endpoint": "https://server:9000", "region": "eu", "timeout": 5, "max_retries": 0}
    options = StoreOptions.checked(given, scheme="s3")
    assert (options.endpoint, options.region, options.timeout) == ("https://server:9000", "eu", 5)
    assert StoreOptions.checked(None, scheme="az") == StoreOptions()


def test_a_place_gives_up_sooner_before_anything_is_read():
    place = ObjectPlace.of("s3://b/n.zarr", {"max_retries": 1})
    hasty = place.hasty
    assert (hasty.url, hasty.name, hasty.options.max_retries) == (place.url, "n.zarr", 1)
    # One more request may begin as the time to repeat it ends.
    assert hasty.options.retry_timeout + hasty.options.timeout < 10


def test_what_belongs_to_a_url_is_refused_for_a_path(tmp_path):
    refused("storage_options are given, but the target is a path", tmp_path / "n.zarr",
            storage_options={})  # fmt: skip
    refused("resume is True, but the target is a path", tmp_path / "n.zarr", resume=True)
    assert list(tmp_path.iterdir()) == []


def test_without_a_key_nothing_is_asked_of_the_network(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    refused("no key in the environment: set the environment variables AWS_ACCESS_KEY_ID and",
            kind=PermissionError)  # fmt: skip


def test_without_obstore_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    refused(re.escape('its extra "remote"'), kind=ModuleNotFoundError)
