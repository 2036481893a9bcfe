// N5 folders, those of BigDataViewer among them, described from their attributes.json as
// inspection/n5.py does it. N5 keeps axes as x, y, z; here they are z, y, x.

import { product } from "../costs/grid.js";
import { DescribedSetup, describedBeside, describedOnWeb } from "./bdv_xml.js";
import { InspectionError } from "./errors.js";
import { asExtents, asItems, asNumber, asObject, asText, parsedObject } from "./json_values.js";
import { WebFolder } from "./places.js";
import { pythonStr } from "./python_text.js";
import { UNKNOWN_AXIS, itemSizeOf, makeLevel, makeReport } from "./report.js";
import { filesOf, pathInside } from "./zarr_arrays.js";

const ATTRIBUTES = "attributes.json";
const MAX_LEVELS = 64;
const MAX_FOLDERS = 300;
const MAX_TRIES = 20;
const MAX_DEPTH = 4;
const NEWEST = 4; // major version of the specification that is known

/** @typedef {import("./json_values.js").JsonObject} JsonObject */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./report.js").Report} Report */

/**
 * Describe an N5 folder, or a dataset in it; throws an InspectionError if it is no N5, is damaged,
 * or holds no dataset.
 *
 * @param {Place} place
 * @param {string} given how the reader calls it
 * @param {{ xml?: import("./sources.js").ByteSource | null }} [beside] the XML of the same name
 *   that lies beside the folder, null if there is none; without it none was looked for
 * @returns {Promise<Report>}
 */
export async function inspectN5(place, given, { xml } = {}) {
  const root = await attributesOf(place, "");
  if (!root) throw new InspectionError(`${place.name} has no ${ATTRIBUTES}: it is no N5 folder.`);
  const version = asText(root.get("n5"));
  const view = asExtents(root.get("dimensions")) ? null : await firstView(place);
  if (view) return bdvReport(place, given, view, version, xml);
  const datasets = await datasetsBelow(place, root);
  if (!datasets.size) {
    throw new InspectionError(
      `${given} is an N5 folder in which no dataset was found: give the path of a dataset.`,
    );
  }
  const [[first, attributes]] = datasets;
  const names = areLevels([...datasets.keys()]) ? [...datasets.keys()] : [first];
  const levels = [];
  for (const name of names) levels.push(await levelOf(place, name, datasets.get(name)));
  const count = levels[0].shape.length;
  return makeReport({
    source: given,
    kind: "N5",
    version,
    axes: axesOf(attributes, count),
    units: unitsOf(attributes, count),
    levels,
    files: await filesOf(place, chunkCount(names.map((name) => datasets.get(name)))),
    image: names.length === datasets.size ? "" : `dataset ${first}, one of ${datasets.size}`,
    unread_version: unread(version),
  });
}

/** @returns {Promise<JsonObject | null>} */
async function attributesOf(place, path) {
  const inside = pathInside(path, ATTRIBUTES);
  const content = await place.read(inside);
  return content && parsedObject(content, `${place.name}/${inside}`);
}

function unread(version) {
  const [major] = /^\d+/.exec(version ?? "0") ?? [];
  return major === undefined || Number(major) > NEWEST ? version : null;
}

// Find datasets below a folder, in the order of their names, as many as are looked for.
async function datasetsBelow(place, root) {
  /** @type {Map<string, JsonObject>} */
  const found = new Map();
  if (asExtents(root.get("dimensions"))) return found.set("", root);
  /** @type {[string, number][]} */
  const left = [["", 0]];
  let looked = 0;
  while (left.length && looked < MAX_FOLDERS) {
    const [folder, depth] = left.shift();
    const names = ((await place.names(folder)) ?? []).sort(byNumbers).slice(0, MAX_FOLDERS);
    for (const name of names.filter((each) => !each.includes("."))) {
      const path = pathInside(folder, name);
      looked += 1;
      const attributes = await attributesOf(place, path);
      if (attributes && asExtents(attributes.get("dimensions"))) found.set(path, attributes);
      else if (depth < MAX_DEPTH) left.push([path, depth + 1]);
      if (looked >= MAX_FOLDERS) break;
    }
  }
  return found;
}

