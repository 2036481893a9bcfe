// An OME-Zarr image at an address: its metadata, and its chunks.

import { TYPES, arrayLayout, chunkName } from "./array.js";
import { FetchError, blaming, check } from "./faults.js";
import { fetchChunk, fetchJson, unpack } from "./fetching.js";
import { levelPaths, levelsOf, unitOf } from "./multiscale.js";

/** @typedef {InstanceType<typeof TYPES[keyof typeof TYPES]>} Pixels */

/**
 * A level of a pyramid. Pairs are [y, x].
 *
 * @typedef {object} Level
 * @property {number[]} shape pixels of the level
 * @property {number[]} chunk pixels of a chunk
 * @property {number[]} factor pixels of level 0 for each pixel
 * @property {number[]} origin where in level 0 it begins, in pixels of level 0
 * @property {number[]} [bytes] bytes of each stored chunk, row by row, if that is known
 * @property {number} [fill] the value of chunks that are not stored
 */

/**
 * Where the chunks of an image come from.
 *
 * @typedef {object} Source
 * @property {Level[]} levels finest first
 * @property {(level: number, row: number, column: number) => string} name of a chunk
 * @property {string} unit of the pixel size
 * @property {number[]} pixelSize of level 0
 * @property {number[]} [window] the values to show as black and as white
 * @property {string} caption
 * @property {number} itemSize bytes of a pixel
 * @property {boolean} isByte whether pixels are of type uint8
 * @property {string} counted how bytes are counted
 * @property {boolean} isRemote whether the browser fetches the chunks itself
 * @property {() => void} close
 * @property {(level: number, row: number, column: number, signal: AbortSignal) =>
 *   Promise<{ pixels: Pixels | null, bytes: number }>} load bring a chunk in full size,
 *   or null for one that is not stored, and the number of bytes that were transferred
 */

// The attributes of the image, and the name of its arrays' metadata files: Zarr version 3, else 2.
async function openGroup(json) {
  try {
    return [(await json("zarr.json"))?.attributes ?? {}, "zarr.json"];
  } catch (error) {
    if (error.reason !== "status") throw error;
    return [(await json(".zattrs").catch(() => Promise.reject(error))) ?? {}, ".zarray"];
  }
}

/**
 * Open an image; of more than two axes the first index is shown.
 *
 * @param {string} address
 * @param {AbortSignal} signal ends the requests for metadata
 * @returns {Promise<Source>}
 */
export async function openImage(address, signal) {
  check(URL.canParse(address, document.baseURI), "its address is none that a browser knows");
  const base = new URL(address.replace(/\/*$/, "/"), document.baseURI);
  const json = (path) => blaming(path, () => fetchJson(new URL(path, base), { signal }));
  const [attributes, arrayFile] = await openGroup(json);
  const { multiscales, omero } = attributes.ome ?? attributes;
  const multiscale = multiscales?.[0] ?? {};
  const paths = levelPaths(multiscale);
  const layouts = await Promise.all(
    paths.map(async (path, number) => {
      const meta = await json(`${path}/${arrayFile}`);
      return blaming(`level ${number}`, () => arrayLayout(meta));
    }),
  );
  const { caption, chunk_bytes } = attributes.bigimg_lessons ?? {};
  const { levels, pixelSize } = levelsOf(multiscale, layouts, chunk_bytes);
  const { type, shape } = layouts[0];
  const { start, end } = omero?.channels?.[0]?.window ?? {};
  const first = Array(shape.length - 2).fill(0);
  const name = (level, row, column) =>
    `${paths[level]}/${chunkName(layouts[level], [...first, row, column])}`;
  return {
    levels,
    name,
    unit: unitOf(multiscale),
    pixelSize,
    window: [start, end].every(Number.isFinite) ? [start, end] : undefined,
    caption: typeof caption === "string" ? caption : "",
    itemSize: TYPES[type].BYTES_PER_ELEMENT,
    isByte: type === "uint8",
    counted: levels[0].bytes ? "as stored, compressed" : "uncompressed where nothing was loaded",
    isRemote: true,
    close() {},
    async load(level, row, column, signal) {
      const layout = layouts[level];
      const url = new URL(name(level, row, column), base);
      try {
        const file = await fetchChunk(url, layout, { signal });
        const bytes = await unpack(file, layout, url);
        const pixels = new TYPES[type](/** @type {ArrayBuffer} */ (bytes.buffer));
        return { pixels, bytes: file.length };
      } catch (error) {
        // In Zarr a chunk that holds nothing but the fill value need not be stored.
        const isAbsent = error instanceof FetchError && error.status === 404;
        if (isAbsent && !levels[level].bytes) return { pixels: null, bytes: 0 };
        throw error;
      }
    },
  };
}
