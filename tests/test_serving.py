import threading
import urllib.error
import urllib.request

import pytest

from bigimg_lessons.serving import FolderServer, HttpRequest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "hundred.bin").write_bytes(bytes(range(100)))
    (tmp_path / "secret.txt").write_text("not served")
    return tmp_path / "site"


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return answer.status, answer.read()


def test_whole_file(folder):
    with FolderServer(folder) as server:
        assert fetch(f"{server.url}/hundred.bin") == (200, bytes(range(100)))
        assert server.take() == (HttpRequest("GET", "/hundred.bin", 200, 0, 100),)
        assert server.take() == ()


def test_range_of_bytes(folder):
    with FolderServer(folder) as server:
        assert fetch(f"{server.url}/hundred.bin", Range="bytes=10-19") == (
            206,
            bytes(range(10, 20)),
        )
        assert fetch(f"{server.url}/hundred.bin", Range="bytes=-5") == (206, bytes(range(95, 100)))
        assert server.take() == (
            HttpRequest("GET", "/hundred.bin", 206, 10, 10),
            HttpRequest("GET", "/hundred.bin", 206, 95, 5),
        )


def test_head_sends_no_bytes(folder):
    with FolderServer(folder) as server:
        request = urllib.request.Request(f"{server.url}/hundred.bin", method="HEAD")  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.headers["Content-Length"] == "100"
        assert server.take() == (HttpRequest("HEAD", "/hundred.bin", 200, 0, 0),)


@pytest.mark.parametrize("path", ["gone.bin", "../secret.txt", "%2e%2e/secret.txt"])
def test_what_is_not_in_the_folder_is_not_there(folder, path):
    with FolderServer(folder) as server:
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(f"{server.url}/{path}")
        error.value.close()
        assert error.value.code in (403, 404)
        assert server.take()[0].bytes_sent == 0


def test_range_beyond_the_end(folder):
    with FolderServer(folder) as server:
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(f"{server.url}/hundred.bin", Range="bytes=500-600")
        error.value.close()
        assert error.value.code == 416
        assert server.take() == (HttpRequest("GET", "/hundred.bin", 416, 0, 0),)


def test_is_gone_after_the_block(folder):
    with FolderServer(folder) as server:
        url = server.url
    with pytest.raises(urllib.error.URLError):
        fetch(f"{url}/hundred.bin")
    assert not any(thread.name == "folder-server" for thread in threading.enumerate())


def test_listens_on_this_machine_only(folder):
    with FolderServer(folder) as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"no folder .*gone.* existing folder"):
        FolderServer(tmp_path / "gone")
