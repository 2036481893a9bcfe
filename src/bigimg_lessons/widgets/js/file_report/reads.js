// A few reads of an image on a server, measured where the reader is: shown, never judged.

import { bytes, durations } from "../experiment/texts.js";
import { InspectionError } from "../inspection/errors.js";
import { make } from "../kit/dom.js";
import { say } from "../kit/page.js";
import { FetchError } from "../kit/zarr/faults.js";
import { cardTable } from "./tables.js";

const TIMES = 3; // that each is read

const CAUTION =
  "Each was read three times, one after the other, past the cache of your browser. It is what " +
  "your line and that server took just now: it says nothing of the file.";

/**
 * Something to read.
 * @typedef {{ what: string, read: (signal: AbortSignal) => Promise<Uint8Array> }} Read
 */

async function measured({ what, read }, signal) {
  const seconds = [];
  let length = 0;
  for (let turn = 0; turn < TIMES; turn++) {
    const begin = performance.now();
    length = (await read(signal)).length;
    seconds.push((performance.now() - begin) / 1e3);
  }
  return [what, bytes(length), durations(Math.min(...seconds), Math.max(...seconds))];
}

/**
 * A button that measures, and what was measured.
 * @param {(() => Promise<Read[]>) | null} find null for what is on no server
 * @param {AbortSignal} signal
 * @returns {HTMLElement[]}
 */
export function readsNodes(find, signal) {
  if (!find) return [];
  const button = make("button", { type: "button", class: "br-button" }, "Measure a few reads");
  const said = make("span", { class: "br-small", role: "status" });
  const found = make("div");
  let isMeasuring = false;
  button.addEventListener("click", async () => {
    if (isMeasuring) return;
    isMeasuring = true;
    say(said, "Measuring …");
    try {
      const rows = [];
      for (const read of await find()) rows.push(await measured(read, signal));
      const content = { heads: ["Read", "Bytes", "Time"], rows };
      const note = make("p", { class: "br-small" }, CAUTION);
      found.replaceChildren(cardTable("Measured from here, just now", content), note);
      say(said, "Measured.");
    } catch (error) {
      if (signal.aborted) return;
      const isKnown = error instanceof FetchError || error instanceof InspectionError;
      if (!isKnown) console.error(error);
      const why = isKnown ? error.message.replace(/\.$/, "") : "this page is at fault";
      say(said, `That could not be measured: ${why}.`);
    } finally {
      isMeasuring = false;
    }
  });
  return [make("div", { class: "br-copy" }, button, said), found];
}
