// What a setting of the chunk explorer costs, and how presets and typed texts change it.
import assert from "node:assert/strict";
import test from "node:test";
import { ChunkError } from "../../src/bigimg_lessons/widgets/js/costs/grid.js";
import {
  explore,
  presetOf,
  presetSetting,
  shardsFor,
  turned,
} from "../../src/bigimg_lessons/widgets/js/explorer/setting.js";
import { typedSetting, wholeNumber } from "../../src/bigimg_lessons/widgets/js/explorer/typed.js";
import { known, setting } from "./known.mjs";

const refuses = (call, field, message) =>
  assert.throws(call, (error) => {
    assert(error instanceof ChunkError, String(error));
    assert.equal(error.field, field);
    assert.match(error.message, message);
    return true;
  });

test("a YZ slice through cubes of 64 reads one chunk in sixteen", () => {
  const found = explore(setting, known);
  assert.deepEqual(found.spans, [
    [0, 3],
    [0, 15],
    [8, 8],
  ]);
  assert.deepEqual(found.cost, {
    wanted: 256 * 1024,
    read: 64 * 64 ** 3,
    chunks: 64,
    shards: 0,
    requests: 64,
  });
  // Seven rounds of at most ten requests; on the disk one after the other.
  assert.equal(found.times.s3, 7 * 0.15 + (64 * 64 ** 3) / 850e6);
  assert.equal(found.times.disk, 64 * 0.01 + (64 * 64 ** 3) / 1e8);
});

test("a cube may lie across chunks, and must lie in the volume", () => {
  const cube = { ...setting, orientation: "cube", position: [0, 63, 64], cube_edge: 65 };
  assert.deepEqual(explore(cube, known).spans, [
    [0, 1],
    [0, 1],
    [1, 2],
  ]);
  const at = (changes) => () => explore({ ...cube, ...changes }, known);
  refuses(at({ cube_edge: 0 }), "cube", /^The edge of the cube is 0: give 1 or more\.$/);
  refuses(
    at({ cube_edge: 257 }),
    "cube",
    /^A cube of 257 is larger than the volume of 256 × 1,024/,
  );
  refuses(at({ position: [0, 0, 960] }), "position-2", /^x = 960 .* a position from 0 to 959\.$/);
  refuses(at({ position: [-1, 0, 0] }), "position-0", /^z = -1 is outside the volume/);
  refuses(at({ dtype: "toString" }), "dtype", /^There is no type toString here\.$/);
});

test("shards hold whole chunks, no more than the volume has, and at least one", () => {
  assert.deepEqual(shardsFor([100, 100, 100], [30, 30, 30], [100, 1000, 10]), [90, 120, 30]);
});

const planes = { name: "planes", chunk: [1, null, null], shard: null, edges: "cut" };
const whole = { name: "whole", chunk: [null, null, null], shard: null, edges: "cut" };
const packed = { name: "packed", chunk: [64, 64, 64], shard: [256, 256, 256], edges: "padded" };

test("a preset is cut to the volume", () => {
  assert.deepEqual(presetSetting(planes, [3, 100, 70]), {
    chunk_shape: [1, 100, 70],
    shard_shape: null,
    edges: "cut",
  });
  assert.deepEqual(presetSetting(packed, [100, 1024, 32]), {
    chunk_shape: [64, 64, 32],
    shard_shape: [128, 256, 32],
    edges: "padded",
  });
});

test("of presets that come to the same the preferred one is meant", () => {
  const flat = { ...setting, shape: [1, 8, 8], ...presetSetting(planes, [1, 8, 8]) };
  const presets = [planes, packed, whole];
  assert.equal(presetOf(presets, flat), planes);
  assert.equal(presetOf(presets, flat, "whole"), whole);
  assert.equal(presetOf(presets, flat, "packed"), planes);
  assert.equal(presetOf(presets, { ...flat, edges: "padded" }), undefined);
});

test("a slice that turns into a cube stays in the volume, its edge as long as can be", () => {
  const edge = { ...setting, position: [255, 1023, 0], cube_edge: 300 };
  const cube = turned(edge, "cube");
  assert.equal(cube.cube_edge, 256);
  assert.deepEqual(cube.position, [0, 768, 0]);
  assert.deepEqual(edge.position, [255, 1023, 0]); // it is left as it was
  explore(cube, known);
});

test("whole numbers are read as people type them", () => {
  const read = (text) => wholeNumber("shape", "The x", text);
  assert.deepEqual(
    ["7", " 1024 ", "1,024", "1 048 576", "+3", "-5"].map(read),
    [7, 1024, 1024, 1048576, 3, -5],
  );
  refuses(() => read("  "), "shape", /^The x is empty: give a whole number\.$/);
  for (const text of ["12.5", "1e6", "0x10", "1,02", "12 34", "NaN", "Infinity", "seven"]) {
    refuses(() => read(text), "shape", /^The x is “.*”: give a whole number\.$/);
  }
  refuses(() => read("9".repeat(400)), "shape", /^The x has 400 digits: give a smaller number\.$/);
});

const typed = {
  shape: ["256", "1024", "1024"],
  chunk: ["64", "64", "64"],
  shard: null,
  dtype: "uint8",
  edges: "padded",
  reader: "one-by-one",
  edge: "128",
  position: ["128", "512", "512"],
};
const read = (changes, source, before = setting) =>
  typedSetting({ ...typed, ...changes }, before, known, source);

test("fields that say what is set change nothing", () => {
  assert.deepEqual(read({}), setting);
  assert.deepEqual(read({ edge: "many" }), setting); // only a cube has an edge
});

test("a position stays in a volume that shrinks, unless it was typed", () => {
  assert.deepEqual(read({ shape: ["9", "99", "999"] }).position, [8, 98, 512]);
  refuses(
    () => read({ position: ["128", "512", "1024"] }, "position-2"),
    "position-2",
    /^x = 1,024 is outside the volume: give a position from 0 to 1,023\.$/,
  );
  assert.deepEqual(read({ position: ["1", "2", "3"] }, "position-2").position, [128, 512, 3]);
});

test("chunks in shards are padded", () => {
  const sharded = read({ shard: ["128", "64", "64"], edges: "cut" });
  assert.deepEqual([sharded.shard_shape, sharded.edges], [[128, 64, 64], "padded"]);
  refuses(() => read({ shard: ["100", "64", "64"] }), "shardShape", /does not hold whole chunks/);
});

test("what is wrong names its field, and its axis", () => {
  const error = { field: "chunkShape", axisField: "chunk-1" };
  assert.throws(() => read({ chunk: ["64", "", "64"] }), {
    ...error,
    message: "The y of the chunk is empty: give a whole number.",
  });
  const cube = { ...setting, orientation: "cube" };
  refuses(() => read({ edge: "" }, "cube", cube), "cube", /^The edge of the cube is empty/);
});
