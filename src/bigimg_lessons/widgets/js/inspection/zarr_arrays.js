// Arrays of Zarr v2 and v3, described from their metadata alone, as inspection/zarr_arrays.py has
// them and the specifications lay down.

import { product } from "../costs/grid.js";
import { dtypeNamed } from "./dtypes.js";
import { InspectionError, NoImageError } from "./errors.js";
import { asExtents, asItems, asNumber, asObject, asText, parsedObject } from "./json_values.js";
import { pythonRepr, pythonStr } from "./python_text.js";
import { itemSizeOf, makeLevel } from "./report.js";

const PLAIN = new Set(["bytes", "endian", "crc32c"]); // codecs that compress nothing

/** @typedef {import("./json_values.js").JsonObject} JsonObject */
/** @typedef {import("./places.js").Place} Place */

/**
 * What the metadata of an array says.
 *
 * @typedef {object} ArrayMetadata
 * @property {number} zarrFormat 2 or 3
 * @property {number[]} shape
 * @property {number[] | null} chunkShape
 * @property {number[] | null} shardShape
 * @property {string} dtype
 * @property {string[]} codec filters and codecs that change bytes
 * @property {string[]} names of its axes, empty texts for those without
 * @property {JsonObject} document the whole of it
 */

/**
 * A group or an array of Zarr.
 *
 * @typedef {object} ZarrNode
 * @property {JsonObject} attributes what its owner says of it
 * @property {ArrayMetadata | null} array what it is, if it is an array
 */

/** The path of something in a folder, whose own path may be empty. */
export const pathInside = (folder, name) => (folder ? `${folder}/${name}` : name);

/**
 * Read what a folder is in Zarr; null if it is nothing of Zarr's.
 *
 * @param {Place} place where it lies
 * @param {string} [path] the folder in it
 * @returns {Promise<ZarrNode | null>}
 */
export async function readZarrNode(place, path = "") {
  const document = async (file) => {
    const inside = pathInside(path, file);
    const content = await place.read(inside);
    const name = `${place.name}/${inside}`;
    return content && { name, parse: () => parsedObject(content, name) };
  };
  const newer = await document("zarr.json");
  if (newer) return nodeOfVersion3(newer.parse(), newer.name);
  const [array, group] = await Promise.all([document(".zarray"), document(".zgroup")]);
  if (!array && !group) return null;
  const stated = await document(".zattrs");
  const attributes = stated?.parse() ?? new Map();
  if (!array) return { attributes, array: null };
  return { attributes, array: arrayOfVersion2(array.parse(), attributes, array.name) };
}

function nodeOfVersion3(document, name) {
  const format = document.get("zarr_format");
  if (asNumber(format) !== 3) {
    throw new InspectionError(
      `${name} states the zarr_format ${pythonRepr(format)}, and 2 and 3 are read: ` +
        "open it with the program that wrote it, or with a newer version of this one.",
    );
  }
  const attributes = asObject(document.get("attributes"));
  const kind = document.get("node_type");
  if (kind === "array") return { attributes, array: arrayOfVersion3(document, name) };
  if (kind !== "group") {
    throw new InspectionError(
      `${name} has the node_type ${pythonRepr(kind)}, neither array nor group.`,
    );
  }
  return { attributes, array: null };
}

function shapeIn(document, name) {
  const shape = asExtents(document.get("shape"));
  if (shape) return shape;
  const stated = document.get("shape");
  const lacks = Array.isArray(stated) && stated.every((n) => typeof n === "number" && n >= 0);
  throw new (lacks ? NoImageError : InspectionError)(
    `${name} states the shape ${pythonStr(document.get("shape"), 80)}: whole numbers of 1 or ` +
      "more belong there.",
  );
}

const fitting = (chunk, shape) => (chunk?.length === shape.length ? chunk : null);

function namesIn(stated, shape) {
  const names = asItems(stated).map((each) => asText(each) ?? "");
  return names.length === shape.length ? names : shape.map(() => "");
}

const withInner = (named, inner) => (inner ? `${named} (${inner})` : named);

function arrayOfVersion2(document, attributes, name) {
  const format = document.get("zarr_format");
  if (asNumber(format) !== 2) {
    throw new InspectionError(
      `${name} states the zarr_format ${pythonRepr(format)}, and should state 2.`,
    );
  }
  const shape = shapeIn(document, name);
  const stages = [...asItems(document.get("filters")), document.get("compressor")].map(asObject);
  return {
    zarrFormat: 2,
    shape,
    chunkShape: fitting(asExtents(document.get("chunks")), shape),
    shardShape: null,
    dtype:
      dtypeNamed(pythonStr(document.get("dtype")))?.name ?? pythonStr(document.get("dtype"), 40),
    codec: stages
      .filter((stage) => asText(stage.get("id")))
      .map((stage) => withInner(stage.get("id"), asText(stage.get("cname")))),
    names: namesIn(attributes.get("_ARRAY_DIMENSIONS"), shape),
    document,
  };
}

