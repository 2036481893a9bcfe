"""Pyramids in an object store: right, whole or nothing that opens, and gone on with.

The store is moto's, which checks keys; what it holds is read by zarr and tensorstore.
"""

import json
import pickle
import socket
import time

import dask.array as da
import numpy as np
import pytest
import zarr
from zarr.codecs import GzipCodec

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats import object_zarr
from bigimg_lessons.measure.object_server import ObjectServer
from bigimg_lessons.saving import object_journal
from bigimg_lessons.saving.object_store import ObjectPlace, StoreObjects
from tests import object_kills
from tests.bdv_files import pixels
from tests.object_server import Bucket, attributes, digests, keys

SHARDS = {"chunk_shape": (8, 16, 16), "shard_shape": (16, 32, 32)}
CHUNKS = {"chunk_shape": (8, 16, 16)}
JOURNAL = object_journal.FOLDER


@pytest.fixture(scope="module")
def server():
    with ObjectServer() as running, keys(running):
        yield running


@pytest.fixture
def bucket(server):
    server.fail(0)
    server.take()
    return Bucket(server)


@pytest.fixture
def build(server, request):
    prefix = f"{request.node.name.replace('[', '/').strip(']')}/image.ome.zarr"

    def write(image, **options):
        options = {"progress": False, "voxel_size": (2, 1, 1), "unit": "µm", **CHUNKS, **options}
        url = f"s3://lesson/{prefix}"
        assert build_pyramid(image, url, storage_options=server.storage_options, **options) == url

    write.prefix = prefix
    return write


def local(image, folder, **options):
    options = {"progress": False, "voxel_size": (2, 1, 1), "unit": "µm", **CHUNKS, **options}
    return zarr.open_group(build_pyramid(image, folder / "image.ome.zarr", **options), mode="r")


def puts(server, part="/c/"):
    return [
        r.path for r in server.take() if r.method == "PUT" and r.status == 200 and part in r.path
    ]


IMAGES = {
    "uint8": ("uint8", {}),
    "uint16": ("uint16", {}),
    "float32": ("float32", {}),
    "labels": ("uint32", {"downsampling": "mode"}),
}


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("shards", [False, True], ids=["chunks", "shards"])
def test_voxels_and_metadata_are_those_of_the_local_engine(build, bucket, tmp_path, kind, shards):
    dtype, options = IMAGES[kind]
    options = {**options, **(SHARDS if shards else {})}
    image = pixels((2, 20, 50, 40), dtype)
    image[:, :8, :32, :32] = 0  # chunks that are left out
    build(image, **options)
    group, expected = bucket.group(build.prefix), local(image, tmp_path, **options)
    assert digests(group) == digests(expected)
    assert attributes(group) == attributes(expected)
    names = bucket.names(build.prefix)
    assert not [name for name in names if name.startswith(JOURNAL)]
    files = {path.relative_to(tmp_path / "image.ome.zarr").as_posix()
             for path in (tmp_path / "image.ome.zarr").rglob("*") if path.is_file()}  # fmt: skip
    assert set(names) == files
    np.testing.assert_array_equal(bucket.level(build.prefix, 0), image)


@pytest.mark.parametrize("version", ["0.4", "0.6"])
def test_other_versions(build, bucket, tmp_path, version):
    image = pixels((20, 70, 60), "uint16")
    options = {"file_format": f"ome-zarr-{version}"}
    build(image, **options)
    group, expected = bucket.group(build.prefix), local(image, tmp_path, **options)
    assert digests(group) == digests(expected)
    assert attributes(group) == attributes(expected)
    zarr_format = 2 if version == "0.4" else 3
    second = bucket.level(build.prefix, 1, zarr_format=zarr_format)
    np.testing.assert_array_equal(second, expected["1"][...])


@pytest.mark.parametrize("shards", [False, True], ids=["chunks", "shards"])
def test_a_codec_that_zarr_python_encodes(build, bucket, tmp_path, shards):
    image = pixels((20, 70, 60), "uint16")
    options = {"codec": GzipCodec(level=1), **(SHARDS if shards else {})}
    build(image, **options)
    assert digests(bucket.group(build.prefix)) == digests(local(image, tmp_path, **options))


