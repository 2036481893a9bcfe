// Chunks and rectangles of a level, in numbers. Pairs are [y, x].
//
// A rectangle is [top, left, bottom, right] in pixels of level 0. A span is the same in chunks of
// a level, without its ends.

import { clamp } from "../kit/range.js";

/** @typedef {import("../kit/zarr/image.js").Level} Level */

/** @param {number[]} pair */
export const mean = ([y, x]) => (y + x) / 2;

/**
 * The chunks of a level that a rectangle touches. Their number may be anything, so the chunks of a
 * span are only listed where a view can be shown.
 *
 * @param {Pick<Level, "shape" | "chunk" | "factor" | "origin">} level
 * @param {number[]} rectangle
 */
export function spanOf({ shape, chunk, factor, origin }, rectangle) {
  const position = (axis, side) =>
    clamp((rectangle[axis + side] - origin[axis]) / factor[axis], 0, shape[axis]) / chunk[axis];
  const from = [0, 1].map((axis) => Math.floor(position(axis, 0) + 1e-9));
  const to = from.map((first, axis) => {
    const end = position(axis, 2);
    // A rectangle beside the level touches nothing, also where the last chunk is cut.
    return end > position(axis, 0) ? Math.max(first, Math.ceil(end - 1e-9)) : first;
  });
  return [...from, ...to];
}

/** @param {number[]} span */
export const countOf = ([top, left, bottom, right]) => (bottom - top) * (right - left);

/**
 * The chunks of a span, [row, column] each, row by row.
 *
 * @param {number[]} span
 */
export function* chunksIn([top, left, bottom, right]) {
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) yield [row, column];
}

/**
 * The part of a span that lies in none of the others, as spans.
 *
 * @param {number[]} span
 * @param {number[][]} others
 */
export function outside(span, others) {
  return others.reduce(
    (parts, [top, left, bottom, right]) =>
      parts.flatMap((part) => {
        const [low, high] = [Math.max(top, part[0]), Math.min(bottom, part[2])];
        const [first, last] = [Math.max(left, part[1]), Math.min(right, part[3])];
        if (low >= high || first >= last) return [part];
        return [
          [part[0], part[1], low, part[3]],
          [low, part[1], high, first],
          [low, last, high, part[3]],
          [high, part[1], part[2], part[3]],
        ].filter((piece) => countOf(piece) > 0);
      }),
    [span],
  );
}
