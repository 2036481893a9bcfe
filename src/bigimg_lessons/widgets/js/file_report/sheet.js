// The report on one screen.

import { copyParts } from "../kit/copying.js";
import { make } from "../kit/dom.js";
import { ownExplorer } from "./own_explorer.js";
import { pictureNode } from "./picture.js";
import { readsNodes } from "./reads.js";
import { cardTable } from "./tables.js";
import { verdictNodes } from "./verdict_list.js";
import { costTable, levelTable, remarksOn, whatItIs } from "./words.js";

/**
 * The nodes of a report, and what ends them.
 * @param {import("./opened.js").Opened} opened
 * @param {any} offered
 * @param {AbortSignal} signal ends what is still being read
 */
export function sheetOf(opened, offered, signal) {
  const { report, costs, verdicts, document: found } = opened;
  const explorer = ownExplorer(report, offered.explorer);
  const picture = make("div", { class: "br-place" });
  pictureNode(report, opened.plane, signal).then((node) => {
    if (!signal.aborted) picture.replaceChildren(node);
  });
  const summary = make(
    "div",
    {},
    make("h2", { class: "br-name" }, report.source),
    make("p", { class: "br-what" }, whatItIs(report)),
    ...remarksOn(report).map((text) => make("p", {}, text)),
    ...verdictNodes(verdicts, report.source),
  );
  const costNodes = costs.views.length
    ? [
        cardTable("What looking at it costs", costTable(costs.views, offered.rules.storages), {
          isShort: true,
        }),
        make("p", { class: "br-small" }, offered.caution),
      ]
    : [make("p", {}, costs.reason)];
  const json = () => JSON.stringify(found, null, 2);
  const copy = copyParts(json, { button: "Copy report as JSON", field: "Report as JSON" }, "br");
  const nodes = [
    make("div", { class: "br-head" }, summary, picture),
    cardTable("Levels, as each tells of itself", levelTable(report)),
    ...costNodes,
    ...readsNodes(opened.reads, signal),
    ...explorer.nodes,
    make("div", { class: "br-copy" }, ...copy),
  ];
  return { nodes, verdicts, leave: explorer.leave };
}
