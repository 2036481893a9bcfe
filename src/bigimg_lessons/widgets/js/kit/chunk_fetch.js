// What servers send, within limits of time and bytes, whatever they are: a server may be broken, or
// somebody else's. Times are in milliseconds.

const SILENCE = 20e3; // without a byte, until a request is given up
const WHOLE_ANSWER = 60e3; // until all must have come, however slowly
const MOST_METADATA = 4 * 2 ** 20; // bytes of a JSON file; those of an image have some thousands
// Bytes to unpack at once: deflate makes at most 1032 of one, and a browser hands over all that it
// makes of a piece before it looks whether anyone still wants it.
const PIECE = 2 ** 14;

// What went wrong: a clause to go on with, as "the server answers 500". `reason` is "status" (then
// `status` says which), "late", "unreachable" or "content"; `url` is the address that was asked.
export class FetchError extends Error {
  constructor(reason, message, details) {
    super(message);
    Object.assign(this, { reason, ...details });
  }
}

const counted = (bytes) => `${bytes.toLocaleString("en")} byte${bytes === 1 ? "" : "s"}`;

// All bytes of a stream, of which there may be `most`; of more, no more are read.
async function gather(stream, most, onPiece) {
  const reader = stream.getReader();
  const pieces = [];
  let length = 0;
  try {
    for (let next; !(next = await reader.read()).done; ) {
      onPiece?.();
      length += next.value.length;
      if (length > most) throw new FetchError("content", `it holds more than ${counted(most)}`);
      pieces.push(next.value);
    }
  } finally {
    reader.cancel().catch(() => {}); // of a stream that has failed there is nothing to cancel
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

// The bytes at an address, of which there may be `most`.
export async function fetchBytes(url, { signal, most, cache = "default" }) {
  signal.throwIfAborted();
  const own = new AbortController();
  const stop = () => own.abort();
  let late = "";
  const giveUpAfter = (wait, why) =>
    setTimeout(() => {
      late = why;
      stop();
    }, wait);
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = giveUpAfter(SILENCE, `the server has sent nothing for ${SILENCE / 1e3} s`);
  };
  const whole = giveUpAfter(WHOLE_ANSWER, `no whole answer came within ${WHOLE_ANSWER / 1e3} s`);
  signal.addEventListener("abort", stop);
  let answer;
  try {
    heard();
    answer = await fetch(url, { cache, signal: own.signal });
    heard();
    const { ok, status, body } = answer;
    if (!ok) {
      body?.cancel();
      const what = status === 404 ? "has no such file (404)" : `answers ${status}`;
      throw new FetchError("status", `the server ${what}`, { status });
    }
    return body ? await gather(body, most, heard) : new Uint8Array();
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

export async function fetchJson(url, options) {
  const bytes = await fetchBytes(url, { most: MOST_METADATA, ...options });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FetchError("content", "what came is not JSON", { url });
  }
}

// The bytes of a chunk's file, whose chunk has `length` bytes and is packed in `format`: "gzip",
// "deflate" or null. What cannot be packed grows, by less than a hundredth.
export const fetchChunk = (url, { format, length, ...options }) =>
  fetchBytes(url, { most: format ? Math.ceil(length * 1.01) + 1024 : length, ...options });

// A chunk from its file; unpacking ends once there are more than its `length` bytes.
export async function unpack(file, { format, length, url }) {
  let bytes = file;
  if (format) {
    let at = 0;
    const pieces = new ReadableStream({
      pull(controller) {
        if (at < file.length) controller.enqueue(file.subarray(at, (at += PIECE)));
        else controller.close();
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
  const what = `it holds ${counted(bytes.length)} in place of ${counted(length)}`;
  throw new FetchError("content", what, { url });
}
