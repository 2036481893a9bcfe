// BigDataViewer's XML: which views there are and how large a voxel is, as far as an inspection asks.
// The rules are those of bigimg_lessons.formats.bdv.xml_reading, which names their sources.

import { LEGACY_ROOT, modernisedXml } from "./bdv_legacy.js";
import { BDV_CONTAINERS, keptElsewhere, LoaderError } from "./bdv_loaders.js";
import { BdvNode, MAX_BDV_ID } from "./bdv_node.js";
import { InspectionError } from "./errors.js";
import { finite } from "./numbers.js";
import { pythonRepr } from "./python_text.js";
import { parseXml } from "./xml.js";

const HDF5 = "bdv.hdf5";
const SPLIT = "split.viewerimgloader";
const MAX_TIMEPOINTS = 100_000;

/**
 * What an XML says; sizes are in z, y, x order.
 * @typedef {object} SpimData
 * @property {string} file path of the HDF5 file or the N5 folder, as it is written
 * @property {string} basePath the folder that it begins at, itself relative to the XML's
 * @property {{ id: number, size: number[] | null, voxelSize: BdvVoxelSize | null }[]} setups
 * @property {number} timepoints how many there are
 * @property {number} missing number of views that do not exist
 * @property {string[]} channelNames
 * @property {number} partitions number of further files
 * @property {boolean} isSplit whether setups are cut out of what the file has
 */
/** @typedef {{ size: (number | null)[], unit: string }} BdvVoxelSize */

/**
 * Whether a file is BigDataViewer's XML, by its first element.
 *
 * @param {Uint8Array} head its first bytes
 */
export function isSpimData(head) {
  const text = new TextDecoder("utf-8").decode(head);
  const bare = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, "");
  const first = /^\ufeff?\s*<([^\s<>/!?]+)/.exec(bare)?.[1];
  return first === "SpimData" || first === LEGACY_ROOT;
}

/**
 * Read the XML of a dataset, written today or before 2014.
 *
 * @param {Uint8Array | string} content the whole file
 * @param {string} source its name, for messages
 * @param {string} [loader] the loader that is expected
 * @returns {SpimData}
 * @throws {LoaderError} if the pixels are kept in another way
 * @throws {InspectionError} if what pixels need is missing or makes no sense
 */
export function readSpimData(content, source, loader = HDF5) {
  const tree = parseXml(content, source);
  const root = new BdvNode(tree.name === LEGACY_ROOT ? modernisedXml(tree) : tree, source);
  if (root.tag !== "SpimData") {
    throw new InspectionError(
      `${source} begins with <${root.tag}>, not with <SpimData>: it is no BigDataViewer XML.`,
    );
  }
  const sequence = root.child("SequenceDescription");
  const [found, parts] = loaderOf(sequence.child("ImageLoader"), loader);
  const setups = sequence.child("ViewSetups");
  const base = root.find("BasePath");
  const missing = sequence.find("MissingViews")?.children("MissingView") ?? [];
  const file = pathOf(found.child(BDV_CONTAINERS.get(loader)));
  const listed = setupsOf(setups);
  const timepoints = countTimepoints(sequence.child("Timepoints"));
  const channelNames = channelsOf(setups);
  const absent = missing.map((view) =>
    ["timepoint", "setup"].map((name) => view.idAttribute(name)).join(" "),
  );
  addCalibrations(listed, root.find("ViewRegistrations"));
  const partitions = found.children("partition");
  partitions.forEach(checkPartition);
  return {
    file,
    basePath: base?.ownText || ".",
    setups: listed,
    timepoints,
    missing: new Set(absent).size,
    channelNames,
    partitions: partitions.length,
    isSplit: parts > 0,
  };
}

/** The loader that is expected, and how many setups are cut out; HDF5 may be inside of a split. */
function loaderOf(node, expected) {
  const name = node.attribute("format");
  if (name.toLowerCase() === expected) return [node, 0];
  const kept = `${node.source} keeps its pixels as ${pythonRepr(name)}`;
  if (expected !== HDF5) throw new LoaderError(`${kept}, not as ${pythonRepr(expected)}.`);
  const refused = `${kept}, and only ${pythonRepr(HDF5)} is read here`;
  const inner = node.find("ImageLoader");
  if (name !== SPLIT || !inner) throw new LoaderError(`${refused}: ${keptElsewhere(node, name)}.`);
  const inside = inner.attribute("format");
  if (inside !== HDF5) {
    throw new LoaderError(
      `${refused}, and parts of such; inside is ${pythonRepr(inside)}: ` +
        `${keptElsewhere(inner, inside)}.`,
    );
  }
  if (!node.find("SetupIds")) {
    throw new LoaderError(
      `${refused}; inside is ${pythonRepr(HDF5)}, with the pixels in ` +
        `${pythonRepr(inner.text("hdf5"))}, but no <SetupIds> say which part of them each setup ` +
        "is: open the XML of the dataset that was split, or put the inner <ImageLoader> in the " +
        "place of the outer one to read it whole.",
    );
  }
  return [inner, countParts(node)];
}

function countParts(loader) {
  const nodes = loader.child("SetupIds").children("SetupIdDefinition");
  for (const node of nodes) {
    const [low, high] = [cornerOf(node.child("min")), cornerOf(node.child("max"))];
    if (high.some((last, axis) => last < low[axis])) {
      const [from, to] = [low, high].map((corner) => `(${corner.join(", ")})`);
      throw node.error(`ends at ${to} before it begins at ${from} (z, y, x)`);
    }
    node.child("NewId").integer();
    node.child("OldId").integer();
  }
  return nodes.length;
}

