// How cells of a sortable table are compared; tests/browser/test_sortable_tables.py has the rest.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { runInNewContext } from "node:vm";

const path = "../../book/_ext/sortable_tables_assets/sortable_tables.js";
const source = readFileSync(new URL(path, import.meta.url), "utf8");
const order = runInNewContext(`${source};bigimgCellOrder`, {
  document: { querySelectorAll: () => [] },
});
const sorted = (texts, way = 1) => [...texts].sort((a, b) => order(a, b, way));

const UPWARDS = {
  "sizes with units": ["0 bytes", "496 bytes", "64.0 KiB", "0.9 MiB", "12.7 MiB", "1 GiB"],
  "binary beside decimal units": ["1 kB", "1 KiB", "1 MB", "1 MiB"],
  "thousands with commas, spaces, narrow spaces": [
    "7",
    "68",
    "1,329",
    "4 096",
    "16\u202f384",
    "989,212",
  ],
  times: ["30 µs", "3 ms", "0.5 s", "2 s", "1 min", "2 h"],
  "signs and shares": ["-3", "−2.5 %", "0 %", "+4", "~5", "≥ 6"],
  "small and large numbers as Python shortens them": [
    "-2e+03",
    "1.2e-05",
    "0.0123",
    "999",
    "1.23e+03 s",
  ],
  "a number before words": ["1 of 4", "3 (with an index)", "20 / 0.82", "256 / 50"],
  "versions and days are words, compared by their numbers": ["1.4.0", "1.10.0", "2026-03-01"],
  "names of formats": ["BDV-HDF5", "N5", "OME-Zarr 0.4", "OME-Zarr 0.5", "OME-Zarr 0.10"],
};

for (const [name, texts] of Object.entries(UPWARDS)) {
  test(name, () => {
    assert.deepEqual(sorted(texts.toReversed()), texts);
    assert.deepEqual(sorted(texts, -1), texts.toReversed());
  });
}

test("what is missing is last both ways, and words stand after numbers", () => {
  assert.deepEqual(sorted(["—", "fails", "2", "", "10"]), ["2", "10", "fails", "—", ""]);
  assert.deepEqual(sorted(["—", "fails", "2", "", "10"], -1), ["10", "2", "fails", "—", ""]);
});
