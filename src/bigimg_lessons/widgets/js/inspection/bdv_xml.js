// What BigDataViewer's XML says of one view setup, beside what its HDF5 or N5 has, as
// bigimg_lessons.inspection.bdv_xml; and which file an XML that was given belongs to.

import { formatBytes } from "../kit/text.js";
import { LoaderError } from "./bdv_loaders.js";
import { InspectionError } from "./errors.js";
import { general } from "./numbers.js";
import { WebFolder } from "./places.js";
import { pythonRepr } from "./python_text.js";
import { isSpimData, readSpimData } from "./spimdata.js";
import { isPixelUnit } from "./units.js";

const MAX_BYTES = 4 * 2 ** 20;
const HEAD = 2 ** 16;

/** @typedef {{ name: string, size: number, read(start: number, end: number): Promise<Uint8Array> }} ByteSource */

/** What is known of a setup from the XML; nothing if there is none. */
export class DescribedSetup {
  /**
   * @param {import("./spimdata.js").SpimData | null} data
   * @param {number} setup its id
   * @param {string[]} notes
   */
  constructor(data, setup, notes = []) {
    const own = data?.setups.find((each) => each.id === setup);
    const unit = own?.voxelSize?.unit;
    this.size = own?.size ?? null;
    this.voxelSize = own?.voxelSize?.size ?? null;
    this.unit = unit && !isPixelUnit(unit) ? unit : null;
    this.setups = data?.setups.length ?? 0;
    this.timepoints = data?.timepoints ?? 0;
    this.missing = data?.missing ?? 0;
    this.channelNames = data?.channelNames ?? [];
    this.isSplit = data?.isSplit ?? false;
    this.notes = this.isSplit
      ? ["Its XML cuts setups out of larger ones; one of those is described."]
      : notes;
  }

  /** The size of a level's voxels, of which the XML gives that of level 0; null if unknown. */
  sizeOf(factors) {
    if (factors === null || this.voxelSize === null) return null;
    return this.voxelSize.map((size, axis) =>
      size === null ? null : Number(general(size * factors[axis], 12)),
    );
  }

  /** Where the XML tells another size than the voxels of level 0 have. @returns {string[]} */
  contradictions(shape) {
    const isSame = this.size?.every((extent, axis) => extent === shape[axis]) ?? true;
    if (isSame || this.isSplit) return [];
    return [
      `The XML says that level 0 has ${this.size.join(" × ")} voxels (z, y, x), and the file ` +
        `has ${shape.join(" × ")}.`,
    ];
  }

  /** Which view of how many is described. */
  words(setup, found) {
    if (!this.setups) return `setup ${setup}${found > 1 ? `, the first of ${found} views` : ""}`;
    if (this.setups * this.timepoints - this.missing <= 1) return "";
    const setups = `${this.setups} setup${this.setups > 1 ? "s" : ""}`;
    const times = `${this.timepoints} time point${this.timepoints > 1 ? "s" : ""}`;
    return `setup ${setup}, one view of ${setups} at ${times}`;
  }
}

/**
 * Read an XML, unless it is too large.
 *
 * @param {ByteSource} xml
 */
export async function readBdvDocument(xml) {
  if (xml.size > MAX_BYTES) {
    throw new InspectionError(
      `${xml.name} has ${formatBytes(xml.size)}, and an XML is inspected up to ` +
        `${formatBytes(MAX_BYTES)}: open it in BigDataViewer.`,
    );
  }
  return xml.read(0, xml.size);
}

/**
 * Read the XML of the same name that lies beside an HDF5 file or an N5 folder.
 *
 * @param {ByteSource | null} xml null if there is none
 * @param {string} name of the file or folder
 * @param {number} setup its id, as the file has it
 * @param {string} [loader] that the XML must have: "bdv.hdf5" or "bdv.n5"
 */
export async function describedBeside(xml, name, setup, loader = "bdv.hdf5") {
  const read = async () => xml && readBdvDocument(xml);
  return toldBy(read, xml?.name ?? xmlNameOf(name), setup, loader);
}

