// Inspects files and folders as the page does, for tests: what is asked comes as one document of
// JSON, and an answer for each goes out as a line of JSON. Without h5wasm no HDF5 is read.
import { open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import { costsOf } from "../../src/bigimg_lessons/widgets/js/inspection/costs_of.js";
import { asDocument } from "../../src/bigimg_lessons/widgets/js/inspection/document.js";
import { InspectionError } from "../../src/bigimg_lessons/widgets/js/inspection/errors.js";
import { inspectHdf5 } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5.js";
import { Hdf5File } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5_file.js";
import { hdf5Readers } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5_readers.js";
import {
  isSampled,
  sampleOf,
  withSample,
} from "../../src/bigimg_lessons/widgets/js/inspection/labels.js";
import { inspectN5 } from "../../src/bigimg_lessons/widgets/js/inspection/n5.js";
import { inspectZarr } from "../../src/bigimg_lessons/widgets/js/inspection/ome_zarr.js";
import { reportOn } from "../../src/bigimg_lessons/widgets/js/inspection/opening.js";
import { verdictsOf } from "../../src/bigimg_lessons/widgets/js/inspection/verdicts.js";
import { openZip } from "../../src/bigimg_lessons/widgets/js/inspection/zip_folder.js";
import { nodeFolder } from "./node_folder.mjs";

const h5wasm = await import("h5wasm/node").catch(() => null);
await h5wasm?.ready;

/** What was read of files, other than of HDF5. */
let taken = { reads: 0, bytes: 0 };

/** A file or a folder of this computer, null if there is neither. */
async function entryAt(path) {
  const found = await stat(path).catch(() => null);
  if (!found) return null;
  if (found.isDirectory()) return nodeFolder(path);
  const read = async (start, end) => {
    const file = await open(path);
    const bytes = new Uint8Array(Math.max(0, end - start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    await file.close();
    taken = { reads: taken.reads + 1, bytes: taken.bytes + bytesRead };
    return bytes.subarray(0, bytesRead);
  };
  // Whoever has a file of this computer at hand has it as a blob.
  return { name: basename(path), path, size: found.size, read, blob: /** @type {any} */ (path) };
}

const opened = async ({ path, name }) => new Hdf5File(h5wasm, path, name);

/** Look whether labels were averaged; those with axes of space alone are read here. */
async function hdf5Sampled(report, source) {
  if (!isSampled(report)) return report;
  const file = await opened(source);
  const read = async (level, region) => file.region(report.levels[level].path, region);
  try {
    return { ...report, sampled: await sampleOf(report, read) };
  } finally {
    file.close();
  }
}

function readersAt(path) {
  const beside = (name) => entryAt(join(dirname(path), name));
  const inspect = async (source, given, told) => {
    if (!h5wasm) throw new InspectionError(`${given} is HDF5, and h5wasm is not installed.`);
    const report = await inspectHdf5(source, given, { open: opened, ...told });
    return told.pair ? report : hdf5Sampled(report, source);
  };
  return {
    inspectZarr: async (place, given) => withSample(await inspectZarr(place, given), place),
    inspectN5: async (place, given) =>
      inspectN5(place, given, { xml: await beside(basename(path).replace(/\.[^.]*$/, ".xml")) }),
    zipPlace: openZip,
    ...hdf5Readers({ inspect, beside, inspectN5 }),
  };
}

/** Refuse what JSON would turn into null without a word. */
function checked(key, value) {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) {
    throw new TypeError(`${key} is ${value}, which JSON cannot carry`);
  }
  return value;
}

async function answer(path, rules) {
  taken = { reads: 0, bytes: 0 };
  try {
    const report = await reportOn(await entryAt(path), path, readersAt(path));
    const costs = costsOf(report, rules);
    const document = asDocument(report, costs, verdictsOf(report, costs, rules));
    return JSON.stringify({ document, ...taken }, checked);
  } catch (error) {
    const kind = error instanceof InspectionError ? "sentence" : "fault";
    const said = kind === "fault" ? String(error?.stack ?? error) : error.message;
    return JSON.stringify({ [kind]: said, ...taken });
  }
}

const { rules, paths } = JSON.parse(await text(process.stdin));
for (const path of paths) process.stdout.write(`${await answer(path, rules)}\n`);
