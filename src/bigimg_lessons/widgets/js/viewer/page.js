// The elements of a viewer.

import { make, uniqueId } from "../kit/dom.js";
import { formatBytes } from "../kit/text.js";
import { CACHE_BYTES } from "./chunks.js";

/** A button with words on it. */
export const wideButton = (text) =>
  make("button", { type: "button", class: "bz-button bz-wide" }, text);

const iconButton = (label, text, shape = "") =>
  make(
    "button",
    { type: "button", class: `bz-button ${shape}`, "aria-label": label, title: label },
    text,
  );

const newSwitch = () =>
  /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", role: "switch" }));

const labelled = (input, text) => make("label", { class: "bz-switch" }, input, text);

const newCanvas = (title, describedBy) =>
  /** @type {HTMLCanvasElement} */ (
    make("canvas", {
      class: "bz-canvas",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "zoomable image",
      "aria-label": title,
      "aria-describedby": describedBy,
    })
  );

function help(keysId, counted) {
  return make(
    "details",
    { class: "bz-help" },
    make("summary", {}, "Keys, and what is counted"),
    make(
      "ul",
      {},
      make(
        "li",
        { id: keysId },
        "Arrow keys move, + and − zoom, 0 shows the whole image, 1 the full resolution, ",
        "Escape lets go.",
      ),
      make(
        "li",
        {},
        "Drag to move. The wheel zooms once you have clicked the image, or with Ctrl or ⌘. ",
        "On a touch screen use two fingers, or tap the image first and then one.",
      ),
      make(
        "li",
        {},
        "“Loaded” counts the chunks that were asked for and the bytes that came. “Without ",
        "pyramid” counts those of the full image, level 0, that the same views touch.",
      ),
      make("li", {}, `Bytes are counted ${counted}.`),
      make(
        "li",
        {},
        `Chunks out of view are kept, up to ${formatBytes(CACHE_BYTES)} of drawn pixels, `,
        "so going back asks for nothing.",
      ),
    ),
  );
}

const row = (name, text, bar, kind) =>
  make("div", { class: `bz-row ${kind}` }, make("span", {}, name), text, bar);

function ladderOf(levels) {
  const ladder = make("div", { class: "bz-ladder", "aria-hidden": "true" });
  for (let number = levels - 1; number >= 0; number--)
    ladder.append(make("i", { style: `width: ${100 * (1 - number / (levels + 1))}%` }));
  return ladder;
}

/** @typedef {ReturnType<typeof viewerPage>} Page */

/**
 * Build the elements; nothing listens to them yet.
 *
 * @param {string} title
 * @param {import("../kit/zarr/image.js").Source} source
 */
export function viewerPage(title, { levels, counted, caption }) {
  const keysId = uniqueId("bz-keys");
  const page = {
    canvas: newCanvas(title, keysId),
    zoomIn: iconButton("Zoom in", "+"),
    zoomOut: iconButton("Zoom out", "−"),
    whole: iconButton("Fit: show the whole image", "Fit", "bz-small"),
    exact: iconButton("1:1, full resolution", "1:1", "bz-small"),
    length: make("span"),
    hint: make("p", { class: "bz-hint", "aria-hidden": "true" }),
    notice: make("div", { class: "bz-notice", role: "alert" }),
    status: make("p", { class: "bz-hidden", role: "status" }),
    ladder: ladderOf(levels.length),
    level: make("b"),
    size: make("span"),
    spent: make("b"),
    spentBar: make("i"),
    spared: make("b"),
    sparedBar: make("i"),
    pyramid: newSwitch(),
    borders: newSwitch(),
    reset: wideButton("Reset counters"),
  };
  page.pyramid.checked = true;
  const buttons = [page.zoomIn, page.zoomOut, page.whole, page.exact];
  const scale = make("div", { class: "bz-scale", "aria-hidden": "true" }, page.length);
  const switches = [labelled(page.borders, "Chunk borders"), page.reset];
  if (levels.length > 1) switches.unshift(labelled(page.pyramid, "Pyramid"));
  const root = make(
    "section",
    { class: "bz", "aria-label": title },
    make(
      "div",
      { class: "bz-stage" },
      page.canvas,
      make("div", { class: "bz-buttons" }, ...buttons),
      scale,
      page.hint,
    ),
    page.notice,
    make(
      "div",
      { class: "bz-panel" },
      make("div", { class: "bz-where" }, page.ladder, make("p", {}, page.level, page.size)),
      make(
        "div",
        { class: "bz-cost" },
        row("Loaded", page.spent, page.spentBar, "bz-lit"),
        row("Without pyramid", page.spared, page.sparedBar, "bz-dull"),
      ),
      make("div", { class: "bz-switches" }, ...switches),
    ),
    page.status,
    make("p", { class: "bz-caption" }, caption),
    help(keysId, counted),
  );
  return { ...page, root, scale };
}