// Compare names by the numbers in them, and these before the words that stand before them.
function byNumbers(one, other) {
  const [left, right] = [one, other].map((name) =>
    [...name.matchAll(/(\D*)(\d{0,9})/g)].map(([, word, digits]) => [Number(digits), word]),
  );
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const [[number, word], [otherNumber, otherWord]] = [left[n], right[n]];
    if (number !== otherNumber) return number - otherNumber;
    if (word !== otherWord) return word < otherWord ? -1 : 1;
  }
  return left.length - right.length;
}

// Whether datasets are called s0, s1 and so on in one folder.
function areLevels(names) {
  const ends = names.map((name) => name.split("/").at(-1));
  const folders = new Set(names.map((name) => name.slice(0, Math.max(0, name.lastIndexOf("/")))));
  return folders.size === 1 && ends.every((end, number) => end === `s${number}`);
}

// Whole numbers of each axis, slowest first.
const reversed = (attributes, name) => asExtents(attributes.get(name))?.reverse() ?? null;

function codecOf(attributes) {
  const stated = attributes.has("compression")
    ? attributes.get("compression")
    : attributes.get("compressionType");
  const named = asText(stated) ?? asText(asObject(stated).get("type"));
  if (named === null) return null;
  const inner = asText(asObject(stated).get("cname"));
  return named === "raw" ? [] : [inner ? `${named} (${inner})` : named];
}

async function levelOf(place, path, attributes, size = null) {
  const shape = reversed(attributes, "dimensions");
  if (!shape) {
    throw new InspectionError(`${place.name}/${path} states no dimensions: it is damaged.`);
  }
  const stated = reversed(attributes, "blockSize");
  const chunk = stated?.length === shape.length ? stated : null;
  const dtype = pythonStr(attributes.get("dataType"), 40);
  return makeLevel({
    path: path || ".",
    shape,
    dtype,
    layout: "chunks",
    chunk_shape: chunk,
    codec: codecOf(attributes),
    voxel_size: size ?? sizeOf(attributes, shape.length),
    ratio: chunk && (await ratioOf(place, path, shape, chunk, dtype)),
    edges: "cut",
  });
}

async function ratioOf(place, path, shape, chunk, dtype) {
  const counted = await place.counted(path);
  const itemSize = itemSizeOf(dtype);
  if (!counted?.is_all || itemSize === null) return null;
  const document = (await place.read(pathInside(path, ATTRIBUTES)))?.length ?? 0;
  const isAll = counted.number - 1 === gridCount(shape, chunk) && counted.nbytes > document;
  return isAll ? (product(shape) * itemSize) / (counted.nbytes - document) : null;
}

const gridCount = (shape, chunk) => product(shape.map((n, axis) => Math.ceil(n / chunk[axis])));

/**
 * The voxel size of "resolution", or of "pixelResolution", which n5-viewer writes. The latter is that
 * of the full image, which a level's "downsamplingFactors" multiply.
 */
function sizeOf(attributes, count) {
  const [first, second, third] = ["resolution", "pixelResolution", "downsamplingFactors"].map(
    (name) => attributes.get(name),
  );
  if (isFilled(first)) return numbersIn(first, count);
  const factors = numbersIn(third, count);
  return numbersIn(second, count)?.map((size, axis) => size * (factors?.[axis] ?? 1)) ?? null;
}

function numbersIn(stated, count) {
  const numbers = asItems(stated instanceof Map ? stated.get("dimensions") : stated).map(asNumber);
  return numbers.length === count && !numbers.includes(null) ? numbers.reverse() : null;
}

// What Python takes for true.
const isFilled = (value) =>
  value instanceof Map
    ? value.size > 0
    : Array.isArray(value)
      ? value.length > 0
      : Boolean(value?.valueOf());

