// The plot: one column for each copy, in three panels: time with the model, requests, bytes.

import { makeSvg } from "./svg.js";
import { short, unitOfBytes, unitOfTime } from "./texts.js";

const TOP = 24; // CSS pixels of a panel above its axis
const LEFT = 38; // CSS pixels beside the columns

/** @typedef {import("./rows.js").Row} Row */

/**
 * Ticks from 0, at most `count` of them above it, a step of 1, 2 or 5 times a power of ten apart.
 */
export function ticksTo(limit, count) {
  const power = 10 ** Math.floor(Math.log10(limit / count));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => limit / n < count + 1);
  return Array.from({ length: Math.floor(limit / step + 1e-9) + 1 }, (_, index) => index * step);
}

class Plot {
  y = 0; // the top of the next panel

  constructor(rows, width) {
    this.rows = rows;
    this.width = width;
    this.gap = width > 480 ? 12 : 4;
    this.column = (width - LEFT - this.gap) / rows.length;
    this.svg = makeSvg("svg", { role: "img", class: "fx-plot" });
  }

  /** The middle of a column; what has no place in the order of sizes stands a little apart. */
  middle(index) {
    return LEFT + this.column * (index + 0.5) + (this.rows[index].apart ? this.gap : 0);
  }

  /**
   * Draw a panel's title and axis; return where on it a value lies, and its base.
   *
   * @returns {[(value: number) => number, number]}
   */
  panel(title, height, highest, scale) {
    const base = this.y + TOP + height;
    const limit = highest * 1.12;
    const at = (value) => base - (value / limit) * (height - 10);
    this.svg.append(makeSvg("text", { x: 0, y: this.y + 12, class: "fx-axis-title" }, title));
    for (const tick of ticksTo(limit / scale, height > 100 ? 4 : 2)) {
      const y = at(tick * scale);
      const text = String(Number(tick.toPrecision(2))); // 0.3, not 0.30000000000000004
      this.svg.append(
        makeSvg("line", { x1: LEFT, x2: this.width, y1: y, y2: y, class: "fx-grid" }),
        makeSvg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, text),
      );
    }
    this.y = base + 18;
    return [at, base];
  }

  label(index, y, text, kind = "fx-value") {
    const attributes = { x: this.middle(index), y, "text-anchor": "middle", class: kind };
    this.svg.append(makeSvg("text", attributes, text));
  }

  times() {
    const { rows, svg, width } = this;
    const longest = Math.max(...rows.flatMap((row) => [row.model, ...row.seconds]));
    const [unit, scale] = unitOfTime(longest);
    const height = Math.min(220, Math.max(150, width * 0.36));
    const [at] = this.panel(`Time (${unit})`, height, longest, scale);
    const points = rows.map((row, index) => [this.middle(index), at(row.model)]);
    const inOrder = points.filter((_, index) => !rows[index].apart);
    svg.append(makeSvg("polyline", { points: inOrder.join(" "), class: "fx-model-line" }));
    for (const [x, y] of points)
      svg.append(makeSvg("path", { d: `M${x} ${y - 6}l6 6-6 6-6-6z`, class: "fx-model" }));
    rows.forEach((row, index) => {
      if (!row.seconds.length) return;
      const x = this.middle(index);
      const high = at(Math.max(...row.seconds));
      const low = at(Math.min(...row.seconds));
      svg.append(
        makeSvg("path", { d: `M${x - 6} ${high}h12m-6 0V${low}m-6 0h12`, class: "fx-range" }),
        makeSvg("circle", { cx: x, cy: at(row.median), r: 5, class: "fx-median" }),
      );
      this.label(index, Math.min(high, at(row.model) - 4) - 7, short(row.median / scale));
    });
  }

  bars(title, highest, scale, numberOf) {
    const [at, base] = this.panel(title, 66, highest, scale);
    const wide = Math.min(this.column * 0.6, 44);
    this.rows.forEach((row, index) => {
      const value = numberOf(row);
      if (value === undefined) return;
      const y = Math.min(at(value), base - 1.5);
      const d = `M${this.middle(index) - wide / 2} ${base}v${y - base}h${wide}V${base}z`;
      this.svg.append(makeSvg("path", { d, class: "fx-column" }));
      this.label(index, y - 4, short(value / scale));
    });
  }
}

/**
 * Draw the plot.
 *
 * @param {Row[]} rows
 * @param {number} width in CSS pixels
 */
export function plot(rows, width) {
  const drawn = new Plot(rows, width);
  drawn.times();
  const requests = Math.max(...rows.map(({ expected }) => expected.requests));
  drawn.bars("Requests", requests, 1, (row) => row.requests);
  const bytes = Math.max(...rows.map((row) => row.bytes ?? row.expected.bytes));
  const [unit, scale] = unitOfBytes(bytes);
  drawn.bars(`Bytes fetched (${unit})`, bytes, scale, (row) => row.bytes);
  rows.forEach(({ name }, index) => drawn.label(index, drawn.y, name, "fx-name"));
  const height = drawn.y + 8;
  const label =
    "Plot over chunk shape: time with the model's estimate, requests, bytes. Its numbers are in " +
    "the table below.";
  for (const [name, value] of Object.entries({ width, height, "aria-label": label }))
    drawn.svg.setAttribute(name, String(value));
  drawn.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return drawn.svg;
}
