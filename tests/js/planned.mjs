// A small project, and what Python sends along with the planner, for tests without a page.

export const offered = {
  storages: {
    nvme: { name: "NVMe SSD", latency: 0.0001, bandwidth: 7e9, concurrency: 32, source: "" },
    s3: { name: "object store", latency: 0.15, bandwidth: 850e6, concurrency: 10, source: "" },
  },
  price_lists: {
    own: {
      name: "own disk",
      currency: "USD",
      gigabyte: 1e9,
      month: 0,
      put: 0,
      get: 0,
      egress: 0,
      source: "Nothing is charged",
      date: "",
    },
  },
  gigabytes: [1e9, 2 ** 30],
  source_kinds: ["strips", "tiles", "chunks"],
  rates: "Rates.",
  voxels: { uint8: { itemSize: 1, kind: "u" }, uint16: { itemSize: 2, kind: "u" } },
};

export const project = {
  conversion: {
    shape: [1, 1, 64, 256, 256],
    dtype: "uint8",
    source_kind: "strips",
    source_chunk: [1, 256, 256],
    source_ratio: 1,
    chunk: [64, 64, 64],
    shard: null,
    factors: null,
    ratio: 1,
  },
  workforce: {
    workers: 1,
    threads: 2,
    memory: 2 ** 28,
    decode: 1e9,
    shrink: 1e9,
    encode: 5e8,
    line: null,
  },
  source: offered.storages.nvme,
  target: offered.storages.nvme,
  one_disk: false,
  prices: offered.price_lists.own,
  source_in_bucket: false,
  outside: false,
  read_monthly: 0,
};

export const presets = {
  small: { name: "small", about: "", project },
  large: {
    name: "large",
    about: "",
    project: { ...project, conversion: { ...project.conversion, shape: [1, 1, 999, 256, 256] } },
  },
};