def test_the_metadata_of_the_image_go_last(build, server, bucket):
    build(pixels((20, 70, 60), "uint16"))
    sent = [r.path.partition(".ome.zarr/")[2] for r in server.take() if r.method == "PUT"]
    assert sent[0] == f"{JOURNAL}request.json"
    levels = [name for name in sent if "/c/" not in name and not name.startswith(JOURNAL)]
    assert levels == [f"{number}/zarr.json" for number in range(len(levels) - 1)] + ["zarr.json"]
    assert sent[-len(levels) :] == levels
    build_04 = {"file_format": "ome-zarr-0.4", "overwrite": True}
    build(pixels((20, 70, 60), "uint16"), **build_04)
    sent = [r.path.partition(".ome.zarr/")[2] for r in server.take() if r.method == "PUT"]
    assert sent[-2:] == [".zgroup", ".zattrs"]


def test_a_large_object_travels_in_parts(build, server, bucket, monkeypatch, tmp_path):
    monkeypatch.setattr("bigimg_lessons.saving.object_store.PART_BYTES", 5 * 2**20)
    image = np.random.default_rng(0).integers(0, 255, (32, 640, 640), "uint8")
    options = {"chunk_shape": (32, 64, 64), "shard_shape": (32, 640, 640), "max_levels": 1}
    build(image, **options)
    assert any(r.method == "POST" and "uploads" in r.query for r in server.take())
    np.testing.assert_array_equal(bucket.group(build.prefix)["0"][...], image)


@pytest.mark.parametrize("options", [CHUNKS, SHARDS], ids=["chunks", "shards"])
def test_one_request_in_five_fails_and_the_result_is_right(
    build, server, bucket, tmp_path, options
):
    image = pixels((32, 128, 128), "uint16")  # 1 MiB
    server.fail(0.2)
    build(image, **options)
    faults = {request.fault for request in server.take() if request.fault}
    assert faults >= {"503", "cut before", "half a body", "answer lost"}
    # Reading through faults, too: whoever reads tries again.
    assert digests(bucket.group(build.prefix)) == digests(local(image, tmp_path, **options))
    server.fail(0)


class Failing:
    """An image that cannot be read beyond some blocks, and counts what is read."""

    def __init__(self, image, after=10**9):
        self.image, self.after, self.read = image, after, []
        self.shape, self.dtype, self.chunks = image.shape, image.dtype, (8, 16, 16)

    def __getitem__(self, where):
        if len(self.read) >= self.after:
            raise OSError("the microscope is gone")
        self.read.append(where)
        return self.image[where]


