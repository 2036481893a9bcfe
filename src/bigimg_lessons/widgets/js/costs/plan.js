// What a conversion takes, as bigimg_lessons.costs.plan calculates it in Python:
// tests/test_planner_arithmetic.py holds both to the same projects, to the last bit. A project is
// that of Python, its parts under their names there.

import { formatBytes, formatNumber } from "../kit/text.js";
import { checkFactors, halvingFactors, heldBytes, planBlocks, readsPerChunk } from "./blocks.js";
import { ChunkError, LARGEST_STORED, makeGrid, product } from "./grid.js";
import { seconds } from "./reading.js";

const LARGEST_CHUNK = 2 ** 31 - 1;
const COPIES_BESIDE = 2;

const refuse = (field, message) => {
  throw new ChunkError(field, message);
};

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

const BARE = { size: 1, after: "" };
const MS = { size: 1e-3, after: " ms" };
const MB_PER_S = { size: 1e6, after: " MB/s" };
const GB = { size: 1e9, after: " GB" };
const GIB = { size: 2 ** 30, after: " GiB" };

// A range in words: "from 1 to 4,096"; "above 0" where the least is a small part of the unit.
function rangeText(low, high, size) {
  const most = high < Number.MAX_VALUE && formatNumber(Math.floor(high / size));
  if (low > 0 && low / size < 0.01) return most ? `above 0 and up to ${most}` : "above 0";
  return `from ${formatNumber(low / size)} ${most ? `to ${most}` : "on"}`;
}

/**
 * Refuse a value that is not in a range, and tell both in the unit of its field.
 * @param {number[]} range the least and the most
 */
function within(field, name, value, range, { whole = false, unit = BARE } = {}) {
  const [low, high] = range;
  if (value >= low && value <= high && !(whole && !Number.isInteger(value))) return;
  const { size, after } = unit;
  const given = Number((value / size).toPrecision(12));
  const kind = whole && size === 1 ? "a whole number" : "a number";
  refuse(field, `${name} is ${given}${after}: give ${kind} ${rangeText(low, high, size)}.`);
}

const SOURCE_KINDS = ["strips", "tiles", "chunks"];
const GIGABYTES = [10 ** 9, 2 ** 30];

function checkSource({ shape, source_kind: kind, source_chunk: chunk }) {
  if (!SOURCE_KINDS.includes(kind)) {
    refuse(
      "source_kind",
      `The source is cut into ${kind}: give one of ${SOURCE_KINDS.join(", ")}.`,
    );
  }
  if (kind !== "chunks" && chunk[0] > 1) {
    refuse(
      "source_chunk",
      `The source's chunk is ${chunk[0]} long along Z, but ${kind} lie in one plane: give 1, or ` +
        "choose chunks.",
    );
  }
  if (kind === "strips" && chunk[2] !== shape[4]) {
    refuse(
      "source_chunk",
      `The source's chunk is ${chunk[2]} long along X, but strips are as wide as the image: give ` +
        `${shape[4]}, or choose tiles.`,
    );
  }
}

const POSITIVE = [1, Number.MAX_VALUE];

function checkNumbers({ conversion, workforce, source, target, prices, read_monthly: monthly }) {
  const ratios = [0.1, 1e6];
  within("source_ratio", "The source's compression", conversion.source_ratio, ratios);
  within("ratio", "The target's compression", conversion.ratio, ratios);
  const whole = true;
  const [memory, read] = [
    [1, LARGEST_STORED],
    [0, LARGEST_STORED - 1],
  ];
  within("workers", "The number of workers", workforce.workers, [1, 1e6], { whole });
  within("threads", "The number of threads", workforce.threads, [1, 4096], { whole });
  within("memory", "The memory of a worker", workforce.memory, memory, { whole, unit: GIB });
  const rate = { unit: MB_PER_S };
  for (const name of ["decode", "shrink", "encode"]) {
    within(name, `The rate to ${name}`, workforce[name], POSITIVE, rate);
  }
  if (workforce.line !== null) within("line", "The line", workforce.line, POSITIVE, rate);
  for (const [key, storage] of Object.entries({ source, target })) {
    within(`${key}.latency`, "The latency", storage.latency, [0, Number.MAX_VALUE], { unit: MS });
    within(`${key}.bandwidth`, "The bandwidth", storage.bandwidth, POSITIVE, rate);
    within(`${key}.concurrency`, "Requests at once", storage.concurrency, [1, 1e6], { whole });
  }
  for (const name of ["month", "put", "get", "egress"]) {
    within(name, "The price", prices[name], [0, Number.MAX_VALUE]);
  }
  if (!GIGABYTES.includes(prices.gigabyte)) {
    refuse("gigabyte", `A gigabyte has ${prices.gigabyte} bytes: give ${GIGABYTES.join(" or ")}.`);
  }
  within("read_monthly", "What is read a month", monthly, read, { whole, unit: GB });
}

