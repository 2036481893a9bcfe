// A region as a flat image, with the borders of its chunks.

import { make } from "../kit/dom.js";
import { makeSvg } from "./svg.js";

/** @typedef {import("./copies.js").Region} Region */

/**
 * What is shown of a region: its axes longer than one voxel, or the cube's middle plane.
 *
 * @param {Region} region
 */
export function axesOf(region) {
  const sizes = region.map(([start, stop]) => stop - start);
  const flat = sizes.indexOf(1);
  return { sizes, across: flat === 2 ? 1 : 2, down: flat === 0 || flat < 0 ? 1 : 0 };
}

/**
 * Where chunks meet along an axis of a region, in voxels from its start.
 *
 * @param {[number, number]} bounds
 * @param {number} step
 */
export function meetings([start, stop], step) {
  const found = [];
  for (let at = Math.ceil((start + 1) / step) * step; at < stop; at += step) found.push(at - start);
  return found;
}

function drawVoxels(voxels, region) {
  const { sizes, across, down } = axesOf(region);
  const [width, height] = [sizes[across], sizes[down]];
  const first = sizes.includes(1) ? 0 : (sizes[0] >> 1) * width * height;
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { role: "img", width, height }));
  const pixels = new ImageData(width, height);
  voxels
    .subarray(first, first + width * height)
    .forEach((value, index) => pixels.data.set([value, value, value, 255], 4 * index));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function drawBorders(chunkShape, region) {
  const { sizes, across, down } = axesOf(region);
  const d = [
    ...meetings(region[across], chunkShape[across]).map((x) => `M${x} 0V${sizes[down]}`),
    ...meetings(region[down], chunkShape[down]).map((y) => `M0 ${y}H${sizes[across]}`),
  ].join("");
  // In voxels: thin where chunks are, so that the image shows through.
  const thickness = Math.min(sizes[across] / 128, chunkShape[across] / 4, chunkShape[down] / 4);
  const view = { viewBox: `0 0 ${sizes[across]} ${sizes[down]}`, "aria-hidden": "true" };
  return makeSvg("svg", view, makeSvg("path", { d, "stroke-width": thickness }));
}

/**
 * A figure of the region as it arrived from a copy.
 *
 * @param {Uint8Array} voxels
 * @param {{ name: string, bounds: Region }} region
 * @param {{ name: string, chunk_shape: number[] }} copy
 */
export function figureOf(voxels, region, copy) {
  const canvas = drawVoxels(voxels, region.bounds);
  canvas.dataset.name = copy.name;
  canvas.setAttribute("aria-label", `${region.name}, from the copy “${copy.name}”`);
  return make(
    "figure",
    {},
    make("div", {}, canvas, drawBorders(copy.chunk_shape, region.bounds)),
    make("figcaption", {}, copy.name),
  );
}
