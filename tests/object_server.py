"""An object store for tests, and an image in it read by other means than the project's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import obstore
import pytest
import tensorstore
import zarr
from obstore.store import S3Store
from zarr.storage import ObjectStore

from bigimg_lessons.measure.object_server import ObjectServer

BUCKET = "lesson"


@contextmanager
def keys(server: ObjectServer) -> Iterator[None]:
    """Set the server's key in the environment, for a ``with`` block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield


class Bucket:
    """The bucket of a server, looked at with obstore, zarr and tensorstore.

    Parameters
    ----------
    server
        Which runs, with its key in the environment.
    """

    def __init__(self, server: ObjectServer) -> None:
        self.server = server
        self.store = self._opened("")

    def _opened(self, prefix: str) -> S3Store:
        return S3Store(
            BUCKET,
            prefix=prefix or None,
            endpoint=self.server.url,
            region=self.server.region,
            client_options={"allow_http": True},
        )

    def names(self, prefix: str) -> dict[str, str | None]:
        """Return the ETag of each object below a prefix, by its name there."""
        found = obstore.list(self.store, prefix).collect()
        return {meta["path"].removeprefix(f"{prefix}/"): meta["e_tag"] for meta in found}

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        obstore.put(self.store, key, data)

    def get(self, key: str) -> bytes:
        """Read an object."""
        return bytes(obstore.get(self.store, key).bytes())

    def delete(self, key: str) -> None:
        """Remove an object."""
        obstore.delete(self.store, key)

    @contextmanager
    def denied(self, action: str) -> Iterator[None]:
        """Let the key do all but one action, such as ``s3:PutObject``, in a ``with`` block."""
        session = boto3.Session()  # of its own: the default one keeps the key of an earlier server
        client = session.client("s3", endpoint_url=self.server.url, region_name=self.server.region)
        place = {"Principal": "*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
        statement = {"Effect": "Deny", "Action": action, **place}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
        try:
            yield
        finally:
            client.delete_bucket_policy(Bucket=BUCKET)

    def group(self, prefix: str) -> zarr.Group:
        """Open an image with zarr-python."""
        return zarr.open_group(ObjectStore(self._opened(prefix), read_only=True), mode="r")

    def is_image(self, prefix: str) -> bool:
        """Tell whether there is anything that a reader of OME-Zarr takes for an image."""
        names = self.names(prefix)
        return bool({"zarr.json", ".zattrs", ".zmetadata"} & set(names))

    def level(self, prefix: str, number: int, *, zarr_format: int = 3) -> npt.NDArray[Any]:
        """Read a level with tensorstore, from the objects themselves."""
        whole = f"{prefix}/{number}"
        held = {f"{whole}/{name}": self.get(f"{whole}/{name}") for name in self.names(whole)}
        context = tensorstore.Context()
        memory = tensorstore.KvStore.open({"driver": "memory"}, context=context).result()
        for key, data in held.items():
            memory[key] = data
        spec = {
            "driver": "zarr3" if zarr_format == 3 else "zarr",
            "kvstore": {"driver": "memory", "path": f"{whole}/"},
        }
        array = tensorstore.open(spec, context=context, open=True).result()
        return np.asarray(array.read().result())


def digests(group: zarr.Group) -> list[str]:
    """Return the SHA-256 of the decoded voxels of all levels."""
    arrays = [group[name] for name in sorted(group.array_keys(), key=int)]
    return [
        hashlib.sha256(np.ascontiguousarray(np.asarray(array[...])).tobytes()).hexdigest()
        for array in arrays
        if isinstance(array, zarr.Array)
    ]


def attributes(group: zarr.Group) -> Mapping[str, Any]:
    """Return what the group says, as plain values."""
    plain: dict[str, Any] = json.loads(json.dumps(group.attrs.asdict()))
    return plain
