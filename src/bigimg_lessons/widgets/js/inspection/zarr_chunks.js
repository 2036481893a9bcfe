// Voxels of a Zarr array, version 2 or 3, with shards: a region of it, from the chunks that it
// touches. Only what labels are made of is unpacked: numbers, through the common codecs.

import { product } from "../costs/grid.js";
import { TYPES, chunkName } from "../kit/zarr/array.js";
import { unpack } from "../kit/zarr/fetching.js";
import { unpackBlosc } from "./blosc.js";
import { crc32c } from "./checksums.js";
import { PackingError, UnknownCodec } from "./codec_errors.js";
import { Real } from "./json_parsing.js";
import { asItems, asNumber, asObject, asText } from "./json_values.js";
import { pathInside } from "./zarr_arrays.js";
import { unpackZstd } from "./zstd.js";

const ARRAYS = { __proto__: null, ...TYPES, int64: BigInt64Array, uint64: BigUint64Array };
const MAX_CHUNK_BYTES = 64 * 2 ** 20;
const MAX_CHUNKS_READ = 10_000;
// Fill values that are no number in JSON, or are not given.
/** @type {[value: any, fill: number][]} */
const FILL_WORDS = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  [true, 1],
  [false, 0],
  [null, 0],
  [undefined, 0],
];
const FILLS = new Map(FILL_WORDS);
const ABSENT = 2n ** 64n - 1n; // the place of a chunk that is not in its shard

/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./zarr_arrays.js").ArrayMetadata} ArrayMetadata */
/** @typedef {InstanceType<typeof TYPES[keyof typeof TYPES]> | BigInt64Array | BigUint64Array} Voxels */
/** @typedef {[start: number, stop: number]} Span */

/**
 * A step of unpacking: bytes, and how many there are once unpacked.
 *
 * @typedef {(bytes: Uint8Array, length: number) => Uint8Array | Promise<Uint8Array>} Unpacker
 */

const inflated = (format) => (bytes, length) => unpack(bytes, { format, length }, "");

/** @type {Record<string, Unpacker>} */
const UNPACKERS = {
  __proto__: null,
  gzip: inflated("gzip"),
  zlib: inflated("deflate"),
  zstd: unpackZstd,
  blosc: unpackBlosc,
};
for (const name of Object.keys(UNPACKERS)) UNPACKERS[`numcodecs.${name}`] = UNPACKERS[name];
const KNOWN = new Set(["transpose", "bytes", "endian", "sharding_indexed", "crc32c"]);
for (const name of Object.keys(UNPACKERS)) KNOWN.add(name);

function checked(bytes) {
  const end = bytes.length - 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end < 0 || view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) {
    throw new PackingError("a checksum differs");
  }
  return bytes.subarray(0, end);
}

/**
 * How the bytes of chunks become values.
 *
 * @typedef {object} Storage
 * @property {number[]} shape of a chunk or shard
 * @property {number[]} order its axes, slowest first, as they are stored
 * @property {boolean} isBig whether the highest byte of a value comes first
 * @property {string[]} packers names of codecs of bytes, in the order of packing
 * @property {Shards | null} shards
 */

/**
 * @typedef {object} Shards
 * @property {Storage} inner how the chunks in a shard are stored
 * @property {boolean} isAtEnd whether the index lies at the end of a shard
 * @property {boolean} isChecked whether the index has a checksum
 */

const nameOf = (stage) => asText(stage) ?? asText(asObject(stage).get("name")) ?? "";
const settingsOf = (stage) => asObject(asObject(stage).get("configuration"));

// A codec by name, or codecs that make no sense in this order.
const refused = (name) =>
  name && !KNOWN.has(name)
    ? new UnknownCodec(name)
    : new PackingError("its codecs make no sense in their order");

/** @returns {Storage} */
function storageOfCodecs(codecs, shape, shards = null) {
  const storage = { shape, order: [...shape.keys()], isBig: false, packers: [], shards };
  let isBytes = false;
  for (const stage of codecs) {
    const name = nameOf(stage);
    const settings = settingsOf(stage);
    if (name === "transpose" && !isBytes) {
      const order = asItems(settings.get("order"));
      if (new Set(order).size !== shape.length || !order.every((axis) => shape[axis])) {
        throw new PackingError("its axes are turned in a way that makes no sense");
      }
      storage.order = order.map((axis) => storage.order[axis]);
    } else if ((name === "bytes" || name === "endian") && !isBytes) {
      isBytes = true;
      storage.isBig = settings.get("endian") === "big";
    } else if (name === "sharding_indexed" && !isBytes && !shards && storage.order.every(isPlace)) {
      isBytes = true;
      storage.shards = shardsOf(settings, shape);
    } else if (isBytes && (name === "crc32c" || name in UNPACKERS)) storage.packers.push(name);
    else throw refused(name);
  }
  if (!isBytes) throw refused("");
  if (storage.shards && storage.packers.length) throw new UnknownCodec(storage.packers[0]);
  return storage;
}

