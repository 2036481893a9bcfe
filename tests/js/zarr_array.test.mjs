// What is refused of a Zarr array's metadata, and what is read from it.
import assert from "node:assert/strict";
import test from "node:test";

import { arrayLayout, chunkName } from "../../src/bigimg_lessons/widgets/js/kit/zarr/array.js";
import { array } from "./zarr_server.mjs";

const grid = (chunk_shape) => ({ name: "regular", configuration: { chunk_shape } });

const REFUSED = [
  [{ shape: [-5, 100] }, "its shape is [-5,100], not a list of whole numbers above 0"],
  [{ shape: [0, 100] }, "its shape is [0,100]"],
  [{ shape: undefined }, "its shape is nothing"],
  [{ shape: [1.5, 100] }, "its shape is [1.5,100]"],
  [{ shape: ["NaN", 100] }, 'its shape is ["NaN",100]'],
  [{ shape: 100 }, "its shape is 100"],
  [{ shape: { length: 2 } }, 'its shape is {"length":2}'],
  [{ shape: [2 ** 60, 100] }, "its shape is [1152921504606847000,100]"],
  [{ shape: Array(9).fill(9) }, "it has 9 axes and its chunks 2"],
  [{ shape: [100] }, "it has 1 axes and its chunks 2"],
  [{ chunk_grid: grid([0, 8]) }, "[0,8]"],
  [{ chunk_grid: grid([8, -1]) }, "[8,-1]"],
  [{ chunk_grid: { name: "regular" } }, "its chunk shape is nothing"],
  [{ chunk_grid: { name: "rectilinear" } }, 'its chunk grid is "rectilinear"'],
  [{ chunk_grid: undefined }, "its chunk grid is nothing"],
  [
    { chunk_grid: grid([4e9, 4e9]) },
    "its chunks of 4000000000 × 4000000000 are too large for a page, which takes up to 64.0 MiB " +
      "each, and 16384 pixels along an axis",
  ],
  [
    { shape: [1e6, 1e6], chunk_grid: grid([1, 1e6]) },
    "its chunks of 1 × 1000000 are too large for a page",
  ],
  [{ data_type: "constructor" }, 'its pixels are of type "constructor"'],
  [{ data_type: { name: "uint8" } }, "its pixels are of type"],
  [{ data_type: "x".repeat(900) }, `its pixels are of type "${"x".repeat(59)}…`],
  [{ codecs: [{ name: "bytes" }, { name: "constructor" }] }, '["bytes","constructor"]'],
  [{ codecs: [{ name: "gzip" }, { name: "bytes" }] }, '["gzip","bytes"]'],
  [{ codecs: 5 }, "stored with the codecs []"],
  [{ codecs: [null] }, "stored with the codecs [null]"],
  [
    {
      data_type: "uint16",
      codecs: [{ name: "bytes", configuration: { endian: "big" } }],
    },
    "its pixels are big-endian",
  ],
  [
    { chunk_key_encoding: { name: "default", configuration: { separator: "/../" } } },
    'its chunks\' separator is "/../"',
  ],
  [{ chunk_key_encoding: { name: "other" } }, 'its chunks are named by "other"'],
  [{ fill_value: "0x7fc00000" }, 'its fill value is "0x7fc00000"'],
  [{ fill_value: "constructor" }, 'its fill value is "constructor"'],
  [{ zarr_format: 9 }, "its metadata are those of no Zarr array"],
];

test("metadata that make no sense are refused in a clause", () => {
  for (const [changed, reason] of REFUSED) {
    assert.throws(
      () => arrayLayout({ ...array([500, 500]), ...changed }),
      (error) =>
        error.name === "Error" && error.reason === "content" && error.message.includes(reason),
      JSON.stringify(changed),
    );
  }
  for (const meta of [null, undefined, 5, "", [], {}])
    assert.throws(() => arrayLayout(meta), /its metadata are those of no Zarr array/);
});

test("an array of version 3", () => {
  const gzip = [{ name: "bytes" }, { name: "gzip", configuration: { level: 1 } }];
  const meta = array([3, 500, 400], [1, 64, 32], { codecs: gzip, data_type: "uint16" });
  const layout = arrayLayout(meta);
  assert.deepEqual(layout, {
    shape: [3, 500, 400],
    chunk: [1, 64, 32],
    type: "uint16",
    length: 64 * 32 * 2,
    format: "gzip",
    fill: 7,
    prefix: ["c"],
    separator: "/",
  });
  assert.equal(chunkName(layout, [2, 7, 12]), "c/2/7/12");
});

test("the names of chunks", () => {
  const named = (name, separator) =>
    chunkName(
      arrayLayout(
        array([500, 500], [256, 256], {
          chunk_key_encoding: { name, configuration: separator ? { separator } : undefined },
        }),
      ),
      [1, 0],
    );
  assert.equal(named("default"), "c/1/0");
  assert.equal(named("default", "."), "c.1.0");
  assert.equal(named("v2"), "1.0");
  assert.equal(named("v2", "/"), "1/0");
});

const VERSION_2 = {
  zarr_format: 2,
  shape: [500, 500],
  chunks: [256, 256],
  dtype: "<i2",
  compressor: { id: "zlib", level: 1 },
  fill_value: null,
  filters: null,
  order: "C",
};

test("an array of version 2", () => {
  const layout = arrayLayout(VERSION_2);
  assert.equal(layout.type, "int16");
  assert.equal(layout.format, "deflate");
  assert.equal(layout.fill, 0);
  assert.equal(chunkName(layout, [1, 0]), "1.0");
  const slashed = { ...VERSION_2, dimension_separator: "/", compressor: null, dtype: "|b1" };
  assert.equal(arrayLayout(slashed).type, "bool");
  assert.equal(arrayLayout(slashed).format, null);
  assert.equal(chunkName(arrayLayout(slashed), [1, 0]), "1/0");
  for (const [changed, reason] of [
    [{ dtype: ">i2" }, "its pixels are big-endian"],
    [{ dtype: "<c8" }, 'its pixels are of type "<c8"'],
    [{ dtype: "<u8" }, 'its pixels are of type "uint64"'],
    [{ dtype: null }, "its pixels are of type null"],
    [{ compressor: { id: "blosc" } }, "a codec or an order that cannot be read here"],
    [{ compressor: { id: "constructor" } }, "a codec or an order that cannot be read here"],
    [{ filters: [{ id: "delta" }] }, "a codec or an order that cannot be read here"],
    [{ order: "F" }, "a codec or an order that cannot be read here"],
  ])
    assert.throws(
      () => arrayLayout({ ...VERSION_2, ...changed }),
      (error) => error.message.includes(reason),
      JSON.stringify(changed),
    );
});
