// The door: which format a file, a folder or an address has, and what is in it, as
// bigimg_lessons.inspection.opening finds it in Python.

import { InspectionError } from "./errors.js";
import { isSuperblock, possibleStarts } from "./hdf5_start.js";
import { withPossibleSizes } from "./sizes.js";
import { webSource } from "./sources.js";
import { inspectTiff, isTiff } from "./tiff.js";

/** @typedef {import("./report.js").Report} Report */
/** @typedef {import("./sources.js").ByteSource} ByteSource */

/**
 * A folder, wherever it lies; paths in it use "/".
 * @typedef {object} Place
 * @property {string} name
 * @property {(path: string) => Promise<Uint8Array | null>} read a file of metadata, null if there is
 *   none
 * @property {(path?: string) => Promise<string[] | null>} names null if they cannot be listed
 * @property {(path?: string) => Promise<{ number: number, nbytes: number, is_all: boolean } | null>}
 *   counted the files below a folder
 */

/**
 * Who reads what the door does not read itself; a page may lack some.
 * @typedef {object} Readers
 * @property {(place: Place, given: string) => Promise<Report>} [inspectZarr]
 * @property {(place: Place, given: string) => Promise<Report>} [inspectN5]
 * @property {(source: ByteSource, given: string) => Promise<Report>} [inspectHdf5]
 * @property {(source: ByteSource, given: string) => Promise<Report>} [inspectXml]
 * @property {(source: ByteSource, given: string) => Promise<Place>} [zipPlace]
 * @property {(url: string) => Place} [webPlace]
 */

const HEAD_BYTES = 2048;
const ZIP_MAGICS = ["PK\x03\x04", "PK\x05\x06"];
const ZARR_NAMES = ["zarr.json", ".zgroup", ".zarray"];
const DOCUMENT_NAMES = [...ZARR_NAMES, ".zattrs", "attributes.json"];
const ADDRESS = /^https?:\/\/[^/]/i;
const FILE_NAMES = /\.(?:tiff?|btf|h5|hdf5|ims|ozx)$/;

/**
 * Describe a file, a folder or an address, from its metadata alone; throws InspectionError if it is
 * of no format that is known, is damaged, or cannot be described within the limits.
 * @param {ByteSource | Place | string} what a text is an address
 * @param {string} given how the user calls it
 * @param {Readers} [readers]
 * @returns {Promise<Report>}
 */
export async function reportOn(what, given, readers = {}) {
  try {
    if (typeof what === "string") return withPossibleSizes(await onAddress(what, given, readers));
    const describe = "size" in what ? onFile : onFolder;
    return withPossibleSizes(await describe(what, given, readers));
  } catch (error) {
    if (error instanceof InspectionError) throw error;
    // What damaged metadata leads to beside the errors of this package: values of other types.
    const said = String(error?.message ?? error)
      .replace(/\s+/g, " ")
      .slice(0, 500);
    throw new InspectionError(
      `${given} cannot be described (${said}): it is damaged, cut short, or not what its beginning ` +
        "says.",
    );
  }
}

function needed(readers, name, given, what) {
  if (readers[name]) return readers[name];
  throw new InspectionError(
    `${given} is ${what}, and this page lacks the part that reads it: inspect it in a terminal, ` +
      "with bigimg inspect.",
  );
}

async function onFile(source, given, readers) {
  const head = await source.read(0, HEAD_BYTES);
  const begin = String.fromCharCode(...head);
  if (isTiff(head)) return inspectTiff(source, given);
  if (ZIP_MAGICS.includes(begin.slice(0, 4))) return onArchive(source, given, readers);
  if (await isHdf5(source)) {
    return needed(readers, "inspectHdf5", given, "an HDF5 file")(source, given);
  }
  if (begin.trimStart().startsWith("<") || /\.xml$/i.test(source.name)) {
    return needed(readers, "inspectXml", given, "an XML")(source, given);
  }
  if (!head.length) {
    throw new InspectionError(`${given} is empty: its copy or its writing ended early.`);
  }
  throw new InspectionError(
    `${given} begins neither as TIFF nor as HDF5, zip or XML: TIFF, OME-TIFF, BDV-HDF5, HDF5, ` +
      "Imaris, N5, OME-Zarr and Zarr are known. Bio-Formats opens many others, in Fiji for " +
      "example, and can export them.",
  );
}