const isPlace = (axis, place) => axis === place;

function shardsOf(settings, shape) {
  const own = asItems(settings.get("chunk_shape")).map(asNumber);
  const index = asItems(settings.get("index_codecs"));
  const [first, ...rest] = index.map(nameOf);
  const isBig = settingsOf(index[0]).get("endian") === "big";
  const isFitting = own.length === shape.length && own.every((n, axis) => shape[axis] % n === 0);
  if (first !== "bytes" || isBig || !["", "crc32c"].includes(rest.join()) || !isFitting) {
    throw new PackingError("its shards make no sense, or their index is packed");
  }
  return {
    inner: storageOfCodecs(asItems(settings.get("codecs")), own),
    isAtEnd: settings.get("index_location") !== "start",
    isChecked: rest.length > 0,
  };
}

/** @returns {Storage} */
function storageOfVersion2(document, shape) {
  const isTurned = document.get("order") === "F";
  const axes = [...shape.keys()];
  const named = asText(asObject(document.get("compressor")).get("id"));
  const [filter] = asItems(document.get("filters"));
  if (filter !== undefined) throw refused(asText(asObject(filter).get("id")));
  if (named !== null && !(named in UNPACKERS)) throw new UnknownCodec(named);
  return {
    shape,
    order: isTurned ? axes.reverse() : axes,
    isBig: String(document.get("dtype")).startsWith(">"),
    packers: named === null ? [] : [named],
    shards: null,
  };
}

/** @returns {number | bigint} the value of chunks that are not stored */
function fillOf(value, Type) {
  const isNumber = ["number", "bigint"].includes(typeof value) || value instanceof Real;
  if (!isNumber && !FILLS.has(value)) throw new PackingError("its fill value is not known");
  const isBig = Type === BigInt64Array || Type === BigUint64Array;
  if (typeof value === "bigint") return isBig ? value : Number(value);
  const number = isNumber ? Number(value) : FILLS.get(value);
  return isBig ? BigInt(Math.trunc(number)) : number;
}

/** An array whose voxels are read as they are asked for. */
export class ZarrVoxels {
  /**
   * Throws an UnknownCodec if it cannot be read here.
   *
   * @param {Place} place
   * @param {string} path of the array in it
   * @param {ArrayMetadata} array
   */
  constructor(place, path, array) {
    const { document, shape, dtype, chunkShape, shardShape } = array;
    this.Type = ARRAYS[dtype];
    if (!this.Type) throw new PackingError(`its voxels are of type ${dtype}`);
    const file = shardShape ?? chunkShape;
    if (!file) throw new PackingError("its chunks are not known");
    this.place = place;
    this.path = path;
    this.shape = shape;
    this.chunkBytes = product(file) * this.Type.BYTES_PER_ELEMENT;
    this.storage =
      array.zarrFormat === 2
        ? storageOfVersion2(document, file)
        : storageOfCodecs(asItems(document.get("codecs")), file);
    this.fill = fillOf(document.get("fill_value"), this.Type);
    this.naming = namingOf(document, array.zarrFormat);
  }

  /**
   * Read a region.
   *
   * @param {Span[]} region
   * @returns {Promise<{ shape: number[], values: Voxels }>} values in C order
   */
  async read(region) {
    const shape = region.map(([start, stop]) => stop - start);
    const values = new this.Type(product(shape)).fill(/** @type {never} */ (this.fill));
    const out = { shape, values };
    const { storage } = this;
    for (const position of positionsIn(region, storage.shape)) {
      const file = pathInside(this.path, chunkName(this.naming, position));
      const begin = position.map((n, axis) => n * storage.shape[axis]);
      if (storage.shards) await this.readShard(file, begin, region, out);
      else {
        const bytes = await this.place.part(file, 0, mostPacked(this.chunkBytes));
        if (bytes) copy(await this.decoded(bytes, storage), storage, begin, region, out);
      }
    }
    return out;
  }