// The image as it is, and its levels as they are to be, each cut into chunks.
function cut(conversion, voxel) {
  const { shape, chunk } = conversion;
  if (shape.length !== 5) refuse("shape", "Give five numbers, for T, C, Z, Y and X.");
  const { itemSize } = voxel;
  const chunkShape = [1, 1, ...chunk];
  const shardShape = conversion.shard && [1, 1, ...conversion.shard];
  const full = makeGrid({ shape, chunkShape, shardShape, itemSize });
  if (conversion.factors) checkFactors(conversion.factors, 3);
  const space = conversion.factors ?? halvingFactors(shape.slice(2), chunk);
  const factors = space.map((step) => [1, 1, ...step]);
  const grids = factors.map((step) => {
    const size = shape.map((n, axis) => Math.ceil(n / step[axis]));
    const smaller = size.map((n, axis) => Math.min(n, chunkShape[axis]));
    const shards = full.perShard?.map(
      (inside, axis) => smaller[axis] * Math.min(inside, Math.ceil(size[axis] / smaller[axis])),
    );
    return makeGrid({ shape: size, chunkShape: smaller, shardShape: shards, itemSize });
  });
  if (grids[0].chunkBytes > LARGEST_CHUNK) {
    refuse("chunkShape", `A chunk has ${formatBytes(grids[0].chunkBytes)}: give less than 2 GiB.`);
  }
  checkSource(conversion);
  const edges = conversion.source_kind === "strips" ? "cut" : "padded";
  const sourceChunk = [1, 1, ...conversion.source_chunk];
  const source = sourceGrid({ shape, chunkShape: sourceChunk, itemSize, edges });
  return { factors, grids, source, unit: shardShape ?? chunkShape };
}

function sourceGrid(layout) {
  try {
    return makeGrid(layout);
  } catch (problem) {
    if (problem.field === "chunkShape") problem.field = "source_chunk";
    throw problem;
  }
}

function rechunk({ factors, grids, source, unit }, voxel, { memory, threads }) {
  const levels = {
    factors,
    shapes: grids.map((grid) => grid.shape),
    voxel,
    unit,
    source: source.chunkShape,
    beside: COPIES_BESIDE * Math.max(grids[0].chunkBytes, source.chunkBytes),
  };
  const blocks = planBlocks(levels, memory);
  let most = 1;
  while (most < threads && heldBytes(levels, blocks, most + 1) <= memory) most += 1;
  const [shape] = levels.shapes;
  return {
    block_shape: blocks[0].map((n, axis) => Math.min(n, shape[axis])),
    reads: readsPerChunk(shape, blocks[0], source.chunkShape),
    threads: most,
    held: heldBytes(levels, blocks, most),
    needed: heldBytes(levels, planBlocks(levels, Infinity, 1), 1),
  };
}

// Bytes of the image as it is stored, not compressed: strips are cut at its end.
const storedWhole = ({ edges, nbytes, chunkCount, chunkBytes }) =>
  edges === "cut" ? nbytes : chunkCount * chunkBytes;

/**
 * How long each part takes alone, and all of it at least and at most, in seconds.
 * @typedef {object} Stages
 * @property {number} read
 * @property {number} compute
 * @property {number} write
 * @property {number} at_least
 * @property {number} at_most
 * @property {string} binding
 */

/** @returns {Stages} */
function stages(read, compute, write, oneDisk) {
  const at_most = read + compute + write;
  if (oneDisk) {
    const binding = read + write >= compute ? "disk" : "compute";
    return { read, compute, write, at_least: Math.max(read + write, compute), at_most, binding };
  }
  const at_least = Math.max(read, compute, write);
  const binding = at_least === read ? "read" : at_least === compute ? "compute" : "write";
  return { read, compute, write, at_least, at_most, binding };
}

function sharedBy(storage, { workers, line }) {
  const bandwidth = Math.min(storage.bandwidth, line === null ? Infinity : workers * line);
  return { ...storage, bandwidth, concurrency: workers * storage.concurrency };
}

