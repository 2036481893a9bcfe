// What reading a region of a chunked volume costs, as bigimg_lessons.costs counts it in Python:
// tests/test_chunk_arithmetic.py holds both to the same cases. Times are in seconds.

import { product, touched } from "./grid.js";
import { merged } from "./merging.js";

/**
 * Who reads: one of READERS in Python.
 * @typedef {object} Reader
 * @property {number | null} max_gap bytes between two chunks that still come with one request;
 *   null for a reader that asks for each chunk
 * @property {number} [max_merged] bytes of the longest request
 */

/**
 * Where chunks are stored: one of STORAGES in Python.
 * @typedef {object} Storage
 * @property {number} latency seconds of one round of requests
 * @property {number} bandwidth bytes per second
 * @property {number} concurrency requests at once
 */

/**
 * @typedef {object} Reading
 * @property {number} wanted bytes of the region itself
 * @property {number} read bytes of all that is read
 * @property {number} chunks
 * @property {number} shards
 * @property {number} requests
 */

/** @type {Reader} */
const ONE_BY_ONE = { max_gap: null };

/**
 * Count what reading a region costs; throws ChunkError where the region makes no sense.
 * @param {import("./grid.js").Grid} grid
 * @param {import("./grid.js").Span[]} region
 * @param {Reader} [reader]
 * @returns {Reading}
 */
export function reading(grid, region, reader = ONE_BY_ONE) {
  const spans = touched(grid, region);
  const wanted = product(region.map(([start, stop]) => stop - start)) * grid.itemSize;
  const chunks = product(spans.map(([first, last]) => last - first + 1));
  if (!grid.perShard) {
    const read = storedVoxels(grid, spans) * grid.itemSize;
    return { wanted, read, chunks, shards: 0, requests: chunks };
  }
  const cuts = spans.map((span, axis) => cutsOf(span, grid.gridShape[axis], grid.perShard[axis]));
  const shards = product(cuts.map((kinds) => kinds.reduce((all, { times }) => all + times, 0)));
  // A shard is wanted whole where it is so along every axis; then it is one request.
  const whole = product(
    cuts.map((kinds, axis) => {
      const inside = grid.perShard[axis];
      return kinds.reduce((all, cut) => all + (cut.count === inside ? inside * cut.times : 0), 0);
    }),
  );
  let asked = chunks - whole;
  let sent = asked;
  if (reader.max_gap !== null) [asked, sent] = merged(grid, cuts, reader);
  return {
    wanted,
    read: (whole + sent) * grid.chunkBytes + shards * grid.indexBytes,
    chunks,
    shards,
    requests: shards + asked,
  };
}

// Voxels that are stored in the chunks of these spans.
function storedVoxels({ shape, chunkShape, edges }, spans) {
  return product(
    spans.map(([first, last], axis) => {
      const end = (last + 1) * chunkShape[axis];
      return (edges === "cut" ? Math.min(end, shape[axis]) : end) - first * chunkShape[axis];
    }),
  );
}

/**
 * What is wanted of shards along an axis.
 * @typedef {object} Cut
 * @property {number} stored chunks that such a shard stores along the axis
 * @property {number} from the first one that is wanted
 * @property {number} count how many are wanted
 * @property {number} times how many shards are like that
 */

// The kinds of shards along an axis: the first, the last, and all between them.
function cutsOf([first, last], chunks, inside) {
  const [low, high] = [first, last].map((number) => Math.floor(number / inside));
  const cut = (shard, times = 1) => {
    const before = shard * inside;
    const from = Math.max(0, first - before);
    const count = Math.min(inside, last + 1 - before) - from;
    return { stored: Math.min(inside, chunks - before), from, count, times };
  };
  const kinds = [cut(low)];
  if (high > low) kinds.push(cut(high));
  if (high > low + 1) kinds.push(cut(low + 1, high - low - 1));
  return kinds;
}

/**
 * The cost model: rounds of requests wait, then the bytes travel, then they are decoded.
 * @param {Storage} storage
 * @param {number} requests
 * @param {number} nbytes
 * @param {number} [decoding] seconds
 */
export function seconds(storage, requests, nbytes, decoding = 0) {
  return (
    Math.ceil(requests / storage.concurrency) * storage.latency +
    nbytes / storage.bandwidth +
    decoding
  );
}
