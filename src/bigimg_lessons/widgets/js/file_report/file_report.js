// What is in a reader's file: all of it read and judged here, in the browser.

import { InspectionError } from "../inspection/errors.js";
import { make } from "../kit/dom.js";
import { isBookPage, keepKeys, say } from "../kit/page.js";
import { entranceNodes } from "./entrance.js";
import { openedAddress, openedGiven } from "./opened.js";
import { sheetOf } from "./sheet.js";
import { countSentence, whatItIs } from "./words.js";

const PROMISE = "Read by your browser. Nothing leaves your computer.";
const NOTHING = "That was no file: drop a file or a folder, or choose one.";
const NO_ADDRESS = "Give the address of an image: that of its file, or of its Zarr folder.";

function sentenceOf(error, name) {
  if (error instanceof InspectionError) return error.message;
  console.error(error);
  return `This page cannot make sense of ${name}: it is damaged, or the page is at fault.`;
}

function render({ model, el }) {
  const offered = Object.fromEntries(
    ["rules", "caution", "explorer"].map((name) => [name, model.get(name)]),
  );
  const said = make("p", { role: "status", class: "br-said" });
  const result = make("div", { class: "br-result" });
  const section = make("section", { class: "br", "aria-label": "What is in my file?" });
  let reading = new AbortController();
  let leave = () => {};

  function clear() {
    reading.abort();
    reading = new AbortController();
    leave();
    leave = () => {};
    result.replaceChildren();
    said.removeAttribute("data-wrong");
    section.removeAttribute("aria-busy");
  }
  function complain(sentence) {
    say(said, sentence);
    said.toggleAttribute("data-wrong", true);
  }
  /** Inspect something in place of what was there, or was still being read. */
  async function inspect(name, open) {
    clear();
    const { signal } = reading;
    say(said, `Reading ${name} …`);
    section.setAttribute("aria-busy", "true");
    try {
      const opened = await open(signal);
      if (signal.aborted) return;
      const sheet = sheetOf(opened, offered, signal);
      leave = sheet.leave;
      result.replaceChildren(...sheet.nodes);
      say(said, `${name}: ${whatItIs(opened.report)}. ${countSentence(sheet.verdicts)}`);
    } catch (error) {
      if (!signal.aborted) complain(sentenceOf(error, name));
    } finally {
      if (!signal.aborted) section.removeAttribute("aria-busy");
    }
  }
  const acts = {
    inspect(given) {
      if (given) return inspect(given.name, () => openedGiven(given, offered.rules));
      clear();
      complain(NOTHING);
    },
    inspectAddress(url) {
      if (url) return inspect(url, (signal) => openedAddress(url, offered.rules, signal));
      clear();
      complain(NO_ADDRESS);
    },
  };

  section.append(
    ...(isBookPage() ? [] : [make("p", { class: "br-title" }, PROMISE)]), // there the page says so
    ...entranceNodes(section, model.get("examples"), acts),
    said,
    result,
  );
  keepKeys(section);
  el.append(section);
  return clear;
}

export default { render };
