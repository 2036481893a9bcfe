// A file of a web server for a program that cannot wait: HDF5 in a worker. It is cut as a Blob is, and
// the parts are fetched by requests that hold the worker up, which on a page itself would be wrong.

import {
  BLOCK_BYTES,
  checkBlocks,
  MAX_WAIT,
  rangeOf,
  refusal,
  unreachable,
  wholeFilesOnly,
} from "./sources.js";

const EIO = 29; // how Emscripten's file systems number a failed read

/** What of a Blob the file system of h5wasm needs. */
export class WebBlob {
  /** @type {Map<number, Uint8Array>} */
  #blocks = new Map();
  #asked = 0;

  /**
   * @param {{ url: string, size: number }} source
   * @param {{ onBlock?: () => void, newRequest?: () => XMLHttpRequest }} [options] `onBlock` is
   *     called when a block has come
   */
  constructor({ url, size }, { onBlock = () => {}, newRequest = () => new XMLHttpRequest() } = {}) {
    this.url = url;
    this.size = size;
    this.onBlock = onBlock;
    this.newRequest = newRequest;
    /** Why a part could not be read; HDF5 itself says only that it could not. @type {Error | null} */
    this.fault = null;
  }

  /** Begin with another question about the file, which may read as much again. */
  begin() {
    this.#asked = 0;
    this.fault = null;
  }

  /**
   * A part, fewer bytes at the file's end.
   * @param {number} start
   * @param {number} end
   */
  slice(start, end) {
    const stop = Math.min(end, this.size);
    const parts = [];
    for (let place = start; place < stop; ) {
      const number = Math.floor(place / BLOCK_BYTES);
      const skip = place - number * BLOCK_BYTES;
      const part = this.#block(number).subarray(skip, skip + stop - place);
      if (!part.length) break; // the file has become shorter
      parts.push(part);
      place += part.length;
    }
    return new Blob(parts);
  }

  #block(number) {
    const known = this.#blocks.get(number);
    if (known) return known;
    try {
      checkBlocks(this.url, this.#asked);
      this.#asked += 1;
      const bytes = this.#fetched(number);
      this.#blocks.set(number, bytes);
      this.onBlock();
      return bytes;
    } catch (error) {
      this.fault ??= error;
      throw Object.assign(new Error(error.message), { name: "ErrnoError", errno: EIO });
    }
  }

  #fetched(number) {
    const request = this.newRequest();
    request.open("GET", this.url, false);
    request.responseType = "arraybuffer";
    request.timeout = MAX_WAIT;
    request.setRequestHeader("Range", rangeOf(number));
    try {
      request.send();
    } catch (error) {
      throw unreachable(this.url, error.message);
    }
    if (request.status === 200) throw wholeFilesOnly(this.url);
    if (request.status !== 206) throw refusal(this.url, request.status);
    return new Uint8Array(request.response).subarray(0, BLOCK_BYTES);
  }
}
