// Imaris files (.ims): the first stack of each level, and what DataSetInfo says, as
// bigimg_lessons.inspection.imaris, which names the sources of its rules.

import { InspectionError } from "./errors.js";
import { datasetLevel } from "./hdf5_levels.js";
import { finite, general } from "./numbers.js";
import { makeReport } from "./report.js";
import { tupleText } from "./tuple_text.js";

const MAX_LEVELS = 64;
const MAX_CHANNELS = 1000;
const FIRST = "DataSet/ResolutionLevel 0";
const INFO = "DataSetInfo";
const IMAGE = `${INFO}/Image`;

/** @typedef {import("./hdf5_file.js").Hdf5File} Hdf5File */

/**
 * Whether an HDF5 file is one of Imaris.
 *
 * @param {Hdf5File} file
 */
export const isImaris = (file) => file.has(FIRST) && file.has(INFO);

/**
 * Describe an Imaris file.
 *
 * @param {Hdf5File} file
 * @param {string} given how the reader calls it
 * @param {import("./report.js").FilesCounted} files
 */
export function inspectImaris(file, given, files) {
  const hasImage = file.has(IMAGE);
  const before = [file.names(FIRST).size, file.names(`${FIRST}/TimePoint 0`).size];
  const contradictions = [];
  const levels = levelsOf(file, before, hasImage ? extentsOf(file) : null, contradictions);
  if (!levels.length) {
    throw new InspectionError(`${given} is an Imaris file, and has no stack of voxels.`);
  }
  const stated = hasImage ? wholeSizes(file, IMAGE, "") : null;
  const space = levels[0].shape.slice(2);
  if (stated?.some((extent, axis) => extent !== space[axis])) {
    contradictions.push(
      `DataSetInfo says that the image has ${tupleText(stated)} voxels (z, y, x), and level 0 ` +
        `has ${tupleText(space)}.`,
    );
  }
  const unit = hasImage ? textOf(file, IMAGE, "Unit") : null;
  const channels = Array.from({ length: Math.min(before[1], MAX_CHANNELS) }, (_, number) => {
    const path = `${INFO}/Channel ${number}`;
    return file.has(path) ? path : null;
  });
  const windows = channels.map((path) =>
    windowOf((path && textOf(file, path, "ColorRange")) || ""),
  );
  const texts = (name) => channels.map((path) => (path && textOf(file, path, name)) || "");
  return makeReport({
    source: given,
    kind: "Imaris",
    version: textOf(file, "", "ImarisVersion"),
    axes: ["T", "C", "Z", "Y", "X"],
    units: [null, null, unit, unit, unit],
    levels,
    files,
    channel_names: texts("Name"),
    windows: windows.some((each) => each) ? windows : [],
    contradictions,
    one_at_a_time: true,
  });
}

function levelsOf(file, before, extents, contradictions) {
  const levels = [];
  for (let number = 0; number < MAX_LEVELS; number++) {
    const name = `DataSet/ResolutionLevel ${number}/TimePoint 0/Channel 0`;
    const path = `${name}/Data`;
    const data = file.dataset(path);
    if (data === null || data.shape.length !== 3 || data.shape.includes(0)) break;
    let shape = wholeSizes(file, name, "ImageSize");
    if (shape === null || Math.min(...shape) < 1) shape = data.shape;
    if (shape.some((extent, axis) => extent > data.shape[axis])) {
      contradictions.push(
        `${name} says that it has ${tupleText(shape)} voxels (z, y, x), and its data has ` +
          `${tupleText(data.shape)}.`,
      );
      shape = data.shape;
    }
    const lengths = shape;
    const size = extents?.map((length, axis) => Number(general(length / lengths[axis], 9)));
    const stack = datasetLevel(file, path, data, { voxelSize: size ?? null });
    levels.push({
      ...stack,
      shape: [...before, ...shape],
      chunk_shape: [1, 1, ...stack.chunk_shape],
      voxel_size: size ? [null, null, ...size] : null,
    });
  }
  return levels;
}

/** Text of an attribute, which Imaris keeps as an array of characters; null if it is none. */
function textOf(file, path, name) {
  const found = file.attribute(path, name);
  if (!found?.isArray || found.texts === null) return null;
  const bytes = Uint8Array.from(found.texts.flatMap((each) => [...each]));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Whole numbers that stand as texts for z, y and x; null if not all do. @returns {number[] | null} */
function wholeSizes(file, path, prefix) {
  const texts = ["Z", "Y", "X"].map((axis) => textOf(file, path, prefix + axis) ?? "");
  const bare = texts.map((text) => text.replace(/^[\0 ]+|[\0 ]+$/g, ""));
  return bare.every((text) => /^[0-9]+$/.test(text)) ? bare.map(Number) : null;
}

/** How long the image is along z, y and x, in its unit; null if that is not known. */
function extentsOf(file) {
  const lengths = [2, 1, 0].map((number) => {
    const [from, to] = ["Min", "Max"].map((end) =>
      finite(textOf(file, IMAGE, `Ext${end}${number}`) ?? ""),
    );
    return from === null || to === null ? 0 : to - from;
  });
  return lengths.every((length) => length > 0) ? lengths : null;
}

/** The grey values that are shown black and white; null if they are not stated. */
function windowOf(text) {
  const ends = text.split(/\s+/).filter(Boolean).map(finite);
  return ends.length === 2 && !ends.includes(null) ? ends : null;
}
