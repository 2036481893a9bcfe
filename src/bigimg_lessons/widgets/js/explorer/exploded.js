// The volume with its chunks pulled apart: a box for each, or for several where they are too many.

import { clamp } from "../kit/range.js";
import { axisLengths } from "./placement.js";

const CLOSEST = 8; // pixels of a box and its gap, or one box stands for several chunks
const MAX_BOXES = 1024; // more would take longer than one frame

/**
 * How many chunks one box stands for, along each axis.
 * @param {number[]} gridShape chunks along each axis
 * @param {number[]} lengths pixels of each axis
 */
export function chunksPerBox(gridShape, lengths) {
  const every = gridShape.map((count, axis) => {
    let step = 1;
    while (step < count && (lengths[axis] / count) * step < CLOSEST) step *= 2;
    return step;
  });
  for (;;) {
    const counts = gridShape.map((count, axis) => Math.ceil(count / every[axis]));
    if (counts[0] * counts[1] * counts[2] <= MAX_BOXES) return every;
    every[counts.indexOf(Math.max(...counts))] *= 2;
  }
}

/**
 * The boxes along an axis: voxels from, voxels to, and where they are drawn, in fractions.
 * @param {import("../costs/grid.js").Grid} grid
 * @param {number} axis
 * @param {number} every chunks that a box stands for
 */
export function boxesAlong(grid, axis, every) {
  const [n, chunk] = [grid.shape[axis], grid.chunkShape[axis]];
  const inside = grid.perShard?.[axis] ?? Infinity;
  const count = Math.ceil(grid.gridShape[axis] / every);
  const gap = count > 1 ? 0.3 : 0;
  const cell = (index) => Math.floor((index * every) / inside);
  const wide = every >= inside ? 0 : 0.8; // between shards, in chunks
  const size = (index) => Math.min(n, (index + 1) * every * chunk) - index * every * chunk;
  const full = Math.min(n, every * chunk);
  const total = n + cell(count - 1) * wide * full - gap * full;
  return Array.from({ length: count }, (_, index) => {
    const from = index * every * chunk;
    const low = (from + cell(index) * wide * full) / total;
    const long = Math.max(0.25 * full, size(index) - gap * full);
    return { from, to: from + size(index), low, high: low + long / total };
  });
}

// Where a part of the volume is drawn in each box along an axis.
const inBoxes = (boxes, start, stop) =>
  boxes.map(({ from, to, low, high }) => {
    const drawn = (voxel) => low + ((clamp(voxel, from, to) - from) / (to - from)) * (high - low);
    return { low: drawn(start), high: drawn(stop) };
  });

/**
 * @returns {number[]} for each axis, how many chunks one box stands for
 */
export function drawExploded(pen, placement, { grid, region, spans, colours }) {
  const every = chunksPerBox(grid.gridShape, axisLengths(placement));
  const many = every.some((step) => step > 1);
  const axes = every.map((step, axis) => boxesAlong(grid, axis, step));
  const read = spans.map(([first, last], axis) =>
    inBoxes(axes[axis], first * grid.chunkShape[axis], (last + 1) * grid.chunkShape[axis]),
  );
  const wanted = region.map(([start, stop], axis) => inBoxes(axes[axis], start, stop));
  const isLit = (axis, index) =>
    (index + 1) * every[axis] > spans[axis][0] && index * every[axis] <= spans[axis][1];
  const columns = axes[2].map((_, x) => x);
  const lit = columns.filter((x) => isLit(2, x));

  // Row by row from far to near, so that what is near covers what is behind it.
  for (let z = axes[0].length - 1; z >= 0; z--) {
    for (let y = axes[1].length - 1; y >= 0; y--) {
      const boxes = (along, which) =>
        which.map((x) => ({
          low: [along[0][z].low, along[1][y].low, along[2][x].low],
          high: [along[0][z].high, along[1][y].high, along[2][x].high],
        }));
      const store = (which) => pen.fill(boxes(axes, which), colours.tileEdge, [0.22, 0.14, 0.36]);
      if (!isLit(0, z) || !isLit(1, y)) {
        store(columns);
        continue;
      }
      store(columns.filter((x) => x < lit[0]));
      // A box that stands for many chunks is lit only as far as these are read.
      if (many) store(lit);
      pen.fill(boxes(read, lit), colours.lit, [0.85, 0.65, 1]);
      pen.stroke(boxes(read, lit), colours.litEdge, 0.75);
      pen.fill(boxes(wanted, lit), colours.accent, [0.8, 0.7, 0.8]);
      pen.stroke(boxes(wanted, lit), colours.accent, 1);
      store(columns.filter((x) => x > lit.at(-1)));
    }
  }
  return every;
}
