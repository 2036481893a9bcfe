// Folders that were chosen or dropped, and those of a web server.
import assert from "node:assert/strict";
import test from "node:test";

import {
  MAX_DOCUMENT_BYTES,
  MAX_FILES,
  MAX_NAMES,
  WebFolder,
  droppedFolder,
  listedFolder,
  sortedNames,
} from "../../src/bigimg_lessons/widgets/js/inspection/places.js";

const blob = (text) => new Blob([text]);
const text = (bytes) => bytes && new TextDecoder().decode(bytes);

const FILES = { ".zgroup": "{}", "0/.zarray": "[1]", "0/0/1": "abc", "0/0/2": "de", "1/x": "" };

// What a browser gives for a folder that was dropped.
function entryOf(files) {
  const inside = (path) => Object.keys(files).filter((name) => name.startsWith(path));
  const folder = (path) => ({
    isDirectory: true,
    createReader() {
      const names = inside(path).map((name) => name.slice(path.length).split("/"));
      const left = [...new Set(names.map(([name]) => name))].map((name) => ({
        name,
        isDirectory: !(path + name in files),
        file: (found) => found(blob(files[path + name])),
      }));
      // A browser gives some at a time, at last none.
      return { readEntries: (resolve) => resolve(left.splice(0, 2)) };
    },
    getDirectory(name, _, resolve, reject) {
      return inside(`${name}/`).length ? resolve(folder(`${name}/`)) : reject(new Error("none"));
    },
    getFile(name, _, resolve, reject) {
      if (!Object.hasOwn(files, name)) return reject(new Error("NotFoundError"));
      resolve({ file: (found) => found(blob(files[name])) });
    },
  });
  return folder("");
}

const FOLDERS = {
  chosen: (files) =>
    listedFolder(
      "a",
      Object.entries(files).map(([path, each]) => ({ path, file: blob(each) })),
    ),
  dropped: (files) => droppedFolder("a", entryOf(files)),
};

for (const [kind, make] of Object.entries(FOLDERS)) {
  test(`a folder that was ${kind}`, async () => {
    const place = make(FILES);
    assert.equal(place.name, "a");
    assert.equal(text(await place.read("0/.zarray")), "[1]");
    assert.equal(text(await place.read("1/x")), "");
    for (const path of ["0", "none", "0/none", "/0/.zarray", "0/../.zgroup", "\ud800", ""]) {
      assert.equal(await place.read(path), null, path);
    }
    assert.deepEqual(await place.names(), [".zgroup", "0", "1"]);
    assert.deepEqual(await place.names("0"), [".zarray", "0"]);
    assert.deepEqual(await place.names("0/.zarray"), []);
    assert.deepEqual(await place.names("none"), []);
    assert.deepEqual(await place.counted(), { number: 5, nbytes: 10, is_all: true });
    assert.deepEqual(await place.counted("0/0"), { number: 2, nbytes: 5, is_all: true });
    assert.deepEqual(await place.counted("none"), { number: 0, nbytes: 0, is_all: true });
    assert.equal(text(await place.part("0/0/1", 1, 2)), "b");
    assert.equal(text(await place.part("0/0/1", -2)), "bc");
    assert.equal(await place.part("0/0/9"), null);
  });
}

test("counting and listing have an end", async () => {
  const files = Object.fromEntries(Array.from({ length: MAX_FILES + 5 }, (_, n) => [`0/${n}`, ""]));
  const place = FOLDERS.chosen(files);
  const { number, is_all } = await place.counted();
  assert.equal(is_all, false);
  assert.ok(number === MAX_FILES || number % 256 === 0); // the latter where it took too long
  assert.equal((await place.names("0")).length, MAX_NAMES);
});

test("a file that is too large for metadata is not read", async () => {
  const file = new Blob([new Uint8Array(MAX_DOCUMENT_BYTES + 1)]);
  const place = listedFolder("a", [{ path: "zarr.json", file }]);
  await assert.rejects(place.read("zarr.json"), {
    name: "InspectionError",
    message:
      "a/zarr.json has 4.00 MiB, and metadata is read up to 4.00 MiB: is it a file of metadata?",
  });
});

test("a file that is gone is told", async () => {
  const file = { size: 3, arrayBuffer: () => Promise.reject(new Error("it was removed")) };
  const place = listedFolder("a", [{ path: "x", file: /** @type {any} */ (file) }]);
  await assert.rejects(place.read("x"), { message: "a/x cannot be read (it was removed)." });
});

test("names are sorted as in Python", () => {
  const names = ["b", "10", "9", "B", "\u{1f600}", "\uffee", "a", "", "ab"];
  const sorted = ["", "10", "9", "B", "a", "ab", "b", "\uffee", "\u{1f600}"];
  assert.deepEqual(sortedNames(names), sorted);
});

// Answers for addresses, 404 for others; returns what was asked for.
function serveAddresses(answers) {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    const answer = answers[String(url)] ?? 404;
    if (answer instanceof Error) throw answer;
    return typeof answer === "number"
      ? new Response(null, { status: answer })
      : new Response(answer);
  };
  return asked;
}

const HOST = "https://images.example/a";

test("a folder of a web server", async () => {
  const asked = serveAddresses({
    [`${HOST}/zarr.json`]: "{}",
    [`${HOST}/0/.zarray`]: 403,
    [`${HOST}/1/.zarray`]: 410,
    [`${HOST}/%C2%B5%20%28a%29/b?%23`]: "x",
  });
  const place = new WebFolder(HOST);
  assert.equal(text(await place.read("zarr.json")), "{}");
  assert.equal(text(await place.read("zarr.json")), "{}");
  for (const path of ["none", "0/.zarray", "1/.zarray", "../b"]) {
    assert.equal(await place.read(path), null);
  }
  assert.equal(await place.names(), null);
  assert.equal(await place.counted(), null);
  assert.equal(asked.length, 4); // what was read once is not asked for again
  const signed = new WebFolder(`${HOST}?key=1`);
  await signed.read("µ (a)/zarr.json");
  assert.equal(asked.at(-1), `${HOST}/%C2%B5%20%28a%29/zarr.json?key=1`);
});

test("what a server refuses is told", async () => {
  serveAddresses({
    [`${HOST}/a`]: 500,
    [`${HOST}/b`]: new TypeError("Failed to fetch"),
    [`${HOST}/c`]: new Uint8Array(MAX_DOCUMENT_BYTES + 1),
  });
  const place = new WebFolder(HOST);
  const said = {
    a: `The server of ${HOST}/a answers 500: try later.`,
    b: `${HOST}/b cannot be reached: check the address and the network. Its server may also not allow pages of other sites to read it (CORS): bigimg inspect, in a terminal, needs no such leave.`,
    c: `${HOST}/c has 4.00 MiB, and metadata is read up to 4.00 MiB: is it a file of metadata?`,
  };
  for (const [path, message] of Object.entries(said)) {
    await assert.rejects(place.read(path), { name: "InspectionError", message });
  }
});

test("a server is asked a limited number of times", async () => {
  const asked = serveAddresses({});
  const place = new WebFolder(HOST);
  for (let n = 0; n < 200; n++) await place.read(`${n}`);
  await assert.rejects(place.read("zarr.json"), {
    message: `${HOST} needs more than 200 requests: inspect one image of it.`,
  });
  assert.equal(asked.length, 200);
});
