// Blosc, unpacked: blocks of bytes, each packed by itself after bytes of equal rank were put
// together. As README_CHUNK_FORMAT.rst of github.com/Blosc/c-blosc lays it down, with the blocks of
// LZ4 (lz4_Block_format.md of github.com/lz4/lz4) and of BloscLZ.

import { unpack } from "../kit/zarr/fetching.js";
import { PackingError, UnknownCodec } from "./codec_errors.js";
import { unpackZstd } from "./zstd.js";

const HEADER = 16;
const MAX_SPLITS = 16;
const MIN_SPLIT = 128; // values of a block, below which it is not split

const fail = (what) => {
  throw new PackingError(`the bytes are no whole Blosc file: ${what}`);
};

/** Bytes that are being put one after the other. */
class Output {
  constructor(length) {
    this.bytes = new Uint8Array(length);
    this.at = 0;
  }

  put(bytes, length) {
    if (bytes.length < length || this.at + length > this.bytes.length) fail("it is cut short");
    this.bytes.set(bytes.subarray(0, length), this.at);
    this.at += length;
  }

  repeat(distance, length) {
    const { bytes } = this;
    const end = this.at + length;
    if (distance < 1 || distance > this.at || end > bytes.length) fail("a match makes no sense");
    for (; this.at < end; this.at++) bytes[this.at] = bytes[this.at - distance];
  }

  whole() {
    if (this.at !== this.bytes.length) fail("it ends early");
    return this.bytes;
  }
}

/**
 * Unpack a block of LZ4.
 *
 * @param {Uint8Array} bytes
 * @param {number} length bytes that it holds
 */
export function unpackLz4(bytes, length) {
  const out = new Output(length);
  let at = 0;
  const more = (start) => {
    let all = start;
    for (let byte = 255; start === 15 && byte === 255; all += byte) byte = bytes[at++] ?? fail("");
    return all;
  };
  while (at < bytes.length) {
    const token = bytes[at++];
    const literals = more(token >> 4);
    out.put(bytes.subarray(at), literals);
    at += literals;
    if (at >= bytes.length) break; // the last sequence is literals alone
    const distance = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    out.repeat(distance, more(token & 15) + 4);
  }
  return out.whole();
}

// Unpack a block of BloscLZ, which comes from FastLZ.
function unpackBloscLz(bytes, length) {
  const out = new Output(length);
  let at = 0;
  for (let isFirst = true; at < bytes.length; isFirst = false) {
    const control = isFirst ? bytes[at++] & 31 : bytes[at++];
    if (control < 32) {
      out.put(bytes.subarray(at), control + 1);
      at += control + 1;
      continue;
    }
    let count = (control >> 5) + 2;
    for (let byte = 255; control >> 5 === 7 && byte === 255; count += byte) {
      byte = bytes[at++] ?? fail("");
    }
    const high = control & 31;
    const low = bytes[at++];
    let distance = (high << 8) + low + 1;
    if (low === 255 && high === 31) {
      distance = (bytes[at] << 8) + bytes[at + 1] + 8192;
      at += 2;
    }
    out.repeat(distance, count);
  }
  return out.whole();
}

// Bytes of equal rank stand together: give each value its own again.
function unshuffled(bytes, itemSize) {
  const count = Math.floor(bytes.length / itemSize);
  const out = bytes.slice();
  for (let rank = 0; rank < itemSize; rank++) {
    const from = rank * count;
    for (let n = 0; n < count; n++) out[n * itemSize + rank] = bytes[from + n];
  }
  return out;
}

// The same for bits; values beyond a multiple of eight were left as they are.
function bitUnshuffled(bytes, itemSize) {
  const count = Math.floor(bytes.length / itemSize / 8);
  const out = bytes.slice();
  out.fill(0, 0, 8 * count * itemSize);
  for (let rank = 0; rank < 8 * itemSize; rank++) {
    const [byte, bit] = [rank >> 3, rank & 7];
    for (let n = 0; n < 8 * count; n++) {
      const value = (bytes[rank * count + (n >> 3)] >> (n & 7)) & 1;
      out[n * itemSize + byte] |= value << bit;
    }
  }
  return out;
}

const UNPACKERS = [
  unpackBloscLz,
  unpackLz4,
  () => {
    throw new UnknownCodec("snappy");
  },
  (bytes, length) => unpack(bytes, { format: "deflate", length }, ""),
  unpackZstd,
];

/**
 * Unpack a file.
 *
 * @param {Uint8Array} bytes
 * @param {number} length bytes that it holds
 */
export async function unpackBlosc(bytes, length) {
  if (bytes.length < HEADER) fail("it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [flags, itemSize] = [bytes[2], bytes[3]];
  const [size, blockSize] = [view.getUint32(4, true), view.getUint32(8, true)];
  if (size !== length) fail(`it holds ${size} bytes in place of ${length}`);
  if (flags & 2) {
    const plain = new Output(length);
    plain.put(bytes.subarray(HEADER), length);
    return plain.whole();
  }
  const unpacker = UNPACKERS[flags >> 5];
  if (!unpacker || !blockSize || !itemSize) fail("its beginning makes no sense");
  const out = new Output(length);
  for (let number = 0; out.at < length; number++) {
    const ownSize = Math.min(blockSize, length - out.at);
    const isSplit =
      !(flags & 16) &&
      ownSize === blockSize &&
      itemSize <= MAX_SPLITS &&
      blockSize / itemSize >= MIN_SPLIT;
    if (HEADER + 4 * number + 4 > bytes.length) fail("it is cut short");
    const start = view.getUint32(HEADER + 4 * number, true);
    const parts = isSplit ? itemSize : 1;
    const block = await unpackBlock(bytes, start, { size: ownSize, parts, unpacker });
    const isWide = itemSize > 1;
    if (flags & 1 && isWide) out.put(unshuffled(block, itemSize), ownSize);
    else if (flags & 4) out.put(bitUnshuffled(block, itemSize), ownSize);
    else out.put(block, ownSize);
  }
  return out.whole();
}

async function unpackBlock(bytes, start, { size, parts, unpacker }) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Output(size);
  const length = Math.floor(size / parts);
  let at = start;
  for (let part = 0; part < parts; part++) {
    if (at + 4 > bytes.length) fail("it is cut short");
    const packed = view.getUint32(at, true);
    const own = bytes.subarray(at + 4, at + 4 + packed);
    if (own.length < packed) fail("it is cut short");
    out.put(packed === length ? own : await unpacker(own, length), length);
    at += 4 + packed;
  }
  return out.whole();
}
