// What the description of a TIFF's first plane says of the image: OME-XML, or ImageJ's lines, as
// bigimg_lessons.inspection.tiff_descriptions reads them in Python.

import { finite, positive } from "./numbers.js";
import { isPixelUnit, lengthUnit } from "./units.js";
import { parseXml } from "./xml.js";

/**
 * What is told of the image.
 * @typedef {object} Description
 * @property {"OME-TIFF" | "TIFF (ImageJ)"} kind
 * @property {Map<string, number>} extents voxels or planes along each axis that is named, slowest first
 * @property {string | null} dtype
 * @property {Record<string, number>} voxelSize along each axis for which it is told
 * @property {Record<string, string>} unit
 * @property {string[]} channelNames
 * @property {string | null} version year and month of the OME schema
 * @property {number} images
 * @property {number} files over which it is spread
 * @property {[number, number] | null} window grey values that are shown black and white
 */

/** @type {Omit<Description, "kind" | "extents">} */
const NOTHING = {
  dtype: null,
  voxelSize: {},
  unit: {},
  channelNames: [],
  version: null,
  images: 1,
  files: 1,
  window: null,
};

const ORDERS = ["XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"];
const OME_TYPES = { __proto__: null, float: "float32", double: "float64" };

/**
 * Read OME-XML; null if the text is something else. Throws InspectionError if it is damaged.
 * @param {string} text
 * @param {string} name the file's name, for messages
 * @returns {Description | null}
 */
export function omeDescription(text, name) {
  const head = text.trimStart().slice(0, 4096);
  if (!head.includes("<OME") && !head.includes("<ome:OME")) return null;
  const inside = (element, tag) => element.children.filter((each) => each.name === tag);
  const images = inside(parseXml(text, `The OME-XML of ${name}`), "Image");
  const [pixels] = images.slice(0, 1).flatMap((image) => inside(image, "Pixels"));
  const told = { ...NOTHING, images: images.length };
  if (!pixels) return { ...told, kind: "OME-TIFF", extents: new Map() };
  const { attributes } = pixels;
  const order = ORDERS.find((each) => each === attributes.DimensionOrder) ?? ORDERS[0];
  /** @type {[string, number | null][]} */
  const counts = [...order].reverse().map((axis) => [axis, countIn(attributes[`Size${axis}`])]);
  const named = inside(pixels, "TiffData").flatMap((each) => inside(each, "UUID"));
  const files = new Set(named.map((uuid) => uuid.attributes.FileName ?? uuid.text));
  const channels = inside(pixels, "Channel").slice(0, 1000);
  return {
    ...told,
    ...omeSizes(attributes),
    kind: "OME-TIFF",
    extents: new Map(counts.filter(([, n]) => n !== null)),
    dtype: OME_TYPES[attributes.Type] ?? attributes.Type ?? null,
    channelNames: channels.map((each) => each.attributes.Name ?? ""),
    version: head.match(/Schemas\/OME\/([\d-]+)/)?.[1] ?? null,
    files: Math.max(1, files.size),
  };
}

function omeSizes(attributes) {
  const voxelSize = {};
  const unit = {};
  for (const axis of "ZYX") {
    const size = positive(attributes[`PhysicalSize${axis}`]);
    if (size === null) continue;
    voxelSize[axis] = size;
    const stated = attributes[`PhysicalSize${axis}Unit`] ?? "µm"; // the schema's own default
    if (!isPixelUnit(stated) && stated !== "reference frame") unit[axis] = stated;
  }
  const step = positive(attributes.TimeIncrement);
  if (step !== null) {
    voxelSize.T = step;
    unit.T = attributes.TimeIncrementUnit ?? "s";
  }
  return { voxelSize, unit };
}

/** @type {[string, string][]} */
const IMAGEJ_AXES = [
  ["T", "frames"],
  ["Z", "slices"],
  ["C", "channels"],
];

/**
 * Read ImageJ's lines; null if the text is something else.
 * @param {string} text
 * @param {[number, number] | null} resolution pixels for each unit along y and x, from the tags
 * @returns {Description | null}
 */
export function imagejDescription(text, resolution) {
  if (!text.startsWith("ImageJ=")) return null;
  const rows = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).slice(0, 200);
  const found = rows.map((row) => row.match(/^(\w+)=(.*)$/)).filter((row) => row);
  const lines = new Map(found.map(([, word, value]) => [word, value]));
  let extents = new Map(IMAGEJ_AXES.map(([axis, word]) => [axis, countIn(lines.get(word)) ?? 1]));
  const images = countIn(lines.get("images")) ?? 1;
  if ([...extents.values()].reduce((all, n) => all * n, 1) !== images) {
    extents = new Map([["?", images]]);
  }
  const low = finite(lines.get("min"));
  const high = finite(lines.get("max"));
  return {
    ...NOTHING,
    ...imagejSizes(lines, resolution),
    kind: "TIFF (ImageJ)",
    extents,
    window: low === null || high === null ? null : [low, high],
  };
}

function imagejSizes(lines, resolution) {
  const voxelSize = {};
  const unit = {};
  const [y, x] = resolution === null ? [null, null] : resolution.map((each) => 1 / each);
  const z = positive((lines.get("spacing") ?? "").replace(/^-+/, ""));
  // ImageJ writes those of y and z where they differ from that of x.
  const stated = { Y: [y, "yunit"], X: [x, "unit"], Z: [z, "zunit"] };
  for (const [axis, [size, own]] of Object.entries(stated)) {
    const named = lines.get(own) ?? lines.get("unit") ?? "";
    if (size === null || lengthUnit(named) === null) continue;
    voxelSize[axis] = size;
    unit[axis] = named.replaceAll("\\u00B5", "µ");
  }
  const interval = positive(lines.get("finterval"));
  if (interval !== null) {
    voxelSize.T = interval;
    unit.T = lines.get("tunit") ?? "s";
  }
  return { voxelSize, unit };
}

function countIn(text) {
  return /^\s*\d{1,12}\s*$/.test(text ?? "") ? Number(text) || null : null;
}
