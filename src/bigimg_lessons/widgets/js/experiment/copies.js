// One image, cut into chunks in several ways: opening a copy, and reading a region of it.

import { makeGrid, touched } from "../costs/grid.js";
import { arrayLayout, chunkName } from "../kit/zarr/array.js";
import { FetchError, check, quoted } from "../kit/zarr/faults.js";
import { fetchChunk, fetchJson, unpack } from "../kit/zarr/fetching.js";

// Requests under way at the same time: as many connections as browsers open to one host with
// HTTP/1.1. HTTP/2 would allow more; to compare, it is six everywhere.
export const AT_ONCE = 6;
const CLOCK = 0.001; // seconds: what the clocks of all browsers can tell apart
const TINY_FETCHES = 2; // how often each copy's zarr.json is fetched, for the latency
const UNCACHED = "no-store"; // past the browser's own cache, so that what is timed has travelled

/** @typedef {[number, number][]} Region start and stop along each axis, zyx, in voxels */
/** @typedef {{ name: string, store: string, chunk_shape: number[] }} Described a copy, before */

/**
 * A copy of the image that can be read.
 *
 * @typedef {object} Copy
 * @property {string} base its address
 * @property {import("../kit/zarr/array.js").Layout} layout
 * @property {ReturnType<typeof makeGrid>} grid
 */

/**
 * The latency and bandwidth in seconds and bytes of a connection, and the bytes that the browser
 * unpacks in a second.
 *
 * @typedef {{ latency: number, bandwidth: number, unpacking: number, concurrency: number }}
 *   Connection
 */

const now = () => performance.now() / 1000;

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Read a copy's metadata, and refuse an array that is not the one described.
 *
 * @param {Described} described
 * @param {URL} folder
 * @param {number[]} shape
 * @param {AbortSignal} signal
 * @returns {Promise<Copy>}
 */
async function openCopy({ store, chunk_shape }, folder, shape, signal) {
  const base = new URL(`${store}/`, folder).href;
  const url = `${base}zarr.json`;
  const meta = await fetchJson(url, { signal, cache: UNCACHED });
  try {
    const layout = arrayLayout(meta);
    for (const [what, given, known] of [
      ["type", layout.type, "uint8"],
      ["shape", layout.shape, shape],
      ["chunk shape", layout.chunk, chunk_shape],
    ]) {
      const isKnown = String(given) === String(known);
      check(isKnown, `its ${what} is ${quoted(given)}; this page reads ${quoted(known)}`);
    }
    return { base, layout, grid: makeGrid({ shape, chunkShape: chunk_shape }) };
  } catch (error) {
    throw Object.assign(error, { url });
  }
}

/**
 * Put a chunk's part of the region where it belongs.
 *
 * @param {Uint8Array} chunk
 * @param {number[]} chunkShape
 * @param {number[]} position of the chunk
 * @param {Region} region
 * @param {Uint8Array} voxels of the region
 */
export function place(chunk, chunkShape, position, region, voxels) {
  const [z, y, x] = region.map(([start, stop], axis) => {
    const step = chunkShape[axis];
    const first = position[axis] * step;
    const from = Math.max(start, first);
    return { first, from, to: Math.min(stop, first + step), start, size: stop - start, step };
  });
  for (let k = z.from; k < z.to; k++) {
    for (let j = y.from; j < y.to; j++) {
      const source = ((k - z.first) * y.step + (j - y.first)) * x.step + (x.from - x.first);
      const target = ((k - z.start) * y.size + (j - y.start)) * x.size + (x.from - x.start);
      voxels.set(chunk.subarray(source, source + x.to - x.from), target);
    }
  }
}

const fileOf = ({ base, layout }, position) => base + chunkName(layout, position);

/**
 * Fetch, unpack and assemble a region. A chunk that is not there is an error: in Zarr it would
 * stand for the fill value, but these images have all their chunks.
 *
 * @param {Copy} copy
 * @param {Region} region
 * @param {AbortSignal} signal
 * @param {(bytes: number) => void} onBytes called for each file that came
 */
export async function readRegion(copy, region, signal, onBytes) {
  const { grid, layout } = copy;
  const [zs, ys, xs] = touched(grid, region).map(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
  const waiting = zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => [z, y, x])));
  const voxels = new Uint8Array(region.reduce((all, [start, stop]) => all * (stop - start), 1));
  const done = { requests: 0, bytes: 0 };
  const begin = now();
  async function work() {
    while (waiting.length) {
      const position = waiting.shift();
      const url = fileOf(copy, position);
      const file = await fetchChunk(url, layout, { signal, cache: UNCACHED });
      done.requests += 1;
      done.bytes += file.length;
      onBytes(file.length);
      place(await unpack(file, layout, url), grid.chunkShape, position, region, voxels);
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
  return { ...done, seconds: now() - begin, voxels };
}

/**
 * Open the copies and measure the connection, by one request at a time: latency from the smallest
 * files, bandwidth from the largest chunk. The very first request opens the connection and does
 * not count.
 *
 * @param {{ shape: number[], copies: Described[] }} image
 * @param {URL} folder
 * @param {AbortSignal} signal
 * @param {(bytes: number) => void} onBytes
 * @returns {Promise<[Copy[], Connection]>}
 */
export async function openCopies(image, folder, signal, onBytes) {
  const waits = [];
  let copies = [];
  for (let pass = 0; pass < TINY_FETCHES; pass++) {
    copies = [];
    for (const copy of image.copies) {
      const begin = now();
      copies.push(await openCopy(copy, folder, image.shape, signal));
      waits.push(now() - begin);
    }
  }
  const latency = median(waits.slice(1));
  const largest = copies.reduce((a, b) => (b.layout.length > a.layout.length ? b : a));
  const url = fileOf(largest, [0, 0, 0]);
  const begin = now();
  const file = await fetchChunk(url, largest.layout, { signal, cache: UNCACHED });
  const came = now();
  onBytes(file.length);
  const { length } = await unpack(file, largest.layout, url);
  const connection = {
    latency,
    bandwidth: file.length / Math.max(came - begin - latency, CLOCK),
    unpacking: length / Math.max(now() - came, CLOCK),
    concurrency: AT_ONCE,
  };
  return [copies, connection];
}

/**
 * Refuse a region that differs from that of another copy.
 *
 * @param {Copy} copy
 * @param {Uint8Array} voxels
 * @param {Uint8Array} [others]
 */
export function checkEqual({ base }, voxels, others = voxels) {
  if (voxels.some((value, at) => value !== others[at])) {
    const what = "the image from this copy differs from that of another copy";
    throw new FetchError("content", what, { url: base });
  }
}
