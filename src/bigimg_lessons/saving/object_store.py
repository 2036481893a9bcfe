"""A place in an object store: its objects are listed, read, written and removed, with patience.

All goes through ``obstore``, which repeats what fails in passing: answers of 500 and more, cut
connections, timeouts. What fails for good is said in a sentence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from bigimg_lessons.saving.object_urls import SCHEMES, StoreOptions, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from obstore.store import ObjectStore

Answer = TypeVar("Answer")

PART_BYTES = 8 * 2**20
"""Objects of more than twice as many bytes travel in parts of so many."""

_PARTS_AT_ONCE = 2
_TRIES = 5
_LISTED_AT_ONCE = 1000

# What obstore 0.12.1 does not repeat by itself: an answer of 404, say, that was cut in its text.
_CUT = "body error"

# Before anything is read: what cannot be reached is told within ten seconds.
_HASTE: Mapping[str, Any] = {"timeout": 4.0, "retry_timeout": 4.0, "max_retries": 6}

# Any of them tells where keys are to be had; without them obstore would ask the network.
_KEYS_OF_S3 = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
)


class NoObjectError(FileNotFoundError):
    """There is no object of that name in the bucket."""


class Stored(NamedTuple):
    """An object as the store lists it, or answered when it was written.

    Parameters
    ----------
    name
        Its key, below that of the place.
    size
        Its bytes.
    tag
        The store's own mark of what it holds (ETag); empty if it gives none.
    """

    name: str
    size: int
    tag: str


@dataclass(frozen=True)
class ObjectPlace:
    """All objects whose keys begin alike: what a folder is among files.

    It holds no connection, so it can be sent to other processes: each opens the store for itself,
    with the keys of its own environment.

    Parameters
    ----------
    url
        Such as ``s3://bucket/folder/name.ome.zarr``.
    options
        How the store is reached.
    """

    url: str
    options: StoreOptions

    @classmethod
    def of(cls, url: str, storage_options: Mapping[str, Any] | None = None) -> ObjectPlace:
        """Check a URL, its options, and that there are keys; without a request.

        Raises
        ------
        ValueError
            If the URL or an option does not fit, or holds a key.
        PermissionError
            If the environment has no key.
        ModuleNotFoundError
            If ``obstore`` is not installed.
        """
        scheme, bucket, prefix = parsed(url)
        options = StoreOptions.checked(storage_options, scheme=scheme)
        place = cls(f"{scheme}://{bucket}/{prefix}", options)
        place.check_key()
        return place

    def check_key(self) -> None:
        """Check that this process has what reaches the store; without a request.

        Raises
        ------
        PermissionError
            If the environment has no key.
        ModuleNotFoundError
            If ``obstore`` is not installed.
        """
        scheme = parsed(self.url)[0]
        if scheme == "s3" and not any(os.environ.get(name) for name in _KEYS_OF_S3):
            raise PermissionError(
                f"{self.url!r} cannot be written, as there is no key in the environment: set the "
                f"environment variables {SCHEMES[scheme]}."
            )
        try:
            import obstore  # noqa: F401
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "Writing to an object store needs 'obstore', which is not installed: install "
                'bigimg-lessons with its extra "remote", in a copy of the repository for example '
                'with pip install ".[remote]".',
                name="obstore",
            ) from error

    @property
    def hasty(self) -> ObjectPlace:
        """The same place, whose requests give up within ten seconds."""
        fewer = {name: min(value, getattr(self.options, name)) for name, value in _HASTE.items()}
        return replace(self, options=replace(self.options, **fewer))

    @property
    def name(self) -> str:
        """The last part of its URL."""
        return self.url.rpartition("/")[2]

    def list(self) -> Iterator[Stored]:
        """Yield all objects of the place, as the store lists them, in the order of their keys."""
        import obstore

        _, _, prefix = parsed(self.url)
        last: str | None = None
        with self._failures_told():
            for left in reversed(range(_TRIES)):
                pages = obstore.list(self._store, prefix, offset=last, chunk_size=_LISTED_AT_ONCE)
                try:
                    for page in pages:
                        for found in page:
                            last = found["path"]
                            name = last[len(prefix) + 1 :]
                            yield Stored(name, found["size"], found["e_tag"] or "")
                except obstore.exceptions.BaseError as error:
                    if not left or _CUT not in str(error):
                        raise
                else:
                    return

    def get(self, name: str) -> bytes | None:
        """Return an object's bytes, or None if there is none of that name."""
        import obstore

        try:
            with self._failures_told():
                return self._patiently(
                    lambda: bytes(obstore.get(self._store, self._key(name)).bytes())
                )
        except NoObjectError:
            return None

    def put(self, name: str, data: Any) -> Stored:
        """Write an object, which appears whole, or replaces the one of that name whole.

        Parameters
        ----------
        name
            Its key, below that of the place.
        data
            Bytes, or one buffer of them.
        """
        import obstore

        size = memoryview(data).nbytes
        is_long = size > 2 * PART_BYTES
        with self._failures_told():
            answer = self._patiently(
                lambda: obstore.put(
                    self._store,
                    self._key(name),
                    data,
                    use_multipart=is_long,
                    chunk_size=PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                ),
                # The answer to the end of the parts was lost, and to the next try it is that there
                # are no such parts.
                again=("NoSuchUpload",),
            )
        return Stored(name, size, answer["e_tag"] or "")

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects, up to a thousand with one request."""
        import obstore

        left = map(self._key, names)
        with self._failures_told():
            while some := [*islice(left, _LISTED_AT_ONCE)]:
                self._patiently(partial(obstore.delete, self._store, some))

    def check_writing(self, name: str) -> None:
        """Check that the key may write here, by an object that does not stay.

        It is removed before it is written, too: a key that may not remove it leaves nothing.

        Parameters
        ----------
        name
            Of an object that is not there.

        Raises
        ------
        OSError
            If it cannot be written, or not be removed.
        """
        place = self.hasty
        place.delete([name])
        place.put(name, b"")
        place.delete([name])

    def _patiently(self, send: Callable[[], Answer], again: tuple[str, ...] = ()) -> Answer:
        """Send a request, and once more if its answer was cut, or says one of these words."""
        from obstore.exceptions import BaseError

        for _ in range(_TRIES - 1):
            try:
                return send()
            except (BaseError, FileNotFoundError) as error:
                if not any(words in str(error) for words in (_CUT, *again)):
                    raise
        return send()

    @property
    def _store(self) -> ObjectStore:
        return _opened(self.url, self.options, _environment())

    def _key(self, name: str) -> str:
        return f"{parsed(self.url)[2]}/{name}"

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Raise what the store, or the way to it, fails with as OSError, in a sentence."""
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" not in str(error):
                raise NoObjectError(f"{self.url!r} has no such object.") from error
            raise _told(self, str(error)) from error
        except (BaseError, PermissionError) as error:
            raise _told(self, str(error)) from error