function cornerOf(node) {
  const { words } = node;
  const isGood = words.every((word) => /^[0-9]{1,10}$/.test(word) && Number(word) < MAX_BDV_ID);
  if (words.length !== 3 || !isGood) {
    throw node.error(`should hold three whole numbers; its text is ${pythonRepr(node.ownText)}`);
  }
  return words.map(Number).reverse();
}

function pathOf(node) {
  if (!node.ownText) throw node.error("should hold a path and is empty");
  return node.ownText;
}

function setupsOf(node) {
  const found = new Map();
  for (const child of node.children("ViewSetup")) {
    const id = child.id();
    const voxel = child.find("voxelSize");
    const voxelSize = voxel ? voxelSizeOf(voxel) : null;
    if (found.has(id)) throw node.error(`holds two setups with the id ${id}`);
    found.set(id, { id, size: sizeOf(child.find("size")), voxelSize });
  }
  if (!found.size) throw node.error("holds no <ViewSetup>: there is no image");
  return [...found.values()].sort((one, other) => one.id - other.id);
}

// What no pixel needs never ends the reading: it is unknown.
function orNull(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return null;
  }
}

const sizeOf = (node) => node && orNull(() => node.extents().reverse());

/** @returns {BdvVoxelSize | null} */
function voxelSizeOf(node) {
  const words = (node.find("size") ?? node).ownText.replaceAll(", ", " ").split(/\s+/);
  const lengths = words.filter(Boolean).map(lengthOf);
  if (lengths.length !== 3 || !lengths.some(Boolean)) return null;
  return { size: lengths.reverse(), unit: (node.text("unit") ?? "").trim() };
}

/** A number above zero; null if it is none. A decimal comma is read where it can mean nothing else. */
function lengthOf(word) {
  const isDecimal = /^(?:0?,[0-9]+|[0-9]+,(?![0-9]{3}$)[0-9]+)$/.test(word);
  const value = finite(isDecimal ? word.replace(",", ".") : word);
  return value !== null && value > 0 ? value : null;
}

function channelsOf(node) {
  const names = [];
  for (const group of node.children("Attributes")) {
    for (const child of group.children()) {
      const kind = orNull(() => {
        const found = group.attribute("name");
        child.child("id").label();
        return found;
      });
      if (kind === "channel") names.push(child.text("name") ?? "");
    }
  }
  return names;
}

/** Older exports hold the size of a voxel in the transform that is applied first, if that scales. */
function addCalibrations(setups, registrations) {
  const first = new Map();
  for (const view of registrations?.children("ViewRegistration") ?? []) {
    const read = orNull(() => {
      view.idAttribute("timepoint");
      const setup = view.idAttribute("setup");
      return { setup, steps: view.children("ViewTransform").map(affineOf) };
    });
    if (read?.steps.length && !first.has(read.setup)) first.set(read.setup, read.steps.at(-1));
  }
  for (const setup of setups) {
    const matrix = setup.voxelSize === null && first.get(setup.id);
    if (!matrix) continue;
    const scale = [matrix[0], matrix[5], matrix[10]];
    const others = [1, 2, 4, 6, 8, 9].map((place) => matrix[place]);
    if (scale.every((each) => each > 0) && others.every((each) => each === 0)) {
      setup.voxelSize = { size: scale.reverse(), unit: "" };
    }
  }
}

function affineOf(node) {
  const kind = node.element.attributes.type ?? "affine";
  if (kind !== "affine") {
    throw node.error(`is of type ${pythonRepr(kind)}; only 'affine' is known`);
  }
  return node.child("affine").numbers(12);
}

function countTimepoints(node) {
  const kind = node.attribute("type");
  let ranges = [];
  if (kind === "range") {
    ranges = [[node.child("first").integer(), node.child("last").integer(), 1]];
  } else if (kind === "list") {
    ranges = node.children("Timepoint").map((child) => [child.id(), child.id(), 1]);
  } else if (kind === "pattern") {
    ranges = patternOf(node.child("integerpattern"));
  } else {
    throw node.error(`is of type ${pythonRepr(kind)}; known are 'range', 'list' and 'pattern'`);
  }
  const lengthOfRange = ([first, last, step]) => Math.max(0, Math.floor((last - first) / step) + 1);
  const count = ranges.reduce((all, each) => all + lengthOfRange(each), 0);
  if (count < 1 || count > MAX_TIMEPOINTS) {
    throw node.error(`holds ${count} time points; from 1 to 100,000 are read`);
  }
  const numbers = new Set();
  for (const [first, last, step] of ranges) {
    for (let n = first; step > 0 ? n <= last : n >= last; n += step) numbers.add(n);
  }
  return numbers.size;
}

/** First, last and step for each entry of a pattern such as 0-30:10,45. */
function patternOf(node) {
  const text = node.ownText.replaceAll(" ", "");
  return (text || "0").split(",").map((entry) => {
    const match = /^([0-9]{1,10})(?:-([0-9]{1,10})(?::([0-9]{1,10}))?)?$/.exec(entry);
    if (!match) {
      throw node.error(
        `should hold entries such as 3, 0-9 or 0-30:10; one is ${pythonRepr(entry)}`,
      );
    }
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    const step = Number(match[3] ?? 1);
    if (step < 1 || Math.max(first, last) > MAX_BDV_ID) {
      throw node.error(
        `should hold steps and numbers above zero; one entry is ${pythonRepr(entry)}`,
      );
    }
    return [first, last, last >= first ? step : -step];
  });
}

function checkPartition(node) {
  pathOf(node.child("path"));
  for (const tag of ["timepoints", "setups"]) {
    const own = node.child(tag).integers();
    const mapped = node.find(`${tag}Mapped`)?.integers() ?? own;
    if (own.length !== mapped.length) {
      throw node.error(`has ${own.length} ids in <${tag}> and ${mapped.length} in <${tag}Mapped>`);
    }
  }
}
