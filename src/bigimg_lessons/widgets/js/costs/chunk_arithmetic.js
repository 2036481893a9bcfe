// The arithmetic of bigimg_lessons/costs/chunks.py, for pages: what a region of a chunked image
// costs. Axes come slowest first (zyx); sizes are in voxels, times in seconds. Regions are one
// [start, stop] for each axis. tests/browser/test_chunk_arithmetic.py runs both on the same cases.

import { formatBytes } from "../kit/text.js";

export const LARGEST_IMAGE = 2 ** 50;
export const LARGEST_STORED = 2 ** 53;
export const MOST_CHUNKS = 10 ** 12;
export const MOST_LOOKED_AT = 2 ** 23;

// Readers are those of READERS in chunks.py; without one, each chunk of a shard is asked for.
const ONE_BY_ONE = { max_gap: null };

// Thrown for input that makes no sense; `field` names what to correct.
export class ChunkError extends Error {
  constructor(field, message) {
    super(message);
    this.name = "ChunkError";
    this.field = field;
  }
}

const product = (numbers) => numbers.reduce((all, n) => all * n, 1);
const list = (numbers) => numbers.join(" × ");

function wholeNumbers(field, name, values, length) {
  if (values.length !== length) {
    throw new ChunkError(field, `The ${name} has ${values.length} numbers: give ${length}.`);
  }
  for (const value of values) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ChunkError(field, `The ${name} is ${list(values)}: give whole numbers of 1 or more.`);
    }
  }
}

export function makeGrid({
  shape,
  chunkShape,
  itemSize = 1,
  shardShape = null,
  edges = "padded",
  shardOrder = "morton",
}) {
  wholeNumbers("shape", "volume", shape, shape.length || 3);
  wholeNumbers("chunkShape", "chunk", chunkShape, shape.length);
  if (edges !== "padded" && edges !== "cut") {
    throw new ChunkError("edges", `The chunks at the edge are ${edges}: give padded or cut.`);
  }
  const gridShape = shape.map((n, axis) => Math.ceil(n / chunkShape[axis]));
  let perShard = null;
  if (shardShape) {
    wholeNumbers("shardShape", "shard", shardShape, shape.length);
    if (shardShape.some((n, axis) => n % chunkShape[axis])) {
      throw new ChunkError(
        "shardShape",
        `A shard of ${list(shardShape)} does not hold whole chunks of ${list(chunkShape)}: ` +
          "give whole multiples of the chunk along every axis.",
      );
    }
    if (edges === "cut") {
      throw new ChunkError("edges", "Chunks in shards are always padded to full size.");
    }
    perShard = shardShape.map((n, axis) => n / chunkShape[axis]);
  }
  const nbytes = product(shape) * itemSize;
  if (nbytes > LARGEST_IMAGE) {
    throw new ChunkError(
      "shape",
      `A volume of ${list(shape)} has ${formatBytes(nbytes)}: give one of at most 1 PiB.`,
    );
  }
  const chunkCount = product(gridShape);
  if (chunkCount > MOST_CHUNKS) {
    throw new ChunkError(
      "chunkShape",
      `Chunks of ${list(chunkShape)} make ${chunkCount.toLocaleString("en")} chunks: ` +
        `give larger ones, for at most ${MOST_CHUNKS.toLocaleString("en")}.`,
    );
  }
  const chunkBytes = product(chunkShape) * itemSize;
  const shardCount = shardShape
    ? product(shape.map((n, axis) => Math.ceil(n / shardShape[axis])))
    : 0;
  const indexBytes = perShard ? 16 * product(perShard) + 4 : 0;
  const padded = chunkCount * chunkBytes;
  const stored = padded + shardCount * indexBytes;
  if (stored >= LARGEST_STORED) {
    throw new ChunkError(
      padded >= LARGEST_STORED ? "chunkShape" : "shardShape",
      `The chunks, padded, have ${formatBytes(stored)} with the indexes of their shards: ` +
        "give shorter chunks and shards, for less than 8 PiB.",
    );
  }
  return {
    shape,
    chunkShape,
    shardShape,
    itemSize,
    edges,
    shardOrder,
    gridShape,
    chunkCount,
    perShard,
    nbytes,
    chunkBytes,
    shardCount,
    indexBytes,
  };
}

function checkRegion(grid, region) {
  if (region.length !== grid.shape.length) {
    throw new ChunkError(
      "region",
      `The region has ${region.length} axes: give ${grid.shape.length}, as many as the volume has.`,
    );
  }
  region.forEach(([start, stop], axis) => {
    if (!Number.isInteger(start) || !Number.isInteger(stop)) {
      throw new ChunkError("region", `The region is ${start} to ${stop}: give whole numbers.`);
    }
    if (start < 0 || stop > grid.shape[axis]) {
      throw new ChunkError(
        "region",
        `The region from ${start} to ${stop} is outside the volume: ` +
          `give places from 0 to ${grid.shape[axis]}.`,
      );
    }
    if (start >= stop) {
      throw new ChunkError("region", `The region from ${start} to ${stop} is empty.`);
    }
  });
}

// For each axis the first and the last chunk that the region touches.
export function touched(grid, region) {
  checkRegion(grid, region);
  return region.map(([start, stop], axis) => [
    Math.floor(start / grid.chunkShape[axis]),
    Math.floor((stop - 1) / grid.chunkShape[axis]),
  ]);
}

