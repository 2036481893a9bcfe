// How a volume lies on the screen: x to the right, y down, z away from the viewer, as in the book's
// figures. Points are fractions [z, y, x] of the volume; lengths on the screen are pixels.

import { clamp } from "../kit/range.js";
import { FIXED_AXIS, lastPositions } from "./setting.js";

const DEPTH = [0.56, -0.42]; // where a step along z goes, for a step of 1 along x
const THINNEST = 0.1; // an axis this much shorter than the longest is not drawn any shorter
const MARGIN = { left: 24, right: 14, top: 10, bottom: 28 };

/**
 * @typedef {object} Placement
 * @property {number[][]} steps the volume's axes on the screen, as vectors
 * @property {number[]} origin
 * @property {boolean} toScale whether no axis is drawn longer than it is
 */

/**
 * How a volume lies on a canvas of this size.
 * @param {number[]} shape
 * @param {number} width
 * @param {number} height
 * @returns {Placement}
 */
export function placeVolume(shape, width, height) {
  const longest = Math.max(...shape);
  const [z, y, x] = shape.map((n) => Math.max(n / longest, THINNEST));
  const [roomX, roomY] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const [wide, high] = [x + DEPTH[0] * z, y - DEPTH[1] * z];
  const scale = Math.min(roomX / wide, roomY / high);
  return {
    steps: [
      [DEPTH[0] * z * scale, DEPTH[1] * z * scale],
      [0, y * scale],
      [x * scale, 0],
    ],
    origin: [
      MARGIN.left + (roomX - scale * wide) / 2,
      MARGIN.top + (roomY - scale * high) / 2 - DEPTH[1] * z * scale,
    ],
    toScale: shape.every((n) => n / longest >= THINNEST),
  };
}

/**
 * Pixels between the two ends of each axis.
 * @param {Placement} placement
 */
export const axisLengths = ({ steps }) => steps.map((step) => Math.hypot(...step));

/**
 * How far along an axis a way on the screen leads, in fractions of the volume.
 * @param {Placement} placement
 * @param {number} axis
 * @param {number[]} way
 */
export function fractionAlong({ steps }, axis, [dx, dy]) {
  const [sx, sy] = steps[axis];
  return (dx * sx + dy * sy) / (sx * sx + sy * sy);
}

/**
 * The position that a slice or a cube is dragged to. A slice moves along the axis across it, a cube
 * along y and x.
 * @param {import("./setting.js").Setting} setting
 * @param {Placement} placement
 * @param {number[]} from the position at which the drag began
 * @param {number[]} way pixels since then, to the right and down
 */
export function dragged(setting, placement, from, way) {
  const { shape, orientation, position } = setting;
  const axes = orientation === "cube" ? [1, 2] : [FIXED_AXIS[orientation]];
  const last = lastPositions(setting);
  return position.map((now, axis) => {
    if (!axes.includes(axis)) return now;
    const step = Math.round(fractionAlong(placement, axis, way) * shape[axis]);
    return clamp(from[axis] + step, 0, last[axis]);
  });
}
