// Texts of the bank as nodes: they enter the page only as text.

import { make } from "../kit/dom.js";

// A lone backtick stays itself: the same pattern as split_text in questions/parts.py.
const CODE_OR_BLANK = /(`[^`]+`|___)/;

/** A button and what pressing it does. */
export function makeButton(label, attributes = {}, press = undefined) {
  const button = make("button", { type: "button", class: "bq-button", ...attributes }, label);
  button.addEventListener("click", press);
  return button;
}

/**
 * Text with `code` and ___ as nodes.
 *
 * @param {string} text
 * @param {(index: number) => string | Node} [fill] what stands in a blank
 */
export function textNodes(text, fill = () => "___") {
  let blanks = 0;
  return text.split(CODE_OR_BLANK).map((part) => {
    if (part === "___") return fill(blanks++);
    return /^`[^`]+`$/.test(part) ? make("code", {}, part.slice(1, -1)) : part;
  });
}

/** A paragraph; see textNodes. */
export const paragraph = (text, fill = undefined) => make("p", {}, ...textNodes(text, fill));

/** What a question shows as it is, line by line, and what was counted when its code ran. */
export const exhibitNodes = ({ exhibit, counted }) => [
  ...(exhibit ? [make("pre", { class: "bq-exhibit" }, exhibit)] : []),
  ...(counted ? [make("p", { class: "bq-quiet" }, `Counted: ${counted}.`)] : []),
];

/** A paragraph with a heading in bold, and the verdict that colours it. */
export const headed = (heading, text, verdict = "") =>
  make("p", { "data-verdict": verdict }, make("b", {}, heading), " ", ...textNodes(text));

/** Renew a live region only when what it says is new: each renewal is read aloud. */
export function renew(region, key, build) {
  const said = JSON.stringify(key);
  if (region.said === said) return;
  region.said = said;
  region.replaceChildren(...build());
}

/** Points in words: "1 point", "2 points". */
export const points = (number) => (number === 1 ? "1 point" : `${number} points`);
