// The levels of a pyramid, and the blocks in which an image is cut anew within a memory, as
// bigimg_lessons.pyramids plans them in Python (levels.py, block_plans.py, means only):
// tests/test_planner_arithmetic.py holds both to the same projects. Axes come slowest first.

import { formatBytes, formatNumber } from "../kit/text.js";
import { ChunkError, product } from "./grid.js";

const KEPT_BY_ALLOCATOR = 0.25;
const MAX_MAPPED = 2 ** 25;
const PIECE_VOXELS = 2 ** 17;
const LEAST_BLOCK_BYTES = 2 ** 23;

const zip = (one, other, combine) => one.map((n, axis) => combine(n, other[axis]));
const least = (one, other) => zip(one, other, (a, b) => Math.min(a, b));
const shrunk = (shape, factors) => zip(shape, factors, (n, f) => Math.ceil(n / f));

function lcm(one, other) {
  let [a, b] = [one, other];
  while (b) [a, b] = [b, a % b];
  return (one / a) * other;
}

/** The factors of levels that halve all axes until one chunk is left; of an image of cubes. */
export function halvingFactors(shape, chunkShape) {
  const steps = [shape.map(() => 1)];
  for (;;) {
    const step = steps.at(-1);
    const now = shrunk(shape, step);
    if (now.every((n, axis) => n <= chunkShape[axis])) return steps;
    const finest = Math.min(...step.filter((_, axis) => now[axis] > 1));
    steps.push(step.map((f, axis) => (now[axis] > 1 && f < finest * Math.SQRT2 ? f * 2 : f)));
  }
}

/** Throws ChunkError unless factors begin with ones, and each level's are multiples of the last. */
export function checkFactors(factors, axes) {
  const refuse = (message) => {
    throw new ChunkError("factors", message);
  };
  const list = (step) => step.join(" × ");
  for (const step of factors) {
    if (step.length !== axes || !step.every((f) => Number.isSafeInteger(f) && f > 0)) {
      refuse(`A level has the factors ${list(step)}: give ${axes} whole numbers, 1 or more.`);
    }
  }
  if (!factors.length || Math.max(...factors[0]) > 1) {
    refuse("The first level is the image itself: begin with 1 × 1 × 1.");
  }
  factors.slice(1).forEach((below, index) => {
    const above = factors[index];
    if (list(above) === list(below) || below.some((f, axis) => f % above[axis])) {
      refuse(
        `Factors go from ${list(above)} to ${list(below)}: make each level's factors whole ` +
          "multiples of those of the level before, at least one of them larger.",
      );
    }
  });
}

/** Bytes of memory as they can be typed in, rounded up: 4.61 GiB for 4.6001 GiB. */
export const enoughGiB = (bytes) => `${formatNumber(Math.ceil((bytes / 2 ** 30) * 100) / 100)} GiB`;

// Bytes of a voxel of a level until the next is made of it: those of a sum that cannot overflow.
function keptBytes({ itemSize, kind }, factors) {
  const count = product(factors);
  if (count === 1) return itemSize;
  if (kind === "f") return 8;
  const bytes = [2, 4, 8].find((wide) => count <= 2 ** (8 * (wide - itemSize)));
  if (!bytes) {
    throw new ChunkError("factors", `A sum of ${count} voxels can overflow: give fewer levels.`);
  }
  return bytes;
}

function shrinkingBytes(block, ratio, voxel, kept) {
  const rows = shrunk(block, ratio);
  const all = product(rows);
  const several = rows.find((n) => n > 1) ?? 1;
  const thickness = Math.max(1, Math.floor((PIECE_VOXELS * several) / all));
  const piece = Math.min(Math.floor((all * thickness) / several), all);
  const boxes = product(ratio);
  const first = ratio.find((f) => f > 1) ?? 1;
  const sums = Math.floor((Math.floor(boxes / first) * 3) / 2);
  let beside = piece * 8 * Math.max(3, sums);
  if (voxel.kind === "u" && voxel.itemSize <= 2 && ratio.at(-1) === 2) {
    beside = Math.max(beside, piece * 2 * boxes * voxel.itemSize);
  }
  return all * kept + beside;
}

