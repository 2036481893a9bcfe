// The explorer at work. What is chosen is in the model, and always makes sense; what is typed gets there
// only after it was checked.

import { ChunkError } from "../costs/grid.js";
import { put } from "../kit/dom.js";
import { keepKeys } from "../kit/page.js";
import { layOut } from "./layout.js";
import { explore } from "./setting.js";
import { linkedSetting } from "./sharing.js";
import { typedSetting } from "./typed.js";

const PAUSE = 350; // milliseconds without typing, after which what was typed counts

/**
 * What changes beside the setting, which is the model's. Timers are those of setTimeout().
 * @typedef {object} State
 * @property {import("./setting.js").Found} [found] what the setting on show costs
 * @property {number} counting milliseconds that took
 * @property {string} [preferred] of two presets that come to the same, the one that was pressed
 * @property {string} [said] the sentence that was read aloud last, or with which the page opened
 * @property {boolean} due whether an update is on its way
 * @property {number} [typing] the timer that waits for the end of typing
 * @property {number} [settling] the timer that waits until nothing changes
 */

// What is typed counts after a pause, on Enter, or when the field is left.
function listenToFields(section, state, apply) {
  section.addEventListener("input", ({ target }) => {
    const source = target.dataset.field;
    if (!source) return;
    clearTimeout(state.typing);
    state.typing = setTimeout(() => apply(source), PAUSE);
  });
  section.addEventListener("change", ({ target }) => {
    if (target.dataset.field) apply(target.dataset.field);
  });
  section.addEventListener("keydown", ({ key, target }) => {
    if (key === "Enter" && target.dataset.field) apply(target.dataset.field);
  });
  keepKeys(section);
}

/**
 * Show an explorer; returns what ends it.
 * @param {object} given
 * @param {any} given.model holds the setting, and what ChunkExplorer offers in Python
 * @param {HTMLElement} given.el
 * @param {(() => string) | null} given.linkKey under which the page's address has the setting; null
 *   where there is no address to share
 */
export function exploring({ model, el, linkKey }) {
  const names = model.get("setting_names");
  /** @type {() => any} */
  const setting = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const known = {
    itemSizes: model.get("item_sizes"),
    storages: model.get("storages"),
    readers: model.get("readers"),
  };
  /** @type {State} */
  const state = { counting: 0, due: false };
  const presets = model.get("presets");
  const page = layOut({ known, presets, state, linkKey, setting, choose, apply });

  function update() {
    clearTimeout(state.typing);
    const start = performance.now();
    const now = setting();
    try {
      state.found = explore(now, known);
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      return; // Python sends the parts of a new setting one by one: the rest is on its way
    }
    state.counting = performance.now() - start;
    page.show(now, state.found);
  }
  // One update for all that changes at once: in between, the parts need not fit each other.
  function later() {
    if (state.due) return;
    state.due = true;
    queueMicrotask(() => {
      state.due = false;
      update();
    });
  }
  function choose(changes) {
    put(model, changes);
    later(); // also where what is chosen comes to the same: complaints are withdrawn
  }
  // Read all fields; what makes sense is chosen.
  function apply(source) {
    clearTimeout(state.typing);
    try {
      choose(typedSetting(page.typed(), setting(), known, source));
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      page.complain(problem);
    }
  }
  function restore() {
    const linked = linkedSetting(linkKey(), setting(), known);
    if (!linked) return;
    choose(linked);
    requestAnimationFrame(() => page.section.scrollIntoView());
  }

  const changes = names.map((name) => `change:${name}`).join(" ");
  model.on(changes, later);
  update();
  if (linkKey) {
    restore();
    addEventListener("hashchange", restore);
  }
  listenToFields(page.section, state, apply);
  el.append(page.section);
  return () => {
    model.off(changes, later);
    removeEventListener("hashchange", restore);
    clearTimeout(state.typing);
    clearTimeout(state.settling);
    page.leave();
  };
}
