// A plane of an N5 image, put together from its blocks: those that are not compressed, and those that
// browsers unpack by themselves. github.com/saalfeldlab/n5 says how a block is stored: its mode, its
// number of axes and its voxels along each, x first, and then numbers, the highest byte first.

import { UnknownCodec } from "../inspection/codec_errors.js";
import { itemSizeOf } from "../inspection/report.js";
import { pathInside } from "../inspection/zarr_arrays.js";
import { TYPES } from "../kit/zarr/array.js";
import { check } from "../kit/zarr/faults.js";
import { unpack } from "../kit/zarr/fetching.js";
import { chunkedPlane, numbersIn } from "./plane.js";

const product = (numbers) => numbers.reduce((all, n) => all * n, 1);

/**
 * Read a block; null if none is stored there, which stands for zeros.
 * @param {any} place
 * @param {import("../inspection/report.js").Level} level
 * @param {number[]} at number of the block along each axis, slowest first
 */
async function blockAt(place, level, at) {
  const { path, shape, chunk_shape: chunk, dtype, codec } = level;
  const packed = codec?.[0] ?? null;
  if (packed !== null && packed !== "gzip") throw new UnknownCodec(packed);
  const inside = pathInside(path === "." ? "" : path, [...at].reverse().join("/"));
  const head = 4 + 4 * shape.length;
  const most = product(chunk) * itemSizeOf(dtype);
  const bytes = await place.part(inside, 0, head + Math.ceil(most * 1.01) + 1024);
  if (!bytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isBlock = bytes.length >= head && view.getUint16(0) === 0;
  check(isBlock && view.getUint16(2) === shape.length, "a block of it is damaged");
  const size = shape.map((_, axis) => view.getUint32(4 + 4 * axis)).reverse();
  check(
    size.every((n, axis) => n > 0 && n <= chunk[axis]),
    "a block of it is larger than blocks are",
  );
  const length = product(size) * itemSizeOf(dtype);
  const stored = bytes.subarray(head, packed ? undefined : head + length);
  const numbers = await unpack(stored, { format: packed ? "gzip" : null, length }, inside);
  return { size, numbers: numbersIn(numbers, TYPES[dtype], false) };
}

/** Voxels to the next one along each axis. */
const stridesOf = (size) => size.map((_, axis) => product(size.slice(axis + 1)));

/** Put what lies in a region into its place among the voxels of the region. */
function placeBlock(values, { size, numbers }, corner, region) {
  const from = region.map(([start], axis) => Math.max(start, corner[axis]));
  const to = region.map(([, stop], axis) => Math.min(stop, corner[axis] + size[axis]));
  const [there, here] = [stridesOf(size), stridesOf(region.map(([a, b]) => b - a))];
  const step = (axis, source, target) => {
    if (axis === size.length) {
      values[target] = numbers[source];
      return;
    }
    for (let n = from[axis]; n < to[axis]; n++) {
      step(
        axis + 1,
        source + (n - corner[axis]) * there[axis],
        target + (n - region[axis][0]) * here[axis],
      );
    }
  };
  step(0, 0, 0);
}

async function regionOf(place, level, region) {
  const { chunk_shape: chunk, dtype } = level;
  check(Object.hasOwn(TYPES, dtype), `its pixels are of type ${dtype}`);
  const values = new TYPES[dtype](product(region.map(([start, stop]) => stop - start)));
  let blocks = [[]];
  for (const [axis, [start, stop]] of region.entries()) {
    const [first, last] = [start, stop - 1].map((n) => Math.floor(n / chunk[axis]));
    const numbers = Array.from({ length: last - first + 1 }, (_, n) => first + n);
    blocks = blocks.flatMap((block) => numbers.map((n) => [...block, n]));
  }
  for (const at of blocks) {
    const block = await blockAt(place, level, at);
    const corner = at.map((n, axis) => n * chunk[axis]);
    if (block) placeBlock(values, block, corner, region);
  }
  return values;
}

/**
 * Read a plane.
 * @param {any} place
 * @param {import("../inspection/report.js").Report} report
 * @param {number} number of the level
 */
export const n5Plane = (place, report, number) =>
  chunkedPlane(report, number, (region) => regionOf(place, report.levels[number], region));
