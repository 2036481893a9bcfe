// What a project takes, as tables and sentences.

import { make } from "../kit/dom.js";
import { billRows, facts, pricesSentence, timeRows } from "./words.js";

function table(caption, heads, rows) {
  const cells = ([first, ...rest]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, first),
      ...rest.map((text) => make("td", {}, text)),
    );
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  return make(
    "table",
    {},
    make("caption", {}, caption),
    make("thead", {}, head),
    make("tbody", {}, ...rows.map(cells)),
  );
}

/** @returns {HTMLElement[]} */
export function planNodes(project, found, { rates }) {
  const times = table("Time", ["Part", "Requests", "Bytes", "Alone"], timeRows(found));
  const bill = billRows(project, found);
  const items = facts(project, found).map((fact) => make("li", {}, fact));
  const money = bill.length
    ? [table("Money", ["What", "How much"], bill)]
    : [make("p", {}, "Nothing is charged for bytes and requests here.")];
  return [
    times,
    make("ul", {}, ...items),
    ...money,
    make("small", {}, pricesSentence(project), " ", rates),
  ];
}