function billOf(project, { objects, stored, source_bytes, gets, read, verify_gets }, full, chunks) {
  const { prices, source_in_bucket: inBucket } = project;
  const storing = (nbytes) => (nbytes / prices.gigabyte) * prices.month;
  const requests = (puts, some) => (puts / 1000) * prices.put + (some / 1000) * prices.get;
  const leaving = (nbytes) => (nbytes / prices.gigabyte) * prices.egress;
  const asked = inBucket ? gets + verify_gets : verify_gets - gets;
  const left = inBucket ? 2 * read + full : full;
  // What people read later on comes in whole chunks of an average size.
  const later = Math.ceil(project.read_monthly / (stored / chunks));
  const bill = {
    puts: requests(objects, 0),
    gets: requests(0, asked),
    egress: project.outside ? leaving(left) : 0,
    storing: storing(stored),
    reading: requests(0, later) + leaving(project.read_monthly),
    original: inBucket ? storing(source_bytes) : 0,
  };
  const once = bill.puts + bill.gets + bill.egress;
  return { ...bill, once, monthly: bill.storing + bill.reading };
}

/**
 * Calculate what a project takes; throws ChunkError where that makes no sense.
 * @param {any} project as Project in Python
 * @param {Record<string, { itemSize: number, kind: string }>} voxels by the name of their type
 */
export function plan(project, voxels) {
  const { conversion, workforce } = project;
  if (!Object.hasOwn(voxels, conversion.dtype)) {
    refuse("dtype", `There is no type ${conversion.dtype} here.`);
  }
  const voxel = voxels[conversion.dtype];
  checkNumbers(project);
  const image = cut(conversion, voxel);
  const { grids, source } = image;
  const rechunking = rechunk(image, voxel, workforce);

  // Whole chunks, and of shards their indexes, which are not compressed.
  const padded = grids.map((grid) => grid.chunkCount * grid.chunkBytes);
  const indexes = grids.map((grid) => grid.shardCount * grid.indexBytes);
  const stored = Math.ceil(sum(padded) / conversion.ratio) + sum(indexes);
  const full = Math.ceil(padded[0] / conversion.ratio) + indexes[0];
  // A folder of OME-Zarr 0.5 has a zarr.json, and so has each level.
  const files = grids.map((grid) => grid.shardCount || grid.chunkCount);
  const objects = sum(files) + grids.length + 1;
  const source_bytes = Math.ceil(storedWhole(source) / conversion.source_ratio);
  const read = Math.ceil(rechunking.reads * source_bytes);
  const gets = Math.floor(rechunking.reads * source.chunkCount + 0.5);
  const [verify_gets, verify_read] = [gets + files[0], read + full];
  const most = Math.max(verify_read, sum(padded), stored);
  if (most >= LARGEST_STORED) {
    refuse(
      "memory",
      `${formatBytes(most)} are too many to plan with: give more memory or smaller chunks, for ` +
        "less than 8 PiB.",
    );
  }

  const decoding = (rechunking.reads * source.nbytes) / workforce.decode;
  const shrinking = source.nbytes / workforce.shrink;
  const encoding = sum(padded) / workforce.encode;
  const again = padded[0] / workforce.decode;
  // Whoever finds no room for a block of its own helps to encode those of others, as in a build.
  const cores = workforce.workers * workforce.threads;
  const withBlocks = workforce.workers * rechunking.threads;
  const from = sharedBy(project.source, workforce);
  const to = sharedBy(project.target, workforce);
  const reading = seconds(from, gets, read);
  const { one_disk: oneDisk } = project;
  const found = {
    nbytes: source.nbytes,
    levels: grids.length,
    rechunking,
    source_bytes,
    read,
    gets,
    objects,
    stored,
    convert: stages(
      reading,
      (decoding + shrinking) / withBlocks + encoding / cores,
      seconds(to, objects, stored),
      oneDisk,
    ),
    verify: stages(reading, (decoding + again) / withBlocks, seconds(to, files[0], full), oneDisk),
    verify_read,
    verify_gets,
  };
  const chunks = sum(grids.map((grid) => grid.chunkCount));
  return { ...found, bill: billOf(project, found, full, chunks) };
}

/** The shape of an image of about so many bytes: with as many planes as it takes. */
export function shapeOfBytes(nbytes, [t, c, , y, x], itemSize) {
  const plane = product([t, c, y, x]) * itemSize;
  return [t, c, Math.max(1, Math.floor((nbytes + Math.floor(plane / 2)) / plane)), y, x];
}
