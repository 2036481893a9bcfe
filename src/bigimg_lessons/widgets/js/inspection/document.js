// All that was found, as the document that `bigimg inspect --json` prints.

/** Version of the document, as Python's command_line.inspecting has it. */
export const DOCUMENT_VERSION = 1;

/**
 * The document of JSON.
 * @param {import("./report.js").Report} report
 * @param {import("./costs_of.js").Costs} costs
 * @param {import("./verdicts.js").Verdict[]} verdicts
 */
export const asDocument = (report, costs, verdicts) => ({
  document: DOCUMENT_VERSION,
  report,
  costs: costs.views,
  costs_unknown: costs.reason,
  verdicts,
});