async function isHdf5(source) {
  for (const start of possibleStarts(source.size)) {
    if (isSuperblock(await source.read(start, start + 8))) return true;
  }
  return false;
}

async function hasZarr(place) {
  for (const name of ZARR_NAMES) if ((await place.read(name)) !== null) return true;
  return false;
}

/** The report of a Zarr or N5 folder, null if it is none. */
async function zarrOrN5(place, given, readers) {
  if (await hasZarr(place)) return needed(readers, "inspectZarr", given, "Zarr")(place, given);
  if ((await place.read("attributes.json")) !== null) {
    return needed(readers, "inspectN5", given, "N5")(place, given);
  }
  return null;
}

async function onFolder(place, given, readers) {
  const report = await zarrOrN5(place, given, readers);
  if (report) return report;
  const names = (await place.names()) ?? [];
  const inside = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  throw new InspectionError(
    `${given} is a folder without the metadata of Zarr or N5` +
      (names.length ? `; it holds ${inside}: inspect one of these.` : " and is empty."),
  );
}

async function onArchive(source, given, readers) {
  const place = await needed(readers, "zipPlace", given, "a zip archive")(source, given);
  if (!(await hasZarr(place))) {
    throw new InspectionError(
      `${given} is a zip archive, and has no metadata of Zarr at its top: unpack it, and inspect ` +
        "what is in it.",
    );
  }
  return needed(readers, "inspectZarr", given, "Zarr")(place, given);
}

async function onAddress(url, given, readers) {
  const address = ADDRESS.test(url) && URL.canParse(url) ? new URL(url) : null;
  if (!address) {
    throw new InspectionError(
      `${given} begins neither with http:// nor with https://: give the address by which a browser ` +
        "reaches it.",
    );
  }
  const name = address.pathname.toLowerCase();
  if (name.endsWith(".xml")) {
    throw new InspectionError(
      `${given} is an XML: give the address of the HDF5 file or N5 folder that it names; what the ` +
        "XML says is read as well, if it lies beside that and has its name.",
    );
  }
  if (FILE_NAMES.test(name)) {
    const report = await onWebFile(await webSource(url), given, readers);
    if (report) return report;
    throw new InspectionError(
      `${given} begins neither as TIFF nor as HDF5 or zip: its copy may be damaged.`,
    );
  }
  const [base, ...query] = url.split("#")[0].split("?");
  const steps = base.replace(/\/+$/, "").split("/");
  if (DOCUMENT_NAMES.includes(steps.at(-1))) steps.pop();
  const folder = [steps.join("/"), ...query].join("?");
  const place = needed(readers, "webPlace", given, "an address")(folder);
  const report =
    (await zarrOrN5(place, given, readers)) ?? (await onUnnamedFile(url, given, readers));
  if (report) return report;
  throw new InspectionError(
    `There is neither zarr.json nor .zgroup, .zarray or attributes.json below ${given}: give the ` +
      "address of the folder that has them.",
  );
}

/** The report of a file whose name does not say what it is; null if it is nothing that is known. */
async function onUnnamedFile(url, given, readers) {
  let source;
  try {
    source = await webSource(url);
  } catch (error) {
    if (error instanceof InspectionError) return null;
    throw error;
  }
  return onWebFile(source, given, readers);
}

async function onWebFile(source, given, readers) {
  const head = await source.read(0, 8);
  if (ZIP_MAGICS.includes(String.fromCharCode(...head.subarray(0, 4)))) {
    return onArchive(source, given, readers);
  }
  if (isTiff(head)) return inspectTiff(source, given);
  if (await isHdf5(source)) {
    return needed(readers, "inspectHdf5", given, "an HDF5 file")(source, given);
  }
  return null;
}
