// Estimated times as bars, each also the choice of its storage.

import { make } from "../kit/dom.js";
import { formatSeconds } from "../kit/text.js";
import { choice } from "./fields.js";

/**
 * The scale for these times, by powers of ten: from, to, and where a time lies on it, in per cent.
 * @param {number[]} times seconds
 */
export function timeScale(times) {
  const low = Math.min(-4, Math.floor(Math.log10(Math.min(...times))));
  const high = Math.max(2, Math.ceil(Math.log10(Math.max(...times))));
  const decade = 100 / (high - low);
  return { low, high, decade, position: (time) => (100 * (Math.log10(time) - low)) / (high - low) };
}

// At most five times along the scale.
function ticks({ low, high, position }) {
  const every = Math.ceil((high - low) / 4);
  const found = [];
  for (let power = low; power <= high; power += every) {
    const tick = make("span", {}, formatSeconds(10 ** power));
    tick.style.left = `${position(10 ** power)}%`;
    found.push(tick);
  }
  return found;
}

/**
 * @param {string} uid
 * @param {Record<string, { name: string }>} storages
 * @param {(key: string) => void} onChoose
 */
export function timeChart(uid, storages, onChoose) {
  const rows = Object.entries(storages).map(([key, { name }]) => {
    const { input, label } = choice(`${uid}-storage`, key, name, "bx-storage");
    const [time, bar] = [make("b"), make("i")];
    const best = make("em", {}, "fastest");
    label.append(best, time, make("span", { class: "bx-track", "aria-hidden": "true" }, bar));
    input.addEventListener("change", () => onChoose(key));
    return { key, input, label, time, bar, best };
  });
  const scale = make("div", { class: "bx-scale", "aria-hidden": "true" });
  const note = "Estimated, not measured. Each line is 10 times the one before.";
  const node = make(
    "fieldset",
    { class: "bx-chart" },
    make("legend", {}, "Estimated time, by storage"),
    ...rows.map(({ label }) => label),
    scale,
    make("p", { class: "bx-small" }, note),
  );
  return {
    node,
    /**
     * @param {Record<string, number>} times
     * @param {string} chosen
     */
    show(times, chosen) {
      const values = Object.values(times);
      const along = timeScale(values);
      for (const { key, input, label, time, bar, best } of rows) {
        input.checked = key === chosen;
        label.dataset.chosen = String(key === chosen);
        time.textContent = formatSeconds(times[key]);
        bar.style.width = `${along.position(times[key])}%`;
        best.hidden = times[key] > Math.min(...values);
      }
      node.style.setProperty("--bx-decade", `${along.decade}%`);
      scale.replaceChildren(...ticks(along));
    },
  };
}
