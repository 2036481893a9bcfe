// The canvas: drawn at most once for each frame, and dragged to move what is read.

import { make } from "../kit/dom.js";
import { fitCanvas, onResize, perFrame } from "../kit/page.js";
import { onThemeChange, tokens } from "../kit/theme.js";
import { drawVolume } from "./drawing.js";
import { dragged, placeVolume } from "./placement.js";

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
 * @param {(draw: (scene: any) => string) => void} onDraw is given a function that draws a scene
 *   and returns what must be said about it
 */
export function picture(section, setting, choose, onDraw) {
  const canvas = make("canvas", { class: "bx-canvas", role: "img" });

  function draw() {
    const size = fitCanvas(canvas);
    if (!size) return;
    const context = canvas.getContext("2d");
    context.setTransform(size.density, 0, 0, size.density, 0, 0);
    const font = `600 13px ${getComputedStyle(section).fontFamily}`;
    const colours = tokens(section);
    onDraw((scene) => drawVolume(context, { ...scene, ...size, font, colours }));
  }
  const frames = perFrame(draw);
  letDrag(canvas, setting, choose);
  const ends = [
    frames.stop,
    onResize(canvas, frames.ask),
    onThemeChange(section, ({ atOnce }) => (atOnce ? draw() : frames.ask())),
  ];
  return {
    canvas,
    ask: frames.ask,
    leave() {
      for (const end of ends) end();
    },
  };
}
