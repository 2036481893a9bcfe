// How many chunks of a dataset are stored, and how many bytes they take: h5wasm does not say, so the
// index of chunks is read here. The layout is that of the HDF5 File Format Specification, version
// 3.0: "Version 1 B-trees" (III.A.1), object headers (IV.A.1) and data layouts (IV.A.2.i).

const UNDEFINED = 2n ** 64n - 1n;
const CONTINUATION = 0x10;
const LAYOUT = 0x08;
const CHUNKED = 2;
const SINGLE_CHUNK = 1; // an index of layouts of versions 4 and 5
const FILTERED = 2; // a flag of these
const MAX_BLOCKS = 200; // of an object header
const MAX_HEADER_BYTES = 2 ** 20;
const MAX_DEPTH = 12; // of a tree

/**
 * Go through a dataset's index.
 *
 * @param {import("./hdf5_file.js").Hdf5File} file
 * @param {string} path of a dataset in chunks
 * @param {number} most number of chunks above which counting ends
 * @returns {{ count: number, nbytes: number } | null} null if there are more, or the index is of
 *     another kind than those that are read here: trees of version 1, and single chunks
 */
export function storedChunks(file, path, most) {
  try {
    return counted(file, path, most);
  } catch (error) {
    // What is damaged names places or lengths that there are none of.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function counted(file, path, most) {
  // All other widths of addresses and lengths are as rare as computers that have them.
  const widths = widthsOf(file);
  if (widths.some((width) => width !== 8)) return null;
  const layout = layoutOf(file, file.address(path));
  if (layout === null) return null;
  const view = viewOf(layout);
  const version = view.getUint8(0);
  if (version === 3 && view.getUint8(1) === CHUNKED) {
    const rank = view.getUint8(2); // with one more for the bytes of a voxel
    const found = { count: 0, nbytes: 0, nodes: 0 };
    const isWhole = countTree(file, view.getBigUint64(3, true), rank, found, most, MAX_DEPTH);
    return isWhole ? found : null;
  }
  return version > 3 && view.getUint8(1) === CHUNKED ? singleChunk(view) : null;
}

function widthsOf(file) {
  const head = file.bytes(0, 16);
  return head[8] < 2 ? [head[13], head[14]] : [head[9], head[10]];
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The message of an object header that says how the data lie; null if there is none. */
function layoutOf(file, address) {
  const head = file.bytes(address, address + 48);
  const view = viewOf(head);
  const isSecond = view.getUint32(0) === 0x4f484452; // OHDR
  const blocks = [isSecond ? secondBlock(view, address) : firstBlock(view, address)];
  for (let number = 0; number < blocks.length && number < MAX_BLOCKS; number++) {
    const [start, nbytes, times] = blocks[number];
    const block = file.bytes(start, start + Math.min(nbytes, MAX_HEADER_BYTES));
    for (const [type, data] of isSecond ? secondMessages(block, times) : firstMessages(block)) {
      if (type === LAYOUT) return data;
      if (type !== CONTINUATION) continue;
      const next = viewOf(data);
      const [from, size] = [next.getBigUint64(0, true), next.getBigUint64(8, true)].map(Number);
      // Blocks of version 2 have a signature before and a checksum behind their messages.
      blocks.push(isSecond ? [from + 4, size - 8, times] : [from, size, 0]);
    }
  }
  return null;
}

function firstBlock(view, address) {
  return [address + 16, view.getUint32(8, true), 0];
}

function secondBlock(view, address) {
  const flags = view.getUint8(5);
  const at = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const size = uintOf(view, at, 2 ** (flags & 3));
  return [address + at + 2 ** (flags & 3), size, flags & 0x04];
}

// A number of any width, its last byte first.
function uintOf(view, at, width) {
  let value = 0;
  for (let byte = width - 1; byte >= 0; byte--) value = value * 256 + view.getUint8(at + byte);
  return value;
}

/** @returns {Iterable<[number, Uint8Array]>} */
function* firstMessages(block) {
  const view = viewOf(block);
  for (let at = 0; at + 8 <= block.length; ) {
    const size = view.getUint16(at + 2, true);
    yield [view.getUint16(at, true), block.subarray(at + 8, at + 8 + size)];
    at += 8 + size;
  }
}

/** @returns {Iterable<[number, Uint8Array]>} */
function* secondMessages(block, times) {
  const view = viewOf(block);
  const head = times ? 6 : 4;
  for (let at = 0; at + head <= block.length; ) {
    const size = view.getUint16(at + 1, true);
    yield [block[at], block.subarray(at + head, at + head + size)];
    at += head + size;
  }
}

/** Count the chunks below a node; false if there are too many, or it is no node. */
function countTree(file, address, rank, found, most, depth) {
  if (address === UNDEFINED) return true; // nothing was written
  found.nodes += 1;
  if (depth === 0 || found.nodes > most) return false; // a damaged one may lead back to itself
  const start = Number(address);
  const head = viewOf(file.bytes(start, start + 24));
  if (head.byteLength < 24 || head.getUint32(0) !== 0x54524545 || head.getUint8(4) !== 1) {
    return false; // TREE, of chunks
  }
  const level = head.getUint8(5);
  const entries = head.getUint16(6, true);
  const keyBytes = 8 + 8 * rank;
  const node = viewOf(file.bytes(start + 24, start + 24 + entries * (keyBytes + 8)));
  if (node.byteLength < entries * (keyBytes + 8)) return false;
  for (let entry = 0; entry < entries; entry++) {
    const at = entry * (keyBytes + 8);
    const child = node.getBigUint64(at + keyBytes, true);
    if (level > 0) {
      if (!countTree(file, child, rank, found, most, depth - 1)) return false;
    } else {
      found.count += 1;
      found.nbytes += node.getUint32(at, true);
      if (found.count > most) return false;
    }
  }
  return true;
}

/** One chunk that holds all, as layouts of versions 4 and 5 say it. */
function singleChunk(view) {
  const [flags, rank, width] = [2, 3, 4].map((at) => view.getUint8(at));
  let at = 5 + rank * width;
  if (view.getUint8(at) !== SINGLE_CHUNK) return null;
  let nbytes = 1;
  for (let axis = 0; axis < rank; axis++) {
    nbytes *= uintOf(view, 5 + axis * width, width);
  }
  at += 1;
  if (flags & FILTERED) {
    nbytes = Number(view.getBigUint64(at, true));
    at += 12;
  }
  const isStored = view.getBigUint64(at, true) !== UNDEFINED;
  return isStored ? { count: 1, nbytes } : { count: 0, nbytes: 0 };
}
