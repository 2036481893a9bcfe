// The arithmetic of bigimg_lessons/capstone.py, for pages; `rules` are sent from there.
// tests/browser/test_design_task_page.py runs both on the same designs.

import { ChunkError, makeGrid, reading, seconds } from "./chunk_arithmetic.js";

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);
const coarse = (step) => Math.max(step[1], step[2]);

// Fill in {names}: texts as they are, numbers rounded.
const fill = (text, values) =>
  text.replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return value.at ? value : Math.floor(value + 0.5).toLocaleString("en");
  });

function levelGrids(design, scenario, form, steps, refusals) {
  const { shape, axes, item_size: itemSize } = scenario;
  const whole = { shape, chunkShape: design.chunk_shape, itemSize, edges: form.edges };
  const bytes = makeGrid(whole).chunkBytes;
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
  // The same chunks and shards at each level, cut where it is smaller
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

export function appraise(design, scenario, rules) {
  const form = rules.formats[design.format];
  const steps = scenario.factors[design.format];
  const grids = levelGrids(design, scenario, form, steps, rules.refusals);
  const concurrency = form.one_at_a_time ? 1 : scenario.storage.concurrency;
  const storage = { ...scenario.storage, concurrency };

  const costOf = (use, reader) => {
    // The coarsest level with a voxel for each pixel
    const level = grids.findLastIndex((_, k) => !k || coarse(steps[k]) <= use.voxels_per_pixel);
    const grid = grids[level];
    const region = use.region.map(([start, stop], axis) => [
      Math.floor(start / steps[level][axis]),
      Math.ceil(stop / steps[level][axis]),
    ]);
    const asked = reading(grid, region, reader);
    const each = (count) => Math.ceil(count / use.machines);
    // Each shard is asked for its index, or for all, before the chunks that need the index
    const first = each(asked.shards);
    const waiting =
      seconds(storage, first, 0) + seconds(storage, each(asked.requests) - first, 0);
    const own = rules.own_time * each(asked.chunks);
    const time = waiting + seconds(storage, 0, each(asked.read), own);
    return { ...asked, use, level, waiting, seconds: time, weekly: time * use.weekly };
  };
  const weekly = (costs) => sum(costs.map((cost) => cost.weekly));

  const costs = scenario.uses.map((use) => costOf(use, rules.reader));
  const total = weekly(costs);
  const dearest = costs.reduce((most, cost) => (cost.weekly > most.weekly ? cost : most));
  const perLevel = grids.map((grid) => reading(grid, grid.shape.map((n) => [0, n])).read);
  const stored = sum(perLevel);
  const files = form.files || sum(grids.map((grid) => grid.shardCount || grid.chunkCount));
  const facts = {
    ease: rules.negligible / total,
    crowd: files / scenario.most_files,
    ...scenario,
    files,
    coarseness: scenario.voxels_per_pixel / coarse(steps[grids.length - 1]),
    amplification: dearest.read / dearest.wanted,
    use: dearest.use.name,
    share: (dearest.weekly / total) * 100,
    waiting: (sum(costs.map((cost) => cost.waiting * cost.use.weekly)) / total) * 100,
    bytes: grids[0].chunkBytes,
    classic: form.chunks === "boxes" ? 0 : stored,
    lone: form.one_at_a_time ? storage.latency * 1000 : 0,
    shards: grids[0].shardCount,
    apart: (weekly(scenario.uses.map((use) => costOf(use))) / total) * 100,
    levels: grids.length,
    added: (sum(perLevel.slice(1)) / perLevel[0]) * 100,
  };
  const remarks = rules.remarks
    .filter(({ fact, above }) => facts[fact] > above)
    .map((rule) => ({ ...rule, text: fill(rule.text, facts) }));
  return { costs, files, stored, total, remarks };
}
