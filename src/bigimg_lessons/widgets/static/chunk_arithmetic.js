// The arithmetic of bigimg_lessons/chunks.py, for pages: what a region of a chunked image costs.
// Axes come slowest first (zyx); sizes are in voxels, times in seconds. Regions are one
// [start, stop] for each axis. tests/browser/test_chunk_arithmetic.py runs both on the same cases.

export const LARGEST_IMAGE = 2 ** 50;
export const MOST_CHUNKS = 10 ** 12;

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

export function makeGrid({ shape, chunkShape, itemSize = 1, shardShape = null, edges = "padded" }) {
  wholeNumbers("shape", "volume", shape, shape.length || 3);
  wholeNumbers("chunkShape", "chunk", chunkShape, shape.length);
  if (chunkShape.some((n, axis) => n > shape[axis])) {
    throw new ChunkError(
      "chunkShape",
      `A chunk of ${list(chunkShape)} is larger than the volume of ${list(shape)}: ` +
        "give chunks that are no longer than the volume along any axis.",
    );
  }
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
    if (shardShape.some((n, axis) => n > gridShape[axis] * chunkShape[axis])) {
      throw new ChunkError(
        "shardShape",
        `A shard of ${list(shardShape)} is larger than all chunks together: give shards that ` +
          "are no longer than the volume, rounded up to whole chunks, along any axis.",
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
  return {
    shape,
    chunkShape,
    shardShape,
    itemSize,
    edges,
    gridShape,
    chunkCount,
    perShard,
    nbytes,
    chunkBytes: product(chunkShape) * itemSize,
    shardCount: shardShape ? product(shape.map((n, axis) => Math.ceil(n / shardShape[axis]))) : 0,
    indexBytes: perShard ? 16 * product(perShard) + 4 : 0,
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

export function reading(grid, region) {
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
  // A shard wanted whole is one request; each other one costs its index and each of its chunks.
  const shards = product(
    spans.map(([first, last], axis) => {
      const inside = grid.perShard[axis];
      return Math.floor(last / inside) - Math.floor(first / inside) + 1;
    }),
  );
  const whole = product(
    spans.map(([first, last], axis) => {
      const inside = grid.perShard[axis];
      return Math.max(0, Math.floor((last + 1) / inside) - Math.ceil(first / inside));
    }),
  );
  return {
    wanted,
    read: chunks * grid.chunkBytes + shards * grid.indexBytes,
    chunks,
    shards,
    requests: shards + chunks - whole * product(grid.perShard),
  };
}

// The cost model: rounds of requests wait, then the bytes travel, then they are decoded.
export function seconds(storage, requests, nbytes, decoding = 0) {
  return (
    Math.ceil(requests / storage.concurrency) * storage.latency +
    nbytes / storage.bandwidth +
    decoding
  );
}

// As bigimg_lessons.counting.format_bytes: three significant digits, binary units.
export function formatBytes(count) {
  if (count < 1024) return count === 1 ? "1 byte" : `${count} bytes`;
  let value = count;
  for (const unit of ["KiB", "MiB", "GiB", "TiB", "PiB"]) {
    value /= 1024;
    if (value < 999.5 || unit === "PiB") {
      const digits = Math.max(0, 2 - (value >= 9.995) - (value >= 99.95));
      return `${value.toFixed(digits)} ${unit}`;
    }
  }
}
