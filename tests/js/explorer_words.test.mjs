// What the chunk explorer says, and where it draws.
import assert from "node:assert/strict";
import test from "node:test";
import { timeScale } from "../../src/bigimg_lessons/widgets/js/explorer/chart.js";
import {
  describe,
  describeReaders,
  figures,
} from "../../src/bigimg_lessons/widgets/js/explorer/description.js";
import { pictureNote } from "../../src/bigimg_lessons/widgets/js/explorer/drawing.js";
import { boxesAlong, chunksPerBox } from "../../src/bigimg_lessons/widgets/js/explorer/exploded.js";
import { visibleBorders } from "../../src/bigimg_lessons/widgets/js/explorer/glass.js";
import { dragged, placeVolume } from "../../src/bigimg_lessons/widgets/js/explorer/placement.js";
import { explore } from "../../src/bigimg_lessons/widgets/js/explorer/setting.js";
import { known, setting } from "./known.mjs";

const packed = { ...setting, dtype: "uint16", shard_shape: [256, 256, 256] };
const say = (given) => describe(given, explore(given, known));

test("one sentence says what is read, and what that takes", () => {
  assert.equal(
    say(setting),
    "YZ slice at x = 512 touches 64 of 1,024 chunks: 64 requests, 16.0 MiB read for 256 KiB " +
      "wanted, 64 times as much.",
  );
  assert.equal(
    say({ ...setting, orientation: "XY", chunk_shape: [1, 1024, 1024] }),
    "XY slice at z = 128 touches 1 of 256 chunks: 1 request, 1.00 MiB read for 1.00 MiB wanted, " +
      "not a byte more.",
  );
  assert.match(
    say({ ...setting, orientation: "cube" }),
    /^A cube of 128 at z = 128, y = 512, x = /,
  );
  assert.match(say(packed), /64 of 1,024 chunks in 4 of 16 shards: 68 requests, 32\.0 MiB read/);
});

test("readers are compared only where there are shards", () => {
  const found = explore(setting, known);
  assert.equal(describeReaders(setting, found, known.readers), "");
  assert.equal(
    describeReaders(packed, explore(packed, known), known.readers),
    "It asks. A reader that merges neighbouring chunks: 20 requests, 32.0 MiB.",
  );
  // Too many chunks for the reader that merges: nothing is said of it.
  const tiny = { shape: [256, 256, 256], chunk_shape: [1, 1, 1], position: [0, 0, 0] };
  const many = { ...packed, ...tiny };
  assert.equal(describeReaders(many, explore(many, known), known.readers), "It asks.");
});

test("the numbers say what they count", () => {
  const inFile = figures(explore(setting, known), { oneFile: true, merges: false });
  assert.deepEqual(inFile.Files, ["1", "holds all chunks"]);
  assert.deepEqual(inFile["Bytes read"], ["16.0 MiB", "whole chunks"]);
  const found = explore({ ...packed, reader: "merging" }, known);
  const merged = figures(found, { oneFile: false, merges: true });
  assert.deepEqual(merged["Chunks read"], ["64", "of 1,024 in 4 of 16 shards"]);
  assert.deepEqual(merged.Requests, ["20", "with those for shard indexes"]);
  assert.deepEqual(merged["Bytes read"][1], "whole chunks, indexes and gaps");
  assert.deepEqual(merged.Files, ["16", "one for each shard"]);
});

test("the scale of times reaches from whole powers of ten to whole powers of ten", () => {
  const { low, high, decade, position } = timeScale([0.002, 700]);
  assert.deepEqual([low, high], [-4, 3]);
  assert.equal(decade, 100 / 7);
  assert.equal(position(1e-4), 0);
  assert.equal(position(1000), 100);
  assert.deepEqual(timeScale([1]).high, 2); // always from 0.1 ms to 100 s
});

test("borders that lie too close are thinned out", () => {
  const [z, y] = visibleBorders([100, 100], [10, 1], [200, 100]);
  assert.equal(z.every, 1);
  assert.deepEqual(z.positions, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
  assert.equal(y.every, 4); // a pixel each: four pixels are enough to tell two borders apart
  assert.equal(y.positions.length, 24);
});

test("boxes are at most a thousand, and tell shards apart", () => {
  assert.deepEqual(chunksPerBox([4, 4, 4], [100, 100, 100]), [1, 1, 1]);
  const every = chunksPerBox([1000, 1000, 1000], [300, 300, 300]);
  assert(every.every((step) => Number.isInteger(Math.log2(step))));
  const boxes = every.map((step) => Math.ceil(1000 / step));
  assert(boxes[0] * boxes[1] * boxes[2] <= 1024);
  const { grid } = explore(packed, known);
  const [first, , , last, next] = boxesAlong(grid, 1, 1);
  assert.deepEqual([first.from, first.to, last.to], [0, 64, 256]);
  // Between chunks of a shard the gap is narrower than between shards.
  const [second] = boxesAlong(grid, 1, 1).slice(1);
  assert(next.low - last.high > 1.5 * (second.low - first.high));
});

test("what cannot be seen in the picture is said", () => {
  const { grid } = explore(setting, known);
  const note = (given, every, exploded = false) =>
    pictureNote({ grid: given, exploded }, every, true);
  assert.equal(note(grid, [1, 1, 1]), "");
  assert.equal(
    note(grid, [1, 2, 1024]),
    "Too many chunks to see each border: drawn is one in 2 along y, one in 1,024 along x.",
  );
  assert.equal(
    note(grid, [1, 1, 4], true),
    "Too many chunks for a box each: one box stands for 4 along x.",
  );
  assert.match(note({ ...grid, chunkShape: [512, 64, 64] }, [1, 1, 1]), /^Chunks are longer than/);
  assert.match(pictureNote({ grid, exploded: false }, [1, 1, 1], false), /^Thin axes are drawn/);
});

test("a drag moves a slice along the axis across it, and a cube along y and x", () => {
  const placement = placeVolume(setting.shape, 500, 500);
  assert(placement.toScale);
  assert(!placeVolume([1, 1024, 1024], 500, 500).toScale);
  const from = [128, 512, 512];
  const pixels = placement.steps[2][0] / 4; // a quarter of the volume, to the right
  const drag = (given, way) => dragged(given, placement, from, way);
  assert.deepEqual(drag(setting, [pixels, 80]), [128, 512, 768]);
  assert.deepEqual(drag(setting, [-2000, 0]), [128, 512, 0]);
  assert.deepEqual(drag({ ...setting, orientation: "XY" }, placement.steps[0]), [255, 512, 512]);
  const cube = { ...setting, orientation: "cube", cube_edge: 128 };
  const [z, y, x] = drag(cube, [pixels, placement.steps[1][1] / 8]);
  assert.deepEqual([z, y, x], [128, 640, 768]);
  assert.deepEqual(drag(cube, [5000, 5000]), [128, 896, 896]);
});