  async readShard(file, begin, region, out) {
    const { shards, shape } = this.storage;
    const perShard = shape.map((n, axis) => n / shards.inner.shape[axis]);
    const size = 16 * product(perShard) + (shards.isChecked ? 4 : 0);
    if (size > MAX_CHUNK_BYTES) throw new PackingError("the index of a shard is too large");
    const stored = await (shards.isAtEnd
      ? this.place.part(file, -size)
      : this.place.part(file, 0, size));
    if (!stored) return;
    if (stored.length !== size) throw new PackingError("a shard is cut short");
    const index = shards.isChecked ? checked(stored) : stored;
    const innerBytes = product(shards.inner.shape) * this.Type.BYTES_PER_ELEMENT;
    const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
    const inside = region.map(([start, stop], axis) => [
      Math.max(0, start - begin[axis]),
      Math.min(shape[axis], stop - begin[axis]),
    ]);
    for (const position of positionsIn(/** @type {Span[]} */ (inside), shards.inner.shape)) {
      const rank = position.reduce((all, n, axis) => all * perShard[axis] + n, 0);
      const [at, length] = [0, 8].map((field) => view.getBigUint64(16 * rank + field, true));
      if (at === ABSENT && length === ABSENT) continue;
      const first = Number(at);
      const end = first + Math.min(Number(length), mostPacked(innerBytes));
      const bytes = await this.place.part(file, first, end);
      const start = position.map((n, axis) => begin[axis] + n * shards.inner.shape[axis]);
      copy(await this.decoded(bytes, shards.inner), shards.inner, start, region, out);
    }
  }

  /** @returns {Promise<Voxels>} the values of a chunk, in the order in which they are stored */
  async decoded(bytes, { shape, packers, isBig }) {
    const itemSize = this.Type.BYTES_PER_ELEMENT;
    const length = product(shape) * itemSize;
    if (length > MAX_CHUNK_BYTES) throw new PackingError("a chunk is too large");
    let content = bytes;
    for (let n = packers.length - 1; n >= 0; n--) {
      const after = packers.slice(0, n).filter((name) => name === "crc32c").length;
      content =
        packers[n] === "crc32c"
          ? checked(content)
          : await UNPACKERS[packers[n]](content, length + 4 * after);
    }
    if (content.length !== length) throw new PackingError("a chunk has another size");
    const own = content.slice();
    if (isBig && itemSize > 1) {
      for (let at = 0; at < length; at += itemSize) own.subarray(at, at + itemSize).reverse();
    }
    return new this.Type(own.buffer);
  }
}

// What cannot be compressed grows by little; a longer file is none of a chunk.
const mostPacked = (length) => 2 * length + 2 ** 16;

// How the files of chunks are named.
function namingOf(document, zarrFormat) {
  if (zarrFormat === 2) {
    return { prefix: [], separator: asText(document.get("dimension_separator")) ?? "." };
  }
  const encoding = document.get("chunk_key_encoding");
  const isOld = nameOf(encoding) === "v2";
  const separator = asText(settingsOf(encoding).get("separator")) ?? (isOld ? "." : "/");
  return { prefix: isOld ? [] : ["c"], separator };
}

/** Positions of the chunks that a region touches, the last axis fastest. */
function positionsIn(region, chunk) {
  const firsts = region.map(([start], axis) => Math.floor(start / chunk[axis]));
  const counts = region.map(([, stop], axis) =>
    Math.max(0, Math.ceil(stop / chunk[axis]) - firsts[axis]),
  );
  if (product(counts) > MAX_CHUNKS_READ) throw new PackingError("there are too many chunks");
  return counts.reduce(
    (positions, count, axis) => {
      const along = Array.from({ length: count }, (_, n) => firsts[axis] + n);
      return positions.flatMap((position) => along.map((n) => [...position, n]));
    },
    [/** @type {number[]} */ ([])],
  );
}

// Copy what a chunk, which begins at `begin`, has of a region.
function copy(values, { shape, order }, begin, region, out) {
  const strides = Array(shape.length).fill(1);
  order.reduceRight((stride, axis) => {
    strides[axis] = stride;
    return stride * shape[axis];
  }, 1);
  const spans = region.map(([start, stop], axis) => [
    Math.max(start, begin[axis]),
    Math.min(stop, begin[axis] + shape[axis]),
  ]);
  const along = (axis, from, to) => {
    const [start, stop] = spans[axis];
    for (let at = start; at < stop; at++) {
      const source = from + (at - begin[axis]) * strides[axis];
      const target = to * out.shape[axis] + at - region[axis][0];
      if (axis + 1 === shape.length) out.values[target] = values[source];
      else along(axis + 1, source, target);
    }
  };
  along(0, 0, 0);
}
