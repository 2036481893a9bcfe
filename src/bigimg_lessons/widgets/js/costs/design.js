// What a design of an image's storage costs in a week, as bigimg_lessons.costs counts it in Python:
// tests/test_design_arithmetic.py holds both to the same designs. `rules` and scenarios come from
// there. Axes come slowest first (zyx, or tyx), and times are in seconds.

import { formatNumber } from "../kit/text.js";
import { ChunkError, makeGrid } from "./grid.js";
import { reading, seconds } from "./reading.js";

/**
 * How an image is stored: Design in Python.
 * @typedef {object} Design
 * @property {string} format
 * @property {number[]} chunk_shape
 * @property {number[] | null} shard_shape
 * @property {number} levels
 */

/**
 * What one use costs: `seconds` each time, of which `waiting` for requests, and `weekly` in a week.
 * @typedef {import("./reading.js").Reading & {
 *   use: { name: string }, level: number, waiting: number, seconds: number, weekly: number,
 * }} Cost
 */

/**
 * @typedef {object} Appraisal
 * @property {Cost[]} costs one for each use
 * @property {number} files
 * @property {number} stored bytes
 * @property {number} total seconds a week
 * @property {{ text: string, href: string, section: string }[]} remarks
 */

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

// Voxels of level 0 along the longer side of a pixel.
const coarseness = (step) => Math.max(step[1], step[2]);

// Fill in {names}: texts as they are, numbers rounded.
const fill = (text, values) =>
  text.replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return typeof value === "string" ? value : formatNumber(Math.floor(value + 0.5));
  });

// Refuse what a format cannot do.
function checkFormat(design, { shape, axes }, form, steps, bytes, refusals) {
  const [depth, height, width] = design.chunk_shape;
  const broken = {
    deep: form.chunks !== "boxes" && depth > 1,
    rows: form.chunks === "rows" && width !== shape[2],
    tiles: form.chunks === "tiles" && (height % 16 || width % 16),
    time: form.time_apart && axes[0] === "T" && depth > 1,
    largest: bytes > form.largest_chunk,
    shards: design.shard_shape && !form.shards,
    [form.pyramid ? "levels" : "flat"]: !steps[design.levels - 1],
  };
  const values = { ...form, first: axes[0], bytes, width: shape[2], levels: steps.length };
  for (const reason in broken) {
    if (broken[reason]) throw new ChunkError(reason, fill(refusals[reason], values));
  }
}

function levelGrids(design, scenario, form, steps, refusals) {
  const { shape, item_size: itemSize } = scenario;
  const whole = { shape, chunkShape: design.chunk_shape, itemSize, edges: form.edges };
  checkFormat(design, scenario, form, steps, makeGrid(whole).chunkBytes, refusals);
  // The same chunks and shards at each level, cut where it is smaller.
  const { perShard } = makeGrid({ ...whole, shardShape: design.shard_shape });
  return steps.slice(0, design.levels).map((step) => {
    const size = shape.map((n, axis) => Math.ceil(n / step[axis]));
    const chunkShape = size.map((n, axis) => Math.min(n, whole.chunkShape[axis]));
    const shardShape = perShard?.map(
      (inside, axis) =>
        chunkShape[axis] * Math.min(inside, Math.ceil(size[axis] / chunkShape[axis])),
    );
    return makeGrid({ ...whole, shape: size, chunkShape, shardShape });
  });
}

function costOf(use, reader, { grids, steps, storage, ownTime }) {
  // The coarsest level with a voxel for each pixel.
  const fine = grids.map((_, k) => !k || coarseness(steps[k]) <= use.voxels_per_pixel);
  const level = fine.lastIndexOf(true);
  const region = use.region.map(([start, stop], axis) => [
    Math.floor(start / steps[level][axis]),
    Math.ceil(stop / steps[level][axis]),
  ]);
  const asked = reading(grids[level], region, reader);
  const each = (count) => Math.ceil(count / use.machines);
  // Each shard is asked for its index, or for all, before the chunks that need the index.
  const first = each(asked.shards);
  const waiting = seconds(storage, first, 0) + seconds(storage, each(asked.requests) - first, 0);
  const time = waiting + seconds(storage, 0, each(asked.read), ownTime * each(asked.chunks));
  return { ...asked, use, level, waiting, seconds: time, weekly: time * use.weekly };
}

/**
 * Count what a design costs; throws ChunkError where the format cannot store the image so.
 * @param {Design} design
 * @returns {Appraisal}
 */
export function appraise(design, scenario, rules) {
  const form = rules.formats[design.format];
  const steps = scenario.factors[design.format];
  const grids = levelGrids(design, scenario, form, steps, rules.refusals);
  const concurrency = form.one_at_a_time ? 1 : scenario.storage.concurrency;
  const storage = { ...scenario.storage, concurrency };

  const setup = { grids, steps, storage, ownTime: rules.own_time };
  const costsFor = (reader) => scenario.uses.map((use) => costOf(use, reader, setup));
  const weekly = (costs) => sum(costs.map((cost) => cost.weekly));
  const costs = costsFor(rules.reader);
  const total = weekly(costs);
  const dearest = costs.reduce((most, cost) => (cost.weekly > most.weekly ? cost : most));
  const perLevel = grids.map(
    (grid) =>
      reading(
        grid,
        grid.shape.map((n) => [0, n]),
      ).read,
  );
  const stored = sum(perLevel);
  const files = form.files || sum(grids.map((grid) => grid.shardCount || grid.chunkCount));
  const facts = {
    ease: rules.negligible / total,
    crowd: files / scenario.most_files,
    ...scenario,
    files,
    coarseness: scenario.voxels_per_pixel / coarseness(steps[grids.length - 1]),
    amplification: dearest.read / dearest.wanted,
    use: dearest.use.name,
    share: (dearest.weekly / total) * 100,
    waiting: (sum(costs.map((cost) => cost.waiting * cost.use.weekly)) / total) * 100,
    bytes: grids[0].chunkBytes,
    classic: form.chunks === "boxes" ? 0 : stored,
    lone: form.one_at_a_time ? storage.latency * 1000 : 0,
    shards: grids[0].shardCount,
    apart: (weekly(costsFor()) / total) * 100,
    levels: grids.length,
    added: (sum(perLevel.slice(1)) / perLevel[0]) * 100,
  };
  const remarks = rules.remarks
    .filter(({ fact, above }) => facts[fact] > above)
    .map((rule) => ({ ...rule, text: fill(rule.text, facts) }));
  return { costs, files, stored, total, remarks };
}
