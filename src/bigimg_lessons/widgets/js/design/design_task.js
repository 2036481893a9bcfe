// The design task as it is shown: a brief, a form, and what the design costs.

import { formatBytes } from "../kit/text.js";
import { appraise } from "../costs/design_appraisal.js";

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  // JupyterLab's shortcuts must not take the keys; they look at the node that has the focus.
  node.dataset.lmSuppressShortcuts = true;
  node.append(...children);
  return node;
}

const makeAll = (tag, texts) => texts.map((text) => make(tag, {}, text));
const grouped = (number) => number.toLocaleString("en");
const digits = (number, count) => grouped(Number(number.toPrecision(count)));

// Three digits, in the largest unit of which there is one
function clock(time) {
  const units = [[3600, "h"], [60, "min"], [1, "s"], [0, "ms"]];
  const [size, unit] = units.find(([least]) => time >= least);
  return `${digits(time / (size || 1e-3), 3)} ${unit}`;
}

const labelled = (text, field) => make("label", {}, make("span", {}, text), field);

function choice(entries) {
  const node = make("select");
  for (const value in entries) node.append(make("option", { value }, entries[value].name));
  return node;
}

function render({ model, el }) {
  const rules = model.get("rules");
  const scenarios = model.get("scenarios");
  const scenario = () => scenarios[model.get("scenario")];
  // Whether the lessons are beside it
  const onPage = document.getElementById("anywidget-data");
  // What is shown: seconds, and of which design
  let last, shown;

  const which = choice(scenarios);
  const format = choice(rules.formats);
  const number = () => make("input", { type: "number", min: 1, placeholder: "none" });
  const triple = (name) =>
    ["Z or T", "Y", "X"].map((axis) => labelled(`${name} along ${axis}`, number()));
  const chunk = triple("Chunk");
  const shard = triple("Shard");
  const levels = number();
  const brief = make("div");
  const wrong = make("p", { role: "alert" });
  const total = make("p", { role: "status" });
  const result = make("div");
  const form = make(
    "form",
    { novalidate: "" },
    labelled("Format", format),
    ...chunk,
    ...shard,
    labelled("Levels, with level 0", levels),
    make("button", {}, "Appraise my design"),
  );

  function fillForm() {
    const design = model.get("design");
    format.value = design.format;
    levels.value = design.levels;
    chunk.forEach(({ control }, axis) => (control.value = design.chunk_shape[axis]));
    shard.forEach(({ control }, axis) => (control.value = design.shard_shape?.[axis] ?? ""));
  }

  // Show what a design costs, or why it cannot be; tell which.
  function show(design) {
    let found;
    try {
      found = appraise(design, scenario(), rules);
    } catch (problem) {
      // A ChunkError has a field.
      if (!problem.field) throw problem;
      wrong.textContent = problem.message;
      return false;
    }
    wrong.textContent = "";
    const { best } = scenario();
    const gain = last - found.total;
    last = found.total;
    shown = JSON.stringify(design);
    total.replaceChildren(
      make("b", {}, `${clock(last)} a week`),
      `: ${digits(last / best.seconds, 2)} times the best of ${grouped(best.tried)} designs ` +
        `tried by the model. Files: ${grouped(found.files)}. Stored: ${formatBytes(found.stored)}.`,
      gain ? ` ${gain > 0 ? "Better" : "Worse"} than before by ${clock(Math.abs(gain))}.` : "",
    );
    const most = Math.max(...found.costs.map((cost) => cost.weekly));
    const rows = found.costs.map((cost) => {
      const bar = make("i", { style: `width: ${(cost.weekly / most) * 100}%` });
      const texts = [grouped(cost.requests), formatBytes(cost.read), clock(cost.seconds)];
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, cost.use.name),
        ...makeAll("td", texts),
        make("td", {}, clock(cost.weekly), bar),
      );
    });
    const heads = ["Use", "Requests", "Read", "Each time", "A week"].map((head) =>
      make("th", { scope: "col" }, head),
    );
    const notes = found.remarks.map(({ text, href, section }) =>
      make("li", {}, `${text} → `, onPage ? make("a", { href }, section) : section),
    );
    result.replaceChildren(
      make("table", {}, make("tr", {}, ...heads), ...rows),
      make("ul", {}, ...notes),
      make("details", {}, make("summary", {}, "Show one good design"), make("p", {}, best.good)),
      make("small", {}, rules.model_error),
    );
    return true;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sizes = (labels) => labels.map(({ control }) => Number(control.value));
    const design = {
      format: format.value,
      chunk_shape: sizes(chunk),
      shard_shape: sizes(shard).some(Boolean) ? sizes(shard) : null,
      levels: Number(levels.value),
    };
    if (!show(design)) return;
    model.set("design", design);
    model.save_changes();
  });
  // Not left to the browser: inside a cell, JupyterLab cancels what Enter does in a field.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type !== "number") return;
    event.preventDefault();
    form.requestSubmit();
  });
  which.addEventListener("change", () => {
    model.set("scenario", which.value);
    model.set("design", scenario().first_guess);
    model.save_changes();
  });

  function onScenario() {
    last = undefined;
    for (const node of [wrong, total, result]) node.replaceChildren();
    which.value = model.get("scenario");
    const { facts, uses } = scenario();
    brief.replaceChildren(
      ...makeAll("p", facts),
      make("ul", {}, ...makeAll("li", uses.map((use) => `${grouped(use.weekly)} × ${use.name}`))),
    );
    fillForm();
  }
  // From Python, or from another view
  function onDesign() {
    fillForm();
    if (last && JSON.stringify(model.get("design")) !== shown) show(model.get("design"));
  }
  model.on("change:scenario", onScenario);
  model.on("change:design", onDesign);
  onScenario();
  const own = { class: "bd", "aria-label": "Design task" };
  el.append(make("section", own, labelled("Brief", which), brief, form, wrong, total, result));
  return () => {
    model.off("change:scenario", onScenario);
    model.off("change:design", onDesign);
  };
}

export default { render };
