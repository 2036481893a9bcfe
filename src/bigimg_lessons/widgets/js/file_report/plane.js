// Which plane of which level is shown as a picture of an image, and how it is put together.

import { UNKNOWN_AXIS, axisNumber, chunkBytesOf } from "../inspection/report.js";
import { FetchError, check } from "../kit/zarr/faults.js";

const SCREEN = 640; // pixels: a picture of more is larger than its place on a page
const MAX_PLANE_BYTES = 16 * 2 ** 20; // unpacked, for one picture

/** @typedef {import("../inspection/report.js").Report} Report */
/** @typedef {import("../kit/zarr/image.js").Pixels} Pixels */

/**
 * The pixels of a plane, row by row.
 * @typedef {{ pixels: Pixels, shape: number[] }} Plane
 */

/**
 * A plane, and where it lies, in words.
 * @typedef {Plane & { where: string }} PlaceablePlane
 */

/**
 * Choose the finest level that is no larger than its place, else the coarsest.
 * @param {Report} report
 * @returns {number}
 */
export function levelToShow(report) {
  const axes = ["Y", "X"].map((name) => axisNumber(report, name));
  check(!axes.includes(null), "it does not say which axes are Y and X");
  const fits = report.levels.findIndex(({ shape }) => axes.every((axis) => shape[axis] <= SCREEN));
  return fits < 0 ? report.levels.length - 1 : fits;
}

/** Refuse a plane that takes more bytes than a picture is worth. */
export function checkPlaneBytes(bytes) {
  if (bytes <= MAX_PLANE_BYTES) return;
  throw new FetchError("content", "its coarsest level is too large to be read for a picture");
}

/**
 * Put a strip or tile where it belongs in a plane.
 * @param {Plane} plane
 * @param {Pixels} part its pixels, row by row
 * @param {number[]} shape of the part
 * @param {number[]} corner row and column of its first pixel
 */
export function placePart({ pixels, shape: [height, width] }, part, [rows, columns], [top, left]) {
  const wide = Math.min(columns, width - left);
  for (let row = 0; row < Math.min(rows, height - top); row++) {
    const from = row * columns;
    pixels.set(part.subarray(from, from + wide), (top + row) * width + left);
  }
}

/** Numbers of that type, in the byte order that they are stored in. */
export function numbersIn(bytes, Numbers, isLittle) {
  const size = Numbers.BYTES_PER_ELEMENT;
  const own = bytes.slice();
  if (size > 1 && !isLittle) {
    for (let at = 0; at < own.length; at += size) own.subarray(at, at + size).reverse();
  }
  return new Numbers(own.buffer);
}

const toNumbers = (values) =>
  values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values;

/**
 * Read a plane of an image in chunks: the middle along Z, and the first along all other axes.
 * @param {Report} report
 * @param {number} number of the level
 * @param {(region: [number, number][]) => Promise<any>} read brings the values of a region, the first
 *   voxel and the one after the last along each axis
 * @returns {Promise<PlaceablePlane>}
 */
export async function chunkedPlane(report, number, read) {
  const { axes, levels } = report;
  const { shape, chunk_shape: chunk } = levels[number];
  const [z, y, x] = ["Z", "Y", "X"].map((name) => axisNumber(report, name));
  check(y < x, "its rows and columns are stored the other way round");
  check(chunk !== null, "how it is cut is not known");
  const count = [y, x].reduce((all, axis) => all * Math.ceil(shape[axis] / chunk[axis]), 1);
  checkPlaneBytes(count * chunkBytesOf(levels[number]));
  const isAcross = (axis) => axis === y || axis === x;
  const nameOf = (axis) => (axes[axis] === UNKNOWN_AXIS ? `axis ${axis}` : axes[axis]);
  const at = shape.map((n, axis) => (axis === z ? n >> 1 : 0));
  const values = await read(at.map((n, axis) => (isAcross(axis) ? [0, shape[axis]] : [n, n + 1])));
  const places = at.flatMap((n, axis) => (isAcross(axis) ? [] : [`${nameOf(axis)} = ${n}`]));
  const where = [`level ${number}`, ...places].join(", ");
  return { pixels: toNumbers(values), shape: [shape[y], shape[x]], where };
}