/**
 * Ask the server of an HDF5 file or an N5 folder for the XML of the same name beside it.
 *
 * @param {string} url address of the file or folder
 * @param {number} setup its id, as the file has it
 * @param {string} [loader] that the XML must have
 */
export async function describedOnWeb(url, setup, loader = "bdv.hdf5") {
  const [base, ...query] = url.split("#")[0].split("?");
  const steps = base.replace(/\/+$/, "").split("/");
  const name = xmlNameOf(decodedUri(steps.pop() ?? ""));
  const folder = new WebFolder([steps.join("/"), ...query].join("?"));
  return toldBy(() => folder.read(name), name, setup, loader);
}

/** What the XML beside a file is called. */
export const xmlNameOf = (name) => `${name.replace(/(.)\.[^.]*$/, "$1")}.xml`;

async function toldBy(read, name, setup, loader) {
  const noted = (note) => new DescribedSetup(null, setup, [note]);
  try {
    const content = await read();
    if (!content) return noted(`No ${name} lies beside it, so its voxel size is unknown.`);
    return new DescribedSetup(readSpimData(content, name, loader), setup);
  } catch (error) {
    if (error instanceof LoaderError) return noted(`${name} is of another dataset.`);
    if (!(error instanceof InspectionError)) throw error;
    return noted(`${name} was not read. ${error.message}`);
  }
}

/**
 * Read an XML that was given, and say which file or folder of its own folder it names.
 *
 * @param {ByteSource} xml
 * @param {string} given how the reader calls it
 * @returns {Promise<{ loader: "bdv.hdf5" | "bdv.n5", paths: string[],
 *     data: import("./spimdata.js").SpimData }>} `paths` are what its path can mean, the likeliest
 *     first, each relative to the XML's folder and inside of it
 * @throws {InspectionError} if it is no XML of BigDataViewer, or its pixels are kept in another way
 */
export async function bdvPairOf(xml, given) {
  const content = await readBdvDocument(xml);
  if (!isSpimData(content.subarray(0, HEAD))) {
    throw new InspectionError(`${given} is no XML of BigDataViewer: inspect the image itself.`);
  }
  try {
    return pairOf(readSpimData(content, given), "bdv.hdf5", given);
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error;
    let data;
    try {
      data = readSpimData(content, given, "bdv.n5");
    } catch (other) {
      throw other instanceof LoaderError ? new InspectionError(error.message) : other;
    }
    return pairOf(data, "bdv.n5", given);
  }
}

/**
 * The error where the file that an XML names was not given with it.
 *
 * @param {{ loader: string, data: import("./spimdata.js").SpimData }} pair
 * @param {string} given
 */
export function missingHalf({ loader, data }, given) {
  const what = loader === "bdv.n5" ? "folder" : "file";
  return new InspectionError(
    `${given} keeps its pixels in ${pythonRepr(data.file)}, and no such ${what} was given with ` +
      "it: give both together, or correct the path in the XML.",
  );
}

// Since 2024 BigDataViewer writes paths as URIs, with %20 for a space; before, as they are.
function pairOf(data, loader, given) {
  const written = [data.file, data.file.replace(/^[/\\]+/, "") || "."];
  const unquoted = written.flatMap((text) => [text, decodedUri(text)]);
  const paths = unquoted.map((text) => insideOf(data.basePath, text)).filter((path) => path);
  if (!paths.length) {
    throw new InspectionError(
      `${given} points to ${pythonRepr(data.file)}, which leaves its folder: write the path of ` +
        "the file beside it into the XML.",
    );
  }
  return { loader, paths: [...new Set(paths)], data };
}

function decodedUri(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A path from the XML's folder on, without dots; null if it is absolute or leaves that folder. */
function insideOf(base, path) {
  const parts = [];
  const folder = base.replace(/^[/\\]+/, "");
  for (const text of [folder, path]) {
    if (/^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return null;
    for (const part of text.split(/[/\\]/)) {
      if (part === "..") {
        if (!parts.length) return null;
        parts.pop();
      } else if (part && part !== ".") {
        parts.push(part);
      }
    }
  }
  return parts.join("/");
}
