// What is wrong, beside where it was typed; the last good picture stays, greyed.

import { make } from "../kit/dom.js";

/**
 * @param {HTMLElement} section
 * @param {Record<string, { inputs: HTMLElement[], error: HTMLElement }>} fields by what a ChunkError
 *   calls them
 */
export function complaints(section, fields) {
  const stale = make("p", { class: "bx-stale", role: "status" });

  function withdraw() {
    for (const { inputs, error } of Object.values(fields)) {
      for (const input of inputs) {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
      }
      error.textContent = "";
    }
    section.removeAttribute("data-stale");
    stale.textContent = "";
  }

  /** @param {import("../costs/grid.js").ChunkError & { axisField?: string }} problem */
  function complain(problem) {
    withdraw();
    section.toggleAttribute("data-stale", true);
    stale.textContent = "This is still the last setting that made sense.";
    const { inputs, error } = fields[problem.field] ?? fields.shape;
    const guilty = inputs.filter((input) => input.dataset.field === problem.axisField);
    for (const input of guilty.length ? guilty : inputs) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", error.id);
    }
    error.textContent = problem.message;
  }
  return { node: stale, complain, withdraw };
}
