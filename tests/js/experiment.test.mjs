// The experiment's arithmetic, and what it refuses to read.
import assert from "node:assert/strict";
import test from "node:test";

import {
  checkEqual,
  median,
  openCopies,
  place,
  readRegion,
} from "../../src/bigimg_lessons/widgets/js/experiment/copies.js";
import { axesOf, meetings } from "../../src/bigimg_lessons/widgets/js/experiment/images.js";
import { ticksTo } from "../../src/bigimg_lessons/widgets/js/experiment/plot.js";
import { outcome, planOf, rowsOf } from "../../src/bigimg_lessons/widgets/js/experiment/rows.js";
import { bytes, durations, short } from "../../src/bigimg_lessons/widgets/js/experiment/texts.js";
import { makeGrid } from "../../src/bigimg_lessons/widgets/js/costs/grid.js";
import { FOLDER, array, serve } from "./zarr_server.mjs";

const SHAPE = [8, 12, 12];
const CHUNK = [4, 4, 6];
const PATH = "small.zarr/zarr.json";
const IMAGE = { shape: SHAPE, copies: [{ name: "s", store: "small.zarr", chunk_shape: CHUNK }] };
const { signal } = new AbortController();
const valueAt = (z, y, x) => (z * 144 + y * 12 + x) % 251;

// The files of an image's chunks, not compressed.
function files() {
  const answers = { [PATH]: array(SHAPE, CHUNK) };
  for (let z = 0; z < 2; z++)
    for (let y = 0; y < 3; y++)
      for (let x = 0; x < 2; x++) {
        const chunk = Uint8Array.from({ length: 96 }, (_, n) =>
          valueAt(z * 4 + Math.floor(n / 24), y * 4 + (Math.floor(n / 6) % 4), x * 6 + (n % 6)),
        );
        answers[`small.zarr/c/${z}/${y}/${x}`] = chunk;
      }
  return answers;
}

const open = () => openCopies(IMAGE, FOLDER, signal, () => {});

test("a region is assembled from the chunks that it touches", async () => {
  const asked = serve(files());
  const [[copy], connection] = await open();
  assert.equal(asked.filter((path) => path === PATH).length, 2);
  assert.equal(connection.concurrency, 6);
  for (const region of [
    [
      [3, 4],
      [0, 12],
      [0, 12],
    ],
    [
      [0, 8],
      [0, 12],
      [7, 8],
    ],
    [
      [2, 7],
      [3, 9],
      [5, 8],
    ],
  ]) {
    asked.length = 0;
    let counted = 0;
    const read = await readRegion(copy, region, signal, (count) => {
      counted += count;
    });
    const expected = [];
    for (let z = region[0][0]; z < region[0][1]; z++)
      for (let y = region[1][0]; y < region[1][1]; y++)
        for (let x = region[2][0]; x < region[2][1]; x++) expected.push(valueAt(z, y, x));
    assert.deepEqual([...read.voxels], expected);
    const chunks = region.map(
      ([from, to], axis) => Math.ceil(to / CHUNK[axis]) - Math.floor(from / CHUNK[axis]),
    );
    const count = chunks[0] * chunks[1] * chunks[2];
    assert.equal(new Set(asked).size, count);
    assert.equal(asked.length, count);
    assert.equal(read.requests, count);
    assert.equal(read.bytes, 96 * count);
    assert.equal(counted, read.bytes);
  }
});

test("another array than the one described is refused, with its address", async () => {
  for (const [changed, reason] of [
    [null, "its metadata are those of no Zarr array"],
    [{}, "its metadata are those of no Zarr array"],
    [array(SHAPE, CHUNK, { data_type: "uint16" }), 'its type is "uint16"; this page reads "uint8"'],
    [array([8, 12, 13], CHUNK), "its shape is [8,12,13]; this page reads [8,12,12]"],
    [array(SHAPE, [4, 4, 4]), "its chunk shape is [4,4,4]; this page reads [4,4,6]"],
    [array(5, CHUNK), "its shape is 5, not a list of whole numbers above 0"],
    [array({ length: 3 }, CHUNK), 'its shape is {"length":3}'],
    [array(SHAPE, CHUNK, { codecs: 7 }), "stored with the codecs []"],
    [array(SHAPE, CHUNK, { codecs: [null] }), "stored with the codecs [null]"],
    [array(SHAPE, CHUNK, { data_type: "x".repeat(900) }), `of type "${"x".repeat(59)}…`],
  ]) {
    serve({ ...files(), [PATH]: changed });
    await assert.rejects(
      open,
      (error) => {
        assert.ok(error.message.includes(reason), error.message);
        assert.equal(String(error.url), `${FOLDER}${PATH}`);
        return true;
      },
      reason,
    );
  }
});

