// A file, a folder or an address, inspected: its report, what follows from it, and ways to its pixels.

import { costsOf } from "../inspection/costs_of.js";
import { asDocument } from "../inspection/document.js";
import { hdf5Readers } from "../inspection/hdf5_readers.js";
import { withSample } from "../inspection/labels.js";
import { inspectN5 } from "../inspection/n5.js";
import { inspectZarr } from "../inspection/ome_zarr.js";
import { reportOn } from "../inspection/opening.js";
import { WebFolder } from "../inspection/places.js";
import { webSource } from "../inspection/sources.js";
import { verdictsOf } from "../inspection/verdicts.js";
import { openZip } from "../inspection/zip_folder.js";
import { FetchError } from "../kit/zarr/faults.js";
import { n5Plane } from "./n5_plane.js";
import { hdf5Plane, hdf5Reader, hdf5Sampled } from "./hdf5_part.js";
import { tiffPlane } from "./tiff_plane.js";
import { fileReads, partlyRead, zarrReads } from "./web_reads.js";
import { zarrPlane } from "./zarr_plane.js";

/** @typedef {import("../inspection/report.js").Report} Report */
/** @typedef {(report: Report, level: number) => Promise<import("./plane.js").PlaceablePlane>} PlaneReader */

/**
 * @typedef {object} Opened
 * @property {Report} report
 * @property {import("../inspection/costs_of.js").Costs} costs
 * @property {import("../inspection/verdicts.js").Verdict[]} verdicts
 * @property {any} document what `bigimg inspect --json` prints of it
 * @property {PlaneReader} plane throws FetchError with a clause if it cannot be read
 * @property {(() => Promise<import("./reads.js").Read[]>) | null} reads that can be measured; null of
 *   what is on no server
 */

/**
 * The readers of the door. Which place or HDF5 file they read is noted.
 * @param {{ place?: any, n5?: any, hdf5?: any }} found
 * @param {Map<string, any>} others what was given beside it
 */
const readersInto = (found, others) => ({
  inspectZarr(place, given) {
    found.place = place;
    return inspectZarr(place, given);
  },
  inspectN5: n5Into(found),
  zipPlace: openZip,
  webPlace: (url) => new WebFolder(url),
  ...hdf5Readers({
    inspect(source, given, told) {
      found.hdf5 = source;
      return hdf5Reader(given).inspect(source, given, told);
    },
    beside: (path) => others.get(path) ?? null,
    inspectN5: n5Into(found),
  }),
});

function n5Into(found) {
  return (place, given, told) => {
    found.n5 = place;
    return inspectN5(place, given, told);
  };
}

const isTiff = ({ kind }) => /^(Big|OME-)?TIFF/.test(kind);

/** @type {PlaneReader} */
async function noPlane({ kind }) {
  throw new FetchError("content", `the page reads no pixels of ${kind}`);
}

/** @returns {Opened} */
function judged(report, rules, plane, reads = null) {
  const costs = costsOf(report, rules);
  const verdicts = verdictsOf(report, costs, rules);
  return { report, costs, verdicts, document: asDocument(report, costs, verdicts), plane, reads };
}

/**
 * Inspect what was dropped or chosen.
 * @param {import("./given.js").Given} given
 * @param {any} rules
 */
export async function openedGiven({ name, what, others }, rules) {
  const { place, n5, hdf5, ...found } = await reported(what, name, others);
  if (place) {
    const report = await withSample(found.report, place);
    return judged(report, rules, (report, level) => zarrPlane(place, report, level));
  }
  if (hdf5) {
    const report = await hdf5Sampled(hdf5, found.report);
    return judged(report, rules, (report, level) => hdf5Plane(hdf5, report, level));
  }
  if (n5) return judged(found.report, rules, (report, level) => n5Plane(n5, report, level));
  return judged(found.report, rules, (report, level) => tiffPlane(what, report, level));
}

async function reported(what, given, others = new Map()) {
  /** @type {{ place?: any, n5?: any, hdf5?: any }} */
  const found = {};
  const report = await reportOn(what, given, readersInto(found, others));
  return { ...found, report };
}

/**
 * Inspect what is at an address.
 * @param {string} url
 * @param {any} rules
 * @param {AbortSignal} signal ends the requests for a picture
 */
export async function openedAddress(url, rules, signal) {
  const { place: folder, n5, hdf5, report } = await reported(url, url);
  if (folder && !(folder instanceof WebFolder)) {
    const plane = (report, level) => zarrPlane(folder, report, level);
    return judged(report, rules, plane, async () => fileReads(folder.source));
  }
  if (folder) {
    const place = partlyRead(folder, signal);
    const plane = (report, level) => zarrPlane(place, report, level);
    return judged(report, rules, plane, () => zarrReads(place, report));
  }
  if (n5) {
    const place = partlyRead(n5, signal);
    return judged(report, rules, (report, level) => n5Plane(place, report, level));
  }
  if (hdf5) {
    const plane = (report, level) => hdf5Plane(hdf5, report, level);
    return judged(report, rules, plane, async () => fileReads(hdf5));
  }
  if (!isTiff(report)) return judged(report, rules, noPlane);
  const source = await webSource(url);
  const plane = (report, level) => tiffPlane(source, report, level);
  return judged(report, rules, plane, async () => fileReads(source));
}
