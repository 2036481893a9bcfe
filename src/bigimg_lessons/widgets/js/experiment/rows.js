// What each copy costs: as planned, as the model estimates, and as measured.

import { reading, seconds } from "../costs/reading.js";
import { median } from "./copies.js";
import { duration, short } from "./texts.js";

/** @typedef {{ requests: number, read: number, bytes: number }} Plan */

/**
 * What is known of a copy.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {number[]} chunkShape
 * @property {boolean} apart whether it has no place in the order of sizes
 * @property {Plan} expected
 * @property {number} model the model's estimate, in seconds
 * @property {number[]} seconds as measured
 * @property {number} [median]
 * @property {number} [requests]
 * @property {number} [bytes]
 */

/**
 * What a region costs at each copy before anything is fetched.
 *
 * @param {any[]} grids
 * @param {import("./copies.js").Region} region
 * @param {number} compressed bytes that travel for each byte of a chunk, about
 * @returns {Plan[]}
 */
export const planOf = (grids, region, compressed) =>
  grids.map((grid) => {
    const { requests, read } = reading(grid, region);
    return { requests, read, bytes: read * compressed };
  });

/**
 * The rows of a result.
 *
 * @param {{ name: string, chunk_shape: number[] }[]} copies
 * @param {any[]} grids
 * @param {any} result
 * @returns {Row[]}
 */
export const rowsOf = (copies, grids, { connection, readings, plan }) =>
  copies.map(({ name, chunk_shape }, index) => {
    const [first] = readings[index];
    const measured = readings[index].map((one) => one.seconds);
    const expected = plan[index];
    const unpacking = expected.read / connection.unpacking;
    return {
      name,
      chunkShape: chunk_shape,
      // Its chunks are smaller than those of the copy before: it is not one of the series.
      apart: index > 0 && grids[index].chunkBytes < grids[index - 1].chunkBytes,
      expected,
      model: seconds(connection, expected.requests, expected.bytes, unpacking),
      seconds: measured,
      median: first && median(measured),
      requests: first?.requests,
      bytes: first?.bytes,
    };
  });

/**
 * What came out, in words.
 *
 * @param {Row[]} rows
 * @param {string} name of the region
 */
export function outcome(rows, name) {
  const byTime = [...rows].sort((a, b) => a.median - b.median);
  const [fastest, slowest] = [byTime[0], byTime.at(-1)];
  const off = (row) => Math.abs(Math.log(row.model / row.median));
  const worst = rows.reduce((a, b) => (off(b) > off(a) ? b : a));
  return (
    `Done. All ${rows.length} images are equal, voxel by voxel. For the ${name}, ` +
    `“${fastest.name}” was the fastest with ${duration(fastest.median)}; ` +
    `“${slowest.name}” took ${short(slowest.median / fastest.median)} times as long. ` +
    `The model is farthest off at “${worst.name}”: it says ${duration(worst.model)}, ` +
    `and you measured ${duration(worst.median)}.`
  );
}
