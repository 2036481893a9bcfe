// What is to mend, each with its reason, its remedy, the command and the lesson that explains it.

import { downloadNote, nameHere, quotingNote } from "../inspection/quoting.js";
import { copyParts } from "../kit/copying.js";
import { make } from "../kit/dom.js";
import { siteUrl } from "../kit/page.js";
import { lessonText } from "./words.js";

function commandNodes(command) {
  if (!command) return [];
  const said = { button: "Copy command", field: "Command" };
  const line = make("code", { class: "br-command" }, command);
  return [make("div", { class: "br-copy" }, line, ...copyParts(() => command, said, "br"))];
}

/** In Jupyter there is no site to lead to. */
function lessonNode(verdict) {
  const text = lessonText(verdict);
  const url = siteUrl(verdict.link);
  return url ? make("a", { href: url.href }, text) : make("span", {}, text);
}

function verdictItem(verdict) {
  const { weight, text, remedy, command } = verdict;
  return make(
    "li",
    { class: "br-verdict", "data-weight": weight },
    make("p", {}, make("b", { class: "br-weight" }, weight), " ", text),
    make("p", {}, remedy),
    ...commandNodes(command),
    make("p", { class: "br-small" }, "Read on: ", lessonNode(verdict)),
  );
}

/**
 * @param {any[]} verdicts
 * @param {string} source path or address of the image
 */
export function verdictNodes(verdicts, source) {
  if (!verdicts.length) return [make("p", { class: "br-well" }, "Nothing to mend was found.")];
  const all = [downloadNote(source), quotingNote(nameHere(source))].filter((note) => note);
  const notes = verdicts.some(({ command }) => command) ? all : [];
  return [
    make("ul", { class: "br-verdicts", "aria-label": "Verdicts" }, ...verdicts.map(verdictItem)),
    ...notes.map((note) => make("p", { class: "br-small" }, note)),
  ];
}
