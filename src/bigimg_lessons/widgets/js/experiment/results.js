// What was measured, shown: the connection, the plot, the table, and the region as it arrived.

import { make } from "../kit/dom.js";
import { figureOf } from "./images.js";
import { plot } from "./plot.js";
import { bytes, duration, durations } from "./texts.js";

/** @typedef {import("./rows.js").Row} Row */

function connectionLine({ latency, bandwidth, unpacking }) {
  return make(
    "p",
    { class: "fx-connection" },
    "Your connection: ",
    make("b", {}, duration(latency)),
    " latency, ",
    make("b", {}, `${bytes(bandwidth)}/s`),
    ` bandwidth. Your browser unpacks ${bytes(unpacking)}/s.`,
  );
}

const legend = () =>
  make(
    "p",
    { class: "fx-legend" },
    make("span", { class: "fx-key-measured" }, "Measured: median, fastest to slowest"),
    make("span", { class: "fx-key-model" }, "Model, for your connection"),
  );

/** @param {Row} row */
function tableRow(row) {
  const cells = row.seconds.length
    ? [String(row.requests), bytes(row.bytes), duration(row.median)]
    : ["–", "–", "–"];
  const data = cells.map((text) => make("td", {}, text));
  if (row.seconds.length > 1) {
    const range = durations(Math.min(...row.seconds), Math.max(...row.seconds));
    data[2].append(make("small", {}, ` ${range}`));
  }
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, row.name, make("small", {}, ` ${row.chunkShape.join("×")}`)),
    ...data,
    make("td", {}, duration(row.model)),
  );
}

function table(rows, name) {
  const head = ["Chunks", "Re\u00adquests", "Bytes", "Time", "Model"];
  return make(
    "div",
    { class: "fx-scroll", tabindex: "0", role: "group", "aria-label": "The numbers" },
    make(
      "table",
      { class: "fx-table" },
      make(
        "caption",
        {},
        make("b", {}, `${name}, measured by your browser.`),
        " Chunks: zyx. Bytes: compressed. Time: median, and fastest to slowest.",
      ),
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map(tableRow)),
    ),
  );
}

/**
 * All that is shown of a result.
 *
 * @param {any} result
 * @param {Row[]} rows
 * @param {{ name: string, bounds: import("./copies.js").Region }} region
 * @param {any[]} copies
 * @param {number} width of the plot, in CSS pixels
 */
export function resultNodes({ connection, images }, rows, region, copies, width) {
  const figures = copies.map(
    (copy, index) => images[index] && figureOf(images[index], region, copy),
  );
  return [
    connectionLine(connection),
    legend(),
    plot(rows, width),
    table(rows, region.name),
    make("div", { class: "fx-pictures" }, ...figures.filter(Boolean)),
    make(
      "p",
      { class: "fx-small" },
      "The region as it arrived (of the cube, its middle plane), and where the chunks meet.",
    ),
  ];
}
