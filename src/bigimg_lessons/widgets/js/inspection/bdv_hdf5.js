// BDV-HDF5: one view of a BigDataViewer dataset, from the HDF5 file and the XML beside it, as
// bigimg_lessons.inspection.bdv_hdf5.

import { bdvPixelType } from "./bdv_pixel_types.js";
import { InspectionError } from "./errors.js";
import { datasetLevel } from "./hdf5_levels.js";
import { makeReport } from "./report.js";
import { tupleText } from "./tuple_text.js";

const MAX_NAMES = 20_000;
const MAX_LEVELS = 64;
const MAX_TRIES = 20;
const DATA_TYPE = "dataType";

const padded = (number, width) => String(number).padStart(width, "0");
const setupPath = (setup) => `s${padded(setup, 2)}`;
const resolutionsPath = (setup) => `${setupPath(setup)}/resolutions`;
const timePath = (time) => `t${padded(time, 5)}`;
const cellsPath = (time, setup, level) => `${timePath(time)}/${setupPath(setup)}/${level}/cells`;

/** @typedef {import("./hdf5_file.js").Hdf5File} Hdf5File */

/**
 * Whether an HDF5 file is BigDataViewer's: it has s00 with resolutions, or the like.
 *
 * @param {Hdf5File} file
 */
export function isBdvHdf5(file) {
  const { setups, times } = viewsOf(file, 200);
  return times.length > 0 && setups.slice(0, 3).some((setup) => file.has(resolutionsPath(setup)));
}

function viewsOf(file, limit = MAX_NAMES) {
  const setups = [];
  const times = [];
  for (const name of [...file.names()].slice(0, limit)) {
    if (/^s\d{2,6}$/.test(name)) setups.push(Number(name.slice(1)));
    else if (/^t\d{5,6}$/.test(name)) times.push(Number(name.slice(1)));
  }
  const rising = (one, other) => one - other;
  return { setups: setups.sort(rising), times: times.sort(rising) };
}

/**
 * Describe the first view that is there.
 *
 * @param {Hdf5File} file
 * @param {string} given how the reader calls it
 * @param {import("./report.js").FilesCounted} files
 * @param {(setup: number) => Promise<import("./bdv_xml.js").DescribedSetup>} xml tells what its XML
 *     says of a setup
 */
export async function inspectBdvHdf5(file, given, files, xml) {
  const { setups, times } = viewsOf(file);
  const setup = setups.find((number) => file.has(resolutionsPath(number)));
  if (setup === undefined) {
    throw new InspectionError(
      `${given} should have its voxels in ${file.name}, and that holds no setup of ` +
        "BigDataViewer: the file is damaged, or another one.",
    );
  }
  const told = await xml(setup);
  const factors = factorsOf(file, setup, given);
  const here = times
    .slice(0, MAX_TRIES)
    .filter(
      (time) => !file.names().has(timePath(time)) || file.link(timePath(time)) !== "external",
    );
  const view = here.find((time) => file.has(cellsPath(time, setup, 0)));
  if (view === undefined) {
    throw new InspectionError(
      `${given} is BDV-HDF5, and has no voxels of setup ${setup} itself: they lie in other files ` +
        "(partitions), or are missing. Inspect one of these.",
    );
  }
  const levels = levelsOf(file, setup, view, factors, told, given);
  const contradictions = told.contradictions(levels[0].shape);
  if (told.setups && told.setups !== setups.length && !told.isSplit) {
    contradictions.push(
      `The XML lists ${told.setups} setups, and the HDF5 file has ${setups.length}.`,
    );
  }
  if (levels.length !== factors.length) {
    contradictions.push(
      `${resolutionsPath(setup)} lists ${factors.length} levels, and there are ${levels.length}.`,
    );
  }
  return makeReport({
    source: given,
    kind: "BDV-HDF5",
    axes: ["Z", "Y", "X"],
    units: [told.unit, told.unit, told.unit],
    levels,
    files,
    image: told.words(setup, setups.length * times.length),
    channel_names: told.channelNames,
    contradictions,
    one_at_a_time: true,
    notes: told.notes,
  });
}

/** Voxels of level 0 along z, y and x for one of each level. @returns {number[][]} */
function factorsOf(file, setup, given) {
  const path = resolutionsPath(setup);
  const shape = file.dataset(path)?.shape ?? [];
  const [rows, columns] = shape;
  if (shape.length !== 2 || columns !== 3 || rows < 1 || rows > MAX_LEVELS) {
    throw new InspectionError(
      `${path} of ${given} has the shape ${tupleText(shape)}, and should be a table of three ` +
        `columns with 1 to ${MAX_LEVELS} rows: the file is damaged.`,
    );
  }
  const values = file.values(path);
  if (!values.every((value) => Number.isFinite(value) && value > 0)) {
    throw new InspectionError(
      `${path} of ${given} holds factors that are not above zero: the file is damaged.`,
    );
  }
  return Array.from({ length: rows }, (_, row) => values.slice(3 * row, 3 * row + 3).reverse());
}

function levelsOf(file, setup, time, factors, told, given) {
  const declared = declaredOf(file, setupPath(setup));
  const levels = [];
  for (const [number, factor] of factors.entries()) {
    const path = cellsPath(time, setup, number);
    const cells = file.dataset(path);
    if (cells === null || cells.shape.length !== 3 || cells.shape.includes(0)) break;
    // Older files keep uint16 pixels as int16.
    const dtype = bdvPixelType(cells.dtype, declared);
    levels.push(datasetLevel(file, path, cells, { dtype, voxelSize: told.sizeOf(factor) }));
  }
  if (!levels.length) {
    throw new InspectionError(
      `${cellsPath(time, setup, 0)} of ${given} is no stack of voxels: the file is damaged.`,
    );
  }
  return levels;
}

/** A declared type as text, null if none is declared, undefined if it is no text. */
function declaredOf(file, path) {
  const found = file.attribute(path, DATA_TYPE);
  if (found === null) return null;
  const [first, ...others] = found.texts ?? [found.values].flat();
  if (others.length) return undefined;
  return first instanceof Uint8Array
    ? new TextDecoder("utf-8").decode(first)
    : (first ?? undefined);
}