SMALL = {"memory_limit": 3 * 2**20}  # a few blocks


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 2**14)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("options", [CHUNKS, SHARDS], ids=["chunks", "shards"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_a_second_run_goes_on_where_the_first_ended(
    build, server, bucket, tmp_path, options, dtype
):
    image = pixels((32, 128, 128), dtype)
    image[:8] = 0
    fails = Failing(image, after=20)
    with pytest.raises(OSError, match="the microscope is gone") as caught:
        build(fails, **options)
    assert "resume=True goes on with it" in str(caught.value.__notes__)
    first = puts(server)
    assert first
    assert not bucket.is_image(build.prefix)
    kept = bucket.names(build.prefix)
    with pytest.raises(zarr.errors.GroupNotFoundError):
        bucket.group(build.prefix)
    with pytest.raises(FileExistsError, match="not completed: pass resume=True to go on"):
        build(image, **options)

    whole = Failing(image)
    build(whole, resume=True, **options)
    second = puts(server)
    read = [where for where in whole.read if str(where) not in set(map(str, fails.read))]
    assert len(read) == len({str(where) for where in read})  # each but once
    assert not set(first) & set(second)
    now = bucket.names(build.prefix)
    assert all(now[name] == tag for name, tag in kept.items() if not name.startswith(JOURNAL))
    assert not [name for name in now if name.startswith(JOURNAL)]
    group, expected = bucket.group(build.prefix), local(image, tmp_path, **options)
    assert digests(group) == digests(expected)
    assert attributes(group) == attributes(expected)  # the window of grey values, of both runs
    with pytest.raises(FileExistsError, match="is complete: there is nothing to resume"):
        build(image, resume=True, **options)


@pytest.mark.usefixtures("small_blocks")
def test_what_is_missing_or_was_changed_is_written_again(build, server, bucket, tmp_path):
    """A chunk of each level: of level 0 and 2 it is missing, of level 1 it is another."""
    image = pixels((32, 128, 128), "uint16")
    image[8:16, :16, :16] = 0

    def stop(*_):
        raise OSError("stopped at the end")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_journal.Journal, "verify", stop)
        with pytest.raises(OSError, match="stopped at the end"):
            build(image)
    changed = ["0/c/0/1/1", "2/c/0/0/1"]
    for name in changed:
        bucket.delete(f"{build.prefix}/{name}")
    bucket.put(f"{build.prefix}/1/c/1/1/1", b"not what was written")
    bucket.put(f"{build.prefix}/0/c/1/0/0", b"in a place of zeros")
    server.take()
    source = Failing(image)
    build(source, resume=True)
    assert sorted(path.partition(".ome.zarr/")[2] for path in puts(server)) == [
        "0/c/0/1/1", "1/c/1/1/1", "2/c/0/0/1",
    ]  # fmt: skip
    # Below the chunk of level 2 lie 64 of level 0, of which some cover no voxel.
    read = sum(np.prod([part.stop - part.start for part in where]) for where in source.read)
    assert read < image.size
    assert digests(bucket.group(build.prefix)) == digests(local(image, tmp_path))
    assert "0/c/1/0/0" not in bucket.names(build.prefix)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("missing", "again"),
    [
        ([], 0),
        (["0/c/1/2/3"], 1),
        (["0/c/1/2/3", "0/c/0/0/0"], 2),
        (["1/c/0/1/1"], 4),  # level 1 is half as long in y and x
        (["1/c/0/1/1", "0/c/0/3/3"], 4),
        (["2/c/0/0/0"], 32),
    ],
    ids=["none", "one", "two", "of-level-1", "and-one-below", "of-the-last-level"],
)
def test_read_again_is_what_lies_below_something_missing(build, bucket, tmp_path, missing, again):
    """In shards of 16 x 32 x 32, of which level 0 has 32, and three to see whether it is the same.

    A mean of means would be rounded twice, so a coarse shard is made from the image.
    """
    image = pixels((32, 128, 128), "uint16")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_journal.Journal, "verify", lambda _: denied())
        with pytest.raises(PermissionError):
            build(image, **SHARDS, max_levels=3)
    for name in missing:
        bucket.delete(f"{build.prefix}/{name}")
    source = Failing(image)
    build(source, **SHARDS, max_levels=3, resume=True)
    shapes = {tuple(part.stop - part.start for part in where) for where in source.read}
    assert shapes == {(16, 32, 32)}
    assert len(source.read) == 3 + again
    group = bucket.group(build.prefix)
    assert digests(group) == digests(local(image, tmp_path, **SHARDS, max_levels=3))


def denied():
    raise PermissionError("may not go on")


@pytest.mark.usefixtures("small_blocks")
def test_another_image_or_request_is_not_gone_on_with(build, server, bucket):
    image = pixels((32, 128, 128), "uint16")
    with pytest.raises(OSError, match="gone"):
        build(Failing(image, after=20))
    before = bucket.names(build.prefix)

    def refused(message, image=image, **options):
        with pytest.raises(ValueError, match=message):
            build(image, resume=True, **options)

    refused(r"was begun with another image: at \[.*\] the voxels are others", image + 1)
    refused(r"another request: dtype is 'float32', and was 'uint16'\.", image.astype("float32"))
    refused(r"shape is \[32, 128, 127\], and was \[32, 128, 128\]", image[..., :127])
    refused(r"chunk_shape is \[8, 8, 16\], and was \[8, 16, 16\]", chunk_shape=(8, 8, 16))
    refused("downsampling is 'stride', and was 'mean'", downsampling="stride")
    refused("codec is None, and was {", codec=None)
    refused("file_format is 'ome-zarr-0.6', and was", file_format="ome-zarr-0.6")
    refused("levels is", max_levels=2)
    refused("resume and overwrite are both True", overwrite=True)
    assert bucket.names(build.prefix) == before
    assert [path for path in puts(server, part="") if "/tried-" not in path][-1].endswith(".json")
    build(image, overwrite=True)
    np.testing.assert_array_equal(bucket.group(build.prefix)["0"][...], image)


