// The numbers beside the picture.

import { make } from "../kit/dom.js";
import { formatSeconds } from "../kit/text.js";
import { figures } from "./description.js";

function tile(name) {
  const [value, more] = [make("b"), make("small")];
  const node = make("div", {}, make("dt", {}, name), make("dd", {}, value, more));
  const show = (texts) => ([value.textContent, more.textContent] = texts);
  return { node, show };
}

export function numberTiles() {
  const list = make("dl", { class: "bx-tiles" });
  const bar = make("div");
  const tiles = {};
  return {
    node: make("div", {}, make("div", { class: "bx-share", "aria-hidden": "true" }, bar), list),
    /**
     * @param {import("./setting.js").Found} found
     * @param {{ oneFile: boolean, merges: boolean }} chosen
     * @param {number} time
     * @param {string} storage
     */
    show(found, chosen, time, storage) {
      const estimated = [formatSeconds(time), `storage: ${storage}`];
      const texts = { ...figures(found, chosen), "Estimated time": estimated };
      for (const name in texts) {
        if (!tiles[name]) {
          tiles[name] = tile(name);
          list.append(tiles[name].node);
        }
        tiles[name].show(texts[name]);
      }
      list.lastElementChild.className = "bx-time";
      bar.style.width = `${(100 * found.cost.wanted) / found.cost.read}%`;
    },
  };
}
