// The planner's fields, links and words.
import assert from "node:assert/strict";
import test from "node:test";
import { plan } from "../../src/bigimg_lessons/widgets/js/costs/plan.js";
import {
  FIELDS,
  parsedText,
  textOf,
  withPart,
} from "../../src/bigimg_lessons/widgets/js/planner/fields.js";
import { linkedProject, planLink } from "../../src/bigimg_lessons/widgets/js/planner/link.js";
import { differing, typedProject } from "../../src/bigimg_lessons/widgets/js/planner/typed.js";
import {
  between,
  billRows,
  facts,
  headline,
  money,
  pricesSentence,
  timeRows,
} from "../../src/bigimg_lessons/widgets/js/planner/words.js";
import { offered, presets, project } from "./planned.mjs";

const field = (key) => FIELDS.find((one) => one.key === key);
const typed = (texts, before = project) => typedProject(texts, before, offered);

test("what a field shows is read back as what it was", () => {
  for (const one of FIELDS.filter(({ kind }) => kind !== "bytes")) {
    const text = textOf(one, project, offered);
    assert.deepEqual(typed({ [one.key]: text }).conversion, project.conversion, one.key);
    assert.deepEqual(typed({ [one.key]: text }).workforce, project.workforce, one.key);
  }
  const shown = Object.fromEntries(FIELDS.map((one) => [one.key, textOf(one, project, offered)]));
  assert.deepEqual(differing(shown, project, offered), {});
});

test("a number stays as it was typed, and a fraction gets few digits", () => {
  for (const text of ["1073741824", "0.00036", "85000", "12.5"]) {
    const next = typed({ "prices.month": text, "source.latency": text });
    assert.equal(textOf(field("prices.month"), next, offered), text);
    assert.equal(textOf(field("source.latency"), next, offered), text);
  }
  const ssd = withPart(project, "source.latency", 1 / 13000);
  assert.equal(textOf(field("source.latency"), ssd, offered), "0.0769231");
});

test("sizes are read as people write them", () => {
  for (const text of ["1 2 3", "1 × 2 × 3", "1x2x3", "1, 2, 3", " 1X2X3 "]) {
    assert.deepEqual(parsedText(field("conversion.chunk"), text), [1, 2, 3], text);
  }
  assert.equal(parsedText(field("conversion.shard"), " "), null);
  assert.deepEqual(parsedText(field("conversion.factors"), "1 1 1; 1 2 2"), [
    [1, 1, 1],
    [1, 2, 2],
  ]);
  const bytes = { "2 TB": 2e12, "1 TiB": 2 ** 40, "1,000": 1000, "1.5 gb": 1.5e9, "3 kB": 3000 };
  for (const [text, value] of Object.entries(bytes)) {
    assert.equal(parsedText(field("bytes"), text), value, text);
  }
  assert.equal(parsedText(field("workforce.memory"), "0.5"), 2 ** 29);
  assert.equal(parsedText(field("read_monthly"), "1,500.5"), 1500500000000);
});

test("what is no number says which field it is", () => {
  const wrong = {
    "conversion.chunk": ["64", "64 64", "a b c", "64³"],
    "conversion.factors": ["one"],
    bytes: ["much", "2 XB", "-1"],
    "workforce.threads": ["", "two", "e3", "1/2"],
  };
  for (const [key, texts] of Object.entries(wrong)) {
    for (const text of texts) {
      assert.throws(() => typed({ [key]: text }), { name: "ChunkError", field: key }, text);
    }
  }
});

test("a number that cannot be is told with the range of its field, in the unit of the field", () => {
  const wrong = {
    "workforce.threads": {
      "-1": "The number of threads is -1: give a whole number from 1 to 4,096.",
      "1e12": "The number of threads is 1000000000000: give a whole number from 1 to 4,096.",
      2.5: "The number of threads is 2.5: give a whole number from 1 to 4,096.",
    },
    "workforce.memory": {
      "-1": "The memory of a worker is -1 GiB: give a number above 0 and up to 8,388,608.",
      "1e12":
        "The memory of a worker is 1000000000000 GiB: give a number above 0 and up to 8,388,608.",
    },
    "workforce.decode": { 0: "The rate to decode is 0 MB/s: give a number above 0." },
    "source.latency": { "-1": "The latency is -1 ms: give a number from 0 on." },
    "target.bandwidth": { "-125": "The bandwidth is -125 MB/s: give a number above 0." },
    read_monthly: { "-1": "What is read a month is -1 GB: give a number from 0 to 9,007,199." },
    "conversion.ratio": {
      "1e9": "The target's compression is 1000000000: give a number from 0.1 to 1,000,000.",
    },
  };
  for (const [key, texts] of Object.entries(wrong)) {
    for (const [text, message] of Object.entries(texts)) {
      assert.throws(() => plan(typed({ [key]: text }), offered.voxels), { message }, text);
    }
  }
  assert.equal(parsedText(field("workforce.threads"), "1e3"), 1000);
});

test("a size in bytes becomes planes, and strips stay as wide as the image", () => {
  const larger = typed({ bytes: "1 GB" });
  assert.deepEqual(larger.conversion.shape, [1, 1, Math.round(1e9 / 65536), 256, 256]);
  const wider = typed({ "conversion.shape": "1 1 64 512 1024" });
  assert.deepEqual(wider.conversion.source_chunk, [1, 512, 1024]);
  const strips = withPart(project, "conversion.source_chunk", [1, 16, 256]);
  const widest = typed({ "conversion.shape": "1 1 64 512 1024" }, strips);
  assert.deepEqual(widest.conversion.source_chunk, [1, 16, 1024]);
  const tiled = typed({ "conversion.source_kind": "tiles" });
  assert.deepEqual(tiled.conversion.source_chunk, [1, 256, 256]);
  const both = { "conversion.source_kind": "chunks", "conversion.source_chunk": "9 9 9" };
  assert.deepEqual(typed(both).conversion.source_chunk, [9, 9, 9]);
});

