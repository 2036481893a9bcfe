// HDF5 files and BigDataViewer's XML for the door, opening.js: each with the other, if both are there.

import { bdvPairOf, missingHalf, xmlNameOf } from "./bdv_xml.js";

/** @typedef {import("./bdv_xml.js").ByteSource} ByteSource */

/**
 * The two readers that the door asks for.
 *
 * @param {object} found
 * @param {(source: any, given: string, told: object) => Promise<import("./report.js").Report>}
 *     found.inspect describes an HDF5 file: `inspect` of Hdf5Reader, or inspectHdf5
 * @param {(path: string) => any} found.beside what else lies in the folder of what was given: the
 *     source of a file, the place of a folder, or null; its path is relative to that folder
 * @param {(place: any, given: string, told: object) => Promise<import("./report.js").Report>}
 *     [found.inspectN5]
 */
export function hdf5Readers({ inspect, beside, inspectN5 }) {
  return {
    /** @param {ByteSource} source @param {string} given */
    async inspectHdf5(source, given) {
      return inspect(source, given, { xml: await beside(xmlNameOf(source.name)) });
    },

    /** @param {ByteSource} xml @param {string} given */
    async inspectXml(xml, given) {
      const pair = await bdvPairOf(xml, given);
      for (const path of pair.paths) {
        const half = await beside(path);
        if (!half) continue;
        if (pair.loader === "bdv.n5") return inspectN5(half, half.name, { xml });
        return inspect(half, given, { pair: { data: pair.data, nbytes: xml.size } });
      }
      throw missingHalf(pair, given);
    },
  };
}
