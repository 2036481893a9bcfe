// Files of a web server and files that were given, read by ranges; no network is used.
import assert from "node:assert/strict";
import test from "node:test";

import { reportOn } from "../../src/bigimg_lessons/widgets/js/inspection/opening.js";
import { blobSource, webSource } from "../../src/bigimg_lessons/widgets/js/inspection/sources.js";

const URL_OF_IT = "https://images.example/a.tif";
const BLOCK = 2 ** 18;
const content = Uint8Array.from({ length: 2.5 * BLOCK }, (_, at) => (at * 7) % 251);

/** A server of one file; `change` makes another answer of it. */
function serverOf(bytes, change = (answer) => answer) {
  const asked = [];
  const get = async (_url, { headers = {}, method = "GET" } = {}) => {
    asked.push(headers.Range ?? method);
    const length = { "Content-Length": String(bytes.length) };
    if (method === "HEAD") return change(new Response(null, { headers: length }));
    const [first, last] = headers.Range.match(/\d+/g).map(Number);
    const part = bytes.slice(first, last + 1);
    const range = `bytes ${first}-${first + part.length - 1}/${bytes.length}`;
    return change(new Response(part, { status: 206, headers: { "Content-Range": range } }));
  };
  return { get, asked };
}

const refused = (get, message) =>
  assert.rejects(webSource(URL_OF_IT, get), (error) => {
    assert.equal(error.name, "InspectionError");
    assert.match(error.message, message);
    return true;
  });

test("blocks are asked for once each, where they are needed", async () => {
  const { get, asked } = serverOf(content);
  const source = await webSource(URL_OF_IT, get);
  assert.equal(source.size, content.length);
  const over = [BLOCK - 5, 2 * BLOCK + 9];
  assert.deepEqual(await source.read(...over), content.slice(...over));
  assert.deepEqual(await source.read(10, 20), content.slice(10, 20));
  const end = [content.length - 3, content.length + 100];
  assert.deepEqual(await source.read(...end), content.slice(...end));
  assert.equal((await source.read(content.length + 5, content.length + 9)).length, 0);
  assert.deepEqual(
    asked,
    [0, 1, 2].map((n) => `bytes=${n * BLOCK}-${(n + 1) * BLOCK - 1}`),
  );
});

test("a server that hides Content-Range from other sites is asked how long the file is", async () => {
  const { get, asked } = serverOf(content, (answer) => {
    answer.headers.delete("Content-Range");
    return answer;
  });
  assert.equal((await webSource(URL_OF_IT, get)).size, content.length);
  assert.equal(asked.at(-1), "HEAD");
  const silent = serverOf(content, (answer) => {
    answer.headers.delete("Content-Range");
    answer.headers.delete("Content-Length");
    return answer;
  });
  await refused(silent.get, /does not say how many bytes the file has/);
});

test("what a server refuses is said in a sentence", async () => {
  const answers = (status) => async () => new Response("no", { status });
  await refused(answers(404), /^There is nothing at https:\/\/images\.example\/a\.tif: check/);
  await refused(answers(500), /answers 500: try later\.$/);
  await refused(answers(200), /does not send parts of files \(HTTP Range\)/);
  const fails = async () => {
    throw new TypeError("Failed to fetch");
  };
  await refused(fails, /cannot be reached \(Failed to fetch\).*CORS/);
});

test("a server that sends more than was asked for is read no further", async () => {
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      sent += BLOCK / 4;
      controller.enqueue(new Uint8Array(BLOCK / 4));
    },
  });
  const headers = { "Content-Range": `bytes 0-1/${2 ** 40}` };
  const source = await webSource(
    URL_OF_IT,
    async () => new Response(endless, { status: 206, headers }),
  );
  assert.equal((await source.read(0, 8)).length, 8);
  assert.ok(sent < 3 * BLOCK, `${sent}`);
});

test("no more than 16 MiB of a file are fetched", async () => {
  const headers = { "Content-Range": `bytes 0-1/${2 ** 40}` };
  let asked = 0;
  const get = async () => {
    asked += 1;
    return new Response(new Uint8Array(BLOCK), { status: 206, headers });
  };
  const source = await webSource(URL_OF_IT, get);
  await assert.rejects(source.read(0, 2 ** 30), /needs more than 16\.0 MiB to be described/);
  assert.equal(asked, 64);
});

test("a file that was given and changed since is said to be", async () => {
  const blob = {
    size: 9,
    slice: () => ({ arrayBuffer: () => Promise.reject(new Error("it could not be read")) }),
  };
  const source = blobSource(/** @type {any} */ (blob), "a.tif");
  await assert.rejects(reportOn(source, "a.tif"), {
    name: "InspectionError",
    message: /^a\.tif cannot be read \(it could not be read\): it was changed or moved/,
  });
});

test("what is no image is refused in a sentence", async () => {
  const given = (text) => reportOn(blobSource(new Blob([text]), "a.tif"), "a.tif");
  await assert.rejects(given(""), /^InspectionError: a\.tif is empty/);
  await assert.rejects(given("hello"), /begins neither as TIFF nor as HDF5, zip or XML/);
  await assert.rejects(given("II*\0"), /is no TIFF file: it does not begin as one\.$/);
  await assert.rejects(given("II+\0\b\0\0\0"), /damaged TIFF file, or cut short: its header/);
  await assert.rejects(reportOn("ftp://x/a.tif", "ftp://x/a.tif"), /begins neither with http/);
  await assert.rejects(
    reportOn("https://x/a.xml", "https://x/a.xml"),
    /is an XML: give the address of the HDF5 file/,
  );
});

test("the address of a folder is given on without a slash at its end", async () => {
  const asked = [];
  const webPlace = (name) => {
    asked.push(name);
    return { name, read: async () => null, names: async () => null, counted: async () => null };
  };
  for (const url of ["https://x/", "https://x/a.zarr//", "https://x/a.zarr/?key=/b/#top"]) {
    await assert.rejects(reportOn(url, url, { webPlace }), /There is neither zarr\.json nor/);
  }
  assert.deepEqual(asked, ["https://x", "https://x/a.zarr", "https://x/a.zarr?key=/b/"]);
});
