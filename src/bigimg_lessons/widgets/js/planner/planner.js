// The planner. What is planned is in the model, and always makes sense; what is typed gets there only
// after it was planned.

import { ChunkError } from "../costs/grid.js";
import { plan } from "../costs/plan.js";
import { make, put, submitOnEnter } from "../kit/dom.js";
import { linkIn, linkMaker } from "../kit/links.js";
import { isBookPage, keepKeys, say } from "../kit/page.js";
import { plannerForm } from "./form.js";
import { linkedProject, planLink } from "./link.js";
import { planNodes } from "./result.js";
import { differing, typedProject } from "./typed.js";
import { headline } from "./words.js";

const KEY = "plan";

function presetButtons(presets, choose) {
  const buttons = Object.entries(presets).map(([key, { name }]) => {
    const attributes = { type: "button", class: "bp-button", "data-preset": key };
    const button = make("button", attributes, name);
    button.addEventListener("click", () => choose(presets[key].project));
    return button;
  });
  const about = make("p", { class: "bp-small" });
  const node = make("div", { class: "bp-presets", role: "group", "aria-label": "Begin with" });
  node.append(...buttons, about);
  return {
    node,
    show(project) {
      const now = JSON.stringify(project);
      const isOn = (key) => JSON.stringify(presets[key].project) === now;
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(isOn(button.dataset.preset)));
      }
      about.textContent = presets[Object.keys(presets).find(isOn)]?.about ?? "A project of yours.";
    },
  };
}

function render({ model, el }) {
  const presets = model.get("presets");
  const offered = model.get("offered");
  const project = () => model.get("project");
  const form = plannerForm(offered);
  const begin = presetButtons(presets, choose);
  const said = make("p", { role: "status", class: "bp-said" });
  const result = make("div");
  // Elsewhere than in the book, nothing would follow the link.
  const link = isBookPage()
    ? [linkMaker(() => `${KEY}=${planLink(project(), presets, offered)}`, "bp")]
    : [];

  function update() {
    const now = project();
    const found = plan(now, offered.voxels);
    form.show(now);
    begin.show(now);
    say(said, headline(found));
    result.replaceChildren(...planNodes(now, found, offered));
    section.removeAttribute("data-stale");
  }
  function choose(next) {
    put(model, { project: next });
    update();
  }
  // Read all fields; what makes sense is planned.
  function apply() {
    try {
      const texts = differing(form.texts(), project(), offered);
      const next = typedProject(texts, project(), offered);
      plan(next, offered.voxels);
      choose(next);
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      form.complain(problem);
      section.toggleAttribute("data-stale", true);
    }
  }
  function restore() {
    const text = linkIn(location.hash, KEY);
    const linked = text === undefined ? null : linkedProject(text, presets, offered);
    if (!linked) return;
    choose(linked);
    requestAnimationFrame(() => section.scrollIntoView());
  }

  const section = make("section", { class: "bp", "aria-label": "Planner" });
  section.append(begin.node, form.node, said, result, ...link);
  form.node.addEventListener("change", apply);
  form.node.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  submitOnEnter(form.node);
  keepKeys(section);
  model.on("change:project", update);
  update();
  if (isBookPage()) {
    restore();
    addEventListener("hashchange", restore);
  }
  el.append(section);
  return () => {
    model.off("change:project", update);
    removeEventListener("hashchange", restore);
  };
}

export default { render };
