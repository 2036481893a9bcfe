// Why the experiment cannot run, what to do about a failure, and how it measures.

import { make } from "../kit/dom.js";
import { FetchError } from "../kit/zarr/faults.js";
import { AT_ONCE } from "./copies.js";

const AGAIN =
  "Reload the page and start again. If it stays so, the site is incomplete: build and publish " +
  "it again.";

const code = (text) => make("code", {}, text);

const SERVE = "uv run python -m http.server --directory _build/html";

/**
 * Why the experiment cannot run here, as nodes; null if it can.
 *
 * @param {URL | null} folder of the images
 */
export function obstacle(folder) {
  if (!folder) {
    return [
      "This experiment measures the way from your browser to the book's site, so it runs on this " +
        "lesson's page of the book rather than here. Open that page, or build and serve the book: ",
      code("uv run jupyter-book build ."),
      ", then ",
      code(SERVE),
      ", and go to ",
      code("http://localhost:8000"),
      ". In JupyterLab, started in the folder of the repository, ",
      code('FetchExperiment(url="/files/_build/html")'),
      " reads the built book from Jupyter's own server.",
    ];
  }
  if (folder.protocol === "file:") {
    return [
      "This page was opened from a file, and browsers let such a page fetch nothing. Serve the " +
        "folder with the book's ",
      code("index.html"),
      ": ",
      code(SERVE),
      ", then open ",
      code("http://localhost:8000"),
      ".",
    ];
  }
  if (!globalThis.DecompressionStream) {
    return [
      "This browser cannot unpack gzip by itself (it lacks DecompressionStream). Chrome and Edge " +
        "from 80, Firefox from 113 and Safari from 16.4 can.",
    ];
  }
  return null;
}

function remedyFor({ reason }) {
  if (reason === "late") return "Start again, perhaps with one round or a better connection.";
  if (reason !== "unreachable") return AGAIN;
  return navigator.onLine
    ? "Check your connection and start again. A server that is not the page's own must allow " +
        "the page to read from it (CORS)."
    : "You are offline. Start again once you are connected.";
}

/**
 * What failed, where, and what to do about it.
 *
 * @param {any} error
 * @param {URL} folder of the images
 */
export function failureNodes(error, folder) {
  // Anything else is a fault of this page, in words that are for its makers.
  const isKnown = error instanceof FetchError;
  if (!isKnown) console.error(error);
  const what = isKnown ? error.message : "this page cannot make sense of what came";
  return [
    make("p", {}, make("b", {}, "A fetch failed:"), ` ${what}.`),
    make("p", { class: "fx-url" }, code(isKnown ? error.url : folder)),
    make("p", {}, remedyFor(error)),
  ];
}

/** How it is measured, and what that leaves out. */
export function caveats() {
  const worker = navigator.serviceWorker?.controller
    ? "A service worker of this site answers the requests, perhaps from a cache: these times " +
      "may not be those of the network."
    : "A service worker or a content delivery network may answer from a cache of its own, " +
      "mostly from the second round on.";
  const lines = [
    `At most ${AT_ONCE} requests are on their way at once, as many as browsers open ` +
      "connections to one host with HTTP/1.1. Fetches bypass the browser's own cache.",
    worker,
    "Latency: the median of several fetches of small files, one at a time. Bandwidth: the " +
      "largest chunk, alone, less that latency. Both are rough, above all where they are small: " +
      "browsers round their clocks.",
    `Model: requests ÷ ${AT_ONCE}, rounded up, × latency + bytes ÷ bandwidth + bytes unpacked ` +
      "÷ speed of unpacking. It leaves out what a browser itself spends on each request, and " +
      `takes it that ${AT_ONCE} requests wait no longer than one: true of a server far away, not ` +
      "of one on your own machine.",
    "Bytes are those of the files, compressed, without HTTP headers. Time ends when the " +
      "region is whole in memory.",
  ];
  return make(
    "details",
    { class: "fx-caveats" },
    make("summary", {}, "How this is measured"),
    make("ul", {}, ...lines.map((line) => make("li", {}, line))),
  );
}