/**
 * An image and its levels, as blocks are planned for them.
 * @typedef {object} Levels
 * @property {number[][]} factors of each level
 * @property {number[][]} shapes of each level
 * @property {{ itemSize: number, kind: string }} voxel bytes, and "u", "i" or "f"
 * @property {number[]} unit what is written together: a chunk or a shard
 * @property {number[]} source a chunk of the source
 * @property {number} beside bytes that a thread holds beside its block
 */

const ratiosOf = ({ factors }) =>
  factors.slice(1).map((coarser, index) => zip(coarser, factors[index], (c, f) => c / f));

function withCoarser(block, unit, ratios) {
  const shapes = [block];
  for (const ratio of ratios) {
    const smaller = zip(shapes.at(-1), ratio, (n, r) => Math.floor(n / r));
    shapes.push(zip(unit, smaller, lcm));
  }
  return shapes;
}

/** Bytes that a worker holds at most. */
export function heldBytes(levels, blockShapes, threads) {
  const { factors, shapes, voxel, beside } = levels;
  const blocks = blockShapes.map((block, k) => least(block, shapes[k]));
  const kept = factors.map((step) => keptBytes(voxel, step));
  const open = blocks.reduce((all, block, k) => all + product(block) * kept[k], 0);
  const shrinking = ratiosOf(levels).map((ratio, k) =>
    shrinkingBytes(blocks[k], ratio, voxel, kept[k + 1]),
  );
  const each = open + Math.max(0, beside, ...shrinking);
  const endOfHeap = 2 * Math.min(product(blocks[0]) * voxel.itemSize, MAX_MAPPED);
  return Math.ceil(threads * each * (1 + KEPT_BY_ALLOCATOR)) + endOfHeap;
}

/**
 * The shapes of the blocks, one for each level; throws ChunkError if not even one of a single unit
 * finds room.
 * @param {Levels} levels
 * @param {number} memory bytes
 * @param {number} [leastBytes] below which a block is made larger
 */
export function planBlocks(levels, memory, leastBytes = LEAST_BLOCK_BYTES) {
  const ratios = ratiosOf(levels);
  const [shape] = levels.shapes;
  const unit = levels.unit.map((n, axis) => ratios.reduce((all, r) => lcm(all, r[axis]), n));
  const whole = zip(unit, shape, (u, n) => u * Math.ceil(n / u));
  const held = (block) => heldBytes(levels, withCoarser(block, unit, ratios), 1);
  const smallest = held(unit);
  if (smallest > memory) {
    throw new ChunkError(
      "memory",
      `The memory of a worker is ${formatBytes(memory)}. The smallest block takes ` +
        `${formatBytes(smallest)} with all that reading, averaging and encoding need: give at ` +
        `least ${enoughGiB(smallest)}, or smaller chunks and shards.`,
    );
  }
  let block = zip(zip(unit, levels.source, lcm), whole, (n, most) => Math.min(n, most));
  while (held(block) > memory && block.some((n, axis) => n !== unit[axis])) {
    const units = zip(block, unit, (n, u) => n / u);
    const axis = units.indexOf(Math.max(...units));
    block[axis] = unit[axis] * Math.ceil(units[axis] / 2);
  }
  const bytes = () => product(least(block, shape)) * levels.voxel.itemSize;
  while (bytes() < leastBytes) {
    const axis = shortest(block, whole, unit);
    if (axis < 0) break;
    const larger = block.with(axis, Math.min(2 * block[axis], whole[axis]));
    if (held(larger) > memory) break;
    block = larger;
  }
  return withCoarser(block, unit, ratios);
}

// The axis along which a block is to grow: first those of the chunks, there the shortest, the last
// of equals; -1 if it is the whole image.
function shortest(block, whole, unit) {
  let found = -1;
  block.forEach((n, axis) => {
    if (n >= whole[axis]) return;
    const flat = unit[axis] === 1;
    const flatter = found >= 0 && unit[found] === 1;
    if (found < 0 || (flat === flatter ? n <= block[found] : flatter)) found = axis;
  });
  return found;
}

/** How often a chunk of the source is read on average. */
export function readsPerChunk(shape, blockShape, chunkShape) {
  return shape.reduce((reads, n, axis) => {
    const [block, chunk] = [blockShape[axis], chunkShape[axis]];
    const chunks = Math.ceil(n / chunk);
    // Both grids together cut the axis into the pieces that are read; some cuts are of both.
    const pieces = Math.ceil(n / block) + chunks - Math.ceil(n / lcm(block, chunk));
    return reads * (pieces / chunks);
  }, 1);
}