@dataclass(frozen=True)
class StoreObjects:
    """Objects of a place in a store, one request for each; see :class:`.objects.Objects`.

    An object is held in memory until it is complete.

    Parameters
    ----------
    place
        Where they go.
    folder
        What their keys begin with there.
    wrote
        Called with each object that the store has taken, and with its key in the folder as `name`.
    """

    place: ObjectPlace
    folder: str
    wrote: Callable[[Stored], object]

    @contextmanager
    def create(self, key: str) -> Iterator[BytesIO]:
        """Create an object; see :class:`bigimg_lessons.saving.objects.Objects`."""
        held = BytesIO()
        yield held
        with held.getbuffer() as data:
            stored = self.place.put(f"{self.folder}/{key}", data)
        self.wrote(stored._replace(name=key))


def _environment() -> tuple[int, int]:
    """Return what an open store depends on: its process, and the keys, of which a hash will do."""
    names = [name for name in os.environ if name.startswith(("AWS_", "GOOGLE_", "AZURE_"))]
    return os.getpid(), hash(tuple(os.environ[name] for name in sorted(names)))


@lru_cache(maxsize=16)
def _opened(url: str, options: StoreOptions, environment: tuple[int, int]) -> ObjectStore:
    """Open a bucket, once in each process, and anew if another key was set."""
    from obstore.store import from_url

    scheme, bucket, _ = parsed(url)
    config: dict[str, Any] = {}
    if scheme == "s3":
        config["virtual_hosted_style_request"] = not options.path_style
        config |= {"endpoint": options.endpoint} if options.endpoint else {}
        config |= {"region": options.region} if options.region else {}
    return from_url(
        f"{scheme}://{bucket}",
        client_options={
            "timeout": timedelta(seconds=options.timeout),
            "connect_timeout": timedelta(seconds=options.connect_timeout),
            "allow_http": options.allow_http,
        },
        retry_config={
            "max_retries": options.max_retries,
            "retry_timeout": timedelta(seconds=options.retry_timeout),
            "backoff": {
                # Soon for one that failed in passing, and long if it goes on: the next pause is by
                # chance between the first and `base` times the last.
                "init_backoff": timedelta(milliseconds=20),
                "max_backoff": timedelta(seconds=2),
                "base": 4,
            },
        },
        **config,
    )


def _told(place: ObjectPlace, stated: str) -> OSError:
    """Say what a failure of the store means, and what to do."""
    scheme, bucket, _ = parsed(place.url)
    at = f" at {place.options.endpoint}" if place.options.endpoint else ""
    code = re.search(r"<Code>(\w+)</Code>", stated)
    reason = code[1] if code else stated.partition("\n")[0].strip()
    kind: type[OSError] = OSError
    what = "the object store failed: try again later"
    if "NoSuchBucket" in stated or "ContainerNotFound" in stated:
        kind, what = FileNotFoundError, f"there is no bucket {bucket!r}{at}: create it first"
    elif re.search(r"40[13] (Forbidden|Unauthorized)|privileges|credentials|AccessDenied", stated):
        kind = PermissionError
        what = (
            f"the object store{at} does not accept the key for this: check {SCHEMES[scheme]} in "
            "the environment, and what that key may do in this bucket"
        )
    elif "builder error" in stated:
        what = "the server's address begins with http://: add allow_http=True to storage_options"
    elif re.search(r"error sending request|timed out|timeout|connect", stated):
        kind = ConnectionError
        what = (
            f"the object store{at} cannot be reached: check the endpoint in storage_options, "
            "whether the server runs, and the network"
        )
    return kind(
        f"{place.url!r} could not be reached or written; {what}. The reason given is: {reason}"
    )
