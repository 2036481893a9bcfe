// A dataset of an HDF5 file as a level: its chunks, its filters, and what it takes, as
// bigimg_lessons.inspection.hdf5_levels.

import { storedChunks } from "./hdf5_chunks.js";
import { makeLevel } from "./report.js";

/** Names of filters by their numbers: HDF5's own, and registered ones of other makers. */
const FILTERS = new Map([
  [1, "gzip"],
  [2, "shuffle"],
  [3, "fletcher32"],
  [4, "szip"],
  [5, "nbit"],
  [6, "scale-offset"],
  [307, "bzip2"],
  [32000, "lzf"],
  [32001, "blosc"],
  [32004, "lz4"],
  [32008, "bitshuffle"],
  [32013, "zfp"],
  [32015, "zstd"],
  [32022, "jpeg"],
  [32026, "blosc2"],
]);
const CHECKSUM = 3;
const MAX_FILTERS = 32;
const FEW_CHUNKS = 20_000; // the index is gone through to say how many bytes they take

/**
 * Describe a dataset.
 *
 * @param {import("./hdf5_file.js").Hdf5File} file
 * @param {string} path of the dataset
 * @param {import("./hdf5_file.js").Hdf5Dataset} dataset
 * @param {{ dtype?: string, voxelSize?: (number | null)[] | null }} [told] type of the voxels, where
 *     that of the dataset is another; and what the file says of their size
 */
export function datasetLevel(file, path, dataset, { dtype, voxelSize = null } = {}) {
  const { shape, chunks } = dataset;
  // A dataset that was never written to is stored nowhere, and asked for nothing.
  const row = shape.map((extent, axis) => (axis === shape.length - 1 ? extent : 1));
  const filters = file.filters(path).slice(0, MAX_FILTERS);
  const named = filters.filter((number) => number !== CHECKSUM);
  return makeLevel({
    path,
    shape,
    dtype: dtype ?? dataset.dtype,
    layout: chunks === null ? "contiguous" : "chunks",
    chunk_shape: chunks === null ? row : chunks,
    codec: named.map((number) => FILTERS.get(number) ?? `filter ${number}`),
    voxel_size: voxelSize,
    ratio: ratioOf(file, path, dataset),
    edges: chunks === null ? "cut" : "padded",
  });
}

const product = (numbers) => numbers.reduce((all, n) => all * n, 1);

function ratioOf(file, path, { shape, chunks, itemSize }) {
  if (chunks === null) return null;
  const grid = product(shape.map((extent, axis) => Math.ceil(extent / chunks[axis])));
  if (grid > FEW_CHUNKS) return null;
  const stored = storedChunks(file, path, FEW_CHUNKS);
  if (stored === null || !stored.count || !stored.nbytes) return null;
  // Where all are there, what sticks out of the image is not counted.
  const voxels = stored.count === grid ? product(shape) : stored.count * product(chunks);
  return (voxels * itemSize) / stored.nbytes;
}
