// How the times are estimated, and where the figures are from.

import { make } from "../kit/dom.js";
import { formatNumber, formatSeconds, plural } from "../kit/text.js";

const entry = (name, text) => make("li", {}, make("b", {}, name), `: ${text}`);

/**
 * @param {Record<string, any>} storages
 * @param {import("./setting.js").Preset[]} presets
 */
export function explanation(storages, presets) {
  const rows = Object.values(storages).map(({ name, latency, bandwidth, concurrency, source }) =>
    entry(
      name,
      `${formatSeconds(latency)} for each round, ` +
        `${formatNumber(Math.round(bandwidth / 1e6))} MB/s, ` +
        `${plural(concurrency, "request")} at once. ${source}`,
    ),
  );
  return make(
    "details",
    { class: "bx-details" },
    make("summary", {}, "How this is estimated, and where the figures are from"),
    make(
      "p",
      {},
      "time = ⌈requests ÷ requests at once⌉ × latency + bytes read ÷ bandwidth. " +
        "Data are taken as not compressed, and decoding as free; caches, and chunks that wait " +
        "for the index of their shard, are left out.",
    ),
    make("ul", {}, ...rows),
    make("p", {}, "The formats to start from are common choices; writers let one choose others:"),
    make("ul", {}, ...presets.map(({ name, about }) => entry(name, `${about}.`))),
  );
}
