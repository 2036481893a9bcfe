// The chunks that a viewer has, waits for, or could not get.

import { costOf } from "./costs.js";
import { chunksIn } from "./geometry.js";

export const CACHE_BYTES = 32 * 2 ** 20; // of drawn chunks out of view, at 4 bytes for each pixel
const ENTRY_BYTES = 4096; // that even a chunk of one pixel counts for

/**
 * What is known of a chunk.
 *
 * @typedef {object} Entry
 * @property {"loading" | "ready" | "failed"} state
 * @property {AbortController} abort
 * @property {number} used when it was drawn last, as performance.now() tells
 * @property {number} [arrived] the same for when it came
 * @property {number} [size] bytes that it counts for in the cache
 * @property {boolean} [isAbsent] it is not stored, and stands for the fill value
 * @property {HTMLCanvasElement[]} [halves] the chunk drawn in full size, in half of it, and so on
 * @property {string} [fault] why it failed
 */

/**
 * @param {number} number of the level
 * @param {number[]} chunk
 */
export const keyOf = (number, [row, column]) => `${number}/${row}/${column}`;

/**
 * The keys of ready chunks beyond the limit of what is kept out of view: those drawn longest ago.
 *
 * @param {Map<string, Pick<Entry, "state" | "used" | "size">>} entries
 * @param {Set<string>} wanted what the view needs, which is always kept
 * @param {number} [limit]
 */
export function beyond(entries, wanted, limit = CACHE_BYTES) {
  let bytes = 0;
  return [...entries]
    .filter(([key, { state }]) => state === "ready" && !wanted.has(key))
    .sort(([, a], [, b]) => b.used - a.used)
    .filter(([, { size }]) => {
      bytes += size;
      return bytes > limit;
    })
    .map(([key]) => key);
}

export class Chunks {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  /** Keys of the chunks that the view needs. */
  wanted = new Set();

  /**
   * What a span that can be shown still needs.
   *
   * @param {import("./costs.js").Priced} source
   * @param {number} number of the level
   * @param {number[]} span
   */
  missing(source, number, span) {
    const chunks = [...chunksIn(span)].filter(
      (chunk) => this.entries.get(keyOf(number, chunk))?.state !== "ready",
    );
    const bytes = chunks.reduce((sum, chunk) => sum + costOf(source, number, chunk), 0);
    return { chunks, bytes };
  }

  failed() {
    return [...this.entries].filter(([, { state }]) => state === "failed");
  }

  forgetFailures() {
    for (const [key] of this.failed()) this.entries.delete(key);
  }

  /** Set what the view needs, and cancel what is on its way for another one. */
  want(keys) {
    this.wanted = new Set(keys);
    for (const [key, { state, abort }] of this.entries) {
      if (state !== "loading" || this.wanted.has(key)) continue;
      this.entries.delete(key);
      abort.abort();
    }
  }

  /** Note that a chunk waits for its pixels. */
  begin(key) {
    /** @type {Entry} */
    const entry = { state: "loading", abort: new AbortController(), used: 0 };
    this.entries.set(key, entry);
    return entry;
  }

  /**
   * Note that a chunk came, drawn, or without a canvas if it is not stored.
   *
   * @param {Entry} entry
   * @param {HTMLCanvasElement | null} canvas
   */
  keep(entry, canvas) {
    const pixels = canvas ? canvas.width * canvas.height : 0;
    Object.assign(entry, {
      state: "ready",
      arrived: performance.now(),
      size: ENTRY_BYTES + 4 * pixels,
      isAbsent: !canvas,
      halves: canvas ? [canvas] : [],
    });
    for (const key of beyond(this.entries, this.wanted)) {
      // Some browsers free a canvas only once it has no size.
      for (const half of this.entries.get(key).halves) half.width = 0;
      this.entries.delete(key);
    }
  }

  cancelAll() {
    for (const { abort } of this.entries.values()) abort.abort();
  }
}
