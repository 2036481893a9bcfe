// What part of an image a reader sees, in numbers.
//
// A view is its centre (x, y), in pixels of level 0 from the image's upper left corner, and its
// zoom, in CSS pixels for each pixel of level 0. Where it is seen is a frame: the image's size in
// pixels of level 0 and the canvas' box in CSS pixels, both [y, x], and the density of the screen,
// in device pixels for each CSS pixel.

import { clamp } from "../kit/range.js";
import { mean } from "./geometry.js";

/** @typedef {{ x: number, y: number, zoom: number }} View */
/** @typedef {{ size: number[], box: number[], density: number }} Frame */

/**
 * The zoom at which the whole image is seen.
 *
 * @param {Frame} frame
 */
export const fit = ({ size, box }) => Math.min(box[0] / size[0], box[1] / size[1]);

/**
 * The same zoom within the limits: from the whole image to eight device pixels for each pixel.
 *
 * @param {number} zoom
 * @param {Frame} frame
 */
const clampedZoom = (zoom, frame) => {
  const whole = fit(frame);
  return clamp(zoom, whole, Math.max(8 / frame.density, whole));
};

/**
 * The nearest view that does not leave the image.
 *
 * @param {View} view
 * @param {Frame} frame
 * @returns {View}
 */
export function clamped({ x, y, zoom }, frame) {
  const allowed = clampedZoom(zoom, frame);
  const [centreY, centreX] = [y, x].map((at, axis) => {
    const half = frame.box[axis] / allowed / 2;
    const size = frame.size[axis];
    return size <= 2 * half ? size / 2 : clamp(at, half, size - half);
  });
  return { x: centreX, y: centreY, zoom: allowed };
}

/**
 * The rectangle that a view shows.
 *
 * @param {View} view
 * @param {Frame} frame
 */
export function rectangle({ x, y, zoom }, { box }) {
  const [h, w] = box.map((size) => size / zoom / 2);
  return [y - h, x - w, y + h, x + w];
}

/**
 * A view zoomed so that the image stays put at one point.
 *
 * @param {View} view
 * @param {number} times
 * @param {number[]} point in CSS pixels from the canvas' centre
 * @param {Frame} frame
 */
export function zoomed({ x, y, zoom }, times, point, frame) {
  const after = clampedZoom(zoom * times, frame);
  const [toY, toX] = point.map((at) => at / zoom - at / after);
  return { x: x + toX, y: y + toY, zoom: after };
}

/**
 * The next view on the way from one to another, or the other itself once it is near. All of x, y
 * and 1 / zoom go the same part of the way: then the point under the pointer stays where it is.
 *
 * @param {View} shown
 * @param {View} goal
 * @param {number} milliseconds since the last step
 */
export function approached(shown, goal, milliseconds) {
  const far =
    Math.abs(Math.log(goal.zoom / shown.zoom)) +
    Math.hypot(goal.x - shown.x, goal.y - shown.y) * shown.zoom * 0.01;
  if (far < 0.004) return goal;
  const part = 1 - Math.exp(-Math.min(milliseconds, 50) / 55);
  const between = (a, b) => a + part * (b - a);
  return {
    x: between(shown.x, goal.x),
    y: between(shown.y, goal.y),
    zoom: 1 / between(1 / shown.zoom, 1 / goal.zoom),
  };
}

/**
 * The level whose pixels are nearest in size to the screen's, or the first coarser one that is not
 * too much.
 *
 * @param {{ factor: number[] }[]} levels
 * @param {number} size device pixels for each pixel of level 0
 * @param {(number: number) => boolean} isTooMuch
 */
export function nearestLevel(levels, size, isTooMuch) {
  const off = levels.map(({ factor }) => Math.abs(Math.log2(mean(factor) * size)));
  let best = off.lastIndexOf(Math.min(...off));
  while (best < levels.length - 1 && isTooMuch(best)) best++;
  return best;
}