def test_resuming_where_nothing_is_begins(build, bucket):
    image = pixels((20, 70, 60), "uint8")
    build(image, resume=True)
    np.testing.assert_array_equal(bucket.group(build.prefix)["0"][...], image)


def test_an_image_is_replaced_only_if_told_and_nothing_else_is_there(build, server, bucket):
    old, new = pixels((20, 70, 60), "uint8"), pixels((9, 40, 40), "uint16")
    build(old)
    names = bucket.names(build.prefix)
    with pytest.raises(FileExistsError, match="exists already: choose another name, or pass over"):
        build(new)
    bucket.put(f"{build.prefix}/notes.txt", b"mine")
    with pytest.raises(FileExistsError, match=r"holds, besides its pyramid, 'notes\.txt'"):
        build(new, overwrite=True)
    bucket.delete(f"{build.prefix}/notes.txt")
    assert bucket.names(build.prefix) == names
    server.take()
    build(new, overwrite=True, file_format="ome-zarr-0.4")
    removed = [r for r in server.take() if r.method in ("DELETE", "POST", "PUT")]
    assert removed[0].method != "PUT"
    np.testing.assert_array_equal(bucket.group(build.prefix)["0"][...], new)
    assert "zarr.json" not in bucket.names(build.prefix)
    # A neighbour whose name begins alike is no part of it.
    bucket.put(f"{build.prefix}2/zarr.json", b"{}")
    build(old, overwrite=True)
    assert bucket.get(f"{build.prefix}2/zarr.json") == b"{}"


@pytest.mark.parametrize("kind", ["zarr", "dask", "dask-subset"])
def test_an_image_does_not_overwrite_itself(build, bucket, kind):
    """It would be read from what was removed, which Zarr takes for zeros."""
    image = pixels((20, 70, 60), "uint8")
    build(image)
    source = bucket.group(build.prefix)["0"]
    if kind != "zarr":
        source = da.from_zarr(source)
    if kind.endswith("subset"):
        source = (source[2:] + 1).rechunk((6, 30, 30))
    before = bucket.names(build.prefix)
    with pytest.raises(
        ValueError, match=r"is read from 's3://lesson/.*', which overwrite=True rem"
    ):
        build(source, overwrite=True)
    assert bucket.names(build.prefix) == before
    # Into a neighbour it may go, also one whose name begins alike.
    other = f"s3://lesson/{build.prefix}.zarr"
    options = {"progress": False, "voxel_size": (2, 1, 1), "unit": "µm", "overwrite": True}
    storage = bucket.server.storage_options
    for _ in range(2):
        build_pyramid(source, other, storage_options=storage, **options)
    voxels = bucket.group(f"{build.prefix}.zarr")["0"][...]
    np.testing.assert_array_equal(voxels, np.asarray(source))


def test_strange_objects_are_left_alone(build, bucket):
    bucket.put(f"{build.prefix}/table.csv", b"1,2")
    for options in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(FileExistsError, match=r"exists already|nothing to resume|no OME-Zarr"):
            build(pixels((9, 40, 40), "uint16"), **options)
    assert list(bucket.names(build.prefix)) == ["table.csv"]


def test_a_stranger_among_the_chunks_is_told_before_the_image_opens(build, bucket, monkeypatch):
    """As a second program that writes there at the same time would leave it."""
    flush = object_journal.Journal.flush

    def and_intrude(journal):
        flush(journal)
        bucket.put(f"{build.prefix}/0/c/0/0/0", b"of another")

    monkeypatch.setattr(object_journal.Journal, "flush", and_intrude)
    with pytest.raises(OSError, match=r"'0/c/0/0/0' is not what was written there\. Make sure"):
        build(pixels((20, 70, 60), "uint8"))
    assert not bucket.is_image(build.prefix)


