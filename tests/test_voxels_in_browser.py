"""Zarr's chunks as the page unpacks them: the voxels that Python wrote, by all codecs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from numcodecs import (  # type: ignore[import-untyped]
    LZMA,
    Blosc,
    GZip,
    Zlib,
    Zstd,
)
from zarr.codecs import BloscCodec, BytesCodec, GzipCodec, TransposeCodec, ZstdCodec

from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node, NodeError

RNG = np.random.default_rng(19)
SHAPE = (21, 50, 43)
REGION = ((3, 20), (0, 50), (7, 41))


def stack(dtype: str) -> np.ndarray:
    """Voxels that repeat, with runs and noise, so that every part of a codec is used."""
    steps = np.arange(np.prod(SHAPE)).reshape(SHAPE) // 5 % 300
    noise = RNG.integers(0, 9, SHAPE) * (RNG.random(SHAPE) < 0.2)
    found = (steps + noise).astype(dtype)
    found[:4] = 7
    return found


@pytest.fixture(scope="module")
def modules(node: Node) -> Evaluate:
    names = ("zarr_chunks", "zarr_arrays", "zstd", "blosc", "zip_folder", "checksums")
    paths = [JS / "inspection" / f"{name}.js" for name in names]
    paths.append(Path(__file__).parent / "js" / "node_folder.mjs")
    return node.source("voxels", "".join(f'export * from "{path.as_uri()}";\n' for path in paths))


READ = """async ({ path, region }) => {
  const place = nodeFolder(path);
  const { array } = await readZarrNode(place);
  const { shape, values } = await new ZarrVoxels(place, "", array).read(region);
  return { shape, values: Array.from(values, String) };
}"""


def voxels(modules: Evaluate, path: Path) -> np.ndarray:
    found = modules(READ, {"path": str(path), "region": REGION})
    return np.array(found["values"]).reshape(found["shape"])


def expected(image: np.ndarray) -> np.ndarray:
    part = image[tuple(slice(*span) for span in REGION)]
    return np.array([str(value) for value in part.ravel().tolist()]).reshape(part.shape)


SHUFFLES = (Blosc.NOSHUFFLE, Blosc.SHUFFLE, Blosc.BITSHUFFLE)
V2 = {
    "none": None,
    "gzip": GZip(5),
    "zlib": Zlib(1),
    "zstd 1": Zstd(1),
    "zstd 19": Zstd(19),
    **{
        f"blosc {name} {shuffle} {level}": Blosc(name, level, shuffle)
        for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
        for shuffle in SHUFFLES
        for level in (0, 1, 9)
    },
}


@pytest.mark.parametrize("name", V2)
def test_version_2(name, modules, tmp_path):
    image = stack("uint16")
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=(10, 32, 16), dtype="uint16",
        zarr_format=2, compressors=V2[name],
    )  # fmt: skip
    array[...] = image
    assert (voxels(modules, tmp_path / "a") == expected(image)).all()


@pytest.mark.parametrize("dtype", ["uint8", "int8", ">u2", "<i4", ">u4", "int64", ">u8", "uint64"])
@pytest.mark.parametrize("order", "CF")
def test_types_and_orders_of_version_2(dtype, order, modules, tmp_path):
    image = stack(dtype)
    if image.itemsize == 8:
        image[5, 5, 5:20] = np.iinfo(dtype).max
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=(10, 32, 16), dtype=dtype, zarr_format=2, order=order,
        compressors=Blosc("zstd", 5, Blosc.SHUFFLE), fill_value=5,
    )  # fmt: skip
    array[...] = image
    assert (voxels(modules, tmp_path / "a") == expected(image)).all()


V3 = {
    "plain": {"compressors": None},
    "default": {},
    "gzip": {"compressors": GzipCodec(level=5)},
    "zstd with a checksum": {"compressors": ZstdCodec(level=5, checksum=True)},
    "blosc": {"compressors": BloscCodec(cname="lz4", shuffle="bitshuffle")},
    "big": {"serializer": BytesCodec(endian="big")},
    "turned": {"filters": TransposeCodec(order=(2, 0, 1))},
    "shards": {"shards": (20, 64, 48)},
    "shards of gzip": {"shards": (20, 32, 16), "compressors": GzipCodec(level=1)},
    "shards, index first": {"shards": {"shape": (20, 64, 48), "index_location": "start"}},
    "shards, turned": {"shards": (20, 64, 48), "filters": TransposeCodec(order=(1, 2, 0))},
    "names of version 2": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
}


@pytest.mark.parametrize("name", V3)
def test_version_3(name, modules, tmp_path):
    image = stack("int32")
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=(10, 32, 16), dtype="int32", **V3[name]
    )
    array[...] = image
    assert (voxels(modules, tmp_path / "a") == expected(image)).all()


def test_chunks_that_are_not_stored_hold_the_fill_value(modules, tmp_path):
    image = np.full(SHAPE, 2**60, "uint64")
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=(10, 8, 16), shards=(10, 16, 16), dtype="uint64",
        fill_value=2**60,
    )  # fmt: skip
    array[2:5, 3, 9] = image[2:5, 3, 9] = 1
    assert (voxels(modules, tmp_path / "a") == expected(image)).all()


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("fill", [np.nan, np.inf, -np.inf, 0.5])
def test_fractions_and_fill_values_that_are_none(zarr_format, fill, modules, tmp_path):
    image = np.full(SHAPE, fill, "float64")
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=(10, 8, 16), dtype="float64", fill_value=fill,
        zarr_format=zarr_format,
    )  # fmt: skip
    array[2:9, 3, 9] = image[2:9, 3, 9] = 1 / 3
    found = voxels(modules, tmp_path / "a")
    numbers = np.vectorize(lambda text: float(text.replace("Infinity", "inf")))(found)
    np.testing.assert_array_equal(numbers, image[tuple(slice(*span) for span in REGION)])


def test_a_fill_value_that_makes_no_sense_is_refused(modules, tmp_path):
    zarr.create_array(tmp_path / "a", shape=SHAPE, chunks=SHAPE, dtype="uint8")
    document = json.loads((tmp_path / "a" / "zarr.json").read_text())
    (tmp_path / "a" / "zarr.json").write_text(json.dumps(document | {"fill_value": [5]}))
    with pytest.raises(NodeError, match="fill value"):
        voxels(modules, tmp_path / "a")


def test_a_codec_that_is_not_unpacked_is_named(modules, tmp_path):
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, chunks=SHAPE, dtype="uint8", zarr_format=2, compressors=LZMA()
    )
    array[...] = 1
    with pytest.raises(NodeError, match="lzma"):
        voxels(modules, tmp_path / "a")


UNPACK = """async (cases) => {
  const all = [];
  for (const { bytes, length, name } of cases) {
    const packed = Uint8Array.from(Buffer.from(bytes, "hex"));
    const unpack = name === "zstd" ? unpackZstd : unpackBlosc;
    try {
      all.push(Buffer.from(await unpack(packed, length)).toString("hex"));
    } catch (error) {
      all.push(error.constructor.name);
    }
  }
  return all;
}"""


def texts() -> list[bytes]:
    """Bytes of all kinds: none, few, runs, noise, words, and more than a block of Zstandard."""
    words = [b"chunk", b"shard", b"level", b"strip ", b"tile, ", b"\n"]
    prose = b"".join(words[n] for n in RNG.integers(0, len(words), 60_000))
    skewed = RNG.geometric(0.2, 400_000).clip(max=255).astype("uint8").tobytes()
    noise = RNG.integers(0, 256, 70_000, "uint8").tobytes()
    cut = [prose[:n] for n in (1, 2, 15, 100, 255, 256, 1000, 70_000)]
    return [b"", *cut, prose, skewed, noise, bytes(300_000), noise + prose + noise, skewed[:5000]]


def test_bytes_of_zstandard(modules):
    found = [(Zstd(level).encode(text), text) for level in (1, 3, 9, 22) for text in texts()]
    cases = [
        {"name": "zstd", "bytes": bytes(packed).hex(), "length": len(text)}
        for packed, text in found
    ]
    for answer, (_, text) in zip(modules(UNPACK, cases), found, strict=True):
        assert answer == text.hex()


@pytest.mark.parametrize("name", ["zstd", "blosclz", "lz4", "zstd in blosc"])
def test_damaged_bytes_are_refused_or_unpacked_to_as_many(name, modules):
    text = texts()[8] + stack("uint16").tobytes()
    packer = Zstd(3) if name == "zstd" else Blosc(name.split()[0], 5, Blosc.SHUFFLE, typesize=2)
    packed = bytes(packer.encode(text))
    cases = []
    for _ in range(150):
        changed = bytearray(packed)
        for _ in range(RNG.integers(1, 4)):
            changed[RNG.integers(0, len(changed))] = RNG.integers(0, 256)
        if RNG.random() < 0.3:
            changed = changed[: RNG.integers(0, len(changed))]
        kind = "zstd" if name == "zstd" else "blosc"
        cases.append({"name": kind, "bytes": bytes(changed).hex(), "length": len(text)})
    answers = modules(UNPACK, cases)
    refused = [answer for answer in answers if len(answer) < 40]
    assert set(refused) <= {"PackingError", "UnknownCodec", "FetchError"}
    assert len(refused) > 30
    assert {len(answer) for answer in answers if len(answer) >= 40} <= {2 * len(text)}


def test_checksums(modules):
    """Those of "123456789": of the catalogue of CRC algorithms of Greg Cook, and of xxhsum."""
    script = """() => {
      const nine = new TextEncoder().encode("123456789");
      return [crc32(nine), crc32c(nine), String(xxh64(nine)), String(xxh64(new Uint8Array()))];
    }"""
    xxh64 = [str(0x8CB841DB40E6AE83), str(0xEF46DB3751D8E999)]
    assert modules(script) == [0xCBF43926, 0xE3069283, *xxh64]
