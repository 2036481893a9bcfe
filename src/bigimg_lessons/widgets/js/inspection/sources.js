// A file from which bytes are read where they are needed: one that was given to the page, or one of
// a web server, read by ranges. Its bytes stay in the page.

import { formatBytes } from "../kit/text.js";
import { InspectionError, LimitError } from "./errors.js";

/**
 * A file. `read` gives fewer bytes at its end, and throws InspectionError if reading fails.
 * @typedef {object} ByteSource
 * @property {string} name
 * @property {number} size bytes
 * @property {(start: number, end: number) => Promise<Uint8Array>} read
 * @property {Blob} [blob] of a file that was given
 * @property {string} [url] of a file of a web server
 */

/** What else may be the reason where a server cannot be reached, and what to do then. */
export const NOT_ALLOWED =
  "Its server may also not allow pages of other sites to read it (CORS): bigimg inspect, in a " +
  "terminal, needs no such leave.";

/** Refuse a page for people, which many servers send in place of what they have not. */
export function refusePage(url, bytes) {
  const begin = String.fromCharCode(...bytes.subarray(0, 512)).trimStart();
  if (!/^<(?:!doctype )?html/i.test(begin)) return;
  throw new InspectionError(
    `${url} is a web page, not a file of an image: its server shows one in place of what it has ` +
      "not, or wants you to sign in. Give the address of the image itself.",
  );
}

/**
 * A file that was dropped or chosen.
 * @param {Blob} blob
 * @param {string} name
 * @returns {ByteSource}
 */
export const blobSource = (blob, name) => ({
  name,
  size: blob.size,
  blob,
  async read(start, end) {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    } catch (error) {
      throw new InspectionError(
        `${name} cannot be read (${error.message}): it was changed or moved since it was given, or ` +
          "this page may not read it. Give it once more.",
      );
    }
  },
});

/** Bytes of one request for a part of a file. */
export const BLOCK_BYTES = 2 ** 18;
/** Milliseconds for one request. */
export const MAX_WAIT = 60e3;
const MAX_REMOTE_BYTES = 16 * 2 ** 20;
const NOTHING_THERE = [403, 404, 410]; // stores that may not be listed answer 403

/** Refuse to read another block of a file where that many have been read. */
export function checkBlocks(url, read) {
  if (read * BLOCK_BYTES < MAX_REMOTE_BYTES) return;
  throw new LimitError(
    `${url} needs more than ${formatBytes(MAX_REMOTE_BYTES)} to be described: download it, and ` +
      "inspect the file.",
  );
}

/** Which bytes a block has, as a request has them. */
export const rangeOf = (number) =>
  `bytes=${number * BLOCK_BYTES}-${(number + 1) * BLOCK_BYTES - 1}`;

/** What is said where a request fails. */
export const unreachable = (url, reason) =>
  new InspectionError(`${url} cannot be reached (${reason}): check the address and the network.`);

/** What is said of an answer that is an error. */
export const refusal = (url, status) =>
  new InspectionError(
    NOTHING_THERE.includes(status)
      ? `There is nothing at ${url}: check the address.`
      : `The server of ${url} answers ${status}: try later.`,
  );

/** What is said where a server sends a whole file in place of a part. */
export const wholeFilesOnly = (url) =>
  new InspectionError(
    `The server of ${url} does not send parts of files (HTTP Range): download it, and inspect ` +
      "the file.",
  );

/**
 * A file of a web server, read by ranges of bytes, each once; throws InspectionError if there is
 * none, or the server sends whole files only.
 * @param {string} url
 * @param {typeof fetch} [get] what fetches
 * @returns {Promise<ByteSource>}
 */
export async function webSource(url, get = (...asked) => fetch(...asked)) {
  const first = await blockOf(url, 0, get);
  const size = first.total ?? (await sizeOf(url, get));
  const blocks = new Map([[0, Promise.resolve(first.bytes)]]);
  const block = async (number) => {
    if (!blocks.has(number)) {
      checkBlocks(url, blocks.size);
      const found = blockOf(url, number, get).then(({ bytes }) => bytes);
      blocks.set(number, found);
    }
    return blocks.get(number);
  };
  const read = async (start, end) => {
    const stop = Math.min(end, size);
    const bytes = new Uint8Array(Math.max(0, stop - start));
    let place = start;
    while (place < stop) {
      const number = Math.floor(place / BLOCK_BYTES);
      const skip = place - number * BLOCK_BYTES;
      const found = (await block(number)).subarray(skip, skip + stop - place);
      if (!found.length) break;
      bytes.set(found, place - start);
      place += found.length;
    }
    return bytes.subarray(0, Math.max(0, place - start));
  };
  return { name: url, url, size, read };
}

// What a server answers; NOTHING_THERE and the rest are errors.
async function answered(url, get, options) {
  let answer;
  try {
    answer = await get(url, { ...options, signal: AbortSignal.timeout(MAX_WAIT) });
  } catch (error) {
    const { message } = unreachable(url, error.message);
    throw new InspectionError(`${message} ${NOT_ALLOWED}`);
  }
  if (answer.ok) return answer;
  await answer.body?.cancel();
  throw refusal(url, answer.status);
}

// One block, and of how many bytes the file is, if the server lets the page see that.
async function blockOf(url, number, get) {
  const answer = await answered(url, get, { headers: { Range: rangeOf(number) } });
  const bytes = await received(url, answer);
  if (number === 0) refusePage(url, bytes);
  if (answer.status !== 206) throw wholeFilesOnly(url);
  const total = answer.headers.get("Content-Range")?.match(/\/(\d+)$/)?.[1];
  return { bytes, total: total ? Number(total) : null };
}

// The bytes of an answer, but no more than were asked for.
async function received(url, answer) {
  const bytes = new Uint8Array(BLOCK_BYTES);
  let length = 0;
  try {
    for await (const piece of piecesOf(answer.body.getReader())) {
      const fitting = piece.subarray(0, BLOCK_BYTES - length);
      bytes.set(fitting, length);
      length += fitting.length;
      if (length === BLOCK_BYTES) break;
    }
  } catch (error) {
    throw unreachable(url, error.message);
  }
  return bytes.subarray(0, length);
}

async function* piecesOf(reader) {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // in a stream that has failed there is nothing to cancel
  }
}

// Content-Range is hidden from pages of other sites unless the server shows it; Content-Length is not.
async function sizeOf(url, get) {
  const answer = await answered(url, get, { method: "HEAD" });
  const length = answer.headers.get("Content-Length");
  if (length !== null) return Number(length);
  throw new InspectionError(
    `The server of ${url} does not say how many bytes the file has: download it, and inspect the ` +
      "file.",
  );
}
