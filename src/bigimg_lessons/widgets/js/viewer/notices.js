// What a viewer tells beside the image: counts, level, scale, and what its reader must know.

import { say } from "../kit/page.js";
import { formatBytes, formatNumber, plural } from "../kit/text.js";
import { lengthText, pixelSizeText, roundLength } from "./lengths.js";
import { wideButton } from "./page.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */

// Bytes that travel are counted as networks count them.
const sent = (bytes) => formatBytes(bytes, { decimal: true });

/** @param {Viewer} viewer */
export function tellCounts({ page, counters: { spent, spared } }) {
  const text = ({ requests, bytes }) => `${plural(requests, "request")}, ${sent(bytes)}`;
  page.spent.textContent = text(spent);
  page.spared.textContent = text(spared);
  const longest = Math.max(spent.bytes, spared.bytes, 1);
  page.spentBar.style.width = `${(100 * spent.bytes) / longest}%`;
  page.sparedBar.style.width = `${(100 * spared.bytes) / longest}%`;
}

/**
 * Tell which level is shown, and how large its pixels are.
 *
 * @param {Viewer} viewer
 */
export function tellLevel({ source, page }, number) {
  const size = source.pixelSize.map((size, axis) => size * source.levels[number].factor[axis]);
  const text = pixelSizeText(size, source.unit);
  page.level.textContent = `Level ${number}`;
  page.size.textContent = text;
  [...page.ladder.children].forEach((step, index, { length }) =>
    step.classList.toggle("bz-here", index === length - 1 - number),
  );
  return text;
}

/**
 * Say in words where the reader is, for those who do not see it.
 *
 * @param {Viewer} viewer
 */
export function sayWhere({ source, page, counters: { spent } }, number, size) {
  const text =
    `Level ${number} of levels 0 to ${source.levels.length - 1}, ${size}. ` +
    `Loaded so far: ${plural(spent.chunks, "chunk")}, ${sent(spent.bytes)}.`;
  say(page.status, text);
}

/**
 * Draw a bar of a round length, at most about a hundred CSS pixels long.
 *
 * @param {Viewer} viewer
 */
export function tellScale({ source, page, shown }) {
  const perPixel = source.pixelSize[1] / shown.zoom;
  const length = roundLength(110 * perPixel);
  page.scale.style.width = `${length / perPixel}px`;
  page.length.textContent = lengthText(length, source.unit);
}

/**
 * Tell what the reader must know: that a view is too much, that chunks failed or are not there.
 *
 * @param {Viewer} viewer
 */
export function tellTroubles(viewer) {
  const { chunks, page, question } = viewer;
  const faults = chunks.failed().map(([, { fault }]) => fault);
  const said = question ? JSON.stringify(question) : faults.join() || absence(viewer);
  if (page.notice.dataset.said === said) return;
  page.notice.dataset.said = said;
  const button = (text, press) => {
    const node = wideButton(text);
    viewer.on(node, "click", () => {
      press();
      page.canvas.focus();
    });
    return node;
  };
  if (question) {
    const { number, count, bytes, canShow } = question;
    const needs = `Level ${number} of this view is ${plural(count, "chunk")}, ${sent(bytes)}`;
    if (canShow)
      page.notice.replaceChildren(
        `${needs}. Load them, or zoom in to need fewer?`,
        button("Load them", () => viewer.consentToLoad()),
      );
    else
      page.notice.replaceChildren(
        `${needs}: too much to show, so none of it is loaded. Zoom in to see a part.`,
        button("Zoom in to 1:1", () => viewer.showExact()),
      );
  } else if (faults.length) {
    const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
    page.notice.replaceChildren(
      `Not loaded, hatched in the image: ${faults[0]}${others}. `,
      "Check the connection and the image, then",
      button("Try again", () => viewer.tryAgain()),
    );
  } else page.notice.replaceChildren(said);
}

// How many chunks of the view the server does not have, once it has answered for all.
function absence(viewer) {
  const { entries, wanted } = viewer.chunks;
  const inView = [...wanted].map((key) => entries.get(key));
  if (inView.some((entry) => entry?.state !== "ready"))
    return viewer.page.notice.dataset.said ?? "";
  const absent = inView.filter(({ isAbsent }) => isAbsent).length;
  if (!absent) return "";
  const { fill } = viewer.source.levels[viewer.levelFor(viewer.goal)];
  if (viewer.isBare)
    return (
      `The server has none of the ${plural(absent, "chunk")} of this view, so there is no ` +
      `image. In Zarr such chunks stand for the fill value, ${fill}: the image may be empty, ` +
      "or its chunks were not copied to the server."
    );
  return (
    `${formatNumber(absent)} of ${plural(inView.length, "chunk")} in view ` +
    `${absent === 1 ? "is" : "are"} not on the server and shown as the fill value ${fill}.`
  );
}

/**
 * Show a hint on the image for a moment.
 *
 * @param {Viewer} viewer
 * @param {string} text
 */
export function hint({ page: { hint }, timers }, text) {
  hint.textContent = text;
  hint.classList.add("bz-on");
  clearTimeout(timers.hint);
  timers.hint = setTimeout(() => hint.classList.remove("bz-on"), 1800);
}
