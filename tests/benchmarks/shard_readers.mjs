// Reads one sharded array with zarrita, as bigimg_lessons.measure.sharded_reads.run_readers wants it.
//
//     node shard_readers.mjs FOLDER_WITH_NODE_MODULES URL

import { readFileSync } from "node:fs";
import { join } from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, url] = process.argv.slice(2);
const zarr = await import(pathToFileURL(join(folder, "node_modules/zarrita/dist/src/index.js")));
const { version } = JSON.parse(readFileSync(join(folder, "node_modules/zarrita/package.json")));
const corner = zarr.slice(0, 10);
const plane = zarr.slice(128, 129);
const regions = {
  "one chunk": [corner, corner, corner],
  XY: [plane, null, null],
  XZ: [null, plane, null],
  YZ: [null, null, plane],
};

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function tell(line) {
  process.stdout.write(`${line}\n`);
  await answers.next();
}

for (const [region, slices] of Object.entries(regions)) {
  const array = await zarr.open.v3(new zarr.FetchStore(url), { kind: "array" });
  await tell("");
  await zarr.get(array, slices);
  await tell(JSON.stringify({ reader: "zarrita", version, setting: "", region }));
}
process.exit(0);
