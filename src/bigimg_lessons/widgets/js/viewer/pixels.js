// From the values of a chunk to a canvas.

import { make } from "../kit/dom.js";
import { clamp } from "../kit/range.js";

/**
 * A value between the two ends of a window, as 0 to 255.
 *
 * @param {number} value
 * @param {number[]} window
 */
export const greyOf = (value, [low, high]) =>
  clamp(Math.round(((value - low) * 255) / (high - low || 1)), 0, 255) || 0;

/**
 * A window over all values of a chunk.
 *
 * @param {import("../kit/zarr/image.js").Pixels} pixels
 */
export function extremes(pixels) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [low, low + 1];
}

const newCanvas = (width, height) =>
  /** @type {HTMLCanvasElement} */ (make("canvas", { width, height }));

/**
 * Draw the part of a chunk that lies inside the image.
 *
 * @param {{ shape: number[], chunk: number[] }} level
 * @param {number[]} position row and column of the chunk
 * @param {import("../kit/zarr/image.js").Pixels} pixels
 * @param {number[]} window the values that are black and white
 */
export function toned({ shape, chunk }, position, pixels, window) {
  const [height, width] = position.map((at, axis) =>
    Math.min(chunk[axis], shape[axis] - at * chunk[axis]),
  );
  const canvas = newCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0, at = y * chunk[1]; x < width; x++, n++) {
      words[n] = 0xff000000 | (greyOf(pixels[at + x], window) * 0x010101);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The chunk's canvas, or one halved as often as is good for drawing it `width` pixels wide: to
 * draw a canvas many times smaller at once is slow, and skips pixels.
 *
 * @param {HTMLCanvasElement[]} halves those made so far, to which new ones are added
 * @param {number} width
 */
export function shrunk(halves, width) {
  let at = 0;
  while (halves[0].width / 2 ** (at + 1) >= width && at < 4) {
    const from = halves[at];
    at++;
    if (!halves[at]) {
      const half = newCanvas(
        Math.max(1, Math.floor(from.width / 2)),
        Math.max(1, Math.floor(from.height / 2)),
      );
      const context = half.getContext("2d");
      context.imageSmoothingQuality = "medium";
      context.drawImage(from, 0, 0, half.width, half.height);
      halves[at] = half;
    }
  }
  return halves[at];
}
