// A reader that merges requests: chunks that lie close together in a shard come with one request.

import { formatNumber } from "../kit/text.js";
import { ChunkError, product } from "./grid.js";

/** Maximum number of chunks of shards that are inspected one by one. */
export const MAX_CHUNKS_INSPECTED = 2 ** 23;

/**
 * Requests to the shards that are not wanted whole, and chunks that come with them.
 * @param {import("./grid.js").Grid} grid
 * @param {import("./reading.js").Cut[][]} cuts for each axis, the kinds of shards
 * @param {import("./reading.js").Reader} reader
 * @returns {[requests: number, chunks: number]}
 */
export function merged(grid, cuts, reader) {
  const inspected = product(cuts.map((kinds) => kinds.reduce((all, cut) => all + cut.stored, 0)));
  if (inspected > MAX_CHUNKS_INSPECTED) {
    throw new ChunkError(
      "shardShape",
      `For a reader that merges, ${formatNumber(inspected)} chunks must be inspected: give ` +
        `smaller shards or larger chunks, for at most ${formatNumber(MAX_CHUNKS_INSPECTED)}.`,
    );
  }
  const gap = Math.floor(reader.max_gap / grid.chunkBytes);
  const longest = Math.floor(reader.max_merged / grid.chunkBytes);
  let asked = 0;
  let sent = 0;
  const combined = cuts.reduce(
    (all, kinds) => all.flatMap((kind) => kinds.map((cut) => [...kind, cut])),
    [[]],
  );
  for (const kind of combined) {
    if (kind.every(({ count }, axis) => count === grid.perShard[axis])) continue;
    const [requests, chunks] = runs(kind, grid.shardOrder, gap, longest);
    const times = product(kind.map((cut) => cut.times));
    asked += requests * times;
    sent += chunks * times;
  }
  return [asked, sent];
}

// How a merging reader asks for chunks of one shard: requests, and the chunks that they bring.
// From the first chunk on, the next one joins the request if its gap is small enough, and the
// request then not too long. All numbers are in chunks.
function runs(kind, order, gap, longest) {
  const isWanted = wantedChunks(kind);
  const inFile = order === "morton" ? morton(kind.map((cut) => cut.stored)) : isWanted.keys();
  let requests = 0;
  let brought = 0;
  let start = 0;
  let end = -Infinity;
  let position = -1;
  for (const chunk of inFile) {
    position += 1;
    if (!isWanted[chunk]) continue;
    if (position - end <= gap && position + 1 - start <= longest) {
      brought += position + 1 - end;
    } else {
      requests += 1;
      brought += 1;
      start = position;
    }
    end = position + 1;
  }
  return [requests, brought];
}

// For each chunk that a shard stores, in C order, whether it is wanted.
function wantedChunks(kind) {
  let isWanted = Uint8Array.of(1);
  for (const { stored, from, count } of kind) {
    const wider = new Uint8Array(isWanted.length * stored);
    isWanted.forEach((yes, index) => {
      if (yes) wider.fill(1, index * stored + from, index * stored + from + count);
    });
    isWanted = wider;
  }
  return isWanted;
}

const curves = new Map();

// The chunks of a box, numbered in C order, in the order of zarr-python's Z-order curve: on the
// curve the bits of a chunk's position are those of its coordinates in turn, the lowest of the
// first axis first.
function morton(shape) {
  const key = shape.join();
  const known = curves.get(key);
  if (known) return known;
  if (curves.size >= 16) curves.clear();
  let chunks = Int32Array.of(0);
  for (let step = 1; step < Math.max(...shape); step *= 2) {
    // The curve goes through what it has passed once more, one step further along each axis.
    shape.forEach((size, axis) => {
      const stride = product(shape.slice(axis + 1));
      const fits = chunks.filter((chunk) => (Math.floor(chunk / stride) % size) + step < size);
      const longer = new Int32Array(chunks.length + fits.length);
      longer.set(chunks);
      longer.set(
        fits.map((chunk) => chunk + step * stride),
        chunks.length,
      );
      chunks = longer;
    });
  }
  curves.set(key, chunks);
  return chunks;
}