export function reading(grid, region, reader = ONE_BY_ONE) {
  const spans = touched(grid, region);
  const counts = spans.map(([first, last]) => last - first + 1);
  const wanted = product(region.map(([start, stop]) => stop - start)) * grid.itemSize;
  const chunks = product(counts);
  if (!grid.perShard) {
    const stored = spans.map(([first, last], axis) => {
      const end = (last + 1) * grid.chunkShape[axis];
      return (
        (grid.edges === "cut" ? Math.min(end, grid.shape[axis]) : end) -
        first * grid.chunkShape[axis]
      );
    });
    return { wanted, read: product(stored) * grid.itemSize, chunks, shards: 0, requests: chunks };
  }
  const cuts = spans.map((span, axis) => cutsOf(span, grid.gridShape[axis], grid.perShard[axis]));
  const shards = product(cuts.map((kinds) => kinds.reduce((all, { times }) => all + times, 0)));
  // A shard is wanted whole where it is so along every axis; then it is one request.
  const whole = product(
    cuts.map((kinds, axis) => {
      const inside = grid.perShard[axis];
      return kinds.reduce((all, cut) => all + (cut.count === inside ? inside * cut.times : 0), 0);
    }),
  );
  let asked = chunks - whole;
  let sent = asked;
  if (reader.max_gap !== null) [asked, sent] = merged(grid, cuts, reader);
  return {
    wanted,
    read: (whole + sent) * grid.chunkBytes + shards * grid.indexBytes,
    chunks,
    shards,
    requests: shards + asked,
  };
}

// What is wanted of the shards along an axis: of a shard that stores so many chunks there, `count`
// from `from` on; and how many shards are like that.
function cutsOf([first, last], chunks, inside) {
  const [low, high] = [first, last].map((number) => Math.floor(number / inside));
  const cut = (shard, times = 1) => {
    const before = shard * inside;
    const from = Math.max(0, first - before);
    const count = Math.min(inside, last + 1 - before) - from;
    return { stored: Math.min(inside, chunks - before), from, count, times };
  };
  const kinds = [cut(low)];
  if (high > low) kinds.push(cut(high));
  if (high > low + 1) kinds.push(cut(low + 1, high - low - 1));
  return kinds;
}

// Requests to shards that are not wanted whole, and chunks that come with them.
function merged(grid, cuts, reader) {
  const lookedAt = product(cuts.map((kinds) => kinds.reduce((all, cut) => all + cut.stored, 0)));
  if (lookedAt > MOST_LOOKED_AT) {
    throw new ChunkError(
      "shardShape",
      `For a reader that merges, ${lookedAt.toLocaleString("en")} chunks must be looked at: give ` +
        `smaller shards or larger chunks, for at most ${MOST_LOOKED_AT.toLocaleString("en")}.`,
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
    const [requests, places] = runs(kind, grid.shardOrder, gap, longest);
    const times = product(kind.map((cut) => cut.times));
    asked += requests * times;
    sent += places * times;
  }
  return [asked, sent];
}

// How a merging reader asks for chunks of one shard: requests, and the chunks that they bring.
// From the first chunk on, the next one joins the request if its gap is small enough, and the
// request then not too long. All numbers are in chunks.
function runs(kind, order, gap, longest) {
  const stored = kind.map((cut) => cut.stored);
  let isWanted = Uint8Array.of(1);
  for (const { stored: size, from, count } of kind) {
    const wider = new Uint8Array(isWanted.length * size);
    isWanted.forEach((yes, place) => {
      if (yes) wider.fill(1, place * size + from, place * size + from + count);
    });
    isWanted = wider;
  }
  const inFile = order === "morton" ? morton(stored) : isWanted.keys();
  let requests = 0;
  let brought = 0;
  let start = 0;
  let end = -Infinity;
  let place = -1;
  for (const chunk of inFile) {
    place += 1;
    if (!isWanted[chunk]) continue;
    if (place - end <= gap && place + 1 - start <= longest) {
      brought += place + 1 - end;
    } else {
      requests += 1;
      brought += 1;
      start = place;
    }
    end = place + 1;
  }
  return [requests, brought];
}

// The places of a box, as numbers in C order, in the order of zarr-python's Z-order curve: on the
// curve a place's bits are those of its coordinates in turn, the lowest of the first axis first.
const curves = new Map();

function morton(shape) {
  const key = shape.join();
  const known = curves.get(key);
  if (known) return known;
  if (curves.size >= 16) curves.clear();
  let places = Int32Array.of(0);
  for (let step = 1; step < Math.max(...shape); step *= 2) {
    // The curve goes through what it has passed once more, one step further along each axis.
    shape.forEach((size, axis) => {
      const stride = product(shape.slice(axis + 1));
      const fits = places.filter((place) => (Math.floor(place / stride) % size) + step < size);
      const longer = new Int32Array(places.length + fits.length);
      longer.set(places);
      longer.set(fits.map((place) => place + step * stride), places.length);
      places = longer;
    });
  }
  curves.set(key, places);
  return places;
}

// The cost model: rounds of requests wait, then the bytes travel, then they are decoded.
export function seconds(storage, requests, nbytes, decoding = 0) {
  return (
    Math.ceil(requests / storage.concurrency) * storage.latency +
    nbytes / storage.bandwidth +
    decoding
  );
}
