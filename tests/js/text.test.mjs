// Bytes and times are written as tests/text_cases.json has them; pytest holds Python to the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { formatBytes, formatSeconds } from "../../src/bigimg_lessons/widgets/js/kit/text.js";

const cases = JSON.parse(readFileSync(new URL("../text_cases.json", import.meta.url), "utf8"));

test("bytes", () => {
  for (const [count, binary, decimal] of cases.bytes) {
    assert.equal(formatBytes(count), binary);
    assert.equal(formatBytes(count, { decimal: true }), decimal);
  }
});

test("seconds", () => {
  for (const [seconds, text] of cases.seconds) assert.equal(formatSeconds(seconds), text);
});
