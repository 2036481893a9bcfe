"""What zarr really asked of a store, counted where it is read.

A :class:`StoreMeter` stands between zarr and a store, where each request is one that would go
to the server of an object store. A :class:`~bigimg_lessons.measure.network.Link` slows it down.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
import weakref
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

from bigimg_lessons.measure.network import Link
from bigimg_lessons.measure.store_requests import StoreRequest, StoreRequests

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype


class _Tally:
    """The requests of a meter, which all stores that zarr derives from it write to."""

    def __init__(self, link: Link | None) -> None:
        self.token = uuid.uuid4().hex
        self.link = link
        self._lock = threading.Lock()
        self._requests: list[StoreRequest] = []
        _TALLIES[self.token] = self

    async def record(self, request: StoreRequest, sent: float) -> None:
        """Note a request that was sent at `sent`, and return when its answer has arrived."""
        self._note(request)
        if self.link is not None:
            await self.link.wait_async(request.size, since=sent)

    def record_sync(self, request: StoreRequest, sent: float) -> None:
        """Do as `record`, and let the thread wait."""
        self._note(request)
        if self.link is not None:
            self.link.wait(request.size, since=sent)

    def _note(self, request: StoreRequest) -> None:
        with self._lock:
            self._requests.append(request)

    def take(self) -> StoreRequests:
        """Return the requests and forget them."""
        with self._lock:
            taken = StoreRequests(tuple(self._requests))
            self._requests = []
        return taken


# By token, so that a pickled meter finds its tally again. Weak, as for the meters of files.
_TALLIES: weakref.WeakValueDictionary[str, _Tally] = weakref.WeakValueDictionary()


class StoreMeter(Store):
    """Counts every request that zarr makes to a store.

    Use it in place of the store. Stores that zarr derives from it (other modes, copies, pickled
    ones that come back in the same process, as dask makes them) count to the same meter.

    It reads only: writing is refused with zarr's own message, and ``zarr.open_group``, whose
    default is to write, needs ``mode="r"``.

    What zarr merges is counted merged: since zarr-python 3.3 chunks of a shard that lie close to
    each other are asked for in one request, and their gaps travel too (`zarr_reader` tells how
    the zarr of this process reads). A store that merges ranges, or sums up sizes, in a way of its
    own is asked in zarr's default way instead, which is the way of all stores of zarr-python but
    for ``ObjectStore.getsize_prefix``.

    The pipeline of the package zarrs knows no meter: behind one it gives way, without a word, to
    zarr's own pipeline (zarrs 0.2.3). What is counted is then what zarr-python asks for, not
    what a program with zarrs asks for.

    Zarr's own ``zarr.storage.LoggingStore`` counts calls but no bytes, and logs and inspects the
    stack at each of them (zarr-python 3.1.6 and 3.4.2).

    Parameters
    ----------
    store
        The store to read, such as ``zarr.storage.LocalStore("image.zarr")``.
    link
        Slows every request down; ``None`` reads at full speed.

    Raises
    ------
    TypeError
        If `store` is no zarr store.

    Examples
    --------
    >>> import numpy as np
    >>> import zarr
    >>> from zarr.storage import MemoryStore
    >>> store = MemoryStore()
    >>> _ = zarr.create_array(store, data=np.arange(100), chunks=(10,), compressors=None)
    >>> meter = StoreMeter(store)
    >>> array = zarr.open_array(meter)
    >>> _ = meter.take()  # the metadata
    >>> array[12:15]
    array([12, 13, 14])
    >>> meter.take()
    StoreRequests(requests=(StoreRequest(key='c/1', offset=0, size=80, kind='get'),))
    """

    # A plain `Store`, no `WrapperStore`: what zarr adds to `Store` it derives from methods that
    # all stores have (`get_ranges` from `get`), and so it is counted; a `WrapperStore` hands
    # what it does not know to the wrapped store, past the meter.

    def __init__(self, store: Store, *, link: Link | None = None) -> None:
        if not isinstance(store, Store):
            raise TypeError(
                f"Got {store!r} to count requests to: give a zarr store, such as "
                "zarr.storage.LocalStore(path)."
            )
        super().__init__(read_only=True)
        self._store = store if store.read_only else store.with_read_only(True)
        self._tally = _Tally(link)

    def take(self) -> StoreRequests:
        """Return what was asked since the last call, and start again from zero."""
        return self._tally.take()

    @property
    def link(self) -> Link | None:
        """What slows the requests down."""
        return self._tally.link

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoreMeter) and self._store == other._store

    def __repr__(self) -> str:
        return f"StoreMeter({self._store!r}, link={self.link!r})"

    def __str__(self) -> str:
        return f"metered-{self._store}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _store_meter, (self._store, self._tally.token)

    async def _open(self) -> None:
        await self._store._ensure_open()
        await super()._open()

    async def _ensure_open(self) -> None:
        # Not through `_open`, which complains where two requests open the store at once.
        await self._store._ensure_open()
        self._is_open = True

    def close(self) -> None:
        """Close the store and what it wraps."""
        self._store.close()
        super().close()

    def with_read_only(self, read_only: bool = False) -> StoreMeter:
        """Return a meter like this one, which counts with it; it must stay read-only."""
        if not read_only:
            raise ValueError(
                "A metered store can only be read: write through the store that it was made of."
            )
        derived = StoreMeter(self._store)
        derived._tally = self._tally
        return derived

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a value, or the part of it that `byte_range` states."""
        sent = time.perf_counter()
        value = await self._store.get(key, prototype, byte_range)
        await self._tally.record(_got(key, value, byte_range), sent)
        return value

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Read several parts at once; each is a request."""
        return await asyncio.gather(
            *(self.get(key, prototype, byte_range) for key, byte_range in key_ranges)
        )

    @property
    def _supports_sync_io(self) -> bool:
        # What zarr since 3.3 asks of a store before it calls `get_sync`.
        offered = (hasattr(self._store, f"{verb}_sync") for verb in ("get", "set", "delete"))
        return all(offered) and getattr(self._store, "_supports_sync_io", True)

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Read as `get` does, in the thread that asks; for stores that can do that.

        Zarr does so with its ``FusedCodecPipeline``, which one must choose (zarr-python 3.4.2).
        """
        if not self._supports_sync_io:
            raise TypeError(
                f"{self._store!r} cannot be read synchronously: read it with `get`, or give the "
                "meter a store that can, such as zarr.storage.LocalStore(path)."
            )
        sent = time.perf_counter()
        value: Buffer | None = self._store.get_sync(  # type: ignore[attr-defined]
            key, prototype=prototype, byte_range=byte_range
        )
        self._tally.record_sync(_got(key, value, byte_range), sent)
        return value

    async def exists(self, key: str) -> bool:
        """Return whether the store has a value."""
        sent = time.perf_counter()
        found = await self._store.exists(key)
        await self._tally.record(StoreRequest(key, 0, 0, "head"), sent)
        return found

    async def getsize(self, key: str) -> int:
        """Return the size of a value in bytes."""
        sent = time.perf_counter()
        size = await self._store.getsize(key)
        await self._tally.record(StoreRequest(key, 0, 0, "head"), sent)
        return size

    async def is_empty(self, prefix: str) -> bool:
        """Return whether no key begins with `prefix`; this is one request."""
        sent = time.perf_counter()
        empty = await self._store.is_empty(prefix)
        await self._tally.record(StoreRequest(prefix, 0, 0, "list"), sent)
        return empty

    @property
    def supports_listing(self) -> bool:
        """Whether the store can list its keys."""
        return self._store.supports_listing

    def list(self) -> AsyncIterator[str]:
        """List all keys; one request, however many there are."""
        return self._listed("", self._store.list())

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List all keys that begin with `prefix`; one request, however many there are."""
        return self._listed(prefix, self._store.list_prefix(prefix))

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List keys and folders right below `prefix`; one request, however many there are."""
        return self._listed(prefix, self._store.list_dir(prefix))

    async def _listed(self, prefix: str, names: AsyncIterator[str]) -> AsyncIterator[str]:
        await self._tally.record(StoreRequest(prefix, 0, 0, "list"), time.perf_counter())
        async for name in names:
            yield name

    @property
    def supports_consolidated_metadata(self) -> bool:
        """Whether zarr may keep the metadata of a group's members in one place."""
        return self._store.supports_consolidated_metadata

    @property
    def supports_writes(self) -> bool:
        """Whether the store itself can be written; through a meter it cannot."""
        return self._store.supports_writes

    @property
    def supports_deletes(self) -> bool:
        """Whether values of the store itself can be deleted; through a meter they cannot."""
        return self._store.supports_deletes

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse to write."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Refuse to delete."""
        self._check_writable()

    def set_sync(self, key: str, value: Buffer) -> None:
        """Refuse to write."""
        self._check_writable()

    def delete_sync(self, key: str) -> None:
        """Refuse to delete."""
        self._check_writable()


def _got(key: str, value: Buffer | None, byte_range: ByteRequest | None) -> StoreRequest:
    """Return what was asked for, and how much came."""
    match byte_range:
        case RangeByteRequest(start=offset) | OffsetByteRequest(offset=offset):
            pass
        case SuffixByteRequest(suffix=suffix):
            offset = -suffix
        case _:
            offset = 0
    return StoreRequest(key, offset, 0 if value is None else len(value))


def _store_meter(store: Store, token: str) -> StoreMeter:
    """Create a pickled meter again."""
    meter = StoreMeter(store)
    tally = _TALLIES.get(token)
    if tally is None:
        raise RuntimeError(
            "A StoreMeter counts only in its own process and while it lives: keep it in a "
            "variable, and let dask compute with threads, not with processes."
        )
    meter._tally = tally
    return meter
