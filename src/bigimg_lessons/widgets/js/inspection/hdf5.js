// HDF5 files: which format is in one, and those of no format that is known here, as
// bigimg_lessons.inspection.hdf5.

import { inspectBdvHdf5, isBdvHdf5 } from "./bdv_hdf5.js";
import { DescribedSetup, describedBeside, describedOnWeb } from "./bdv_xml.js";
import { InspectionError } from "./errors.js";
import { isBroken } from "./hdf5_file.js";
import { datasetLevel } from "./hdf5_levels.js";
import { inspectImaris, isImaris } from "./imaris.js";
import { makeFiles, makeReport, SPATIAL, UNKNOWN_AXIS } from "./report.js";

const MAX_OBJECTS = 500;
const MAX_DEPTH = 8;
const MAX_SHOWN = 3; // paths of what cannot be read
/** What libraries call an axis that nobody named. */
const UNNAMED = /^(?:|(?:phony_)?dim_\d+|[IQ])$/;

/** @typedef {import("./hdf5_file.js").Hdf5File} Hdf5File */
/** @typedef {import("./sources.js").ByteSource} ByteSource */

/**
 * Describe an HDF5 file.
 *
 * @param {ByteSource} source
 * @param {string} given how the reader calls it
 * @param {object} options
 * @param {(source: ByteSource) => Promise<Hdf5File>} options.open opens it; it is closed here
 * @param {ByteSource | null} [options.xml] the XML of the same name that was given with it; a server
 *     is asked for that of its file
 * @param {{ data: import("./spimdata.js").SpimData, nbytes: number } | null} [options.pair] what
 *     BigDataViewer's XML says, and its size, if that was given in place of the file
 * @returns {Promise<import("./report.js").Report>}
 * @throws {InspectionError} if no image is found in it, or it is damaged
 */
export async function inspectHdf5(source, given, { open, xml = null, pair = null }) {
  const file = await open(source);
  try {
    if (pair) {
      const { data, nbytes } = pair;
      const number = 2 + data.partitions;
      const files = makeFiles({ number, nbytes: source.size + nbytes });
      const told = async (setup) => new DescribedSetup(data, setup);
      return await inspectBdvHdf5(file, given, files, told);
    }
    const files = makeFiles({ number: 1, nbytes: source.size });
    if (isImaris(file)) return inspectImaris(file, given, files);
    if (isBdvHdf5(file)) {
      const told = (setup) =>
        source.url ? describedOnWeb(source.url, setup) : describedBeside(xml, file.name, setup);
      return await inspectBdvHdf5(file, given, files, told);
    }
    return inspectPlain(file, given, files);
  } finally {
    file.close();
  }
}

function inspectPlain(file, given, files) {
  /** @type {string[]} */
  const unread = [];
  const { found, isAll } = datasetsOf(file, unread);
  const notes = unread.length ? [unreadNote(unread)] : [];
  if (found.length && !isAll) {
    notes.unshift(
      `Only the first ${MAX_OBJECTS} objects of the file were looked at: another dataset may be ` +
        "larger.",
    );
  }
  if (!found.length) {
    const said =
      `${given} is an HDF5 file in which no dataset of numbers with two axes or more was found ` +
      `among its first ${MAX_OBJECTS} objects.`;
    throw new InspectionError([said, ...notes].join(" "));
  }
  const voxels = ([, { shape }]) => shape.reduce((all, n) => all * n, 1);
  const [path, dataset] = found.reduce((most, each) => (voxels(each) > voxels(most) ? each : most));
  const count = dataset.shape.length;
  const names = file.axisNames(path).map((name) => (UNNAMED.test(name) ? "" : name));
  const axes = names.map((name) => ([...name].length === 1 ? name.toUpperCase() : name));
  const known = axes.map((name) => name || UNKNOWN_AXIS);
  const size = elementSize(file, path, known);
  return makeReport({
    source: given,
    kind: "HDF5",
    axes: known,
    units: size?.map((length) => (length === null ? null : "µm")) ?? Array(count).fill(null),
    levels: [datasetLevel(file, path, dataset, { voxelSize: size })],
    files,
    image: found.length > 1 ? `dataset ${path}, the largest of ${found.length}` : "",
    one_at_a_time: true,
    notes,
  });
}

// The library may be older than a file, so what it does not know is said rather than passed over.
function unreadNote(paths) {
  const shown = paths.slice(0, MAX_SHOWN).join(", ");
  const more = paths.length > MAX_SHOWN ? ` and ${paths.length - MAX_SHOWN} more` : "";
  return (
    `What lies at ${shown}${more} could not be read: it is damaged, or newer than what reads HDF5 ` +
    "on this page."
  );
}

/**
 * Find datasets of numbers, and say whether all objects were looked at. It goes by hard links alone;
 * what several of them lead to is taken once.
 *
 * @param {Hdf5File} file
 * @param {string[]} unread takes the paths of what cannot be read
 */
function datasetsOf(file, unread) {
  /** @type {[string, number][]} */
  const left = [["", 0]];
  /** @type {[string, import("./hdf5_file.js").Hdf5Dataset][]} */
  const found = [];
  const seen = new Set([orNull(() => file.address("/"))]);
  let looked = 0;
  while (left.length) {
    const [group, depth] = left.shift();
    const names = orNull(() => [...file.names(group)].slice(0, MAX_OBJECTS + 1));
    if (names === null) unread.push(group || "/");
    for (const name of names ?? []) {
      looked += 1;
      if (looked > MAX_OBJECTS) return { found, isAll: false };
      const path = group ? `${group}/${name}` : name;
      const isHard = orNull(() => file.link(path) === "hard");
      if (isHard === false) continue;
      const address = orNull(() => file.address(path));
      if (address !== null && seen.has(address)) continue;
      seen.add(address);
      const kind = isHard && file.kind(path);
      const dataset = kind === "dataset" ? orNull(() => file.dataset(path)) : null;
      if (!kind || (kind === "dataset" && !dataset)) unread.push(path);
      if (kind === "group" && depth < MAX_DEPTH) left.push([path, depth + 1]);
      if (dataset && isImage(dataset)) found.push([path, dataset]);
    }
  }
  return { found, isAll: true };
}

function orNull(call) {
  try {
    return call();
  } catch (error) {
    if (isBroken(error)) throw error;
    return null;
  }
}

function isImage({ shape, dtype }) {
  return dtype !== null && shape.length >= 2 && !shape.includes(0);
}

/** element_size_um (z, y, x), which Fiji's HDF5 plugins and others write. */
function elementSize(file, path, axes) {
  const stated = [orNull(() => file.attribute(path, "element_size_um"))?.values ?? []].flat(32);
  const isGood = stated.every((size) => Number.isFinite(size) && size > 0);
  if (stated.length !== 3 || !isGood || axes.length < 3) return null;
  if (axes.every((axis) => axis === UNKNOWN_AXIS)) {
    return [...Array(axes.length - 3).fill(null), ...stated];
  }
  return axes.map((axis) => stated[SPATIAL.indexOf(axis)] ?? null);
}
