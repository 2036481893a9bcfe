// What a design costs, as a table by uses, with remarks and one good design.

import { make } from "../kit/dom.js";
import { isBookPage } from "../kit/page.js";
import { costTexts } from "./summary.js";

function row(cost, most) {
  const texts = costTexts(cost).map((text) => make("td", {}, text));
  texts.at(-1).append(make("i", { style: `width: ${(cost.weekly / most) * 100}%` }));
  return make("tr", {}, make("th", { scope: "row" }, cost.use.name), ...texts);
}

// Only on a page of the book are the lessons beside it, to be linked to.
const remark = ({ text, href, section }) =>
  make("li", {}, `${text} → `, isBookPage() ? make("a", { href }, section) : section);

/**
 * @param {import("../costs/design.js").Appraisal} found
 * @param {string} good one good design, in words
 * @param {string} modelError how far the model can be off
 * @returns {HTMLElement[]}
 */
export function resultOf({ costs, remarks }, good, modelError) {
  const most = Math.max(...costs.map((cost) => cost.weekly));
  const heads = ["Use", "Requests", "Read", "Each time", "A week"].map((head) =>
    make("th", { scope: "col" }, head),
  );
  return [
    make("table", {}, make("tr", {}, ...heads), ...costs.map((cost) => row(cost, most))),
    make("ul", {}, ...remarks.map(remark)),
    make("details", {}, make("summary", {}, "Show one good design"), make("p", {}, good)),
    make("small", {}, modelError),
  ];
}
