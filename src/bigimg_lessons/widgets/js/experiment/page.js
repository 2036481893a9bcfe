// The elements of the experiment.

import { make } from "../kit/dom.js";

/**
 * A set of choices; the label of each is called with its number.
 *
 * @param {string} legend
 * @param {string} name that the inputs share
 * @param {string[]} labels
 * @param {number} chosen
 * @param {(index: number) => void} onChange
 */
function radios(legend, name, labels, chosen, onChange) {
  const options = labels.map((text, index) => {
    const attributes = { type: "radio", name, value: index };
    const input = /** @type {HTMLInputElement} */ (make("input", attributes));
    input.checked = index === chosen;
    input.addEventListener("change", () => onChange(index));
    return make("label", { class: "fx-option" }, input, make("span", {}, text));
  });
  const set = make(
    "fieldset",
    {},
    make("legend", {}, legend),
    make("div", { class: "fx-options" }, ...options),
  );
  return /** @type {HTMLFieldSetElement} */ (set);
}

/** @typedef {ReturnType<typeof experimentPage>} Page */

/**
 * Build the elements below the title.
 *
 * @param {string} uid
 * @param {{ name: string }[]} regions
 * @param {number[]} rounds to choose from
 * @param {import("./experiment.js").Choice} choice
 * @param {(choice: Partial<import("./experiment.js").Choice>) => void} choose
 */
export function experimentPage(uid, regions, rounds, choice, choose) {
  const sets = [
    radios(
      "Region",
      `${uid}-region`,
      regions.map(({ name }) => name),
      choice.region,
      (region) => choose({ region }),
    ),
    radios(
      "Rounds",
      `${uid}-rounds`,
      rounds.map((n) => (n === 1 ? "1 (less data)" : String(n))),
      rounds.indexOf(choice.rounds),
      (index) => choose({ rounds: rounds[index] }),
    ),
  ];
  const describedBy = `${uid}-cost`;
  const button = { type: "button", class: "fx-button", "aria-describedby": describedBy };
  const progress = { "aria-label": "Fetched so far", max: 1, value: 0 };
  return {
    sets,
    choices: make("div", { class: "fx-choices" }, ...sets),
    button: make("button", button),
    cost: make("span", { class: "fx-cost", id: describedBy }),
    progress: /** @type {HTMLProgressElement} */ (make("progress", progress)),
    status: make("p", { class: "fx-status", role: "status" }),
    failure: make("div", { class: "fx-failure", role: "alert" }),
    results: make("div", { class: "fx-results" }),
  };
}
