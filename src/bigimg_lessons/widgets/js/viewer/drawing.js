// A view, drawn on the canvas from the chunks that are there.

import { prefersLessMotion } from "../kit/theme.js";
import { keyOf } from "./chunks.js";
import { isShowable } from "./costs.js";
import { chunksIn, mean, spanOf } from "./geometry.js";
import { greyOf, shrunk } from "./pixels.js";
import { rectangle } from "./view.js";

const FLASH = 700; // milliseconds

/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("../kit/zarr/image.js").Level} Level */
/** @typedef {{ chunk: number[], entry?: import("./chunks.js").Entry, area: number[] }} Tile */

/**
 * Where a chunk lies on the canvas: [x, y, width, height]. Edges lie on whole device pixels, so
 * that neighbours meet and 1:1 is exact.
 *
 * @param {Level} level
 * @param {number[]} chunk
 * @param {import("./view.js").View} view
 * @param {number} size device pixels for each pixel of level 0
 * @param {{ width: number, height: number }} canvas
 */
export function areaOf({ shape, chunk: sizes, factor, origin }, chunk, view, size, canvas) {
  const edge = (axis, end) => {
    const pixel = Math.min((chunk[axis] + end) * sizes[axis], shape[axis]);
    const at = origin[axis] + pixel * factor[axis];
    return axis
      ? Math.round((at - view.x) * size + canvas.width / 2)
      : Math.round((at - view.y) * size + canvas.height / 2);
  };
  const [x, y] = [edge(1, 0), edge(0, 0)];
  return [x, y, edge(1, 1) - x, edge(0, 1) - y];
}

/**
 * Draw what is shown; the chunks of a level are drawn over those of coarser ones.
 *
 * @param {Viewer} viewer
 * @param {number} now
 * @returns {boolean} whether some of it still changes with time
 */
export function draw(viewer, now) {
  const { source, frame, chunks, context, colours, shown } = viewer;
  const { levels } = source;
  const { canvas } = context;
  const size = shown.zoom * frame.density;
  const number = viewer.levelFor(viewer.goal);
  /** @returns {Tile[]} */
  const tilesOf = (at) => {
    const span = spanOf(levels[at], rectangle(shown, frame));
    if (!isShowable(levels[at], span)) return [];
    return [...chunksIn(span)].map((chunk) => ({
      chunk,
      entry: chunks.entries.get(keyOf(at, chunk)),
      area: areaOf(levels[at], chunk, shown, size, canvas),
    }));
  };
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const here = tilesOf(number);
  const isComplete = here.every(({ entry }) => entry?.state === "ready");
  if (!isComplete && viewer.page.pyramid.checked) drawSmall(viewer, size);
  const coarsest = isComplete || !viewer.page.pyramid.checked ? number : levels.length - 1;
  for (let at = coarsest; at >= number; at--) {
    // Beyond three device pixels, a pixel is shown as the square that it is.
    context.imageSmoothingEnabled = mean(levels[at].factor) * size < 3 || at > number;
    for (const tile of at === number ? here : tilesOf(at))
      drawPixels(viewer, tile, levels[at].fill, now);
  }
  let isFlashing = false;
  for (const tile of here) {
    const isFailed = tile.entry?.state === "failed";
    if (isFailed) hatch(viewer, tile.area, colours.imageBad);
    if (viewer.page.borders.checked)
      border(viewer, tile.area, source.name(number, tile.chunk[0], tile.chunk[1]), isFailed);
    isFlashing = flash(viewer, tile, now) || isFlashing;
  }
  return isFlashing;
}

/**
 * Draw the small picture of the whole, the coarsest level of all, if it has come.
 *
 * @param {Viewer} viewer
 * @param {number} size device pixels for each pixel of level 0
 */
function drawSmall({ small, shown, frame, context }, size) {
  if (!small?.naturalWidth) return;
  const { canvas } = context;
  const [height, width] = frame.size;
  const [x, y] = [canvas.width / 2 - shown.x * size, canvas.height / 2 - shown.y * size];
  context.imageSmoothingEnabled = true;
  context.drawImage(small, x, y, width * size, height * size);
}

/**
 * @param {Viewer} viewer
 * @param {Tile} tile
 * @param {number} fill the value of chunks that are not stored
 * @param {number} now
 */
function drawPixels(viewer, { entry, area: [x, y, w, h] }, fill, now) {
  if (entry?.state !== "ready") return;
  const { context, colours } = viewer;
  entry.used = now;
  if (!entry.isAbsent) context.drawImage(shrunk(entry.halves, w), x, y, w, h);
  else if (viewer.isBare) hatch(viewer, [x, y, w, h], colours.imageBorder);
  else {
    const grey = greyOf(fill, viewer.tone);
    context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    context.fillRect(x, y, w, h);
  }
}

/**
 * @param {Viewer} viewer
 * @param {number[]} area
 * @param {string} colour
 */
function hatch({ context, frame: { density } }, [x, y, w, h], colour) {
  context.save();
  context.beginPath();
  context.rect(x, y, w, h);
  context.clip();
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.globalAlpha = 0.15;
  context.fillRect(x, y, w, h);
  context.globalAlpha = 0.8;
  context.lineWidth = 1.5 * density;
  context.beginPath();
  for (let at = -h; at < w; at += 12 * density) {
    context.moveTo(x + at, y + h);
    context.lineTo(x + at + h, y);
  }
  context.stroke();
  context.restore();
}

/**
 * @param {Viewer} viewer
 * @param {number[]} area
 * @param {string} name of the chunk
 * @param {boolean} isFailed
 */
function border({ context, colours, frame: { density } }, [x, y, w, h], name, isFailed) {
  context.lineWidth = density;
  context.strokeStyle = isFailed ? colours.imageBad : colours.imageBorder;
  context.strokeRect(x + 0.5, y + 0.5, w, h); // the neighbour draws the same line
  if (Math.min(w, h) <= 76 * density) return;
  context.font = `600 ${11 * density}px system-ui, sans-serif`;
  const wide = context.measureText(name).width;
  context.fillStyle = colours.imageBorder;
  context.fillRect(x, y, wide + 10 * density, 17 * density);
  context.fillStyle = colours.imageOnBorder;
  context.fillText(name, x + 5 * density, y + 12.5 * density);
}

/**
 * Light up a chunk that has just arrived; the value is whether it still shines.
 *
 * @param {Viewer} viewer
 * @param {Tile} tile
 * @param {number} now
 */
function flash({ context, colours, frame }, { entry, area: [x, y, w, h] }, now) {
  if (entry?.state !== "ready" || entry.isAbsent) return false;
  const age = (now - entry.arrived) / FLASH;
  if (age >= 1 || prefersLessMotion()) return false;
  const rest = 1 - Math.max(age, 0);
  const line = 3 * frame.density;
  context.fillStyle = colours.imageLit;
  context.strokeStyle = colours.imageLit;
  context.globalAlpha = 0.2 * rest;
  context.fillRect(x, y, w, h);
  context.globalAlpha = rest;
  context.lineWidth = line;
  context.strokeRect(x + line / 2, y + line / 2, w - line, h - line);
  context.globalAlpha = 1;
  return true;
}
