// A setting of the chunk explorer, and what Python sends along: for tests.

export const known = {
  itemSizes: { uint8: 1, uint16: 2, float32: 4 },
  storages: {
    disk: { name: "disk", latency: 0.01, bandwidth: 1e8, concurrency: 1 },
    s3: { name: "S3", latency: 0.15, bandwidth: 850e6, concurrency: 10 },
  },
  readers: {
    "one-by-one": { name: "asks for each chunk", about: "It asks.", max_gap: null },
    merging: {
      name: "merges neighbouring chunks",
      about: "It merges.",
      max_gap: 2 ** 20,
      max_merged: 2 ** 24,
    },
  },
};

export const setting = {
  shape: [256, 1024, 1024],
  dtype: "uint8",
  chunk_shape: [64, 64, 64],
  shard_shape: null,
  edges: "padded",
  reader: "one-by-one",
  orientation: "YZ",
  position: [128, 512, 512],
  cube_edge: 128,
  storage: "s3",
};
