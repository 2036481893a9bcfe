// What the metadata of one Zarr array say, version 3 or 2, checked before anything is fetched.

import { formatBytes } from "../text.js";
import { check, quoted } from "./faults.js";

const MAX_CHUNK_BYTES = 64 * 2 ** 20; // unpacked; six may be on their way at once
const MAX_CHUNK_PIXELS = 2 ** 24; // in the plane: the largest canvas of Safari on phones
const MAX_CHUNK_SIDE = 2 ** 14; // pixels; Safari again

export const TYPES = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
// These are looked up by what a file says, which may be "constructor": so they have no prototype.
const V2_KINDS = { __proto__: null, u: "uint", i: "int", f: "float" };
const V2_CODECS = { __proto__: null, gzip: "gzip", zlib: "deflate" };
// Fill values that are no number in JSON. Not Infinity: Infinity, of which a minifier makes {1/0}.
const FILLS = {
  __proto__: null,
  NaN: NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  true: 1,
  false: 0,
};

/**
 * How an array is stored.
 *
 * @typedef {object} Layout
 * @property {number[]} shape of the array
 * @property {number[]} chunk the shape of a chunk
 * @property {keyof typeof TYPES} type
 * @property {number} length bytes of a chunk, once unpacked
 * @property {CompressionFormat | null} format how chunks are packed
 * @property {number} fill the value of chunks that are not stored
 * @property {string[]} prefix what the name of a chunk begins with
 * @property {string} separator between the parts of that name
 */

function wholeNumbers(value, what) {
  const isGood =
    Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0);
  check(isGood, `its ${what} is ${quoted(value)}, not a list of whole numbers above 0`);
  return value;
}

function storageOfVersion3(meta) {
  const { name, configuration } = meta.chunk_key_encoding ?? {};
  const grid = meta.chunk_grid;
  check(grid?.name === "regular", `its chunk grid is ${quoted(grid?.name)}, not “regular”`);
  check(["default", "v2"].includes(name), `its chunks are named by ${quoted(name)}`);
  const codecs = Array.isArray(meta.codecs) ? meta.codecs : [];
  const names = codecs.map((codec) => codec?.name);
  check(
    /^bytes(,gzip)?$/.test(names.join()),
    `its chunks are stored with the codecs ${quoted(names)}: only “bytes” can be read, ` +
      "and “gzip” after it",
  );
  return {
    separator: configuration?.separator ?? (name === "v2" ? "." : "/"),
    prefix: name === "v2" ? [] : ["c"],
    chunk: grid.configuration?.chunk_shape,
    type: meta.data_type,
    isLittle: (codecs[0].configuration?.endian ?? "little") === "little",
    format: names[1] ?? null,
  };
}

function storageOfVersion2(meta) {
  check(meta?.zarr_format === 2, "its metadata are those of no Zarr array");
  const [, order, kind, size] = /^([<>|])(\w)(\d+)$/.exec(meta.dtype) ?? [];
  const sized = V2_KINDS[kind] ? `${V2_KINDS[kind]}${8 * Number(size)}` : meta.dtype;
  const format = V2_CODECS[meta.compressor?.id] ?? null;
  check(
    (!meta.compressor || format) && !meta.filters?.length && meta.order !== "F",
    "its chunks are stored with a codec or an order that cannot be read here",
  );
  return {
    separator: meta.dimension_separator ?? ".",
    prefix: [],
    chunk: meta.chunks,
    type: kind === "b" ? "bool" : sized,
    isLittle: order !== ">",
    format,
  };
}

/**
 * Check the metadata of an array. Only its last two axes are limited to what a page can draw.
 *
 * @param {any} meta of a file zarr.json or .zarray
 * @returns {Layout}
 */
export function arrayLayout(meta) {
  const { isLittle, ...storage } =
    meta?.zarr_format === 3 ? storageOfVersion3(meta) : storageOfVersion2(meta);
  const { type, separator } = storage;
  check(
    typeof type === "string" && Object.hasOwn(TYPES, type),
    `its pixels are of type ${quoted(type)}`,
  );
  const itemSize = TYPES[type].BYTES_PER_ELEMENT;
  check(isLittle || itemSize === 1, "its pixels are big-endian");
  check([".", "/"].includes(separator), `its chunks' separator is ${quoted(separator)}`);
  const shape = wholeNumbers(meta.shape, "shape");
  const chunk = wholeNumbers(storage.chunk, "chunk shape");
  check(
    shape.length > 1 && shape.length < 6 && shape.length === chunk.length,
    `it has ${shape.length} axes and its chunks ${chunk.length}: both need the same two to five`,
  );
  const length = chunk.reduce((all, size) => all * size, itemSize);
  const plane = [-2, -1].map((axis) => Math.min(chunk.at(axis), shape.at(axis)));
  check(
    length <= MAX_CHUNK_BYTES &&
      plane[0] * plane[1] <= MAX_CHUNK_PIXELS &&
      Math.max(...plane) <= MAX_CHUNK_SIDE,
    `its chunks of ${chunk.join(" × ")} are too large for a page, which takes up to ` +
      `${formatBytes(MAX_CHUNK_BYTES)} each, and ${MAX_CHUNK_SIDE} pixels along an axis`,
  );
  const value = meta.fill_value ?? 0;
  const fill = typeof value === "number" ? value : FILLS[value];
  check(fill !== undefined, `its fill value is ${quoted(value)}`);
  return { ...storage, shape, chunk, length, fill };
}

/**
 * The path of a chunk's file inside its array.
 *
 * @param {Pick<Layout, "prefix" | "separator">} layout
 * @param {number[]} position one number for each axis
 */
export const chunkName = ({ prefix, separator }, position) =>
  [...prefix, ...position].join(separator);
