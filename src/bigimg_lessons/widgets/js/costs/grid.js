// A volume cut into chunks, as bigimg_lessons.costs counts it in Python: tests/test_chunk_arithmetic.py
// holds both to the same cases. Axes come slowest first (zyx), and sizes are in voxels.

import { formatBytes, formatNumber } from "../kit/text.js";

export const LARGEST_IMAGE = 2 ** 50;
export const LARGEST_STORED = 2 ** 53;
export const MAX_CHUNKS = 10 ** 12;

/**
 * The first voxel along an axis, and the one after the last.
 * @typedef {[start: number, stop: number]} Span
 */

/**
 * What makeGrid() is given.
 * @typedef {object} Layout
 * @property {number[]} shape
 * @property {number[]} chunkShape
 * @property {number} [itemSize] bytes of a voxel
 * @property {number[] | null} [shardShape] null where there are no shards
 * @property {string} [edges] whether chunks at the edge are "padded" to full size or "cut"
 * @property {string} [shardOrder] how chunks lie in a shard: along the "morton" curve or in "C" order
 */

/**
 * @typedef {Required<Layout> & {
 *   gridShape: number[], chunkCount: number, perShard: number[] | null, nbytes: number,
 *   chunkBytes: number, shardCount: number, indexBytes: number,
 * }} Grid
 */

/** Thrown for input that makes no sense; `field` names what to correct. */
export class ChunkError extends Error {
  /**
   * @param {string} field
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.name = "ChunkError";
    this.field = field;
  }
}

/**
 * @param {number[]} numbers
 * @returns {number}
 */
export const product = (numbers) => numbers.reduce((all, n) => all * n, 1);

const list = (numbers) => numbers.join(" × ");

function checkSizes(field, name, sizes, length) {
  if (sizes.length !== length) {
    throw new ChunkError(field, `The ${name} has ${sizes.length} numbers: give ${length}.`);
  }
  if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
    throw new ChunkError(field, `The ${name} is ${list(sizes)}: give whole numbers of 1 or more.`);
  }
}

function checkShards({ shape, chunkShape, shardShape, edges }) {
  checkSizes("shardShape", "shard", shardShape, shape.length);
  if (shardShape.some((n, axis) => n % chunkShape[axis])) {
    throw new ChunkError(
      "shardShape",
      `A shard of ${list(shardShape)} does not hold whole chunks of ${list(chunkShape)}: ` +
        "give whole multiples of the chunk along every axis.",
    );
  }
  if (edges === "cut") {
    throw new ChunkError("edges", "Chunks in shards are always padded to full size.");
  }
}

// Refuses more than the numbers of a page can count.
function checkAmounts({
  shape,
  chunkShape,
  nbytes,
  chunkCount,
  chunkBytes,
  shardCount,
  indexBytes,
}) {
  if (nbytes > LARGEST_IMAGE) {
    throw new ChunkError(
      "shape",
      `A volume of ${list(shape)} has ${formatBytes(nbytes)}: give one of at most 1 PiB.`,
    );
  }
  if (chunkCount > MAX_CHUNKS) {
    throw new ChunkError(
      "chunkShape",
      `Chunks of ${list(chunkShape)} make ${formatNumber(chunkCount)} chunks: ` +
        `give larger ones, for at most ${formatNumber(MAX_CHUNKS)}.`,
    );
  }
  const padded = chunkCount * chunkBytes;
  const stored = padded + shardCount * indexBytes;
  if (stored >= LARGEST_STORED) {
    throw new ChunkError(
      padded >= LARGEST_STORED ? "chunkShape" : "shardShape",
      `The chunks, padded, have ${formatBytes(stored)} with the indexes of their shards: ` +
        "give shorter chunks and shards, for less than 8 PiB.",
    );
  }
}

/**
 * Cut a volume into chunks, and these into shards; throws ChunkError where that makes no sense.
 * @param {Layout} layout
 * @returns {Grid}
 */
export function makeGrid({
  shape,
  chunkShape,
  itemSize = 1,
  shardShape = null,
  edges = "padded",
  shardOrder = "morton",
}) {
  checkSizes("shape", "volume", shape, shape.length || 3);
  checkSizes("chunkShape", "chunk", chunkShape, shape.length);
  if (edges !== "padded" && edges !== "cut") {
    throw new ChunkError("edges", `The chunks at the edge are ${edges}: give padded or cut.`);
  }
  if (shardShape) checkShards({ shape, chunkShape, shardShape, edges });
  const pieces = (size) => shape.map((n, axis) => Math.ceil(n / size[axis]));
  const gridShape = pieces(chunkShape);
  const perShard = shardShape?.map((n, axis) => n / chunkShape[axis]) ?? null;
  const grid = {
    shape,
    chunkShape,
    shardShape,
    itemSize,
    edges,
    shardOrder,
    gridShape,
    chunkCount: product(gridShape),
    perShard,
    nbytes: product(shape) * itemSize,
    chunkBytes: product(chunkShape) * itemSize,
    shardCount: shardShape ? product(pieces(shardShape)) : 0,
    // 16 bytes for each chunk, and a checksum of 4.
    indexBytes: perShard ? 16 * product(perShard) + 4 : 0,
  };
  checkAmounts(grid);
  return grid;
}

function checkRegion({ shape }, region) {
  const refuse = (message) => {
    throw new ChunkError("region", `The region ${message}`);
  };
  if (region.length !== shape.length) {
    refuse(`has ${region.length} axes: give ${shape.length}, as many as the volume has.`);
  }
  region.forEach(([start, stop], axis) => {
    if (!Number.isInteger(start) || !Number.isInteger(stop)) {
      refuse(`is ${start} to ${stop}: give whole numbers.`);
    }
    if (start < 0 || stop > shape[axis]) {
      refuse(
        `from ${start} to ${stop} is outside the volume: give positions from 0 to ${shape[axis]}.`,
      );
    }
    if (start >= stop) refuse(`from ${start} to ${stop} is empty.`);
  });
}

/**
 * For each axis the first and the last chunk that a region touches.
 * @param {Grid} grid
 * @param {Span[]} region
 * @returns {[first: number, last: number][]}
 */
export function touched(grid, region) {
  checkRegion(grid, region);
  return region.map(([start, stop], axis) => [
    Math.floor(start / grid.chunkShape[axis]),
    Math.floor((stop - 1) / grid.chunkShape[axis]),
  ]);
}