test("a storage is taken whole, and one that is typed is called so", () => {
  assert.deepEqual(typed({ source: "s3" }).source, offered.storages.s3);
  const many = withPart(project, "workforce.workers", 100);
  assert.equal(typed({ target: "s3" }, many).target.bandwidth, 85e9); // a bucket grows
  assert.equal(typed({ target: "nvme" }, many).target.bandwidth, 7e9); // a disk does not
  assert.equal(typed({ source: "constructor" }), project);
  const slower = typed({ "source.latency": "5" });
  assert.equal(slower.source.latency, 0.005);
  assert.equal(slower.source.name, "as typed");
  assert.equal(textOf(field("source"), slower, offered), "");
  assert.equal(typed({ "prices.month": "0.02" }).prices.name, "as typed");
});

test("a link says what differs from the nearest preset", () => {
  assert.equal(planLink(project, presets, offered), "small");
  const other = typed(
    {
      "workforce.threads": "16",
      "conversion.shard": "128 128 128",
      "source.latency": "5",
      one_disk: "1",
      "prices.source": "a page, & more: “x”",
    },
    presets.large.project,
  );
  const link = planLink(other, presets, offered);
  assert.equal(
    link,
    "large,shard:128x128x128,threads:16,source:,source.latency:5,one_disk:1,prices:," +
      "prices.source:a%20page%2C%20%26%20more%3A%20%E2%80%9Cx%E2%80%9D",
  );
  assert.deepEqual(linkedProject(link, presets, offered), other);
});

test("links that make no sense are no project", () => {
  for (const text of [
    "",
    "constructor",
    "__proto__",
    "small,threads",
    "small,threads:",
    "small,threads:0",
    "small,nothing:1",
    "small,bytes:1",
    "small,chunk:64x64",
    "small,chunk:%",
    "small,dtype:constructor",
    "small,memory:0.001",
    `small,currency:${"x".repeat(2000)}`,
    "small,shape:1x1x1x1x1x1",
    "small,source_kind:toString",
  ]) {
    assert.equal(linkedProject(text, presets, offered), null, text);
  }
});

test("times and money are told as people say them", () => {
  assert.equal(between(3600 * 5, 3600 * 5), "5 h");
  assert.equal(between(60, 7200), "60 s to 2 h");
  assert.equal(money(0, "EUR"), "0 EUR");
  assert.equal(money(0.004, "EUR"), "less than 0.01 EUR");
  assert.equal(money(42.6, "USD"), "42.60 USD");
  assert.equal(money(21288.99, "USD"), "21,289 USD");
});

test("a plan in words", () => {
  const found = plan(project, offered.voxels);
  assert.match(headline(found), /^.* to convert\. Computing binds\. Then .* to verify\.$/);
  const rows = timeRows(found);
  assert.deepEqual(rows[0].slice(0, 3), ["Read the original", "64", "4.19 MB"]);
  assert.deepEqual(rows[1].slice(0, 3), ["Decode, average, encode", "–", "–"]);
  const [blocks, memory, result, original] = facts(project, found);
  assert.match(blocks, /^A worker takes blocks of 64 × 256 × 256 voxels: each strip .* once\.$/);
  assert.match(memory, /^Each worker holds up to .* MiB, in 2 threads\.$/);
  assert.match(result, /^The result has 3 levels in 25 files or objects, 4\.78 MB\. /);
  assert.match(original, /^The original \(4\.19 MB\) may be deleted when every voxel was compared/);
  assert.deepEqual(billRows(project, found), []);
  assert.match(pricesSentence(project), /^Prices: own disk\. Nothing is charged\. They change: /);
});

test("memory that is asked for is enough when it is typed", () => {
  const little = { ...project, workforce: { ...project.workforce, memory: 2 ** 20 } };
  let asked;
  try {
    plan(little, offered.voxels);
  } catch (problem) {
    asked = /give at least ([\d.]+) GiB/.exec(problem.message)[1];
  }
  plan(typed({ "workforce.memory": asked }, little), offered.voxels);
});

test("too little memory is told, and a bill with a price", () => {
  const small = { ...project, workforce: { ...project.workforce, threads: 64 } };
  const found = plan(small, offered.voxels);
  assert.match(facts(small, found)[1], /room for \d+ of 64 threads\. The others can only help/);
  const strips = withPart(project, "conversion.shape", [1, 1, 64, 64, 2 ** 20]);
  const wide = withPart(strips, "conversion.source_chunk", [1, 64, 2 ** 20]);
  const memory = "0.4";
  const narrow = typed({ "workforce.memory": memory }, wide);
  const [blocks] = facts(narrow, plan(narrow, offered.voxels));
  assert.match(
    blocks,
    /each strip of the original is read \d+ times on average\. With .* GiB of memory it would be read once\./,
  );
  const paid = withPart(project, "prices.put", 1000);
  const rows = billRows(paid, plan(paid, offered.voxels));
  assert.deepEqual(rows[0], ["Once: requests that write", "25.00 USD"]);
  assert.deepEqual(rows[3], ["Once, together", "25.00 USD"]);
});
