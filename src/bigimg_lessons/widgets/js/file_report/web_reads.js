// What of an image on a server is read beside its metadata: parts of files for a picture, and a few
// reads to see how long they take.

import { UnknownCodec } from "../inspection/codec_errors.js";
import { formatBytes } from "../kit/text.js";
import { chunkName } from "../kit/zarr/array.js";
import { FetchError } from "../kit/zarr/faults.js";
import { fetchBytes } from "../kit/zarr/fetching.js";
import { levelVoxels } from "./zarr_plane.js";

const MAX_BYTES = 8 * 2 ** 20; // of one read that is measured
const RANGES = [2 ** 16, 2 ** 20]; // bytes

/** @typedef {import("./reads.js").Read} Read */

/** The address of a file in a folder, which may end with a question and a key. */
function addressIn(folder, path) {
  const url = new URL(folder);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
  return url.href;
}

/**
 * A folder of a server of which parts of files can be read, too.
 * @param {import("../inspection/places.js").WebFolder} folder
 * @param {AbortSignal} signal
 * @returns {any}
 */
export const partlyRead = (folder, signal) => ({
  name: folder.name,
  read: (path) => folder.read(path),
  async part(path, start, end) {
    const Range = start < 0 ? `bytes=${start}` : `bytes=${start}-${end - 1}`;
    const max = start < 0 ? -start : end - start;
    try {
      return await fetchBytes(addressIn(folder.name, path), { signal, max, headers: { Range } });
    } catch (error) {
      if (error instanceof FetchError && error.status === 404) return null;
      throw error;
    }
  },
});

/** @returns {Read} */
const readOf = (what, url, headers = {}) => ({
  what,
  read: (signal) => fetchBytes(url, { signal, max: MAX_BYTES, cache: "no-store", headers }),
});

/**
 * Ranges of bytes of a file.
 * @param {import("../inspection/sources.js").ByteSource} source its name is its address
 * @returns {Read[]}
 */
export const fileReads = ({ name, size }) =>
  [...new Set(RANGES.map((length) => Math.min(length, size)))].map((length) => {
    const start = Math.floor((size - length) / 2);
    const headers = { Range: `bytes=${start}-${start + length - 1}` };
    return readOf(`${formatBytes(length)} from its middle`, name, headers);
  });

/**
 * The metadata of a Zarr image, and a chunk, or shard, of its finest and of its coarsest level.
 * @param {any} place its name is its address
 * @param {import("../inspection/report.js").Report} report
 * @returns {Promise<Read[]>}
 */
export async function zarrReads(place, { levels }) {
  const isNew = (await place.read("zarr.json")) !== null;
  const isGroup = isNew || (await place.read(".zgroup")) !== null;
  const metadata = isNew ? "zarr.json" : isGroup ? ".zgroup" : ".zarray";
  const reads = [readOf("its metadata", addressIn(place.name, metadata))];
  for (const level of new Set([levels[0], levels.at(-1)])) {
    try {
      const { naming, path, shape, storage } = await levelVoxels(place, level);
      const at = shape.map((n, axis) => Math.floor(n / 2 / storage.shape[axis]));
      const key = [path, chunkName(naming, at)].filter(Boolean).join("/");
      const what = `a ${storage.shards ? "shard" : "chunk"} of level ${levels.indexOf(level)}`;
      reads.push(readOf(what, addressIn(place.name, key)));
    } catch (error) {
      if (!(error instanceof UnknownCodec)) throw error;
    }
  }
  return reads;
}
