// The worker that reads HDF5 with h5wasm. Its file system takes the reader's file as it is: a part is
// read when HDF5 asks for it, and nothing is copied. book/_ext/hdf5_in_browser.py puts this and the
// library on the site; hdf5_client.js sends the requests.

import { InspectionError } from "./errors.js";
import { inspectHdf5 } from "./hdf5.js";
import { Hdf5File, isBroken } from "./hdf5_file.js";
import { WebBlob } from "./web_blob.js";

const FOLDER = "/given";

/** The library, once it has been loaded. @type {Promise<any> | null} */
let library = null;

/** The file of a web server that was read last, with what is known of it. @type {WebBlob | null} */
let web = null;

async function loadedLibrary(address) {
  try {
    importScripts(address);
    const { h5wasm } = globalThis;
    await h5wasm.ready;
    return h5wasm;
  } catch {
    library = null;
    throw new InspectionError(
      "h5wasm, which reads HDF5, could not be loaded from this site: load this page again, or " +
        "inspect the file with the command bigimg inspect.",
    );
  }
}

const sourceOf = (blob, name) => ({
  name,
  size: blob.size,
  url: blob.url,
  read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
});

async function reportOf(open, { blob, name, given, xml, pair }) {
  const beside = xml && sourceOf(xml.blob, xml.name);
  return inspectHdf5(sourceOf(blob, name), given, { open, xml: beside, pair });
}

async function valuesOf(open, { dtype, path, ranges }) {
  const file = await open();
  try {
    const values = file.region(path, ranges);
    // Old files of BigDataViewer keep uint16 as int16.
    const isOther = dtype === "uint16" && values instanceof Int16Array;
    return isOther ? new Uint16Array(values.buffer) : values;
  } finally {
    file.close();
  }
}

/** A file of a web server; the page is told of each part that comes. */
function webBlob({ url, size, ranges }) {
  const isNew = !ranges || web?.url !== url; // a file that is given once more may be another one
  if (isNew) web = new WebBlob({ url, size }, { onBlock: () => postMessage({ isReading: true }) });
  web.begin();
  return web;
}

/** What is asked of a file, with that file in the library's file system. */
async function answerTo(request) {
  const { address, name, ranges } = request;
  const blob = request.blob ?? webBlob(request);
  library ??= loadedLibrary(address);
  const h5wasm = await library;
  const { FS } = h5wasm.Module;
  FS.mkdirTree(FOLDER);
  FS.mount(FS.filesystems.WORKERFS, { blobs: [{ name: "file", data: blob }] }, FOLDER);
  const open = async () => new Hdf5File(h5wasm, `${FOLDER}/file`, name);
  try {
    const asked = { ...request, blob };
    const found = ranges ? await valuesOf(open, asked) : await reportOf(open, asked);
    // What could not be read may have been passed over as a part that is damaged.
    if (blob.fault) throw blob.fault;
    return found;
  } catch (error) {
    throw blob.fault ?? error;
  } finally {
    FS.unmount(FOLDER);
  }
}

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ found: await answerTo(data) });
  } catch (error) {
    const isKnown = error instanceof InspectionError;
    postMessage({ error: error.message, isKnown, isBroken: isBroken(error) });
  }
});