def test_killed_again_and_again_it_comes_to_the_right_end(server, bucket, build, tmp_path):
    """Kills at two moments of one image, each followed by a run that goes on with it."""
    image = object_kills.image()
    np.save(tmp_path / "image.npy", image)
    sent = []
    for after in (50, 100, None):
        url = f"s3://lesson/{build.prefix}"
        sent.append(object_kills.run(server, tmp_path / "image.npy", url, kill_after=after))
        assert bucket.is_image(build.prefix) == (after is None)
    total = len([name for name in bucket.names(build.prefix) if "/c/" in name])
    assert 0 < len(sent[2]) <= total - 50
    assert sum(map(len, sent)) < total * 1.5
    group, expected = bucket.group(build.prefix), local(image, tmp_path)
    assert digests(group) == digests(expected)
    assert attributes(group) == attributes(expected)


def test_a_server_that_goes_away_ends_the_build_in_a_sentence(tmp_path, monkeypatch):
    image = pixels((32, 128, 128), "uint16")
    with ObjectServer() as server, keys(server):
        source, options = Failing(image), {**server.storage_options, "max_retries": 2}

        def die(where, read=source.__getitem__):
            if not source.read:
                server._end()
            return read(where)

        monkeypatch.setattr(Failing, "__getitem__", lambda _, where: die(where))
        begun = time.monotonic()
        with pytest.raises(ConnectionError, match="cannot be reached: check the endpoint"):
            build_pyramid(
                source, "s3://lesson/image.ome.zarr", storage_options=options, progress=False,
                voxel_size=(1, 1, 1), unit="µm",
            )  # fmt: skip
        assert time.monotonic() - begun < 240  # no hang


class Unread:
    """An image that must not be read."""

    shape, dtype = (64, 64, 64), np.dtype("uint8")

    def __getitem__(self, where):
        raise AssertionError("it was read")


def refused(kind, message, **options):
    begun = time.monotonic()
    with pytest.raises(kind, match=message) as caught:
        build_pyramid(
            Unread(), options.pop("url", "s3://lesson/no/image.ome.zarr"), progress=False,
            voxel_size=(1, 1, 1), unit="µm", storage_options=options,
        )  # fmt: skip
    assert time.monotonic() - begun < 240  # no hang; some seconds where nothing else runs
    return str(caught.value)


def test_what_cannot_be_reached_is_told_before_anything_is_read(server, bucket, monkeypatch):
    options = server.storage_options
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, and says nothing
        free = f"http://127.0.0.1:{mute.getsockname()[1]}"
        refused(
            ConnectionError,
            "cannot be reached: check the endpoint",
            **{**options, "endpoint": free},
        )
    refused(ConnectionError, "whether the server runs", **{**options, "endpoint": free})
    refused(
        ConnectionError, "and the network", **{**options, "endpoint": "http://no-such-host.invalid"}
    )
    text = refused(
        FileNotFoundError, "there is no bucket 'nowhere'", **options, url="s3://nowhere/a.zarr"
    )
    assert "NoSuchBucket" in text
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    text = refused(PermissionError, "does not accept the key for this: check AWS_ACC", **options)
    assert "SignatureDoesNotMatch" in text
    assert "not-the-secret" not in text
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFNOBODY")
    refused(PermissionError, "InvalidAccessKeyId", **options)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    refused(PermissionError, "there is no key in the environment: set .*AWS_ACCESS_KEY", **options)
    assert [r for r in server.take() if r.method == "PUT"] == []


