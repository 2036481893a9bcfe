// A setting of the chunk explorer as a link, and back.
import assert from "node:assert/strict";
import test from "node:test";
import { fromLink, toLink } from "../../src/bigimg_lessons/widgets/js/explorer/link.js";
import { linkIn } from "../../src/bigimg_lessons/widgets/js/kit/links.js";
import { known, setting } from "./known.mjs";

const sharded = {
  ...setting,
  shape: [100, 300, 500],
  dtype: "float32",
  chunk_shape: [10, 30, 50],
  shard_shape: [50, 90, 100],
  reader: "merging",
  orientation: "cube",
  position: [7, 8, 9],
  cube_edge: 33,
  storage: "disk",
};
const cut = { ...setting, edges: "cut", orientation: "XZ" };
const LINKS = [
  [setting, "z256y1024x1024-uint8-c64.64.64-yz-at128.512.512-s3"],
  [cut, "z256y1024x1024-uint8-c64.64.64-cut-xz-at128.512.512-s3"],
  [sharded, "z100y300x500-float32-c10.30.50-s50.90.100-merging-cube33-at7.8.9-disk"],
];

test("a link says all of a setting", () => {
  for (const [given, link] of LINKS) {
    assert.equal(toLink(given), link);
    assert.deepEqual(fromLink(link, setting, known), given);
  }
});

test("a link to a slice leaves the edge of the cube as it was", () => {
  const found = fromLink(LINKS[0][1], { ...setting, cube_edge: 7 }, known);
  assert.equal(found.cube_edge, 7);
});

test("a link that makes no sense is none", () => {
  const link = LINKS[2][1];
  const senseless = [
    "",
    "undefined",
    "z0y1x1-uint8-c1.1.1-xy-at0.0.0-s3",
    link.replace("cube33", "cube0"),
    link.replace("cube33", "cube101"),
    link.replace("at7.8.9", "at7.8.490"),
    link.replace("float32", "constructor"),
    link.replace("disk", "constructor"),
    link.replace("c10.30.50", "c10.30.9999999"),
    link.replace("z100", `z${"9".repeat(400)}`),
    link.replace("s50", "s51"),
    link.replace("-merging", "-cut"), // chunks in shards are never cut
    `%E0%A4%A${link}`,
    `${link}=`,
  ];
  for (const text of senseless) assert.equal(fromLink(text, setting, known), null, text);
});

test("the fragment of an address may hold several links", () => {
  assert.equal(linkIn("#explorer=a&explorer-2=b", "explorer"), "a");
  assert.equal(linkIn("#explorer=a&explorer-2=b", "explorer-2"), "b");
  assert.equal(linkIn("#explorer=a&explorer=b", "explorer"), "b");
  assert.equal(linkIn("#explorer=", "explorer"), "");
  for (const hash of ["", "#", "#a-heading", "#explorer", "#explorer-2=b", "#__proto__=a"]) {
    assert.equal(linkIn(hash, "explorer"), undefined, hash);
  }
});
