// What looking at an image costs, as bigimg_lessons.inspection.costs_of works it out in Python:
// tests/test_inspection_in_browser.py holds both to the same files. `rules` come from there.

import { ChunkError, makeGrid } from "../costs/grid.js";
import { reading, seconds } from "../costs/reading.js";
import { axisNumber, itemSizeOf, spatialAxes } from "./report.js";

/** Pixels of the screen, high and wide, on which a whole plane is shown in the zoomed-out view. */
export const SCREEN_PIXELS = 1024;

const CUBE_SIDE = 128;

/**
 * What one view costs.
 * @typedef {object} ViewCost
 * @property {string} view "XY", "XZ", "YZ", "cube" or "square", "zoomed out"
 * @property {number} level
 * @property {number} requests
 * @property {number} wanted bytes
 * @property {number} read bytes
 * @property {Record<string, number>} seconds by the name of a storage
 */

/** @typedef {{ views: ViewCost[], reason: string }} Costs */

/**
 * What views of an image cost; without any, `reason` says why, as a sentence.
 * @param {import("./report.js").Report} report
 * @param {any} rules as Python's rules_as_json() has them
 * @returns {Costs}
 */
export function costsOf(report, rules) {
  const y = axisNumber(report, "Y");
  const x = axisNumber(report, "X");
  const unknown = (why) => ({
    views: [],
    reason: `What reading costs cannot be worked out: ${why}.`,
  });
  if (y === null || x === null) {
    return { views: [], reason: "The file does not say which axes are Y and X." };
  }
  if (report.is_partial) return unknown("not all of its planes were counted");
  if (report.levels.some((level) => level.chunk_shape === null)) {
    return unknown("its chunks are not known");
  }
  const strange = report.levels.find(({ dtype }) => itemSizeOf(dtype) === null);
  if (strange) return unknown(`voxels of the type ${strange.dtype} are not counted here`);
  try {
    const grids = report.levels.map(gridOf);
    const views = regionsOf(report, y, x).map(([view, level, region]) => {
      const { requests, wanted, read, ...parts } = reading(grids[level], region, rules.reader);
      const times = Object.entries(rules.storages).map(([name, storage]) => [
        name,
        secondsOf(report, storage, { requests, read, ...parts }, rules.own_time),
      ]);
      return { view, level, requests, wanted, read, seconds: Object.fromEntries(times) };
    });
    return { views, reason: "" };
  } catch (error) {
    if (!(error instanceof ChunkError)) throw error;
    return unknown(
      "a level has chunks or shards that do not fit it, or more of them, or more bytes, than can " +
        "be counted",
    );
  }
}

const gridOf = (level) =>
  makeGrid({
    shape: level.shape,
    chunkShape: level.chunk_shape,
    itemSize: itemSizeOf(level.dtype),
    shardShape: level.shard_shape,
    edges: level.shard_shape ? "padded" : level.edges,
  });

// The views that the image has: name, level and region of each.
function regionsOf(report, y, x) {
  const { shape } = report.levels[0];
  const z = axisNumber(report, "Z");
  const along = (level, ...axes) =>
    new Map(axes.map((axis) => [axis, report.levels[level].shape[axis]]));
  const side = new Map(spatialAxes(report).map((axis) => [axis, Math.min(CUBE_SIDE, shape[axis])]));
  const isDeep = z !== null && shape[z] > 1;
  const shown = levelShown(report, y, x);
  /** @type {[string, number, Map<number, number>][]} */
  const wanted = [["XY", 0, along(0, y, x)]];
  if (isDeep) wanted.push(["XZ", 0, along(0, z, x)], ["YZ", 0, along(0, z, y)]);
  wanted.push([isDeep ? "cube" : "square", 0, side]);
  wanted.push(["zoomed out", shown, along(shown, y, x)]);
  return wanted.map(([view, level, lengths]) => [view, level, regionAt(report, level, lengths)]);
}

// It begins near a third of the room that it has, at an odd voxel. Colours are taken together.
function regionAt(report, level, wanted) {
  return report.levels[level].shape.map((n, axis) => {
    const length = report.axes[axis] === "S" ? n : (wanted.get(axis) ?? 1);
    const third = Math.floor((n - length) / 3);
    const start = Math.min(third % 2 ? third : third + 1, n - length);
    return [start, start + length];
  });
}

// The coarsest level that still has a voxel for each pixel of the screen.
function levelShown({ levels }, y, x) {
  const full = levels[0].shape;
  const perPixel = Math.max(1, full[y] / SCREEN_PIXELS, full[x] / SCREEN_PIXELS);
  const fits = ({ shape }) =>
    shape.length === full.length &&
    Math.max(full[y] / shape[y], full[x] / shape[x]) <= perPixel * 1.001;
  return Math.max(0, levels.map(fits).lastIndexOf(true));
}

function secondsOf(report, given, { requests, read, chunks, shards }, ownTime) {
  const storage = report.one_at_a_time ? { ...given, concurrency: 1 } : given;
  // Each shard is asked for its index, or for all of it, before the chunks that need the index.
  const waiting = seconds(storage, shards, 0) + seconds(storage, requests - shards, 0);
  return waiting + seconds(storage, 0, read, ownTime * chunks);
}
