// What the metadata of an OME-Zarr image say of its levels: their paths and positions, checked.

import { formatNumber } from "../text.js";
import { blaming, check, quoted } from "./faults.js";

const MAX_LEVELS = 32; // each half as wide as the one before: enough for 2^32 pixels
// Looked up by what a file says, which may be "constructor": so this has no prototype.
const UNITS = { __proto__: null, micrometer: "µm", nanometer: "nm", millimeter: "mm", meter: "m" };

/** @typedef {import("./array.js").Layout} Layout */

// A path below the image, name by name. Anything that a browser or a server might take for more
// than names, above all for the way to another folder, is refused.
function checkedPath(path) {
  const isName = (name) => /^(?!\.+$)[^\\:?#%\p{Cc}]+$/u.test(name);
  check(
    typeof path === "string" && path.split("/").every(isName),
    `a level's path is ${quoted(path)}, which is no folder inside the image`,
  );
  return path;
}

/**
 * The paths of an image's levels, finest first.
 *
 * @param {any} multiscale
 * @returns {string[]}
 */
export function levelPaths({ datasets } = {}) {
  check(Array.isArray(datasets) && datasets.length, "it is no OME-Zarr image: it lists no levels");
  check(
    datasets.length <= MAX_LEVELS,
    `it lists ${formatNumber(datasets.length)} levels, and a pyramid needs no more than ${MAX_LEVELS}`,
  );
  return datasets.map((dataset) => checkedPath(dataset?.path));
}

// Scale and translation of a level along y and x, from all its transformations together.
function placement(transformations, axes) {
  const found = { scale: [1, 1], shift: [0, 0] };
  check(
    transformations.every(Array.isArray) && transformations[0]?.length,
    "it lacks coordinateTransformations",
  );
  for (const transformation of transformations.flat()) {
    const { type, scale, translation } = transformation ?? {};
    if (type === "identity") continue;
    const values = type === "scale" ? scale : type === "translation" ? translation : undefined;
    check(
      Array.isArray(values) &&
        values.length === axes &&
        values.every((value) => Number.isFinite(value) && (type !== "scale" || value > 0)),
      `its ${quoted(type)} is ${quoted(values)}: each of its ${axes} axes needs a number, which ` +
        "for a scale is above 0",
    );
    for (const axis of [0, 1]) {
      const value = values.at(axis - 2);
      if (type === "scale") {
        found.scale[axis] *= value;
        found.shift[axis] *= value;
      } else found.shift[axis] += value;
    }
  }
  return found;
}

// A level's position in pixels of level 0.
function positionOf({ scale, shift }, finest) {
  const position = {
    factor: scale.map((size, axis) => size / finest.scale[axis]),
    // From the edge of level 0's first pixel to that of this level's; a shift is between centres.
    origin: shift.map(
      (at, axis) =>
        (at - scale[axis] / 2 - finest.shift[axis] + finest.scale[axis] / 2) / finest.scale[axis],
    ),
  };
  check(
    position.factor.every((size) => size > 0) &&
      [...position.factor, ...position.origin].every(Number.isFinite),
    `its scale is ${quoted(scale)}, which gives it no position beside level 0`,
  );
  return position;
}

/**
 * The levels of an image.
 *
 * @param {any} multiscale
 * @param {Layout[]} layouts of the levels' arrays
 * @param {any} [chunkBytes] bytes of each stored chunk, row by row, for each level, if known
 */
export function levelsOf({ datasets, coordinateTransformations }, layouts, chunkBytes) {
  const [{ shape: finestShape, type: finestType }] = layouts;
  /** @type {ReturnType<typeof placement>} */
  let finest;
  const levels = layouts.map(({ shape, chunk, fill, type }, number) =>
    blaming(`level ${number}`, () => {
      check(
        shape.length === finestShape.length && type === finestType,
        `it has ${shape.length} axes of ${type}, level 0 ${finestShape.length} of ${finestType}`,
      );
      const own = datasets[number].coordinateTransformations;
      const found = placement([own, coordinateTransformations ?? []], shape.length);
      finest ??= found;
      const count = [-2, -1].reduce((all, n) => all * Math.ceil(shape.at(n) / chunk.at(n)), 1);
      const bytes = chunkBytes?.[number];
      return {
        ...positionOf(found, finest),
        shape: shape.slice(-2),
        chunk: chunk.slice(-2),
        fill,
        bytes: Array.isArray(bytes) && bytes.length === count ? bytes.map(Number) : undefined,
      };
    }),
  );
  return { levels, pixelSize: finest.scale };
}

/** The unit of the last axis, as people write it. */
export function unitOf({ axes }) {
  const unit = Array.isArray(axes) ? axes.at(-1)?.unit : undefined;
  return typeof unit === "string" ? (UNITS[unit] ?? unit.slice(0, 40)) : "pixels";
}
