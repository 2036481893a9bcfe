// The volume as a block of glass: the touched chunks shine through, and the region through these.

import { axisLengths } from "./placement.js";

const CLOSEST = 4; // pixels between two borders, or they are thinned out

/**
 * Where borders lie along each axis, so thinned out that they can be told apart: `every` chunk, or
 * every second, fourth, and so on.
 * @param {number[]} shape
 * @param {number[]} size voxels between two borders, for each axis
 * @param {number[]} lengths pixels of each axis
 */
export function visibleBorders(shape, size, lengths) {
  return shape.map((n, axis) => {
    let every = size[axis];
    while (every < n && (every / n) * lengths[axis] < CLOSEST) every *= 2;
    const positions = [];
    for (let position = every; position < n; position += every) positions.push(position / n);
    return { positions, every: every / size[axis] };
  });
}

/**
 * @returns {number[]} for each axis, every how many chunks a border is drawn
 */
export function drawGlass(pen, placement, { grid, region, spans, colours }) {
  const part = (voxels, axis) => Math.min(1, voxels / grid.shape[axis]);
  const all = { low: [0, 0, 0], high: [1, 1, 1] };
  const lit = {
    low: spans.map(([first], axis) => part(first * grid.chunkShape[axis], axis)),
    high: spans.map(([, last], axis) => part((last + 1) * grid.chunkShape[axis], axis)),
  };
  const wanted = {
    low: region.map(([start], axis) => part(start, axis)),
    high: region.map(([, stop], axis) => part(stop, axis)),
  };
  const lengths = axisLengths(placement);
  const chunks = visibleBorders(grid.shape, grid.chunkShape, lengths);
  const chunkBorders = chunks.map(({ positions }) => positions);

  pen.fill([all], colours.tile, [0.35, 0.55, 0.45], true);
  pen.stroke([all], colours.tileEdge, 1, true);

  pen.fill([lit], colours.lit, [0.5, 0.5, 0.5], true);
  pen.fill([lit], colours.lit, [0.6, 0.4, 0.8]);
  pen.borders(chunkBorders, lit, colours.litEdge, 1, 0.75);
  pen.stroke([lit], colours.litEdge, 1.5);

  pen.fill([all], colours.tile, [0.14, 0.05, 0.22]);
  pen.borders(chunkBorders, all, colours.tileEdge, 1, 0.7);
  if (grid.shardShape) {
    const shards = visibleBorders(grid.shape, grid.shardShape, lengths);
    pen.borders(
      shards.map(({ positions }) => positions),
      all,
      colours.ink,
      1.75,
      1,
    );
  }
  pen.stroke([all], colours.ink, 1.75);

  pen.fill([wanted], colours.accent, [0.8, 0.7, 0.8]);
  pen.borders(chunkBorders, wanted, colours.page, 1, 0.5);
  pen.stroke([wanted], colours.accent, 2);
  return chunks.map(({ every }) => every);
}
