// What a reader does with mouse, fingers, keys and buttons.

import { activeElement } from "../kit/dom.js";
import { onKeys } from "../kit/page.js";
import { clamp } from "../kit/range.js";
import { hint } from "./notices.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */

/** @param {Viewer} viewer */
export function listen(viewer) {
  const { canvas, root } = viewer.page;
  // A pointer's position in CSS pixels from the canvas' centre, [y, x].
  const positionOf = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    const [height, width] = viewer.frame.box;
    return [clientY - top - height / 2, clientX - left - width / 2];
  };
  const isActive = () => root.contains(activeElement(root));
  listenToPointers(viewer, positionOf, isActive);
  listenToWheel(viewer, positionOf, isActive);
  listenToKeys(viewer);
  listenToButtons(viewer);
  viewer.on(canvas, "focus", () => viewer.touch());
  viewer.on(document, "pointerdown", (event) => {
    const [target] = event.composedPath(); // in a shadow root, too
    if (isActive() && !root.contains(target)) activeElement(root).blur();
  });
}

function listenToPointers(viewer, positionOf, isActive) {
  const { canvas } = viewer.page;
  const pointers = new Map();
  let moved = 0;
  viewer.on(canvas, "pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button) return;
    pointers.set(event.pointerId, positionOf(event));
    if (pointers.size === 1) moved = 0;
    if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
  });
  viewer.on(canvas, "pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = positionOf(event);
    const [y, x] = [now[0] - before[0], now[1] - before[1]];
    moved += Math.hypot(y, x);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (at) => Math.max(20, Math.hypot(at[0] - other[0], at[1] - other[1]));
      const middle = now.map((at, axis) => (at + other[axis]) / 2);
      viewer.moveBy(y / 2, x / 2, { smoothly: false });
      viewer.zoomBy(apart(now) / apart(before), middle, { smoothly: false });
    } else if (event.pointerType === "mouse" || isActive()) {
      viewer.moveBy(y, x, { smoothly: false });
    }
    pointers.set(event.pointerId, now);
  });
  viewer.on(canvas, "pointerup", (event) => {
    if (pointers.delete(event.pointerId) && moved < 8) canvas.focus({ preventScroll: true });
  });
  viewer.on(canvas, "pointercancel", (event) => pointers.delete(event.pointerId));
  viewer.on(canvas, "dblclick", (event) => viewer.zoomBy(2, positionOf(event)));
}

function listenToWheel(viewer, positionOf, isActive) {
  const turn = (event) => {
    if (!isActive() && !event.ctrlKey && !event.metaKey)
      return hint(viewer, "Click the image first, or hold Ctrl or ⌘, to zoom with the wheel");
    event.preventDefault();
    const lines = event.deltaY * (event.deltaMode ? 30 : 1);
    const doublings = clamp(-lines / (event.ctrlKey ? 100 : 250), -1, 1);
    viewer.zoomBy(2 ** doublings, positionOf(event));
  };
  const slide = ({ touches }) => {
    if (touches.length === 1 && !isActive())
      hint(viewer, "Tap the image to move it with one finger, or use two");
  };
  viewer.on(viewer.page.canvas, "wheel", turn, { passive: false });
  viewer.on(viewer.page.canvas, "touchmove", slide, { passive: true });
}

function listenToKeys(viewer) {
  const { canvas } = viewer.page;
  const { frame } = viewer;
  const actions = {
    ArrowLeft: () => viewer.moveBy(0, frame.box[1] / 5),
    ArrowRight: () => viewer.moveBy(0, -frame.box[1] / 5),
    ArrowUp: () => viewer.moveBy(frame.box[0] / 5, 0),
    ArrowDown: () => viewer.moveBy(-frame.box[0] / 5, 0),
    "+": () => viewer.zoomBy(2),
    "=": () => viewer.zoomBy(2),
    "-": () => viewer.zoomBy(0.5),
    0: () => viewer.showWhole(),
    1: () => viewer.showExact(),
    Escape: () => canvas.blur(),
  };
  onKeys(canvas, actions, { signal: viewer.stop.signal });
}

function listenToButtons(viewer) {
  const { page } = viewer;
  viewer.on(page.zoomIn, "click", () => viewer.zoomBy(2));
  viewer.on(page.zoomOut, "click", () => viewer.zoomBy(0.5));
  viewer.on(page.whole, "click", () => viewer.showWhole());
  viewer.on(page.exact, "click", () => viewer.showExact());
  viewer.on(page.reset, "click", () => viewer.resetCounters());
  viewer.on(page.borders, "change", () => viewer.redraw());
  viewer.on(page.pyramid, "change", () => viewer.changePyramid());
}
