// A file of a web server, cut as a Blob is, by requests that do not return before they are answered.
import assert from "node:assert/strict";
import test from "node:test";

import { WebBlob } from "../../src/bigimg_lessons/widgets/js/inspection/web_blob.js";

const BLOCK = 2 ** 18;
const url = "https://images.example/a.h5";
const content = Uint8Array.from({ length: 2.5 * BLOCK }, (_, at) => (at * 7) % 251);

/** A file, of which requests are noted; `answer` makes another answer of one. */
function fileOf({ answer = (_first, given) => given, size = content.length } = {}) {
  const asked = [];
  let came = 0;
  class Request {
    open(method, address, isAsync) {
      assert.deepEqual([method, address, isAsync], ["GET", url, false]);
    }
    setRequestHeader(name, value) {
      assert.equal(name, "Range");
      this.range = value;
    }
    send() {
      asked.push(this.range);
      const [first, last] = this.range.match(/\d+/g).map(Number);
      const given = { status: 206, response: content.slice(first, last + 1).buffer };
      Object.assign(this, answer(first, given));
    }
  }
  const options = { newRequest: () => new Request(), onBlock: () => (came += 1) };
  const blob = new WebBlob({ url, size }, /** @type {any} */ (options));
  return { blob, asked, came: () => came };
}

const bytesOf = async (blob, start, end) =>
  new Uint8Array(await blob.slice(start, end).arrayBuffer());

/** That a part cannot be read, as a file system says it, and why. */
function refused(blob, start, why) {
  assert.throws(
    () => blob.slice(start, start + 10),
    (error) => error.name === "ErrnoError" && error.errno === 29,
  );
  assert.equal(blob.fault.name, "InspectionError");
  assert.match(blob.fault.message, why);
}

test("parts are asked for once each, across their borders and up to the end", async () => {
  const { blob, asked, came } = fileOf();
  assert.deepEqual(
    await bytesOf(blob, BLOCK - 5, 2 * BLOCK + 9),
    content.slice(BLOCK - 5, 2 * BLOCK + 9),
  );
  assert.deepEqual(await bytesOf(blob, 3, 10), content.slice(3, 10));
  const end = content.length;
  assert.deepEqual(await bytesOf(blob, end - 4, end + 100), content.slice(end - 4));
  assert.equal(blob.slice(end + 5, end + 9).size, 0);
  assert.deepEqual(
    asked,
    [0, 1, 2].map((n) => `bytes=${n * BLOCK}-${(n + 1) * BLOCK - 1}`),
  );
  assert.equal(came(), 3);
  assert.equal(blob.fault, null);
});

test("why a part cannot be read is kept", () => {
  const status = (number) => fileOf({ answer: () => ({ status: number }) }).blob;
  refused(status(404), 0, /^There is nothing at https.*a\.h5: check the address\.$/);
  refused(status(503), 0, /^The server of https.*a\.h5 answers 503: try later\.$/);
  refused(status(200), 0, /does not send parts of files \(HTTP Range\)/);
  const { blob } = fileOf({
    answer() {
      throw new Error("network error");
    },
  });
  refused(blob, 0, /^https.*a\.h5 cannot be reached \(network error\): check/);
});

test("what failed first is told, until another question begins", async () => {
  let fails = true;
  const { blob } = fileOf({ answer: (first, given) => (fails && first ? { status: 500 } : given) });
  refused(blob, BLOCK, /answers 500/);
  fails = false;
  assert.deepEqual(await bytesOf(blob, BLOCK, BLOCK + 3), content.slice(BLOCK, BLOCK + 3));
  assert.match(blob.fault?.message ?? "", /answers 500/);
  blob.begin();
  assert.equal(blob.fault, null);
});

test("a question may read 16 MiB, and the next one as much again", () => {
  const response = new ArrayBuffer(BLOCK);
  const { blob, asked } = fileOf({ size: 2 ** 40, answer: () => ({ status: 206, response }) });
  for (let number = 0; number < 64; number++) blob.slice(number * BLOCK, number * BLOCK + 1);
  refused(blob, 64 * BLOCK, /needs more than 16\.0 MiB to be described: download it/);
  assert.equal(asked.length, 64);
  blob.slice(0, BLOCK); // what is known may be read again
  blob.begin();
  assert.equal(blob.slice(64 * BLOCK, 64 * BLOCK + 10).size, 10);
});

test("a file that has become shorter ends earlier", () => {
  const { blob } = fileOf({ answer: () => ({ status: 206, response: new ArrayBuffer(7) }) });
  assert.equal(blob.slice(0, 20).size, 7);
});
