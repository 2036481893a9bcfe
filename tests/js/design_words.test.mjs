// What the design task says of a design.
import assert from "node:assert/strict";
import test from "node:test";
import { costTexts, summary } from "../../src/bigimg_lessons/widgets/js/design/summary.js";

const best = { tried: 7840, seconds: 3600, good: "" };
const found = { total: 177_120, files: 1, stored: 2 ** 40, costs: [], remarks: [] };

test("a design is compared with the best, and with the one before", () => {
  const [time, comparison, change] = summary(found, best);
  assert.equal(time, "2.05 days a week");
  assert.equal(
    comparison,
    ": 49 times the best of 7,840 designs tried by the model. Files: 1. Stored: 1.00 TiB.",
  );
  assert.equal(change, "");
  assert.equal(summary(found, best, found.total)[2], ""); // the same once more is no change
  assert.equal(summary(found, best, 180_720)[2], " Better than before by 60 min.");
  assert.equal(summary(found, best, 177_119.5)[2], " Worse than before by 500 ms.");
});

test("a use has its requests, bytes and times", () => {
  const cost = { requests: 1234, read: 65_536, seconds: 0.0125, weekly: 125 };
  assert.deepEqual(costTexts(cost), ["1,234", "64.0 KiB", "12.5 ms", "2.08 min"]);
});
