// The picture of a chunked volume, with what must be said about it.

import { formatNumber } from "../kit/text.js";
import { drawExploded } from "./exploded.js";
import { drawGlass } from "./glass.js";
import { Pencil } from "./pencil.js";
import { placeVolume } from "./placement.js";
import { AXES } from "./setting.js";

/**
 * @typedef {object} Scene
 * @property {number} width pixels
 * @property {number} height
 * @property {import("../costs/grid.js").Grid} grid
 * @property {import("../costs/grid.js").Span[]} region
 * @property {[first: number, last: number][]} spans
 * @property {boolean} exploded whether the chunks are pulled apart
 * @property {Record<string, string>} colours
 * @property {string} font
 */

function labelAxes(context, pen, { grid, colours, font }) {
  context.fillStyle = colours.muted;
  context.font = font;
  const [z, y, x] = grid.shape.map((n, axis) => `${AXES[axis]} ${formatNumber(n)}`);
  const [frontX, frontY] = pen.at([0, 1, 0.45]);
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillText(x, frontX, frontY + 9);
  const [sideX, sideY] = pen.at([0, 0.5, 0]);
  context.save();
  context.translate(sideX - 9, sideY);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "bottom";
  context.fillText(y, 0, 0);
  context.restore();
  context.textAlign = "right";
  context.textBaseline = "top";
  context.fillText(z, pen.at([1, 1, 1])[0] + 2, frontY + 9);
}

/**
 * What must be said about a picture, or "".
 * @param {Pick<Scene, "grid" | "exploded">} scene
 * @param {number[]} every for each axis, chunks from one border to the next, or in one box
 * @param {boolean} toScale
 * @returns {string}
 */
export function pictureNote({ grid, exploded }, every, toScale) {
  const thinned = every.flatMap((step, axis) =>
    step > 1 ? [`${exploded ? "" : "one in "}${formatNumber(step)} along ${AXES[axis]}`] : [],
  );
  const notes = [];
  if (thinned.length) {
    notes.push(
      exploded
        ? `Too many chunks for a box each: one box stands for ${thinned.join(", ")}.`
        : `Too many chunks to see each border: drawn is ${thinned.join(", ")}.`,
    );
  }
  if (grid.edges === "padded" && grid.chunkShape.some((n, axis) => n > grid.shape[axis])) {
    notes.push("Chunks are longer than the volume, and are stored in full size all the same.");
  }
  if (!toScale) notes.push("Thin axes are drawn thicker than they are.");
  return notes.join(" ");
}

/**
 * Draw all; the answer is what the reader must be told about the picture, or "".
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function drawVolume(context, scene) {
  const { width, height, grid, exploded } = scene;
  const placement = placeVolume(grid.shape, width, height);
  const pen = new Pencil(context, placement);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  const every = (exploded ? drawExploded : drawGlass)(pen, placement, scene);
  labelAxes(context, pen, scene);
  return pictureNote(scene, every, placement.toScale);
}
