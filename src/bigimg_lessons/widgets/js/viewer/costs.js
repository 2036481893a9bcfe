// What it costs to show chunks: bytes to bring, and pixels to keep.

import { chunksIn, countOf } from "./geometry.js";

// A view that needs more than this is not loaded: it waits until the reader has zoomed in.
const MAX_CHUNKS_IN_VIEW = 4096;
const MAX_BYTES_IN_VIEW = 256 * 2 ** 20; // of drawn chunks, at 4 bytes for each pixel

/** @typedef {import("../kit/zarr/image.js").Level} Level */
/** @typedef {Pick<import("../kit/zarr/image.js").Source, "levels" | "itemSize">} Priced */

/**
 * Whether a page can show all chunks of a span.
 *
 * @param {Level} level
 * @param {number[]} span
 */
export function isShowable({ shape, chunk }, span) {
  const pixels = Math.min(chunk[0], shape[0]) * Math.min(chunk[1], shape[1]);
  const count = countOf(span);
  return count <= MAX_CHUNKS_IN_VIEW && count * pixels * 4 <= MAX_BYTES_IN_VIEW;
}

/**
 * Bytes of a chunk: as stored if that is known, else of its pixels.
 *
 * @param {Priced} source
 * @param {number} number of the level
 * @param {number[]} chunk
 */
export function costOf({ levels, itemSize }, number, [row, column]) {
  const { bytes, shape, chunk } = levels[number];
  return bytes?.[row * Math.ceil(shape[1] / chunk[1]) + column] ?? chunk[0] * chunk[1] * itemSize;
}

/**
 * Bytes of all chunks of a span, which are listed only if the level itself lists them.
 *
 * @param {Priced} source
 * @param {number} number
 * @param {number[]} span
 */
export function costOfSpan(source, number, span) {
  if (!source.levels[number].bytes) return countOf(span) * costOf(source, number, span);
  return [...chunksIn(span)].reduce((sum, chunk) => sum + costOf(source, number, chunk), 0);
}
