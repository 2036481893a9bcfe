// What the explorer is set to, and what follows from it. Axes come slowest first (zyx).

import { ChunkError, makeGrid, touched } from "../costs/grid.js";
import { reading, seconds } from "../costs/reading.js";
import { formatNumber } from "../kit/text.js";

/**
 * The traits of ChunkExplorer in Python that make up a setting.
 * @typedef {object} Setting
 * @property {number[]} shape
 * @property {string} dtype
 * @property {number[]} chunk_shape
 * @property {number[] | null} shard_shape null where chunks are not packed into shards
 * @property {string} edges "padded" or "cut"
 * @property {string} reader a key of the readers
 * @property {string} orientation "XY", "XZ", "YZ" or "cube"
 * @property {number[]} position the first voxel of a cube; of a slice, a voxel in it
 * @property {number} cube_edge
 * @property {string} storage a key of the storages
 */

/**
 * What Python sends along, and does not change.
 * @typedef {object} Known
 * @property {Record<string, number>} itemSizes bytes of a voxel, by its type
 * @property {Record<string, any>} storages
 * @property {Record<string, any>} readers
 */

/**
 * @typedef {object} Preset
 * @property {string} name
 * @property {(number | null)[]} chunk null for the whole axis
 * @property {number[] | null} shard
 * @property {string} edges
 * @property {boolean} one_file
 * @property {string} about
 */

/**
 * What a setting costs.
 * @typedef {object} Found
 * @property {import("../costs/grid.js").Grid} grid
 * @property {import("../costs/grid.js").Span[]} region
 * @property {[first: number, last: number][]} spans chunks that are touched, for each axis
 * @property {import("../costs/reading.js").Reading} cost
 * @property {Record<string, number>} times estimated seconds, by storage
 */

export const AXES = ["z", "y", "x"];

/** The axis across a slice. */
export const FIXED_AXIS = { XY: 0, XZ: 1, YZ: 2 };

/** @param {number[]} numbers */
export const sizes = (numbers) => numbers.map(formatNumber).join(" × ");

function regionOf({ shape, orientation, position, cube_edge: edge }) {
  if (orientation === "cube") return position.map((start) => [start, start + edge]);
  return shape.map((n, axis) =>
    axis === FIXED_AXIS[orientation] ? [position[axis], position[axis] + 1] : [0, n],
  );
}

/**
 * The last position along each axis at which a slice or a cube can be.
 * @param {Setting} setting
 */
export function lastPositions({ shape, orientation, cube_edge: edge }) {
  return shape.map((n) => n - (orientation === "cube" ? edge : 1));
}

function checkRegion(setting) {
  const { shape, position, orientation, cube_edge: edge } = setting;
  if (orientation === "cube" && edge < 1) {
    throw new ChunkError("cube", `The edge of the cube is ${formatNumber(edge)}: give 1 or more.`);
  }
  if (orientation === "cube" && shape.some((n) => edge > n)) {
    throw new ChunkError(
      "cube",
      `A cube of ${formatNumber(edge)} is larger than the volume of ${sizes(shape)}: ` +
        "give a shorter edge.",
    );
  }
  lastPositions(setting).forEach((last, axis) => {
    if (position[axis] < 0 || position[axis] > last) {
      throw new ChunkError(
        `position-${axis}`,
        `${AXES[axis]} = ${formatNumber(position[axis])} is outside the volume: ` +
          `give a position from 0 to ${formatNumber(last)}.`,
      );
    }
  });
}

/**
 * Count what a setting costs; throws ChunkError unless it makes sense.
 * @param {Setting} setting
 * @param {Known} known
 * @returns {Found}
 */
export function explore(setting, { itemSizes, storages, readers }) {
  if (!Object.hasOwn(itemSizes, setting.dtype)) {
    throw new ChunkError("dtype", `There is no type ${setting.dtype} here.`);
  }
  const grid = makeGrid({
    shape: setting.shape,
    itemSize: itemSizes[setting.dtype],
    chunkShape: setting.chunk_shape,
    shardShape: setting.shard_shape,
    edges: setting.edges,
  });
  checkRegion(setting);
  const region = regionOf(setting);
  const cost = reading(grid, region, readers[setting.reader]);
  const times = Object.fromEntries(
    Object.entries(storages).map(([key, storage]) => [
      key,
      seconds(storage, cost.requests, cost.read),
    ]),
  );
  return { grid, region, spans: touched(grid, region), cost, times };
}

/**
 * The shards closest to those given that hold whole chunks, and no more than the volume has.
 * @param {number[]} shape
 * @param {number[]} chunkShape
 * @param {number[]} shard
 */
export const shardsFor = (shape, chunkShape, shard) =>
  chunkShape.map((chunk, axis) => {
    const most = Math.min(Math.floor(shard[axis] / chunk), Math.ceil(shape[axis] / chunk));
    return chunk * Math.max(1, most);
  });

/**
 * The parts of a setting that a preset decides, for a volume of this shape.
 * @param {Preset} preset
 * @param {number[]} shape
 */
export function presetSetting({ chunk, shard, edges }, shape) {
  const chunkShape = shape.map((n, axis) => Math.min(chunk[axis] ?? n, n));
  const shardShape = shard && shardsFor(shape, chunkShape, shard);
  return { chunk_shape: chunkShape, shard_shape: shardShape, edges };
}

/**
 * The preset that a setting equals. Two can come to the same: then the preferred one, if it is one
 * of them.
 * @param {Preset[]} presets
 * @param {Setting} setting
 * @param {string} [preferred]
 * @returns {Preset | undefined}
 */
export function presetOf(presets, setting, preferred) {
  const fits = presets.filter((preset) =>
    Object.entries(presetSetting(preset, setting.shape)).every(
      ([name, value]) => JSON.stringify(value) === JSON.stringify(setting[name]),
    ),
  );
  return fits.find(({ name }) => name === preferred) ?? fits[0];
}

/**
 * The same setting with another slice, or a cube, and all of it inside the volume.
 * @param {Setting} setting
 * @param {string} orientation
 * @returns {Setting}
 */
export function turned(setting, orientation) {
  const next = { ...setting, orientation };
  if (orientation === "cube") next.cube_edge = Math.min(next.cube_edge, ...next.shape);
  const last = lastPositions(next);
  next.position = next.position.map((position, axis) => Math.min(position, last[axis]));
  return next;
}
