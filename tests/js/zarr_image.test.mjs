// An OME-Zarr image, opened from a server that may say anything.
import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync } from "node:zlib";

import { openImage } from "../../src/bigimg_lessons/widgets/js/kit/zarr/image.js";
import { array, image, scaled, serve } from "./zarr_server.mjs";

const open = () => openImage("image", new AbortController().signal);

const REFUSED = [
  [null, "it lists no levels"],
  [[], "it lists no levels"],
  [{ attributes: null }, "it lists no levels"],
  [{ attributes: { ome: { multiscales: {} } } }, "it lists no levels"],
  [image([]), "it is no OME-Zarr image: it lists no levels"],
  [
    image(Array(5000).fill(scaled([1, 1]))),
    "it lists 5,000 levels, and a pyramid needs no more than 32",
  ],
  [image([{ path: "0" }]), "level 0: it lacks coordinateTransformations"],
  [image([scaled([1, 0])]), 'level 0: its "scale" is [1,0]'],
  [image([scaled([-1, -1])]), "is [-1,-1]"],
  [image([scaled([1, "NaN"])]), 'is [1,"NaN"]'],
  [image([scaled([1])]), "is [1]"],
  [image([scaled([1, 1, 1])]), "is [1,1,1]"],
  [image([scaled([1e200, 1]), scaled([1e-200, 1])]), "level 1: its scale is [1e-200,1]"],
  [image([scaled([1, 1]), scaled([2, 2], "7")]), "7/zarr.json: the server has no such file (404)"],
  [image([null]), "a level's path is nothing"],
];

test("an image that makes no sense is refused in a clause, after a few requests", async () => {
  for (const [group, reason] of REFUSED) {
    const asked = serve({ "zarr.json": group, "0/zarr.json": array([500, 500]) });
    await assert.rejects(open, (error) => error.message.includes(reason), reason);
    assert.ok(asked.length <= 4, reason);
  }
});

const ELSEWHERE = [
  "http://localhost:9/evil",
  "//localhost:9/evil",
  "\\\\localhost:9\\evil",
  "/evil",
  "data:application/json,{}",
  "..",
  "0/../../evil",
  "%2e%2e/evil",
  "0/%2E%2e/%2e%2e/evil",
  "..\\evil",
  "..%5cevil",
  "..%2fevil",
  "0?x",
  "0#x",
  "0//1",
  ".",
  "",
  "0\t/1",
  5,
];

test("a path that leads elsewhere is refused and not asked for", async () => {
  for (const path of ELSEWHERE) {
    const group = image([scaled([1, 1]), scaled([2, 2], path)]);
    const asked = serve({ "zarr.json": group, "0/zarr.json": array([500, 500]) });
    const reason = `a level's path is ${JSON.stringify(path)}, which is no folder inside the image`;
    await assert.rejects(open, { message: reason });
    assert.deepEqual(asked, ["zarr.json"]);
  }
});

test("levels lie where their transformations put them", async () => {
  const moved = (scale, translation, path) => ({
    path,
    coordinateTransformations: [
      { type: "scale", scale },
      { type: "translation", translation },
    ],
  });
  const group = image([moved([0.5, 0.25], [0.25, 0.125], "0"), moved([1, 1], [0.5, 0.5], "a/1")], {
    bigimg_lessons: { caption: "Waves.", chunk_bytes: [[1, 2, 3, 4], [5]] },
  });
  group.attributes.ome.multiscales[0].axes = [{ name: "y" }, { name: "x", unit: "micrometer" }];
  group.attributes.ome.omero = { channels: [{ window: { start: 3, end: 9 } }] };
  serve({
    "zarr.json": group,
    "0/zarr.json": array([500, 512]),
    "a/1/zarr.json": array([250, 128]),
  });
  const { levels, name, ...source } = await open();
  // The edges of both levels' first pixels are at 0: centres at half of a pixel each.
  assert.deepEqual(levels, [
    {
      factor: [1, 1],
      origin: [0, 0],
      shape: [500, 512],
      chunk: [256, 256],
      fill: 7,
      bytes: [1, 2, 3, 4],
    },
    { factor: [2, 4], origin: [0, 0], shape: [250, 128], chunk: [256, 256], fill: 7, bytes: [5] },
  ]);
  assert.equal(name(1, 0, 0), "a/1/c/0/0");
  assert.equal(source.unit, "µm");
  assert.deepEqual(source.pixelSize, [0.5, 0.25]);
  assert.deepEqual(source.window, [3, 9]);
  assert.equal(source.caption, "Waves.");
  assert.equal(source.counted, "as stored, compressed");
});

test("chunks come with the bytes that were sent; one that is not there is the fill value", async () => {
  const codecs = [{ name: "bytes" }, { name: "gzip" }];
  const pixels = Uint8Array.from({ length: 64 }, (_, n) => n);
  const file = new Uint8Array(gzipSync(pixels));
  const answers = {
    "zarr.json": image([scaled([1, 1])]),
    "0/zarr.json": array([8, 20], [8, 8], { codecs }),
    "0/c/0/0": file,
    "0/c/0/2": 500,
  };
  serve(answers);
  const source = await open();
  const { signal } = new AbortController();
  assert.deepEqual(await source.load(0, 0, 0, signal), { pixels, bytes: file.length });
  assert.deepEqual(await source.load(0, 0, 1, signal), { pixels: null, bytes: 0 });
  await assert.rejects(source.load(0, 0, 2, signal), { reason: "status", status: 500 });
  // Where the image says how large its chunks are, all of them are there.
  answers["zarr.json"] = image([scaled([1, 1])], { bigimg_lessons: { chunk_bytes: [[9, 9, 9]] } });
  const listed = await open();
  await assert.rejects(listed.load(0, 0, 1, signal), { status: 404 });
});

test("more than two axes show the first index", async () => {
  serve({
    "zarr.json": image([scaled([1, 1, 1, 2, 2])]),
    "0/zarr.json": array([3, 2, 5, 300, 400], [1, 1, 1, 200, 200]),
  });
  const { levels, name, pixelSize } = await open();
  assert.deepEqual(levels[0].shape, [300, 400]);
  assert.deepEqual(pixelSize, [2, 2]);
  assert.equal(name(0, 1, 1), "0/c/0/0/0/1/1");
});
