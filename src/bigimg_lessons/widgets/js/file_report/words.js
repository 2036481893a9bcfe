// A report in words, as bigimg_lessons.command_line.inspecting prints it.

import { general } from "../inspection/numbers.js";
import { axisNumber, spatialAxes } from "../inspection/report.js";
import { durationUnit, lengthUnit } from "../inspection/units.js";
import { formatBytes, formatDigits, formatNumber, formatSeconds, plural } from "../kit/text.js";

/** @typedef {import("../inspection/report.js").Report} Report */
/** @typedef {import("../inspection/report.js").Level} Level */

const MOST_CHANNELS = 8;
const DASH = "—";

const symbolOf = (unit) => (lengthUnit(unit) ?? durationUnit(unit))?.symbol ?? unit.slice(0, 40);

/** Extents: "64 × 512 × 512". */
const extents = (numbers) => numbers.join(" × ");

const lengthText = (value) => (value === null ? DASH : general(value));

const shapeText = ({ is_partial: isPartial }, { shape }) =>
  isPartial ? `at least ${extents(shape)}` : extents(shape);

/** What it is, in one line. */
export function whatItIs(report) {
  const { kind, version, levels, axes } = report;
  const named = version ? `${kind} ${version}` : kind;
  return `${named}: ${shapeText(report, levels[0])} (${axes.join(" ")}), ${levels[0].dtype}`;
}

function filesSentence({ number, nbytes, at_least: isMore, expected }) {
  const all = expected === null ? "" : formatNumber(expected);
  if (number === null || nbytes === null) {
    const counted = "Files cannot be counted here";
    return all ? `${counted}; with all chunks there are ${all} of them.` : `${counted}.`;
  }
  const said = `${plural(number, "file")}, ${formatBytes(nbytes)}`;
  if (!isMore) return `${said}.`;
  return `At least ${said}${all && `; with all chunks ${all}`}.`;
}

function timeStep(report) {
  const [{ voxel_size: size, shape }] = report.levels;
  const axis = axisNumber(report, "T");
  if (axis === null || !size || size[axis] === null) return [];
  const unit = report.units[axis];
  if (unit === null || shape[axis] === 1) return [];
  return [`From one time point to the next: ${lengthText(size[axis])} ${symbolOf(unit)}.`];
}

/**
 * What else is to be said of it, a sentence or a few for each.
 * @param {Report} report
 * @returns {string[]}
 */
export function remarksOn(report) {
  const { image, files, channel_names: names, sampled, notes } = report;
  const shown = names.slice(0, MOST_CHANNELS).map((name) => name || "no name");
  const more = names.length > MOST_CHANNELS ? ", …" : "";
  return [
    ...(image ? [`Of several images this is ${image}.`] : []),
    filesSentence(files),
    ...(names.length ? [`Channels: ${shown.join(", ")}${more}`] : []),
    ...timeStep(report),
    ...(sampled === false
      ? ["A sample of level 1 has only values that level 0 has there, as labels should."]
      : []),
    ...notes,
  ];
}

function cutInto({ layout, chunk_shape: chunk, shard_shape: shard }) {
  if (layout === "contiguous") return "nothing: one run of voxels";
  if (chunk === null) return "not known";
  if (shard !== null) return `chunks ${extents(chunk)} in shards ${extents(shard)}`;
  return `${layout} ${extents(chunk)}`;
}

function codecText({ codec, ratio }) {
  if (codec === null) return "not known";
  const smaller = ratio !== null && codec.length ? `, ${general(ratio, 3)} : 1` : "";
  return (codec.join(" + ") || "none") + smaller;
}

/** Lengths along the axes of space; a dash for what is not known. */
function lengthsText(values, axes, units) {
  if (values === null || axes.every((axis) => values[axis] === null)) return DASH;
  return axes
    .map((axis) => {
      const unit = units?.[axis];
      return values[axis] !== null && unit
        ? `${lengthText(values[axis])} ${symbolOf(unit)}`
        : lengthText(values[axis]);
    })
    .join(" × ");
}

/**
 * The heads and the rows of the levels; lengths stand along z, y and x alone.
 * @param {Report} report
 * @returns {{ heads: string[], rows: string[][] }}
 */
export function levelTable(report) {
  const axes = spatialAxes(report);
  const stated = axes.map((axis) => report.units[axis]).filter((unit) => unit !== null);
  const symbols = new Set(stated.map(symbolOf));
  const isOne = symbols.size === 1 && stated.length === axes.length;
  const unit = isOne ? ` (${[...symbols][0]})` : "";
  const units = isOne ? null : report.units; // each stands with its number
  const rows = report.levels.map((level, number) => [
    String(number),
    shapeText(report, level),
    lengthsText(level.voxel_size, axes, units),
    lengthsText(level.offset, axes, units),
    cutInto(level),
    codecText(level),
  ]);
  const heads = ["Level", "Shape", `Voxel size${unit}`, `Begins at${unit}`, "Cut into", "Codec"];
  return { heads, rows };
}

/**
 * The heads and the rows of what views cost.
 * @param {import("../inspection/costs_of.js").ViewCost[]} views
 * @param {Record<string, { name: string }>} storages that are compared
 */
export function costTable(views, storages) {
  const names = Object.values(storages).map(({ name }) => name);
  const rows = views.map(({ view, level, requests, read, wanted, seconds }) => [
    view,
    String(level),
    formatNumber(requests),
    formatBytes(read),
    formatDigits(read / wanted),
    ...Object.keys(storages).map((key) => formatSeconds(seconds[key])),
  ]);
  return { heads: ["To read", "Level", "Requests", "Bytes", "× wanted", ...names], rows };
}

const WEIGHTS = ["wrong", "slow", "mind"];

/**
 * How many verdicts of each weight there are, as a sentence.
 * @param {{ weight: string }[]} verdicts
 */
export function countSentence(verdicts) {
  if (!verdicts.length) return "Nothing to mend was found.";
  const counts = WEIGHTS.map((weight) => [
    weight,
    verdicts.filter((verdict) => verdict.weight === weight).length,
  ]).filter(([, count]) => count);
  const listed = counts.map(([weight, count]) => `${count} ${weight}`).join(", ");
  return `${plural(verdicts.length, "verdict")}: ${listed}.`;
}

/** Where a verdict is explained: "Lesson 4, “Half a voxel aside”". */
export const lessonText = ({ page, section }) =>
  `Lesson ${Number.parseInt(page, 10)}, “${section}”`;
