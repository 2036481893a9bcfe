// The picture with its legend, and the switch that pulls the chunks apart.

import { make } from "../kit/dom.js";
import { say } from "../kit/page.js";
import { picture } from "./picture.js";

const swatch = (kind, text) => make("li", { class: `bx-key bx-key-${kind}` }, text);

/**
 * @param {HTMLElement} section whose colours and font it has
 * @param {string} caption the id of the sentence that describes the picture
 * @param {import("./exploring.js").State} state
 * @param {() => import("./setting.js").Setting} setting
 * @param {(changes: { position: number[] }) => void} choose
 */
export function figure(section, caption, state, setting, choose) {
  const note = make("p", { class: "bx-small bx-note" });
  const exploded = make("input", { type: "checkbox" });
  const view = picture(section, setting, choose, (draw) => {
    const start = performance.now();
    say(note, draw({ ...state.found, exploded: exploded.checked }));
    // For whoever measures: milliseconds of the arithmetic and the drawing.
    section.dataset.drawMs = (state.counting + performance.now() - start).toFixed(2);
  });
  view.canvas.setAttribute("aria-labelledby", caption);
  exploded.addEventListener("change", view.ask);
  const shardKey = swatch("shard", "border of a shard");
  const legend = make(
    "ul",
    { class: "bx-legend" },
    swatch("wanted", "wanted"),
    swatch("read", "chunks read"),
    swatch("stored", "stays stored"),
    shardKey,
  );
  return {
    nodes: [
      make("div", { class: "bx-figure" }, view.canvas, legend, note),
      make("label", { class: "bx-switch" }, exploded, "Pull the chunks apart"),
    ],
    show(now) {
      shardKey.hidden = !now.shard_shape;
      view.ask();
    },
    leave: view.leave,
  };
}