test("regions that differ are refused", () => {
  const copy = { base: "here" };
  checkEqual(copy, Uint8Array.of(1, 2));
  checkEqual(copy, Uint8Array.of(1, 2), Uint8Array.of(1, 2));
  assert.throws(() => checkEqual(copy, Uint8Array.of(1, 2), Uint8Array.of(1, 3)), {
    message: "the image from this copy differs from that of another copy",
    url: "here",
  });
});

test("a chunk's part is put where it belongs, and nothing else is touched", () => {
  const voxels = new Uint8Array(2 * 3 * 3);
  const chunk = new Uint8Array(8).fill(9);
  place(
    chunk,
    [2, 2, 2],
    [1, 0, 1],
    [
      [1, 3],
      [0, 3],
      [1, 4],
    ],
    voxels,
  );
  assert.deepEqual([...voxels], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0, 9, 9, 0, 0, 0]);
});

test("medians, ticks and texts", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.deepEqual(ticksTo(1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticksTo(9, 4), [0, 2, 4, 6, 8]);
  assert.deepEqual(ticksTo(160, 4), [0, 50, 100, 150]);
  for (let limit = 0.013; limit < 1e6; limit *= 1.37) {
    const ticks = ticksTo(limit, 4);
    assert.ok(ticks.length >= 2 && ticks.length <= 5, String(limit));
    assert.ok(ticks.at(-1) <= limit * (1 + 1e-9));
  }
  assert.deepEqual([7, 0.123, 9.94, 12.4].map(short), ["7", "0.12", "9.9", "12"]);
  assert.equal(durations(0.0123, 0.015), "12–15\u00a0ms");
  assert.equal(durations(0.9, 1.25), "0.90–1.3\u00a0s");
  assert.equal(bytes(1234.5), "1.24\u00a0kB");
});

test("a region's image and where its chunks meet", () => {
  assert.deepEqual(
    axesOf([
      [3, 4],
      [0, 9],
      [0, 8],
    ]),
    { sizes: [1, 9, 8], across: 2, down: 1 },
  );
  assert.deepEqual(
    axesOf([
      [0, 7],
      [0, 9],
      [5, 6],
    ]),
    { sizes: [7, 9, 1], across: 1, down: 0 },
  );
  assert.deepEqual(
    axesOf([
      [0, 7],
      [1, 8],
      [2, 9],
    ]),
    { sizes: [7, 7, 7], across: 2, down: 1 },
  );
  assert.deepEqual(meetings([0, 64], 16), [16, 32, 48]);
  assert.deepEqual(meetings([48, 112], 64), [16]);
  assert.deepEqual(meetings([10, 20], 10), []);
});

test("rows: what was planned, modelled and measured", () => {
  const copies = [
    { name: "small", chunk_shape: [4, 4, 4] },
    { name: "large", chunk_shape: [8, 8, 8] },
    { name: "planes", chunk_shape: [1, 8, 8] },
  ];
  const grids = copies.map(({ chunk_shape }) =>
    makeGrid({ shape: [8, 8, 8], chunkShape: chunk_shape }),
  );
  const plan = planOf(
    grids,
    [
      [0, 8],
      [0, 8],
      [0, 1],
    ],
    0.5,
  );
  assert.deepEqual(plan, [
    { requests: 4, read: 256, bytes: 128 },
    { requests: 1, read: 512, bytes: 256 },
    { requests: 8, read: 512, bytes: 256 },
  ]);
  const connection = { latency: 0.1, bandwidth: 1280, unpacking: 2560, concurrency: 6 };
  const reading = (seconds) => ({ requests: 4, bytes: 130, seconds });
  const readings = [[reading(0.3), reading(0.5), reading(0.2)], [reading(0.4)], []];
  const rows = rowsOf(copies, grids, { connection, readings, plan });
  // By hand: rounds of requests × 0.1 s + bytes / 1280 + bytes unpacked / 2560.
  assert.deepEqual(
    rows.map(({ model }) => Math.round(model * 1e4) / 1e4),
    [0.3, 0.5, 0.6],
  );
  assert.deepEqual(
    rows.map(({ apart }) => apart),
    [false, false, true],
  );
  assert.deepEqual(
    rows.map((row) => row.median),
    [0.3, 0.4, undefined],
  );
  assert.deepEqual(
    rows.map(({ requests }) => requests),
    [4, 4, undefined],
  );
  assert.equal(
    outcome(rows.slice(0, 2), "YZ slice"),
    "Done. All 2 images are equal, voxel by voxel. For the YZ slice, “small” was the fastest with " +
      "300\u00a0ms; “large” took 1.3 times as long. The model is farthest off at “large”: it says " +
      "500\u00a0ms, and you measured 400\u00a0ms.",
  );
});
