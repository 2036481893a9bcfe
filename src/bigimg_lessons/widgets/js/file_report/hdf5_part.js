// HDF5 files, by the part of the page that is loaded only when one is given.

import { InspectionError } from "../inspection/errors.js";
import { Hdf5Reader } from "../inspection/hdf5_client.js";
import { isSampled, sampleOf } from "../inspection/labels.js";
import { spatialAxes } from "../inspection/report.js";
import { FetchError } from "../kit/zarr/faults.js";
import { chunkedPlane } from "./plane.js";

/** @typedef {import("../inspection/report.js").Report} Report */

/** @type {Hdf5Reader | null} one for the page, as its worker has the library */
let reader = null;

/**
 * What reads HDF5 here; throws InspectionError where nothing does. Where it lies is written into the
 * page by book/_ext/hdf5_in_browser.py.
 * @param {string} given how the reader calls the file
 */
export function hdf5Reader(given) {
  const found = document.getElementById("hdf5-in-browser");
  if (!found) {
    throw new InspectionError(
      `${given} is HDF5, which this form reads on its page of the book alone: go there, or inspect ` +
        "it in a terminal, with bigimg inspect.",
    );
  }
  const { reason, ...addresses } = JSON.parse(found.textContent);
  if (reason) throw new InspectionError(reason);
  reader ??= new Hdf5Reader(addresses);
  return reader;
}

// A dataset of Imaris or BigDataViewer is one channel at one time: it has the axes of space alone.
const rangesOf = (report, region) =>
  report.kind === "HDF5" ? region : spatialAxes(report).map((axis) => region[axis]);

/**
 * Read a plane.
 * @param {any} source of the HDF5 file
 * @param {Report} report
 * @param {number} number of the level
 */
export const hdf5Plane = (source, report, number) =>
  chunkedPlane(report, number, async (region) => {
    try {
      const level = report.levels[number];
      return await reader.region(source, level, rangesOf(report, region));
    } catch (error) {
      if (error instanceof InspectionError) throw error;
      throw new FetchError("content", error.message);
    }
  });

/**
 * Look whether labels were averaged, as bigimg_lessons.inspection.labels does.
 * @param {any} source of the HDF5 file
 * @param {Report} report
 * @returns {Promise<Report>}
 */
export async function hdf5Sampled(source, report) {
  if (!isSampled(report) || /\.xml$/i.test(report.source)) return report;
  try {
    const read = (level, region) =>
      reader.region(source, report.levels[level], rangesOf(report, region));
    return { ...report, sampled: await sampleOf(report, read) };
  } catch {
    return report; // what cannot be read is not known
  }
}
