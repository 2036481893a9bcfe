// Tables that become cards where there is no room for their columns. Roles are written out, as a
// table whose rows are laid out otherwise is none any more to some browsers.

import { make } from "../kit/dom.js";

/**
 * @param {string} caption
 * @param {{ heads: string[], rows: string[][] }} content
 * @param {{ isShort?: boolean }} [options] whether two cells find room beside each other in a card
 */
export function cardTable(caption, { heads, rows }, { isShort = false } = {}) {
  const head = heads.map((text) => make("th", { scope: "col", role: "columnheader" }, text));
  const body = rows.map(([first, ...rest]) => {
    const name = make("th", { scope: "row", role: "rowheader", "data-head": heads[0] }, first);
    const cells = rest.map((text, index) =>
      make("td", { role: "cell", "data-head": heads[index + 1] }, text),
    );
    return make("tr", { role: "row" }, name, ...cells);
  });
  return make(
    "table",
    { class: isShort ? "br-table br-numbers" : "br-table", role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)),
    make("tbody", { role: "rowgroup" }, ...body),
  );
}
