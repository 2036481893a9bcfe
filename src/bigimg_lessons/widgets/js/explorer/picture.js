// The canvas: drawn at most once for each frame, and dragged to move what is read.

import { make } from "../kit/dom.js";
import { drawVolume } from "./drawing.js";
import { dragged, placeVolume } from "./placement.js";

// The colours of the theme, by the names that the drawing has for them.
function coloursOf(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(`--bx-${name}`).trim();
  return {
    page: value("page"),
    ink: value("ink"),
    muted: value("muted"),
    tile: value("tile"),
    tileEdge: value("tile-edge"),
    lit: value("lit"),
    litEdge: value("lit-edge"),
    accent: value("accent"),
  };
}

// Make a canvas as large as it is shown, in pixels of the screen; null while it is not shown.
function fitted(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return null;
  const sharp = Math.min(devicePixelRatio || 1, 2);
  const [pixelsX, pixelsY] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (canvas.width !== pixelsX) canvas.width = pixelsX;
  if (canvas.height !== pixelsY) canvas.height = pixelsY;
  const context = canvas.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  return { context, width, height };
}

// Move the position with the pointer, from where it is pressed on the canvas until it is let go.
function letDrag(canvas, setting, choose) {
  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    grip = { from: [event.clientX, event.clientY], position: setting().position };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const now = setting();
    const placement = placeVolume(now.shape, canvas.clientWidth, canvas.clientHeight);
    const way = [event.clientX - grip.from[0], event.clientY - grip.from[1]];
    choose({ position: dragged(now, placement, grip.position, way) });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      grip = null;
    });
  }
}

/**
 * @param {HTMLElement} section whose colours and font it has
 * @param {() => import("./setting.js").Setting} setting
 * @param {(changes: { position: number[] }) => void} choose
 * @param {(draw: (scene: object) => string) => void} onDraw is given a function that draws a scene
 *   and returns what must be said about it
 */
export function picture(section, setting, choose, onDraw) {
  const canvas = make("canvas", { class: "bx-canvas", role: "img" });
  let waiting = 0;

  function draw() {
    waiting = 0;
    const room = fitted(canvas);
    if (!room) return;
    const font = `600 13px ${getComputedStyle(section).fontFamily}`;
    const colours = coloursOf(section);
    onDraw((scene) => drawVolume(room.context, { ...scene, ...room, font, colours }));
  }
  const ask = () => {
    waiting ||= requestAnimationFrame(draw);
  };
  letDrag(canvas, setting, choose);

  // Drawn anew whenever its size or its colours may have changed.
  const resized = new ResizeObserver(ask);
  resized.observe(canvas);
  const themed = new MutationObserver(ask);
  for (const node of [document.documentElement, document.body]) {
    // The style too: JupyterLab hides its page while it changes the theme.
    const attributeFilter = ["data-theme", "data-jp-theme-light", "class", "style"];
    themed.observe(node, { attributes: true, attributeFilter });
  }
  const media = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
  for (const query of media) query.addEventListener("change", draw);
  return {
    canvas,
    ask,
    leave() {
      cancelAnimationFrame(waiting);
      resized.disconnect();
      themed.disconnect();
      for (const query of media) query.removeEventListener("change", draw);
    },
  };
}