function axesOf(attributes, count) {
  const named = asItems(attributes.get("axes")).map(asText).reverse();
  return named.length === count && !named.includes(null)
    ? named.map((name) => name.toUpperCase())
    : Array(count).fill(UNKNOWN_AXIS);
}

function unitsOf(attributes, count) {
  const stated = asItems(attributes.get("units")).map(asText).reverse();
  const unit = asText(asObject(attributes.get("pixelResolution")).get("unit"));
  return stated.length === count ? stated : Array(count).fill(unit);
}

// The number of files of several datasets where every chunk is stored.
function chunkCount(datasets) {
  return datasets.reduce((all, attributes) => {
    const [shape, chunk] = [reversed(attributes, "dimensions"), reversed(attributes, "blockSize")];
    return shape && shape.length === chunk?.length ? all + gridCount(shape, chunk) : all;
  }, 0);
}

/**
 * Find the first view that is there; null if the folder is not BigDataViewer's. A server lists
 * nothing: there the first of all is looked for.
 */
async function firstView(place) {
  const setups = numbered(await place.names(), "setup");
  for (const setup of setups.slice(0, MAX_TRIES)) {
    const timepoints = numbered(await place.names(`setup${setup}`), "timepoint");
    for (const timepoint of timepoints.slice(0, MAX_TRIES)) {
      const folder = `setup${setup}/timepoint${timepoint}`;
      const found = await attributesOf(place, `${folder}/s0`);
      if (found && asExtents(found.get("dimensions"))) {
        return { setup, folder, count: setups.length * timepoints.length };
      }
    }
  }
  return null;
}

function numbered(names, word) {
  if (names === null) return [0];
  const pattern = new RegExp(`^${word}(\\d{1,9})$`);
  const found = names.map((name) => pattern.exec(name)).filter((match) => match);
  return found.map(([, digits]) => Number(digits)).sort((a, b) => a - b);
}

function describedBy(xml, place, setup) {
  if (place instanceof WebFolder) return describedOnWeb(place.name, setup, "bdv.n5");
  if (xml === undefined) return new DescribedSetup(null, setup, ["Its XML was not looked for."]);
  const parts = place.name.split(/[/\\]/).filter((part) => part);
  return describedBeside(xml, parts.at(-1) ?? "", setup, "bdv.n5");
}

async function bdvReport(place, given, { setup, folder, count }, version, xml) {
  const own = (await attributesOf(place, `setup${setup}`)) ?? new Map();
  const factors = asItems(own.get("downsamplingFactors")).slice(0, MAX_LEVELS).map(factorsIn);
  const told = await describedBy(xml, place, setup);
  const levels = [];
  const datasets = [];
  for (let number = 0; number < MAX_LEVELS; number++) {
    const path = `${folder}/s${number}`;
    const attributes = await attributesOf(place, path);
    if (!attributes || !asExtents(attributes.get("dimensions"))) break;
    levels.push(await levelOf(place, path, attributes, told.sizeOf(factors[number] ?? null)));
    datasets.push(attributes);
  }
  const contradictions = [...told.contradictions(levels[0].shape)];
  if (factors.length && factors.length !== levels.length) {
    contradictions.push(
      `downsamplingFactors of setup ${setup} are of ${factors.length} levels, and there ` +
        `are ${levels.length}.`,
    );
  }
  const views = Math.max(count, told.setups * told.timepoints - told.missing);
  return makeReport({
    source: given,
    kind: "BDV-N5",
    version,
    axes: ["Z", "Y", "X"],
    units: Array(3).fill(told.unit),
    levels,
    files: await filesOf(place, chunkCount(datasets) * views),
    image: told.words(setup, count),
    channel_names: told.channelNames,
    contradictions,
    unread_version: unread(version),
    notes: told.notes,
  });
}

/** Factors along z, y and x; null if they make no sense. */
function factorsIn(row) {
  const numbers = asItems(row)
    .map(asNumber)
    .filter((value) => value !== null);
  return numbers.length === 3 && Math.min(...numbers) > 0 ? numbers.reverse() : null;
}
