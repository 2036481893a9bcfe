// What is typed into the fields, made into a setting.

import { ChunkError } from "../costs/grid.js";
import { clamp } from "../kit/range.js";
import { AXES, explore, lastPositions } from "./setting.js";

/**
 * The fields' texts, and what is chosen beside them.
 * @typedef {object} Typed
 * @property {string[]} shape
 * @property {string[]} chunk
 * @property {string[] | null} shard null where chunks are not packed into shards
 * @property {string} dtype
 * @property {string} edges
 * @property {string} reader
 * @property {string} edge of the cube
 * @property {string[]} position
 */

/**
 * A whole number as people type it; throws ChunkError that names the field.
 * @param {string} field
 * @param {string} name the number's name, to begin a sentence with
 * @param {string} text
 * @returns {number}
 */
export function wholeNumber(field, name, text) {
  const typed = text.trim();
  if (!typed) throw new ChunkError(field, `${name} is empty: give a whole number.`);
  if (!/^[+-]?\d{1,3}([ ,]\d{3})+$|^[+-]?\d+$/.test(typed)) {
    throw new ChunkError(field, `${name} is “${typed.slice(0, 20)}”: give a whole number.`);
  }
  const number = Number(typed.replace(/[ ,]/g, ""));
  if (number > Number.MAX_SAFE_INTEGER) {
    throw new ChunkError(field, `${name} has ${typed.length} digits: give a smaller number.`);
  }
  return number;
}

// Three numbers of one kind; an error also names the axis, as `axisField`.
const wholeNumbers = (field, key, thing, texts) =>
  texts.map((text, axis) => {
    try {
      return wholeNumber(field, `The ${AXES[axis]} of the ${thing}`, text);
    } catch (problem) {
      throw Object.assign(problem, { axisField: `${key}-${axis}` });
    }
  });

/**
 * The setting that the fields come to; throws ChunkError unless it makes sense.
 * @param {Typed} typed
 * @param {import("./setting.js").Setting} before
 * @param {import("./setting.js").Known} known
 * @param {string} [source] the key of the field that was typed into
 * @returns {import("./setting.js").Setting}
 */
export function typedSetting(typed, before, known, source) {
  const next = {
    ...before,
    shape: wholeNumbers("shape", "shape", "volume", typed.shape),
    dtype: typed.dtype,
    chunk_shape: wholeNumbers("chunkShape", "chunk", "chunk", typed.chunk),
    shard_shape: typed.shard && wholeNumbers("shardShape", "shard", "shard", typed.shard),
    edges: typed.shard ? "padded" : typed.edges,
    reader: typed.reader,
  };
  if (before.orientation === "cube") {
    next.cube_edge = wholeNumber("cube", "The edge of the cube", typed.edge);
  }
  // A slider stays within a volume that shrinks; a number that was typed must fit by itself.
  const last = lastPositions(next);
  next.position = typed.position.map((text, axis) => {
    const field = `position-${axis}`;
    if (source !== field) return clamp(before.position[axis], 0, Math.max(0, last[axis]));
    return wholeNumber(field, `The position along ${AXES[axis]}`, text);
  });
  explore(next, known);
  return next;
}