def test_a_key_that_may_not_write_is_told_before_anything_is_read(server, bucket):
    """Of a new image what it is to be is noted first, and the image is read after that."""
    with bucket.denied("s3:PutObject"):
        server.take()
        refused(PermissionError, "may do in this bucket", **server.storage_options)
        assert [r.status for r in server.take() if r.method == "PUT"] == [403]
    assert bucket.names("no") == {}


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject"])
@pytest.mark.parametrize("way", ["resume", "overwrite"])
def test_a_key_that_may_not_write_or_remove_reads_and_removes_nothing(
    build, server, bucket, action, way
):
    """Of what an earlier run has left, or of an image that is to be replaced."""
    image = pixels((32, 128, 128), "uint16")
    if way == "resume":
        with pytest.raises(OSError, match="gone"):
            build(Failing(image, after=0))
    else:
        build(image)
    before, source = bucket.names(build.prefix), Failing(image)
    with bucket.denied(action):
        server.take()
        with pytest.raises(PermissionError, match="may do in this bucket"):
            build(source, **{way: True})
        denied = [r.method for r in server.take() if r.method in ("PUT", "POST")]
    assert denied == (["POST", "PUT"] if action == "s3:PutObject" else ["POST"])
    assert source.read == []
    assert bucket.names(build.prefix) == before
    build(image, **{way: True})
    assert not [name for name in bucket.names(build.prefix) if name.startswith(JOURNAL)]


def test_what_a_killed_process_has_tried_is_in_nobodys_way(build, bucket):
    image = pixels((20, 70, 60), "uint8")
    bucket.put(f"{build.prefix}/{JOURNAL}tried-0", b"")
    with pytest.raises(OSError, match="gone"):
        build(Failing(image, after=0))
    build(image, resume=True)
    assert not [name for name in bucket.names(build.prefix) if name.startswith(JOURNAL)]


def test_a_place_travels_to_other_processes(server, bucket):
    place = ObjectPlace.of("s3://lesson/travel", server.storage_options)
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301
    stored = []
    with StoreObjects(pickle.loads(pickle.dumps(place)), "0", stored.append).create("c/0") as file:  # noqa: S301
        file.write(b"abc")
        assert bucket.names("travel") == {}
    assert [(each.name, each.size) for each in stored] == [("c/0", 3)]
    assert bucket.names("travel") == {"0/c/0": stored[0].tag}

    def fail():
        with StoreObjects(place, "0", stored.append).create("c/1") as file:
            file.write(b"abc")
            raise OSError("half")

    with pytest.raises(OSError, match="half"):
        fail()
    assert list(bucket.names("travel")) == ["0/c/0"]


def test_an_answer_that_was_cut_is_asked_for_again(server, bucket):
    """Also that there is no such object, which obstore 0.12.1 takes for an error if it is cut."""
    place = ObjectPlace.of("s3://lesson/cut", server.storage_options)
    for number in range(5):
        bucket.put(f"cut/{number}", b"here")
    server.fail(0.3)
    assert [place.get(f"missing/{number}") for number in range(30)] == [None] * 30
    for _ in range(10):
        assert [found.name for found in place.list()] == ["0", "1", "2", "3", "4"]
    for number in range(5):
        place.delete([str(number), "missing"])
    server.fail(0)
    assert "half a body" in {request.fault for request in server.take()}
    assert bucket.names("cut") == {}


def test_a_journal_says_to_people_what_it_is(build, bucket):
    with pytest.raises(OSError, match="gone"):
        build(Failing(pixels((20, 70, 60), "uint8"), after=0))
    text = json.loads(bucket.get(f"{build.prefix}/{JOURNAL}request.json"))
    assert "resume=True" in text["about"]
    assert text["request"]["shape"] == [20, 70, 60]
    assert "secret" not in json.dumps(text).lower()


def test_memory_is_planned_for_what_is_sent(server):
    """One shard for each thread more than for a folder."""
    place = ObjectPlace.of("s3://lesson/a.zarr", server.storage_options)
    target = object_zarr._ObjectZarr(None, "0.5", (64, 64, 64), "default", place, False)
    layout = object_zarr.ArrayLayout("ZYX", np.dtype("uint16"), (16,) * 3, (64,) * 3, None, 3)
    shard = 64**3 * 2
    assert target._sent_bytes(layout, (128,) * 3, (128,) * 3) == 2 * shard
    layout = object_zarr.ArrayLayout("ZYX", np.dtype("uint16"), (64,) * 3, None, None, 3)
    assert target._sent_bytes(layout, (128,) * 3, (128,) * 3) == 8 * 2 * shard
    assert target._sent_bytes(layout, (128,) * 3, (64,) * 3) == 2 * shard
