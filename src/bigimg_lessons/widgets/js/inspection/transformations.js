// What OME-Zarr's coordinate transformations say of the voxels of each level, as
// inspection/transformations.py reads them, which names the rules.

import { asItems, asNumber, asObject, asText } from "./json_values.js";
import { pythonStr } from "./python_text.js";

/** @typedef {import("./json_values.js").JsonObject} JsonObject */

/**
 * Where the voxels of a level lie; `foreign` is the type of a transformation that is not followed,
 * for which size and position are not known.
 * @typedef {object} Placed
 * @property {number[] | null} voxel_size
 * @property {number[] | null} offset
 * @property {string | null} foreign
 */

/** @type {Placed} */
const UNKNOWN = { voxel_size: null, offset: null, foreign: null };

/** How an entry of "multiscales" places its levels. */
export class Placing {
  /** @param {JsonObject} multiscale the entry */
  constructor(multiscale) {
    const plain = asItems(multiscale.get("axes"));
    this.ofAll = asItems(multiscale.get("coordinateTransformations"));
    /** Coordinate systems with a name, as there are since 0.6. */
    this.systems = plain.length ? [] : asItems(multiscale.get("coordinateSystems"));
    this.target = outputOf(asObject(asItems(multiscale.get("datasets"))[0]));
    this.intrinsic = intrinsicOf(this.systems.map(asObject), this.target);
    /** The axes along which sizes are told, as they are stated; empty if none are. */
    this.axes = this.systems.length ? asItems(asObject(this.intrinsic).get("axes")) : plain;
    this.isOfIndices = this.systems.length > 0 && this.axes.some(isIndex);
  }

  /** What of the coordinate systems is not known, as sentences. */
  get notes() {
    if (this.systems.length && !this.intrinsic) {
      return [
        "Its levels do not lead to a coordinate system that it describes, so its axes and units " +
          "are not known.",
      ];
    }
    if (!this.isOfIndices) return [];
    return [
      "Its levels lead to a coordinate system of array indices, and what leads from there to " +
        "others is not followed here, so its voxel size is not known.",
    ];
  }

  /**
   * Where the voxels of a level lie.
   *
   * @param {JsonObject} dataset the level, as it is stated
   * @param {number} count number of its axes
   */
  placed(dataset, count) {
    const own = asItems(dataset.get("coordinateTransformations"));
    if (this.isOfIndices || this.strays(dataset)) return UNKNOWN;
    if (!this.systems.length) return composed([...own, ...this.ofAll], count);
    // The first is all that leads there.
    return composed(outputOf(dataset) === null ? own : own.slice(0, 1), count);
  }

  /**
   * Whether a level leads to another coordinate system than the first level.
   *
   * @param {JsonObject} dataset
   */
  strays(dataset) {
    return this.systems.length > 0 && outputOf(dataset) !== this.target;
  }
}

/** Whether an axis counts the voxels of an array, so that it has neither name nor unit. */
export const isIndex = (axis) => asObject(axis).get("type") === "array";

function intrinsicOf(systems, target) {
  if (target === null) return systems.length === 1 ? systems[0] : null;
  return systems.find((each) => asText(each.get("name")) === target) ?? null;
}

// The coordinate system that a level leads to, null if it does not say which; before the release of
// 0.6 it was a text.
function outputOf(dataset) {
  const [first] = asItems(dataset.get("coordinateTransformations"));
  const output = asObject(first).get("output");
  return asText(output) ?? asText(asObject(output).get("name"));
}

/** @returns {Placed} */
function composed(transforms, count) {
  let size = null;
  let offset = null;
  const times = (values, factors) => values.map((value, axis) => value * factors[axis]);
  for (const [kind, numbers] of stepsIn(transforms, count)) {
    if (numbers === null) return { ...UNKNOWN, foreign: kind };
    if (kind === "scale") {
      size = times(size ?? Array(count).fill(1), numbers);
      offset = offset && times(offset, numbers);
    } else {
      offset = (offset ?? Array(count).fill(0)).map((value, axis) => value + numbers[axis]);
    }
  }
  return { voxel_size: size, offset, foreign: null };
}

/**
 * Scales and translations in their order, null for the numbers of what is neither.
 *
 * @returns {[string, number[] | null][]}
 */
function stepsIn(transforms, count) {
  return transforms.map(asObject).flatMap((each) => {
    const kind = asText(each.get("type")) ?? "?";
    if (kind === "sequence") return stepsIn(asItems(each.get("transformations")), count);
    if (kind === "identity") return [["scale", Array(count).fill(1)]];
    const isKnown = kind === "scale" || kind === "translation";
    const numbers = isKnown ? asItems(each.get(kind)).map(asNumber) : [];
    const fits = numbers.length === count && !numbers.includes(null);
    return [[pythonStr(kind, 40), fits ? numbers : null]];
  });
}
