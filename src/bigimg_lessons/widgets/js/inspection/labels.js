// A sample of a label image: whether level 1 has values that level 0 does not have there. As
// inspection/labels.py looks at it.

import { product } from "../costs/grid.js";
import { UnknownCodec } from "./codec_errors.js";
import { SPATIAL, axisNumber, chunkBytesOf, itemSizeOf } from "./report.js";
import { readZarrNode } from "./zarr_arrays.js";
import { ZarrVoxels } from "./zarr_chunks.js";

const MAX_BYTES = 8 * 2 ** 20; // of level 0, unpacked, for each place that is looked at
const SIDE = 24; // voxels of level 1 along each axis
const LABEL_TYPES = ["int32", "uint32", "int64", "uint64"];
const PLACES = [0.5, 0.25, 0.75]; // of the image, along each axis

/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./report.js").Report} Report */
/** @typedef {[start: number, stop: number]} Span */

/**
 * Look whether level 1 was averaged, if voxels may be numbers of objects; that may be where the
 * file says so, or voxels are whole numbers of 32 or 64 bits. Of an image on a server, or of one
 * that is not Zarr, nothing is read.
 *
 * @param {Report} report
 * @param {Place} place where its levels are
 * @returns {Promise<Report>} with `sampled`, if it could be looked at
 */
export async function withSample(report, place) {
  if (!isSampled(report) || !place.part || !report.kind.endsWith("Zarr")) return report;
  try {
    const [full, coarse] = await Promise.all(
      report.levels.slice(0, 2).map(async ({ path }) => {
        const inside = path === "." ? "" : path;
        const { array } = await readZarrNode(place, inside);
        return new ZarrVoxels(place, inside, array);
      }),
    );
    const read = async (level, region) => (await [full, coarse][level].read(region)).values;
    return { ...report, sampled: await sampleOf(report, read) };
  } catch (error) {
    if (!(error instanceof UnknownCodec)) return report; // what cannot be read is not known
    const note =
      "Whether its labels were averaged was not looked at, because " +
      `${error.message} cannot be unpacked here.`;
    return { ...report, notes: [...report.notes, note] };
  }
}

/**
 * Whether an image may be one of labels, and has levels to compare.
 *
 * @param {Report} report
 */
export function isSampled({ levels, is_labels, source }) {
  const { dtype } = levels[0];
  const isCandidate = is_labels || LABEL_TYPES.includes(dtype);
  const isNumber = itemSizeOf(dtype) !== null && dtype.includes("int");
  return levels.length > 1 && isCandidate && isNumber && !source.includes("://");
}

/**
 * Whether values turned up in level 1 that level 0 has not there; null if nothing was read.
 *
 * @param {Report} report
 * @param {(level: number, region: Span[]) => Promise<Iterable<number | bigint>>} read
 * @returns {Promise<boolean | null>}
 */
export async function sampleOf(report, read) {
  let looked = null;
  for (const place of PLACES) {
    const regions = regionsAt(report, place);
    if (!regions) continue;
    const values = new Set(await read(1, regions.here));
    const known = new Set(await read(0, regions.there));
    looked = false;
    if ([...values].some((value) => !known.has(value))) return true;
  }
  return looked;
}

// Halves go to the even number, as in Python.
function rounded(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}

/**
 * A region of level 1 and that of level 0 which it stands for, with a margin; null if too much
 * would have to be read.
 */
function regionsAt(report, place) {
  const [full, coarse] = report.levels;
  if (full.shape.length !== coarse.shape.length) return null;
  const axes = SPATIAL.map((name) => axisNumber(report, name));
  /** @type {Span[]} */
  const here = [];
  /** @type {Span[]} */
  const there = [];
  full.shape.forEach((n, axis) => {
    const m = coarse.shape[axis];
    const length = axes.includes(axis) ? Math.min(SIDE, m) : 1;
    const start = axes.includes(axis) ? rounded((m - length) * place) : 0;
    here.push([start, start + length]);
    if (!axes.includes(axis)) {
      there.push([0, 1]);
      return;
    }
    const factor = n / m;
    // A box more on each side: where a level lies may be off by that.
    there.push([
      Math.max(0, Math.floor((start - 1) * factor)),
      Math.min(n, Math.ceil((start + length + 1) * factor)),
    ]);
  });
  const isTooMuch = bytesRead(full, there) > MAX_BYTES || bytesRead(coarse, here) > MAX_BYTES;
  return isTooMuch ? null : { here, there };
}

function bytesRead(level, region) {
  const nbytes = chunkBytesOf(level);
  if (nbytes === null) return Infinity;
  const counts = region.map(([start, stop], axis) => {
    const size = level.chunk_shape[axis];
    return Math.ceil(stop / size) - Math.floor(start / size);
  });
  return product(counts) * nbytes;
}