function arrayOfVersion3(document, name) {
  const shape = shapeIn(document, name);
  const grid = asObject(document.get("chunk_grid"));
  const isRegular = grid.get("name") === "regular";
  let chunk = isRegular ? asExtents(asObject(grid.get("configuration")).get("chunk_shape")) : null;
  let codecs = asItems(document.get("codecs"));
  let shard = null;
  const sharding = codecs.map(asObject).find((stage) => stage.get("name") === "sharding_indexed");
  if (sharding) {
    const settings = asObject(sharding.get("configuration"));
    [shard, chunk] = [chunk, asExtents(settings.get("chunk_shape"))];
    codecs = asItems(settings.get("codecs"));
  }
  chunk = fitting(chunk, shape);
  shard = fitting(shard, shape);
  if (!chunk || shard?.some((size, axis) => size % chunk[axis])) shard = null;
  const kind = document.get("data_type");
  return {
    zarrFormat: 3,
    shape,
    chunkShape: chunk,
    shardShape: shard,
    dtype: typeof kind === "string" ? kind : pythonStr(asObject(kind).get("name"), 40),
    codec: codecNames(codecs),
    names: namesIn(document.get("dimension_names"), shape),
    document,
  };
}

function codecNames(codecs) {
  const found = [];
  for (const stage of codecs) {
    const named = typeof stage === "string" ? stage : asText(asObject(stage).get("name"));
    if (named === null || PLAIN.has(named)) continue;
    const inner = asText(asObject(asObject(stage).get("configuration")).get("cname"));
    found.push(withInner(named, inner));
  }
  return found;
}

/**
 * The number of files where every chunk or shard is stored; null if it is not known.
 *
 * @param {ArrayMetadata} array
 */
export function fileCount({ shape, chunkShape, shardShape }) {
  const unit = shardShape ?? chunkShape;
  return unit && product(shape.map((n, axis) => Math.ceil(n / unit[axis])));
}

/**
 * Bytes of the voxels in one such file, where it is full; 0 if they are not known.
 *
 * @param {ArrayMetadata} array
 */
export function fileBytes({ chunkShape, shardShape, dtype }) {
  const unit = shardShape ?? chunkShape;
  return unit ? product(unit) * (itemSizeOf(dtype) ?? 0) : 0;
}

/**
 * Describe an array as a level, with the ratio by which its files are compressed.
 *
 * @param {Place} place where it lies
 * @param {string} path
 * @param {ArrayMetadata} array
 * @param {{ voxel_size?: any, offset?: any }} [told] what is told of it
 */
export async function describedLevel(
  place,
  path,
  array,
  { voxel_size = null, offset = null } = {},
) {
  return makeLevel({
    path: path || ".",
    shape: array.shape,
    dtype: array.dtype,
    layout: array.shardShape ? "shards" : "chunks",
    chunk_shape: array.chunkShape,
    shard_shape: array.shardShape,
    codec: array.codec,
    voxel_size,
    offset,
    ratio: await ratioOf(place, path, array),
  });
}

async function ratioOf(place, path, array) {
  const full = fileBytes(array);
  const counted = await place.counted(path);
  if (!counted || !full) return null;
  let chunks = counted.number;
  let nbytes = counted.nbytes;
  // Every other file is a chunk or a shard, which is stored in full size.
  for (const name of ["zarr.json", ".zarray", ".zattrs"]) {
    const content = await place.read(pathInside(path, name));
    if (!content) continue;
    chunks -= 1;
    nbytes -= content.length;
  }
  if (chunks <= 0 || nbytes <= 0) return null;
  // Where all are there, what sticks out of the image is not counted.
  const isAll = counted.is_all && chunks === fileCount(array);
  const voxels = isAll ? product(array.shape) * itemSizeOf(array.dtype) : chunks * full;
  return voxels / nbytes;
}

/**
 * Count the files of an image, and say how many there may be.
 *
 * @param {Place} place its folder
 * @param {number | null} expected number of files where every chunk or shard is stored
 */
export async function filesOf(place, expected) {
  const counted = await place.counted();
  return {
    number: counted?.number ?? null,
    nbytes: counted?.nbytes ?? null,
    at_least: counted ? !counted.is_all : false,
    expected,
  };
}

/**
 * The number of files of several arrays, where all are stored; null if that of one is not known.
 *
 * @param {ArrayMetadata[]} arrays
 */
export function allFiles(arrays) {
  const counts = arrays.map(fileCount);
  return counts.includes(null) ? null : counts.reduce((all, n) => all + n, 0);
}
