// What a server sends, within limits of time and bytes: it may be broken, or somebody else's.

import { plural } from "../text.js";
import { FetchError } from "./faults.js";

const SILENCE = 20e3; // milliseconds without a byte, after which a request is given up
const WHOLE_ANSWER = 60e3; // milliseconds within which all bytes must have come, however slowly
const MAX_METADATA = 4 * 2 ** 20; // bytes of a JSON file; that of an image has a few thousand
// Bytes to unpack at once: deflate makes at most 1032 bytes of one, and a browser hands over all
// that it makes of a piece before it checks whether anyone still wants it.
const PIECE = 2 ** 14;

/**
 * Read a stream to its end; of one that holds more than `max` bytes, the rest is not read.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} max
 * @param {() => void} [onPiece] called for each piece that comes
 */
async function gather(stream, max, onPiece) {
  const reader = stream.getReader();
  const pieces = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onPiece?.();
      length += value.length;
      if (length > max)
        throw new FetchError("content", `it holds more than ${plural(max, "byte")}`);
      pieces.push(value);
    }
  } finally {
    reader.cancel().catch(() => {}); // in a stream that has failed there is nothing to cancel
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * Fetch the bytes at an address.
 *
 * @param {string | URL} url
 * @param {{ signal: AbortSignal, max: number, cache?: RequestCache, headers?: Record<string, string> }}
 *   options `signal` ends the request, and `max` is the maximum number of bytes
 */
export async function fetchBytes(url, { signal, max, cache = "default", headers = {} }) {
  signal.throwIfAborted();
  const own = new AbortController();
  const stop = () => own.abort();
  let late = "";
  const giveUpAfter = (wait, why) =>
    setTimeout(() => {
      late = why;
      stop();
    }, wait);
  /** @type {ReturnType<typeof setTimeout>} */
  let silence;
  const heard = () => {
    clearTimeout(silence);
    silence = giveUpAfter(SILENCE, `the server has sent nothing for ${SILENCE / 1e3} s`);
  };
  const whole = giveUpAfter(WHOLE_ANSWER, `no whole answer came within ${WHOLE_ANSWER / 1e3} s`);
  signal.addEventListener("abort", stop);
  let answer;
  try {
    heard();
    answer = await fetch(url, { cache, headers, signal: own.signal });
    heard();
    const { ok, status, body } = answer;
    if (!ok) {
      body?.cancel();
      const what = status === 404 ? "has no such file (404)" : `answers ${status}`;
      throw new FetchError("status", `the server ${what}`, { status });
    }
    return body ? await gather(body, max, heard) : new Uint8Array();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FetchError) throw Object.assign(error, { url });
    if (late) throw new FetchError("late", late, { url });
    const what = answer ? "the connection broke off" : "the server cannot be reached";
    throw new FetchError("unreachable", what, { url });
  } finally {
    clearTimeout(silence);
    clearTimeout(whole);
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Fetch a JSON file.
 *
 * @param {string | URL} url
 * @param {{ signal: AbortSignal, cache?: RequestCache }} options
 */
export async function fetchJson(url, options) {
  const bytes = await fetchBytes(url, { max: MAX_METADATA, ...options });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FetchError("content", "what came is not JSON", { url });
  }
}

/**
 * Fetch the file of a chunk, still packed. What cannot be compressed grows by less than a hundredth.
 *
 * @param {string | URL} url
 * @param {{ format: CompressionFormat | null, length: number }} layout how chunks are packed, and
 *   their bytes once unpacked
 * @param {{ signal: AbortSignal, cache?: RequestCache }} options
 */
export const fetchChunk = (url, { format, length }, options) =>
  fetchBytes(url, { max: format ? Math.ceil(length * 1.01) + 1024 : length, ...options });

/**
 * Unpack the file of a chunk; unpacking ends once there are more than its `length` bytes.
 *
 * @param {Uint8Array} file
 * @param {{ format: CompressionFormat | null, length: number }} layout
 * @param {string | URL} url for messages
 */
export async function unpack(file, { format, length }, url) {
  let bytes = file;
  if (format) {
    let at = 0;
    const pieces = new ReadableStream({
      pull(controller) {
        if (at >= file.length) return controller.close();
        controller.enqueue(file.subarray(at, at + PIECE));
        at += PIECE;
      },
    });
    try {
      bytes = await gather(pieces.pipeThrough(new DecompressionStream(format)), length);
    } catch (error) {
      if (error instanceof FetchError) throw Object.assign(error, { url });
      const what = `the bytes that came are not a whole ${format} file`;
      throw new FetchError("content", what, { url });
    }
  }
  if (bytes.length === length) return bytes;
  const what = `it holds ${plural(bytes.length, "byte")} in place of ${plural(length, "byte")}`;
  throw new FetchError("content", what, { url });
}
