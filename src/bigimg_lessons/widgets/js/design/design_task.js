// The design task: a brief, a form, and what the design costs.

import { appraise } from "../costs/design.js";
import { ChunkError } from "../costs/grid.js";
import { make, put } from "../kit/dom.js";
import { keepKeys } from "../kit/page.js";
import { formatNumber } from "../kit/text.js";
import { designForm, labelled, selectOf } from "./form.js";
import { resultOf } from "./result.js";
import { summary } from "./summary.js";

/**
 * What is shown; nothing, until a design of this scenario was appraised.
 * @typedef {object} State
 * @property {number} [total] seconds a week
 * @property {string} [design] the design that takes them, as JSON
 */

function briefOf({ facts, uses }) {
  const items = uses.map((use) => make("li", {}, `${formatNumber(use.weekly)} × ${use.name}`));
  return [...facts.map((fact) => make("p", {}, fact)), make("ul", {}, ...items)];
}

function render({ model, el }) {
  const rules = model.get("rules");
  const scenarios = model.get("scenarios");
  const scenario = () => scenarios[model.get("scenario")];
  /** @type {State} */
  let state = {};

  const which = selectOf(scenarios);
  const brief = make("div");
  const form = designForm(rules.formats, (design) => {
    if (show(design)) put(model, { design });
  });
  const wrong = make("p", { role: "alert" });
  const total = make("p", { role: "status" });
  const result = make("div");

  // Show what a design costs, or why it cannot be; the answer says which.
  function show(design) {
    let found;
    try {
      found = appraise(design, scenario(), rules);
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      wrong.textContent = problem.message;
      return false;
    }
    wrong.textContent = "";
    const { best } = scenario();
    const [time, ...rest] = summary(found, best, state.total);
    total.replaceChildren(make("b", {}, time), ...rest);
    result.replaceChildren(...resultOf(found, best.good, rules.model_error));
    state = { total: found.total, design: JSON.stringify(design) };
    return true;
  }
  function onScenario() {
    state = {};
    for (const node of [wrong, total, result]) node.replaceChildren();
    which.value = model.get("scenario");
    brief.replaceChildren(...briefOf(scenario()));
    form.show(model.get("design"));
  }
  // From Python, or from another view.
  function onDesign() {
    const design = model.get("design");
    form.show(design);
    if (state.design && JSON.stringify(design) !== state.design) show(design);
  }

  which.addEventListener("change", () => {
    model.set("scenario", which.value);
    put(model, { design: scenario().first_guess });
  });
  model.on("change:scenario", onScenario);
  model.on("change:design", onDesign);
  onScenario();
  const own = { class: "bd", "aria-label": "Design task" };
  const section = make("section", own, labelled("Brief", which));
  section.append(brief, form.node, wrong, total, result);
  keepKeys(section);
  el.append(section);
  return () => {
    model.off("change:scenario", onScenario);
    model.off("change:design", onDesign);
  };
}

export default { render };
