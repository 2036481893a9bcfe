// Describes HDF5 files with h5wasm in Node, as the worker of the page does: a path for each line of
// the standard input, and for each a line of JSON on the output. Beside the report, or the error,
// stands how many bytes of the file were read. It ends after a file that broke the library.

import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import * as h5wasm from "h5wasm/node";
import { inspectHdf5 } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5.js";
import { Hdf5File, isBroken } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5_file.js";
import { hdf5Readers } from "../../src/bigimg_lessons/widgets/js/inspection/hdf5_readers.js";

let taken = 0;
const readSync = fs.readSync;
fs.readSync = (...given) => {
  const count = readSync(...given);
  taken += count;
  return count;
};

const sourceOf = (file) => ({
  name: path.basename(file),
  path: file,
  size: fs.statSync(file).size,
  read: async (start, end) => {
    const buffer = new Uint8Array(end - start);
    const handle = fs.openSync(file, "r");
    const count = fs.readSync(handle, buffer, 0, end - start, start);
    fs.closeSync(handle);
    return buffer.subarray(0, count);
  },
});

const open = async (source) => new Hdf5File(h5wasm, source.path, source.name);

async function reportOf(given) {
  const source = sourceOf(given);
  const { inspectHdf5: onHdf5, inspectXml } = hdf5Readers({
    inspect: (file, name, told) => inspectHdf5(file, name, { open, ...told }),
    beside: (name) => {
      const file = path.join(path.dirname(given), name);
      return fs.existsSync(file) ? sourceOf(file) : null;
    },
  });
  return given.endsWith(".xml") ? inspectXml(source, given) : onHdf5(source, given);
}

await h5wasm.ready;
for await (const given of createInterface({ input: process.stdin })) {
  taken = 0;
  const answer = await reportOf(given).then(
    (report) => ({ report }),
    (error) => ({ error: error.message, kind: error.name, isBroken: isBroken(error) }),
  );
  console.log(JSON.stringify({ ...answer, taken }));
  if (answer.isBroken) process.exit();
}
